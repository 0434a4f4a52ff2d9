/* What the files of the queries (query.c, query_tree.c, query_status.c, query_lane.c, query_span.c) share. Nobody
   else includes this. */
#ifndef CORE_QUERY_PRIVATE_H
#define CORE_QUERY_PRIVATE_H

#include "core/model/request_phase.h"
#include "core/query/query.h"

/* The place of the first of a lane's spans that starts at `at_ns` or later (query_span.c). */
size_t query_first_from(const struct swarm *swarm, const struct lane *lane, int64_t at_ns);

#endif
