/* Spans that are told as a whole, as far as they are known, and told again when more is: the witness's way into the trace. What is not in the store yet is
   appended, what stands there otherwise is amended in its place, so that in the end the events are those which the tracer's operations would
   have appended had all been known in time. None of them is an open span of the tracer: neither its sweep nor the end of a session touches
   them, who tells of them does it. */
#ifndef CORE_TRACER_TOLD_H
#define CORE_TRACER_TOLD_H

#include "core/tracer/tracer.h"

enum told_kind { TOLD_TOOL, TOLD_REQUEST, TOLD_WAIT, TOLD_TURN };

/* How it ends; later ones are told of by the args (`incomplete`, `evicted`). */
enum told_end { TOLD_OPEN, TOLD_ENDED, TOLD_INCOMPLETE, TOLD_EVICTED };

struct told_span {
    uint8_t kind, end;     /* enum told_kind, enum told_end */
    bool same_begin;       /* the begin is as it was told before: only its end is looked at */
    bool session_over;     /* an evicted one is not in flight any more */
    struct slice agent_id; /* absent: the main agent */
    double start_ms, end_ms;
    struct slice name; /* of a tool */
    /* Of a tool, a raw object; absent: as told before, where it was. */
    struct slice args_json;
    struct slice error, model, query_source, message_id, what, decision, source;
    enum tristate success;
    double ttft_ms, prompt_tokens, output_tokens, cache_read_tokens, cache_creation_tokens;
    double prompt_length;
    const double *attempt_ms; /* from the first, which is the start */
    size_t attempt_count;

    /* Where its events are. Zeros before the first time; what tracer_tell left there then. */
    uint64_t begin_no, end_no; /* 0: none yet */
    uint32_t slots;            /* that many events before end_no are its phases, or their places */
    uint8_t told;              /* enum told_end */
    bool amended; /* set where what was derived does not hold any more: swarm_rederive_session */
};
/* TRACER_NO_MEMORY: what was done so far is noted in `span`; tell it again. Events that were dropped are left alone. */
enum tracer_result tracer_tell(struct tracer *tracer, session_no session, struct told_span *span);

/* Says who an agent is; it is registered when it is not. */
struct told_agent {
    struct slice agent_id, name, description, parent_id; /* absent: as it was */
    int64_t pid;                                         /* set */
};
enum tracer_result tracer_tell_agent(struct tracer *tracer, session_no session,
                                     struct told_agent *agent);

/* Moves the session's clock, which arrived at `local_ns`, and runs the ticks. Its flags stay. */
enum tracer_result tracer_tell_time(struct tracer *tracer, session_no session, double t_ms,
                                    int64_t local_ns);
/* When the session began as far as the trace knows. */
double tracer_start_of(struct tracer *tracer, session_no session);
/* It began earlier, or later: no event moves, their ts do. */
void tracer_tell_start(struct tracer *tracer, session_no session, double start_ms);

#endif
