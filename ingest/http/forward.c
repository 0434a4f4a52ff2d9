/* The queue is a list, oldest first; its first request is the one that is sent. One at a time, as
   the order of a sender's requests is kept then, and a receiver that is too busy is not asked by
   several requests at once.

   A request that came from another swarmtop has its User-Agent, which counts how many have passed
   it on: two that forward to each other, or one to itself, would never end otherwise. */
#include "ingest/http/forward.h"

#include "ingest/http/forward_link.h"
#include "ingest/http/forward_queue.h"

#include "core/base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGENT "swarmtop-forward/"

enum {
    QUEUE_BYTES = 64 << 20,
    QUEUE_REQUESTS = 2000,
    FIRST_WAIT_MS = 1000,
    LONGEST_WAIT_MS = 30 * 1000,
    LONGEST_ASKED_MS = 300 * 1000, /* of Retry-After */
    ANSWER_MS = 10 * 1000,         /* as exporters have it, */
    BYTES_PER_MS = 1000,           /* and longer for large requests */
    CLOSE_MS = 1000,
    MOST_HOPS = 4,
    TEXT_BYTES = 400
};

enum forward_state {
    FORWARD_IDLE,
    FORWARD_CONNECTING,
    FORWARD_SENDING, /* until the answer has come */
    FORWARD_WAITING, /* before it tries again */
    FORWARD_SHUT
};

struct forward {
    struct forward_options options;
    struct forward_url url;
    struct forward_queue queue;
    uint64_t sent, dropped;
    enum forward_state state;
    struct forward_link *link; /* NULL: not connected */
    bool ready, used;          /* of the link: connected; a request was answered */
    unsigned failures;         /* in a row */
    unsigned reported;         /* the last status that was reported as refused */
    bool overflowed, looped;   /* reported */
    bool closing;
    uv_timer_t timer, quit;
    unsigned handles; /* and links that are not free yet */
    struct strbuf head;
    char trouble[TEXT_BYTES];
};

static void pump(struct forward *forward);

static void report(struct forward *forward, enum log_level level, const char *what)
{
    char text[2 * TEXT_BYTES];
    if (forward->options.report != NULL) {
        (void)snprintf(text, sizeof text, "forwarding to %s, port %s: %s", forward->url.host,
                       forward->url.port, what);
        forward->options.report(forward->options.ctx, level, text);
    }
}

/* ---- the queue ---- */

static unsigned hops_of(const char *agent)
{
    bool own = agent != NULL && strncmp(agent, AGENT, sizeof AGENT - 1) == 0;
    return own ? (unsigned)strtoul(agent + sizeof AGENT - 1, NULL, 10) : 0;
}

/* Returns whether there is room for the request; the oldest ones make it. */
static bool make_room(struct forward *forward, size_t len)
{
    bool fits;
    size_t kept = forward->state == FORWARD_SENDING ? 1 : 0;
    size_t removed = forward_queue_make_room(&forward->queue, len, kept, &fits);
    forward->dropped += removed;
    if ((removed > 0 || !fits) && !forward->overflowed) {
        report(forward, LOG_LEVEL_WARNING, "its queue is full: requests are dropped");
        forward->overflowed = true;
    }
    return fits;
}

void forward_take(struct forward *forward, const struct forward_request *request)
{
    unsigned hops = hops_of(request->agent);
    if (hops >= MOST_HOPS && !forward->looped) {
        report(forward, LOG_LEVEL_WARNING,
               "a request comes back again and again: does it lead here?");
        forward->looped = true;
    }
    if (!forward->closing && hops < MOST_HOPS && make_room(forward, request->body.len) &&
        forward_queue_add(&forward->queue, request, hops + 1)) {
        pump(forward);
    } else {
        forward->dropped++;
    }
}

/* ---- the connection ---- */

static void drop_link(struct forward *forward)
{
    if (forward->link != NULL) {
        forward_link_close(forward->link);
    }
    forward->link = NULL;
    forward->ready = forward->used = false;
}

static void handle_closed(uv_handle_t *handle)
{
    struct forward *forward = handle->data;
    forward->handles--;
}

static void link_closed(void *ctx)
{
    struct forward *forward = ctx;
    forward->handles--;
}

