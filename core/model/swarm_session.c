/* Sessions, their processes and tracks, and the rows of these. In a session of agents a process
   (pid) is an agent, with all its threads. In any other trace each thread is a row. A later
   event may show that a session has agents; its rows are then made again (swarm_rederive.c). */
#include "core/model/swarm_private.h"

#include <stdio.h>
#include <string.h>

/* ---- sessions ---- */

static uint64_t pair(uint32_t high, uint32_t low)
{
    return (uint64_t)high << 32 | low;
}

bool swarm_open_session(struct swarm *swarm, const struct session_info *info, session_no *out)
{
    intern_id id = intern_put(swarm->names, info->id, info->id_len);
    intern_id source = intern_put(swarm->names, info->source, strlen(info->source));
    if (id == INTERN_FAILED || source == INTERN_FAILED ||
        !mem_reserve(swarm->mem, &swarm->sessions, &swarm->session_cap, swarm->session_count + 1,
                     sizeof *swarm->sessions)) {
        return false;
    }
    session_no number = (session_no)swarm->session_count;
    struct event_store *metadata = event_store_new(swarm->mem);
    if (metadata == NULL ||
        (info->pool == POOL_LIVE && !u64map_put(&swarm->session_by_id, id, number))) {
        event_store_free(metadata);
        return false;
    }
    struct session_slot *slot = &swarm->sessions[swarm->session_count++];
    *slot = (struct session_slot){.metadata = metadata, .truncated_ns = INT64_MIN};
    slot->session = (struct session){
        .id = id,
        .source = source,
        .start_ns = info->start_ns,
        .origin_ns = info->start_ns,
        .clock_ns = info->start_ns,
        .clock_set_ns = info->start_ns,
        .document = info->document,
        .pool = (uint8_t)info->pool,
        .flags = (uint8_t)((info->agents ? SESSION_AGENTS : 0) |
                           (info->has_start ? SESSION_HAS_START : 0)),
    };
    strbuf_init(&slot->session.extra, swarm->mem, 0);
    strbuf_init(&slot->session.metadata_extra, swarm->mem, 0);
    *out = number;
    swarm->revision++;
    return true;
}

session_no swarm_find_session(const struct swarm *swarm, const char *id, size_t len)
{
    intern_id name = intern_find(swarm->names, id, len);
    return name == INTERN_NONE ? NO_SESSION : u64map_get(&swarm->session_by_id, name);
}

size_t swarm_session_count(const struct swarm *swarm)
{
    return swarm->session_count;
}

const struct session *swarm_session(const struct swarm *swarm, session_no session)
{
    const struct session_slot *slot = &swarm->sessions[session];
    return slot->dropped ? NULL : &slot->session;
}

struct session *swarm_session_edit(struct swarm *swarm, session_no session)
{
    return &swarm->sessions[session].session;
}

void swarm_hide_session(struct swarm *swarm, session_no session)
{
    swarm->sessions[session].dropped = true;
    u64map_remove(&swarm->session_by_id, swarm->sessions[session].session.id);
    for (size_t i = 0; i < swarm->agent_count; i++) {
        if (swarm->agents[i].session == session) {
            swarm->agents[i].flags |= AGENT_DEAD;
        }
    }
    swarm->revision++;
}

bool swarm_check_cap(struct swarm *swarm)
{
    return swarm_hold_cap(swarm, POOL_LIVE);
}

uint32_t swarm_new_document(struct swarm *swarm)
{
    return ++swarm->documents;
}

void swarm_set_clock(struct swarm *swarm, session_no session, int64_t t_ns, int64_t local_ns)
{
    struct session *of = &swarm->sessions[session].session;
    if (t_ns >= of->clock_ns) {
        of->clock_ns = t_ns;
        of->clock_set_ns = local_ns;
        swarm->revision++;
    }
}

int64_t swarm_session_now(const struct swarm *swarm, session_no session, int64_t local_ns)
{
    const struct session *of = &swarm->sessions[session].session;
    if ((of->flags & (SESSION_FINISHED | SESSION_ENDED)) != 0 || local_ns < of->clock_set_ns) {
        return of->clock_ns;
    }
    return of->clock_ns + (local_ns - of->clock_set_ns);
}

bool swarm_metadata(const struct swarm *swarm, session_no session, uint64_t index,
                    struct event *out)
{
    return event_store_get(swarm->sessions[session].metadata, index + 1, out);
}

/* ---- processes and tracks ---- */

