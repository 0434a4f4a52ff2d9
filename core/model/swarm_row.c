/* The rows of a session. In a session of agents a process (pid) is an agent, with all its threads.
   In any other trace each thread is a row below that of its process. Async spans have a row of
   their own there, since they nest by id and would cover the thread's stack. A later metadata event
   may show that a session has agents; its rows are then made again (swarm_rederive.c). */
#include "core/model/swarm_private.h"

struct agent *swarm_new_agent(struct swarm *swarm, session_no session, agent_no *number)
{
    if (swarm->rows.free_agents != NO_AGENT) {
        *number = swarm->rows.free_agents;
        swarm->rows.free_agents = swarm->rows.agents[*number].process_row;
    } else {
        if (!mem_reserve(swarm->mem, &swarm->rows.agents, &swarm->rows.agent_cap,
                         swarm->rows.agent_count + 1, sizeof *swarm->rows.agents)) {
            return NULL;
        }
        *number = (agent_no)swarm->rows.agent_count++;
    }
    struct agent *agent = &swarm->rows.agents[*number];
    *agent = (struct agent){.session = session,
                            .serial = ++swarm->rows.last_agent_serial,
                            .process_row = NO_AGENT,
                            .sort_index = INT64_MAX,
                            .first_ns = INT64_MAX,
                            .last_ns = INT64_MIN,
                            .mark_first_ns = INT64_MAX,
                            .mark_last_ns = INT64_MIN,
                            .first_phase = NO_SPAN,
                            .last_phase = NO_SPAN,
                            .last_ended = NO_SPAN,
                            .idle_since_ns = INT64_MIN};
    block_list_init(&agent->envelopes, sizeof(span_no));
    swarm->revision++;
    return agent;
}

agent_no swarm_process_agent(struct swarm *swarm, struct process *process)
{
    if (process->agent == NO_AGENT) {
        struct agent *agent = swarm_new_agent(swarm, process->session, &process->agent);
        if (agent == NULL) {
            return NO_AGENT;
        }
        agent->pid = process->pid;
        agent->pid_number = process->number;
        agent->name = process->name;
        agent->sort_index = process->sort_index;
    }
    return process->agent;
}

/* ---- rows of other traces ---- */

static int64_t or_zero(int64_t sort_index)
{
    return sort_index == INT64_MAX ? 0 : sort_index;
}

static agent_no process_row(struct swarm *swarm, uint32_t number)
{
    struct process *process = &swarm->rows.processes[number];
    if (process->row == NO_AGENT) {
        struct agent *row = swarm_new_agent(swarm, process->session, &process->row);
        if (row == NULL) {
            return NO_AGENT;
        }
        row->flags = AGENT_GROUP | AGENT_PROCESS;
        row->pid = process->pid;
        row->pid_number = process->number;
        row->name = process->name;
        row->description = process->labels;
        row->sort_index = or_zero(process->sort_index);
    }
    return process->row;
}

/* Returns a new row below that of the process. NULL: out of memory. */
static struct agent *new_row_of(struct swarm *swarm, uint32_t process, agent_no *number)
{
    agent_no parent = process_row(swarm, process);
    struct agent *row =
        parent == NO_AGENT ? NULL
                           : swarm_new_agent(swarm, swarm->rows.processes[process].session, number);
    if (row != NULL) {
        row->process_row = parent;
        row->pid = swarm->rows.processes[process].pid;
        row->pid_number = swarm->rows.processes[process].number;
        row->sort_index = 0;
    }
    return row;
}

static agent_no async_row(struct swarm *swarm, uint32_t number)
{
    agent_no made;
    if (swarm->rows.processes[number].async_row == NO_AGENT) {
        struct agent *row = new_row_of(swarm, number, &made);
        if (row == NULL) {
            return NO_AGENT;
        }
        row->flags = AGENT_GROUP | AGENT_ASYNC;
        swarm->rows.processes[number].async_row = made;
    }
    return swarm->rows.processes[number].async_row;
}

track_no swarm_track_twin(const struct swarm *swarm, track_no track)
{
    const struct track_slot *slot = &swarm->rows.tracks[track];
    intern_id pid = slot->track.pid;
    intern_id tid = slot->track.tid == INTERN_NONE ? pid : INTERN_NONE;
    if (pid == INTERN_NONE || (slot->track.tid != INTERN_NONE && slot->track.tid != pid)) {
        return NO_TRACK;
    }
    return u64map_get(&swarm->rows.track_by_tid, (uint64_t)slot->process << 32 | tid);
}

