/* tmux runs on a loop of its own, so that a server that hangs costs a second and no more. */
#include "tui/doctor/tmux_options.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

enum { ANSWER_MS = 1000, ANSWER_BYTES = 65536 };

struct answer {
    struct strbuf *out;
    uv_process_t process;
    uv_pipe_t pipe;
    uv_timer_t limit;
    char buffer[4096];
    bool ok;
};

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void give_buffer(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
    struct answer *answer = handle->data;
    (void)size;
    *buffer = uv_buf_init(answer->buffer, sizeof answer->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct answer *answer = stream->data;
    if (len < 0 || answer->out->failed) {
        close_handle((uv_handle_t *)stream);
    } else {
        strbuf_add(answer->out, buffer->base, (size_t)len);
    }
}

static void on_exit(uv_process_t *process, int64_t status, int signal)
{
    struct answer *answer = process->data;
    answer->ok = status == 0 && signal == 0;
    close_handle((uv_handle_t *)process);
    close_handle((uv_handle_t *)&answer->limit);
}

static void on_limit(uv_timer_t *timer)
{
    struct answer *answer = timer->data;
    (void)uv_process_kill(&answer->process, SIGKILL);
    close_handle((uv_handle_t *)timer);
    close_handle((uv_handle_t *)&answer->pipe);
}

static bool start(uv_loop_t *loop, struct answer *answer)
{
    char tmux[] = "tmux", show[] = "show-options", server[] = "-s", then[] = ";", windows[] = "-gw",
         message[] = "display-message", print[] = "-p",
         features[] = "features #{client_termfeatures}";
    char *args[] = {tmux, show, server, then, show, windows, then, message, print, features, NULL};
    uv_stdio_container_t stdio[2] = {{.flags = UV_IGNORE},
                                     {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
                                      .data = {.stream = (uv_stream_t *)&answer->pipe}}};
    uv_process_options_t options = {
        .exit_cb = on_exit, .file = tmux, .args = args, .stdio_count = 2, .stdio = stdio};
    (void)uv_pipe_init(loop, &answer->pipe, 0);
    (void)uv_timer_init(loop, &answer->limit);
    answer->process.data = answer->pipe.data = answer->limit.data = answer;
    bool ok = uv_spawn(loop, &answer->process, &options) == 0;
    if (ok) {
        (void)uv_read_start((uv_stream_t *)&answer->pipe, give_buffer, on_read);
        (void)uv_timer_start(&answer->limit, on_limit, ANSWER_MS, 0);
    } else {
        close_handle((uv_handle_t *)&answer->process);
        close_handle((uv_handle_t *)&answer->pipe);
        close_handle((uv_handle_t *)&answer->limit);
    }
    return ok;
}

bool tmux_options_read(struct strbuf *out)
{
    uv_loop_t loop;
    struct answer answer = {.out = out};
    out->max = ANSWER_BYTES;
    if (uv_loop_init(&loop) != 0) {
        return false;
    }
    (void)start(&loop, &answer);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop);
    return answer.ok && !out->failed && out->len > 0;
}

bool tmux_options_get(const struct strbuf *options, const char *name, char *value, size_t size)
{
    size_t len = strlen(name);
    for (const char *line = options->data; line != NULL && *line != '\0';) {
        size_t line_len = strcspn(line, "\n");
        if (line_len > len && strncmp(line, name, len) == 0 && line[len] == ' ') {
            (void)snprintf(value, size, "%.*s", (int)(line_len - len - 1), line + len + 1);
            return true;
        }
        line += line_len + (line[line_len] == '\n');
    }
    return false;
}
