/* Splits the bytes of a trace document, in any chunks, into its parts: events, and the other
   top-level members. The first bytes decide the shape:

       {"traceEvents": [ … ], …}      a document (keys in any order)
       [ … ]   or   [ … with no end   an array of events
       {…}\n{…}\n                     lines: events or feed operations

   Lists of events may lie in lists, and documents in a list or one after the other. Text before and
   after a document is reported and skipped. An event that is not JSON is repaired
   (json_repair.h), or reported and skipped; the next one that can be framed is found. The largest
   event bounds the memory. */
#ifndef INGEST_SCAN_H
#define INGEST_SCAN_H

#include "core/trace/event.h"

enum scan_shape { SCAN_UNKNOWN, SCAN_DOCUMENT, SCAN_ARRAY, SCAN_LINES };

/* An event in the scanned text. All is borrowed for the call. */
struct scan_event {
    struct raw_event raw;
    struct slice text; /* the object */
    uint64_t offset;   /* of its first brace, in bytes from the beginning */
    uint64_t line;     /* of its first brace */
    uint64_t end_line; /* of its last brace */
};

struct scan_sink {
    /* Takes an event. Returns false to stop. */
    bool (*event)(void *ctx, const struct scan_event *event);
    /* Takes a top-level member of the document other than traceEvents. Returns false to stop. */
    bool (*member)(void *ctx, struct json_value key, struct json_value value);
    /* Reports bad input. `broken`: not JSON, `reason` is "not JSON: …" and `bytes` begin at the
       error. Otherwise `bytes` are an object that is no event. */
    void (*bad)(void *ctx, uint64_t line, const char *reason, struct slice bytes, bool broken);
    /* Takes the bytes of a text of lines, from its first. Returns false to stop. */
    bool (*lines)(void *ctx, const char *bytes, size_t len);
    void *ctx;
    /* A further document begins. Returns false to stop. NULL: its parts come as those of the one
       before. */
    bool (*next_document)(void *ctx);
};

struct scan;

/* `max_bytes` limits an event, and a top-level member. Returns new; NULL if out of memory. */
struct scan *scan_new(const struct mem *mem, const struct scan_sink *sink, size_t max_bytes);
void scan_free(struct scan *scan);
/* Returns false if the sink stopped, or out of memory. */
bool scan_push(struct scan *scan, const char *bytes, size_t len);
/* Marks the end of the text: reports what is unfinished. */
void scan_finish(struct scan *scan);
enum scan_shape scan_shape(const struct scan *scan);
/* Returns where the last event so far ends, in bytes from the beginning; 0 if no event came. */
uint64_t scan_events_end(const struct scan *scan);
/* Returns whether the scan is among the events: in one, or between two. */
bool scan_in_events(const struct scan *scan);
/* Returns whether the text holds more than one document. */
bool scan_is_joined(const struct scan *scan);
/* Continues at that offset and line: in lines, or between two events of a text that is scanned
   among its events. */
void scan_jump(struct scan *scan, bool lines, uint64_t offset, uint64_t line);
/* Returns whether the text has ended as it should: a document closed, an array closed or cut
   between two events. */
bool scan_complete(const struct scan *scan);

#endif
