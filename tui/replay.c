/* Everything that is derived follows from the events, so the past is a matter of leaving events
   out. Metadata events have no time: those of a process count when the process had done something,
   or is its session's main agent's. Sessions keep their order, so their numbers are the same in
   both swarms, but for those that `from` has forgotten. */
#include "tui/replay.h"

#include "core/json_text.h"

#include <math.h>
#include <string.h>

#define NS_PER_US 1000.0

struct replay {
    const struct swarm *from;
    struct swarm *to;
    int64_t at_ns;
    session_no *sessions; /* of `to`, by that of `from` */
    size_t session_count;
    struct strbuf names; /* name and category of the event at hand, as JSON */
};

static struct slice text_of(const struct swarm *swarm, intern_id id)
{
    const char *text = id == INTERN_NONE ? NULL : swarm_text(swarm, id);

    return (struct slice){text, text ? strlen(text) : 0};
}

static bool open_session(struct replay *r, session_no number)
{
    const struct session *session = swarm_session(r->from, number);
    struct slice id, name;
    struct session_info info;
    struct session *edit;

    r->sessions[number] = NO_SESSION;
    if (!session)
        return true;
    id = text_of(r->from, session->id);
    name = text_of(r->from, session->name);
    info = (struct session_info){
        .id = id.bytes ? id.bytes : "",
        .id_len = id.len,
        .source = swarm_text(r->from, session->source),
        .pool = (enum swarm_pool)session->pool,
        .document = session->document,
        .agents = session->flags & SESSION_AGENTS,
        .has_start = session->flags & SESSION_HAS_START,
        .start_ns = session->start_ns,
    };
    if (!swarm_open_session(r->to, &info, &r->sessions[number]))
        return false;
    edit = swarm_session_edit(r->to, r->sessions[number]);
    edit->origin_ns = session->origin_ns;
    edit->flags |= SESSION_FINISHED;
    if (name.bytes)
        edit->name = intern_put(swarm_names(r->to), name.bytes, name.len);
    if (edit->name == INTERN_FAILED)
        edit->name = INTERN_NONE;
    swarm_touch(r->to);
    return true;
}

/* Whether anybody knew of it. */
static bool was_there(const struct replay *r, const struct agent *agent)
{
    return agent->flags & AGENT_MAIN || agent->first_ns <= r->at_ns ||
           agent->first_ns > agent->last_ns;
}

/* The same of a process; one that is no agent's was. */
static bool process_was_there(const struct replay *r, session_no session, intern_id pid)
{
    for (size_t i = 0; i < swarm_agent_count(r->from); i++) {
        const struct agent *agent = swarm_agent(r->from, (agent_no)i);

        if (agent->session == session && agent->pid == pid &&
            !(agent->flags & (AGENT_DEAD | AGENT_GROUP)))
            return was_there(r, agent);
    }
    return true;
}

/* ---- events ---- */

static struct json_value value_of(struct slice raw)
{
    struct json_value value = {JSON_TYPE_NONE, raw.bytes, raw.len};

    if (raw.len > 0)
        value.type = *raw.bytes == '"'   ? JSON_TYPE_STRING
                     : *raw.bytes == '{' ? JSON_TYPE_OBJECT
                                         : JSON_TYPE_NUMBER;
    return value;
}

/* The name in quotes, at the end of r->names; its place is known only when all are there. */
static size_t put_name(struct replay *r, intern_id id)
{
    size_t from = r->names.len;
    struct slice text = text_of(r->from, id);

    if (text.bytes)
        json_put_string(&r->names, text.bytes, text.len);
    return r->names.len - from;
}