static void shut(struct forward *forward)
{
    char text[TEXT_BYTES];
    if (forward->state == FORWARD_SHUT) {
        return;
    }
    if (forward->queue.count > 0) {
        (void)snprintf(text, sizeof text, "%zu requests were not sent", forward->queue.count);
        report(forward, LOG_LEVEL_WARNING, text);
    }
    forward->state = FORWARD_SHUT;
    drop_link(forward);
    uv_close((uv_handle_t *)&forward->timer, handle_closed);
    uv_close((uv_handle_t *)&forward->quit, handle_closed);
}

static void on_timer(uv_timer_t *timer);

/* Tries again later: after_s seconds, < 0: not asked for. */
static void retry(struct forward *forward, const char *why, double after_s)
{
    unsigned shift = forward->failures < 5 ? forward->failures : 5;
    double wait = (double)forward->options.first_wait_ms * (double)(1U << shift);
    if (forward->trouble[0] == '\0') {
        char text[TEXT_BYTES];
        (void)snprintf(text, sizeof text, "%s: it tries again", why);
        report(forward, LOG_LEVEL_WARNING, text);
    }
    (void)snprintf(forward->trouble, sizeof forward->trouble, "%s", why);
    forward->failures++;
    wait = wait < LONGEST_WAIT_MS ? wait : LONGEST_WAIT_MS;
    /* Between 80 and 100 %, so that several senders do not come at the same time. */
    wait *= 0.8 + 0.2 * (double)(uv_hrtime() / 1000 % 1000) / 1000;
    if (after_s >= 0) {
        wait = after_s * 1000 < LONGEST_ASKED_MS ? after_s * 1000 : LONGEST_ASKED_MS;
    }
    if (forward->closing) {
        shut(forward);
        return;
    }
    forward->state = FORWARD_WAITING;
    uv_timer_start(&forward->timer, on_timer, (uint64_t)wait, 0);
}

