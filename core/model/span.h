/* A span: one piece of work, made of two events (B and E, b and e), of one (X), or of a record;
   and its kind. */
#ifndef CORE_SPAN_H
#define CORE_SPAN_H

#include "core/model/update.h"
#include "core/trace/event.h"

enum span_kind {
    SPAN_OTHER,       /* of a trace that is no agent's, or of a category unknown here */
    SPAN_INTERACTION, /* a whole turn: an envelope, never drawn as work */
    SPAN_REQUEST,     /* API Call */
    SPAN_SETUP,       /* Request Setup, a phase of a request */
    SPAN_RETRY,       /* Attempt N (retry), a phase */
    SPAN_FIRST_TOKEN, /* First Token, a phase */
    SPAN_SAMPLING,    /* Sampling, a phase */
    SPAN_TOOL,        /* Tool: NAME */
    SPAN_AGENT_CALL,  /* a tool that only waits for a sub-agent */
    SPAN_USER,        /* Waiting for User Input */
    SPAN_KINDS
};

enum span_flag {
    SPAN_OPEN = 1,       /* has no end yet: end_ns is not set */
    SPAN_EVICTED = 2,    /* closed by the stale sweep (`evicted: true`) */
    SPAN_INCOMPLETE = 4, /* closed because the session ended (`incomplete: true`) */
    SPAN_ERROR = 8,      /* `success: false` */
    SPAN_LOST_BEGIN =
        16, /* its begin event was dropped; its start is known from its end's duration_ms */
    SPAN_ASYNC = 32,    /* b/e: paired by id, not by nesting */
    SPAN_STOPPED = 128, /* refused or interrupted, by a person or a rule: no error */
    SPAN_STALE = 64, /* swept, while its owner has not ended it: on the screen it stays in flight */
};

struct span {
    int64_t start_ns, end_ns; /* since the Unix epoch; since ts 0 in a trace without a start time */
    uint64_t begin_no,
        end_no; /* its events in the store, 0: none (dropped, or not yet). X: both the same */
    intern_id name, cat;
    agent_no agent;
    track_no track;
    span_no parent;     /* of a phase: its request; else NO_SPAN */
    span_no next_phase; /* of a request the first phase, of a phase the next; NO_SPAN: none */
    uint16_t lane;      /* 0: the agent's first row */
    uint8_t kind;       /* enum span_kind */
    uint8_t flags;      /* enum span_flag */
    uint32_t inflight;  /* private to the model: the index of its in-flight links */
};

/* A span that was made of a record (record.h) has the record's number in place of its events'. */
#define RECORD_BEGIN ((uint64_t)1 << 63)
#define RECORD_END   (RECORD_BEGIN | (uint64_t)1 << 62)

static inline uint64_t record_begin_no(uint32_t record)
{
    return RECORD_BEGIN | record;
}

static inline uint64_t record_end_no(uint32_t record)
{
    return RECORD_END | record;
}

static inline bool span_is_record(const struct span *span)
{
    return (span->begin_no & RECORD_BEGIN) != 0;
}

/* Whether a question that the sweep closed in the trace still waits for a person: to people it is
   as open as a younger one. */
static inline bool span_still_asks(const struct span *span)
{
    return span->kind == SPAN_USER && (span->flags & SPAN_STALE) != 0;
}

/* How many spans there are, by how they ended. */
struct span_counts {
    uint64_t closed, open, evicted, incomplete, orphan_ends;
};

static inline bool span_is_phase(uint8_t kind)
{
    return kind >= SPAN_SETUP && kind <= SPAN_SAMPLING;
}

/* The kind of a span of that name and category: the seed's categories (api, api,setup,
   api,retry, api,ttft, api,sampling, tool, user_input, interaction). A tool whose name is that
   of a sub-agent call (Agent, Task) is a SPAN_AGENT_CALL. */
enum span_kind span_kind_of(const char *name, const char *cat);
/* The name and the category of a call's span, interned; `name` is a tool's, or that of a span which
   is no call of a known kind. False: out of memory. */
bool span_call_name(struct intern *names, const struct mem *mem, enum call_kind kind,
                    struct slice name, intern_id *name_id, intern_id *cat_id);
/* "tool", "first token" … for people. */
const char *span_kind_word(enum span_kind kind);
/* Returns the text inside the span's bar: the name without "Tool: ". Borrowed from `name`. */
const char *span_short_name(const char *name);

#endif
