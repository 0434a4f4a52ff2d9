/* A connection is one ssh with three pipes. It is over when the process has ended and its output is
   read; then its handles are closed, and the timer starts the next one.

   A connection can be dead while neither end knows. A line feed goes there every few seconds: ssh
   notices, and a run there that gets none ends (tui/cmd/feed_reader). */
#include "ingest/ssh/ssh_source.h"

#include "ingest/ssh/ssh_feed.h"
#include "ingest/ssh/ssh_reason.h"
#include "ingest/ssh/ssh_run.h"
#include "ingest/ssh/ssh_spec.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    SECOND_MS = 1000,
    BEAT_MS = 15000,
    HANDLES = 4,        /* of a connection */
    DRAIN_MS = 1000,    /* for the rest of the output of an ssh that has ended */
    LASTING_MS = 10000, /* a connection that held so long was a success */
    RETRY_MAX_S = 60,
    SLOW_MIN_S = 60, /* if a person has to do something first */
    SLOW_MAX_S = 300,
    ERROR_LINE_BYTES = 400,
    ERROR_LINES_LOGGED = 20, /* of one connection */
    CLOCK_OFF_MS = 2000
};

/* The clients' files, for a source that ends: listening would not. */
static const char all_clients[] = "claude:,codex:,qwen:,gemini:,opencode:";

struct ssh_source {
    struct source source;
    struct ssh_spec spec;
    struct ssh_feed feed;
    bool follow;
    uv_timer_t timer; /* drains, or counts down to the next connection */
    uv_process_t process;
    uv_pipe_t in, out, err;
    unsigned open;   /* of the handles of a connection */
    uv_timer_t beat; /* sends a byte */
    bool timed;      /* the timers are open */
    bool exited, out_ended, over, was_begun;
    uint64_t began_ms; /* when this connection's feed began, by the loop's clock */
    int64_t status;
    int signal;
    struct lines errors;
    unsigned error_lines;
    char error_line[ERROR_LINE_BYTES]; /* the last one */
    unsigned retry_s, left_s;
    struct strbuf reason, link;
};

static struct ssh_source *of(struct source *source)
{
    return (struct ssh_source *)source;
}

static const struct mem *mem_of(const struct ssh_source *ssh)
{
    return ssh->source.counters.ingest->mem;
}

static void log_text(struct ssh_source *ssh, enum log_level level, const struct strbuf *text)
{
    if (!text->failed && text->len > 0) {
        ingest_ctx_log_from(ssh->source.counters.ingest, level, ssh->source.spec, text->data);
    }
}

/* ---- what the source's line shows ---- */

static void show(struct ssh_source *ssh, const char *link)
{
    strbuf_clear(&ssh->link);
    strbuf_adds(&ssh->link, link);
    ssh->source.counters.ingest->changed = true;
}

static void put_differences(struct ssh_source *ssh, struct strbuf *out)
{
    const struct ssh_feed *feed = &ssh->feed;
    const char *own = hub_settings(ssh->source.hub)->version;
    if (feed->version[0] == '\0') {
        strbuf_adds(out, "; an older swarmtop there: what is missed stays lost");
    } else if (ssh_feed_is_newer(feed)) {
        strbuf_addf(out, "; its feed %s is newer than this program knows", feed->version);
    }
    if (own != NULL && feed->program[0] != '\0' && strcmp(own, feed->program) != 0) {
        strbuf_addf(out, "; swarmtop %s there, %s here", feed->program, own);
    }
    if (fabs(feed->ahead_ms) > CLOCK_OFF_MS) {
        strbuf_addf(out, "; its clock is %.0fs %s", fabs(feed->ahead_ms) / 1000,
                    feed->ahead_ms > 0 ? "ahead" : "behind");
    }
}

static void set_connected(struct ssh_source *ssh)
{
    show(ssh, "connected");
    put_differences(ssh, &ssh->link);
    strbuf_clear(&ssh->source.error);
    source_set_state(&ssh->source, SOURCE_OPEN);
    log_text(ssh, ssh_feed_is_newer(&ssh->feed) ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, &ssh->link);
    ssh->was_begun = true;
    ssh->began_ms = uv_now(hub_loop(ssh->source.hub));
}

