/* What the files of the tracer (tracer.c, tracer_span.c, llm_request.c) share. Nobody else includes this. */
#ifndef CORE_TRACER_PRIVATE_H
#define CORE_TRACER_PRIVATE_H

#include "core/base/json_args.h"
#include "core/base/u64map.h"
#include "core/tracer/tracer.h"

/* The seed's AgentInfo, and what getProcessIdForAgent remembers of the id. */
struct registered {
    intern_id agent_id, name, parent_id;
    int64_t pid, tid;
    int64_t mapped_pid; /* of agentIdToProcessId; 0: none */
    uint64_t named_no,
        parent_no; /* its metadata events: process_name, with thread_name behind it; parent_agent, 0: none */
    bool known; /* in the registry */
};

/* The seed's PendingSpan. A swept one is out of the session's list; its owner may still end it, which matters to the
   screen alone. */
struct pending {
    struct pending *prev, *next; /* in the order of starts */
    struct pending *chain;       /* of the table of span ids */
    char *span_id;
    size_t span_id_len;
    uint64_t hash;
    intern_id name, cat;
    double start_us; /* since the session's start */
    track_no track;
    struct strbuf args; /* a raw object */
    uint64_t begin_no;
    double first_token_ms; /* epoch; NAN: not said */
    double *attempts;      /* epoch ms, as `attempt` operations said them */
    size_t attempt_count, attempt_cap;
    bool first_attempt_said;
    bool swept;
};

struct trace_session {
    session_no number;
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
    bool (*close)(void *ctx); /* of tracer_set_closer; NULL: none */
    void *close_ctx;
};

/* What every append of a session's span needs. */
struct trace_event {
    char ph;
    intern_id name, cat;
    track_no track;
    double ts_us;
    struct slice args;
};

/* tracer.c */
double tracer_ts(const struct trace_session *session,
                 double t_ms); /* the seed's getTimestamp, µs */
int64_t tracer_ns(double t_ms);
bool tracer_push(struct tracer *tracer, const struct trace_event *event, uint64_t *number);
/* NULL: not one of the tracer's. */
struct trace_session *tracer_find_session(struct tracer *tracer, session_no number);
/* The same, begun when there is none yet. NULL: out of memory. */
struct trace_session *tracer_session(struct tracer *tracer, session_no number);
/* Sweeps, moves the clock, and returns the session, made when there is none; NULL: out of memory. */
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
/* {key: value} */
void tracer_put_metadata_args(struct tracer *tracer, struct strbuf *args, const char *key,
                              intern_id value);
/* Appends the metadata event that names the agent's parent. */
bool tracer_push_parent(struct tracer *tracer, const struct trace_session *session,
                        struct registered *agent);

/* tracer_sweep.c: runs the ticks up to that time. False: out of memory. */
bool tracer_run_ticks(struct tracer *tracer, struct trace_session *session, double t_ms);

/* tracer_span.c */
struct pending *pending_find(const struct trace_session *session, struct slice span_id);
void pending_remove(struct tracer *tracer, struct trace_session *session, struct pending *pending);
/* Takes it off the list of open spans. */
void pending_unlink(struct trace_session *session, struct pending *pending);
/* Ends it with its begin's args, `flag`: true and duration_ms (the sweep, closing). */
bool pending_end_with_flag(struct tracer *tracer, const struct pending *pending, double now_us,
                           const char *flag);

/* The args of a tool's begin. */
void tracer_put_tool_args(struct tracer *tracer, struct slice tool_name, struct slice args_json,
                          struct strbuf *out);

/* Where the events of a request's end go. False: out of memory. */
struct event_sink {
    bool (*put)(struct event_sink *sink, const struct trace_event *event);
};

/* llm_request.c: ends an API Call. `sink` NULL: the events are appended. False: out of memory. */
bool llm_request_end(struct tracer *tracer, const struct trace_session *session,
                     const struct pending *pending, double end_us,
                     const struct end_llm_request_op *op, struct event_sink *sink);

/* A raw JSON value made for one merge, short enough for the stack or borrowed from a strbuf. */
struct arg_list {
    struct strbuf text; /* the values, one after another */
    struct json_arg args[24];
    size_t offsets[24];
    size_t count;
};
void arg_list_init(struct arg_list *list, const struct mem *mem);
void arg_list_release(struct arg_list *list);
void arg_number(struct arg_list *list, const char *key, double value);    /* NAN: undefined */
void arg_text(struct arg_list *list, const char *key, struct slice text); /* NULL: undefined */
void arg_bool(struct arg_list *list, const char *key, bool value);
/* Appends {...base, ...list}. */
void arg_merge(struct arg_list *list, struct strbuf *out, const char *base, size_t len);

#endif
