/* Functions shared by the query_*.c files; private to them. */
#ifndef CORE_QUERY_PRIVATE_H
#define CORE_QUERY_PRIVATE_H

#include "core/query/query.h"

/* Returns the last report of an open request. */
const struct live_request *query_live(const struct swarm *swarm, const struct span *request);
/* Returns true if its last attempt failed and no later report exists. */
bool query_is_retrying(const struct live_request *live, int64_t now_ns);
/* Returns when its tokens began to arrive; INT64_MIN: not yet. */
int64_t query_sampling_since(const struct live_request *live);
/* Returns the phase of a request at a time; sets *until (> at) to the end of that phase. */
enum span_kind query_phase_at(const struct swarm *swarm, const struct span *request, int64_t at_ns,
                              int64_t *until_ns);

/* Returns the index of the first of a lane's spans that starts at `at_ns` or later
   (query_span.c). */
size_t query_first_from(const struct swarm *swarm, const struct lane *lane, int64_t at_ns);

#endif