static bool append(struct replay *r, const struct event *event)
{
    const struct track *track = swarm_get_track(r->from, event->track);
    struct raw_event raw = {
        .ph = event->ph,
        .ts_us = event->ts_us,
        .dur_us = event->dur_us,
        .id = value_of(event->id),
        .args = value_of(event->args),
        .extra = event->extra,
    };
    size_t name_len, cat_len;
    double left_us = NAN;

    if (!track || r->sessions[track->session] == NO_SESSION)
        return true;
    strbuf_clear(&r->names);
    name_len = put_name(r, event->name);
    cat_len = put_name(r, event->cat);
    if (r->names.failed)
        return false;
    raw.name = value_of((struct slice){r->names.data, name_len});
    raw.cat = value_of((struct slice){r->names.data ? r->names.data + name_len : NULL, cat_len});
    raw.pid = value_of(text_of(r->from, track->pid));
    raw.tid = value_of(text_of(r->from, track->tid));
    if (event->ph == 'X')
        left_us = (double)(r->at_ns - swarm_event_ns(r->from, event)) / NS_PER_US;
    if (raw.dur_us > left_us)
        raw.dur_us = left_us;
    return swarm_append_raw(r->to, r->sessions[track->session], &raw);
}

static bool append_metadata(struct replay *r, session_no number)
{
    struct event event;

    for (uint64_t i = 0;
         swarm_session(r->from, number) && swarm_metadata(r->from, number, i, &event); i++) {
        const struct track *track = swarm_get_track(r->from, event.track);

        if (track && process_was_there(r, number, track->pid) && !append(r, &event))
            return false;
    }
    return true;
}

static bool identify(struct replay *r, const struct agent *agent)
{
    struct slice agent_id = text_of(r->from, agent->agent_id),
                 parent_id = text_of(r->from, agent->parent_id);
    struct slice name = text_of(r->from, agent->name),
                 description = text_of(r->from, agent->description);
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

    /* Of a trace that does not say who is who, the metadata events have said all there is. */
    if (!session || !(session->flags & SESSION_AGENTS) || agent->agent_id == INTERN_NONE ||
        agent->flags & (AGENT_DEAD | AGENT_GROUP) || !was_there(r, agent))
        return true;
    if (!swarm_identify(r->to, r->sessions[agent->session], &who))
        return false;
    if (agent->last_ns <= r->at_ns)
        swarm_flag_agent(r->to, r->sessions[agent->session], agent->pid_number,
                         agent->flags & (AGENT_UNREGISTERED | AGENT_GONE), 0);
    return true;
}

static bool append_pool(struct replay *r, enum swarm_pool pool)
{
    const struct event_store *store = swarm_store(r->from, pool);
    struct event event;

    for (uint64_t i = event_store_first(store); i < event_store_end(store); i++)
        if (event_store_get(store, i, &event) && swarm_event_ns(r->from, &event) <= r->at_ns &&
            !append(r, &event))
            return false;
    return true;
}

static bool replay(struct replay *r)
{
    bool ok = true;

    for (size_t i = 0; ok && i < r->session_count; i++)
        ok = open_session(r, (session_no)i) && append_metadata(r, (session_no)i);
    for (size_t i = 0; ok && i < swarm_agent_count(r->from); i++)
        ok = identify(r, swarm_agent(r->from, (agent_no)i));
    ok = ok && append_pool(r, POOL_FILES) && append_pool(r, POOL_LIVE);
    for (size_t i = 0; ok && i < r->session_count; i++)
        if (r->sessions[i] != NO_SESSION)
            swarm_set_clock(r->to, r->sessions[i], r->at_ns, r->at_ns);
    return ok;
}

bool replay_until(const struct swarm *from, struct swarm *to, int64_t at_ns)
{
    const struct mem *mem = swarm_mem(from);
    struct replay r = {
        .from = from, .to = to, .at_ns = at_ns, .session_count = swarm_session_count(from)};
    bool ok;

    if (r.session_count == 0)
        return true;
    r.sessions = mem_zalloc(mem, r.session_count, sizeof *r.sessions);
    if (!r.sessions)
        return false;
    strbuf_init(&r.names, mem, 0);
    ok = replay(&r);
    strbuf_release(&r.names);
    mem_free(mem, r.sessions, r.session_count * sizeof *r.sessions);
    return ok;
}