static void show_waiting(struct ssh_source *ssh)
{
    struct strbuf *error = &ssh->source.error;
    strbuf_clear(error);
    strbuf_addf(error, "%s: %s, again in %us: %s", ssh->source.spec,
                ssh->was_begun ? "lost" : "no connection", ssh->left_s,
                ssh->reason.data != NULL ? ssh->reason.data : "");
    show(ssh, ssh->was_begun ? "lost" : "not connected");
}

/* ---- the end of a connection ---- */

static void connect_now(struct ssh_source *ssh);

static void count_down(uv_timer_t *timer)
{
    struct ssh_source *ssh = timer->data;
    if (--ssh->left_s > 0) {
        show_waiting(ssh);
        return;
    }
    uv_timer_stop(timer);
    connect_now(ssh);
}

static void retry_later(struct ssh_source *ssh, bool slow)
{
    unsigned least = slow ? SLOW_MIN_S : 1, most = slow ? SLOW_MAX_S : RETRY_MAX_S;
    bool lasted =
        ssh->feed.begun && uv_now(hub_loop(ssh->source.hub)) - ssh->began_ms >= LASTING_MS;
    ssh->retry_s = lasted ? 0 : 2 * ssh->retry_s;
    ssh->retry_s = ssh->retry_s < least ? least : ssh->retry_s > most ? most : ssh->retry_s;
    ssh->left_s = ssh->retry_s;
    log_text(ssh, LOG_LEVEL_WARNING, &ssh->reason);
    source_set_state(&ssh->source, SOURCE_WAITING);
    show_waiting(ssh);
    uv_timer_start(&ssh->timer, count_down, SECOND_MS, SECOND_MS);
}

/* Returns whether a run that ends has sent all it was asked for. Clients that nobody named may have
   no files there. */
static bool is_complete(const struct ssh_source *ssh)
{
    bool read = ssh->status == 0 || (ssh->status == 1 && ssh->spec.sources[0] == '\0');
    return ssh->signal == 0 && read && ssh->feed.begun;
}

static void end_for_good(struct ssh_source *ssh)
{
    struct strbuf error;
    strbuf_init(&error, mem_of(ssh), 0);
    if (!is_complete(ssh)) {
        source_error(&error, ssh->source.spec, "cannot be read", ssh->reason.data);
    }
    show(ssh, "ended");
    source_finish(&ssh->source, error.len > 0 ? error.data : NULL);
    strbuf_release(&error);
}

/* All handles of the connection are closed. */
static void after_connection(struct ssh_source *ssh)
{
    struct ssh_end end = {ssh->spec.host, ssh->status, ssh->signal, ssh->error_line};
    strbuf_clear(&ssh->reason);
    if (ssh->status == 0 && ssh->signal == 0 && !ssh->feed.begun && ssh->feed.skipped > 0) {
        strbuf_adds(&ssh->reason, "no feed came but: ");
        ingest_ctx_quote(&ssh->reason, ssh->feed.banner, strlen(ssh->feed.banner));
    }
    bool slow = (ssh->reason.len == 0 && ssh_reason_put(&end, &ssh->reason)) || ssh->status < 0;
    ssh_feed_disconnect(&ssh->feed, !ssh->follow);
    if (ssh->follow) {
        retry_later(ssh, slow);
    } else {
        end_for_good(ssh);
    }
}

static void connection_closed(uv_handle_t *handle)
{
    struct ssh_source *ssh = handle->data;
    ssh->source.handles--;
    if (--ssh->open == 0 && !ssh->source.closing) {
        after_connection(ssh);
    }
}

static void close_handle(void *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, connection_closed);
    }
}

static void close_connection(struct ssh_source *ssh)
{
    if (ssh->open > 0 && !ssh->over) {
        ssh->over = true;
        uv_timer_stop(&ssh->timer);
        lines_finish(&ssh->errors);
        uv_timer_stop(&ssh->beat);
        close_handle(&ssh->process);
        close_handle(&ssh->in);
        close_handle(&ssh->out);
        close_handle(&ssh->err);
    }
}

/* ProxyCommand and the like end with it: it leads its process group. */
static void kill_ssh(struct ssh_source *ssh, int signal)
{
    if (!ssh->exited && ssh->process.pid > 0) {
        (void)uv_kill(-ssh->process.pid, signal);
    }
}

/* A process that was killed ends a little later. libuv reaps it only while its handle is open. */
static void drained(uv_timer_t *timer)
{
    struct ssh_source *ssh = timer->data;
    if (ssh->exited) {
        close_connection(ssh);
        return;
    }
    kill_ssh(ssh, SIGKILL);
    close_handle(&ssh->out);
    close_handle(&ssh->err);
}

