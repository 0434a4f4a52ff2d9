/* The moments of records: when each begins and ends among the others. Documents and replays
   take the records in this order. */
#ifndef CORE_MODEL_RECORD_MOMENTS_H
#define CORE_MODEL_RECORD_MOMENTS_H

#include "core/model/record.h"

struct record_moment {
    int64_t at_ns;
    record_no record;
    bool begins, ends; /* both: a call of no length begins and ends at once */
};

struct record_moments {
    const struct mem *mem;
    struct record_moment *items; /* by time; of one time: ends before begins */
    size_t count, cap;
};

/* Lists the moments of the records that have a span. False: out of memory; release it all the
   same. */
bool record_moments_init(struct record_moments *moments, const struct swarm *swarm);
void record_moments_release(struct record_moments *moments);

#endif
