/* The document's metadata: the seed's members, then those of an opened document, then
   metadata.swarmtop, from which the document re-opens to the same sessions and tree. A member of
   several sessions is written once, from the first. */
#include "core/export/document_private.h"

#include "core/base/json_text.h"
#include "core/base/json_unique.h"

#include <string.h>
#include <time.h>

static void put_text_member(struct document *doc, const char *key, intern_id text)
{
    if (text != INTERN_NONE) {
        strbuf_addf(&doc->out, ",\"%s\":", key);
        document_put_text(doc, text);
    }
}

/* As Date.toISOString: milliseconds, UTC. An int64 of nanoseconds holds years of four digits
   alone. */
static void put_iso_time(struct document *doc, int64_t ns)
{
    int64_t ms = ns / 1000000 - (ns % 1000000 < 0 ? 1 : 0);
    int64_t seconds = ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
    time_t time = (time_t)seconds;
    struct tm tm;
    char text[32];
    if (gmtime_r(&time, &tm) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
        doc->no_memory = true;
        return;
    }
    strbuf_addf(&doc->out, "\"%s.%03dZ\"", text, (int)(ms - seconds * 1000));
}

/* ---- members that came with an opened document ---- */

typedef const struct strbuf *members_of(const struct session *session);

static const struct strbuf *metadata_members(const struct session *session)
{
    return &session->metadata_extra;
}

static const struct strbuf *top_members(const struct session *session)
{
    return &session->extra;
}

static struct json_walk walk_members(const struct strbuf *members)
{
    return (struct json_walk){members->data,
                              members->len == 0 ? members->data : members->data + members->len};
}

/* The keys of members that were written, to write those of several sessions once. */
struct written_keys {
    struct intern *keys;
    intern_id before; /* keys up to here are of former sessions */
    intern_id last;
};

/* Returns whether a former session has a member of that key. Adds the key. */
static bool was_written(struct document *doc, struct written_keys *written, struct json_value key)
{
    if (!doc->many) {
        return false;
    }
    strbuf_clear(&doc->scratch);
    json_get_string(key, &doc->scratch);
    const char *text = doc->scratch.len > 0 ? doc->scratch.data : "";
    intern_id id = intern_put(written->keys, text, doc->scratch.len);
    if (doc->scratch.failed || id == INTERN_FAILED) {
        doc->no_memory = true;
        return true;
    }
    written->last = id > written->last ? id : written->last;
    return id <= written->before;
}

/* Writes the members, but for those whose key a former session has. */
static void put_walked(struct document *doc, struct written_keys *written, struct json_walk walk)
{
    struct json_member member;
    written->before = written->last;
    while (json_next_member(&walk, &member)) {
        if (!was_written(doc, written, member.key)) {
            strbuf_addc(&doc->out, ',');
            document_put_raw(doc, member.key.raw, member.key.len);
            strbuf_addc(&doc->out, ':');
            document_put_raw(doc, member.value.raw, member.value.len);
        }
    }
}

static void put_members(struct document *doc, members_of *members)
{
    struct written_keys written = {.keys = doc->many ? intern_new(doc->out.mem) : NULL};
    doc->no_memory |= doc->many && written.keys == NULL;
    for (size_t i = 0; i < doc->session_count && document_good(doc); i++) {
        const struct strbuf *own = members(swarm_session(doc->swarm, doc->sessions[i]));
        struct strbuf unique;
        strbuf_init(&unique, doc->out.mem, 0);
        if (!own->failed && own->len > 0 && json_has_twins(own->data, own->len)) {
            json_add_unique(&unique, own->data, own->len);
        }
        doc->no_memory |= own->failed || unique.failed;
        if (!doc->no_memory) { /* else the text may end within a value */
            put_walked(doc, &written, walk_members(unique.len > 0 ? &unique : own));
        }
        strbuf_release(&unique);
    }
    intern_free(written.keys);
}

/* ---- ours ---- */

static session_no session_of_process(const struct document *doc, uint32_t number)
{
    return doc->processes[number].session;
}

static void put_pids(struct document *doc, const struct by_session *processes, session_no session)
{
    const char *separator = "";
    strbuf_adds(&doc->out, ",\"pids\":[");
    for (size_t i = by_session_begin(processes, session); i < processes->ends[session]; i++) {
        intern_id pid = doc->processes[processes->numbers[i]].pid;
        if (doc->many || pid != INTERN_NONE) {
            strbuf_adds(&doc->out, separator);
            document_put_pid(doc, session, pid);
            separator = ",";
        }
    }
    strbuf_addc(&doc->out, ']');
}

/* start_ns, the exact start, is a text because it is beyond a double. */
static void put_session(struct document *doc, const struct by_session *processes, session_no number)
{
    const struct session *session = swarm_session(doc->swarm, number);
    strbuf_adds(&doc->out, "{\"id\":");
    document_put_text(doc, session->id);
    put_text_member(doc, "name", session->name);
    if ((session->flags & SESSION_HAS_START) != 0) {
        strbuf_adds(&doc->out, ",\"start\":");
        put_iso_time(doc, session->start_ns);
        strbuf_adds(&doc->out, ",\"start_ns\":\"");
        json_put_int(&doc->out, session->start_ns);
        strbuf_addc(&doc->out, '"');
    }
    for (size_t i = 0; i < SESSION_TEXTS; i++) {
        put_text_member(doc, session_text_keys[i], session->texts[i]);
    }
    if (session->cost_usd > 0) {
        strbuf_adds(&doc->out, ",\"cost_usd\":");
        json_put_number(&doc->out, session->cost_usd);
    }
    if ((session->flags & SESSION_AGENTS) == 0) {
        strbuf_adds(&doc->out, ",\"rows\":\"threads\"");
    }
    put_pids(doc, processes, number);
    strbuf_addc(&doc->out, '}');
    document_flush(doc, false);
}

