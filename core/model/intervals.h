/* A set of stretches of time, and how long it is. */
#ifndef CORE_INTERVALS_H
#define CORE_INTERVALS_H

#include "core/base/block_list.h"

#include <stdint.h>

struct interval {
    int64_t from, to;
};

struct intervals {
    const struct mem *mem;
    struct block_list items; /* of intervals, by time; no two meet */
    int64_t length;          /* of all of them */
};

static inline struct interval *intervals_at(const struct intervals *set, size_t place)
{
    return block_list_at(&set->items, place);
}

/* `mem` is borrowed as long as it is used. */
void intervals_init(struct intervals *set, const struct mem *mem);
void intervals_release(struct intervals *set);
/* Adds the interval; `from` <= `to`. Fast near the end of the list. False: out of memory,
   nothing changed. */
bool intervals_add(struct intervals *set, int64_t from, int64_t to);
/* Takes the stretch, `from` < `to`, out of the set; an empty one may stay where it was. False: out
   of memory, nothing changed. */
bool intervals_remove(struct intervals *set, int64_t from, int64_t to);
/* Adds those of `from` that reach into the stretch, each as a whole. *left is how many more may
   be looked at. False: it ran out, or out of memory. */
bool intervals_add_from(struct intervals *set, const struct intervals *from, int64_t from_at,
                        int64_t to_at, size_t *left);
/* How long the set would be with that stretch. */
int64_t intervals_length_with(const struct intervals *set, int64_t from, int64_t to);

#endif
