/* Claude Code's hooks: turns one payload (the JSON object on a hook's standard input) into updates.
   Used by the feed's operation `hook`, which `swarmtop hook` sends, and by POST /hooks. */
#ifndef INGEST_CLAUDE_HOOK_H
#define INGEST_CLAUDE_HOOK_H

#include "ingest/ingest_ctx.h"

/* Takes one payload, a checked value; |arrival->t_ms| <= INGEST_TIME_MAX_MS. Its memory of earlier
   payloads belongs to the context, whatever
   source they came from. Returns NULL if it was taken or ignored, else the reason why not (static).
   The caller calls correlator_flush once an iteration. */
const char *claude_hook_take(struct ingest_ctx *ingest, struct json_value payload,
                             const struct hook_arrival *arrival);
/* The row of the table of clients (ingest/sources.h). */
extern const struct hook_client claude_hook_client;

#endif
