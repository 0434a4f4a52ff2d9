/* Both parts are functions of the model, which has a new revision when they are out of date. A live
   model changes with nearly every frame; a finished trace, which may have millions of instants,
   does not. */
#include "tui/views/timeline_cache.h"

#include "core/base/sorted.h"
#include "core/model/compaction.h"
#include "core/query/query.h"

#include <stdlib.h>
#include <string.h>

struct marker_list {
    uint32_t *items;
    size_t count, cap;
};

struct timeline_cache {
    const struct mem *mem;
    const struct swarm *swarm; /* of the counters; NULL: none yet */
    uint64_t revision;
    struct axis axis;
    struct counters counters;
    const struct swarm *markers_swarm; /* of the markers */
    uint64_t markers_revision;
    struct marker_list instants, cuts;
    const struct swarm *compactions_swarm; /* of the compactions */
    span_no looked_up_to;                  /* spans from this one on are new */
    struct marker_list compactions;        /* spans */
};

struct timeline_cache *timeline_cache_new(const struct mem *mem)
{
    struct timeline_cache *cache = mem_zalloc(mem, 1, sizeof *cache);
    if (cache != NULL) {
        cache->mem = mem;
    }
    return cache;
}

static void release_counters(struct timeline_cache *cache)
{
    if (cache->swarm != NULL) {
        counters_release(&cache->counters);
    }
    cache->swarm = NULL;
}

void timeline_cache_free(struct timeline_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    const struct mem *mem = cache->mem;
    release_counters(cache);
    mem_free(mem, cache->instants.items, cache->instants.cap * sizeof *cache->instants.items);
    mem_free(mem, cache->cuts.items, cache->cuts.cap * sizeof *cache->cuts.items);
    mem_free(mem, cache->compactions.items,
             cache->compactions.cap * sizeof *cache->compactions.items);
    mem_free(mem, cache, sizeof *cache);
}

/* ---- counters ---- */

const struct counters *timeline_cache_counters(struct timeline_cache *cache,
                                               const struct swarm *swarm, const struct axis *axis)
{
    bool same = cache->swarm == swarm && cache->revision == swarm_revision(swarm) &&
                cache->axis.t0_ns == axis->t0_ns && cache->axis.zoom == axis->zoom &&
                cache->axis.cols == axis->cols;
    if (same) {
        return &cache->counters;
    }
    release_counters(cache);
    bool good = counters_compute(swarm, axis->t0_ns, axis_col_ns(axis), (size_t)axis->cols,
                                 &cache->counters);
    cache->swarm = swarm;
    cache->revision = swarm_revision(swarm);
    cache->axis = *axis;
    if (!good) {
        release_counters(cache);
    }
    return good ? &cache->counters : NULL;
}

/* ---- markers ---- */

static bool add(const struct mem *mem, struct marker_list *list, size_t number)
{
    if (!mem_reserve(mem, &list->items, &list->cap, list->count + 1, sizeof *list->items)) {
        return false;
    }
    list->items[list->count++] = (uint32_t)number;
    return true;
}

static bool is_on_row(const struct swarm *swarm, const struct marker *marker)
{
    return marker->agent != NO_AGENT && !query_is_agent(swarm_agent(swarm, marker->agent));
}

struct timed_marker {
    int64_t at_ns;
    uint32_t number;
};

static int by_time(const void *a, const void *b)
{
    const struct timed_marker *x = a, *y = b;
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    return (x->number > y->number) - (x->number < y->number);
}

/* Most traces have their instants in order. */
static bool sort(const struct mem *mem, const struct swarm *swarm, struct marker_list *list)
{
    bool sorted = true;
    for (size_t i = 1; i < list->count && sorted; i++) {
        sorted = swarm_marker(swarm, list->items[i - 1])->at_ns <=
                 swarm_marker(swarm, list->items[i])->at_ns;
    }
    struct timed_marker *timed = sorted ? NULL : mem_zalloc(mem, list->count, sizeof *timed);
    if (timed == NULL) {
        return sorted;
    }
    for (size_t i = 0; i < list->count; i++) {
        timed[i] =
            (struct timed_marker){swarm_marker(swarm, list->items[i])->at_ns, list->items[i]};
    }
    qsort(timed, list->count, sizeof *timed, by_time);
    for (size_t i = 0; i < list->count; i++) {
        list->items[i] = timed[i].number;
    }
    mem_free(mem, timed, list->count * sizeof *timed);
    return true;
}

static bool list_markers(struct timeline_cache *cache, const struct swarm *swarm)
{
    bool good = true;
    cache->instants.count = cache->cuts.count = 0;
    for (size_t i = 0; i < swarm_marker_count(swarm) && good; i++) {
        const struct marker *marker = swarm_marker(swarm, i);
        if (marker->truncated) {
            good = add(cache->mem, &cache->cuts, i);
        }
        if (good && is_on_row(swarm, marker)) {
            good = add(cache->mem, &cache->instants, i);
        }
    }
    return good && sort(cache->mem, swarm, &cache->instants);
}

bool timeline_cache_markers(struct timeline_cache *cache, const struct swarm *swarm,
                            struct shown_markers *out)
{
    if (cache->markers_swarm != swarm || cache->markers_revision != swarm_revision(swarm)) {
        cache->markers_swarm = list_markers(cache, swarm) ? swarm : NULL;
        cache->markers_revision = swarm_revision(swarm);
    }
    *out = (struct shown_markers){cache->instants.items, cache->instants.count, cache->cuts.items,
                                  cache->cuts.count};
    return cache->markers_swarm != NULL;
}

/* ---- compactions ---- */

/* Removes the numbers of spans that the model has dropped. */
static void drop_old(struct marker_list *list, span_no begin)
{
    size_t old = 0;
    while (old < list->count && list->items[old] < begin) {
        old++;
    }
    if (old > 0) {
        list->count -= old;
        memmove(list->items, list->items + old, list->count * sizeof *list->items);
    }
}

/* Numbers of spans are never used again, so each is looked at once. */
bool timeline_cache_compactions(struct timeline_cache *cache, const struct swarm *swarm,
                                const span_no **spans, size_t *count)
{
    bool good = true;
    if (cache->compactions_swarm != swarm) {
        cache->compactions_swarm = swarm;
        cache->compactions.count = 0;
        cache->looked_up_to = 0;
    }
    span_no no = swarm_span_begin(swarm);
    no = no > cache->looked_up_to ? no : cache->looked_up_to;
    for (; good && no < swarm_span_end(swarm); no++) {
        const struct span *span = swarm_own_span(swarm, no);
        good = span == NULL || !span_is_compaction(swarm, span) ||
               add(cache->mem, &cache->compactions, no);
    }
    cache->looked_up_to = no;
    drop_old(&cache->compactions, swarm_span_begin(swarm));
    *spans = cache->compactions.items;
    *count = cache->compactions.count;
    return good;
}

struct instant_times {
    const struct swarm *swarm;
    const struct shown_markers *markers;
};

static int64_t time_of(const void *ctx, size_t place)
{
    const struct instant_times *list = ctx;
    return swarm_marker(list->swarm, list->markers->instants[place])->at_ns;
}

size_t shown_markers_from(const struct shown_markers *markers, const struct swarm *swarm,
                          int64_t at_ns)
{
    struct instant_times list = {swarm, markers};
    return sorted_first(markers->instant_count, at_ns, time_of, &list);
}
