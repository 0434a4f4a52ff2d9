/* The source of a request (query_source): the client's name for what the request is for. */
#ifndef CORE_ANALYSIS_REQUEST_SOURCE_H
#define CORE_ANALYSIS_REQUEST_SOURCE_H

#include "core/model/swarm.h"

/* Returns the request's source, of an event as its args spell it; empty: unknown. Borrowed from
   the model until that changes. */
struct slice request_source(const struct swarm *swarm, const struct span *request);

#endif
