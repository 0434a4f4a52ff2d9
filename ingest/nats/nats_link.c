/* libnats could also use the loop's descriptors by its adapter for libuv. But with that the first
   connection must be made on the loop's thread, where it blocks, and so do all questions to
   JetStream. So a thread does it all in order: connect, subscribe, read. libnats does not reconnect
   by itself: a lost connection is replaced by a new one, in the same way the first and the tenth
   time. */
#include "ingest/nats/nats_link.h"

#include "ingest/nats/nats_connect.h"

#ifdef HAVE_NATS
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_MS = 5000,
    NEXT_MS = 50, /* how late an end may be noticed */
    END_MS = 300, /* an end waits so long for the thread, which may be connecting */
    RETRY_MS = 250,
    RETRY_MAX_MS = 10000,
    QUEUE_BYTES = 4 << 20,
    PENDING_BYTES = 16 << 20, /* in libnats */
    PENDING_MESSAGES = 65536
};

struct nats_link {
    char *server, *subject;
    int64_t since_ns;
    uv_mutex_t lock; /* guards what follows up to `end` */
    uv_cond_t changed;
    uv_async_t *wake; /* NULL: the loop's side has stopped */
    struct nats_queue queue;
    struct nats_view view;
    uint64_t dropped_before; /* by former subscriptions */
    int owners;              /* the thread and the loop's side */
    /* end. The thread's own, but for itself: */
    pthread_t thread;
    natsConnection *connection;
    jsCtx *js;
    natsSubscription *subscription;
    char *stream;           /* the last one; NULL: none yet */
    uint64_t last_sequence; /* in it; 0: none */
    int64_t last_ns;
    int64_t created_ns; /* when it was; 0: unknown */
};

/* ---- the lock ---- */

static void wake(struct nats_link *link)
{
    if (link->wake != NULL) {
        uv_async_send(link->wake);
    }
}

static void release(struct nats_link *link)
{
    uv_mutex_lock(&link->lock);
    bool last = --link->owners == 0;
    uv_cond_signal(&link->changed);
    uv_mutex_unlock(&link->lock);
    if (last) {
        nats_queue_clear(&link->queue);
        uv_mutex_destroy(&link->lock);
        uv_cond_destroy(&link->changed);
        free(link->server);
        free(link->subject);
        free(link->stream);
        free(link);
    }
}

static bool runs(struct nats_link *link)
{
    uv_mutex_lock(&link->lock);
    bool is = link->wake != NULL;
    uv_mutex_unlock(&link->lock);
    return is;
}

static void set_state(struct nats_link *link, enum nats_state state, const char *why)
{
    uv_mutex_lock(&link->lock);
    link->view.connects += state == NATS_CONNECTED && link->view.state != NATS_CONNECTED;
    link->view.state = state;
    link->view.why = why;
    wake(link);
    uv_mutex_unlock(&link->lock);
}

/* Waits until the queue has room. False: it is to end. */
static bool wait_for_room(struct nats_link *link)
{
    uv_mutex_lock(&link->lock);
    while (link->wake != NULL && !nats_queue_has_room(&link->queue)) {
        uv_cond_wait(&link->changed, &link->lock);
    }
    bool is = link->wake != NULL;
    uv_mutex_unlock(&link->lock);
    return is;
}

static void pause_for(struct nats_link *link, unsigned ms)
{
    uint64_t end = uv_hrtime() + (uint64_t)ms * 1000000;
    uv_mutex_lock(&link->lock);
    for (uint64_t now; link->wake != NULL && (now = uv_hrtime()) < end;) {
        uv_cond_timedwait(&link->changed, &link->lock, end - now);
    }
    uv_mutex_unlock(&link->lock);
}

/* ---- subscribing ---- */

/* Returns whether the stream still is the one that had the last message: another one counts
   from 1, and may have reached that number. */
static bool continues(struct nats_link *link)
{
    jsStreamInfo *info = NULL;
    if (link->stream == NULL || link->last_sequence == 0 ||
        js_GetStreamInfo(&info, link->js, link->stream, NULL, NULL) != NATS_OK) {
        return false;
    }
    bool is = info->State.LastSeq >= link->last_sequence &&
              (link->created_ns == 0 || info->Created == link->created_ns);
    link->created_ns = info->Created;
    jsStreamInfo_Destroy(info);
    return is;
}

