/* The tables on top of ingest: every client whose hooks can be taken. Whoever makes a hub gives it these tables, so that
   nothing below includes a client. */
#ifndef INGEST_SOURCES_H
#define INGEST_SOURCES_H

#include "ingest/hook_client.h"

/* Ends with NULL. */
extern const struct hook_client *const source_hook_clients[];

#endif
