/* The difference of two medians, and how sure it is. */
#ifndef CORE_SUMMARY_DIFFERENCE_H
#define CORE_SUMMARY_DIFFERENCE_H

#include "core/query/metrics.h"

struct difference {
    double delta;     /* a - b; NAN: one of both has no samples */
    double low, high; /* its 95 % interval; NAN: one of both has too few samples for one */
};

/* Returns the difference of the medians of a and b. The interval is made of those of both, by MOVER
   (Zou and Donner, "Construction of confidence limits about effect measures", 2008). */
struct difference summary_difference(const struct summary *a, const struct summary *b);

#endif
