/* Logs what the cap makes the model forget beyond events: the first of each kind, then each time
   that there are twice as many. */
#ifndef INGEST_FORGOTTEN_LOG_H
#define INGEST_FORGOTTEN_LOG_H

#include "ingest/ingest_ctx.h"

struct forgotten_log {
    uint64_t logged[FORGOTTEN_KINDS];
};

/* Call it after the model has changed. */
void forgotten_log_report(struct forgotten_log *log, struct ingest_ctx *ingest);

#endif
