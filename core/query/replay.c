/* Everything in the model is derived from events and records, so an earlier state is a swarm with
   fewer of them. Metadata events have no time. Those of a process are appended once the process has
   done something, or if it is its session's main agent's. Sessions keep their order, so they have
   the same numbers in both swarms, except those that `from` has removed.

   Events are appended, and records copied, in order of time. A complete event (X) becomes a begin
   and an end with an id of its own, so it is open until its end. */
#include "core/query/replay.h"

#include "core/base/json_text.h"
#include "core/base/time_ns.h"
#include "core/base/u64map.h"
#include "core/model/swarm_edit.h"
#include "core/query/replay_records.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_US 1000.0

/* The third pool: moments of records, which come after the events of the same time. */
#define POOL_RECORDS (POOL_FILES + 1)

/* An event with its time. */
struct timed_event {
    int64_t at_ns;
    uint64_t number; /* of POOL_RECORDS: the place in records.moments */
    uint8_t pool;
    bool end; /* the end of an X, or of a record */
};

enum known { KNOWN_NOT, KNOWN_RUNS, KNOWN_ENDED };

struct replay {
    const struct swarm *from;
    struct swarm *to;
    int64_t at_ns;
    session_no *sessions; /* of `to`, indexed by those of `from` */
    size_t session_count;
    uint8_t *known; /* indexed by agent of `from`: enum known */
    size_t agent_count;
    struct replay_records records;
    struct u64map processes; /* from session and pid to the process's agent */
    bool **taken;            /* by session and metadata event: already appended */
    struct timed_event *timed;
    size_t timed_count, timed_cap, next;
    uint64_t events;     /* appended so far */
    struct strbuf names; /* name and category of the current event, as JSON */
};

/* Returns the same text of the other model; INTERN_NONE also if out of memory. */
static intern_id copy_text(struct replay *r, intern_id id)
{
    struct slice text = replay_text(r->from, id);
    intern_id copy =
        text.bytes != NULL ? intern_put(swarm_names(r->to), text.bytes, text.len) : INTERN_NONE;
    return copy == INTERN_FAILED ? INTERN_NONE : copy;
}

static bool open_session(struct replay *r, session_no number)
{
    const struct session *session = swarm_session(r->from, number);
    r->sessions[number] = NO_SESSION;
    if (session == NULL) {
        return true;
    }
    struct slice id = replay_text(r->from, session->id);
    struct session_info info = {
        .id = id.bytes != NULL ? id.bytes : "",
        .id_len = id.len,
        .source = swarm_text(r->from, session->source),
        .pool = (enum swarm_pool)session->pool,
        .document = session->document,
        .agents = session->flags & SESSION_AGENTS,
        .has_start = session->flags & SESSION_HAS_START,
        .start_ns = session->start_ns,
    };
    if (!swarm_open_session(r->to, &info, &r->sessions[number])) {
        return false;
    }
    struct session *edit = swarm_session_edit(r->to, r->sessions[number]);
    edit->origin_ns = session->origin_ns;
    edit->name = copy_text(r, session->name);
    for (size_t i = 0; i < SESSION_TEXTS; i++) {
        edit->texts[i] = copy_text(r, session->texts[i]);
    }
    edit->cost_usd = session->cost_usd;
    swarm_touch(r->to);
    return true;
}

/* Ends a session that has no more events. */
static void finish_session(struct replay *r, session_no number)
{
    if (r->sessions[number] == NO_SESSION) {
        return;
    }
    swarm_session_edit(r->to, r->sessions[number])->flags |= SESSION_FINISHED;
    swarm_touch(r->to);
}

/* Returns true if the agent was known at that time. */
static bool was_known(const struct replay *r, const struct agent *agent)
{
    return agent->flags & AGENT_MAIN || agent->first_ns <= r->at_ns ||
           agent->first_ns > agent->last_ns;
}

static uint64_t process_key(session_no session, intern_id pid)
{
    return (uint64_t)session << 32 | pid;
}

static bool find_processes(struct replay *r)
{
    bool ok = true;

    for (size_t i = 0; ok && i < r->agent_count; i++) {
        const struct agent *agent = swarm_agent(r->from, (agent_no)i);
        uint64_t key = process_key(agent->session, agent->pid);
        if (!(agent->flags & (AGENT_DEAD | AGENT_GROUP)) &&
            u64map_get(&r->processes, key) == U64MAP_NONE) {
            ok = u64map_put(&r->processes, key, (uint32_t)i);
        }
    }
    return ok;
}

/* Returns true if the process was known; one without an agent was. */
static bool process_was_known(const struct replay *r, const struct track *track)
{
    uint32_t agent = u64map_get(&r->processes, process_key(track->session, track->pid));
    return agent == U64MAP_NONE || was_known(r, swarm_agent(r->from, agent));
}

