/* Turns decoded OTLP into updates: which span is a request, a tool or an agent, whose it is, what
   its numbers mean. It remembers recent spans, as children come before their parents and
   telemetry is delivered at least once. */
#ifndef INGEST_OTLP_READER_H
#define INGEST_OTLP_READER_H

#include "ingest/ingest_ctx.h"
#include "ingest/otlp/otlp.h"

struct otlp_reader;

/* Returns new; NULL: out of memory. `ingest` is borrowed. */
struct otlp_reader *otlp_reader_new(struct ingest_ctx *ingest);
void otlp_reader_free(struct otlp_reader *reader);
/* Takes one request. `by` is the source's name for people. False: out of memory; the same request
   may be taken again. */
bool otlp_reader_take(struct otlp_reader *reader, const struct otlp_batch *batch, struct slice by);
/* Returns what the sender of the last request is to know, though all of that was taken. Static;
   NULL: nothing. */
const char *otlp_reader_warning(const struct otlp_reader *reader);
/* Returns how many figures could not be and were left out, so far. */
uint64_t otlp_reader_bad(const struct otlp_reader *reader);
/* Logs wait for those that may come late, values of metrics for their session: takes logs that have
   waited for a second, or all, and values whose session is known. Returns whether anything still
   waits; the caller calls again until nothing does. */
bool otlp_reader_settle(struct otlp_reader *reader, bool all);

#endif
