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
    bool again = swarm->rows.free_sessions != NO_SESSION;
    if (!again && !mem_reserve(swarm->mem, &swarm->rows.sessions, &swarm->rows.session_cap,
                               swarm->rows.session_count + 1, sizeof *swarm->rows.sessions)) {
        return NO_SESSION;
    }
    session_no number = again ? swarm->rows.free_sessions : (session_no)swarm->rows.session_count;
    struct event_store *metadata = event_store_new(swarm->mem);
    if (metadata == NULL ||
        (pool == POOL_LIVE && !u64map_put(&swarm->rows.session_by_id, id, number))) {
        event_store_free(metadata);
        return NO_SESSION;
    }
    struct session_slot *slot = &swarm->rows.sessions[number];
    if (again) {
        swarm->rows.free_sessions = slot->next_free;
    } else {
        swarm->rows.session_count++;
    }
    *slot = (struct session_slot){.session = {.id = id, .pool = (uint8_t)pool},
                                  .metadata = metadata,
                                  .first_process = NO_PROCESS,
                                  .async_orphan_ns = INT64_MIN,
                                  .dropped = true,
                                  .serial = ++swarm->rows.last_serial,
                                  .next_free = NO_SESSION};
    strbuf_init(&slot->session.extra, swarm->mem, 0);
    strbuf_init(&slot->session.metadata_extra, swarm->mem, 0);
    return number;
}

session_no swarm_session_of(const struct swarm *swarm, intern_id id)
{
    return u64map_get(&swarm->rows.session_by_id, id);
}

session_no swarm_hold_session(struct swarm *swarm, intern_id id)
{
    session_no number = swarm_session_of(swarm, id);
    if (number == NO_SESSION) {
        number = new_session(swarm, id, POOL_LIVE);
        if (number == NO_SESSION) {
            return NO_SESSION;
        }
        swarm->rows.sessions[number].held = true;
        swarm->rows.held_sessions++;
    }
    struct session_slot *slot = &swarm->rows.sessions[number];
    slot->last_use = slot->held ? ++swarm->rows.uses : slot->last_use;
    return number;
}

/* The number of a session that is held under that id; NO_SESSION: none is. */
static session_no held_session(const struct swarm *swarm, intern_id id)
{
    session_no number = swarm_session_of(swarm, id);
    return number != NO_SESSION && swarm->rows.sessions[number].dropped ? number : NO_SESSION;
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
    struct session_slot *slot = &swarm->rows.sessions[number];
    swarm->rows.forgettable_sessions += info->forgettable;
    swarm->rows.held_sessions -= slot->held;
    slot->dropped = slot->held = false;
    slot->forgettable = info->forgettable;
    slot->last_use = ++swarm->rows.uses;
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
    [SESSION_CLIENT] = "client",
    [SESSION_CWD] = "cwd",
    [SESSION_BRANCH] = "branch",
    [SESSION_HOST] = "host",
};

session_no swarm_find_session(const struct swarm *swarm, const char *id, size_t len)
{
    intern_id name = intern_find(swarm->names, id, len);
    session_no number = name == INTERN_NONE ? NO_SESSION : swarm_session_of(swarm, name);
    return number == NO_SESSION || swarm->rows.sessions[number].dropped ? NO_SESSION : number;
}

size_t swarm_session_count(const struct swarm *swarm)
{
    return swarm->rows.session_count;
}

const struct session *swarm_session(const struct swarm *swarm, session_no session)
{
    const struct session_slot *slot = &swarm->rows.sessions[session];
    return slot->dropped ? NULL : &slot->session;
}

struct session *swarm_session_edit(struct swarm *swarm, session_no session)
{
    return &swarm->rows.sessions[session].session;
}

bool swarm_check_cap(struct swarm *swarm)
{
    return swarm_hold_cap(swarm, POOL_LIVE);
}

int64_t swarm_truncated_ns(const struct swarm *swarm, const struct session *session)
{
    return session->document < swarm->lists.truncated.count
               ? swarm->lists.truncated.ns[session->document]
               : INT64_MIN;
}

bool swarm_note_truncated(struct swarm *swarm, const struct session *session, int64_t at_ns)
{
    if (!mem_reserve(swarm->mem, &swarm->lists.truncated.ns, &swarm->lists.truncated.cap,
                     (size_t)session->document + 1, sizeof *swarm->lists.truncated.ns)) {
        return false;
    }
    while (swarm->lists.truncated.count <= session->document) {
        swarm->lists.truncated.ns[swarm->lists.truncated.count++] = INT64_MIN;
    }
    int64_t *last_ns = &swarm->lists.truncated.ns[session->document];
    *last_ns = at_ns > *last_ns ? at_ns : *last_ns;
    return true;
}

uint32_t swarm_new_document(struct swarm *swarm)
{
    return ++swarm->documents;
}

void swarm_set_clock(struct swarm *swarm, session_no session, int64_t t_ns, int64_t local_ns)
{
    struct session *of = &swarm->rows.sessions[session].session;
    swarm->rows.sessions[session].last_use = ++swarm->rows.uses;
    if (t_ns >= of->clock_ns) {
        of->clock_ns = t_ns;
        of->clock_set_ns = local_ns;
        swarm_note_work(swarm);
    }
}

/* Smaller changes are no setting of the clock, but the two clocks' different speeds. */
#define SET_NS 100000000