/* Notes when the stream of the last message was created. */
static void note_created(struct nats_link *link)
{
    jsStreamInfo *info = NULL;
    link->created_ns = 0;
    if (js_GetStreamInfo(&info, link->js, link->stream, NULL, NULL) == NATS_OK) {
        link->created_ns = info->Created;
        jsStreamInfo_Destroy(info);
    }
}

static natsStatus subscribe_to_stream(struct nats_link *link)
{
    jsSubOptions options;
    jsSubOptions_Init(&options);
    options.Ordered = true;
    if (continues(link)) {
        options.Config.DeliverPolicy = js_DeliverByStartSequence;
        options.Config.OptStartSeq = link->last_sequence + 1;
    } else {
        options.Config.DeliverPolicy = js_DeliverByStartTime;
        options.Config.OptStartTime = link->last_ns > 0 ? link->last_ns + 1 : link->since_ns;
    }
    return js_SubscribeSync(&link->subscription, link->js, link->subject, NULL, &options, NULL);
}

/* Subscribes to the stream that covers the subject, or without one to the subject. A question
   without an answer is no reason to do without a stream that existed before. */
static natsStatus subscribe(struct nats_link *link)
{
    natsStatus status = natsConnection_JetStream(&link->js, link->connection, NULL);
    if (status == NATS_OK) {
        status = subscribe_to_stream(link);
    }
    bool stream = status == NATS_OK;
    if (!stream && (link->stream == NULL || status == NATS_NOT_FOUND)) {
        status = natsConnection_SubscribeSync(&link->subscription, link->connection, link->subject);
    }
    if (status == NATS_OK) {
        natsSubscription_SetPendingLimits(link->subscription, PENDING_MESSAGES, PENDING_BYTES);
        status = natsConnection_FlushTimeout(link->connection, CONNECT_MS);
    }
    uv_mutex_lock(&link->lock);
    link->view.stream = stream;
    link->dropped_before = link->view.dropped;
    uv_mutex_unlock(&link->lock);
    return status;
}

/* ---- reading ---- */

/* Notes the place of a stream's message. */
static void note_place(struct nats_link *link, natsMsg *message)
{
    jsMsgMetaData *place = NULL;
    if (!link->view.stream || natsMsg_GetMetaData(&place, message) != NATS_OK) {
        return;
    }
    link->last_sequence = place->Sequence.Stream;
    link->last_ns = place->Timestamp;
    if (place->Stream != NULL &&
        (link->stream == NULL || strcmp(link->stream, place->Stream) != 0)) {
        free(link->stream);
        link->stream = strdup(place->Stream);
        if (link->stream != NULL) {
            note_created(link);
        }
    }
    jsMsgMetaData_Destroy(place);
}

/* Passes on how many messages libnats has dropped. Messages of a stream come again. */
static void note_dropped(struct nats_link *link)
{
    int64_t dropped = 0;
    if (natsSubscription_GetDropped(link->subscription, &dropped) != NATS_OK || dropped == 0) {
        return;
    }
    uv_mutex_lock(&link->lock);
    uint64_t all = link->dropped_before + (uint64_t)dropped;
    if (!link->view.stream && all != link->view.dropped) {
        link->view.dropped = all;
        wake(link);
    }
    uv_mutex_unlock(&link->lock);
}

static bool pass_on(struct nats_link *link, natsMsg *message)
{
    uv_mutex_lock(&link->lock);
    bool passed = nats_queue_put(&link->queue, natsMsg_GetData(message),
                                 (size_t)natsMsg_GetDataLength(message));
    wake(link);
    uv_mutex_unlock(&link->lock);
    return passed;
}

/* Returns why the server does not serve the subject, which it reports beside the messages; NULL: it
   does. */
static const char *refusal(struct nats_link *link)
{
    const char *text;
    natsStatus status = natsConnection_GetLastError(link->connection, &text);
    return status == NATS_NOT_PERMITTED ? nats_why(status) : NULL;
}

