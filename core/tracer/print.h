/* The printer of a call's Chrome Trace events: its begin, its phases, its end. The tracer's
   operations and the records of updates both print here, with the args that the seed writes
   (perfettoTracing.ts: start*Span and end*Span). */
#ifndef CORE_TRACER_PRINT_H
#define CORE_TRACER_PRINT_H

#include "core/model/record.h"

struct trace_event {
    char ph;
    intern_id name, cat;
    track_no track;
    double ts_us; /* from the session's origin */
    struct slice args;
};

/* Receives printed events. False: out of memory, or the reader has enough; printing stops. */
struct event_sink {
    bool (*put)(struct event_sink *sink, const struct trace_event *event);
};

/* The values of a call. A text is absent if its bytes are NULL, a number if NAN. */
struct call_values {
    struct slice name;      /* of a tool */
    struct slice args_json; /* of a tool: a raw object */
    struct slice model, query_source, message_id, error, context, decision, decision_source;
    struct slice child_agent_id;
    enum tristate success, is_speculative;
    enum outcome outcome; /* printed where it is OUTCOME_REFUSED or OUTCOME_INTERRUPTED */
    double prompt_length, prompt_tokens, result_tokens, context_window;
    struct request_shape request; /* of the end of a request; its rates are set */
    const double *claim;          /* of an agent's run: tokens as in struct record; NULL: none */
};
extern const struct call_values no_call_values; /* everything is absent */

/* A span that has begun: what its end repeats. */
struct begun_span {
    intern_id name, cat;
    track_no track;
    double start_us;
    struct slice args; /* of its begin, a raw object */
};

/* How a span ends: by itself, with its session, or by the stale sweep. */
enum ending { ENDING_DONE, ENDING_INCOMPLETE, ENDING_EVICTED };

/* Appends the args of a begin. Lack of memory sets out->failed. */
void print_begin_args(enum call_kind kind, const struct call_values *values, struct strbuf *out);
/* Puts the phases of a request that is done, then the end. `kind` is that of the operation which
   ends it. False: out of memory, or the sink stopped. */
bool print_end(const struct swarm *swarm, enum call_kind kind, enum ending ending,
               const struct begun_span *begun, double end_us, const struct call_values *values,
               struct event_sink *sink);

/* The events of a record that has a span, as the model shows it. */
bool print_record_begin(const struct swarm *swarm, const struct record *record,
                        struct event_sink *sink);
bool print_record_end(const struct swarm *swarm, const struct record *record,
                      struct event_sink *sink);
/* The args of a span: its end's where it has them, else its begin's. Bytes NULL: none, or out of
   memory. Borrowed until the next call: those of a record are printed into a buffer of the
   model's. */
struct slice print_span_args(const struct swarm *swarm, const struct span *span);

#endif