static void on_exit(uv_process_t *process, int64_t status, int signal)
{
    struct ssh_source *ssh = process->data;
    ssh->exited = true;
    ssh->status = status;
    ssh->signal = signal;
    if (ssh->out_ended) {
        close_connection(ssh);
    } else {
        uv_timer_start(&ssh->timer, drained, DRAIN_MS, 0);
    }
}

/* ---- its output ---- */

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct ssh_source *ssh = handle->data;
    (void)suggested;
    *out = hub_buffer(ssh->source.hub);
}

static void take_output(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct ssh_source *ssh = stream->data;
    if (len < 0) {
        ssh->out_ended = true;
        uv_read_stop(stream);
        if (ssh->exited) {
            close_connection(ssh);
        } else { /* it ends, too */
            uv_timer_start(&ssh->timer, drained, DRAIN_MS, 0);
        }
        return;
    }
    bool begun = ssh->feed.begun;
    double mark_ms = ssh->feed.mark_ms;
    ssh_feed_push(&ssh->feed, buffer->base, (size_t)len);
    if (!begun && ssh->feed.begun) {
        set_connected(ssh);
    }
    if (begun && ssh->feed.mark_ms > mark_ms) {
        ssh->error_line[0] = '\0'; /* it was no reason to end */
    }
    if (ssh->feed.failed) {
        ssh->feed.failed = false;
        ingest_ctx_log_from(ssh->source.counters.ingest, LOG_LEVEL_ERROR, ssh->source.spec,
                            "out of memory: after a reconnection lines may show twice");
    }
}

/* A line of ssh's own, or of swarmtop there. */
static void take_error_line(void *ctx, const char *line, size_t len, uint64_t number,
                            enum line_kind kind)
{
    struct ssh_source *ssh = ctx;
    struct strbuf text;
    (void)number, (void)kind;
    if (len == 0 || memchr(line, '\0', len) != NULL) {
        return;
    }
    len = len < ERROR_LINE_BYTES - 1 ? len : ERROR_LINE_BYTES - 1;
    memcpy(ssh->error_line, line, len);
    ssh->error_line[len] = '\0';
    if (ssh->error_lines++ < ERROR_LINES_LOGGED) {
        strbuf_init(&text, mem_of(ssh), 0);
        ingest_ctx_quote(&text, line, len);
        log_text(ssh, LOG_LEVEL_INFO, &text);
        strbuf_release(&text);
    }
}

static void take_errors(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct ssh_source *ssh = stream->data;
    if (len < 0) {
        uv_read_stop(stream);
    } else {
        lines_push(&ssh->errors, buffer->base, (size_t)len);
    }
}

/* ---- the beginning of a connection ---- */

static void put_command(const struct ssh_source *ssh, struct strbuf *out)
{
    const struct hub_options *settings = hub_settings(ssh->source.hub);
    struct ssh_command command = {
        .sources = ssh->spec.sources[0] == '\0' && !ssh->follow ? all_clients : ssh->spec.sources,
        .follow = ssh->follow,
        .from_ms = ssh->feed.mark_ms,
        .since_ns = settings->since_ns,
        .content = settings->content,
        .no_mask = settings->no_mask,
    };
    ssh_command_put(&command, out);
}

static void init_handles(struct ssh_source *ssh)
{
    uv_loop_t *loop = hub_loop(ssh->source.hub);
    uv_pipe_init(loop, &ssh->in, 0);
    uv_pipe_init(loop, &ssh->out, 0);
    uv_pipe_init(loop, &ssh->err, 0);
    memset(&ssh->process, 0, sizeof ssh->process);
    ssh->process.data = ssh->in.data = ssh->out.data = ssh->err.data = ssh;
    ssh->open = HANDLES;
    ssh->source.handles += HANDLES;
    ssh->exited = ssh->out_ended = ssh->over = false;
    ssh->status = ssh->signal = 0;
    ssh->error_lines = 0;
    ssh->error_line[0] = '\0';
    ssh_feed_connect(&ssh->feed);
}

