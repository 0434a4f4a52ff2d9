/* A query over the model for tests of those that send updates: sessions, agents and calls as the
   real correlator has joined them, as JSON or one by one. Each function that takes a struct model
   flushes its correlator first. */
#ifndef TESTS_RECORDS_H
#define TESTS_RECORDS_H

#include "core/model/record.h"
#include "tests/support/model.h"

#include <jansson.h>

/* Returns new: an object of six objects. Times are ms after MODEL_START_MS.
   - "sessions", by id, in order of opening: name, start_ms, pid, cost_usd, and once it has ended end_ms
     (its clock) and gone;
   - "agents", by SESSION/AGENT, AGENT "" for the main one: type, description, parent (sub-agents only),
     done, gone;
   - "requests", "tools", "waits", "interactions" and "spans", by id: the fields that are known, by their
     keys on the feed, `of` (SESSION/AGENT), and `state` where the correlator closed the call. */
json_t *records_of(const struct model *model);
/* Compares one of the six with a text, `'` for `"`, in any order of members. */
bool records_are(const struct model *model, const char *kind, const char *want);
/* The same; the test fails where they differ, with `about` (NULL: none) in the message. */
void records_check(const struct model *model, const char *kind, const char *want,
                   const char *about);

/* The n-th record (from 0) of that kind whose id begins so; NULL: none. Borrowed until the next
   update. */
const struct record *records_find(const struct model *model, enum call_kind kind, const char *id,
                                  unsigned n);
/* The agent of that id, of any session; NULL: none. Borrowed likewise. */
const struct agent *records_agent(const struct model *model, const char *id);
/* How many sessions, agents and calls there are. */
size_t records_count(const struct model *model);

#endif
