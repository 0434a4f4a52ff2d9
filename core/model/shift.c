/* A session whose beginning turns out to be another: its spans and all that was made of them move along, and nothing has to be derived again. */
#include "core/model/lane_index.h"
#include "core/model/swarm_private.h"

static void shift_spans(struct swarm *swarm, session_no session, int64_t by_ns)
{
    for (span_no no = swarm->span_begin; no < swarm->span_end; no++) {
        struct span *span = swarm_edit_span(swarm, no);
        if (span != NULL && swarm->agents[span->agent].session == session) {
            span->start_ns += by_ns;
            span->end_ns += by_ns;
        }
    }
    kept_shift(swarm, session, by_ns);
}

/* Moves a time, unless it stands for none. */
static void shift(int64_t *at_ns, int64_t by_ns)
{
    if (*at_ns != INT64_MIN && *at_ns != INT64_MAX) {
        *at_ns += by_ns;
    }
}

static void shift_agents(struct swarm *swarm, session_no session, int64_t by_ns)
{
    for (size_t i = 0; i < swarm->agent_count; i++) {
        struct agent *agent = &swarm->agents[i];
        if (agent->session != session) {
            continue;
        }
        shift(&agent->first_ns, by_ns);
        shift(&agent->last_ns, by_ns);
        shift(&agent->idle_since_ns, by_ns);
        for (size_t k = 0; k < agent->lane_count; k++) {
            shift(&agent->lanes[k].last_end_ns, by_ns);
            lane_index_drop(swarm->mem, &agent->lanes[k]);
        }
    }
}

void swarm_set_origin(struct swarm *swarm, session_no number, int64_t origin_ns)
{
    struct session_slot *slot = &swarm->sessions[number];
    int64_t by_ns = origin_ns - slot->session.origin_ns;
    if (by_ns == 0) {
        return;
    }
    slot->session.origin_ns = origin_ns;
    slot->session.clock_ns += by_ns;
    slot->session.clock_set_ns += by_ns;
    shift(&slot->truncated_ns, by_ns);
    shift_spans(swarm, number, by_ns);
    shift_agents(swarm, number, by_ns);
    for (size_t i = 0; i < swarm->marker_count; i++) {
        if (swarm->markers[i].session == number) {
            swarm->markers[i].at_ns += by_ns;
        }
    }
    for (size_t i = 0; i < swarm->counter_count; i++) {
        swarm->counters[i].at_ns += swarm->counters[i].session == number ? by_ns : 0;
    }
    for (track_no i = 0; i < swarm->track_count; i++) {
        if (swarm->tracks[i].track.session == number) {
            pair_drop_index(swarm, i);
        }
    }
    book_shift(&swarm->book, swarm, number, by_ns);
    swarm->revision++;
}