struct process *swarm_process(struct swarm *swarm, session_no session, intern_id pid,
                              int64_t number)
{
    uint32_t at = u64map_get(&swarm->process_by_pid, pair(session, pid));
    if (at != U64MAP_NONE) {
        return &swarm->processes[at];
    }
    at = (uint32_t)swarm->process_count;
    if (!mem_reserve(swarm->mem, &swarm->processes, &swarm->process_cap, swarm->process_count + 1,
                     sizeof *swarm->processes) ||
        !u64map_put(&swarm->process_by_pid, pair(session, pid), at)) {
        return NULL;
    }
    swarm->process_count++;
    swarm->processes[at] = (struct process){.session = session,
                                            .pid = pid,
                                            .number = number,
                                            .agent = NO_AGENT,
                                            .sort_index = INT64_MAX,
                                            .first_track = NO_TRACK};
    return &swarm->processes[at];
}

/* Whether the number is spelt as it is kept: digits alone, no more than a double holds. */
static bool is_plain_number(struct json_value value, int64_t *number)
{
    int64_t sum = 0;
    if (value.type != JSON_TYPE_NUMBER || value.len > 15 ||
        (value.raw[0] == '0' && value.len > 1)) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.raw[i] < '0' || value.raw[i] > '9') {
            return false;
        }
        sum = sum * 10 + (value.raw[i] - '0');
    }
    *number = sum;
    return true;
}

/* Interns a raw id: whole numbers in one spelling, all else unchanged. */
static intern_id intern_raw_id(struct swarm *swarm, struct json_value value, int64_t *number)
{
    *number = 0;
    if (value.type == JSON_TYPE_NONE) {
        return INTERN_NONE;
    }
    if (is_plain_number(value, number)) {
        return intern_put(swarm->names, value.raw, value.len);
    }
    double decoded = value.type == JSON_TYPE_NUMBER ? json_get_number(value) : 0.5;
    if (decoded > -9e15 && decoded < 9e15 && decoded == (double)(int64_t)decoded) {
        char text[32];
        *number = (int64_t)decoded;
        int len = snprintf(text, sizeof text, "%lld", (long long)*number);
        return intern_put(swarm->names, text, (size_t)len);
    }
    return intern_put(swarm->names, value.raw, value.len);
}

track_no swarm_track(struct swarm *swarm, session_no session, struct json_value pid,
                     struct json_value tid)
{
    int64_t pid_number, tid_number;
    intern_id pid_id = intern_raw_id(swarm, pid, &pid_number);
    intern_id tid_id = intern_raw_id(swarm, tid, &tid_number);
    if (pid_id == INTERN_FAILED || tid_id == INTERN_FAILED) {
        return NO_TRACK;
    }
    struct process *process = swarm_process(swarm, session, pid_id, pid_number);
    if (process == NULL) {
        return NO_TRACK;
    }
    uint32_t process_no = (uint32_t)(process - swarm->processes);
    uint32_t at = u64map_get(&swarm->track_by_tid, pair(process_no, tid_id));
    if (at != U64MAP_NONE) {
        return at;
    }
    at = (uint32_t)swarm->track_count;
    if (!mem_reserve(swarm->mem, &swarm->tracks, &swarm->track_cap, swarm->track_count + 1,
                     sizeof *swarm->tracks) ||
        !u64map_put(&swarm->track_by_tid, pair(process_no, tid_id), at)) {
        return NO_TRACK;
    }
    swarm->track_count++;
    swarm->tracks[at] = (struct track_slot){
        .track =
            {.session = session, .pid = pid_id, .tid = tid_id, .agent = NO_AGENT, .open = NO_SPAN},
        .process = process_no,
        .sort_index = INT64_MAX,
        .next_in_process = process->first_track,
        .folds_to = NO_TRACK,
    };
    process->first_track = at;
    return at;
}

/* ---- agents ---- */

static struct agent *new_agent(struct swarm *swarm, session_no session, agent_no *number)
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

