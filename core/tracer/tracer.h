/* The tracer has the seed's functions (doc/GLOSSARY.md, "seed"), one to one, for any number of
   sessions. Each appends the events that the seed's would have pushed, in its order, with its
   args. doc/FEED.md lists the differences.

   Each operation has a context: the session, the time, the agent. An optional number is absent
   if NAN, an optional text if its bytes are NULL; optional booleans are enum tristate. Texts are
   WTF-8, borrowed for the call. */
#ifndef CORE_TRACER_H
#define CORE_TRACER_H

#include "core/tracer/registry.h"

enum tracer_result {
    TRACER_OK,
    TRACER_NOT_OPEN, /* an end for a span that is not open: counted by the caller, nothing done */
    TRACER_NO_MEMORY
};

struct op_context {
    session_no session;
    double t_ms;           /* Unix epoch; the operation's own time */
    int64_t local_ns;      /* when it arrived, on the local clock */
    struct slice agent_id; /* absent, or the session's id: the main agent */
};

/* Returns new; NULL: out of memory. `swarm` is borrowed. */
struct tracer *tracer_new(struct swarm *swarm);
void tracer_free(struct tracer *tracer);

/* initializePerfettoTracing. Opens the session (in the live pool) with its main agent, or finds
   the one of that id, whose start stays. *session is its number. `agent_id` absent: the main
   agent is the session's own. */
struct hello_op {
    struct slice session_id, name, agent_id, parent_session_id;
    const char *source; /* for people */
};
enum tracer_result tracer_hello(struct tracer *tracer, double t_ms, int64_t local_ns,
                                const struct hello_op *op, session_no *session);

/* Runs the sweep ticks up to the operation's time, then moves the clock to it. Every function
   below does so first; for a raw event, whose ts is a time too, the feed calls it. */
enum tracer_result tracer_advance(struct tracer *tracer, const struct op_context *context);

enum tracer_result tracer_register_agent(struct tracer *tracer, const struct op_context *context,
                                         struct slice agent_id, struct slice name,
                                         struct slice parent_id);
enum tracer_result tracer_unregister_agent(struct tracer *tracer, const struct op_context *context,
                                           struct slice agent_id);

struct start_llm_request_op {
    struct slice span_id, model, message_id, query_source;
    double prompt_tokens;
    enum tristate is_speculative;
};
enum tracer_result tracer_start_llm_request(struct tracer *tracer, const struct op_context *context,
                                            const struct start_llm_request_op *op);

struct end_llm_request_op {
    struct slice span_id, message_id, error;
    double ttft_ms, ttlt_ms, prompt_tokens, output_tokens, cache_read_tokens, cache_creation_tokens;
    double request_setup_ms;
    enum tristate success;
    const double *attempt_start_times; /* epoch ms; NULL: absent, which is not the same as none */
    size_t attempt_count;
};
enum tracer_result tracer_end_llm_request(struct tracer *tracer, const struct op_context *context,
                                          const struct end_llm_request_op *op);

enum tracer_result tracer_start_tool(struct tracer *tracer, const struct op_context *context,
                                     struct slice span_id, struct slice tool_name,
                                     struct slice args_json); /* a raw object, or absent */
struct end_tool_op {
    struct slice span_id, error;
    double result_tokens;
    enum tristate success;
};
enum tracer_result tracer_end_tool(struct tracer *tracer, const struct op_context *context,
                                   const struct end_tool_op *op);

enum tracer_result tracer_start_user_input(struct tracer *tracer, const struct op_context *context,
                                           struct slice span_id, struct slice what);
enum tracer_result tracer_end_user_input(struct tracer *tracer, const struct op_context *context,
                                         struct slice span_id, struct slice decision,
                                         struct slice source);
enum tracer_result tracer_start_interaction(struct tracer *tracer, const struct op_context *context,
                                            struct slice span_id, double user_prompt_length);
enum tracer_result tracer_end_interaction(struct tracer *tracer, const struct op_context *context,
                                          struct slice span_id);
enum tracer_result tracer_instant(struct tracer *tracer, const struct op_context *context,
                                  struct slice name, struct slice cat, struct slice args_json);
enum tracer_result tracer_counter(struct tracer *tracer, const struct op_context *context,
                                  struct slice name, struct slice values_json);
/* The exit handler: closes the session's open spans at its clock, incomplete. */
enum tracer_result tracer_end_session(struct tracer *tracer, const struct op_context *context);

/* Beyond the seed: progress of a running request. Appends nothing. */
enum tracer_result tracer_first_token(struct tracer *tracer, const struct op_context *context,
                                      struct slice span_id);
enum tracer_result tracer_progress(struct tracer *tracer, const struct op_context *context,
                                   struct slice span_id, double output_tokens);
enum tracer_result tracer_attempt(struct tracer *tracer, const struct op_context *context,
                                  struct slice span_id, double attempt, struct slice error,
                                  double retry_in_ms);

/* ---- for updates ---- */

/* Opens the session with its main agent, unless it is open. No metadata events are appended: the
   document writes the names that its agents then have. False: out of memory. */
bool tracer_open(struct tracer *tracer, struct registry_session *session, double start_ms);
/* Registers the agent, unless it is registered. False: out of memory. */
bool tracer_register(struct tracer *tracer, struct registry_session *session,
                     struct registered *agent);
/* The track of a registered agent. NO_TRACK: out of memory. */
track_no tracer_track(struct tracer *tracer, const struct registry_session *session,
                      struct registered *agent);
/* Sweeps what is due by that time, then moves the session's clock to it. */
enum tracer_result tracer_move_clock(struct tracer *tracer, struct registry_session *session,
                                     double t_ms, int64_t local_ns);
/* Whether a clock has come to the next_due_ms of a session since the last call: calls of updates
   may be due. */
bool tracer_take_due(struct tracer *tracer);
/* The tick of the stale sweep that closes what began at start_ms in a session that began at
   session_ms (the seed's evictStaleSpans): the first of every minute at which it is older than
   thirty minutes. */
double tracer_stale_tick(double session_ms, double start_ms);

#endif
