/* The loop's thread collects lines to messages and puts these into the queue; the feed's own thread
   has libnats' objects. A message that a lost connection may have swallowed is not sent again, as a
   line that comes twice would show twice. */
#include "ingest/nats/nats_feed.h"

#include "ingest/nats/nats_connect.h"
#include "ingest/nats/nats_queue.h"
#include "ingest/nats/nats_url.h"
#include "ingest/source_error.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    QUEUE_BYTES = 16 << 20,
    MESSAGE_BYTES = 64 << 10,
    CONNECT_MS = 3000,
    RETRY_MS = 250,
    RETRY_MAX_MS = 5000
};

struct nats_feed {
    struct nats_url url;
    struct strbuf message; /* the loop's: lines that are not in the queue yet */
    uv_mutex_t lock;       /* guards what follows */
    uv_cond_t changed;
    struct nats_queue queue;
    const char *why;
    uint64_t lost; /* lines */
    bool sending;  /* a message is out of the queue and not sent yet */
    bool closing;
    int owners;
};

static uint64_t count_lines(const char *bytes, size_t len)
{
    uint64_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += bytes[i] == '\n';
    }
    return count;
}

static void free_feed(struct nats_feed *feed)
{
    nats_queue_clear(&feed->queue);
    strbuf_release(&feed->message);
    nats_url_release(&feed->url);
    free(feed);
}

#ifdef HAVE_NATS
static void release(struct nats_feed *feed)
{
    uv_mutex_lock(&feed->lock);
    bool last = --feed->owners == 0;
    uv_mutex_unlock(&feed->lock);
    if (last) {
        uv_mutex_destroy(&feed->lock);
        uv_cond_destroy(&feed->changed);
        free_feed(feed);
    }
}

/* ---- the thread ---- */

static void set_trouble(struct nats_feed *feed, const char *why)
{
    uv_mutex_lock(&feed->lock);
    feed->why = why;
    uv_mutex_unlock(&feed->lock);
}

/* Waits for a message. False: the feed ends. */
static bool wait_for_message(struct nats_feed *feed)
{
    uv_mutex_lock(&feed->lock);
    while (feed->owners == 2 && feed->queue.first == NULL && !feed->closing) {
        uv_cond_wait(&feed->changed, &feed->lock);
    }
    bool there = feed->owners == 2 && feed->queue.first != NULL;
    uv_mutex_unlock(&feed->lock);
    return there;
}

static void pause_for(struct nats_feed *feed, unsigned ms)
{
    uint64_t end = uv_hrtime() + (uint64_t)ms * 1000000;
    uv_mutex_lock(&feed->lock);
    for (uint64_t now; feed->owners == 2 && !feed->closing && (now = uv_hrtime()) < end;) {
        uv_cond_timedwait(&feed->changed, &feed->lock, end - now);
    }
    bool hurries = feed->closing && feed->owners == 2;
    uv_mutex_unlock(&feed->lock);
    if (hurries) {
        uv_sleep(RETRY_MS);
    }
}

/* Sends the first message. Returns false if the connection is of no more use. */
static bool send_first(struct nats_feed *feed, natsConnection *connection)
{
    uv_mutex_lock(&feed->lock);
    struct nats_message *message = nats_queue_take(&feed->queue);
    feed->sending = message != NULL;
    uv_mutex_unlock(&feed->lock);
    if (message == NULL) {
        return true;
    }
    natsStatus status = natsConnection_Publish(connection, feed->url.subject.data, message->bytes,
                                               (int)message->len);
    if (status == NATS_OK) {
        status = natsConnection_FlushTimeout(connection, CONNECT_MS);
    }
    const char *text;
    if (status == NATS_OK) {
        status = natsConnection_GetLastError(connection, &text);
    }
    uv_mutex_lock(&feed->lock);
    feed->sending = false;
    feed->why = status == NATS_OK ? NULL : nats_why(status);
    feed->lost += status == NATS_OK ? 0 : count_lines(message->bytes, message->len);
    uv_cond_broadcast(&feed->changed);
    uv_mutex_unlock(&feed->lock);
    nats_message_free(message);
    return status == NATS_OK;
}

static void disconnect(natsConnection *connection)
{
    if (connection != NULL) { /* else there may be no library */
        natsConnection_Destroy(connection);
    }
}