static void link_failed(void *ctx, const char *why)
{
    struct forward *forward = ctx;
    bool used = forward->used;
    drop_link(forward);
    if (forward->state != FORWARD_CONNECTING && forward->state != FORWARD_SENDING) {
        return;
    }
    uv_timer_stop(&forward->timer);
    forward->state = FORWARD_IDLE;
    if (used) {
        /* The other side closes a connection that was idle for long: that is no trouble. */
        pump(forward);
    } else {
        retry(forward, why, -1);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct forward *forward = timer->data;
    bool waited = forward->state == FORWARD_WAITING;
    forward->state = FORWARD_IDLE;
    if (waited) {
        pump(forward);
    } else {
        drop_link(forward);
        retry(forward, "no answer in time", -1);
    }
}

static void link_ready(void *ctx)
{
    struct forward *forward = ctx;
    uv_timer_stop(&forward->timer);
    forward->ready = true;
    forward->state = FORWARD_IDLE;
    pump(forward);
}

/* ---- answers ---- */

static void take_success(struct forward *forward)
{
    forward->sent++;
    forward->failures = 0;
    if (forward->trouble[0] != '\0') {
        report(forward, LOG_LEVEL_INFO, "it takes requests again");
    }
    forward->trouble[0] = '\0';
    forward->overflowed = false;
    forward_queue_remove(&forward->queue);
}

static void take_refusal(struct forward *forward, unsigned status)
{
    char text[TEXT_BYTES];
    forward->dropped++;
    forward->failures = 0;
    if (forward->reported != status) {
        (void)snprintf(text, sizeof text, "status %u for %s: the request is dropped", status,
                       forward->queue.first->path);
        report(forward, LOG_LEVEL_WARNING, text);
    }
    forward->reported = status;
    forward_queue_remove(&forward->queue);
}

static void link_answered(void *ctx, const struct http_reply *reply)
{
    struct forward *forward = ctx;
    unsigned status = reply->status;
    double after_s = reply->retry_after_s;
    forward->used = true;
    uv_timer_stop(&forward->timer);
    if (!http_reply_keeps(reply)) {
        drop_link(forward);
    }
    forward->state = FORWARD_IDLE;
    if (status == 429 || status == 502 || status == 503 || status == 504) {
        char why[40];
        (void)snprintf(why, sizeof why, "status %u", status);
        retry(forward, why, after_s);
        return;
    }
    if (status >= 200 && status < 300) {
        take_success(forward);
    } else {
        take_refusal(forward, status);
    }
    pump(forward);
}

/* ---- sending ---- */

static bool put_head(struct forward *forward, const struct queued *queued)
{
    const struct forward_url *url = &forward->url;
    struct strbuf *head = &forward->head;
    strbuf_clear(head);
    strbuf_addf(head, "POST %s%s HTTP/1.1\r\nHost: %s%s%s:%s\r\nUser-Agent: " AGENT "%u\r\n",
                url->path, queued->path, url->bracketed ? "[" : "", url->host,
                url->bracketed ? "]" : "", url->port, queued->hops);
    strbuf_addf(head, "Content-Type: %s\r\n", queued->type);
    if (queued->encoding != NULL) {
        strbuf_addf(head, "Content-Encoding: %s\r\n", queued->encoding);
    }
    strbuf_addf(head, "Content-Length: %zu\r\n\r\n", queued->len);
    return !head->failed;
}

static void connect_link(struct forward *forward)
{
    struct forward_link_options options = {.loop = forward->options.loop,
                                           .mem = forward->options.mem,
                                           .url = &forward->url,
                                           .ready = link_ready,
                                           .answered = link_answered,
                                           .failed = link_failed,
                                           .closed = link_closed,
                                           .ctx = forward};
    forward->link = forward_link_new(&options);
    if (forward->link == NULL) {
        retry(forward, "it cannot connect", -1);
        return;
    }
    forward->handles++;
    forward->state = FORWARD_CONNECTING;
    uv_timer_start(&forward->timer, on_timer, ANSWER_MS, 0);
}

/* Does what can be done now. */
static void pump(struct forward *forward)
{
    if (forward->state != FORWARD_IDLE) {
        return;
    }
    if (forward->queue.first == NULL) {
        if (forward->closing) {
            shut(forward);
        }
        return;
    }
    if (forward->link == NULL) {
        connect_link(forward);
        return;
    }
    const struct queued *queued = forward->queue.first;
    bool sent = put_head(forward, queued);
    struct slice head = {.bytes = forward->head.data, .len = forward->head.len};
    struct slice body = {.bytes = queued->body, .len = queued->len};
    if (!sent || !forward_link_send(forward->link, head, body)) {
        drop_link(forward);
        retry(forward, "it cannot send", -1);
        return;
    }
    forward->state = FORWARD_SENDING;
    uv_timer_start(&forward->timer, on_timer, ANSWER_MS + queued->len / BYTES_PER_MS, 0);
}

/* ---- its life ---- */

bool forward_check(const char *url, struct strbuf *error)
{
    struct forward_url parsed;
    return forward_url_parse(url, &parsed, error);
}

struct forward *forward_new(const struct forward_options *options, struct strbuf *error)
{
    struct forward_url url;
    if (!forward_url_parse(options->url, &url, error)) {
        return NULL;
    }
    struct forward *forward = mem_zalloc(options->mem, 1, sizeof *forward);
    if (forward == NULL) {
        strbuf_adds(error, "out of memory");
        return NULL;
    }
    (void)uv_timer_init(options->loop, &forward->timer); /* never fail */
    (void)uv_timer_init(options->loop, &forward->quit);
    forward->options = *options;
    forward->queue = (struct forward_queue){
        .mem = options->mem,
        .max_bytes = options->max_bytes > 0 ? options->max_bytes : QUEUE_BYTES,
        .max_count = options->max_requests > 0 ? options->max_requests : QUEUE_REQUESTS};
    if (options->first_wait_ms == 0) {
        forward->options.first_wait_ms = FIRST_WAIT_MS;
    }
    forward->url = url;
    forward->timer.data = forward->quit.data = forward;
    forward->handles = 2;
    strbuf_init(&forward->head, options->mem, 0);
    return forward;
}

struct forward_counts forward_counts(const struct forward *forward)
{
    return (struct forward_counts){.sent = forward->sent,
                                   .dropped = forward->dropped,
                                   .waiting = forward->queue.count,
                                   .waiting_bytes = forward->queue.bytes,
                                   .trouble = forward->trouble,
                                   .refused = forward->reported};
}

static void on_quit(uv_timer_t *timer)
{
    shut(timer->data);
}

void forward_close(struct forward *forward)
{
    if (forward->closing) {
        return;
    }
    forward->closing = true;
    if (forward->queue.count == 0 || forward->state == FORWARD_WAITING) {
        shut(forward);
    } else {
        uv_timer_start(&forward->quit, on_quit, CLOSE_MS, 0);
    }
}

bool forward_closed(const struct forward *forward)
{
    return forward->handles == 0;
}

void forward_free(struct forward *forward)
{
    if (forward == NULL) {
        return;
    }
    forward_queue_release(&forward->queue);
    strbuf_release(&forward->head);
    mem_free(forward->options.mem, forward, sizeof *forward);
}
