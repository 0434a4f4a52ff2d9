/* The phase that a request is in at a time: waiting, retrying, sampling. */
#ifndef CORE_REQUEST_PHASE_H
#define CORE_REQUEST_PHASE_H

#include "core/model/swarm.h"

/* Returns the newest progress of an open request; NULL: it is not open, or has sent none.
   Borrowed. */
const struct request_progress *query_live(const struct swarm *swarm, const struct span *request);
/* Returns whether its last attempt failed and nothing has come since. */
bool query_is_retrying(const struct request_progress *live, int64_t now_ns);
/* Returns how many attempts beyond the first an open request has begun or announced. */
unsigned query_open_retries(const struct swarm *swarm, const struct span *request);
/* Returns when its tokens began to come; INT64_MIN: not yet. */
int64_t query_sampling_since(const struct request_progress *live);
/* Returns the request's phase at a time, and in *until_ns when it ends (> at_ns). */
enum span_kind query_phase_at(const struct swarm *swarm, const struct span *request, int64_t at_ns,
                              int64_t *until_ns);
/* The same of what is known, for sums of time: one that runs and has sent no progress is
   SPAN_REQUEST throughout. */
enum span_kind query_known_phase_at(const struct swarm *swarm, const struct span *request,
                                    int64_t at_ns, int64_t *until_ns);

#endif
