/* A pipe that blocks would stop the loop, and with it the timer that finds the reader lost. So both
   ends do not block; where a writer has to wait, it watches the reader, too. */
#include "tui/cmd/feed_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 << 10, TAKEN_BYTES = 4096 };

static void lose(struct feed_reader *reader)
{
    if (!reader->gone) {
        reader->gone = true;
        strbuf_clear(&reader->unsent);
        reader->config.lost(reader->config.ctx);
    }
}

/* ---- to it ---- */

static void send_now(struct feed_reader *reader)
{
    struct strbuf *unsent = &reader->unsent;
    size_t sent = 0;
    while (!reader->gone && sent < unsent->len) {
        ssize_t len = write(reader->config.out, unsent->data + sent, unsent->len - sent);
        if (len >= 0) {
            sent += (size_t)len;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != EINTR) {
            lose(reader);
        }
    }
    if (!reader->gone) {
        strbuf_eat(unsent, sent);
    }
}

static void on_out(uv_poll_t *handle, int status, int events);

/* A reader that has gone is noticed without any event that is asked for. */
static void watch_out(struct feed_reader *reader)
{
    if (reader->watches_out && reader->gone) {
        uv_poll_stop(&reader->out);
    } else if (reader->watches_out) {
        uv_poll_start(&reader->out, reader->unsent.len > 0 ? UV_WRITABLE : UV_PRIORITIZED, on_out);
    }
}

static void on_out(uv_poll_t *handle, int status, int events)
{
    struct feed_reader *reader = handle->data;
    struct pollfd fd = {.fd = reader->config.out};
    (void)status, (void)events;
    if (poll(&fd, 1, 0) > 0 && (fd.revents & (POLLERR | POLLHUP)) != 0) {
        lose(reader);
    }
    feed_reader_flush(reader);
}

/* ---- from it ---- */

static void ignore_in(struct feed_reader *reader)
{
    if (reader->watches_in) {
        uv_poll_stop(&reader->in);
        uv_timer_stop(&reader->silence);
    }
    reader->config.in = -1;
}

static bool is_silent(const struct feed_reader *reader)
{
    return reader->beat_ns > 0 &&
           (uv_hrtime() - reader->beat_ns) / 1000000 >= reader->config.silence_ms;
}

static void on_silence(uv_timer_t *timer)
{
    struct feed_reader *reader = timer->data;
    if (is_silent(reader)) {
        lose(reader);
        watch_out(reader);
        ignore_in(reader);
    }
}

/* Bytes that begin with anything but a line feed are meant for others: no sign of a reader. */
static void take_beat(struct feed_reader *reader)
{
    char bytes[TAKEN_BYTES];
    ssize_t len = read(reader->config.in, bytes, sizeof bytes);
    if (len > 0 && (reader->beat_ns > 0 || bytes[0] == '\n')) {
        reader->beat_ns = uv_hrtime();
        if (reader->watches_in) {
            uv_timer_start(&reader->silence, on_silence, reader->config.silence_ms,
                           reader->config.silence_ms / 8 + 1);
        }
        return;
    }
    if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return;
    }
    if (reader->beat_ns > 0) {
        lose(reader);
        watch_out(reader);
    }
    ignore_in(reader);
}

static void on_in(uv_poll_t *handle, int status, int events)
{
    (void)status, (void)events;
    take_beat(handle->data);
}

/* Returns after it has sent so much that at most `most` bytes are left, or is lost. */
static void wait_for_reader(struct feed_reader *reader, size_t most)
{
    while (!reader->gone && reader->unsent.len > most) {
        struct pollfd fds[] = {{.fd = reader->config.out, .events = POLLOUT},
                               {.fd = reader->config.in, .events = POLLIN}}; /* -1: ignored */
        int timeout_ms = reader->beat_ns > 0 ? (int)(reader->config.silence_ms / 8 + 1) : -1;
        if (poll(fds, 2, timeout_ms) > 0) {
            if (fds[1].revents != 0) {
                take_beat(reader);
            }
            if (fds[0].revents != 0) {
                send_now(reader);
            }
        }
        if (is_silent(reader)) {
            lose(reader);
        }
    }
}

/* ---- the whole ---- */

static bool is_stream(int fd)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

void feed_reader_open(struct feed_reader *reader, const struct feed_reader_config *config)
{
    *reader = (struct feed_reader){.config = *config};
    strbuf_init(&reader->unsent, config->mem, 0);
    reader->out.data = reader->in.data = reader->silence.data = reader;
    if (is_stream(config->out)) { /* a terminal is shared with others, who want it to block */
        reader->out_flags = fcntl(config->out, F_GETFL);
        (void)fcntl(config->out, F_SETFL, reader->out_flags | O_NONBLOCK);
        reader->watches_out = uv_poll_init(config->loop, &reader->out, config->out) == 0;
    }
    if (reader->watches_out) {
        uv_unref((uv_handle_t *)&reader->out);
    }
    watch_out(reader);
    if (!is_stream(config->in)) {
        reader->config.in = -1;
        return;
    }
    reader->in_fd = config->in;
    reader->in_flags = fcntl(config->in, F_GETFL);
    reader->watches_in = uv_poll_init(config->loop, &reader->in, config->in) == 0;
    if (!reader->watches_in) {
        reader->config.in = -1;
        return;
    }
    uv_timer_init(config->loop, &reader->silence);
    uv_poll_start(&reader->in, UV_READABLE | UV_DISCONNECT, on_in);
    uv_unref((uv_handle_t *)&reader->in);
    uv_unref((uv_handle_t *)&reader->silence);
}

void feed_reader_put(struct feed_reader *reader, const char *bytes, size_t len)
{
    size_t before = reader->unsent.len;
    if (reader->gone) {
        return;
    }
    strbuf_add(&reader->unsent, bytes, len);
    if (reader->unsent.failed) { /* no line is left out: it connects again */
        lose(reader);
    } else if (before / PIECE_BYTES != reader->unsent.len / PIECE_BYTES) {
        send_now(reader);
    }
    wait_for_reader(reader, FEED_READER_UNSENT_BYTES);
}

void feed_reader_flush(struct feed_reader *reader)
{
    send_now(reader);
    watch_out(reader);
}

void feed_reader_stop(struct feed_reader *reader)
{
    if (reader->watches_out) {
        uv_close((uv_handle_t *)&reader->out, NULL);
    }
    if (reader->watches_in) {
        uv_close((uv_handle_t *)&reader->in, NULL);
        uv_close((uv_handle_t *)&reader->silence, NULL);
        (void)fcntl(reader->in_fd, F_SETFL, reader->in_flags);
    }
    reader->watches_out = reader->watches_in = false;
}

void feed_reader_finish(struct feed_reader *reader)
{
    wait_for_reader(reader, 0);
    if (is_stream(reader->config.out)) {
        (void)fcntl(reader->config.out, F_SETFL, reader->out_flags);
    }
    strbuf_release(&reader->unsent);
}
