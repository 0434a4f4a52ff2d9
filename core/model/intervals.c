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
}

void intervals_release(struct intervals *set)
{
    mem_free(set->mem, set->items, set->cap * sizeof *set->items);
    intervals_init(set, set->mem);
}

static int64_t end_of(const void *ctx, size_t place)
{
    const struct intervals *set = ctx;
    return set->items[place].to;
}

/* Returns the index of the first interval that ends at `at` or later. */
static size_t first_reaching(const struct intervals *set, int64_t at)
{
    return sorted_first(set->count, at, end_of, set);
}

/* The stretch, joined with those of the set that it meets: from *first on, up to but not *last. */
static struct interval join(const struct intervals *set, int64_t from, int64_t to, size_t *first,
                            size_t *last, int64_t *gone)
{
    struct interval joined = {from, to};
    *first = *last = first_reaching(set, from);
    *gone = 0;
    for (; *last < set->count && set->items[*last].from <= to; ++*last) {
        const struct interval *item = &set->items[*last];
        joined.from = item->from < joined.from ? item->from : joined.from;
        joined.to = item->to > joined.to ? item->to : joined.to;
        *gone += item->to - item->from;
    }
    return joined;
}

/* Moves the stretches from a place on to another. */
static void move_items(struct intervals *set, size_t from, size_t to)
{
    if (from != to) {
        memmove(set->items + to, set->items + from, (set->count - from) * sizeof *set->items);
    }
}

bool intervals_add(struct intervals *set, int64_t from, int64_t to)
{
    size_t first, last;
    int64_t gone;
    assert(from <= to);
    struct interval joined = join(set, from, to, &first, &last, &gone);
    if (first == last &&
        !mem_reserve(set->mem, &set->items, &set->cap, set->count + 1, sizeof *set->items)) {
        return false;
    }
    move_items(set, last, first + 1);
    set->items[first] = joined;
    set->count = set->count - (last - first) + 1;
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
    for (; last < set->count && set->items[last].from < to; last++) {
        const struct interval *item = &set->items[last];
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
        left[left_count++] = (struct interval){set->items[first].from, set->items[first].from};
    }
    size_t after = set->count - last;
    if (!mem_reserve(set->mem, &set->items, &set->cap, first + left_count + after,
                     sizeof *set->items)) {
        return false;
    }
    move_items(set, last, first + left_count);
    memcpy(set->items + first, left, left_count * sizeof *left);
    set->length -= gone;
    set->count = first + left_count + after;
    return true;
}

bool intervals_add_from(struct intervals *set, const struct intervals *from, int64_t from_at,
                        int64_t to_at, size_t *left)
{
    for (size_t i = first_reaching(from, from_at); i < from->count && from->items[i].from < to_at;
         i++) {
        if ((*left)-- == 0 || !intervals_add(set, from->items[i].from, from->items[i].to)) {
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