/* ---- events ---- */

/* Appends the quoted name to r->names; returns its length. Its address is final only after all
   names. */
static size_t put_name(struct replay *r, intern_id id)
{
    size_t from = r->names.len;
    struct slice text = replay_text(r->from, id);
    if (text.bytes != NULL) {
        json_put_string(&r->names, text.bytes, text.len);
    }
    return r->names.len - from;
}

/* A complete event is two: this is the time of its begin or of its end. */
static void set_replayed_ts(struct raw_event *raw, const struct event *event, bool end)
{
    if (end) {
        int64_t at_ns =
            time_ns_from_us(event->ts_us) + event->ts_rest_ns + time_ns_from_us(event->dur_us);
        raw->ts_us += event->dur_us;
        bool fits = fabs(raw->ts_us) < 0x1p40;
        raw->ts_rest_ns = fits ? 0 : (int16_t)(at_ns - time_ns_from_us(raw->ts_us));
    }
}

static struct json_value value_of(struct slice raw)
{
    return json_value_of(raw.bytes, raw.len);
}

/* `event_at` NULL: appends the event unchanged. */
static bool append(struct replay *r, const struct event *event, const struct timed_event *event_at)
{
    const struct track *track = swarm_get_track(r->from, event->track);
    struct raw_event raw = {
        .ph = event->ph,
        .ts_us = event->ts_us,
        .dur_us = event->dur_us,
        .ts_rest_ns = event->ts_rest_ns,
        .id = value_of(event->id),
        .args = value_of(event->args),
        .extra = event->extra,
    };
    size_t name_len, cat_len;
    char id[32];
    if (track == NULL || r->sessions[track->session] == NO_SESSION) {
        return true;
    }
    strbuf_clear(&r->names);
    name_len = put_name(r, event->name);
    cat_len = put_name(r, event->cat);
    if (r->names.failed) {
        return false;
    }
    raw.name = value_of((struct slice){r->names.data, name_len});
    raw.cat =
        value_of((struct slice){r->names.data != NULL ? r->names.data + name_len : NULL, cat_len});
    raw.pid = value_of(replay_text(r->from, track->pid));
    raw.tid = value_of(replay_text(r->from, track->tid));
    if (event_at != NULL && event->ph == 'X' && event->dur_us > 0) {
        int len = snprintf(id, sizeof id, "\"replay %llu\"", (unsigned long long)event_at->number);
        raw.ph = event_at->end ? 'e' : 'b';
        set_replayed_ts(&raw, event, event_at->end);
        raw.dur_us = NAN;
        raw.id = value_of((struct slice){id, (size_t)len});
        raw.extra = (struct slice){"\"s\":\"t\"", strlen("\"s\":\"t\"")}; /* of its thread */
    }
    return swarm_append_raw(r->to, r->sessions[track->session], &raw);
}

/* Appends the metadata of processes that have appeared. */
static bool append_metadata(struct replay *r, session_no number)
{
    const struct session *session = swarm_session(r->from, number);
    struct event event;
    for (uint64_t i = 0; session != NULL && i < session->metadata_count; i++) {
        if (r->taken[number][i] || !swarm_metadata(r->from, number, i, &event)) {
            continue;
        }
        const struct track *track = swarm_get_track(r->from, event.track);
        r->taken[number][i] = track != NULL && process_was_known(r, track);
        if (!r->taken[number][i]) {
            continue;
        }
        if (!append(r, &event, NULL)) {
            return false;
        }
        r->events++;
    }
    return true;
}

static bool identify(struct replay *r, agent_no number)
{
    const struct agent *agent = swarm_agent(r->from, number);
    struct slice agent_id = replay_text(r->from, agent->agent_id),
                 parent_id = replay_text(r->from, agent->parent_id);
    struct slice name = replay_text(r->from, agent->name),
                 description = replay_text(r->from, agent->description);
    struct agent_identity who = {
        .pid = agent->pid_number,
        .agent_id = agent_id.bytes,
        .agent_id_len = agent_id.len,
        .parent_id = parent_id.bytes,
        .parent_id_len = parent_id.len,
        .name = name.bytes,
        .name_len = name.len,
        .description = description.bytes,
        .description_len = description.len,
        .main = agent->flags & AGENT_MAIN,
    };
    const struct session *session = swarm_session(r->from, agent->session);
    /* Without agent records, the metadata events hold all that is known of agents. */
    if (session == NULL || r->sessions[agent->session] == NO_SESSION ||
        !(session->flags & SESSION_AGENTS) || agent->agent_id == INTERN_NONE ||
        agent->flags & (AGENT_DEAD | AGENT_GROUP) || !was_known(r, agent)) {
        return true;
    }
    if (!swarm_identify(r->to, r->sessions[agent->session], &who)) {
        return false;
    }
    if (agent->last_ns <= r->at_ns) {
        swarm_flag_agent(r->to, r->sessions[agent->session], agent->pid_number,
                         agent->flags & (AGENT_UNREGISTERED | AGENT_GONE | AGENT_UNKNOWN), 0);
    }
    return true;
}

