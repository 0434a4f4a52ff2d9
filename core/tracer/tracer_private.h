/* The parts of the tracer, shared by the .c files of core/tracer. No other room includes this. */
#ifndef CORE_TRACER_PRIVATE_H
#define CORE_TRACER_PRIVATE_H

#include "core/model/swarm_edit.h"
#include "core/tracer/print.h"
#include "core/tracer/registry.h"
#include "core/tracer/tracer.h"

/* The seed's PendingSpan. A swept one is out of the session's list; its owner may still end it,
   which matters to the screen alone. */
/* An attempt of a request; epoch ms. */
struct pending_attempt {
    double reported_ms;
    double begins_ms; /* after the pause that was announced, unless it began sooner */
};

struct pending {
    struct pending *prev, *next;   /* in the order of starts */
    struct pending *older, *newer; /* of all sessions, swept ones too */
    session_no session;
    struct pending *chain; /* of the table of span ids */
    char *span_id;
    size_t span_id_len;
    uint64_t hash;
    struct begun_span begun; /* its args are those in `args` */
    struct strbuf args;      /* a raw object */
    uint64_t begin_no;
    double due_tick;       /* the tick of the sweep that closes it, counted from the start */
    double first_token_ms; /* epoch; NAN: unknown */
    struct pending_attempt *attempts; /* of `attempt` operations */
    size_t attempt_count, attempt_cap;
    bool first_attempt_known;
    bool swept;
};

struct tracer {
    struct swarm *swarm;
    const struct mem *mem;
    struct registry_session *sessions; /* by session_no */
    size_t session_count, session_cap;
    struct pending *oldest, *newest; /* of all that are open */
    size_t pending_count;
    bool quiet; /* an update registers agents: no metadata events */
    bool due;   /* tracer_take_due */
};

/* registry.c */
void registry_release(struct tracer *tracer, struct registry_session *session);
/* Marks the names of the row. */
void registry_mark_names(const struct registry_session *session, struct name_marks *marks);
/* The agent that is registered under that very id, new if necessary. NULL: out of memory. */
struct registered *registry_agent_of(struct tracer *tracer, struct registry_session *session,
                                     intern_id id);
/* The main agent has that id. False: out of memory. */
bool registry_name_main(struct tracer *tracer, struct registry_session *session, intern_id id);

/* tracer.c */
/* The seed's getTimestamp: µs since the session's start. */
double tracer_ts(const struct registry_session *session, double t_ms);
bool tracer_push(struct tracer *tracer, const struct trace_event *event, uint64_t *number);
/* Sweeps, moves the clock, and returns the session, new if necessary; NULL: out of memory. */
struct registry_session *tracer_enter(struct tracer *tracer, const struct op_context *context);
/* The seed's getCurrentAgentInfo; NULL: out of memory. */
struct registered *tracer_agent(struct tracer *tracer, struct registry_session *session,
                                struct slice agent_id);
/* tracer_metadata.c */
intern_id tracer_put_text(struct tracer *tracer, const char *text, size_t len);
struct slice tracer_text(struct tracer *tracer, intern_id id);
/* emitProcessMetadata, and whose process it is. */
bool tracer_emit_metadata(struct tracer *tracer, struct registry_session *session,
                          struct registered *agent, bool is_main);

/* tracer_sweep.c */
/* Closes what is due by that time. False: out of memory. */
bool tracer_sweep(struct tracer *tracer, struct registry_session *session, double t_ms);
/* The operation has begun a span: the sweep will close it. */
void tracer_sweep_later(struct registry_session *session, struct pending *pending);

/* tracer_span.c */
/* Nobody will end what the sweep closed. */
void pending_forget_swept(struct tracer *tracer, struct registry_session *session);
struct pending *pending_find(const struct registry_session *session, struct slice span_id);
void pending_remove(struct tracer *tracer, struct registry_session *session,
                    struct pending *pending);
/* Takes it off the list of open spans: nothing will be appended to its track. */
void pending_unlink(struct tracer *tracer, struct registry_session *session,
                    struct pending *pending);
/* Returns the open span that the operation ends. NULL: see *result. */
struct pending *pending_find_open(struct tracer *tracer, const struct op_context *context,
                                  struct slice span_id, struct registry_session **session,
                                  enum tracer_result *result);
/* Appends its end. False: out of memory. */
bool pending_end(struct tracer *tracer, struct pending *pending, enum call_kind kind,
                 enum ending ending, double now_us, const struct call_values *values);
/* Ends it incomplete or evicted, with its begin's args (closing, the sweep). */
bool pending_close(struct tracer *tracer, struct pending *pending, double now_us,
                   enum ending ending);

#endif
