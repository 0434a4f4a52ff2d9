/* Searching a list that is sorted by times or keys of 64 bits. The search begins where the place
   would be if the keys were evenly spread, as times of a trace nearly are, and widens its steps
   from there: a long list costs a few cold places of memory in place of one for each halving. It
   reads at most twice as many keys as bisection does, whatever the keys; at the end of the list it
   reads two. */
#ifndef CORE_SORTED_H
#define CORE_SORTED_H

#include <stddef.h>
#include <stdint.h>

/* Returns the key of an item; the keys of a list never fall. */
typedef int64_t sorted_key(const void *ctx, size_t place);

/* The place where the key would be if keys were evenly spread: before `last_place`.
   key(0) < `at` <= key(last). */
static inline size_t sorted_guess(int64_t first, int64_t last, int64_t at, size_t last_place)
{
    double share =
        (double)((uint64_t)at - (uint64_t)first) / (double)((uint64_t)last - (uint64_t)first);
    size_t place = (size_t)(share * (double)last_place);
    return place < last_place ? place : last_place - 1;
}

/* Returns the place of the first of `count` items whose key is at least `at`; `count`: there is
   none. Inline, so that the key is read without a call. */
static inline size_t sorted_first(size_t count, int64_t at, sorted_key *key, const void *ctx)
{
    if (count == 0 || key(ctx, count - 1) < at) {
        return count;
    }
    size_t low = 0, high = count - 1; /* key(low) < at <= key(high) */
    /* Nearly all that is looked for is at the end. */
    if (high == 0 || key(ctx, high - 1) < at) {
        return high;
    }
    if (key(ctx, low) >= at) {
        return 0;
    }
    size_t middle = sorted_guess(key(ctx, low), key(ctx, high), at, high), step = 1;
    if (key(ctx, middle) < at) {
        for (low = middle; high - low > step && key(ctx, low + step) < at; step *= 2) {
            low += step;
        }
        high = high - low > step ? low + step : high;
    } else {
        for (high = middle; high - low > step && key(ctx, high - step) >= at; step *= 2) {
            high -= step;
        }
        low = high - low > step ? high - step : low;
    }
    while (high - low > 1) {
        middle = low + (high - low) / 2;
        if (key(ctx, middle) < at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

#endif
