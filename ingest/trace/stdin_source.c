/* Standard input, and pipes by name: the formats of a file, live as they come, even where it is a file. Pipes, terminals and sockets
   are polled; what cannot be (a file, /dev/null) never makes a reader wait. Reading and decoding are a worker's; while the model takes
   what it found, it reads on. */
#include "ingest/trace/stdin_source.h"

#include "ingest/trace/decoder.h"
#include "ingest/trace/loading.h"
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
    struct unpack unpack;
    struct decoder *decoder;
    struct loading loading;
    struct batch batches[2];
    unsigned filled; /* the one that a worker fills */
    char *buffer;
    bool lost;         /* the model had no memory for some of it */
    bool ended;        /* the worker has seen the end */
    const char *wrong; /* what ended it, static; NULL: its end */
};

static struct stdin_source *of(struct source *source)
{
    return (struct stdin_source *)source;
}

/* ---- on the worker ---- */

static bool take_plain(void *ctx, const char *bytes, size_t len)
{
    struct stdin_source *in = ctx;
    return decoder_push(in->decoder, bytes, len, &in->batches[in->filled]);
}

static void end_here(struct stdin_source *in, const char *wrong)
{
    in->ended = true;
    in->wrong = wrong;
}

static bool more_is_there(const struct stdin_source *in)
{
    struct pollfd fd = {.fd = in->fd, .events = POLLIN};
    return in->is_file || (poll(&fd, 1, 0) == 1 && (fd.revents & POLLIN) != 0);
}

static void do_step(uv_work_t *work)
{
    struct stdin_source *in = work->data;
    size_t done = 0;
    do {
        ssize_t count = read(in->fd, in->buffer, PIECE);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (count < 0) {
            end_here(in, strerror(errno));
            return;
        }
        const char *wrong = count > 0 ? unpack_push(&in->unpack, in->buffer, (size_t)count)
                                      : unpack_finish(&in->unpack);
        if (count == 0 || wrong != NULL || in->batches[in->filled].failed) {
            end_here(in, wrong);
            return;
        }
        done += (size_t)count;
    } while (done < STEP_BYTES && more_is_there(in));
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
    bool good = loading_take(&in->loading, &in->batches[0]);
    loading_finish(&in->loading, SESSION_FINISHED);
    if (!good || in->lost ||
        (in->loading.load.document != 0 && !loading_end_document(&in->loading))) {
        in->wrong = "out of memory";
    }
    trace_load_flag(&in->loading.load, SESSION_FINISHED, 0);
    if (in->wrong != NULL) {
        source_error(&error, in->where, "cannot be read", in->wrong);
    }
    source_finish(&in->source, error.len > 0 ? error.data : loading_error(&in->loading));
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
        in->wrong = "it cannot be waited for";
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
    bool reads_on = !in->ended && !in->lost && more_is_there(in);
    in->filled ^= 1;
    in->source.counters.ingest->changed = true;
    /* What is there already is read while this is taken: from here on the worker's part is its own. */
    if (reads_on) {
        begin_step(in);
    }
    in->lost |= !loading_take(&in->loading, batch);
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

/* libuv makes what it polls non-blocking, for all who share it; a read after a poll waits for nothing anyway. */
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
    struct loading_options options = {
        .counters = &source->counters,
        .where = in->where,
        .session_id = "stdin",
        .max_line_bytes = source_max_line(source, false),
    };
    struct decoder_options decoder = {.mem = mem, .max_event_bytes = source_max_line(source, true)};
    loading_init(&in->loading, &options);
    batch_init(&in->batches[0], mem);
    batch_init(&in->batches[1], mem);
    unpack_init(&in->unpack, mem, take_plain, in);
    in->buffer = mem_alloc(mem, PIECE);
    in->decoder = decoder_new(&decoder);
    in->fd = is_stdin ? STDIN_FILENO : open(source->spec, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (in->buffer == NULL || in->decoder == NULL || in->fd < 0) {
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
    unpack_release(&in->unpack);
    loading_release(&in->loading);
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
