/* The parts of the tracer, shared by the .c files of core/tracer. No other room includes this. */
#ifndef CORE_TRACER_PRIVATE_H
#define CORE_TRACER_PRIVATE_H

#include "core/base/u64map.h"
#include "core/tracer/print.h"
#include "core/tracer/tracer.h"

/* The seed's AgentInfo, and what getProcessIdForAgent remembers of the id. */
struct registered {
    intern_id agent_id, name, parent_id;
    int64_t pid, tid;
    int64_t mapped_pid; /* of agentIdToProcessId; 0: none */
    bool known;         /* in the registry */
};

/* The seed's PendingSpan. A swept one is out of the session's list; its owner may still end it,
   which matters to the screen alone. */
struct pending {
    struct pending *prev, *next; /* in the order of starts */
    struct pending *chain;       /* of the table of span ids */
    char *span_id;
    size_t span_id_len;
    uint64_t hash;
    struct begun_span begun; /* its args are those in `args` */
    struct strbuf args;      /* a raw object */
    uint64_t begin_no;
    double first_token_ms; /* epoch; NAN: unknown */
    double *attempts;      /* epoch ms, of `attempt` operations */
    size_t attempt_count, attempt_cap;
    bool first_attempt_known;
    bool swept;
};

struct trace_session {
    session_no number;
    uint64_t serial;
    double start_ms;
    double clock_ms;   /* the greatest t so far */
    double next_tick;  /* the sweep's next tick is at start_ms + next_tick * 60 s */
    intern_id main_id; /* the key of the main agent: the session's id, or the teammate's own */
    intern_id main_name, main_parent;
    int64_t last_pid; /* processIdCounter */
    struct registered *agents;
    size_t agent_count, agent_cap;
    struct u64map agent_by_id;
    struct pending *first, *last; /* open spans */
    struct pending **table;       /* by hash of the span id; swept ones too */
    size_t table_cap, table_count;
};

struct tracer {
    struct swarm *swarm;
    const struct mem *mem;
    struct trace_session *sessions; /* by session_no; start_ms NAN: not one of the tracer's */
    size_t session_count, session_cap;
    bool quiet; /* an update registers agents: no metadata events */
};

/* tracer.c */
/* The seed's getTimestamp: µs since the session's start. */
double tracer_ts(const struct trace_session *session, double t_ms);
bool tracer_push(struct tracer *tracer, const struct trace_event *event, uint64_t *number);
/* Sweeps, moves the clock, and returns the session, new if necessary; NULL: out of memory. */
struct trace_session *tracer_enter(struct tracer *tracer, const struct op_context *context);
/* The seed's getCurrentAgentInfo; NULL: out of memory. */
struct registered *tracer_agent(struct tracer *tracer, struct trace_session *session,
                                struct slice agent_id);
/* tracer_metadata.c */
intern_id tracer_put_text(struct tracer *tracer, const char *text, size_t len);
struct slice tracer_text(struct tracer *tracer, intern_id id);
/* emitProcessMetadata, and whose process it is. */
bool tracer_emit_metadata(struct tracer *tracer, struct trace_session *session,
                          struct registered *agent, bool is_main);
track_no tracer_track(struct tracer *tracer, const struct trace_session *session,
                      const struct registered *agent);

/* tracer_sweep.c: runs the ticks up to that time. False: out of memory. */
bool tracer_run_ticks(struct tracer *tracer, struct trace_session *session, double t_ms);

/* tracer_span.c */
struct pending *pending_find(const struct trace_session *session, struct slice span_id);
void pending_remove(struct tracer *tracer, struct trace_session *session, struct pending *pending);
/* Takes it off the list of open spans. */
void pending_unlink(struct trace_session *session, struct pending *pending);
/* Ends it incomplete or evicted, with its begin's args (closing, the sweep). */
bool pending_close(struct tracer *tracer, struct pending *pending, double now_us,
                   enum ending ending);

#endif
