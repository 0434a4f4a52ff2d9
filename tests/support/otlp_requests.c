#include "tests/support/otlp_requests.h"

#include "tests/support/otlp_samples.h"

enum { TOGETHER_MAX = 8 };

struct otlp_request {
    enum otlp_signal signal;
    enum otlp_encoding encoding;
    char *body; /* owned; the batch borrows from it */
    size_t len;
    struct otlp_batch batch;
};

/* One span, log or point. */
struct item {
    const struct otlp_request *of;
    size_t at;
};

const char *otlp_order_name(enum otlp_order order)
{
    static const char *const names[OTLP_ORDERS] = {[OTLP_AT_ONCE] = "at once",
                                                   [OTLP_DOUBLED] = "doubled",
                                                   [OTLP_ONE_BY_ONE] = "one by one",
                                                   [OTLP_IN_REVERSE] = "in reverse",
                                                   [OTLP_SHUFFLED] = "shuffled"};
    return names[order];
}

void otlp_requests_release(struct otlp_requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        otlp_batch_release(&requests->items[i].batch);
        free(requests->items[i].body);
    }
    free(requests->items);
    *requests = (struct otlp_requests){0};
}

void otlp_requests_add(struct otlp_requests *requests, enum otlp_signal signal,
                       enum otlp_encoding encoding, const char *body, size_t len)
{
    requests->items = realloc(requests->items, (requests->count + 1) * sizeof *requests->items);
    assert_non_null(requests->items);
    struct otlp_request *request = &requests->items[requests->count++];
    *request = (struct otlp_request){.signal = signal, .encoding = encoding, .len = len};
    request->body = malloc(len + 1);
    assert_non_null(request->body);
    memcpy(request->body, body, len);
    otlp_batch_init(&request->batch, &mem_libc);
    const char *why =
        otlp_decode(&request->batch, signal, encoding, (struct slice){request->body, len});
    if (why != NULL) {
        fail_msg("not decoded: %s", why);
    }
}

static void add_sample(void *ctx, const struct otlp_sample *sample)
{
    otlp_requests_add(ctx, sample->signal, sample->encoding, sample->body.bytes, sample->body.len);
}

void otlp_requests_add_sample(struct otlp_requests *requests, const char *rel)
{
    otlp_samples(rel, add_sample, requests);
}

void otlp_requests_add_body(struct otlp_requests *requests, const char *rel)
{
    size_t len;
    char *body = support_read_file(support_data(rel), &len);
    bool json = strstr(rel, ".json") != NULL;
    bool logs = json && memmem(body, len, "\"resourceLogs\"", 14) != NULL;
    otlp_requests_add(requests, logs ? OTLP_LOGS : OTLP_TRACES, json ? OTLP_JSON : OTLP_PROTOBUF,
                      body, len);
    free(body);
}

/* ---- items ---- */

static size_t count_of(const struct otlp_request *request)
{
    return request->batch.span_count + request->batch.log_count + request->batch.point_count;
}

/* Returns new (free): all items of the requests, in their order. */
static struct item *items_of(const struct otlp_requests *requests, size_t *count)
{
    size_t all = 0;
    *count = 0;
    for (size_t i = 0; i < requests->count; i++) {
        all += count_of(&requests->items[i]);
    }
    struct item *items = calloc(all + 1, sizeof *items);
    assert_non_null(items);
    for (size_t i = 0; i < requests->count; i++) {
        for (size_t k = 0; k < count_of(&requests->items[i]); k++) {
            items[(*count)++] = (struct item){&requests->items[i], k};
        }
    }
    return items;
}

/* Sends items of one signal as one request. */
static void send_items(struct otlp_sender *sender, const struct item *items, size_t count)
{
    struct otlp_span spans[TOGETHER_MAX];
    struct otlp_log logs[TOGETHER_MAX];
    struct otlp_point points[TOGETHER_MAX];
    struct otlp_batch batch = {.spans = spans, .logs = logs, .points = points};
    enum otlp_signal signal = items[0].of->signal;
    for (size_t i = 0; i < count; i++) {
        const struct otlp_batch *from = &items[i].of->batch;
        switch (signal) {
        case OTLP_TRACES: spans[batch.span_count++] = from->spans[items[i].at]; break;
        case OTLP_LOGS: logs[batch.log_count++] = from->logs[items[i].at]; break;
        case OTLP_METRICS: points[batch.point_count++] = from->points[items[i].at]; break;
        case OTLP_SIGNALS: break;
        }
    }
    otlp_sender_send(sender, signal, &batch, (struct slice){NULL, 0});
}

static void shuffle(struct item *items, size_t count, uint64_t *seed)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)support_random_below(seed, i);
        struct item kept = items[other];
        items[other] = items[i - 1];
        items[i - 1] = kept;
    }
}

static void send_shuffled(struct otlp_sender *sender, struct item *items, size_t count,
                          uint64_t *seed)
{
    shuffle(items, count, seed);
    for (size_t i = 0; i < count;) {
        size_t together = 1 + (size_t)support_random_below(seed, TOGETHER_MAX), n = 1;
        while (n < together && i + n < count && items[i + n].of->signal == items[i].of->signal) {
            n++;
        }
        send_items(sender, items + i, n);
        i += n;
        if (support_random_below(seed, 3) == 0) {
            send_items(sender, &items[support_random_below(seed, i)], 1);
        }
    }
}

static void send_whole(struct otlp_sender *sender, const struct otlp_requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        const struct otlp_request *request = &requests->items[i];
        struct slice json = {request->body, request->len};
        if (request->encoding != OTLP_JSON) {
            json = (struct slice){NULL, 0};
        }
        otlp_sender_send(sender, request->signal, &request->batch, json);
    }
}

void otlp_requests_send(const struct otlp_requests *requests, enum otlp_order order, uint64_t *seed,
                        struct otlp_sender *sender)
{
    size_t count;
    struct item *items = items_of(requests, &count);
    switch (order) {
    case OTLP_DOUBLED: send_whole(sender, requests); /* fall through */
    case OTLP_AT_ONCE: send_whole(sender, requests); break;
    case OTLP_ONE_BY_ONE:
    case OTLP_IN_REVERSE:
        for (size_t i = 0; i < count; i++) {
            send_items(sender, &items[order == OTLP_ONE_BY_ONE ? i : count - 1 - i], 1);
        }
        break;
    case OTLP_SHUFFLED: send_shuffled(sender, items, count, seed); break;
    case OTLP_ORDERS: break;
    }
    free(items);
}
