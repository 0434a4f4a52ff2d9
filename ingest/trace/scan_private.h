/* Shared by scan.c (characters, events) and scan_members.c (the other members of a document), and
   included by these two alone. */
#ifndef INGEST_SCAN_PRIVATE_H
#define INGEST_SCAN_PRIVATE_H

#include "ingest/trace/scan.h"

enum state {
    START,   /* nothing but white space so far */
    HEAD,    /* in an object that may be a document or the first of many lines */
    BETWEEN, /* in the array of events, outside of an event */
    EVENT,   /* in an event */
    TAIL,    /* in the document, after its events */
    LINES,
    END
};

enum { MAX_DEPTH = 512, MAX_RESUMES = 64 };

struct scan {
    const struct mem *mem;
    struct scan_sink sink;
    size_t max;
    enum state state;
    enum scan_shape shape;
    struct strbuf held;           /* the bytes of the current event, head or tail */
    struct strbuf extra;          /* of the current event */
    uint64_t line, held_line;     /* of the next character; of the first one held */
    uint64_t offset, held_offset; /* likewise, in bytes from the beginning */
    uint64_t events_end;          /* the end of the last event */
    unsigned depth;               /* brackets open in what is held */
    bool in_string, escaped;
    bool closed;
    bool stopped;
    size_t key_start, key_end; /* in HEAD: the last string at depth 1, with its quotes */
    size_t next_check; /* in HEAD: at that length, check again whether it can be a document */
    unsigned bom;      /* in START: bytes of a byte order mark, which is skipped */
    bool dropping;     /* in EVENT: it is too long, and its rest is dropped */
    unsigned resumes;  /* scans of what a bad event held, one within another */
    bool skipping;     /* in BETWEEN: in something that is no event, which has been reported */
};

static inline bool scan_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* scan.c */

void scan_report(struct scan *scan, uint64_t line, const char *what, const char *bytes, size_t len);
/* Reports an error in a text that begins at the held line. */
void scan_report_error(struct scan *scan, const char *text, size_t len,
                       const struct json_error *error);
/* Empties what is held; what comes is held in that state. */
void scan_hold(struct scan *scan, enum state state, uint64_t line);
/* Switches to lines, of which `bytes` are the first. Returns false if the sink stops. */
bool scan_become_lines(struct scan *scan, uint64_t line, const char *bytes, size_t len);

/* scan_members.c. The first three return false if the sink stops, or out of memory. */

/* Reports the members in front of "traceEvents". */
bool scan_give_head(struct scan *scan);
/* Reports the members after the events. */
bool scan_give_tail(struct scan *scan);
/* Takes an object that has ended without a list of events: the first of many lines, or an unknown
   format. */
bool scan_end_head(struct scan *scan);
bool scan_is_events_key(const struct scan *scan);

#endif
