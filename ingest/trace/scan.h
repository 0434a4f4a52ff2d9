/* Trace documents as bytes, in any chunks, to their parts: events, and the other top-level members. What a text is shows in its first bytes:

       {"traceEvents": [ … ], …}      a document (keys in any order)
       [ … ]   or   [ … with no end   an array of events
       {…}\n{…}\n                     lines: events or feed operations

   An event that is not JSON is reported and passed over; the next one that can be framed is found. Memory is bounded
   by the largest event. */
#ifndef INGEST_SCAN_H
#define INGEST_SCAN_H

#include "core/trace/event.h"

enum scan_shape { SCAN_UNKNOWN, SCAN_DOCUMENT, SCAN_ARRAY, SCAN_LINES };

/* An event where it stands. All is borrowed for the call. */
struct scan_event {
    struct raw_event raw;
    struct slice text; /* the object */
    uint64_t offset;   /* of its brace, in bytes from the beginning */
    uint64_t line;     /* that its brace is on */
    uint64_t end_line; /* the same of its last one */
};

struct scan_sink {
    /* An event. False: stop. */
    bool (*event)(void *ctx, const struct scan_event *event);
    /* A top-level member of the document other than traceEvents. */
    bool (*member)(void *ctx, struct json_value key, struct json_value value);
    /* Something that is not what it should be. `broken`: it is no JSON, and `reason` says "not JSON: …", `bytes` from the place on. Else it is an object
       that is no event. */
    void (*bad)(void *ctx, uint64_t line, const char *reason, struct slice bytes, bool broken);
    /* The bytes of a text of lines, from its first. */
    bool (*lines)(void *ctx, const char *bytes, size_t len);
    void *ctx;
};

struct scan;

/* `max_bytes`: of an event, and of a top-level member. Returns new; NULL: out of memory. */
struct scan *scan_new(const struct mem *mem, const struct scan_sink *sink, size_t max_bytes);
void scan_free(struct scan *scan);
/* False: the sink said stop, or out of memory. */
bool scan_push(struct scan *scan, const char *bytes, size_t len);
/* No more will come: reports what has no end. */
void scan_finish(struct scan *scan);
enum scan_shape scan_shape(const struct scan *scan);
/* Where the last event so far ends, in bytes from the beginning; 0: there was none. The line of the next byte. */
uint64_t scan_events_end(const struct scan *scan);
uint64_t scan_line(const struct scan *scan);
/* Whether it is among the events: in one, or between two. */
bool scan_in_events(const struct scan *scan);
/* Among the events, between two of them: goes on behind another one, at that offset and line. */
void scan_jump(struct scan *scan, uint64_t offset, uint64_t line);
/* Whether the text has ended as it should: a document closed, an array closed or cut between two events. */
bool scan_complete(const struct scan *scan);

#endif
