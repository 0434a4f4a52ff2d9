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

/* When an event was appended: at its own time, `at_ns`, but the phases of a call with the call's
   end, since they are known only then. Records do not come between the phases and that end, which
   claims them (span_end.c). */
int64_t record_moments_written_ns(const struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                                  int64_t at_ns);

#endif
