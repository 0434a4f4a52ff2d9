/* The rows of a session. In a session of agents a process (pid) is an agent, with all its threads.
   In any other trace each thread is a row. A later event may show that a session has agents; its
   rows are then made again (swarm_rederive.c). */
#include "core/model/swarm_private.h"

struct agent *swarm_new_agent(struct swarm *swarm, session_no session, agent_no *number)
{
    if (!mem_reserve(swarm->mem, &swarm->agents, &swarm->agent_cap, swarm->agent_count + 1,
                     sizeof *swarm->agents)) {
        return NULL;
    }
    *number = (agent_no)swarm->agent_count;
    struct agent *agent = &swarm->agents[swarm->agent_count++];
    *agent = (struct agent){.session = session,
                            .sort_index = INT64_MAX,
                            .first_ns = INT64_MAX,
                            .last_ns = INT64_MIN,
                            .mark_first_ns = INT64_MAX,
                            .mark_last_ns = INT64_MIN,
                            .first_phase = NO_SPAN,
                            .last_phase = NO_SPAN,
                            .last_ended = NO_SPAN,
                            .idle_since_ns = INT64_MIN};
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

/* An event without a tid is of the thread whose tid is the pid, as Perfetto has it. */
static track_no first_thread(struct swarm *swarm, track_no track)
{
    const struct track *of = &swarm->tracks[track].track;
    if (of->tid != INTERN_NONE || of->pid == INTERN_NONE) {
        return track;
    }
    struct slice pid = swarm_text_slice(swarm, of->pid);
    bool string = pid.bytes[0] == '"';
    struct json_value id = {string ? JSON_TYPE_STRING : JSON_TYPE_NUMBER, pid.bytes, pid.len};
    return swarm_track(swarm, of->session, id, id);
}

static agent_no thread_agent(struct swarm *swarm, track_no track)
{
    track_no thread = first_thread(swarm, track);
    if (thread != track) {
        return thread == NO_TRACK ? NO_AGENT : swarm_track_agent(swarm, thread);
    }
    struct track_slot *slot = &swarm->tracks[track];
    agent_no number;
    struct agent *agent = swarm_new_agent(swarm, slot->track.session, &number);
    if (agent == NULL) {
        return NO_AGENT;
    }
    agent->pid = slot->track.pid;
    agent->pid_number = swarm->processes[slot->process].number;
    agent->tid = slot->track.tid;
    agent->name = slot->name;
    agent->sort_index = slot->sort_index;
    return number;
}

agent_no swarm_track_agent(struct swarm *swarm, track_no track)
{
    struct track_slot *slot = &swarm->tracks[track];
    if (slot->track.agent != NO_AGENT) {
        return slot->track.agent;
    }
    bool agents = (swarm->sessions[slot->track.session].session.flags & SESSION_AGENTS) != 0;
    agent_no agent = agents ? swarm_process_agent(swarm, &swarm->processes[slot->process])
                            : thread_agent(swarm, track);
    swarm->tracks[track].track.agent = agent;
    return agent;
}

bool swarm_print_agent(struct swarm *swarm, track_no track, track_no process_track, intern_id name)
{
    agent_no number = swarm_track_agent(swarm, track);
    if (number == NO_AGENT) {
        return false;
    }
    struct agent *agent = &swarm->agents[number];
    agent->flags |= AGENT_PRINTED;
    agent->tid = swarm->tracks[track].track.tid;
    agent->own_track = track;
    agent->process_track = process_track;
    if (agent->name == INTERN_NONE) {
        agent->name = name;
    }
    swarm->revision++;
    return true;
}
