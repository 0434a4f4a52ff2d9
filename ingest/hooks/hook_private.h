/* Shared by the files of this room: hook_payload.c, hook_sessions.c (sessions, interactions,
   agents), hook_tools.c, hook_tools_no_ids.c, hook_waits.c and hook_runs.c. */
#ifndef INGEST_HOOK_PRIVATE_H
#define INGEST_HOOK_PRIVATE_H

#include "ingest/client_wait.h"
#include "ingest/hooks/hook_dialect.h"
#include "ingest/hooks/hook_open_calls.h"

/* A session with hooks. */
struct hook_session {
    uint64_t session;              /* hook_hash of its id */
    struct hook_label interaction; /* the id of the open one; empty: none */
    double interaction_ms;         /* when it began */
};

/* The memory of one client's payloads. */
struct hooks {
    const struct mem *mem;
    const struct hook_client *client;
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
    struct hooks *hooks;
    const struct hook_dialect *dialect;
    struct ingest_ctx *ingest;
    struct correlator *correlator;
    struct json_value payload;
    const struct hook_arrival *arrival;
    struct slice session_id, agent_id; /* agent_id absent: the main agent */
    int64_t local_ns;
    struct hook_session *session; /* NULL: unknown, and this event opens none */
    uint64_t session_hash, agent; /* hook_hash of the ids; the main agent's: 0 */
    double t_ms;
    char id_room[CLIENT_ID_BYTES];    /* of a call's id that is too long, as files shorten it */
    char shown_room[CLIENT_ID_BYTES]; /* of one that another agent has too */
    const char *wrong;                /* why the payload is rejected; NULL: it is not */
};

/* Returns an event that no hook has sent: it has no payload. */
struct hook_event hook_event_of(const struct hook_client *client, struct hooks *hooks,
                                struct ingest_ctx *ingest, struct slice session_id, double at_ms);

/* Returns the text of a member or value, borrowed for the event. Bytes are NULL if it is empty or
   no string. */
struct slice hook_text(struct hook_event *e, const char *key);
struct slice hook_text_of(struct hook_event *e, struct json_value value);
/* Returns a member in ms; NAN: absent or out of range. */
double hook_ms(const struct hook_event *e, const char *key);
/* Returns the id of a call, as the model has it; bytes NULL: the object has none. Borrowed for the
   event, or until the next. */
struct slice hook_call_id(struct hook_event *e, struct json_value object);
/* Returns the id of the event's turn; bytes NULL: it has none. */
struct slice hook_turn(struct hook_event *e);
/* Returns an update of the event's session and agent. Conclusions from a missing event have
   PRECEDENCE_INFERRED, so any other source replaces them. */
struct update hook_update(const struct hook_event *e, enum update_op op,
                          enum precedence precedence);
struct update hook_call_update(const struct hook_event *e, enum call_kind kind, struct slice id,
                               enum precedence precedence);
/* Sends what the dialect reports, as far as it is trusted. */
bool hook_send(const struct hook_event *e, const struct update *update);
/* The same with the update's own precedence. */
bool hook_send_sure(const struct hook_event *e, const struct update *update);
/* Logs "WHAT: DETAIL". */
void hook_log(const struct hook_event *e, enum log_level level, const char *what,
              struct slice detail);

/* The members of a hook that identify its call. */
struct hook_about {
    struct slice id, name;
    struct json_value input;
    struct hook_subject hashes;
};

struct slice hook_literal(const char *text);
/* Returns the greater; `a` if `b` is NAN. */
double hook_later(double a, double b);
struct hook_about hook_read_about(struct hook_event *e);
/* Returns the hashes of what an object reports of a tool: its name and its input. */
struct hook_subject hook_subject_of(struct hook_event *e, struct slice name,
                                    struct json_value input);
/* Notes in the call what the hook reports of its tool. */
void hook_note_subject(struct hook_open_call *call, const struct hook_about *about);
/* Returns the call that the hook is about; NULL: unknown. */
struct hook_open_call *hook_find_call(struct hook_event *e, const struct hook_about *about);
/* Begins the call's wait for a person, at that time. */
bool hook_begin_wait(struct hook_event *e, struct hook_open_call *call, double at_ms,
                     struct slice what);
/* Returns what a wait for the permission of a tool is called. Borrowed until the next. */
struct slice hook_permission_text(struct hook_event *e, struct slice tool);
/* Adds an open call. NULL: out of memory. */
struct hook_open_call *hook_add_call(struct hook_event *e, enum hook_call_kind kind,
                                     struct slice id);
/* hook_waits.c: returns the open wait of that kind and subject, or a new one, for a wait without a
   known call. NULL: out of memory. */
struct hook_open_call *hook_add_wait(struct hook_event *e, enum hook_call_kind kind,
                                     const char *what, const struct hook_subject *about);
/* hook_waits.c: ends the call's wait, if it has one. */
bool hook_end_wait(struct hook_event *e, enum precedence precedence, struct hook_open_call *call,
                   double at_ms, struct slice decision);
/* Takes over the wait of a permission request that overtook its call. */
bool hook_adopt_wait(struct hook_event *e, struct hook_open_call *call);

/* Opens the session, with its first hook. False: out of memory. */
bool hook_open_session(struct hook_event *e);

/* Each event's. Returns false if out of memory. */
bool hook_pre_tool_use(struct hook_event *e);
bool hook_pre_tool_use_allowed(struct hook_event *e);
bool hook_before_tool(struct hook_event *e);
bool hook_after_tool(struct hook_event *e);
bool hook_tool_permission(struct hook_event *e);
bool hook_post_tool_use(struct hook_event *e);
bool hook_post_tool_use_failure(struct hook_event *e);
bool hook_post_tool_batch(struct hook_event *e);
bool hook_permission_request(struct hook_event *e);
bool hook_permission_denied(struct hook_event *e);
bool hook_notification(struct hook_event *e);
bool hook_elicitation(struct hook_event *e);
bool hook_elicitation_result(struct hook_event *e);
bool hook_session_start(struct hook_event *e);
bool hook_session_end(struct hook_event *e);
bool hook_user_prompt_submit(struct hook_event *e);
bool hook_stop(struct hook_event *e);
bool hook_stop_failure(struct hook_event *e);
bool hook_interrupt(struct hook_event *e);
bool hook_turn_complete(struct hook_event *e);
bool hook_turn_continues(struct hook_event *e);
bool hook_subagent_start(struct hook_event *e);
bool hook_subagent_stop(struct hook_event *e);
/* Ends the open calls of the event's agent at `at_ms`; with `waiting` only those that wait for a
   person. */
bool hook_end_calls(struct hook_event *e, double at_ms, bool waiting);
/* Ends the session's wait for a prompt. */
bool hook_end_idle(struct hook_event *e);
/* A person has stopped the turn. */
bool hook_interrupt_calls(struct hook_event *e);
/* The session ends: so do the calls that are still open. */
bool hook_end_calls_with_session(struct hook_event *e);

/* hook_sessions.c: ends the session's open interaction. */
bool hook_end_interaction(struct hook_event *e, enum precedence precedence, double at_ms);

#endif
