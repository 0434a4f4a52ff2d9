#include "core/query/summary_difference.h"

#include <math.h>

struct difference summary_difference(const struct summary *a, const struct summary *b)
{
    double delta = a->p50 - b->p50;
    return (struct difference){
        .delta = delta,
        .low = delta - hypot(a->p50 - a->p50_low, b->p50_high - b->p50),
        .high = delta + hypot(a->p50_high - a->p50, b->p50 - b->p50_low),
    };
}
