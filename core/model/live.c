/* What is known of spans beyond their events: how an open request gets on (the feed's first_token, progress, attempt), and
   which spans the sweep closed in the trace while they go on. Both are found by the number of their begin event, which
   survives rederiving; both tables are as small as what is in flight. */
#include "core/model/swarm_private.h"

#include <math.h>

void live_release(struct swarm *swarm)
{
    mem_free(swarm->mem, swarm->live, swarm->live_cap * sizeof *swarm->live);
    mem_free(swarm->mem, swarm->swept, swarm->swept_cap * sizeof *swarm->swept);
    u64map_release(&swarm->live_by_begin);
    u64map_release(&swarm->swept_by_begin);
}

const struct live_request *swarm_live_request(const struct swarm *swarm, uint64_t begin_no)
{
    uint32_t i = u64map_get(&swarm->live_by_begin, begin_no);
    return i == U64MAP_NONE ? NULL : &swarm->live[i];
}

struct live_request *swarm_live_request_edit(struct swarm *swarm, uint64_t begin_no)
{
    uint32_t i = u64map_get(&swarm->live_by_begin, begin_no);
    swarm->revision++;
    if (i != U64MAP_NONE) {
        return &swarm->live[i];
    }
    i = (uint32_t)swarm->live_count;
    if (!mem_reserve(swarm->mem, &swarm->live, &swarm->live_cap, swarm->live_count + 1,
                     sizeof *swarm->live) ||
        !u64map_put(&swarm->live_by_begin, begin_no, i)) {
        return NULL;
    }
    swarm->live_count++;
    swarm->live[i] = (struct live_request){.begin_no = begin_no,
                                           .first_token_ns = INT64_MIN,
                                           .output_tokens = (double)NAN,
                                           .retry_at_ns = INT64_MIN};
    return &swarm->live[i];
}

void swarm_live_request_drop(struct swarm *swarm, uint64_t begin_no)
{
    uint32_t i = u64map_get(&swarm->live_by_begin, begin_no);
    if (i == U64MAP_NONE) {
        return;
    }
    u64map_remove(&swarm->live_by_begin, begin_no);
    swarm->live_count--;
    if (i != swarm->live_count) {
        swarm->live[i] = swarm->live[swarm->live_count];
        /* The key is there: this cannot need memory. */
        (void)u64map_put(&swarm->live_by_begin, swarm->live[i].begin_no, i);
    }
    swarm->revision++;
}

struct swept *live_swept(const struct swarm *swarm, uint64_t begin_no)
{
    uint32_t i = u64map_get(&swarm->swept_by_begin, begin_no);
    return i == U64MAP_NONE ? NULL : &swarm->swept[i];
}

bool swarm_mark_swept(struct swarm *swarm, uint64_t begin_no)
{
    uint32_t i = (uint32_t)swarm->swept_count;
    if (!mem_reserve(swarm->mem, &swarm->swept, &swarm->swept_cap, swarm->swept_count + 1,
                     sizeof *swarm->swept) ||
        !u64map_put(&swarm->swept_by_begin, begin_no, i)) {
        return false;
    }
    swarm->swept[swarm->swept_count++] = (struct swept){begin_no, INT64_MAX};
    return true;
}

void swarm_end_swept(struct swarm *swarm, uint64_t begin_no, int64_t end_ns)
{
    struct swept *swept = live_swept(swarm, begin_no);
    if (swept == NULL || swept->end_ns != INT64_MAX) {
        return;
    }
    swept->end_ns = end_ns;
    swarm->revision++;
    /* A span whose begin was dropped is not stale: its end alone made it (derive.c). */
    span_no no = event_store_span(swarm->stores[POOL_LIVE], begin_no);
    struct span *span = no == NO_SPAN ? NULL : swarm_edit_span(swarm, no);
    if (span != NULL && span->begin_no == begin_no && (span->flags & SPAN_STALE) != 0) {
        span->flags &= (uint8_t)~SPAN_STALE;
        swarm->agents[span->agent].stale_open--;
        (void)swarm_set_in_flight(swarm, no, false);
    }
}
