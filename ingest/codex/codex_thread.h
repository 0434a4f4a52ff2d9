/* Lines of a Codex rollout: bytes in, updates out. A rollout has one thread, which is an agent; the
   session is that of the root thread. Lines are {timestamp, type, payload}; seen in versions up to
   0.171. */
#ifndef INGEST_CODEX_THREAD_H
#define INGEST_CODEX_THREAD_H

#include "core/base/intern.h"
#include "ingest/transcript_tree.h"

/* A call of a tool without an output yet. */
struct codex_tool {
    intern_id id;
    bool ended; /* its end is known: the output comes later */
    bool asks;  /* it wants to leave the sandbox: a person may be asked first */
    double start_ms;
};

enum { CODEX_ABORTED = 8 };

struct codex_request {
    intern_id turn;     /* in which it began */
    unsigned number;    /* in the thread, from 1 */
    bool open;          /* the model works on it, as far as the file shows */
    double start_ms;    /* not before this time; no line has it */
    double first_ms;    /* of its first token; NAN: unknown */
    double usage_total; /* old versions: the thread's tokens at the last count; NAN: none */
    bool has_records;   /* the version reports the usage of each request */
};

struct codex_thread {
    struct tree_file *file; /* borrowed */
    struct intern *texts;
    intern_id thread, session, parent, model;
    double meta_ms; /* when the thread was made; NAN: unknown */
    double window;  /* tokens of the model's context; NAN: unknown */
    intern_id turn; /* that is open; INTERN_NONE: none */
    double turn_ms; /* its start */
    bool own_turn;  /* it has an id that no other thread has: nothing in it is a copy */
    bool has_turns; /* the version marks the start of turns */
    struct codex_request request;
    struct codex_request turn_request; /* the turn's first, as it began; number 0: none yet */
    struct codex_tool *tools;          /* the open ones */
    size_t tool_count, tool_cap;
    /* The last calls that were aborted, perhaps before they ran: they have no item then. */
    intern_id aborted[CODEX_ABORTED];
    unsigned aborted_next;

    /* codex_process.c: */
    struct {
        bool alive;      /* as it was reported last */
        bool registered; /* in client_processes.h */
        double ended_ms; /* when its end was reported; 0: it was not */
        bool unlocked;   /* lines came though nobody held the lock: it is no sign here */
    } process;
};

/* For struct tree_client. */
bool codex_thread_begin(struct tree_file *file);
void codex_thread_end(struct tree_file *file);
void codex_thread_take(struct tree_file *file, struct json_value line);

/* Returns true while a turn is open. */
static inline bool codex_thread_is_busy(const struct codex_thread *thread)
{
    return thread->turn != INTERN_NONE;
}
/* Returns whether it is the session's main thread. */
static inline bool codex_thread_is_root(const struct codex_thread *thread)
{
    return thread->thread == thread->session;
}
/* Ends the open turn, and what is open in it, at that time. */
void codex_thread_stop(struct codex_thread *thread, double at_ms, enum outcome outcome);

/* ---- for the files of this room ---- */

struct slice codex_text(const struct codex_thread *thread, intern_id id);
/* Returns the number of an id of the file; INTERN_NONE: it has no bytes, or memory is lacking. */
intern_id codex_put(struct codex_thread *thread, struct json_value id);
intern_id codex_put_text(struct codex_thread *thread, struct slice text);

/* codex_types.c: counts a type that is not among those which nothing here reads. */
enum codex_typed { CODEX_LINE, CODEX_RESPONSE, CODEX_EVENT, CODEX_ITEM };
void codex_note_type(struct codex_thread *thread, enum codex_typed what, struct json_value type);

/* codex_requests.c */

/* The model may be working from now on. */
void codex_request_begin(struct codex_thread *thread, double at_ms);
void codex_request_first_token(struct codex_thread *thread, double at_ms);
/* A token_usage_record, with which a request has ended. */
void codex_request_take_usage(struct codex_thread *thread, struct json_value payload, double at_ms);
/* A token_count, which in older versions is the end of a request. */
void codex_request_take_count(struct codex_thread *thread, struct json_value payload, double at_ms);
/* The turn's first token, measured from its start. */
void codex_request_take_turn(struct codex_thread *thread, struct json_value payload);
/* Ends the open request, of whose usage nothing is known. */
void codex_request_end(struct codex_thread *thread, double at_ms);
/* Ends the open request: it failed, or was stopped. `error` may be absent. */
void codex_request_fail(struct codex_thread *thread, double at_ms, enum outcome outcome,
                        struct slice error);

/* codex_tools.c */

/* A response_item whose type ends in "_call". */
void codex_tools_take_call(struct codex_thread *thread, struct json_value payload, double at_ms);
/* A response_item whose type ends in "_output". */
void codex_tools_take_output(struct codex_thread *thread, struct json_value payload, double at_ms);
/* The item of item_completed, where it is a tool's. */
void codex_tools_take_item(struct codex_thread *thread, struct json_value payload,
                           struct json_value item, double at_ms);
/* An event whose type ends in "_end" (exec_command_end, mcp_tool_call_end), of older versions. */
void codex_tools_take_end(struct codex_thread *thread, struct json_value payload, double at_ms);
void codex_tools_stop(struct codex_thread *thread, double at_ms, enum outcome outcome);

#endif