/* Reads until the connection is lost. Returns why it ends. */
static natsStatus read_all(struct nats_link *link)
{
    const char *refused = NULL;
    while (wait_for_room(link)) {
        natsMsg *message = NULL;
        natsStatus status = natsSubscription_NextMsg(&message, link->subscription, NEXT_MS);
        note_dropped(link);
        if (status == NATS_OK) {
            if (pass_on(link, message)) {
                note_place(link, message);
            } else {
                status = NATS_NO_MEMORY;
            }
            natsMsg_Destroy(message);
        }
        if (status == NATS_TIMEOUT && refused == NULL && (refused = refusal(link)) != NULL) {
            set_state(link, NATS_CONNECTED, refused);
        }
        if (status != NATS_OK && status != NATS_TIMEOUT && status != NATS_SLOW_CONSUMER) {
            return status;
        }
    }
    return NATS_OK;
}

static void disconnect(struct nats_link *link)
{
    if (link->connection == NULL) {
        return; /* there may be no library */
    }
    natsSubscription_Destroy(link->subscription);
    jsCtx_Destroy(link->js);
    natsConnection_Destroy(link->connection);
    link->subscription = NULL;
    link->js = NULL;
    link->connection = NULL;
}

static void *run(void *ctx)
{
    struct nats_link *link = ctx;
    unsigned retry_ms = RETRY_MS;
    while (runs(link)) {
        const char *why = NULL;
        link->connection = nats_connect(link->server, CONNECT_MS, &why);
        natsStatus status = link->connection != NULL ? subscribe(link) : NATS_NO_SERVER;
        if (link->connection != NULL && status == NATS_OK) {
            retry_ms = RETRY_MS;
            set_state(link, NATS_CONNECTED, NULL);
            status = read_all(link);
        }
        if (runs(link)) {
            set_state(link, NATS_LOST, why != NULL ? why : nats_why(status));
        }
        disconnect(link);
        pause_for(link, retry_ms);
        retry_ms = retry_ms * 2 < RETRY_MAX_MS ? retry_ms * 2 : RETRY_MAX_MS;
    }
    nats_end_thread();
    release(link);
    return NULL;
}

/* ---- the loop's side ---- */

struct nats_link *nats_link_start(const struct nats_link_options *options)
{
    struct nats_link *link = calloc(1, sizeof *link);
    if (link == NULL) {
        return NULL;
    }
    link->server = strdup(options->server);
    link->subject = strdup(options->subject);
    link->since_ns = options->since_ns;
    link->wake = options->wake;
    link->owners = 2;
    nats_queue_init(&link->queue, QUEUE_BYTES);
    if (uv_mutex_init(&link->lock) == 0) {
        if (uv_cond_init(&link->changed) == 0) {
            if (link->server != NULL && link->subject != NULL &&
                pthread_create(&link->thread, NULL, run, link) == 0) {
                return link;
            }
            uv_cond_destroy(&link->changed);
        }
        uv_mutex_destroy(&link->lock);
    }
    free(link->server);
    free(link->subject);
    free(link);
    return NULL;
}

struct nats_message *nats_link_take(struct nats_link *link)
{
    uv_mutex_lock(&link->lock);
    struct nats_message *message = nats_queue_take(&link->queue);
    uv_cond_signal(&link->changed);
    uv_mutex_unlock(&link->lock);
    return message;
}

void nats_link_look(struct nats_link *link, struct nats_view *out)
{
    uv_mutex_lock(&link->lock);
    *out = link->view;
    uv_mutex_unlock(&link->lock);
}

void nats_link_stop(struct nats_link *link)
{
    uint64_t now_ns = uv_hrtime(), end_ns = now_ns + (uint64_t)END_MS * 1000000;
    uv_mutex_lock(&link->lock);
    link->wake = NULL;
    uv_cond_signal(&link->changed);
    while (link->owners > 1 && now_ns < end_ns) {
        (void)uv_cond_timedwait(&link->changed, &link->lock, end_ns - now_ns);
        now_ns = uv_hrtime();
    }
    bool ended = link->owners == 1;
    uv_mutex_unlock(&link->lock);
    (void)(ended ? pthread_join(link->thread, NULL) : pthread_detach(link->thread));
    release(link);
}
#else
struct nats_link *nats_link_start(const struct nats_link_options *options)
{
    (void)options;
    return NULL;
}

struct nats_message *nats_link_take(struct nats_link *link)
{
    (void)link;
    return NULL;
}

void nats_link_look(struct nats_link *link, struct nats_view *out)
{
    (void)link;
    *out = (struct nats_view){.why = NATS_NOT_BUILT};
}

void nats_link_stop(struct nats_link *link)
{
    (void)link;
}
#endif
