/* The events in memory, in order of arrival: append-only segments, dropped at the head. An event is named by its number,
   which counts from 1 and is never used twice. */
#ifndef CORE_EVENT_STORE_H
#define CORE_EVENT_STORE_H

#include "core/trace/event.h"

struct event_store;

/* A run of events on its way into a store: filled apart from it, on another thread if need be. */
struct event_segment;

/* Returns new, for about `bytes` of events; NULL: out of memory. `mem` is borrowed. */
struct event_segment *event_segment_new(const struct mem *mem, size_t bytes);
/* `segment` may be NULL. */
void event_segment_free(struct event_segment *segment);
/* Copies the event to its end. False: it has no room (an event larger than a whole segment has room in an empty one),
   or out of memory, or the event is too large (EVENT_MAX_BYTES); then nothing changed. */
bool event_segment_add(struct event_segment *segment, const struct event *event);
size_t event_segment_count(const struct event_segment *segment);

#define EVENT_MAX_BYTES (UINT32_MAX / 4) /* of args, of an id, of the extra members */

/* Returns new; NULL: out of memory. */
struct event_store *event_store_new(const struct mem *mem);
void event_store_free(struct event_store *store);
/* An empty store counts from `first` on: it takes the place of one that counted up to there. */
void event_store_number_from(struct event_store *store, uint64_t first);
/* Copies the event to the end. Returns its number; 0: out of memory. */
uint64_t event_store_append(struct event_store *store, const struct event *event);
/* Takes the events of the segment (made with the store's memory) over, and frees it. They are not in the store yet: each comes in by event_store_reveal, before
   anything is appended. False: out of memory; the segment is as it was. */
bool event_store_adopt_take(struct event_store *store, struct event_segment *segment);
/* The next event that was adopted and is not revealed yet, as it was put into the segment. False: none. */
bool event_store_next_adopted(const struct event_store *store, struct event *out);
/* Puts it into the store, under the names and the track that the model has for it. Returns its number. */
uint64_t event_store_reveal(struct event_store *store, intern_id name, intern_id cat,
                            track_no track);
/* Takes it out instead, for a metadata event, which is kept elsewhere. */
void event_store_skip_adopted(struct event_store *store);
/* False: no such number (any more). The slices are borrowed until the event is dropped. */
bool event_store_get(const struct event_store *store, uint64_t number, struct event *out);
/* What the model derived from the event: a span's number. */
span_no event_store_span(const struct event_store *store, uint64_t number);
void event_store_set_span(struct event_store *store, uint64_t number, span_no span);
/* Numbers run from first to end - 1. */
uint64_t event_store_first(const struct event_store *store);
/* The first that was appended: an event that was put before it has the number of one that was dropped. */
uint64_t event_store_first_appended(const struct event_store *store);
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
