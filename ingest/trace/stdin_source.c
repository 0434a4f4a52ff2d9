/* Standard input, and pipes by name: the formats of a file, live as they arrive, even if stdin is a
   file. Pipes, terminals and sockets are polled; a file and /dev/null never block a reader. A
   worker reads and decodes the next step while the model takes the one before. */
#include "ingest/trace/stdin_source.h"

#include "ingest/trace/decoder.h"
#include "ingest/trace/importer.h"
#include "ingest/trace/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 128 * 1024, STEP_BYTES = 1024 * 1024 };

struct stdin_source {
    struct source source;
    int fd;
    const char *where; /* for people */
    uv_poll_t poll;
    uv_work_t work;
    bool polls, is_file, closing;
    struct unpack *unpack;
    struct decoder *decoder;
    struct importer importer;
    struct batch batches[2];
    unsigned filled; /* the one that a worker fills */
    char *buffer;
    size_t fed;        /* bytes in the buffer; 0: the end */
    bool unpacking;    /* the buffer has bytes that are not unpacked yet */
    bool lost;         /* out of memory: some of it is not in the model */
    bool ended;        /* the worker has seen the end */
    const char *wrong; /* the error that ended it, static; NULL: its end */
};

static struct stdin_source *of(struct source *source)
{
    return (struct stdin_source *)source;
}

/* ---- on the worker ---- */

static void end_here(struct stdin_source *in, const char *wrong)
{
    in->ended = true;
    in->wrong = wrong;
}

/* Decodes the buffer until `room` unpacked bytes are taken: packed ones may grow 10,000 times.
   Returns the number taken; in->unpacking is false when the buffer is used up. */
static size_t take_bytes(struct stdin_source *in, size_t room)
{
    struct batch *batch = &in->batches[in->filled];
    struct slice bytes;
    size_t taken = 0;
    while (taken < room && in->unpacking) {
        in->unpacking = !batch->failed && unpack_next(in->unpack, &bytes);
        if (in->unpacking) {
            (void)decoder_push(in->decoder, bytes.bytes, bytes.len, batch);
            taken += bytes.len;
        }
    }
    return taken;
}

static bool has_more(const struct stdin_source *in)
{
    struct pollfd fd = {.fd = in->fd, .events = POLLIN};
    return in->unpacking || in->is_file || (poll(&fd, 1, 0) == 1 && (fd.revents & POLLIN) != 0);
}

static void do_step(uv_work_t *work)
{
    struct stdin_source *in = work->data;
    size_t done = 0;
    do {
        if (!in->unpacking) {
            ssize_t count = read(in->fd, in->buffer, PIECE);
            if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
                return;
            }
            if (count < 0) {
                end_here(in, strerror(errno));
                return;
            }
            in->fed = (size_t)count;
            in->unpacking = true;
            unpack_feed(in->unpack, in->buffer, in->fed);
        }
        done += take_bytes(in, STEP_BYTES - done);
        bool failed = in->batches[in->filled].failed || unpack_error(in->unpack) != NULL;
        if (!in->unpacking && (failed || in->fed == 0)) {
            end_here(in, unpack_error(in->unpack));
            return;
        }
    } while (done < STEP_BYTES && has_more(in));
}

/* ---- on the loop ---- */

static void handle_closed(uv_handle_t *handle)
{
    struct stdin_source *in = handle->data;
    in->source.handles--;
}

static void stop_polling(struct stdin_source *in)
{
    if (in->polls) {
        in->polls = false;
        uv_close((uv_handle_t *)&in->poll, handle_closed);
    }
}

static void end_of_input(struct stdin_source *in)
{
    struct strbuf error;
    strbuf_init(&error, hub_ctx(in->source.hub)->mem, 4096);
    stop_polling(in);
    decoder_finish(in->decoder, &in->batches[0]);
    bool good = importer_take(&in->importer, NULL, &in->batches[0]);
    importer_finish(&in->importer);
    if (!good || in->lost ||
        (in->importer.trace.document != 0 && !importer_end_document(&in->importer))) {
        in->wrong = "out of memory";
    }
    trace_import_set_live(&in->importer.trace, false);
    if (in->wrong != NULL) {
        source_error(&error, in->where, "cannot be read", in->wrong);
    }
    const char *wrong = error.failed ? in->wrong : error.data;
    source_finish(&in->source, in->wrong != NULL ? wrong : importer_error(&in->importer));
    strbuf_release(&error);
}

