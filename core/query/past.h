/* A moment of the past, for a display that is frozen. The model keeps no earlier states, but it
   knows when each span began and ended: a span that ended later was open then, one that began later
   did not exist. The caller knows the rest of that moment. */
#ifndef CORE_QUERY_PAST_H
#define CORE_QUERY_PAST_H

#include "core/model/swarm.h"

struct past {
    /* The session's time then; INT64_MIN: it came later. */
    int64_t (*now_ns)(void *ctx, session_no session);
    /* The cost of the session then; NAN: not reported. */
    double (*cost_usd)(void *ctx, session_no session);
    /* The agent's state then, an enum agent_state; UINT8_MAX: it came later. */
    uint8_t (*state)(void *ctx, agent_no agent);
    void *ctx;
};

/* Returns the span as it was then, NULL if it began later. It is borrowed from the model, or a copy
   in *room. `past` NULL: as it is; `span` may be NULL. */
const struct span *past_span(const struct past *past, const struct swarm *swarm,
                             const struct span *span, struct span *room);
/* Returns its end as swarm_span_end_ns does; what was open then ends then. `span`: of past_span. */
int64_t past_span_end_ns(const struct past *past, const struct swarm *swarm,
                         const struct span *span, int64_t local_ns);
/* Returns the session's time then; without a past, swarm_session_now. */
int64_t past_session_now(const struct past *past, const struct swarm *swarm, session_no session,
                         int64_t local_ns);

/* Returns the time of the last that the agent had done then; without a past, agent->last_ns. */
int64_t past_agent_last_ns(const struct past *past, const struct swarm *swarm,
                           const struct agent *agent);

/* The spans that were open then, and questions that the sweep had closed in the trace. */
struct past_open {
    const struct past *past;
    const struct swarm *swarm;
    span_no no; /* the span that was returned last */
    bool begun;
    struct span room;
};

static inline struct past_open past_open(const struct past *past, const struct swarm *swarm)
{
    return (struct past_open){.past = past, .swarm = swarm, .no = NO_SPAN};
}

/* Returns the next, and sets `no` to its number; NULL: there are no more. Without a past the model
   knows them; else each span is looked at. */
const struct span *past_open_next(struct past_open *open);

#endif
