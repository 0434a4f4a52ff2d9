/* A marker in the trace counts what was forgotten, but comes only with dropped events. */
#include "ingest/forgotten_log.h"

#include <stdio.h>

void forgotten_log_report(struct forgotten_log *log, struct ingest_ctx *ingest)
{
    for (size_t i = 0; i < FORGOTTEN_KINDS; i++) {
        uint64_t count = swarm_forgotten(ingest->swarm, (enum forgotten_kind)i);
        if (count == 0 || count < 2 * log->logged[i]) {
            continue;
        }
        char text[120];
        snprintf(text, sizeof text, "limit reached: %llu %s forgotten (%s)",
                 (unsigned long long)count, swarm_forgotten_rows[i].noun,
                 swarm_forgotten_rows[i].limit);
        ingest_ctx_log(ingest, LOG_LEVEL_INFO, text);
        log->logged[i] = count;
    }
}