static void readable(uv_poll_t *poll, int status, int events);
static void after_step(uv_work_t *work, int status);

static void begin_step(struct stdin_source *in)
{
    in->work.data = in;
    if (uv_queue_work(hub_loop(in->source.hub), &in->work, do_step, after_step) == 0) {
        in->source.handles++;
    } else {
        in->wrong = "out of memory";
        end_of_input(in);
    }
}

static void wait_for_more(struct stdin_source *in)
{
    if (in->is_file) {
        begin_step(in);
    } else if (uv_poll_start(&in->poll, UV_READABLE | UV_DISCONNECT, readable) != 0) {
        in->wrong = "cannot be polled";
        end_of_input(in);
    }
}

static void after_step(uv_work_t *work, int status)
{
    struct stdin_source *in = work->data;
    (void)status;
    in->source.handles--;
    if (in->closing) {
        return;
    }
    struct batch *batch = &in->batches[in->filled];
    bool reads_on = !in->ended && !in->lost && has_more(in);
    in->filled ^= 1;
    in->source.counters.ingest->changed = true;
    /* The next step is read while this one is taken: from here on the worker owns its part. */
    if (reads_on) {
        begin_step(in);
    }
    in->lost |= !importer_take(&in->importer, NULL, batch);
    if (reads_on) {
        return;
    }
    if (in->ended || in->lost) {
        end_of_input(in);
    } else {
        wait_for_more(in);
    }
}

static void readable(uv_poll_t *poll, int status, int events)
{
    struct stdin_source *in = poll->data;
    (void)events;
    uv_poll_stop(poll);
    if (status < 0 && status != UV_EBADF) {
        in->wrong = uv_strerror(status);
        end_of_input(in);
        return;
    }
    begin_step(in);
}

/* libuv makes what it polls non-blocking, for all processes that share it; a read after a poll does
   not block anyway. */
static bool init_poll(struct stdin_source *in)
{
    int flags = fcntl(in->fd, F_GETFL);
    if (uv_poll_init(hub_loop(in->source.hub), &in->poll, in->fd) != 0) {
        return false;
    }
    fcntl(in->fd, F_SETFL, flags & ~O_NONBLOCK);
#ifdef F_SETPIPE_SZ
    /* A pipe that holds more is handed over less often. */
    (void)fcntl(in->fd, F_SETPIPE_SZ, STEP_BYTES);
#endif
    in->poll.data = in;
    in->polls = true;
    in->source.handles++;
    return true;
}

static bool open_stream(struct source *source, struct strbuf *error)
{
    struct stdin_source *in = of(source);
    const struct mem *mem = hub_ctx(source->hub)->mem;
    bool is_stdin = strcmp(source->spec, "-") == 0;
    in->where = is_stdin ? "stdin" : source->spec;
    struct importer_options options = {
        .counters = &source->counters,
        .where = in->where,
        .session_id = "stdin",
        .max_line_bytes = source_max_line(source, false),
    };
    importer_init(&in->importer, &options);
    batch_init(&in->batches[0], mem);
    batch_init(&in->batches[1], mem);
    in->unpack = unpack_new(mem);
    in->buffer = mem_alloc(mem, PIECE);
    in->decoder = decoder_new(mem, source_max_line(source, true), NULL);
    in->fd = is_stdin ? STDIN_FILENO : open(source->spec, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (in->buffer == NULL || in->unpack == NULL || in->decoder == NULL || in->fd < 0) {
        source_error(error, source->spec, "cannot be read",
                     in->fd < 0 ? strerror(errno) : "out of memory");
        return false;
    }
    in->is_file = uv_guess_handle(in->fd) == UV_FILE || !init_poll(in);
    wait_for_more(in);
    return true;
}

static void close_stream(struct source *source)
{
    struct stdin_source *in = of(source);
    in->closing = true;
    stop_polling(in);
}

static void release_stream(struct source *source)
{
    struct stdin_source *in = of(source);
    const struct mem *mem = hub_ctx(source->hub)->mem;
    decoder_free(in->decoder);
    unpack_free(in->unpack);
    importer_release(&in->importer);
    batch_release(&in->batches[0]);
    batch_release(&in->batches[1]);
    mem_free(mem, in->buffer, in->buffer == NULL ? 0 : PIECE);
    if (in->fd > STDERR_FILENO) {
        close(in->fd);
    }
}

const struct source_ops stream_source_ops = {
    .size = sizeof(struct stdin_source),
    .open = open_stream,
    .close = close_stream,
    .release = release_stream,
};
