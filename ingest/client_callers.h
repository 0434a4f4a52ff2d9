/* The call that started another client: an agent that runs a second one by its Bash tool. */
#ifndef INGEST_CLIENT_CALLERS_H
#define INGEST_CLIENT_CALLERS_H

#include "core/trace/event.h"

#include <stdbool.h>
#include <stdint.h>

struct ingest_ctx;

struct client_call {
    struct slice caller, child; /* their sessions */
    int64_t age_ns;             /* so long the child is known */
};

/* Reports the session and the agent that started the child by process `pid`, which is the caller's
   own child: a shell. Sets *done if no more can become known. A session that is not shown yet is
   asked for again later. False: out of memory. */
bool client_callers_report(struct ingest_ctx *ingest, const struct client_call *call, int64_t pid,
                           bool *done);

#endif