void swarm_set_wall(struct swarm *swarm, session_no session, int64_t wall_ns, int64_t local_ns)
{
    struct session *of = &swarm->rows.sessions[session].session;
    int64_t ahead_ns = wall_ns - local_ns, change_ns = ahead_ns - of->ahead_ns;
    if ((of->flags & SESSION_OF_WALL) == 0 || change_ns > SET_NS || change_ns < -SET_NS) {
        of->ahead_ns = ahead_ns;
        of->flags |= SESSION_OF_WALL;
        swarm->revision++;
    }
}

int64_t swarm_session_present(const struct swarm *swarm, session_no session, int64_t local_ns)
{
    const struct session *of = &swarm->rows.sessions[session].session;
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
    const struct session *of = &swarm->rows.sessions[session].session;
    return (of->flags & SESSION_ENDED) != 0 ? of->clock_ns
                                            : swarm_session_present(swarm, session, local_ns);
}

bool swarm_metadata(const struct swarm *swarm, session_no session, uint64_t index,
                    struct event *out)
{
    return event_store_get(swarm->rows.sessions[session].metadata, index + 1, out);
}

/* ---- processes and tracks ---- */

static void link_process(struct swarm *swarm, uint32_t number, session_no session)
{
    struct process *process = &swarm->rows.processes[number];
    uint32_t *first = &swarm->rows.sessions[session].first_process;
    process->session = session;
    process->prev_in_session = NO_PROCESS;
    process->next_in_session = *first;
    if (*first != NO_PROCESS) {
        swarm->rows.processes[*first].prev_in_session = number;
    }
    *first = number;
}

void swarm_unlink_process(struct swarm *swarm, uint32_t number)
{
    const struct process *process = &swarm->rows.processes[number];
    if (process->prev_in_session != NO_PROCESS) {
        swarm->rows.processes[process->prev_in_session].next_in_session = process->next_in_session;
    } else {
        swarm->rows.sessions[process->session].first_process = process->next_in_session;
    }
    if (process->next_in_session != NO_PROCESS) {
        swarm->rows.processes[process->next_in_session].prev_in_session = process->prev_in_session;
    }
}

void swarm_own_process(struct swarm *swarm, uint32_t number, session_no session)
{
    swarm_unlink_process(swarm, number);
    link_process(swarm, number, session);
}

struct process *swarm_process(struct swarm *swarm, session_no session, intern_id pid,
                              int64_t number)
{
    uint32_t at = u64map_get(&swarm->rows.process_by_pid, pair(session, pid));
    if (at != U64MAP_NONE) {
        return &swarm->rows.processes[at];
    }
    bool again = swarm->rows.free_processes != NO_PROCESS;
    at = again ? swarm->rows.free_processes : (uint32_t)swarm->rows.process_count;
    if ((!again && !mem_reserve(swarm->mem, &swarm->rows.processes, &swarm->rows.process_cap,
                                swarm->rows.process_count + 1, sizeof *swarm->rows.processes)) ||
        !u64map_put(&swarm->rows.process_by_pid, pair(session, pid), at)) {
        return NULL;
    }
    if (again) {
        swarm->rows.free_processes = swarm->rows.processes[at].next_in_session;
    } else {
        swarm->rows.process_count++;
    }
    swarm->rows.processes[at] = (struct process){.pid = pid,
                                                 .number = number,
                                                 .agent = NO_AGENT,
                                                 .row = NO_AGENT,
                                                 .async_row = NO_AGENT,
                                                 .sort_index = INT64_MAX,
                                                 .first_track = NO_TRACK};
    link_process(swarm, at, session);
    return &swarm->rows.processes[at];
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

void swarm_use_track(struct swarm *swarm, track_no track, uint64_t number)
{
    struct track_slot *slot = &swarm->rows.tracks[track];
    slot->last_use = number > slot->last_use ? number : slot->last_use;
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
    uint32_t process_no = (uint32_t)(process - swarm->rows.processes);
    uint32_t at = u64map_get(&swarm->rows.track_by_tid, pair(process_no, tid_id));
    if (at != U64MAP_NONE) {
        return at;
    }
    bool again = swarm->rows.free_tracks != NO_TRACK;
    at = again ? swarm->rows.free_tracks : (uint32_t)swarm->rows.track_count;
    if ((!again && !mem_reserve(swarm->mem, &swarm->rows.tracks, &swarm->rows.track_cap,
                                swarm->rows.track_count + 1, sizeof *swarm->rows.tracks)) ||
        !u64map_put(&swarm->rows.track_by_tid, pair(process_no, tid_id), at)) {
        return NO_TRACK;
    }
    if (again) {
        swarm->rows.free_tracks = swarm->rows.tracks[at].next_in_process;
    } else {
        swarm->rows.track_count++;
    }
    swarm->rows.tracks[at] = (struct track_slot){
        .track =
            {.session = session, .pid = pid_id, .tid = tid_id, .agent = NO_AGENT, .open = NO_SPAN},
        .process = process_no,
        .sort_index = INT64_MAX,
        .prev_in_process = NO_TRACK,
        .next_in_process = process->first_track,
        .folds_to = NO_TRACK,
        .paired_ns = INT64_MIN,
        .orphan_ns = INT64_MIN,
        .last_use = event_store_end(swarm->pools[POOL_LIVE].store),
    };
    if (process->first_track != NO_TRACK) {
        swarm->rows.tracks[process->first_track].prev_in_process = at;
    }
    process->first_track = at;
    swarm->rows.live_tracks += swarm->rows.sessions[session].session.pool == POOL_LIVE;
    return at;
}
