/* The requests that began last are gathered, newest first. Most calls began after all of them, so
   that nothing else is read. */
#include "core/analysis/background.h"

#include "core/analysis/request_source.h"
#include "core/model/record.h"

#include <string.h>

enum { LANES_MAX = 64, LOOK_BACK = 64, REQUESTS_MAX = 16, PARENTS_MAX = 8 };

/* Sources' clocks differ by this much (doc/WHY.md). */
#define CLOCKS_NS INT64_C(50000000)

struct last_requests {
    const struct span *spans[REQUESTS_MAX]; /* by start, the last one first */
    size_t count;
};

static void put(struct last_requests *last, const struct span *request)
{
    size_t at = last->count;
    while (at > 0 && request->start_ns > last->spans[at - 1]->start_ns) {
        at--;
    }
    if (at == REQUESTS_MAX) {
        return;
    }
    last->count += last->count < REQUESTS_MAX;
    memmove(&last->spans[at + 1], &last->spans[at],
            (last->count - at - 1) * sizeof(const struct span *));
    last->spans[at] = request;
}

static void look_back(const struct swarm *swarm, const struct lane *lane,
                      struct last_requests *last)
{
    size_t looked = 0;
    for (size_t i = lane->spans.count; i-- > 0 && looked < LOOK_BACK; looked++) {
        const struct span *span = swarm_span(swarm, spans_at(&lane->spans, i));
        if (span != NULL && span->kind == SPAN_REQUEST) {
            put(last, span);
        }
    }
}

static bool same(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

/* Returns the source that most of the requests have, of equals the later one's; empty: no source is
   known. */
static struct slice main_source(const struct swarm *swarm, const struct last_requests *last)
{
    struct slice sources[REQUESTS_MAX], most = {NULL, 0};
    size_t most_count = 0;
    for (size_t i = 0; i < last->count; i++) {
        sources[i] = request_source(swarm, last->spans[i]);
    }
    for (size_t i = 0; i < last->count; i++) {
        size_t count = 0;
        for (size_t k = 0; k < last->count; k++) {
            count += same(sources[i], sources[k]);
        }
        if (sources[i].len > 0 && count > most_count) {
            most = sources[i];
            most_count = count;
        }
    }
    return most;
}

/* Returns the request that the call's record names as its parent; NULL: none. */
static const struct span *named_request(const struct swarm *swarm, const struct span *call)
{
    const struct record *record = swarm_span_record(swarm, call);
    for (int i = 0; i < PARENTS_MAX && record != NULL && record->parent != NO_RECORD; i++) {
        record = swarm_record(swarm, record->parent);
        if (record->kind == CALL_REQUEST) {
            return swarm_span(swarm, record->span);
        }
    }
    return NULL;
}

bool call_is_in_background(const struct swarm *swarm, const struct span *call)
{
    const struct agent *agent = swarm_agent(swarm, call->agent);
    struct last_requests last = {.count = 0};
    if (agent == NULL || call->kind == SPAN_REQUEST) {
        return false;
    }
    for (size_t i = 0; i < agent->lane_count && i < LANES_MAX; i++) {
        look_back(swarm, &agent->lanes[agent->lane_count - 1 - i], &last);
    }
    if (last.count == 0 || last.spans[0]->start_ns <= call->start_ns + CLOCKS_NS) {
        return false;
    }
    struct slice source = main_source(swarm, &last);
    const struct span *asked = named_request(swarm, call);
    for (size_t i = 0; i < last.count && last.spans[i]->start_ns > call->start_ns + CLOCKS_NS;
         i++) {
        struct slice own = request_source(swarm, last.spans[i]);
        if (own.len == 0 || same(own, source)) {
            return asked == NULL || asked->start_ns < last.spans[i]->start_ns;
        }
    }
    return false;
}
