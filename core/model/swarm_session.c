/* Sessions, their processes and tracks. A process is a (session, pid), a track a thread of one.
   Both are keyed by the raw JSON of their ids. swarm_row.c makes rows of them. */
#include "core/model/swarm_private.h"

#include <stdio.h>
#include <string.h>

/* ---- sessions ---- */

static uint64_t pair(uint32_t high, uint32_t low)
{
    return (uint64_t)high << 32 | low;
}

/* A number for a session of that id, with nothing in it. NO_SESSION: out of memory. */
static session_no new_session(struct swarm *swarm, intern_id id, enum swarm_pool pool)
{
    bool again = swarm->free_sessions != NO_SESSION;
    if (!again && !mem_reserve(swarm->mem, &swarm->sessions, &swarm->session_cap,
                               swarm->session_count + 1, sizeof *swarm->sessions)) {
        return NO_SESSION;
    }
    session_no number = again ? swarm->free_sessions : (session_no)swarm->session_count;
    struct event_store *metadata = event_store_new(swarm->mem);
    if (metadata == NULL || (pool == POOL_LIVE && !u64map_put(&swarm->session_by_id, id, number))) {
        event_store_free(metadata);
        return NO_SESSION;
    }
    struct session_slot *slot = &swarm->sessions[number];
    if (again) {
        swarm->free_sessions = slot->next_free;
    } else {
        swarm->session_count++;
    }
    *slot = (struct session_slot){.session = {.id = id, .pool = (uint8_t)pool},
                                  .metadata = metadata,
                                  .first_process = NO_PROCESS,
                                  .async_orphan_ns = INT64_MIN,
                                  .dropped = true,
                                  .serial = ++swarm->last_serial,
                                  .next_free = NO_SESSION};
    strbuf_init(&slot->session.extra, swarm->mem, 0);
    strbuf_init(&slot->session.metadata_extra, swarm->mem, 0);
    return number;
}

session_no swarm_session_of(const struct swarm *swarm, intern_id id)
{
    return u64map_get(&swarm->session_by_id, id);
}

session_no swarm_hold_session(struct swarm *swarm, intern_id id)
{
    session_no number = swarm_session_of(swarm, id);
    return number == NO_SESSION ? new_session(swarm, id, POOL_LIVE) : number;
}

/* The number of a session that is held under that id; NO_SESSION: none is. */
static session_no held_session(const struct swarm *swarm, intern_id id)
{
    session_no number = swarm_session_of(swarm, id);
    return number != NO_SESSION && swarm->sessions[number].dropped ? number : NO_SESSION;
}

bool swarm_open_session(struct swarm *swarm, const struct session_info *info, session_no *out)
{
    intern_id id = intern_put(swarm->names, info->id, info->id_len);
    intern_id source = intern_put(swarm->names, info->source, strlen(info->source));
    if (id == INTERN_FAILED || source == INTERN_FAILED) {
        return false;
    }
    session_no number = info->pool == POOL_LIVE ? held_session(swarm, id) : NO_SESSION;
    number = number == NO_SESSION ? new_session(swarm, id, info->pool) : number;
    if (number == NO_SESSION) {
        return false;
    }
    struct session_slot *slot = &swarm->sessions[number];
    swarm->forgettable_sessions += info->forgettable;
    slot->dropped = false;
    slot->forgettable = info->forgettable;
    slot->last_use = ++swarm->uses;
    struct session *session = &slot->session;
    session->source = source;
    session->start_ns = session->origin_ns = info->start_ns;
    session->clock_ns = session->clock_set_ns = info->start_ns;
    session->document = info->document;
    session->flags =
        (uint16_t)((info->agents ? SESSION_AGENTS : 0) | (info->has_start ? SESSION_HAS_START : 0));
    *out = number;
    swarm->revision++;
    return true;
}

const char *const session_text_keys[SESSION_TEXTS] = {
    [SESSION_CLIENT] = "client", [SESSION_CWD] = "cwd", [SESSION_BRANCH] = "branch"};

