/* Shared by scan.c (characters) and the other scan_*.c (held events, the other members of a
   document, the text around documents), and included by these alone. */
#ifndef INGEST_SCAN_PRIVATE_H
#define INGEST_SCAN_PRIVATE_H

#include "ingest/trace/scan.h"

enum state {
    START,   /* nothing but white space since the beginning, or a document's end */
    OPENING, /* after a bracket that may begin a list of events */
    FOREIGN, /* in a line that is neither */
    SKIP,    /* the rest is another format's */
    HEAD,    /* in an object that may be a document or the first of many lines */
    BETWEEN, /* in the array of events, outside of an event */
    EVENT,   /* in an event */
    TAIL,    /* in the document, after its events */
    LINES
};

enum { MAX_DEPTH = 512, MAX_RESUMES = 64, PREFACE_MAX = 64 * 1024 };

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
    size_t next_check;     /* in HEAD: at that length, check again whether it can be a document */
    unsigned bom;          /* in START: bytes of a byte order mark, which is skipped */
    bool dropping;         /* in EVENT: it is too long, and its rest is dropped */
    unsigned resumes;      /* scans of what a bad event held, one within another */
    bool skipping;         /* in BETWEEN: in something that is no event, which has been reported */
    unsigned nested;       /* in BETWEEN: lists that are open within the list */
    char comment;          /* in BETWEEN: the last characters of a comment, `/` or '*'; 0: none */
    size_t documents;      /* begun so far */
    struct strbuf preface; /* lines that are neither, before the first document */
    uint64_t preface_line; /* of its first character */
    bool after_reported;   /* text after a document has been reported */
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
uint64_t scan_count_lines(const char *bytes, size_t len);
/* Empties what is held; what comes is held in that state. */
void scan_hold(struct scan *scan, enum state state, uint64_t line);
/* Switches to lines, of which the kept ones and then `bytes` are the first. Returns false if the
   sink stops. */
bool scan_become_lines(struct scan *scan, uint64_t line, const char *bytes, size_t len);

/* Begins a document or a list of events. Returns false if the sink stops. */
bool scan_begin_document(struct scan *scan, enum scan_shape shape);

/* scan_event.c. Those that return bool return false if the sink stops, or out of memory. */

/* Takes the event that is held. */
bool scan_end_event(struct scan *scan);
/* Takes what is held and longer than the maximum; `closed`: its last bracket has come. */
bool scan_too_long(struct scan *scan, bool closed);
/* Reports an event in which the text ends. */
void scan_finish_event(struct scan *scan);
/* Scans a part of what was held again, in that state, as text that begins at that offset of it.
   Keeps the scan's place. */
bool scan_part(struct scan *scan, enum state state, const struct strbuf *held, struct slice part);

/* scan_around.c */

/* Takes a character outside of documents and lists (START, OPENING, FOREIGN). Returns false if the
   sink stops, or out of memory. */
bool scan_around(struct scan *scan, char c);
/* Takes what is held as a foreign line, or its beginning. */
bool scan_become_foreign(struct scan *scan);
/* Marks the end of the text. */
bool scan_finish_around(struct scan *scan);

/* scan_members.c. The first four return false if the sink stops, or out of memory. */

/* Reports the members in front of "traceEvents". */
bool scan_give_head(struct scan *scan);
/* Reports the members after the events. */
bool scan_give_tail(struct scan *scan);
/* Reports the members between two lists of events of one document. */
bool scan_give_middle(struct scan *scan);
/* Takes an object that has ended without a list of events: the first of many lines, or an unknown
   format. */
bool scan_end_head(struct scan *scan);
bool scan_is_events_key(const struct scan *scan);

#endif
