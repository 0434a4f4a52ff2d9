/* What the two files of hooks share: claude_hook.c (sessions, turns, agents) and claude_hook_calls.c (tools, waits). */
#ifndef INGEST_CLAUDE_HOOK_PRIVATE_H
#define INGEST_CLAUDE_HOOK_PRIVATE_H

#include "ingest/claude/claude_hook.h"
#include "ingest/claude/claude_update.h"
#include "ingest/claude/hook_calls.h"

/* A session that hooks have told of. */
struct hook_session {
    uint64_t session;      /* hook_hash of its id */
    struct hook_word turn; /* the one that runs; empty: none does */
    double turn_ms;        /* when it began */
};

struct claude_hooks {
    const struct mem *mem;
    struct hook_calls calls;
    struct hook_session *sessions; /* the newest last */
    size_t session_count, session_cap;
    uint64_t made;  /* ids made where a payload has none */
    bool said_full; /* that more is open than can be remembered */
    struct strbuf
        text; /* decoded texts of the payload that is being taken; never moves meanwhile */
    struct strbuf args, scratch;
};

struct hook_event {
    struct claude_hooks *hooks;
    struct ingest_ctx *ingest;
    struct correlator *correlator;
    struct json_value payload;
    struct slice session_id, agent_id; /* agent_id absent: the main agent */
    int64_t local_ns;
    struct hook_session *session; /* NULL: not known, and this event opens none */
    uint64_t session_hash, agent; /* hook_hash of the ids; the main agent's: 0 */
    double t_ms;
    const char *wrong; /* set: what is missing */
};

/* The text of a member, or of a value; bytes NULL where it is none, or empty. Borrowed for the event. */
struct slice hook_text(struct hook_event *e, const char *key);
struct slice hook_text_of(struct hook_event *e, struct json_value value);
/* Milliseconds that a member says; NAN: none that make sense. */
double hook_ms(const struct hook_event *e, const char *key);
/* An update of the event's session and agent. What follows only from nothing more having come has
   PRECEDENCE_INFERRED: any other source knows better. */
struct update hook_update(const struct hook_event *e, enum update_op op,
                          enum precedence precedence);
struct update hook_call_update(const struct hook_event *e, enum call_kind kind, struct slice id,
                               enum precedence precedence);
bool hook_send(const struct hook_event *e, const struct update *update);
/* A line for the log: "WHAT: DETAIL". */
void hook_say(const struct hook_event *e, enum notice_level level, const char *what,
              struct slice detail);

/* claude_hook_calls.c. False: out of memory. */
bool hook_pre_tool_use(struct hook_event *e);
bool hook_post_tool_use(struct hook_event *e);
bool hook_post_tool_use_failure(struct hook_event *e);
bool hook_post_tool_batch(struct hook_event *e);
bool hook_permission_request(struct hook_event *e);
bool hook_permission_denied(struct hook_event *e);
bool hook_notification(struct hook_event *e);
bool hook_elicitation(struct hook_event *e);
bool hook_elicitation_result(struct hook_event *e);
/* Nothing of the event's agent runs any more, at `at_ms`; with `waiting` set: what waits for a person does not. */
bool hook_end_calls(struct hook_event *e, double at_ms, bool waiting);
/* The session does not wait for a prompt any more. */
bool hook_end_idle(struct hook_event *e);

/* claude_hook.c: the turn that runs has ended, as a guess or not. */
bool hook_end_turn(struct hook_event *e, enum precedence precedence, double at_ms);

#endif
