/* The events that a document has besides those of the model, for viewers that know neither calls
   nor agents: arrows (document_flows.h) and counters (document_counts.h). All have the category
   EVENT_CAT_ADDED, by which this program leaves them out when it opens the document. Counters count
   the whole document; they stand at the main agent's process of its first session. */
#include "core/export/document_private.h"

#include "core/base/json_text.h"
#include "core/trace/event_added.h"

#include <inttypes.h>

/* The time in the document of a moment of the session. */
static int64_t document_ns(const struct document *doc, session_no session, int64_t at_ns)
{
    const struct session *of = swarm_session(doc->swarm, session);
    bool has_start = (of->flags & SESSION_HAS_START) != 0;
    return at_ns - (has_start ? doc->base_ns : of->origin_ns);
}

/* Begins an event at a moment of the session. */
static void begin_event(struct document *doc, const char *name, char ph, session_no session,
                        int64_t at_ns)
{
    document_begin_event(doc);
    strbuf_addf(&doc->out,
                "{\"name\":\"%s\",\"cat\":\"" EVENT_CAT_ADDED "\",\"ph\":\"%c\",\"ts\":", name, ph);
    document_put_us(doc, document_ns(doc, session, at_ns));
}

static void put_pid(struct document *doc, session_no session, intern_id pid)
{
    if (doc->many || pid != INTERN_NONE) {
        strbuf_adds(&doc->out, ",\"pid\":");
        document_put_pid(doc, session, pid);
    }
}

static void put_flow(struct document *doc, const struct flow_moment *moment)
{
    const struct span *span = swarm_span(doc->swarm, moment->span);
    const struct track *track = swarm_get_track(doc->swarm, span->track);
    int64_t tid;
    begin_event(doc, moment->back ? "sub-agent ends" : "sub-agent starts", moment->ph,
                track->session, moment->at_ns);
    put_pid(doc, track->session, track->pid);
    if (document_lanes_tid(doc->lanes, moment->span, &tid)) {
        strbuf_adds(&doc->out, ",\"tid\":");
        json_put_int(&doc->out, tid);
    } else if (track->tid != INTERN_NONE) {
        strbuf_adds(&doc->out, ",\"tid\":");
        document_add_raw(doc, &doc->out, track->tid);
    }
    strbuf_addf(&doc->out, ",\"id\":\"%016" PRIx64 "\"", moment->id);
    strbuf_adds(&doc->out, moment->ph == 'f' ? ",\"bp\":\"e\"}" : "}");
    document_flush(doc, false);
}

void document_put_flows(struct document *doc, enum flow_list list, uint64_t key)
{
    const struct flow_moment *moment;
    while ((moment = document_flows_next(&doc->flows, list, key)) != NULL) {
        if (doc->perfetto != NULL) {
            document_add_perfetto_flow(doc, moment);
        } else {
            put_flow(doc, moment);
        }
    }
}

/* ---- counters ---- */

void document_find_counted(struct document *doc)
{
    doc->counted = NO_AGENT;
    doc->next_count_ns = INT64_MAX;
    for (agent_no i = 0; i < swarm_agent_count(doc->swarm); i++) {
        const struct agent *agent = swarm_agent(doc->swarm, i);
        bool main_agent = (agent->flags & (AGENT_MAIN | AGENT_DEAD | AGENT_GROUP)) == AGENT_MAIN;
        if (main_agent && document_includes(doc, agent->session) &&
            document_counts_session(&doc->counts, swarm_session(doc->swarm, agent->session)) &&
            (doc->counted == NO_AGENT ||
             agent->session < swarm_agent(doc->swarm, doc->counted)->session)) {
            doc->counted = i;
        }
    }
    if (doc->counted != NO_AGENT) {
        doc->next_count_ns = document_counts_next(&doc->counts);
    }
}

static void put_counter(struct document *doc, int64_t at_ns, const char *name,
                        const char *const keys[COUNT_STATES], const int32_t *values, size_t count)
{
    const struct agent *agent = swarm_agent(doc->swarm, doc->counted);
    for (size_t i = 0; doc->perfetto != NULL && i < count; i++) {
        document_add_perfetto_count(doc, agent->session, agent->pid,
                                    document_ns(doc, agent->session, at_ns), name, keys[i],
                                    values[i]);
    }
    if (doc->perfetto != NULL) {
        return;
    }
    begin_event(doc, name, 'C', agent->session, at_ns);
    put_pid(doc, agent->session, agent->pid);
    strbuf_adds(&doc->out, ",\"args\":{");
    for (size_t i = 0; i < count; i++) {
        strbuf_addf(&doc->out, "%s\"%s\":%d", i == 0 ? "" : ",", keys[i], values[i]);
    }
    strbuf_adds(&doc->out, "}}");
    document_flush(doc, false);
}

/* The agents that have a call of any kind are those that `parallel` in the header counts. */
static void put_count(struct document *doc)
{
    static const char *const states[COUNT_STATES] = {
        [COUNT_USER] = "user",     [COUNT_REQUEST] = "request", [COUNT_TOOL] = "tool",
        [COUNT_AGENTS] = "agents", [COUNT_IDLE] = "idle",
    };
    static const char *const busy_keys[COUNT_STATES] = {"agents"};
    const int32_t *now = doc->counts.now;
    int32_t busy = 0;
    for (size_t i = 0; i < COUNT_IDLE; i++) {
        busy += now[i];
    }
    put_counter(doc, doc->next_count_ns, "Agents by state", states, now, COUNT_STATES);
    if (busy != doc->counted_busy) {
        put_counter(doc, doc->next_count_ns, "Effective parallelism", busy_keys, &busy, 1);
    }
    doc->counted_busy = busy;
}

void document_put_counts(struct document *doc, int64_t before_ns)
{
    while (doc->next_count_ns < before_ns && document_good(doc)) {
        put_count(doc);
        doc->next_count_ns = document_counts_next(&doc->counts);
    }
}
