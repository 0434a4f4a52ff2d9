/* Metadata events (M) name processes and threads, their parents and their order. They apply to rows
   that exist already and to those that come, so they may stand anywhere in a trace. */
#include "core/base/utf8.h"
#include "core/model/swarm_private.h"

#include <stdio.h>
#include <string.h>

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
    struct json_value value = args.len > 0 && args.bytes[0] == '{' ? json_get(object, key) : object;
    value = json_spelt_number(value);
    double number = value.type == JSON_TYPE_NUMBER ? json_get_number(value) : 0;
    return number > -9e15 && number < 9e15 ? (int64_t)number : 0;
}

/* Sets the name of the process: of its agent, or of its row. */
static void name_process(struct swarm *swarm, struct process *process, intern_id name)
{
    process->name = name;
    if (process->agent != NO_AGENT) {
        swarm->rows.agents[process->agent].name = name;
    }
    if (process->row != NO_AGENT) {
        swarm->rows.agents[process->row].name = name;
    }
}

/* Returns the row of the thread alone; NULL: it has none, or is its process's agent. */
static struct agent *own_row(const struct swarm *swarm, const struct track_slot *slot,
                             const struct process *process)
{
    agent_no row = slot->track.agent;
    if (row == NO_AGENT) {
        track_no twin = swarm_track_twin(swarm, (track_no)(slot - swarm->rows.tracks));
        row = twin == NO_TRACK ? NO_AGENT : swarm->rows.tracks[twin].track.agent;
    }
    return row == NO_AGENT || row == process->agent ? NULL : &swarm->rows.agents[row];
}

static bool apply_name(struct swarm *swarm, const struct event *event, struct track_slot *slot,
                       struct process *process)
{
    intern_id name = intern_member(swarm, event->args, "name");
    if (name == INTERN_FAILED) {
        return false;
    }
    if (event->name == swarm->known.process_name) {
        name_process(swarm, process, name);
        return true;
    }
    slot->name = name;
    struct agent *row = own_row(swarm, slot, process);
    if (row != NULL) {
        row->name = name;
    }
    if (process->agent != NO_AGENT && swarm->rows.agents[process->agent].tid == INTERN_NONE) {
        swarm->rows.agents[process->agent].tid = slot->track.tid;
    }
    return true;
}

static bool apply_labels(struct swarm *swarm, const struct event *event, struct process *process)
{
    intern_id labels = intern_member(swarm, event->args, "labels");
    if (labels == INTERN_FAILED) {
        return false;
    }
    process->labels = labels;
    if (process->row != NO_AGENT) {
        swarm->rows.agents[process->row].description = labels;
    }
    return true;
}

static void apply_sort_index(struct swarm *swarm, const struct event *event,
                             struct track_slot *slot, struct process *process)
{
    int64_t index = number_member(event->args, "sort_index");
    if (event->name == swarm->known.thread_sort_index) {
        struct agent *row = own_row(swarm, slot, process);
        slot->sort_index = index;
        if (row != NULL) {
            row->sort_index = index;
        }
        return;
    }
    process->sort_index = index;
    if (process->agent != NO_AGENT) {
        swarm->rows.agents[process->agent].sort_index = index;
    }
    if (process->row != NO_AGENT) {
        swarm->rows.agents[process->row].sort_index = index;
    }
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
    if (swarm->rows.agents[process->agent].parent_id == INTERN_NONE) {
        swarm->rows.agents[process->agent].parent_id = parent;
    }
    return swarm_ensure_parent_row(swarm, process->agent);
}

bool swarm_apply_metadata(struct swarm *swarm, const struct event *event)
{
    struct track_slot *slot = &swarm->rows.tracks[event->track];
    struct process *process = &swarm->rows.processes[slot->process];
    struct session *session = &swarm->rows.sessions[process->session].session;
    if ((session->flags & SESSION_AGENTS) != 0 && swarm_process_agent(swarm, process) == NO_AGENT) {
        return false;
    }
    if (process->agent != NO_AGENT) {
        swarm->rows.agents[process->agent].flags &= (uint16_t)~AGENT_PRINTED;
    }
    slot->names_process |=
        event->name != swarm->known.thread_name && event->name != swarm->known.thread_sort_index;
    if (event->name == swarm->known.process_name || event->name == swarm->known.thread_name) {
        return apply_name(swarm, event, slot, process);
    }
    if (event->name == swarm->known.parent_agent) {
        return apply_parent(swarm, event, process);
    }
    if (event->name == swarm->known.process_labels) {
        return apply_labels(swarm, event, process);
    }
    if (event->name == swarm->known.process_sort_index ||
        event->name == swarm->known.thread_sort_index) {
        apply_sort_index(swarm, event, slot, process);
    }
    return true;
}

bool swarm_metadata_shows_agents(const struct swarm *swarm, const struct event *event)
{
    struct json_value args = slice_object(event->args);
    bool parent = event->name == swarm->known.parent_agent;
    bool thread =
        event->name == swarm->known.thread_name && event->cat == swarm->known.metadata_cat;
    if (args.type == JSON_TYPE_NONE || (!parent && !thread)) {
        return false;
    }
    if (parent) {
        return json_get(args, "parent_agent_id").type == JSON_TYPE_STRING;
    }
    /* The seed's threads have a hash of their names as their ids. */
    struct json_value name = json_get(args, "name");
    struct slice tid = swarm_text_slice(swarm, swarm->rows.tracks[event->track].track.tid);
    char hash[32];
    struct strbuf text;
    strbuf_init(&text, swarm->mem, 0);
    json_get_string(name, &text);
    int len = snprintf(hash, sizeof hash, "%lld",
                       (long long)utf8_thread_id(text.len > 0 ? text.data : "", text.len));
    bool is = name.type == JSON_TYPE_STRING && !text.failed && tid.len == (size_t)len &&
              memcmp(tid.bytes, hash, tid.len) == 0;
    strbuf_release(&text);
    return is;
}
