/* Shared by claude_hook.c (sessions, interactions, agents), claude_hook_tools.c and
   claude_hook_waits.c. */
#ifndef INGEST_CLAUDE_HOOK_PRIVATE_H
#define INGEST_CLAUDE_HOOK_PRIVATE_H

#include "ingest/claude/claude_hook.h"
#include "ingest/claude/claude_update.h"
#include "ingest/claude/hook_open_calls.h"

/* A session with hooks. */
struct hook_session {
    uint64_t session;              /* hook_hash of its id */
    struct hook_label interaction; /* the id of the open one; empty: none */
    double interaction_ms;         /* when it began */
};

struct claude_hooks {
    const struct mem *mem;
    struct hook_open_calls open_calls;
    struct hook_session *sessions; /* the newest last */
    size_t session_count, session_cap;
    uint64_t made;      /* ids made for payloads without one */
    bool reported_new;  /* an event that is not known */
    bool reported_full; /* that the list of open calls is full */
    struct strbuf text; /* decoded texts of the current payload; it never moves meanwhile */
    struct strbuf args, scratch;
};

struct hook_event {
    struct claude_hooks *hooks;
    struct ingest_ctx *ingest;
    struct correlator *correlator;
    struct json_value payload;
    const struct hook_arrival *arrival;
    struct slice session_id, agent_id; /* agent_id absent: the main agent */
    int64_t local_ns;
    struct hook_session *session; /* NULL: unknown, and this event opens none */
    uint64_t session_hash, agent; /* hook_hash of the ids; the main agent's: 0 */
    double t_ms;
    char id_room[CLIENT_ID_BYTES]; /* of a tool's id that is too long, as files shorten it */
    const char *wrong;             /* why the payload is rejected; NULL: it is not */
};

/* Returns the text of a member or value, borrowed for the event. Bytes are NULL if it is empty or
   no string. */
struct slice hook_text(struct hook_event *e, const char *key);
struct slice hook_text_of(struct hook_event *e, struct json_value value);
/* Returns a member in ms; NAN: absent or out of range. */
double hook_ms(const struct hook_event *e, const char *key);
/* Returns an update of the event's session and agent. Conclusions from a missing event have
   PRECEDENCE_INFERRED, so any other source replaces them. */
struct update hook_update(const struct hook_event *e, enum update_op op,
                          enum precedence precedence);
struct update hook_call_update(const struct hook_event *e, enum call_kind kind, struct slice id,
                               enum precedence precedence);
bool hook_send(const struct hook_event *e, const struct update *update);
/* Logs "WHAT: DETAIL". */
void hook_log(const struct hook_event *e, enum log_level level, const char *what,
              struct slice detail);

/* The members of a hook that identify its call. */
struct hook_about {
    struct slice id, name;
    struct json_value input;
    uint64_t name_hash, input_hash;
};

struct slice hook_literal(const char *text);
/* Returns the greater; `a` if `b` is NAN. */
double hook_later(double a, double b);
struct hook_about hook_read_about(struct hook_event *e);
/* Returns the call that the hook is about; NULL: unknown. */
struct hook_open_call *hook_find_call(struct hook_event *e, const struct hook_about *about);
/* Adds an open call. NULL: out of memory. */
struct hook_open_call *hook_add_call(struct hook_event *e, enum hook_call_kind kind,
                                     struct slice id);
/* claude_hook_waits.c: ends the call's wait, if it has one. */
bool hook_end_wait(struct hook_event *e, enum precedence precedence, struct hook_open_call *call,
                   double at_ms, struct slice decision);
/* Takes over the wait of a permission request that overtook its call. */
bool hook_adopt_wait(struct hook_event *e, struct hook_open_call *call);

/* Each event's. Returns false if out of memory. */
bool hook_pre_tool_use(struct hook_event *e);
bool hook_post_tool_use(struct hook_event *e);
bool hook_post_tool_use_failure(struct hook_event *e);
bool hook_post_tool_batch(struct hook_event *e);
bool hook_permission_request(struct hook_event *e);
bool hook_permission_denied(struct hook_event *e);
bool hook_notification(struct hook_event *e);
bool hook_elicitation(struct hook_event *e);
bool hook_elicitation_result(struct hook_event *e);
/* Ends the open calls of the event's agent at `at_ms`; with `waiting` only those that wait for a
   person. */
bool hook_end_calls(struct hook_event *e, double at_ms, bool waiting);
/* Ends the session's wait for a prompt. */
bool hook_end_idle(struct hook_event *e);
/* The session ends: so do the calls that are still open. */
bool hook_end_calls_with_session(struct hook_event *e);

/* claude_hook.c: ends the session's open interaction. */
bool hook_end_interaction(struct hook_event *e, enum precedence precedence, double at_ms);

#endif