static void *run(void *ctx)
{
    struct nats_feed *feed = ctx;
    natsConnection *connection = NULL;
    unsigned retry_ms = RETRY_MS;
    while (wait_for_message(feed)) {
        if (connection != NULL && natsConnection_Status(connection) != NATS_CONN_STATUS_CONNECTED) {
            natsConnection_Destroy(connection);
            connection = NULL;
        }
        const char *why = NULL;
        if (connection == NULL) {
            connection = nats_connect(feed->url.server.data, CONNECT_MS, &why);
        }
        if (connection == NULL) {
            set_trouble(feed, why);
        }
        if (connection != NULL && send_first(feed, connection)) {
            retry_ms = RETRY_MS;
            continue;
        }
        disconnect(connection);
        connection = NULL;
        pause_for(feed, retry_ms);
        retry_ms = retry_ms * 2 < RETRY_MAX_MS ? retry_ms * 2 : RETRY_MAX_MS;
    }
    disconnect(connection);
    nats_end_thread();
    release(feed);
    return NULL;
}

/* ---- the loop's side ---- */

static bool start_thread(struct nats_feed *feed)
{
    pthread_t thread;
    if (uv_mutex_init(&feed->lock) != 0) {
        return false;
    }
    if (uv_cond_init(&feed->changed) == 0) {
        feed->owners = 2;
        if (pthread_create(&thread, NULL, run, feed) == 0) {
            pthread_detach(thread);
            return true;
        }
        uv_cond_destroy(&feed->changed);
    }
    uv_mutex_destroy(&feed->lock);
    return false;
}
#else
static void release(struct nats_feed *feed)
{
    free_feed(feed);
}

static bool start_thread(struct nats_feed *feed)
{
    (void)feed;
    return false;
}
#endif

struct nats_feed *nats_feed_start(const char *spec, struct strbuf *error)
{
    struct nats_feed *feed = calloc(1, sizeof *feed);
    if (feed == NULL) {
        source_error(error, NATS_PREFIX, "out of memory", NULL);
        return NULL;
    }
    nats_queue_init(&feed->queue, QUEUE_BYTES);
    strbuf_init(&feed->message, &mem_libc, 0);
    bool good = nats_url_parse(spec, true, &mem_libc, &feed->url, error);
    if (good && start_thread(feed)) {
        return feed;
    }
    if (good) {
        source_error(error, feed->url.shown.data, "cannot send the feed",
                     NATS_BUILT ? "no thread can be made" : NATS_NOT_BUILT);
    }
    free_feed(feed);
    return NULL;
}

void nats_feed_flush(struct nats_feed *feed)
{
    if (feed->message.len == 0) {
        return;
    }
    uv_mutex_lock(&feed->lock);
    if (!nats_queue_put(&feed->queue, feed->message.data, feed->message.len)) {
        feed->lost += count_lines(feed->message.data, feed->message.len);
    }
    uv_cond_broadcast(&feed->changed);
    uv_mutex_unlock(&feed->lock);
    strbuf_clear(&feed->message);
}

void nats_feed_put(struct nats_feed *feed, const char *lines, size_t len)
{
    if (feed->message.len + len > MESSAGE_BYTES) {
        nats_feed_flush(feed);
    }
    strbuf_add(&feed->message, lines, len);
    if (feed->message.failed) {
        strbuf_clear(&feed->message);
        uv_mutex_lock(&feed->lock);
        feed->lost++;
        uv_mutex_unlock(&feed->lock);
    }
}

const char *nats_feed_trouble(struct nats_feed *feed)
{
    uv_mutex_lock(&feed->lock);
    const char *why = feed->why;
    uv_mutex_unlock(&feed->lock);
    return why;
}

const char *nats_feed_name(const struct nats_feed *feed)
{
    return feed->url.shown.data;
}

uint64_t nats_feed_close(struct nats_feed *feed, unsigned timeout_ms)
{
    uint64_t end = uv_hrtime() + (uint64_t)timeout_ms * 1000000;
    nats_feed_flush(feed);
    uv_mutex_lock(&feed->lock);
    feed->closing = true;
    uv_cond_broadcast(&feed->changed);
    for (uint64_t now; (feed->queue.first != NULL || feed->sending) && (now = uv_hrtime()) < end;) {
        uv_cond_timedwait(&feed->changed, &feed->lock, end - now);
    }
    uint64_t lost = feed->lost + feed->sending;
    for (struct nats_message *left; (left = nats_queue_take(&feed->queue)) != NULL;) {
        lost += count_lines(left->bytes, left->len);
        nats_message_free(left);
    }
    uv_mutex_unlock(&feed->lock);
    release(feed);
    return lost;
}
