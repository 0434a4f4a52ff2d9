#include "tui/views/stalled_flag.h"

struct stalled_flag stalled_flag_of(const struct frame *frame, agent_no agent,
                                    const struct agent_status *status)
{
    struct stalled_agent of = stalled_of(&frame->stalled, agent);
    const struct span *call = swarm_span(frame->swarm, of.call);
    if (status->state == STATE_USER) {
        return (struct stalled_flag){NULL, INT64_MIN, NO_SPAN};
    }
    if (call != NULL) {
        return (struct stalled_flag){"stalled", call->start_ns, of.call};
    }
    return of.loop != NO_SPAN ? (struct stalled_flag){"loop", status->since_ns, of.loop}
                              : (struct stalled_flag){NULL, INT64_MIN, NO_SPAN};
}

bool stalled_flag_call(const struct frame *frame, span_no call)
{
    const struct view_state *state = frame->state;
    const struct span *span = swarm_span(frame->swarm, call);
    if (state->frozen && state->frozen_view != NULL) {
        return frozen_view_stalled(state->frozen_view, call);
    }
    return span != NULL && (span->flags & SPAN_OPEN) != 0 &&
           stalled_call(frame->swarm, frame->input->metrics, &frame->held, call, frame->local_ns);
}