/* ---- in order of time ---- */

static bool add_timed(struct replay *r, struct timed_event event_at)
{
    if (!mem_reserve(swarm_mem(r->from), &r->timed, &r->timed_cap, r->timed_count + 1,
                     sizeof *r->timed)) {
        return false;
    }
    r->timed[r->timed_count++] = event_at;
    return true;
}

static bool add_timed_of(struct replay *r, struct timed_event event_at, const struct event *event)
{
    enum swarm_pool pool = (enum swarm_pool)event_at.pool;
    event_at.at_ns = isnan(event->ts_us)
                         ? INT64_MIN
                         : record_moments_written_ns(r->from, pool, event_at.number,
                                                     swarm_event_ns(r->from, event));
    if (!add_timed(r, event_at)) {
        return false;
    }
    if (event->ph != 'X' || !(event->dur_us > 0)) {
        return true;
    }
    event_at.at_ns = record_moments_written_ns(r->from, pool, event_at.number,
                                               swarm_event_end_ns(r->from, event));
    event_at.end = true;
    return add_timed(r, event_at);
}

static bool add_all_timed(struct replay *r, enum swarm_pool pool)
{
    const struct event_store *store = swarm_store(r->from, pool);
    for (uint64_t no = event_store_first(store); no < event_store_end(store); no++) {
        struct event event;
        if (swarm_event(r->from, pool, no, &event) &&
            !add_timed_of(r, (struct timed_event){.number = no, .pool = (uint8_t)pool}, &event)) {
            return false;
        }
    }
    return true;
}

static bool add_records(struct replay *r)
{
    bool ok = replay_records_init(&r->records, r->from, r->to, r->sessions);

    for (size_t i = 0; ok && i < r->records.moments.count; i++) {
        const struct record_moment *moment = &r->records.moments.items[i];
        ok = add_timed(r, (struct timed_event){.at_ns = moment->at_ns,
                                               .number = i,
                                               .pool = POOL_RECORDS,
                                               .end = !moment->begins});
    }
    return ok;
}

static int by_time(const void *a, const void *b)
{
    const struct timed_event *x = a, *y = b;
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    if (x->pool != y->pool) {
        return x->pool < y->pool ? -1 : 1;
    }
    if (x->number != y->number) {
        return x->number < y->number ? -1 : 1;
    }
    return x->end - y->end;
}

static bool append_timed(struct replay *r, const struct timed_event *event_at)
{
    struct event event;
    r->events += !event_at->end;
    if (event_at->pool == POOL_RECORDS) {
        return replay_records_take(&r->records, (size_t)event_at->number);
    }
    return !swarm_event(r->from, (enum swarm_pool)event_at->pool, event_at->number, &event) ||
           append(r, &event, event_at);
}

/* ---- its life ---- */

static size_t metadata_count(const struct replay *r, size_t session)
{
    const struct session *of = swarm_session(r->from, (session_no)session);
    return of != NULL ? (size_t)of->metadata_count : 0;
}

struct replay *replay_new(const struct swarm *from, struct swarm *to)
{
    const struct mem *mem = swarm_mem(from);
    struct replay *r = mem_zalloc(mem, 1, sizeof *r);
    bool ok = r != NULL;

    if (!ok) {
        return NULL;
    }
    r->from = from;
    r->to = to;
    r->at_ns = INT64_MIN;
    r->session_count = swarm_session_count(from);
    r->agent_count = swarm_agent_count(from);
    strbuf_init(&r->names, mem, 0);
    u64map_init(&r->processes, mem);
    if (r->session_count > 0) {
        r->sessions = mem_zalloc(mem, r->session_count, sizeof *r->sessions);
        r->taken = mem_zalloc(mem, r->session_count, sizeof *r->taken);
        ok = r->sessions != NULL && r->taken != NULL;
    }
    for (size_t i = 0; ok && i < r->session_count; i++) {
        size_t count = metadata_count(r, i);
        if (count > 0) {
            ok = (r->taken[i] = mem_zalloc(mem, count, sizeof **r->taken)) != NULL;
        }
    }
    if (ok && r->agent_count > 0) {
        ok = (r->known = mem_zalloc(mem, r->agent_count, sizeof *r->known)) != NULL;
    }
    for (size_t i = 0; ok && i < r->session_count; i++) {
        ok = open_session(r, (session_no)i);
    }
    ok = ok && find_processes(r) && add_all_timed(r, POOL_FILES) && add_all_timed(r, POOL_LIVE) &&
         add_records(r);
    if (!ok) {
        replay_free(r);
        return NULL;
    }
    if (r->timed_count > 1) {
        qsort(r->timed, r->timed_count, sizeof *r->timed, by_time);
    }
    return r;
}