static agent_no process_agent(struct swarm *swarm, struct process *process)
{
    if (process->agent == NO_AGENT) {
        struct agent *agent = new_agent(swarm, process->session, &process->agent);
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

static agent_no thread_agent(struct swarm *swarm, track_no track)
{
    struct track_slot *slot = &swarm->tracks[track];
    agent_no number;
    struct agent *agent = new_agent(swarm, slot->track.session, &number);
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
    if ((swarm->sessions[slot->track.session].session.flags & SESSION_AGENTS) != 0) {
        slot->track.agent = process_agent(swarm, &swarm->processes[slot->process]);
    } else {
        slot->track.agent = thread_agent(swarm, track);
    }
    return slot->track.agent;
}

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
    double value =
        args.len > 0 && args.bytes[0] == '{' ? json_get_number(json_get(object, key)) : 0;
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

static bool ensure_parent_row(struct swarm *swarm, agent_no child);

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
    return ensure_parent_row(swarm, process->agent);
}

bool swarm_apply_metadata(struct swarm *swarm, const struct event *event)
{
    struct track_slot *slot = &swarm->tracks[event->track];
    struct process *process = &swarm->processes[slot->process];
    struct session *session = &swarm->sessions[process->session].session;
    if ((session->flags & SESSION_AGENTS) != 0 && process_agent(swarm, process) == NO_AGENT) {
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

/* ---- identities ---- */

static bool set_text(struct swarm *swarm, intern_id *id, const char *text, size_t len)
{
    if (text == NULL) {
        return true;
    }
    intern_id put = intern_put(swarm->names, text, len);
    if (put == INTERN_FAILED) {
        return false;
    }
    *id = put;
    return true;
}

static struct process *numbered_process(struct swarm *swarm, session_no session, int64_t pid)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld", (long long)pid);
    intern_id id = intern_put(swarm->names, text, (size_t)len);
    return id == INTERN_FAILED ? NULL : swarm_process(swarm, session, id, pid);
}

/* Returns the agent with the id, or the main agent of the session with it. NO_AGENT: unknown. */
static agent_no who_answers(const struct swarm *swarm, intern_id id)
{
    uint32_t agent = u64map_get(&swarm->agent_by_id, id);
    return agent != U64MAP_NONE && (swarm->agents[agent].flags & AGENT_DEAD) == 0 ? agent
                                                                                  : NO_AGENT;
}

/* A row for a parent id that no agent has, which groups its children. */
static bool ensure_parent_row(struct swarm *swarm, agent_no child)
{
    intern_id id = swarm->agents[child].parent_id;
    uint32_t group = u64map_get(&swarm->group_by_id, id);
    if (id == INTERN_NONE || who_answers(swarm, id) != NO_AGENT ||
        (group != U64MAP_NONE && (swarm->agents[group].flags & AGENT_DEAD) == 0)) {
        return true;
    }
    agent_no number;
    struct agent *agent = new_agent(swarm, swarm->agents[child].session, &number);
    if (agent == NULL || !u64map_put(&swarm->group_by_id, id, number)) {
        return false;
    }
    agent->agent_id = agent->name = id;
    agent->flags = AGENT_GROUP;
    return true;
}

/* From now on the agent answers to the id; a row that stood for it goes. */
static bool answer_to(struct swarm *swarm, agent_no agent, intern_id id)
{
    if (id == INTERN_NONE) {
        return true;
    }
    uint32_t group = u64map_get(&swarm->group_by_id, id);
    if (group != U64MAP_NONE) {
        swarm->agents[group].flags |= AGENT_DEAD;
        u64map_remove(&swarm->group_by_id, id);
    }
    return u64map_put(&swarm->agent_by_id, id, agent);
}

bool swarm_identify(struct swarm *swarm, session_no session, const struct agent_identity *who)
{
    struct process *process = numbered_process(swarm, session, who->pid);
    agent_no number = process == NULL ? NO_AGENT : process_agent(swarm, process);
    if (number == NO_AGENT) {
        return false;
    }
    struct agent *agent = &swarm->agents[number];
    agent->flags |= who->main ? AGENT_MAIN : 0;
    swarm->revision++;
    return set_text(swarm, &agent->agent_id, who->agent_id, who->agent_id_len) &&
           set_text(swarm, &agent->parent_id, who->parent_id, who->parent_id_len) &&
           set_text(swarm, &agent->name, who->name, who->name_len) &&
           set_text(swarm, &agent->description, who->description, who->description_len) &&
           answer_to(swarm, number, agent->agent_id) &&
           (!who->main || answer_to(swarm, number, swarm->sessions[session].session.id)) &&
           ensure_parent_row(swarm, number);
}

void swarm_flag_agent(struct swarm *swarm, session_no session, int64_t pid, uint8_t set,
                      uint8_t clear)
{
    struct process *process = numbered_process(swarm, session, pid);
    if (process != NULL && process->agent != NO_AGENT) {
        struct agent *agent = &swarm->agents[process->agent];
        agent->flags = (uint8_t)((agent->flags | set) & ~clear);
        swarm->revision++;
    }
}
