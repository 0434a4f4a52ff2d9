/* Spans that the stale sweep closed in the trace while their owners still run. They stay in
   flight on the screen until the owner ends them. Each entry is found by the number of the begin
   event, which stays when spans are derived again. */
#include "core/model/swarm_private.h"

void swept_open_release(struct swarm *swarm)
{
    mem_free(swarm->mem, swarm->open.swept, swarm->open.swept_cap * sizeof *swarm->open.swept);
    u64map_release(&swarm->open.swept_by_begin);
}

struct swept_open *swept_open_find(const struct swarm *swarm, uint64_t begin_no)
{
    uint32_t i = u64map_get(&swarm->open.swept_by_begin, begin_no);
    return i == U64MAP_NONE ? NULL : &swarm->open.swept[i];
}

bool swept_open_mark(struct swarm *swarm, uint64_t begin_no)
{
    uint32_t i = (uint32_t)swarm->open.swept_count;
    if (!mem_reserve(swarm->mem, &swarm->open.swept, &swarm->open.swept_cap,
                     swarm->open.swept_count + 1, sizeof *swarm->open.swept) ||
        !u64map_put(&swarm->open.swept_by_begin, begin_no, i)) {
        return false;
    }
    swarm->open.swept[swarm->open.swept_count++] = (struct swept_open){begin_no, INT64_MAX};
    return true;
}

void swept_open_end(struct swarm *swarm, uint64_t begin_no, int64_t end_ns)
{
    struct swept_open *swept = swept_open_find(swarm, begin_no);
    if (swept == NULL || swept->end_ns != INT64_MAX) {
        return;
    }
    swept->end_ns = end_ns;
    swarm_note_work(swarm);
    /* A span without its begin is not stale: its end alone made it (derive.c). */
    span_no no = event_store_span(swarm->pools[POOL_LIVE].store, begin_no);
    struct span *span = no == NO_SPAN ? NULL : swarm_edit_span(swarm, no);
    if (span != NULL && span->begin_no == begin_no && (span->flags & SPAN_STALE) != 0) {
        span->flags &= (uint8_t)~SPAN_STALE;
        swarm->rows.agents[span->agent].stale_open--;
        swarm_note_row(swarm, span->agent);
        (void)swarm_set_in_flight(swarm, no, false);
    }
}

void swept_open_tidy(struct swarm *swarm)
{
    uint64_t first = event_store_first(swarm->pools[POOL_LIVE].store);
    size_t kept = 0;
    for (size_t i = 0; i < swarm->open.swept_count; i++) {
        const struct swept_open *swept = &swarm->open.swept[i];
        if (swept->begin_no < first && !orphan_open_has(swarm, swept->begin_no)) {
            u64map_remove(&swarm->open.swept_by_begin, swept->begin_no);
        } else {
            /* The key exists: this needs no memory. */
            (void)u64map_put(&swarm->open.swept_by_begin, swept->begin_no, (uint32_t)kept);
            swarm->open.swept[kept++] = *swept;
        }
    }
    swarm->open.swept_count = kept;
}
