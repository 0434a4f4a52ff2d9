/* The events in memory, in order of arrival: append-only segments, dropped at the head. An event is
   identified by its number, which counts from 1 and is never reused. */
#ifndef CORE_EVENT_STORE_H
#define CORE_EVENT_STORE_H

#include "core/trace/event.h"

struct event_store;

/* Events to be added to a store, collected apart from it, possibly on another thread. */
struct event_segment;

/* Returns a new segment for about `bytes` of events; NULL if out of memory. `mem` is borrowed. */
struct event_segment *event_segment_new(const struct mem *mem, size_t bytes);
/* `segment` may be NULL. */
void event_segment_free(struct event_segment *segment);
/* Copies the event to the end. Returns false and changes nothing if the segment is full, out of
   memory, or if the event exceeds EVENT_MAX_BYTES. An empty segment has room for any event up to
   that size. */
bool event_segment_add(struct event_segment *segment, const struct event *event);
size_t event_segment_count(const struct event_segment *segment);

/* Args of an end that repeats its begin are put together when they are read: so long ones at most,
   and so many are kept. */
enum { EVENT_SHARED_MAX = 8 * 1024, EVENT_ARGS_KEPT = 32 };

#define EVENT_MAX_BYTES (UINT32_MAX / 4) /* size of args, of an id, of the extra members */

/* Returns a new store; NULL if out of memory. */
struct event_store *event_store_new(const struct mem *mem);
void event_store_free(struct event_store *store);
/* Sets the first number of an empty store, which continues the numbers of another one. */
void event_store_number_from(struct event_store *store, uint64_t first);
/* Copies the event to the end. Returns its number; 0 if out of memory. */
uint64_t event_store_append(struct event_store *store, const struct event *event);
/* Takes over the events of a segment (made with the store's memory) and frees it. Each event
   becomes visible by event_store_reveal, before anything is appended. Returns false and leaves the
   segment unchanged if out of memory. */
bool event_store_adopt_take(struct event_store *store, struct event_segment *segment);
/* Sets *out to the next adopted event that is not revealed, as it was added to the segment, and
   borrowed as from event_store_get. Returns false if there is no such event. */
bool event_store_next_adopted(const struct event_store *store, struct event *out);
/* Makes that event visible, with the names and the track that the model has for it. Returns its
   number. */
uint64_t event_store_reveal(struct event_store *store, intern_id name, intern_id cat,
                            track_no track);
/* Removes that event: metadata events are stored elsewhere. */
void event_store_skip_adopted(struct event_store *store);
/* False: no such number (any more). The slices are borrowed until the event is dropped; the args of
   an end, until EVENT_ARGS_KEPT more events are read. */
bool event_store_get(const struct event_store *store, uint64_t number, struct event *out);
/* Returns the number of the span that the model derived from the event. */
span_no event_store_span(const struct event_store *store, uint64_t number);
void event_store_set_span(struct event_store *store, uint64_t number, span_no span);
/* Numbers run from first to end - 1. */
uint64_t event_store_first(const struct event_store *store);
/* Returns the number of the first appended event; an event put before it has the number of a
   dropped one. */
uint64_t event_store_first_appended(const struct event_store *store);
uint64_t event_store_end(const struct event_store *store);
size_t event_store_count(const struct event_store *store);
/* Drops the `count` oldest events. */
void event_store_drop(struct event_store *store, size_t count);
/* Puts an event first, with the number of the last one dropped. Requires event_store_drop before.
   Returns its number; 0 if out of memory. */
uint64_t event_store_unshift(struct event_store *store, const struct event *event);
/* Returns the bytes of memory held. */
size_t event_store_bytes(const struct event_store *store);

#endif
