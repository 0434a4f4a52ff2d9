/* What hooks have begun and not ended yet: tool calls, and waits for a person that belong to none. A hook says no more than its own
   moment, so somebody has to remember what a PermissionRequest without an id is about, and what is over when nothing more comes
   of it. Bounded: HOOK_CALLS_MAX. */
#ifndef INGEST_HOOK_CALLS_H
#define INGEST_HOOK_CALLS_H

#include "core/base/mem.h"
#include "core/trace/event.h"

#include <stdbool.h>
#include <stdint.h>

enum { HOOK_CALLS_MAX = 4096, HOOK_WORD_BYTES = 128 };

enum hook_call_kind {
    HOOK_TOOL,       /* a call that its PreToolUse told of */
    HOOK_PERMISSION, /* one that is known by its PermissionRequest alone */
    HOOK_IDLE,       /* the session waits for its next prompt */
    HOOK_ELICITATION /* an MCP server has asked something */
};

/* A short text that is kept: what is longer is cut between characters. */
struct hook_word {
    char bytes[HOOK_WORD_BYTES];
    size_t len;
};

struct hook_call {
    uint64_t session, agent; /* hook_hash of their ids */
    uint64_t name, input;    /* of the tool's name, of the raw text of its input */
    uint64_t sub_agent;      /* of the type of the sub-agent that it runs; 0: it runs none */
    struct hook_word id;     /* the witness's */
    struct hook_word owner;  /* the agent's id; empty: the main agent */
    struct hook_word about;  /* an Agent call's description */
    double start_ms;         /* NAN: not said */
    double wait_ms;          /* since when it waits for a person; NAN: it does not */
    enum hook_call_kind kind;
    bool held;   /* it waits or has waited for a person */
    bool linked; /* the sub-agent that it runs is known */
    bool ended;  /* kept for a while: a hook may be sent twice */
};

struct hook_calls {
    const struct mem *mem;
    struct hook_call *items; /* in the order in which they began */
    size_t count, cap;
};

/* The first bytes of a text, at most `max`, no character cut in two. */
struct slice hook_cut(struct slice text, size_t max);
void hook_word_set(struct hook_word *out, struct slice text);
static inline struct slice hook_word_slice(const struct hook_word *text)
{
    return (struct slice){.bytes = text->bytes, .len = text->len};
}
/* 0 for no text alone. */
uint64_t hook_hash(struct slice text);

void hook_calls_init(struct hook_calls *calls, const struct mem *mem);
void hook_calls_release(struct hook_calls *calls);
/* The call of that id; NULL: not known. All pointers are borrowed until the next hook_calls_add. */
struct hook_call *hook_calls_find(struct hook_calls *calls, uint64_t session, struct slice id);
/* A new one: its session, its id, no times, else zero. *forgotten is set where one that had not ended had to go for it, else left. NULL:
   out of memory. */
struct hook_call *hook_calls_add(struct hook_calls *calls, uint64_t session, struct slice id,
                                 bool *forgotten);
/* The open call of that agent that a hook without an id means: of the same input and not waiting yet, else of the same input (it is said again),
   else the newest of that name that does not wait. NULL: none. */
struct hook_call *hook_calls_match(struct hook_calls *calls, uint64_t session, uint64_t agent,
                                   uint64_t name, uint64_t input);
/* The newest call of that agent that is open; NULL: none. */
struct hook_call *hook_calls_newest(struct hook_calls *calls, uint64_t session, uint64_t agent);
/* The only open call of the session that runs a sub-agent of that type and is not linked yet. NULL: none, or several. */
struct hook_call *hook_calls_unlinked(struct hook_calls *calls, uint64_t session, uint64_t type);
/* Forgets a session. */
void hook_calls_forget(struct hook_calls *calls, uint64_t session);

#endif
