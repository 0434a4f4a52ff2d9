/* The run owns three handles and frees itself when the last of them is closed. The command leads a
   session, so that a signal reaches all its processes, and keys of the terminal reach none. */
#include "tui/cmd/notify_run.h"

#include <signal.h>
#include <string.h>

enum { LONGEST_MS = NOTIFY_RUN_SECONDS * 1000, TERM_MS = 2000, HURRY_MS = 1000 };

struct notify_run {
    struct notify_run_options options;
    uv_process_t process;
    uv_pipe_t in;
    uv_timer_t limit;
    uv_write_t write;
    struct strbuf input;
    unsigned handles; /* open */
    bool late;        /* it was asked to end */
};

static void on_closed(uv_handle_t *handle)
{
    struct notify_run *run = handle->data;
    if (--run->handles == 0) {
        strbuf_release(&run->input);
        mem_free(run->options.mem, run, sizeof *run);
    }
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_closed);
    }
}

static void close_all(struct notify_run *run)
{
    close_handle((uv_handle_t *)&run->process);
    close_handle((uv_handle_t *)&run->in);
    close_handle((uv_handle_t *)&run->limit);
}

static void on_exit(uv_process_t *process, int64_t status, int signal)
{
    struct notify_run *run = process->data;
    if (run->options.ended != NULL) {
        run->options.ended(run->options.ctx, status, signal, run->late);
    }
    close_all(run);
}

/* A command need not read what it is given. */
static void on_written(uv_write_t *write, int status)
{
    struct notify_run *run = write->data;
    (void)status;
    close_handle((uv_handle_t *)&run->in);
}

static void signal_all(const struct notify_run *run, int number)
{
    if (run->process.pid > 0) {
        kill(-run->process.pid, number);
    }
}

static void on_limit(uv_timer_t *timer)
{
    struct notify_run *run = timer->data;
    signal_all(run, run->late ? SIGKILL : SIGTERM);
    run->late = true;
    uv_timer_start(timer, on_limit, TERM_MS, 0);
}

static void on_hurry(uv_timer_t *timer)
{
    struct notify_run *run = timer->data;
    signal_all(run, SIGKILL);
    close_all(run);
}

static int spawn(struct notify_run *run)
{
    char file[] = "/bin/sh", sh[] = "sh", c[] = "-c", rest[] = "--";
    size_t len = strlen(run->options.command) + 1;
    char *command = mem_alloc(run->options.mem, len);
    if (command == NULL) {
        return UV_ENOMEM;
    }
    memcpy(command, run->options.command, len);
    char *args[] = {sh, c, rest, command, NULL};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data = {.stream = (uv_stream_t *)&run->in}},
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE}};
    uv_process_options_t options = {.exit_cb = on_exit,
                                    .file = file,
                                    .args = args,
                                    .env = run->options.env,
                                    .flags = UV_PROCESS_DETACHED,
                                    .stdio_count = 3,
                                    .stdio = stdio};
    int error = uv_spawn(run->options.loop, &run->process, &options);
    mem_free(run->options.mem, command, len);
    return error;
}

struct notify_run *notify_run_new(const struct notify_run_options *options, int *error)
{
    struct notify_run *run = mem_zalloc(options->mem, 1, sizeof *run);
    if (run == NULL) {
        *error = UV_ENOMEM;
        return NULL;
    }
    run->options = *options;
    strbuf_init(&run->input, options->mem, 0);
    strbuf_add(&run->input, options->input->data, options->input->len);
    run->handles = 3;
    run->process.data = run->in.data = run->limit.data = run->write.data = run;
    uv_timer_init(options->loop, &run->limit);
    uv_pipe_init(options->loop, &run->in, 0);
    *error = run->input.failed ? UV_ENOMEM : 0;
    if (*error != 0) {
        uv_close((uv_handle_t *)&run->limit, on_closed);
        uv_close((uv_handle_t *)&run->in, on_closed);
        run->handles = 2; /* there is no process */
        return NULL;
    }
    *error = spawn(run);
    run->options.env = NULL; /* the caller's */
    if (*error != 0) {
        close_all(run);
        return NULL;
    }
    uv_timer_start(&run->limit, on_limit, LONGEST_MS, 0);
    uv_buf_t input = uv_buf_init(run->input.data, (unsigned)run->input.len);
    if (uv_write(&run->write, (uv_stream_t *)&run->in, &input, 1, on_written) != 0) {
        close_handle((uv_handle_t *)&run->in);
    }
    return run;
}

void notify_run_hurry(struct notify_run *run)
{
    run->options.ended = NULL;
    uv_timer_start(&run->limit, on_hurry, HURRY_MS, 0);
}
