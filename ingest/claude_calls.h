/* What hooks have begun and not ended yet: tool calls, and waits for a person that belong to none. A hook says no more than its own
   moment, so somebody has to remember what a PermissionRequest without an id is about, and what is over when nothing more comes
   of it. Bounded: CLAUDE_CALLS_MAX. */
#ifndef INGEST_CLAUDE_CALLS_H
#define INGEST_CLAUDE_CALLS_H

#include "core/event.h"
#include "core/mem.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLAUDE_CALLS_MAX = 4096, CLAUDE_TEXT_BYTES = 128 };

enum claude_call_kind {
    CLAUDE_TOOL,       /* a call that its PreToolUse told of */
    CLAUDE_PERMISSION, /* one that is known by its PermissionRequest alone */
    CLAUDE_IDLE,       /* the session waits for its next prompt */
    CLAUDE_ELICITATION /* an MCP server has asked something */
};

/* A short text that is kept: what is longer is cut between characters. */
struct claude_text {
    char bytes[CLAUDE_TEXT_BYTES];
    size_t len;
};

struct claude_call {
    uint64_t session, agent;  /* claude_hash of their ids */
    uint64_t name, input;     /* of the tool's name, of the raw text of its input */
    uint64_t sub_agent;       /* of the type of the sub-agent that it runs; 0: it runs none */
    struct claude_text id;    /* the witness's */
    struct claude_text owner; /* the agent's id; empty: the main agent */
    struct claude_text about; /* an Agent call's description */
    double start_ms;          /* NAN: not said */
    double wait_ms;           /* since when it waits for a person; NAN: it does not */
    enum claude_call_kind kind;
    bool held;   /* it waits or has waited for a person */
    bool linked; /* the sub-agent that it runs is known */
    bool ended;  /* kept for a while: a hook may be sent twice */
};

struct claude_calls {
    const struct mem *mem;
    struct claude_call *items; /* in the order in which they began */
    size_t count, cap;
};

/* The first bytes of a text, at most `max`, no character cut in two. */
struct slice claude_cut(struct slice text, size_t max);
void claude_text_set(struct claude_text *out, struct slice text);
static inline struct slice claude_text_slice(const struct claude_text *text)
{
    return (struct slice){.bytes = text->bytes, .len = text->len};
}
/* 0 for no text alone. */
uint64_t claude_hash(struct slice text);

void claude_calls_init(struct claude_calls *calls, const struct mem *mem);
void claude_calls_release(struct claude_calls *calls);
/* The call of that id; NULL: not known. All pointers are borrowed until the next claude_calls_add. */
struct claude_call *claude_calls_find(struct claude_calls *calls, uint64_t session,
                                      struct slice id);
/* A new one: its session, its id, no times, else zero. *forgotten is set where one that had not ended had to go for it, else left. NULL:
   out of memory. */
struct claude_call *claude_calls_add(struct claude_calls *calls, uint64_t session, struct slice id,
                                     bool *forgotten);
/* The open call of that agent that a hook without an id means: of the same input and not waiting yet, else of the same input (it is said again),
   else the newest of that name that does not wait. NULL: none. */
struct claude_call *claude_calls_match(struct claude_calls *calls, uint64_t session, uint64_t agent,
                                       uint64_t name, uint64_t input);
/* The newest call of that agent that is open; NULL: none. */
struct claude_call *claude_calls_newest(struct claude_calls *calls, uint64_t session,
                                        uint64_t agent);
/* The only open call of the session that runs a sub-agent of that type and is not linked yet. NULL: none, or several. */
struct claude_call *claude_calls_unlinked(struct claude_calls *calls, uint64_t session,
                                          uint64_t type);
/* Forgets a session. */
void claude_calls_forget(struct claude_calls *calls, uint64_t session);

#endif