static agent_no thread_row(struct swarm *swarm, track_no track)
{
    struct track_slot *slot = &swarm->rows.tracks[track];
    track_no twin = swarm_track_twin(swarm, track);
    const struct track_slot *other = twin == NO_TRACK ? NULL : &swarm->rows.tracks[twin];
    if (other != NULL && other->track.agent != NO_AGENT) {
        return other->track.agent;
    }
    agent_no number;
    struct agent *row = new_row_of(swarm, slot->process, &number);
    if (row == NULL) {
        return NO_AGENT;
    }
    row->flags = AGENT_THREAD;
    row->tid = slot->track.tid != INTERN_NONE ? slot->track.tid : slot->track.pid;
    row->name = slot->name == INTERN_NONE && other != NULL ? other->name : slot->name;
    row->sort_index = or_zero(slot->sort_index == INT64_MAX && other != NULL ? other->sort_index
                                                                             : slot->sort_index);
    return number;
}

/* ---- the row of an event ---- */

enum event_row { ROW_NONE, ROW_THREAD, ROW_ASYNC, ROW_PROCESS };

/* By phase, of a session without agents. */
static const uint8_t event_rows[128] = {
    ['B'] = ROW_THREAD, ['E'] = ROW_THREAD, ['X'] = ROW_THREAD,  ['b'] = ROW_ASYNC,
    ['e'] = ROW_ASYNC,  ['n'] = ROW_ASYNC,  ['S'] = ROW_ASYNC,   ['T'] = ROW_ASYNC,
    ['p'] = ROW_ASYNC,  ['F'] = ROW_ASYNC,  ['C'] = ROW_PROCESS, ['i'] = ROW_THREAD,
    ['I'] = ROW_THREAD, ['R'] = ROW_THREAD,
};

/* Returns the scope of an instant, 0 if it has none. A replay gives its async events one too. */
static char scope_of(const struct event *event)
{
    struct json_walk walk = event_walk_extra(event);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        if (json_string_is(member.key, "s") && member.value.type == JSON_TYPE_STRING) {
            return member.value.raw[1];
        }
    }
    return 0;
}

/* An instant belongs to its process if it has no thread, or a wider scope than one. */
static enum event_row row_of(const struct swarm *swarm, const struct event *event)
{
    enum event_row row = (enum event_row)event_rows[event->ph & 127];
    if (row == ROW_ASYNC) {
        return scope_of(event) == 't' ? ROW_THREAD : ROW_ASYNC;
    }
    if (event->ph != 'i' && event->ph != 'I' && event->ph != 'R') {
        return row;
    }
    char scope = scope_of(event);
    bool no_thread = swarm->rows.tracks[event->track].track.tid == INTERN_NONE;
    return scope == 'g' || scope == 'p' || no_thread ? ROW_PROCESS : ROW_THREAD;
}

static bool has_agents(const struct swarm *swarm, track_no track)
{
    session_no session = swarm->rows.tracks[track].track.session;
    return (swarm->rows.sessions[session].session.flags & SESSION_AGENTS) != 0;
}

bool swarm_make_row(struct swarm *swarm, const struct event *event, agent_no *row)
{
    uint32_t process = swarm->rows.tracks[event->track].process;
    enum event_row which = has_agents(swarm, event->track) ? ROW_THREAD : row_of(swarm, event);
    switch (which) {
    case ROW_THREAD: *row = swarm_track_agent(swarm, event->track); break;
    case ROW_ASYNC: *row = async_row(swarm, process); break;
    case ROW_PROCESS: *row = process_row(swarm, process); break;
    case ROW_NONE: *row = NO_AGENT; break;
    }
    return *row != NO_AGENT || which == ROW_NONE;
}

agent_no swarm_track_agent(struct swarm *swarm, track_no track)
{
    struct track_slot *slot = &swarm->rows.tracks[track];
    if (slot->track.agent == NO_AGENT) {
        agent_no row = has_agents(swarm, track)
                           ? swarm_process_agent(swarm, &swarm->rows.processes[slot->process])
                           : thread_row(swarm, track);
        swarm->rows.tracks[track].track.agent = row;
    }
    return swarm->rows.tracks[track].track.agent;
}

bool swarm_print_agent(struct swarm *swarm, track_no track, track_no process_track, intern_id name)
{
    agent_no number = swarm_track_agent(swarm, track);
    if (number == NO_AGENT) {
        return false;
    }
    struct agent *agent = &swarm->rows.agents[number];
    agent->flags |= AGENT_PRINTED;
    agent->tid = swarm->rows.tracks[track].track.tid;
    agent->own_track = track;
    agent->process_track = process_track;
    if (agent->name == INTERN_NONE) {
        agent->name = name;
    }
    swarm->revision++;
    return true;
}
