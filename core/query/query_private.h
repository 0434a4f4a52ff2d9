/* What the files of the queries (query.c, query_tree.c, query_phase.c, query_status.c, query_lane.c, query_span.c) share. Nobody
   else includes this. */
#ifndef CORE_QUERY_PRIVATE_H
#define CORE_QUERY_PRIVATE_H

#include "core/query/query.h"

/* What an open request said last (query_phase.c). */
const struct live_request *query_live(const struct swarm *swarm, const struct span *request);
/* Whether its last attempt failed and nothing has come since. */
bool query_is_retrying(const struct live_request *live, int64_t now_ns);
/* When its tokens began to come; INT64_MIN: not yet. */
int64_t query_sampling_since(const struct live_request *live);
/* What a request is at at a time, and until when that holds (*until > at). */
enum span_kind query_phase_at(const struct swarm *swarm, const struct span *request, int64_t at_ns,
                              int64_t *until_ns);

/* The place of the first of a lane's spans that starts at `at_ns` or later (query_span.c). */
size_t query_first_from(const struct swarm *swarm, const struct lane *lane, int64_t at_ns);

#endif
