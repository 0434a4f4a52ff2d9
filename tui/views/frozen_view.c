/* Numbers of spans are never used twice, so they stay true while the model changes. An agent and a
   session have their serial number as well. The progress of a request is asked for again. */
#include "tui/views/frozen_view.h"

#include "tui/views/frame.h"
#include "tui/views/stalled_flag.h"

#include <math.h>

struct frozen_agent {
    uint64_t serial; /* 0: it had no row */
    uint8_t state;   /* enum agent_state */
    int64_t since_ns;
    span_no span;
};

struct frozen_session {
    uint64_t serial;
    int64_t now_ns;
    double cost_usd; /* NAN: not reported */
};

struct frozen_view {
    const struct mem *mem;
    const struct swarm *swarm; /* borrowed */
    struct past past;
    struct frozen_agent *agents; /* by agent_no */
    span_no *inflight;
    bool *stalled_then;              /* by place in `inflight` */
    struct frozen_session *sessions; /* by session_no */
    size_t agent_count, inflight_count, session_count;
    struct held_up held;
    struct stalled stalled;
};

static const struct frozen_session *session_then(const struct frozen_view *frozen,
                                                 session_no session)
{
    const struct frozen_session *then =
        session < frozen->session_count ? &frozen->sessions[session] : NULL;
    bool same = then != NULL && then->serial == swarm_session_serial(frozen->swarm, session);
    return same ? then : NULL;
}

static int64_t past_now(void *ctx, session_no session)
{
    const struct frozen_session *then = session_then(ctx, session);
    return then != NULL ? then->now_ns : INT64_MIN;
}

static double past_cost(void *ctx, session_no session)
{
    const struct frozen_session *then = session_then(ctx, session);
    return then != NULL ? then->cost_usd : (double)NAN;
}

static uint8_t past_state(void *ctx, agent_no agent)
{
    const struct frozen_view *frozen = ctx;
    struct agent_status status;
    return frozen_view_status(frozen, frozen->swarm, agent, &status) ? (uint8_t)status.state
                                                                     : UINT8_MAX;
}

struct frozen_view *frozen_view_new(const struct frame *frame)
{
    const struct mem *mem = frame->state->mem;
    size_t agents = swarm_agent_count(frame->swarm), spans = frame->inflight_count;
    size_t sessions = swarm_session_count(frame->swarm);
    struct frozen_view *frozen = mem_zalloc(mem, 1, sizeof *frozen);
    if (frozen == NULL) {
        return NULL;
    }
    *frozen = (struct frozen_view){
        .mem = mem,
        .swarm = frame->swarm,
        .past = {past_now, past_cost, past_state, frozen},
        .agent_count = agents,
        .inflight_count = spans,
        .session_count = sessions,
        .held.mem = mem,
        .stalled.mem = mem,
    };
    frozen->sessions = mem_zalloc(mem, sessions + 1, sizeof *frozen->sessions);
    frozen->agents = mem_zalloc(mem, agents + 1, sizeof *frozen->agents);
    frozen->inflight = mem_zalloc(mem, spans + 1, sizeof *frozen->inflight);
    frozen->stalled_then = mem_zalloc(mem, spans + 1, sizeof *frozen->stalled_then);
    bool waits = frozen->stalled_then != NULL && held_up_copy(&frame->held, mem, &frozen->held) &&
                 stalled_copy(&frame->stalled, mem, &frozen->stalled);
    if (frozen->agents == NULL || frozen->inflight == NULL || frozen->sessions == NULL || !waits) {
        frozen_view_free(frozen);
        return NULL;
    }
    for (size_t i = 0; i < frame->rows.node_count; i++) {
        const struct tree_node *node = &frame->rows.nodes[i];
        frozen->agents[node->agent] = (struct frozen_agent){
            swarm_agent(frame->swarm, node->agent)->serial, (uint8_t)node->status.state,
            node->status.since_ns, node->status.span};
    }
    for (size_t i = 0; i < sessions; i++) {
        const struct session *session = swarm_session(frame->swarm, (session_no)i);
        frozen->sessions[i] = (struct frozen_session){
            swarm_session_serial(frame->swarm, (session_no)i),
            session != NULL ? swarm_session_present(frame->swarm, (session_no)i, frame->local_ns)
                            : frame->now_ns,
            session != NULL ? session->cost_usd : (double)NAN};
    }
    for (size_t i = 0; i < spans; i++) {
        frozen->inflight[i] = frame->inflight[i];
        frozen->stalled_then[i] = stalled_flag_call(frame, frame->inflight[i]);
    }
    return frozen;
}

void frozen_view_free(struct frozen_view *frozen)
{
    if (frozen == NULL) {
        return;
    }
    const struct mem *mem = frozen->mem;
    held_up_release(&frozen->held);
    stalled_release(&frozen->stalled);
    mem_free(mem, frozen->agents, (frozen->agent_count + 1) * sizeof *frozen->agents);
    mem_free(mem, frozen->stalled_then,
             frozen->stalled_then == NULL ? 0 : (frozen->inflight_count + 1) * sizeof(bool));
    mem_free(mem, frozen->inflight, (frozen->inflight_count + 1) * sizeof *frozen->inflight);
    mem_free(mem, frozen->sessions, (frozen->session_count + 1) * sizeof *frozen->sessions);
    mem_free(mem, frozen, sizeof *frozen);
}

int64_t frozen_view_now(const struct frozen_view *frozen, session_no session, int64_t unless)
{
    const struct frozen_session *then = session_then(frozen, session);
    return then != NULL ? then->now_ns : unless;
}

const struct past *frozen_view_past(const struct frozen_view *frozen)
{
    return &frozen->past;
}

bool frozen_view_status(const struct frozen_view *frozen, const struct swarm *swarm, agent_no agent,
                        struct agent_status *out)
{
    if (agent >= frozen->agent_count || frozen->agents[agent].serial == 0 ||
        frozen->agents[agent].serial != swarm_agent(swarm, agent)->serial) {
        return false;
    }
    const struct frozen_agent *then = &frozen->agents[agent];
    const struct span *span = swarm_span(swarm, then->span);
    *out = (struct agent_status){
        .state = (enum agent_state)then->state,
        .since_ns = then->since_ns,
        .span = then->span,
        .live = span != NULL ? request_progress_get(swarm, span->begin_no) : NULL,
    };
    return true;
}

const span_no *frozen_view_inflight(const struct frozen_view *frozen, size_t *count)
{
    *count = frozen->inflight_count;
    return frozen->inflight;
}

bool frozen_view_waits(const struct frozen_view *frozen, const struct mem *mem,
                       struct held_up *held, struct stalled *stalled)
{
    return held_up_copy(&frozen->held, mem, held) && stalled_copy(&frozen->stalled, mem, stalled);
}

bool frozen_view_stalled(const struct frozen_view *frozen, span_no call)
{
    for (size_t i = 0; i < frozen->inflight_count; i++) {
        if (frozen->inflight[i] == call) {
            return frozen->stalled_then[i];
        }
    }
    return false;
}
