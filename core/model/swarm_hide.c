/* Rows that turned out to be others': of a session that is another one, of an agent that is its
   session's main one. Their calls are on other rows at the next flush. Until then spans are still
   on the hidden ones, so these are freed after it, and only when there are many. */
#include "core/model/swarm_private.h"

/* The row, and the one that stands for a parent of it. */
static void hide_row(struct swarm *swarm, agent_no number)
{
    if (number == NO_AGENT) {
        return;
    }
    struct agent *agent = &swarm->rows.agents[number];
    uint32_t group = u64map_get(&swarm->rows.group_by_id, agent->parent_id);
    agent->flags |= AGENT_DEAD;
    if (group != U64MAP_NONE && swarm->rows.agents[group].session == agent->session) {
        swarm->rows.agents[group].flags |= AGENT_DEAD;
    }
}

static bool has_open(const struct swarm *swarm, const struct process *process)
{
    bool open = false;
    for (track_no at = process->first_track; at != NO_TRACK && !open;
         at = swarm->rows.tracks[at].next_in_process) {
        open = swarm->rows.tracks[at].owned > 0 || swarm->rows.tracks[at].track.open != NO_SPAN;
    }
    return open;
}

void swarm_hide_session(struct swarm *swarm, session_no session)
{
    struct session_slot *slot = &swarm->rows.sessions[session];
    bool stays = slot->session.event_count > 0 || slot->session.metadata_count > 0;
    for (uint32_t at = slot->first_process; at != NO_PROCESS && !stays;
         at = swarm->rows.processes[at].next_in_session) {
        stays = has_open(swarm, &swarm->rows.processes[at]);
    }
    if (stays) {
        return;
    }
    swarm_keep_session(swarm, session, true); /* it counts no longer among those that may go */
    slot->dropped = slot->hidden = true;
    swarm->rows.hidden_sessions++;
    u64map_remove(&swarm->rows.session_by_id, slot->session.id);
    for (uint32_t at = slot->first_process; at != NO_PROCESS;
         at = swarm->rows.processes[at].next_in_session) {
        const struct process *process = &swarm->rows.processes[at];
        hide_row(swarm, process->agent);
        hide_row(swarm, process->row);
        hide_row(swarm, process->async_row);
        for (track_no track = process->first_track; track != NO_TRACK;
             track = swarm->rows.tracks[track].next_in_process) {
            hide_row(swarm, swarm->rows.tracks[track].track.agent);
        }
    }
    swarm->revision++;
}

static bool any_of_events(const struct swarm *swarm, const struct block_list *spans)
{
    bool any = false;
    for (size_t i = 0; i < spans->count && !any; i++) {
        any = !span_is_record(swarm_edit_span(swarm, spans_at(spans, i)));
    }
    return any;
}

/* Events are final: they stay on the row. */
static bool has_events(const struct swarm *swarm, const struct agent *agent)
{
    bool any = (agent->flags & AGENT_PRINTED) == 0 || agent->mark_first_ns <= agent->mark_last_ns ||
               any_of_events(swarm, &agent->envelopes);
    for (size_t i = 0; i < agent->lane_count && !any; i++) {
        any = any_of_events(swarm, &agent->lanes[i].spans);
    }
    return any;
}

void swarm_hide_agent(struct swarm *swarm, agent_no number)
{
    struct agent *agent = &swarm->rows.agents[number];
    if (!has_events(swarm, agent)) {
        agent->flags |= AGENT_DEAD;
        swarm->revision++;
    }
}

void swarm_forget_hidden(struct swarm *swarm)
{
    if (swarm->rows.hidden_sessions < swarm_most_idle(swarm) ||
        swarm->pools[POOL_LIVE].max_events == 0) {
        return;
    }
    for (session_no i = 0; i < swarm->rows.session_count; i++) {
        struct session_slot *slot = &swarm->rows.sessions[i];
        slot->leaves = slot->leaves || slot->hidden;
        slot->hidden = false;
    }
    swarm->rows.hidden_sessions = 0;
    swarm_forget_chosen(swarm);
}
