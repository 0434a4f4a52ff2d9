/* Claude Code's hooks: one payload (the JSON object that a hook is given, samples/README section
   4) to what a witness says. Used by the feed's operation `hook`, which `swarmtop hook` sends,
   and by POST /hooks. */
#ifndef INGEST_CLAUDE_HOOK_H
#define INGEST_CLAUDE_HOOK_H

#include "ingest/ingest_ctx.h"

/* Takes one payload, a checked value, which was sent at `t_ms` (|t_ms| <= INGEST_TIME_MAX_MS)
   and arrived at `local_ns`. What it remembers of former ones is the context's, whichever way
   they came. NULL: taken (an event that means nothing here too), else why it was not; static.
   The caller calls correlator_flush, once a turn. */
const char *claude_hook_take(struct ingest_ctx *ingest, struct json_value payload, double t_ms,
                             int64_t local_ns);
/* The row of the table of clients (ingest/sources.h). */
extern const struct hook_client claude_hook_client;

#endif
