#include "tui/cmd/report_json.h"

#include "core/model/metrics_acc.h"
#include "core/query/cost.h"
#include "core/query/query.h"
#include "tui/cmd/report_figures.h"
#include "tui/cmd/report_turns.h"
#include "tui/cmd/report_waits.h"
#include "tui/cmd/report_why_json.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS 1000000LL

static void put_start(struct json_writer *w, json_t *object, int64_t start_ns)
{
    time_t seconds = (time_t)(start_ns / 1000000000 - (start_ns % 1000000000 < 0));
    int64_t ms = (start_ns - (int64_t)seconds * 1000000000) / NS_PER_MS;
    struct tm tm;
    char text[40];
    if (gmtime_r(&seconds, &tm) != NULL &&
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) > 0) {
        json_writer_put(w, object, "start", json_sprintf("%s.%03dZ", text, (int)ms));
    }
}

/* The estimate is of the session's agents; NAN: no model of theirs has a price. */
static json_t *make_session(struct json_writer *w, const struct swarm *swarm,
                            const struct session *session, double estimate_usd)
{
    json_t *object = json_object();
    struct metrics cost = {.cost_usd = session->cost_usd > 0 ? session->cost_usd : NAN,
                           .cost_estimate_usd = estimate_usd};
    json_writer_put_name(w, object, "session_id", swarm, session->id);
    json_writer_put_name(w, object, "name", swarm, session->name);
    if (session->flags & SESSION_HAS_START) {
        put_start(w, object, session->start_ns);
    }
    json_writer_put_name(w, object, "source", swarm, session->source);
    json_writer_put_number(w, object, "cost_usd", cost.cost_usd);
    json_writer_put_number(w, object, "cost_estimate_usd", estimate_usd);
    report_figures_put_cost(w, object, &cost);
    return object;
}

static void write_sessions(struct json_writer *w, const struct report *r)
{
    size_t count = swarm_session_count(r->swarm);
    bool *matching = report_matching_sessions(r);
    struct session_cost *costs = cost_by_session(r->swarm, r->metrics);

    w->out->failed |= count > 0 && (matching == NULL || costs == NULL);
    json_writer_begin_array(w, "sessions");
    for (size_t i = 0; matching != NULL && costs != NULL && i < count; i++) {
        const struct session *session = swarm_session(r->swarm, (session_no)i);
        if (session != NULL && matching[i]) {
            json_writer_write_item(w, make_session(w, r->swarm, session, costs[i].estimate_usd));
        }
    }
    json_writer_end_array(w);
    mem_free(r->metrics->mem, matching, matching == NULL ? 0 : count * sizeof *matching);
    mem_free(r->metrics->mem, costs, costs == NULL ? 0 : count * sizeof *costs);
}

static void write_counts(struct json_writer *w, const struct report *r)
{
    const struct swarm_metrics *f = r->metrics;
    json_t *events = json_object(), *spans = json_object();
    json_writer_put_count(w, events, "total", f->events + f->metadata);
    json_writer_put_count(w, events, "metadata", f->metadata);
    json_writer_put_count(w, events, "dropped", f->dropped);
    json_writer_put_count(w, events, "bad", r->bad);
    json_writer_write_name(w, "events");
    json_writer_write_item(w, events);
    json_writer_put_count(w, spans, "closed", f->spans.closed);
    json_writer_put_count(w, spans, "open", f->spans.open);
    json_writer_put_count(w, spans, "evicted", f->spans.evicted);
    json_writer_put_count(w, spans, "incomplete", f->spans.incomplete);
    json_writer_put_count(w, spans, "orphan_ends", f->spans.orphan_ends);
    json_writer_write_name(w, "spans");
    json_writer_write_item(w, spans);
}

