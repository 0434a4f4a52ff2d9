/* Standard input, and pipes by name: the formats of a file, live as they come, even where it is a file. Pipes, terminals and sockets
   are polled; what cannot be (a file, /dev/null) never makes a reader wait and is read on one of libuv's workers. */
#include "ingest/decoder.h"
#include "ingest/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 256 * 1024 };

struct stdin_source {
    struct source source;
    int fd;
    const char *where; /* for people */
    uv_poll_t poll;
    uv_fs_t request;
    bool polls, stopped;
    struct decoder *decoder;
    struct trace_load load;
    char *buffer;
};

static struct stdin_source *of(struct source *source)
{
    return (struct stdin_source *)source;
}

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

/* `wrong`: what ended it, NULL: its end. */
static void end_of_input(struct stdin_source *in, const char *wrong)
{
    struct strbuf error;
    strbuf_init(&error, hub_intake(in->source.hub)->mem, 4096);
    stop_polling(in);
    decoder_finish(in->decoder, SESSION_FINISHED);
    if (in->load.document != 0 && !trace_load_end(&in->load)) {
        wrong = "out of memory";
    }
    trace_load_flag(&in->load, SESSION_FINISHED, 0);
    if (wrong != NULL) {
        source_error(&error, in->where, "cannot be read", wrong);
    }
    source_finish(&in->source, error.len > 0 ? error.data : decoder_error(in->decoder));
    strbuf_release(&error);
}

/* False: there is nothing more to read. */
static bool took(struct stdin_source *in, ssize_t count, int error)
{
    in->source.tally.intake->changed = true;
    if (count < 0 && (error == EAGAIN || error == EINTR)) {
        return true;
    }
    if (count < 0) {
        end_of_input(in, strerror(error));
        return false;
    }
    if (count == 0 || !decoder_push(in->decoder, in->buffer, (size_t)count)) {
        end_of_input(in, NULL);
        return false;
    }
    return true;
}

static void readable(uv_poll_t *poll, int status, int events)
{
    struct stdin_source *in = poll->data;
    (void)events;
    if (status < 0 && status != UV_EBADF) {
        end_of_input(in, uv_strerror(status));
        return;
    }
    ssize_t count = read(in->fd, in->buffer, PIECE);
    (void)took(in, count, errno);
}

static void read_file(struct stdin_source *in);

static void file_read(uv_fs_t *request)
{
    struct stdin_source *in = request->data;
    ssize_t count = request->result;
    uv_fs_req_cleanup(request);
    in->source.handles--;
    if (!in->stopped && took(in, count, (int)-count)) {
        read_file(in);
    }
}

static void read_file(struct stdin_source *in)
{
    uv_buf_t buf = uv_buf_init(in->buffer, PIECE);
    in->request.data = in;
    if (uv_fs_read(hub_loop(in->source.hub), &in->request, in->fd, &buf, 1, -1, file_read) == 0) {
        in->source.handles++;
    } else {
        end_of_input(in, "out of memory");
    }
}

/* libuv makes what it polls non-blocking, for all who share it; a read after a poll waits for nothing anyway. */
static bool start_polling(struct stdin_source *in)
{
    int flags = fcntl(in->fd, F_GETFL);
    if (uv_poll_init(hub_loop(in->source.hub), &in->poll, in->fd) != 0) {
        return false;
    }
    fcntl(in->fd, F_SETFL, flags & ~O_NONBLOCK);
    in->poll.data = in;
    in->polls = true;
    in->source.handles++;
    return uv_poll_start(&in->poll, UV_READABLE | UV_DISCONNECT, readable) == 0;
}

static bool open_stream(struct source *source, struct strbuf *error)
{
    struct stdin_source *in = of(source);
    const struct mem *mem = hub_intake(source->hub)->mem;
    bool is_stdin = strcmp(source->spec, "-") == 0;
    in->where = is_stdin ? "stdin" : source->spec;
    trace_load_init(&in->load, &source->tally, in->where, "stdin");
    struct decoder_options options = {
        .tally = &source->tally,
        .where = in->where,
        .session_id = "stdin",
        .max_line_bytes = source_max_line(source, false),
        .max_event_bytes = source_max_line(source, true),
        .load = &in->load,
    };
    in->buffer = mem_alloc(mem, PIECE);
    in->decoder = decoder_new(&options);
    in->fd = is_stdin ? STDIN_FILENO : open(source->spec, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (in->buffer == NULL || in->decoder == NULL || in->fd < 0) {
        source_error(error, source->spec, "cannot be read",
                     in->fd < 0 ? strerror(errno) : "out of memory");
        return false;
    }
    if (uv_guess_handle(in->fd) == UV_FILE || !start_polling(in)) {
        read_file(in);
    }
    return true;
}

static void close_stream(struct source *source)
{
    struct stdin_source *in = of(source);
    in->stopped = true;
    stop_polling(in);
}

static void release_stream(struct source *source)
{
    struct stdin_source *in = of(source);
    const struct mem *mem = hub_intake(source->hub)->mem;
    decoder_free(in->decoder);
    trace_load_release(&in->load);
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
