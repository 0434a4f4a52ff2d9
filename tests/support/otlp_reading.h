/* The reading of OTLP bodies: what the model holds of them, and what a person expects to find there. */
#ifndef TESTS_OTLP_READING_H
#define TESTS_OTLP_READING_H

#include "ingest/otlp/otlp_reader.h"
#include "tests/support/rig.h"

#include <jansson.h>

struct otlp_rig {
    struct rig rig;
    struct otlp_reader *reader;
};

/* Sets the clock to ten minutes after the examples. */
void otlp_set_clock(struct rig *rig);

void otlp_rig_init(struct otlp_rig *otlp);
void otlp_rig_release(struct otlp_rig *otlp);
/* Decodes a body and takes it; it must be decoded. */
void otlp_rig_take(struct otlp_rig *otlp, enum otlp_signal signal, enum otlp_encoding encoding,
                   const char *body, size_t len);

/* All that waits for what may come late is taken, as a second later. */
void otlp_settle(struct rig *rig);

/* Takes the requests of a file below tests/data (otlp_samples.h). */
void otlp_rig_take_sample(struct otlp_rig *otlp, const char *rel);
/* Writes all that the requests of such a file give as a feed. */
void otlp_write_feed(const char *rel, const char *path);

/* Returns new: {"sessions": [ID], "agents": [NAME], "parent": {NAME: NAME}, "requests": [{agent, model,
   prompt, output, cache_read, cache_creation, ttft_ms, ms, retries, otps, error, start_ms, end_ms}],
   "tools": [{agent, name, ms, error, start_ms, end_ms}], "waits": [{ms, decision}], "other": [NAME],
   "open": N}, calls by start; times are ms after 2026-11-28T22:00:00Z. The main agent is called "main"
   where nothing names it, and is no agent of the list unless it has calls. */
json_t *otlp_reading(struct rig *rig);
/* The same of what does not wait. */
json_t *otlp_reading_now(struct rig *rig);
/* Compares the reading with the expected one, member by member, and those of a list in their order.
   Numbers may differ by 0.6. Returns new (free): the differences; NULL: none. */
char *otlp_reading_differs(json_t *reading, json_t *expected);

#endif