/* Returns whether the agent of another session, which is in the report, started this one's. */
static bool is_nested(const struct swarm *swarm, const struct agent *agent)
{
    for (size_t i = 0; i < swarm_agent_count(swarm) && agent->parent_id != INTERN_NONE; i++) {
        const struct agent *other = swarm_agent(swarm, (agent_no)i);
        const struct session *session = swarm_session(swarm, other->session);
        if (other->session != agent->session && session != NULL &&
            (other->agent_id == agent->parent_id || session->id == agent->parent_id)) {
            return (other->flags & (AGENT_DEAD | AGENT_GROUP)) == 0;
        }
    }
    return false;
}

static json_t *make_agent(struct json_writer *w, const struct report *r,
                          const struct report_waits *waits, agent_no no)
{
    const struct agent *agent = swarm_agent(r->swarm, no);
    const struct session *session = swarm_session(r->swarm, agent->session);
    bool main_agent = agent->flags & AGENT_MAIN;
    json_t *object = json_object();
    json_writer_put_agent(w, object, r->swarm, no);
    json_writer_put_name(w, object, "name", r->swarm, agent->name);
    json_writer_put_name(w, object, "description", r->swarm, agent->description);
    if (!main_agent || is_nested(r->swarm, agent)) {
        json_writer_put_name(w, object, "parent_agent_id", r->swarm, agent->parent_id);
    }
    json_writer_put_name(w, object, "client", r->swarm,
                         session != NULL ? session->texts[SESSION_CLIENT] : INTERN_NONE);
    json_writer_put_name(w, object, "host", r->swarm,
                         session != NULL ? session->texts[SESSION_HOST] : INTERN_NONE);
    json_writer_put_raw_name(w, object, "pid", r->swarm, agent->pid);
    json_writer_put_raw_name(w, object, "tid", r->swarm, agent->tid);
    if (query_is_agent(agent)) {
        enum agent_state state = query_status(r->swarm, no, r->local_ns).state;
        json_writer_put_text(w, object, "state", query_state_key(state));
    }
    if (no < r->metrics->agent_count) {
        report_figures_put(w, object, &r->metrics->agents[no]);
    }
    report_waits_put_stalled(w, r, waits, no, object);
    report_waits_put_held(w, r, waits, no, object);
    return object;
}

/* Session by session, as the document has them: a live swarm's agents appeared in any order. */
static void write_agents(struct json_writer *w, const struct report *r,
                         const struct report_waits *waits)
{
    const struct mem *mem = w->out->mem;
    size_t sessions = swarm_session_count(r->swarm), agents = swarm_agent_count(r->swarm);
    /* Lists of the agents of each session; one number more than the agent's, 0: the end. */
    agent_no *first = mem_zalloc(mem, sessions + 1, sizeof *first);
    agent_no *next = mem_zalloc(mem, agents + 1, sizeof *next);
    json_writer_begin_array(w, "agents");
    w->out->failed |= first == NULL || next == NULL;
    for (size_t i = agents; i-- > 0 && !w->out->failed;) {
        session_no session = swarm_agent(r->swarm, (agent_no)i)->session;
        if (session < sessions) {
            next[i] = first[session];
            first[session] = (agent_no)i + 1;
        }
    }
    for (size_t session = 0; session < sessions && !w->out->failed; session++) {
        for (agent_no at = first[session]; at != 0; at = next[at - 1]) {
            if (report_has_agent(swarm_agent(r->swarm, at - 1)) && report_matches(r, at - 1)) {
                json_writer_write_item(w, make_agent(w, r, waits, at - 1));
            }
        }
    }
    json_writer_end_array(w);
    mem_free(mem, first, (sessions + 1) * sizeof *first);
    mem_free(mem, next, (agents + 1) * sizeof *next);
}

static void write_models(struct json_writer *w, const struct report *r)
{
    const struct swarm_metrics *f = r->metrics;
    json_writer_begin_array(w, "models");
    for (size_t i = 0; i < f->model_count; i++) {
        json_t *model = json_object();
        json_writer_put_name(w, model, "client", r->swarm, f->models[i].client);
        json_writer_put_text(w, model, "model", f->models[i].model);
        report_figures_put(w, model, &f->models[i].metrics);
        json_writer_write_item(w, model);
    }
    json_writer_end_array(w);
}

