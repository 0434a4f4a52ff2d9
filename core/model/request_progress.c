/* The progress of open requests (first_token, progress and attempt of the feed), which no event
   has. Each entry is found by the number of the begin event, which stays when spans are derived
   again. The table is as small as the number of open requests. */
#include "core/model/swarm_private.h"

#include <math.h>

void request_progress_release(struct swarm *swarm)
{
    mem_free(swarm->mem, swarm->open.progress,
             swarm->open.progress_cap * sizeof *swarm->open.progress);
    u64map_release(&swarm->open.progress_by_begin);
}

const struct request_progress *request_progress_get(const struct swarm *swarm, uint64_t begin_no)
{
    uint32_t i = u64map_get(&swarm->open.progress_by_begin, begin_no);
    return i == U64MAP_NONE ? NULL : &swarm->open.progress[i];
}

struct request_progress *request_progress_edit(struct swarm *swarm, uint64_t begin_no)
{
    uint32_t i = u64map_get(&swarm->open.progress_by_begin, begin_no);
    swarm_note_work(swarm);
    if (i != U64MAP_NONE) {
        return &swarm->open.progress[i];
    }
    i = (uint32_t)swarm->open.progress_count;
    if (!mem_reserve(swarm->mem, &swarm->open.progress, &swarm->open.progress_cap,
                     swarm->open.progress_count + 1, sizeof *swarm->open.progress) ||
        !u64map_put(&swarm->open.progress_by_begin, begin_no, i)) {
        return NULL;
    }
    swarm->open.progress_count++;
    swarm->open.progress[i] = (struct request_progress){.begin_no = begin_no,
                                                        .first_token_ns = INT64_MIN,
                                                        .output_tokens = (double)NAN,
                                                        .retry_at_ns = INT64_MIN};
    return &swarm->open.progress[i];
}

void request_progress_drop(struct swarm *swarm, uint64_t begin_no)
{
    uint32_t i = u64map_get(&swarm->open.progress_by_begin, begin_no);
    if (i == U64MAP_NONE) {
        return;
    }
    u64map_remove(&swarm->open.progress_by_begin, begin_no);
    swarm->open.progress_count--;
    if (i != swarm->open.progress_count) {
        swarm->open.progress[i] = swarm->open.progress[swarm->open.progress_count];
        /* The key exists, so this needs no memory. */
        (void)u64map_put(&swarm->open.progress_by_begin, swarm->open.progress[i].begin_no, i);
    }
    swarm_note_work(swarm);
}
