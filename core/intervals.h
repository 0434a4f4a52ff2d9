/* A set of stretches of time, and how long it is. */
#ifndef CORE_INTERVALS_H
#define CORE_INTERVALS_H

#include "core/mem.h"

#include <stdint.h>

struct interval {
    int64_t from, to;
};

/* Gathered run by run: within a run stretches come in order of `from`. */
struct intervals {
    const struct mem *mem;
    struct interval *items;
    size_t count, cap;
    size_t *runs; /* where each begins */
    size_t run_count, run_cap;
    struct interval *spare; /* of intervals_unite */
    size_t spare_cap;
};

/* `mem` is borrowed as long as it is used. */
void intervals_init(struct intervals *set, const struct mem *mem);
void intervals_release(struct intervals *set);
/* Empties it, keeps the memory. */
void intervals_clear(struct intervals *set);
/* False: out of memory. */
bool intervals_begin_run(struct intervals *set);
/* To the current run. False: out of memory. */
bool intervals_add(struct intervals *set, int64_t from, int64_t to);
/* Makes one run of all, in which no two stretches meet. False: out of memory. */
bool intervals_unite(struct intervals *set);
/* After intervals_unite: the length of all stretches. */
int64_t intervals_length(const struct intervals *set);

#endif