static json_t *make_side(struct json_writer *w, uint64_t count, const char *key, double value)
{
    json_t *object = json_object();
    json_writer_put_count(w, object, "count", count);
    json_writer_put_number(w, object, key, value);
    return object;
}

static void put_sides(struct json_writer *w, json_t *object, const struct slowdown *of)
{
    const char *key = of->retries ? "share" : "p50";
    double recent = of->retries ? of->recent_share : of->recent_p50;
    double before = of->retries ? of->before_share : of->before_p50;
    json_writer_put(w, object, "recent", make_side(w, of->recent_count, key, recent));
    json_writer_put(w, object, "before", make_side(w, of->before_count, key, before));
    if (of->prompts.recent_count > 0 || of->prompts.before_count > 0) {
        const struct prompt_medians *tokens = &of->prompts;
        json_t *prompts = json_object();
        json_writer_put(w, prompts, "recent",
                        make_side(w, tokens->recent_count, "p50", tokens->recent_p50));
        json_writer_put(w, prompts, "before",
                        make_side(w, tokens->before_count, "p50", tokens->before_p50));
        json_writer_put(w, object, "prompt_tokens", prompts);
    }
}

/* Writes what has become slower; an empty array if nothing has. */
static void write_slower(struct json_writer *w, const struct report *r)
{
    json_writer_begin_array(w, "slower");
    for (size_t i = 0; i < r->metrics->slowdown_count; i++) {
        const struct slowdown *of = &r->metrics->slowdowns[i];
        json_t *object = json_object();
        json_writer_put_name(w, object, "client", r->swarm, of->client);
        json_writer_put_text(w, object, "model", of->model);
        json_writer_put_text(w, object, "figure",
                             of->retries ? "retries" : latency_rows[of->part].key);
        json_writer_put_text(w, object, "part", latency_rows[of->part].word);
        put_sides(w, object, of);
        json_writer_put_number(w, object, "p", of->p);
        json_writer_write_item(w, object);
    }
    json_writer_end_array(w);
    const struct slowdown_sides *sides = &r->metrics->slowdown_sides;
    json_t *compared = json_object();
    json_writer_put_count(w, compared, "models", sides->models);
    json_writer_put_count(w, compared, "recent", sides->recent);
    json_writer_put_count(w, compared, "before", sides->before);
    json_writer_write_name(w, "slower_compared");
    json_writer_write_item(w, compared);
}

/* Writes the calls of MCP servers. */
static void write_servers(struct json_writer *w, const struct report *r)
{
    if (r->metrics->server_count == 0) {
        return;
    }
    json_writer_begin_array(w, "servers");
    for (size_t i = 0; i < r->metrics->server_count; i++) {
        const struct server_metrics *server = &r->metrics->servers[i];
        json_t *object = json_object();
        json_writer_put_slice(w, object, "server", server->server);
        json_writer_put_count(w, object, "calls", server->duration_ms.count);
        json_writer_put_count(w, object, "errors", server->errors);
        json_writer_put_count(w, object, "open", server->open);
        report_figures_put_stopped(w, object, server->refused, server->interrupted);
        if (server->duration_ms.count > 0) {
            json_writer_put_number(w, object, "total_ms", server->duration_ms.sum);
            report_figures_put_spread(w, object, &server->duration_ms, false);
        }
        json_writer_write_item(w, object);
    }
    json_writer_end_array(w);
}