/* Starts ssh. Returns 0 or an error of libuv; the handles are open in any case. */
static int spawn(struct ssh_source *ssh, char *program)
{
    struct strbuf command;
    strbuf_init(&command, mem_of(ssh), 0);
    put_command(ssh, &command);
    struct ssh_run run = {
        .process = &ssh->process,
        .in = &ssh->in,
        .out = &ssh->out,
        .err = &ssh->err,
        .program = program,
        .host = ssh->spec.host,
        .command = command.data,
        .ended = on_exit,
    };
    int failed = command.failed ? UV_ENOMEM : ssh_run_start(hub_loop(ssh->source.hub), &run);
    strbuf_release(&command);
    return failed;
}

/* No byte is kept for a connection that takes none. */
static void send_beat(uv_timer_t *timer)
{
    struct ssh_source *ssh = timer->data;
    char byte[] = "\n";
    uv_buf_t buffer = uv_buf_init(byte, 1);
    (void)uv_try_write((uv_stream_t *)&ssh->in, &buffer, 1);
}

static void connect_now(struct ssh_source *ssh)
{
    char program[4096] = "ssh";
    const char *named = source_setting(&ssh->source, "program");
    if (named != NULL) {
        (void)snprintf(program, sizeof program, "%s", named);
    }
    init_handles(ssh);
    strbuf_clear(&ssh->source.error);
    source_set_state(&ssh->source, SOURCE_WAITING);
    show(ssh, "connecting");
    int failed = spawn(ssh, program);
    if (failed == 0) {
        uv_read_start((uv_stream_t *)&ssh->out, give_buffer, take_output);
        uv_read_start((uv_stream_t *)&ssh->err, give_buffer, take_errors);
        uv_timer_start(&ssh->beat, send_beat, 0, BEAT_MS);
        return;
    }
    (void)snprintf(ssh->error_line, sizeof ssh->error_line, "%.200s cannot be started: %s", program,
                   uv_strerror(failed));
    ssh->exited = true;
    ssh->status = -1;
    close_connection(ssh);
}

/* ---- the source ---- */

static bool open_ssh(struct source *source, struct strbuf *error)
{
    struct ssh_source *ssh = of(source);
    const struct hub_options *settings = hub_settings(source->hub);
    strbuf_init(&ssh->reason, mem_of(ssh), 0);
    strbuf_init(&ssh->link, mem_of(ssh), 0);
    lines_init(&ssh->errors, mem_of(ssh), ERROR_LINE_BYTES, take_error_line, ssh);
    if (!ssh_spec_parse(source->spec, source_argument(source), &ssh->spec, error)) {
        return false;
    }
    struct feed_options options = {
        .counters = &source->counters,
        .where = source->spec,
        .source = source->spec,
        .host = ssh_host_name(ssh->spec.host),
        .max_line_bytes = source_max_line(source, true),
    };
    if (!ssh_feed_init(&ssh->feed, &options)) {
        return false;
    }
    ssh->follow = settings->follow || settings->follow_clients;
    uv_timer_init(hub_loop(source->hub), &ssh->timer);
    uv_timer_init(hub_loop(source->hub), &ssh->beat);
    ssh->timer.data = ssh->beat.data = ssh;
    ssh->timed = true;
    source->handles += 2;
    connect_now(ssh);
    return true;
}

static void timer_closed(uv_handle_t *handle)
{
    struct ssh_source *ssh = handle->data;
    ssh->source.handles--;
}

static void close_ssh(struct source *source)
{
    struct ssh_source *ssh = of(source);
    source->closing = true;
    if (ssh->timed) {
        kill_ssh(ssh, SIGTERM);
        close_connection(ssh);
        ssh_feed_disconnect(&ssh->feed, true);
        uv_close((uv_handle_t *)&ssh->timer, timer_closed);
        uv_close((uv_handle_t *)&ssh->beat, timer_closed);
        ssh->timed = false;
    }
}

static void release_ssh(struct source *source)
{
    struct ssh_source *ssh = of(source);
    ssh_feed_release(&ssh->feed);
    if (ssh->reason.mem != NULL) {
        strbuf_release(&ssh->reason);
        strbuf_release(&ssh->link);
        lines_release(&ssh->errors);
    }
}

static const char *link_of(const struct source *source)
{
    const struct ssh_source *ssh = (const struct ssh_source *)source;
    return ssh->link.len > 0 && !ssh->link.failed ? ssh->link.data : NULL;
}

const struct source_ops ssh_source_ops = {
    .size = sizeof(struct ssh_source),
    .open = open_ssh,
    .close = close_ssh,
    .release = release_ssh,
    .link = link_of,
};
