/* The open calls of hooks: tool calls, and waits for a person that belong to no known call. A hook
   reports its own moment only. This list finds the call of a PermissionRequest, which has no id,
   and the calls that a later event shows to be over. It holds at most HOOK_OPEN_CALLS_MAX. */
#ifndef INGEST_HOOK_OPEN_CALLS_H
#define INGEST_HOOK_OPEN_CALLS_H

#include "ingest/client_value.h"

#include "core/base/mem.h"
#include "core/trace/event.h"

#include <stdbool.h>
#include <stdint.h>

enum { HOOK_OPEN_CALLS_MAX = 4096, HOOK_LABEL_BYTES = CLIENT_ID_BYTES };

enum hook_call_kind {
    HOOK_TOOL,       /* a call with a PreToolUse */
    HOOK_PERMISSION, /* a call known by its PermissionRequest alone */
    HOOK_IDLE,       /* the session waits for its next prompt */
    HOOK_ELICITATION /* an MCP server asks for input */
};

/* A short text; a longer one is cut between characters. */
struct hook_label {
    char bytes[HOOK_LABEL_BYTES];
    size_t len;
};

struct hook_open_call {
    uint64_t session, agent;   /* hook_hash of their ids */
    uint64_t name, input;      /* of the tool's name, of its input (hook_hash_json) */
    uint64_t sub_agent;        /* of its sub-agent's type; 0: no sub-agent */
    uint64_t subject;          /* of the command or path that it is about; 0: unknown */
    struct hook_label id;      /* in updates */
    struct hook_label owner;   /* the agent's id; empty: the main agent */
    struct hook_label about;   /* an Agent call's description */
    struct hook_label command; /* that it runs; empty: unknown */
    struct hook_label child;   /* the id of its sub-agent; empty: unknown */
    double start_ms;           /* NAN: unknown */
    double wait_ms;            /* when its wait for a person began; NAN: not waiting */
    double asked_ms;           /* when the first of its waits began; NAN: it never waited */
    double end_ms;             /* when a hook without an id ended it; NAN: unknown */
    enum hook_call_kind kind;
    bool held;       /* it has waited for a person */
    bool linked;     /* its sub-agent is known */
    bool background; /* its sub-agent does not end with it */
    bool ended;      /* kept for a while, since a hook may be sent twice */
};

/* The tool of a call as a hook reports it: hashes as in struct hook_open_call; 0: unknown. */
struct hook_subject {
    uint64_t name, input, subject;
};

struct hook_open_calls {
    const struct mem *mem;
    struct hook_open_call *items; /* by begin */
    size_t count, cap;
};

/* Returns the first bytes of a text, at most `max`, cut between characters. */
struct slice hook_cut(struct slice text, size_t max);
void hook_label_set(struct hook_label *out, struct slice text);
static inline struct slice hook_label_slice(const struct hook_label *text)
{
    return (struct slice){.bytes = text->bytes, .len = text->len};
}
/* Returns 0 for an absent text only. */
uint64_t hook_hash(struct slice text);
/* The same of a JSON value, which may be spaced in any way. Uses `room`. */
uint64_t hook_hash_json(struct json_value value, struct strbuf *room);

void hook_open_calls_init(struct hook_open_calls *calls, const struct mem *mem);
void hook_open_calls_release(struct hook_open_calls *calls);
/* Returns the call of that id; NULL: unknown. All pointers are borrowed until the next
   hook_open_calls_add. */
struct hook_open_call *hook_open_calls_find(struct hook_open_calls *calls, uint64_t session,
                                            struct slice id);
/* Adds a call without times. Sets *forgotten if the list was full and dropped an open call. Returns
   NULL if out of memory. */
struct hook_open_call *hook_open_calls_add(struct hook_open_calls *calls, uint64_t session,
                                           struct slice id, bool *forgotten);
/* Returns the agent's open call for a hook without an id; NULL: none. It prefers the same input
   without a wait, then the same input (a repeated hook), then the same of its command or path, as
   a client may add members to the input, then the newest of that name without a wait. */
struct hook_open_call *hook_open_calls_match(struct hook_open_calls *calls, uint64_t session,
                                             uint64_t agent, const struct hook_subject *about);
/* Returns the agent's newest open call; NULL: none. */
struct hook_open_call *hook_open_calls_newest(struct hook_open_calls *calls, uint64_t session,
                                              uint64_t agent);
/* Returns the session's only open call with a sub-agent of that type that is not linked yet. NULL:
   none or several. */
struct hook_open_call *hook_open_calls_unlinked(struct hook_open_calls *calls, uint64_t session,
                                                uint64_t type);
/* Removes the session's calls. */
void hook_open_calls_drop_session(struct hook_open_calls *calls, uint64_t session);

#endif
