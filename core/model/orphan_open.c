/* Open spans whose begin event was dropped by the cap. A copy of each, with its args, outlives
   deriving again and is put back before the events in memory. They are found by pool and number
   of the begin event. A removed one leaves a gap, so that the others keep their places and their
   order; the gaps go when they are half of the list. */
#include "core/model/swarm_private.h"

#include <string.h>

static bool is_gap(const struct orphan_open *kept)
{
    return kept->span.begin_no == 0;
}

static uint64_t key_of(const struct swarm *swarm, agent_no agent, uint64_t begin_no)
{
    uint8_t pool = swarm->rows.sessions[swarm->rows.agents[agent].session].session.pool;
    return begin_no << 1 | pool;
}

static bool is_live(const struct swarm *swarm, const struct orphan_open *kept)
{
    session_no session = swarm->rows.agents[kept->span.agent].session;
    return swarm->rows.sessions[session].session.pool == POOL_LIVE;
}

bool orphan_open_add(struct swarm *swarm, const struct span *span, struct slice args)
{
    struct orphan_list *list = &swarm->open.orphans;
    uint64_t key = key_of(swarm, span->agent, span->begin_no);
    char *copy = args.len > 0 ? mem_alloc(swarm->mem, args.len) : NULL;
    if ((args.len > 0 && copy == NULL) ||
        !mem_reserve(swarm->mem, &list->spans, &list->cap, list->count + 1, sizeof *list->spans) ||
        !u64map_put(&list->by_begin, key, (uint32_t)list->count)) {
        mem_free(swarm->mem, copy, args.len);
        return false;
    }
    if (args.len > 0) {
        memcpy(copy, args.bytes, args.len);
    }
    struct orphan_open *kept = &list->spans[list->count++];
    *kept = (struct orphan_open){.span = *span, .args = copy, .args_len = args.len};
    kept->span.flags |= SPAN_LOST_BEGIN;
    return true;
}

struct slice orphan_open_args(const struct swarm *swarm, const struct span *span)
{
    uint32_t at =
        u64map_get(&swarm->open.orphans.by_begin, key_of(swarm, span->agent, span->begin_no));
    if (at == U64MAP_NONE) {
        return (struct slice){NULL, 0};
    }
    return (struct slice){swarm->open.orphans.spans[at].args,
                          swarm->open.orphans.spans[at].args_len};
}

bool orphan_open_has(const struct swarm *swarm, uint64_t begin_no)
{
    return u64map_get(&swarm->open.orphans.by_begin, begin_no << 1 | POOL_LIVE) != U64MAP_NONE;
}

const struct orphan_open *orphan_open_next(const struct swarm *swarm, size_t *at)
{
    while (*at < swarm->open.orphans.count) {
        const struct orphan_open *kept = &swarm->open.orphans.spans[(*at)++];
        if (!is_gap(kept)) {
            return kept;
        }
    }
    return NULL;
}

static void close_gaps(struct swarm *swarm)
{
    struct orphan_list *list = &swarm->open.orphans;
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct orphan_open *kept = &list->spans[i];
        if (is_gap(kept)) {
            continue;
        }
        /* The key exists: this needs no memory. */
        (void)u64map_put(&list->by_begin, key_of(swarm, kept->span.agent, kept->span.begin_no),
                         (uint32_t)count);
        list->spans[count++] = *kept;
    }
    list->count = count;
    list->gaps = 0;
}

void orphan_open_remove(struct swarm *swarm, const struct span *span)
{
    struct orphan_list *list = &swarm->open.orphans;
    uint64_t key = key_of(swarm, span->agent, span->begin_no);
    uint32_t at = u64map_get(&list->by_begin, key);
    if (at == U64MAP_NONE) {
        return;
    }
    u64map_remove(&list->by_begin, key);
    mem_free(swarm->mem, list->spans[at].args, list->spans[at].args_len);
    list->spans[at] = (struct orphan_open){.args = NULL};
    if (++list->gaps > list->count / 2) {
        close_gaps(swarm);
    }
}

void orphan_open_remove_dropped(struct swarm *swarm)
{
    struct orphan_list *list = &swarm->open.orphans;
    for (size_t i = list->count; i-- > 0;) {
        struct orphan_open *kept = &list->spans[i];
        if (!is_gap(kept) &&
            swarm->rows.sessions[swarm->rows.agents[kept->span.agent].session].dropped) {
            u64map_remove(&list->by_begin, key_of(swarm, kept->span.agent, kept->span.begin_no));
            mem_free(swarm->mem, kept->args, kept->args_len);
            *kept = (struct orphan_open){.args = NULL};
            list->gaps++;
        }
    }
    close_gaps(swarm);
}

void orphan_open_hold(struct swarm *swarm, size_t most)
{
    struct orphan_list *list = &swarm->open.orphans;
    size_t live = 0;
    for (size_t i = 0; i < list->count; i++) {
        live += !is_gap(&list->spans[i]) && is_live(swarm, &list->spans[i]);
    }
    if (live <= most) {
        return;
    }
    for (size_t i = 0; i < list->count && live > most; i++) {
        struct orphan_open *kept = &list->spans[i];
        if (!is_gap(kept) && is_live(swarm, kept)) {
            u64map_remove(&list->by_begin, key_of(swarm, kept->span.agent, kept->span.begin_no));
            mem_free(swarm->mem, kept->args, kept->args_len);
            *kept = (struct orphan_open){.args = NULL};
            list->gaps++;
            live--;
            swarm_note_forgotten(swarm, FORGOTTEN_OPEN_SPANS);
        }
    }
    close_gaps(swarm);
}

void orphan_open_release(struct swarm *swarm)
{
    struct orphan_list *list = &swarm->open.orphans;
    for (size_t i = 0; i < list->count; i++) {
        mem_free(swarm->mem, list->spans[i].args, list->spans[i].args_len);
    }
    mem_free(swarm->mem, list->spans, list->cap * sizeof *list->spans);
    u64map_release(&list->by_begin);
}
