/* The events in memory, in order of arrival: append-only segments, dropped at the head. An event is named by its number,
   which counts from 1 and is never used twice. */
#ifndef CORE_EVENT_STORE_H
#define CORE_EVENT_STORE_H

#include "core/event.h"

struct event_store;

/* Returns new; NULL: out of memory. */
struct event_store *event_store_new(const struct mem *mem);
void event_store_free(struct event_store *store);
/* Copies the event to the end. Returns its number; 0: out of memory. */
uint64_t event_store_append(struct event_store *store, const struct event *event);
/* False: no such number (any more). The slices are borrowed until the event is dropped. */
bool event_store_get(const struct event_store *store, uint64_t number, struct event *out);
/* What the model derived from the event: a span's number. */
span_no event_store_span(const struct event_store *store, uint64_t number);
void event_store_set_span(struct event_store *store, uint64_t number, span_no span);
/* For swarm_move_process. */
void event_store_set_track(struct event_store *store, uint64_t number, track_no track);
/* Numbers run from first to end - 1. */
uint64_t event_store_first(const struct event_store *store);
uint64_t event_store_end(const struct event_store *store);
size_t event_store_count(const struct event_store *store);
/* Drops the `count` oldest. */
void event_store_drop(struct event_store *store, size_t count);
/* Puts an event before all others, in the place of the last one dropped (whose number it takes). Only after event_store_drop. Returns
   its number; 0: out of memory. */
uint64_t event_store_unshift(struct event_store *store, const struct event *event);
/* Bytes of memory held. */
size_t event_store_bytes(const struct event_store *store);

#endif
