/* The least samples of a distribution, each with its number: after one is taken out, the least of
   the others is known without a look at all samples. A second tail of negated samples has the
   greatest. */
#ifndef CORE_MODEL_TAIL_H
#define CORE_MODEL_TAIL_H

#include <stdbool.h>
#include <stdint.h>

#define TAIL_MAX 32

struct tail {
    double values[TAIL_MAX]; /* the least of all samples, ascending, no two equal */
    uint32_t counts[TAIL_MAX];
    uint8_t count;
    bool cut; /* samples beyond the last value exist, or did */
};

/* An empty tail is {0}. NAN is no sample. */
void tail_add(struct tail *tail, double value);
/* Takes out a sample that was added. Returns false if no sample is known any more. */
bool tail_remove(struct tail *tail, double value);

#endif