/* Writes the names of spans in traces without agents. */
static void write_names(struct json_writer *w, const struct report *r)
{
    if (r->metrics->name_count == 0) {
        return;
    }
    json_writer_begin_array(w, "names");
    for (size_t i = 0; i < r->metrics->name_count; i++) {
        const struct name_metrics *name = &r->metrics->names[i];
        json_t *object = json_object();
        json_writer_put_name(w, object, "name", r->swarm, name->name);
        json_writer_put_count(w, object, "count", name->count);
        json_writer_put_count(w, object, "open", name->open);
        json_writer_put_number(w, object, "total_ms", (double)name->total_ns / 1e6);
        json_writer_put_number(w, object, "self_ms", (double)name->self_ns / 1e6);
        json_writer_put_number(w, object, "max_ms", (double)name->max_ns / 1e6);
        json_writer_write_item(w, object);
    }
    json_writer_end_array(w);
}

static void write_marker(struct json_writer *w, const struct swarm *swarm,
                         const struct marker *marker)
{
    const struct session *session = swarm_session(swarm, marker->session);
    const struct track *track = swarm_get_track(swarm, marker->track);
    struct event event;
    if (session == NULL || !event_store_get(swarm_store(swarm, (enum swarm_pool)session->pool),
                                            marker->event, &event)) {
        return;
    }
    json_t *object = json_object();
    json_writer_put_name(w, object, "name", swarm, marker->name);
    /* Since the session's start, which in a document of several is not its ts 0. */
    json_writer_put_number(w, object, "ts_us",
                           event.ts_us - (double)(session->start_ns - session->origin_ns) / 1000);
    if (track != NULL) {
        json_writer_put_raw_name(w, object, "pid", swarm, track->pid);
    }
    if (event.args.len > 0) {
        json_writer_put_raw(w, object, "args", event.args.bytes, event.args.len);
    }
    json_writer_write_item(w, object);
}

static void write_markers(struct json_writer *w, const struct report *r)
{
    json_writer_begin_array(w, "markers");
    for (size_t i = 0; i < swarm_marker_count(r->swarm); i++) {
        const struct marker *marker = swarm_marker(r->swarm, i);
        if (marker->agent == NO_AGENT ? r->filter == NULL : report_matches(r, marker->agent)) {
            write_marker(w, r->swarm, marker);
        }
    }
    json_writer_end_array(w);
}

/* Writes the filter, so that a report that is saved and compared later shows what it is of. */
static void write_filter(struct json_writer *w, const struct report *r)
{
    json_t *object = json_object();
    if (r->filter_text != NULL) {
        json_writer_put_text(w, object, "filter", r->filter_text);
        json_writer_write_name(w, "filter");
        json_writer_write_item(w, json_incref(json_object_get(object, "filter")));
    }
    json_decref(object);
}

void report_json(const struct report *report, struct strbuf *out)
{
    struct json_writer w;
    struct report_waits waits;
    json_t *totals = json_object();
    json_writer_init(&w, out);
    out->failed |= !report_waits_make(report, &waits);
    report_figures_put(&w, totals, &report->metrics->totals);
    report_waits_put_stalled(&w, report, &waits, NO_AGENT, totals);
    strbuf_addc(out, '{');
    write_sessions(&w, report);
    write_counts(&w, report);
    write_agents(&w, report, &waits);
    write_models(&w, report);
    write_slower(&w, report);
    write_servers(&w, report);
    write_names(&w, report);
    json_writer_write_name(&w, "totals");
    json_writer_write_item(&w, totals);
    write_markers(&w, report);
    write_filter(&w, report);
    report_turns_json(&w, report);
    if (query_has_agents(report->swarm)) {
        report_reasons_json(&w, report);
    }
    if (report->why) {
        report_why_json(&w, report);
    }
    strbuf_adds(out, "}\n");
    report_waits_release(&waits);
    json_writer_release(&w);
}

void report_json_add(struct strbuf *out, const char *name, json_t *value)
{
    struct json_writer w;
    size_t end = out->len;
    if (out->failed || value == NULL || end < 2) {
        out->failed = true;
        json_decref(value);
        return;
    }
    json_writer_init(&w, out);
    out->len = end - 2; /* before the brace and the line end */
    w.comma = true;
    json_writer_write_name(&w, name);
    json_writer_write_item(&w, value);
    strbuf_adds(out, "}\n");
    json_writer_release(&w);
}
