/* The union of many sorted lists, by merging neighbours until one is left: n log(lists), and no
   comparison sort over what is in order already. What meets is joined as it is written. */
#include "core/intervals.h"

#include <assert.h>

void intervals_init(struct intervals *set, const struct mem *mem)
{
    *set = (struct intervals){.mem = mem};
}

void intervals_release(struct intervals *set)
{
    mem_free(set->mem, set->items, set->cap * sizeof *set->items);
    mem_free(set->mem, set->runs, set->run_cap * sizeof *set->runs);
    mem_free(set->mem, set->spare, set->spare_cap * sizeof *set->spare);
    intervals_init(set, set->mem);
}

void intervals_clear(struct intervals *set)
{
    set->count = set->run_count = 0;
}

bool intervals_begin_run(struct intervals *set)
{
    if (!mem_reserve(set->mem, &set->runs, &set->run_cap, set->run_count + 1, sizeof *set->runs)) {
        return false;
    }
    set->runs[set->run_count++] = set->count;
    return true;
}

/* Behind the items from `run` on; there is room. Returns the new count. */
static size_t put(struct interval *items, size_t run, size_t count, struct interval item)
{
    if (count > run && item.from <= items[count - 1].to) {
        if (item.to > items[count - 1].to) {
            items[count - 1].to = item.to;
        }
        return count;
    }
    items[count] = item;
    return count + 1;
}

bool intervals_add(struct intervals *set, int64_t from, int64_t to)
{
    assert(set->run_count > 0);
    if (!mem_reserve(set->mem, &set->items, &set->cap, set->count + 1, sizeof *set->items)) {
        return false;
    }
    set->count =
        put(set->items, set->runs[set->run_count - 1], set->count, (struct interval){from, to});
    return true;
}

static size_t run_end(const struct intervals *set, size_t run)
{
    return run + 1 < set->run_count ? set->runs[run + 1] : set->count;
}

/* Merges two neighbouring runs, or copies a last single one, behind the `count` items of `to`. */
static size_t merge_two(const struct intervals *set, size_t run, struct interval *to, size_t count)
{
    size_t start = count, a = set->runs[run], a_end = run_end(set, run);
    size_t b = a_end, b_end = run + 1 < set->run_count ? run_end(set, run + 1) : a_end;
    while (a < a_end || b < b_end) {
        bool first = b == b_end || (a < a_end && set->items[a].from <= set->items[b].from);
        count = put(to, start, count, set->items[first ? a++ : b++]);
    }
    return count;
}

static void merge_pairs(struct intervals *set)
{
    size_t count = 0, runs = 0;
    for (size_t run = 0; run < set->run_count; run += 2) {
        size_t start = count;
        count = merge_two(set, run, set->spare, count);
        set->runs[runs++] = start;
    }
    struct interval *items = set->items;
    size_t cap = set->cap;
    set->items = set->spare;
    set->cap = set->spare_cap;
    set->spare = items;
    set->spare_cap = cap;
    set->count = count;
    set->run_count = runs;
}

bool intervals_unite(struct intervals *set)
{
    while (set->run_count > 1) {
        if (!mem_reserve(set->mem, &set->spare, &set->spare_cap, set->count, sizeof *set->spare)) {
            return false;
        }
        merge_pairs(set);
    }
    return true;
}

int64_t intervals_length(const struct intervals *set)
{
    int64_t length = 0;
    for (size_t i = 0; i < set->count; i++) {
        length += set->items[i].to - set->items[i].from;
    }
    return length;
}