session_no swarm_find_session(const struct swarm *swarm, const char *id, size_t len)
{
    intern_id name = intern_find(swarm->names, id, len);
    session_no number = name == INTERN_NONE ? NO_SESSION : swarm_session_of(swarm, name);
    return number == NO_SESSION || swarm->sessions[number].dropped ? NO_SESSION : number;
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

int64_t swarm_truncated_ns(const struct swarm *swarm, const struct session *session)
{
    return session->document < swarm->truncated.count ? swarm->truncated.ns[session->document]
                                                      : INT64_MIN;
}

bool swarm_note_truncated(struct swarm *swarm, const struct session *session, int64_t at_ns)
{
    if (!mem_reserve(swarm->mem, &swarm->truncated.ns, &swarm->truncated.cap,
                     (size_t)session->document + 1, sizeof *swarm->truncated.ns)) {
        return false;
    }
    while (swarm->truncated.count <= session->document) {
        swarm->truncated.ns[swarm->truncated.count++] = INT64_MIN;
    }
    int64_t *last_ns = &swarm->truncated.ns[session->document];
    *last_ns = at_ns > *last_ns ? at_ns : *last_ns;
    return true;
}

uint32_t swarm_new_document(struct swarm *swarm)
{
    return ++swarm->documents;
}

void swarm_set_clock(struct swarm *swarm, session_no session, int64_t t_ns, int64_t local_ns)
{
    struct session *of = &swarm->sessions[session].session;
    swarm->sessions[session].last_use = ++swarm->uses;
    if (t_ns >= of->clock_ns) {
        of->clock_ns = t_ns;
        of->clock_set_ns = local_ns;
        swarm->revision++;
    }
}

/* Smaller changes are no setting of the clock, but the two clocks' different speeds. */
#define SET_NS 100000000

void swarm_set_wall(struct swarm *swarm, session_no session, int64_t wall_ns, int64_t local_ns)
{
    struct session *of = &swarm->sessions[session].session;
    int64_t ahead_ns = wall_ns - local_ns, change_ns = ahead_ns - of->ahead_ns;
    if ((of->flags & SESSION_OF_WALL) == 0 || change_ns > SET_NS || change_ns < -SET_NS) {
        of->ahead_ns = ahead_ns;
        of->flags |= SESSION_OF_WALL;
        swarm->revision++;
    }
}

int64_t swarm_session_present(const struct swarm *swarm, session_no session, int64_t local_ns)
{
    const struct session *of = &swarm->sessions[session].session;
    if ((of->flags & SESSION_FINISHED) != 0) {
        return of->clock_ns;
    }
    if ((of->flags & SESSION_OF_WALL) != 0) {
        return local_ns + of->ahead_ns;
    }
    return of->clock_ns + (local_ns > of->clock_set_ns ? local_ns - of->clock_set_ns : 0);
}

int64_t swarm_session_now(const struct swarm *swarm, session_no session, int64_t local_ns)
{
    const struct session *of = &swarm->sessions[session].session;
    return (of->flags & SESSION_ENDED) != 0 ? of->clock_ns
                                            : swarm_session_present(swarm, session, local_ns);
}

bool swarm_metadata(const struct swarm *swarm, session_no session, uint64_t index,
                    struct event *out)
{
    return event_store_get(swarm->sessions[session].metadata, index + 1, out);
}

/* ---- processes and tracks ---- */

static void link_process(struct swarm *swarm, uint32_t number, session_no session)
{
    struct process *process = &swarm->processes[number];
    uint32_t *first = &swarm->sessions[session].first_process;
    process->session = session;
    process->prev_in_session = NO_PROCESS;
    process->next_in_session = *first;
    if (*first != NO_PROCESS) {
        swarm->processes[*first].prev_in_session = number;
    }
    *first = number;
}

void swarm_own_process(struct swarm *swarm, uint32_t number, session_no session)
{
    const struct process *process = &swarm->processes[number];
    if (process->prev_in_session != NO_PROCESS) {
        swarm->processes[process->prev_in_session].next_in_session = process->next_in_session;
    } else {
        swarm->sessions[process->session].first_process = process->next_in_session;
    }
    if (process->next_in_session != NO_PROCESS) {
        swarm->processes[process->next_in_session].prev_in_session = process->prev_in_session;
    }
    link_process(swarm, number, session);
}

struct process *swarm_process(struct swarm *swarm, session_no session, intern_id pid,
                              int64_t number)
{
    uint32_t at = u64map_get(&swarm->process_by_pid, pair(session, pid));
    if (at != U64MAP_NONE) {
        return &swarm->processes[at];
    }
    bool again = swarm->free_processes != NO_PROCESS;
    at = again ? swarm->free_processes : (uint32_t)swarm->process_count;
    if ((!again && !mem_reserve(swarm->mem, &swarm->processes, &swarm->process_cap,
                                swarm->process_count + 1, sizeof *swarm->processes)) ||
        !u64map_put(&swarm->process_by_pid, pair(session, pid), at)) {
        return NULL;
    }
    if (again) {
        swarm->free_processes = swarm->processes[at].next_in_session;
    } else {
        swarm->process_count++;
    }
    swarm->processes[at] = (struct process){.pid = pid,
                                            .number = number,
                                            .agent = NO_AGENT,
                                            .row = NO_AGENT,
                                            .async_row = NO_AGENT,
                                            .sort_index = INT64_MAX,
                                            .first_track = NO_TRACK};
    link_process(swarm, at, session);
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

/* Returns the whole number in a string, which some producers quote; else the value. "0" is 0, as in
   Chrome and Perfetto. */
static struct json_value unquoted(struct json_value value)
{
    int64_t number;
    if (value.type != JSON_TYPE_STRING || value.len < 3) {
        return value;
    }
    bool negative = value.len > 3 && value.raw[1] == '-';
    struct json_value digits = {JSON_TYPE_NUMBER, value.raw + 1 + negative,
                                value.len - 2 - negative};
    if (!is_plain_number(digits, &number) || (negative && number == 0)) {
        return value;
    }
    return (struct json_value){JSON_TYPE_NUMBER, value.raw + 1, value.len - 2};
}

/* Interns a raw id: whole numbers in one spelling, all else unchanged. */
static intern_id intern_raw_id(struct swarm *swarm, struct json_value value, int64_t *number)
{
    *number = 0;
    if (value.type == JSON_TYPE_NONE) {
        return INTERN_NONE;
    }
    value = unquoted(value);
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
    bool again = swarm->free_tracks != NO_TRACK;
    at = again ? swarm->free_tracks : (uint32_t)swarm->track_count;
    if ((!again && !mem_reserve(swarm->mem, &swarm->tracks, &swarm->track_cap,
                                swarm->track_count + 1, sizeof *swarm->tracks)) ||
        !u64map_put(&swarm->track_by_tid, pair(process_no, tid_id), at)) {
        return NO_TRACK;
    }
    if (again) {
        swarm->free_tracks = swarm->tracks[at].next_in_process;
    } else {
        swarm->track_count++;
    }
    swarm->tracks[at] = (struct track_slot){
        .track =
            {.session = session, .pid = pid_id, .tid = tid_id, .agent = NO_AGENT, .open = NO_SPAN},
        .process = process_no,
        .sort_index = INT64_MAX,
        .next_in_process = process->first_track,
        .folds_to = NO_TRACK,
        .paired_ns = INT64_MIN,
        .orphan_ns = INT64_MIN,
    };
    process->first_track = at;
    return at;
}
