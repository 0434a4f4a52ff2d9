/* A sorted list of intervals; intervals that touch are joined. Work arrives in order of its end,
   so an interval nearly always joins or follows the last one. A long one swallows those that
   ended during it. */
#include "core/model/intervals.h"

#include "core/base/sorted.h"

#include <assert.h>
#include <string.h>

void intervals_init(struct intervals *set, const struct mem *mem)
{
    *set = (struct intervals){.mem = mem};
    block_list_init(&set->items, sizeof(struct interval));
}

void intervals_release(struct intervals *set)
{
    block_list_release(&set->items, set->mem);
    intervals_init(set, set->mem);
}

static int64_t end_of(const void *ctx, size_t place)
{
    const struct intervals *set = ctx;
    return intervals_at(set, place)->to;
}

/* Returns the index of the first interval that ends at `at` or later. */
static size_t first_reaching(const struct intervals *set, int64_t at)
{
    return sorted_first(set->items.count, at, end_of, set);
}

/* The stretch, joined with those of the set that it meets: from *first on, up to but not *last. */
static struct interval join(const struct intervals *set, int64_t from, int64_t to, size_t *first,
                            size_t *last, int64_t *gone)
{
    struct interval joined = {from, to};
    *first = *last = first_reaching(set, from);
    *gone = 0;
    for (; *last < set->items.count && intervals_at(set, *last)->from <= to; ++*last) {
        const struct interval *item = intervals_at(set, *last);
        joined.from = item->from < joined.from ? item->from : joined.from;
        joined.to = item->to > joined.to ? item->to : joined.to;
        *gone += item->to - item->from;
    }
    return joined;
}

/* Puts the intervals in place of those from `first` to before `last`. False: out of memory, nothing
   changed. */
static bool replace(struct intervals *set, size_t first, size_t last, const struct interval *with,
                    size_t count)
{
    for (; last - first < count; last++) {
        struct interval *more = block_list_insert(&set->items, set->mem, first);
        if (more == NULL) {
            return false;
        }
        *more = with[0];
    }
    for (size_t i = 0; i < count; i++) {
        *intervals_at(set, first + i) = with[i];
    }
    if (last - first > count) {
        block_list_remove(&set->items, set->mem, first + count, last - first - count);
    }
    return true;
}

bool intervals_add(struct intervals *set, int64_t from, int64_t to)
{
    size_t first, last;
    int64_t gone;
    assert(from <= to);
    struct interval joined = join(set, from, to, &first, &last, &gone);
    if (!replace(set, first, last, &joined, 1)) {
        return false;
    }
    set->length += joined.to - joined.from - gone;
    return true;
}

bool intervals_remove(struct intervals *set, int64_t from, int64_t to)
{
    size_t first = first_reaching(set, from), last = first;
    struct interval left[2];
    size_t left_count = 0;
    int64_t gone = 0;
    assert(from < to);
    for (; last < set->items.count && intervals_at(set, last)->from < to; last++) {
        const struct interval *item = intervals_at(set, last);
        if (item->from < from) {
            left[left_count++] = (struct interval){item->from, item->to < from ? item->to : from};
        }
        gone += (item->to < to ? item->to : to) - (item->from > from ? item->from : from);
        if (item->to > to) {
            left[left_count++] = (struct interval){to, item->to};
        }
    }
    if (left_count == 0 && last > first) {
        /* An empty interval stays: a corrected span comes back here at once, and then nothing
           moves. */
        int64_t at = intervals_at(set, first)->from;
        left[left_count++] = (struct interval){at, at};
    }
    if (!replace(set, first, last, left, left_count)) {
        return false;
    }
    set->length -= gone;
    return true;
}

bool intervals_add_from(struct intervals *set, const struct intervals *from, int64_t from_at,
                        int64_t to_at, size_t *left)
{
    for (size_t i = first_reaching(from, from_at); i < from->items.count; i++) {
        const struct interval *item = intervals_at(from, i);
        if (item->from >= to_at) {
            break;
        }
        if ((*left)-- == 0 || !intervals_add(set, item->from, item->to)) {
            return false;
        }
    }
    return true;
}

int64_t intervals_length_with(const struct intervals *set, int64_t from, int64_t to)
{
    size_t first, last;
    int64_t gone;
    struct interval joined = join(set, from, to, &first, &last, &gone);
    return set->length + joined.to - joined.from - gone;
}
