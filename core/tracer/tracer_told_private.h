/* What tracer_told.c and tracer_told_begin.c share. Nobody else includes this. */
#ifndef CORE_TRACER_TOLD_PRIVATE_H
#define CORE_TRACER_TOLD_PRIVATE_H

#include "core/tracer/tracer_private.h"
#include "core/tracer/tracer_told.h"

#include <string.h>

struct telling {
    struct event_sink sink; /* first: is made a telling again in put_of_end */
    struct tracer *tracer;
    struct trace_session *session;
    struct told_span *span;
    struct pending begun; /* as the tracer would have it open */
    uint32_t used;        /* slots */
    bool fresh;           /* the end has not been appended yet */
    bool short_of_slots;
};

static inline struct slice bytes_of(const struct strbuf *text)
{
    return (struct slice){text->data, text->len};
}

static inline bool same_bytes(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

/* tracer_told.c */
bool told_event(const struct telling *telling, uint64_t number, struct event *out);
/* Appends the event where *number is 0, else sees to it that it stands there. *same: it did. False: out of memory. */
bool told_put(struct telling *telling, uint64_t *number, const struct trace_event *event,
              bool *same);

/* tracer_told_begin.c: they fill in what is open (telling->begun). False: out of memory. */
bool told_begin(struct telling *telling);

#endif
