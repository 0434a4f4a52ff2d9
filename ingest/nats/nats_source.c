/* The loop's side of a subscription. Any number of publishers share a subject, and nothing in a
   message names its publisher. So each message is read as if it came over a connection of its own:
   what a `hello` in it sets holds to its end. All messages share one decoder, since the sessions
   that they feed are live together, as long as the connection. */
#include "ingest/nats/nats_source.h"

#include "ingest/feed/feed.h"
#include "ingest/nats/nats_connect.h"
#include "ingest/nats/nats_link.h"
#include "ingest/nats/nats_url.h"

#include <stdio.h>
#include <string.h>

enum { SLICE_BYTES = 256 << 10, TROUBLE_BYTES = 200 };

#define SINCE_NS (INT64_C(3600) * 1000000000)

struct nats_source {
    struct source source;
    struct nats_url url;
    bool parsed;
    struct feed *feed;
    struct nats_link *link;
    uv_async_t wake;
    struct nats_view view; /* the last one */
    uint64_t logged_drops; /* the log has so many */
};

/* ---- its state ---- */

static const char *link_text(const struct source *source)
{
    const struct nats_source *nats = (const struct nats_source *)source;
    switch (nats->view.state) {
    case NATS_CONNECTING: return "connecting";
    case NATS_LOST: return "connects again";
    case NATS_CONNECTED: break;
    }
    return nats->view.stream ? "connected, JetStream" : "connected";
}

/* A long loss would fill the log: it has each doubling of the count. */
static void log_drops(struct nats_source *nats)
{
    struct source *source = &nats->source;
    char text[TROUBLE_BYTES];
    if (nats->view.dropped < nats->logged_drops * 2 || nats->view.dropped == 0) {
        return;
    }
    nats->logged_drops = nats->view.dropped;
    snprintf(text, sizeof text, "%llu messages dropped: more come than can be read",
             (unsigned long long)nats->view.dropped);
    ingest_ctx_log_from(hub_ctx(source->hub), LOG_LEVEL_WARNING, source->spec, text);
}

/* Sets the source's error, which stays after messages were dropped. */
static void show_trouble(struct nats_source *nats)
{
    struct source *source = &nats->source;
    if (nats->view.why != NULL) {
        source_set_trouble(source, nats->view.why);
        return;
    }
    source_set_trouble(source, NULL);
    if (nats->view.dropped > 0) {
        strbuf_clear(&source->error);
        strbuf_addf(&source->error, "%s: %llu messages dropped: more come than can be read",
                    source->spec, (unsigned long long)nats->view.dropped);
    }
}

static void look(struct nats_source *nats)
{
    struct nats_view before = nats->view;
    struct source *source = &nats->source;
    nats_link_look(nats->link, &nats->view);
    if (nats->view.state == before.state && nats->view.why == before.why &&
        nats->view.dropped == before.dropped && nats->view.connects == before.connects) {
        return;
    }
    if (before.state == NATS_CONNECTED && nats->view.state != NATS_CONNECTED) {
        feed_rest(nats->feed, SESSION_DISCONNECTED);
    }
    if (nats->view.connects != before.connects) {
        ingest_ctx_log_from(hub_ctx(source->hub), LOG_LEVEL_INFO, source->spec,
                            nats->view.stream ? "connected, a stream covers the subject"
                                              : "connected");
    }
    source_set_state(source, nats->view.state == NATS_CONNECTED ? SOURCE_OPEN : SOURCE_WAITING);
    show_trouble(nats);
    log_drops(nats);
    hub_ctx(source->hub)->changed = true;
}

/* ---- messages ---- */

static void take(uv_async_t *wake)
{
    struct nats_source *nats = wake->data;
    size_t taken = 0;
    look(nats);
    while (taken < SLICE_BYTES) {
        struct nats_message *message = nats_link_take(nats->link);
        if (message == NULL) {
            return;
        }
        taken += message->len + 1;
        feed_push(nats->feed, message->bytes, message->len);
        feed_end_message(nats->feed);
        nats_message_free(message);
    }
    uv_async_send(wake); /* keys and timers come in between */
}

/* ---- the source ---- */

/* From here on the spec is what people may see. */
static bool hide_password(struct nats_source *nats)
{
    struct source *source = &nats->source;
    const struct mem *mem = hub_ctx(source->hub)->mem;
    size_t size = nats->url.shown.len + 1;
    char *shown = mem_alloc(mem, size);
    if (shown == NULL) {
        return false;
    }
    memcpy(shown, nats->url.shown.data, size);
    mem_free(mem, source->spec, strlen(source->spec) + 1);
    source->spec = shown;
    return true;
}

static bool start(struct nats_source *nats)
{
    struct source *source = &nats->source;
    const struct hub_options *settings = hub_settings(source->hub);
    int64_t since_ns = settings->since_ns > 0 ? settings->since_ns : SINCE_NS;
    struct feed_options options = {
        .counters = &source->counters,
        .where = source->spec,
        .source = source->spec,
        .session_id = nats->url.subject.data,
        .max_line_bytes = source_max_line(source, false),
    };
    nats->feed = feed_new(&options);
    if (nats->feed == NULL || uv_async_init(hub_loop(source->hub), &nats->wake, take) != 0) {
        return false;
    }
    nats->wake.data = nats;
    source->handles++;
    nats->link = nats_link_start(&(struct nats_link_options){
        .server = nats->url.server.data,
        .subject = nats->url.subject.data,
        .since_ns = ingest_ctx_wall(hub_ctx(source->hub)) - since_ns,
        .wake = &nats->wake,
    });
    return nats->link != NULL;
}

static void wake_closed(uv_handle_t *handle)
{
    struct nats_source *nats = handle->data;
    nats->source.handles--;
}

static void close_nats(struct source *source)
{
    struct nats_source *nats = (struct nats_source *)source;
    if (nats->link != NULL) {
        nats_link_stop(nats->link);
        nats->link = NULL;
        feed_rest(nats->feed, SESSION_DISCONNECTED);
        source_finish(source, NULL);
    }
    if (source->handles > 0 && !uv_is_closing((uv_handle_t *)&nats->wake)) {
        uv_close((uv_handle_t *)&nats->wake, wake_closed);
    }
}

static bool open_nats(struct source *source, struct strbuf *error)
{
    struct nats_source *nats = (struct nats_source *)source;
    const struct mem *mem = hub_ctx(source->hub)->mem;
    nats->parsed = true;
    bool good = nats_url_parse(source->spec, false, mem, &nats->url, error);
    if (nats->url.shown.failed || !hide_password(nats)) {
        strbuf_clear(error);
        source_error(error, NATS_PREFIX, "out of memory", NULL);
        return false;
    }
    if (good && !NATS_BUILT) {
        source_error(error, source->spec, NATS_NOT_BUILT, NULL);
    }
    if (!good || !NATS_BUILT) {
        return false;
    }
    source_set_state(source, SOURCE_WAITING);
    if (!start(nats)) {
        source_error(error, source->spec, "out of memory", NULL);
        close_nats(source);
        return false;
    }
    return true;
}

static void release_nats(struct source *source)
{
    struct nats_source *nats = (struct nats_source *)source;
    feed_free(nats->feed);
    if (nats->parsed) {
        nats_url_release(&nats->url);
    }
}

const struct source_ops nats_source_ops = {
    .size = sizeof(struct nats_source),
    .open = open_nats,
    .close = close_nats,
    .release = release_nats,
    .link = link_text,
};
