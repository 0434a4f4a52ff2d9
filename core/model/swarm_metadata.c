/* Metadata events (M) name processes and threads, their parents and their order. They apply to rows
   that exist already and to those that come, so they may stand anywhere in a trace. */
#include "core/model/swarm_private.h"

static intern_id intern_member(struct swarm *swarm, struct slice args, const char *key)
{
    struct json_value object = {JSON_TYPE_OBJECT, args.bytes, args.len};
    struct json_value value =
        args.len > 0 && args.bytes[0] == '{' ? json_get(object, key) : (struct json_value){0};
    if (value.type != JSON_TYPE_STRING) {
        return INTERN_NONE;
    }
    struct strbuf text;
    strbuf_init(&text, swarm->mem, 0);
    json_get_string(value, &text);
    intern_id id = text.failed ? INTERN_FAILED
                               : intern_put(swarm->names, text.len > 0 ? text.data : "", text.len);
    strbuf_release(&text);
    return id;
}

static int64_t number_member(struct slice args, const char *key)
{
    struct json_value object = {JSON_TYPE_OBJECT, args.bytes, args.len};
    double value = args.len > 0 && args.bytes[0] == '{'
                       ? json_get_number(json_spelt_number(json_get(object, key)))
                       : 0;
    return value > -9e15 && value < 9e15 ? (int64_t)value : 0;
}

static bool apply_name(struct swarm *swarm, const struct event *event, struct track_slot *slot,
                       struct process *process)
{
    intern_id name = intern_member(swarm, event->args, "name");
    if (name == INTERN_FAILED) {
        return false;
    }
    if (event->name == swarm->known.process_name) {
        process->name = name;
        if (process->agent != NO_AGENT) {
            swarm->agents[process->agent].name = name;
        }
        return true;
    }
    slot->name = name;
    if (slot->track.agent != NO_AGENT && slot->track.agent != process->agent) {
        swarm->agents[slot->track.agent].name = name;
    }
    if (process->agent != NO_AGENT && swarm->agents[process->agent].tid == INTERN_NONE) {
        swarm->agents[process->agent].tid = slot->track.tid;
    }
    return true;
}

static bool apply_parent(struct swarm *swarm, const struct event *event, struct process *process)
{
    intern_id parent = intern_member(swarm, event->args, "parent_agent_id");
    if (parent == INTERN_FAILED) {
        return false;
    }
    if (process->agent == NO_AGENT || parent == INTERN_NONE) {
        return true;
    }
    if (swarm->agents[process->agent].parent_id == INTERN_NONE) {
        swarm->agents[process->agent].parent_id = parent;
    }
    return swarm_ensure_parent_row(swarm, process->agent);
}

bool swarm_apply_metadata(struct swarm *swarm, const struct event *event)
{
    struct track_slot *slot = &swarm->tracks[event->track];
    struct process *process = &swarm->processes[slot->process];
    struct session *session = &swarm->sessions[process->session].session;
    if ((session->flags & SESSION_AGENTS) != 0 && swarm_process_agent(swarm, process) == NO_AGENT) {
        return false;
    }
    if (process->agent != NO_AGENT) {
        swarm->agents[process->agent].flags &= (uint8_t)~AGENT_PRINTED;
    }
    if (event->name == swarm->known.process_name || event->name == swarm->known.thread_name) {
        return apply_name(swarm, event, slot, process);
    }
    if (event->name == swarm->known.parent_agent) {
        return apply_parent(swarm, event, process);
    }
    if (event->name == swarm->known.process_sort_index) {
        process->sort_index = number_member(event->args, "sort_index");
        if (process->agent != NO_AGENT) {
            swarm->agents[process->agent].sort_index = process->sort_index;
        }
    } else if (event->name == swarm->known.thread_sort_index) {
        slot->sort_index = number_member(event->args, "sort_index");
        if (slot->track.agent != NO_AGENT && slot->track.agent != process->agent) {
            swarm->agents[slot->track.agent].sort_index = slot->sort_index;
        }
    }
    return true;
}