void replay_free(struct replay *r)
{
    if (r == NULL) {
        return;
    }
    const struct mem *mem = swarm_mem(r->from);
    mem_free(mem, r->sessions, r->session_count * sizeof *r->sessions);
    for (size_t i = 0; r->taken != NULL && i < r->session_count; i++) {
        mem_free(mem, r->taken[i], metadata_count(r, i) * sizeof **r->taken);
    }
    mem_free(mem, r->taken, r->session_count * sizeof *r->taken);
    mem_free(mem, r->known, r->agent_count * sizeof *r->known);
    mem_free(mem, r->timed, r->timed_cap * sizeof *r->timed);
    replay_records_release(&r->records);
    strbuf_release(&r->names);
    u64map_release(&r->processes);
    mem_free(mem, r, sizeof *r);
}

/* Registers agents that have appeared since. A process is named before it does anything. */
static bool introduce(struct replay *r)
{
    bool ok = true;

    for (size_t i = 0; ok && i < r->session_count; i++) {
        ok = append_metadata(r, (session_no)i);
    }
    for (size_t i = 0; ok && i < r->agent_count; i++) {
        const struct agent *agent = swarm_agent(r->from, (agent_no)i);
        enum known known = !was_known(r, agent)         ? KNOWN_NOT
                           : agent->last_ns <= r->at_ns ? KNOWN_ENDED
                                                        : KNOWN_RUNS;
        if (known > r->known[i]) {
            ok = replay_records_name(&r->records, agent) && identify(r, (agent_no)i);
        }
        r->known[i] = (uint8_t)known;
    }
    return ok;
}

bool replay_advance(struct replay *r, int64_t at_ns)
{
    bool ok;

    r->at_ns = at_ns;
    ok = introduce(r);
    while (ok && r->next < r->timed_count && r->timed[r->next].at_ns <= at_ns) {
        ok = append_timed(r, &r->timed[r->next++]);
    }
    ok = ok && swarm_arrange(r->to);
    for (size_t i = 0; ok && i < r->session_count; i++) {
        if (r->sessions[i] != NO_SESSION) {
            swarm_set_clock(r->to, r->sessions[i], at_ns, at_ns);
        }
    }
    for (size_t i = 0; ok && r->next == r->timed_count && i < r->session_count; i++) {
        finish_session(r, (session_no)i);
    }
    return ok;
}

uint64_t replay_events(const struct replay *r)
{
    return r->events;
}

/* Hides the sessions that had not begun: nothing is appended to them. */
static void hide_later(struct replay *r, int64_t at_ns)
{
    for (size_t i = 0; i < r->session_count; i++) {
        const struct session *session = swarm_session(r->from, (session_no)i);
        if (session != NULL && session->start_ns > at_ns && r->sessions[i] != NO_SESSION) {
            swarm_hide_session(r->to, r->sessions[i]);
            r->sessions[i] = NO_SESSION;
        }
    }
}

/* Interactions keep their numbers if an earlier part was dropped. Returns false if out of memory.
 */
static bool copy_earlier_turns(struct replay *r)
{
    bool ok = true;
    for (size_t i = 0; ok && i < r->agent_count; i++) {
        const struct agent *agent = swarm_agent(r->from, (agent_no)i);
        const struct span *first = agent->earlier_turns == 0 || agent->envelopes.count == 0
                                       ? NULL
                                       : swarm_span(r->from, spans_at(&agent->envelopes, 0));
        if (first != NULL && r->sessions[agent->session] != NO_SESSION) {
            track_no track = replay_records_track(&r->records, first->track);
            ok = track != NO_TRACK;
            agent_no copy = ok ? swarm_track_agent(r->to, track) : NO_AGENT;
            if (copy != NO_AGENT) {
                swarm_set_earlier_turns(r->to, copy, agent->earlier_turns);
            }
        }
    }
    return ok;
}

bool replay_until(const struct swarm *from, struct swarm *to, int64_t at_ns)
{
    struct replay *r = replay_new(from, to);
    bool ok = r != NULL;

    if (ok) {
        hide_later(r, at_ns);
        ok = replay_advance(r, at_ns) && copy_earlier_turns(r);
    }
    replay_free(r);
    return ok;
}