/* Rows that are threads, and rows that only stand for an unknown parent, are made again from the
   events. */
static bool is_listed(const struct document *doc, const struct agent *agent)
{
    const struct session *session = swarm_session(doc->swarm, agent->session);
    bool in = doc->options->only == NO_SESSION || doc->options->only == agent->session;
    return in && session != NULL && (session->flags & SESSION_AGENTS) != 0 &&
           (agent->flags & (AGENT_DEAD | AGENT_GROUP)) == 0 && agent->pid != INTERN_NONE;
}

static void put_agent(struct document *doc, const struct agent *agent)
{
    const struct session *session = swarm_session(doc->swarm, agent->session);
    bool main = (agent->flags & AGENT_MAIN) != 0;
    strbuf_adds(&doc->out, "{\"pid\":");
    document_put_pid(doc, agent->session, agent->pid);
    put_text_member(doc, "agent_id",
                    agent->agent_id == INTERN_NONE && main ? session->id : agent->agent_id);
    put_text_member(doc, "parent_agent_id", agent->parent_id);
    put_text_member(doc, "session_id", session->id);
    put_text_member(doc, "name", agent->name);
    put_text_member(doc, "description", agent->description);
    strbuf_adds(&doc->out, main ? ",\"main\":true" : "");
    strbuf_addc(&doc->out, '}');
    document_flush(doc, false);
}

/* Every agent's process gets its number first, so that the sessions' lists have it. */
static void number_agents(struct document *doc)
{
    for (size_t i = 0; i < swarm_agent_count(doc->swarm); i++) {
        const struct agent *agent = swarm_agent(doc->swarm, (agent_no)i);
        if (is_listed(doc, agent)) {
            (void)document_process(doc, agent->session, agent->pid);
        }
    }
}

static session_no session_of_agent(const struct document *doc, uint32_t number)
{
    const struct agent *agent = swarm_agent(doc->swarm, number);
    return is_listed(doc, agent) ? agent->session : NO_SESSION;
}

/* Session by session, so that the order does not depend on whose agent appeared first. */
static void put_agents(struct document *doc)
{
    struct by_session agents =
        by_session_new(doc, (uint32_t)swarm_agent_count(doc->swarm), session_of_agent);
    const char *separator = "";
    for (size_t s = 0; agents.good && s < doc->session_count; s++) {
        session_no session = doc->sessions[s];
        for (size_t i = by_session_begin(&agents, session);
             i < agents.ends[session] && document_good(doc); i++) {
            strbuf_adds(&doc->out, separator);
            put_agent(doc, swarm_agent(doc->swarm, agents.numbers[i]));
            separator = ",";
        }
    }
    by_session_release(doc, &agents);
}

static void put_sessions(struct document *doc)
{
    struct by_session processes =
        by_session_new(doc, (uint32_t)doc->process_count, session_of_process);
    for (size_t i = 0; i < doc->session_count && document_good(doc); i++) {
        strbuf_adds(&doc->out, i == 0 ? "" : ",");
        put_session(doc, &processes, doc->sessions[i]);
    }
    by_session_release(doc, &processes);
}

static void put_swarmtop(struct document *doc)
{
    number_agents(doc);
    strbuf_adds(&doc->out, ",\"swarmtop\":{\"version\":2,\"sessions\":[");
    put_sessions(doc);
    strbuf_adds(&doc->out, "],\"agents\":[");
    put_agents(doc);
    strbuf_adds(&doc->out, "]}");
}

void document_put_metadata(struct document *doc)
{
    uint64_t agents = 0;
    bool has_start = false;
    for (size_t i = 0; i < doc->session_count; i++) {
        const struct session *session = swarm_session(doc->swarm, doc->sessions[i]);
        agents += session->registrations;
        has_start |= (session->flags & SESSION_HAS_START) != 0;
    }
    strbuf_adds(&doc->out, "\"metadata\":{");
    if (doc->session_count > 0) {
        strbuf_adds(&doc->out, "\"session_id\":");
        document_put_text(doc, swarm_session(doc->swarm, doc->sessions[0])->id);
        strbuf_addc(&doc->out, ',');
    }
    if (has_start) {
        strbuf_adds(&doc->out, "\"trace_start_time\":");
        put_iso_time(doc, doc->base_ns);
        strbuf_addc(&doc->out, ',');
    }
    strbuf_adds(&doc->out, "\"agent_count\":");
    json_put_int(&doc->out, (int64_t)agents);
    strbuf_adds(&doc->out, ",\"total_event_count\":");
    json_put_int(&doc->out, (int64_t)doc->event_count);
    put_members(doc, metadata_members);
    put_swarmtop(doc);
    strbuf_addc(&doc->out, '}');
    put_members(doc, top_members);
}
