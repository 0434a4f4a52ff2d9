/* One pass from the figures to JSON text. What has nothing behind it (count 0, NAN) writes neither
   key nor value; a struct keeps track of commas. */
#include "tui/cmd/report_json.h"

#include "core/base/json_text.h"
#include "core/query/query.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS 1000000LL

/* Where a comma is due before what comes next. */
struct json {
    struct strbuf *out;
    bool comma;
};

static void item(struct json *j)
{
    if (j->comma)
        strbuf_addc(j->out, ',');
    j->comma = true;
}

static void key(struct json *j, const char *name)
{
    item(j);
    json_put_cstr(j->out, name);
    strbuf_addc(j->out, ':');
}

static void open_in(struct json *j, char bracket)
{
    strbuf_addc(j->out, bracket);
    j->comma = false;
}

static void close_in(struct json *j, char bracket)
{
    strbuf_addc(j->out, bracket);
    j->comma = true;
}

static void put_text(struct json *j, const char *name, const char *text)
{
    key(j, name);
    json_put_cstr(j->out, text);
}

static void put_count(struct json *j, const char *name, uint64_t count)
{
    key(j, name);
    strbuf_addf(j->out, "%llu", (unsigned long long)count);
}

/* NAN: nothing is behind it. */
static void put_number(struct json *j, const char *name, double value)
{
    if (isnan(value))
        return;
    key(j, name);
    json_put_number(j->out, value);
}

/* A name of the model; INTERN_NONE: unknown. */
static void put_name(struct json *j, const char *name, const struct swarm *swarm, intern_id id)
{
    if (id != INTERN_NONE)
        put_text(j, name, swarm_text(swarm, id));
}

/* Raw JSON of the model. */
static void put_raw(struct json *j, const char *name, const struct swarm *swarm, intern_id id)
{
    if (id == INTERN_NONE)
        return;
    key(j, name);
    strbuf_adds(j->out, swarm_text(swarm, id));
}

/* ---- figures ---- */

static void put_spread(struct json *j, const struct summary *s, bool with_p90)
{
    put_number(j, "min", s->min);
    put_number(j, "mean", s->mean);
    put_number(j, "p50", s->p50);
    if (with_p90)
        put_number(j, "p90", s->p90);
    put_number(j, "p95", s->p95);
    put_number(j, "p99", s->p99);
    put_number(j, "max", s->max);
}

static void put_summary(struct json *j, const char *name, const struct summary *s)
{
    if (s->count == 0)
        return;
    key(j, name);
    open_in(j, '{');
    put_count(j, "count", s->count);
    put_spread(j, s, true);
    close_in(j, '}');
}

static void put_tools(struct json *j, const struct figures *f)
{
    if (f->tool_count == 0)
        return;
    key(j, "tools");
    open_in(j, '{');
    for (size_t i = 0; i < f->tool_count; i++) {
        const struct tool_figures *tool = &f->tools[i];

        key(j, tool->name);
        open_in(j, '{');
        put_count(j, "count", tool->duration_ms.count);
        put_count(j, "errors", tool->errors);
        put_count(j, "open", tool->open);
        if (tool->duration_ms.count > 0) {
            put_number(j, "total_ms", tool->duration_ms.sum);
            put_spread(j, &tool->duration_ms, false);
        }
        close_in(j, '}');
    }
    close_in(j, '}');
}

static void put_figures(struct json *j, const struct figures *f)
{
    if (f->requests + f->open_requests > 0) {
        put_count(j, "requests", f->requests);
        put_count(j, "failed", f->failed);
        put_count(j, "retries", f->retries);
        put_count(j, "open_requests", f->open_requests);
    }
    put_number(j, "prompt_tokens", f->prompt_tokens);
    put_number(j, "output_tokens", f->output_tokens);
    put_number(j, "cache_read_tokens", f->cache_read_tokens);
    put_number(j, "cache_creation_tokens", f->cache_creation_tokens);
    put_number(j, "cache_hit_rate_pct", f->cache_hit_rate_pct);
    put_summary(j, "ttft_ms", &f->ttft_ms);
    put_summary(j, "ttlt_ms", &f->ttlt_ms);
    put_summary(j, "itps", &f->itps);
    put_summary(j, "otps", &f->otps);
    put_summary(j, "setup_ms", &f->setup_ms);
    put_tools(j, f);
    put_number(j, "user_wait_ms", f->user_wait_ms);
    put_number(j, "api_ms", f->api_ms);
    put_number(j, "tool_ms", f->tool_ms);
    put_number(j, "busy_ms", f->busy_ms);
    put_number(j, "idle_ms", f->idle_ms);
}

/* ---- the parts ---- */

static void put_start(struct json *j, int64_t start_ns)
{
    time_t seconds = (time_t)(start_ns / 1000000000 - (start_ns % 1000000000 < 0));
    int64_t ms = (start_ns - (int64_t)seconds * 1000000000) / NS_PER_MS;
    struct tm tm;
    char text[40];

    if (!gmtime_r(&seconds, &tm) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        return;
    key(j, "start");
    strbuf_addf(j->out, "\"%s.%03dZ\"", text, (int)ms);
}

static void put_sessions(struct json *j, const struct swarm *swarm)
{
    key(j, "sessions");
    open_in(j, '[');
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);

        if (!session)
            continue;
        item(j);
        open_in(j, '{');
        put_name(j, "session_id", swarm, session->id);
        put_name(j, "name", swarm, session->name);
        if (session->flags & SESSION_HAS_START)
            put_start(j, session->start_ns);
        put_name(j, "source", swarm, session->source);
        close_in(j, '}');
    }
    close_in(j, ']');
}

static void put_counts(struct json *j, const struct report *r)
{
    const struct swarm_figures *f = r->figures;

    key(j, "events");
    open_in(j, '{');
    put_count(j, "total", f->events + f->metadata);
    put_count(j, "metadata", f->metadata);
    put_count(j, "dropped", f->dropped);
    put_count(j, "bad", r->bad);
    close_in(j, '}');
    key(j, "spans");
    open_in(j, '{');
    put_count(j, "closed", f->spans.closed);
    put_count(j, "open", f->spans.open);
    put_count(j, "evicted", f->spans.evicted);
    put_count(j, "incomplete", f->spans.incomplete);
    put_count(j, "orphan_ends", f->spans.orphan_ends);
    close_in(j, '}');
}

static void put_agent(struct json *j, const struct report *r, agent_no no)
{
    const struct agent *agent = swarm_agent(r->swarm, no);
    const struct session *session = swarm_session(r->swarm, agent->session);
    bool main_agent = agent->flags & AGENT_MAIN;

    item(j);
    open_in(j, '{');
    put_name(j, "session_id", r->swarm, session ? session->id : INTERN_NONE);
    put_name(j, "agent_id", r->swarm,
             agent->agent_id == INTERN_NONE && main_agent && session ? session->id
                                                                     : agent->agent_id);
    put_name(j, "name", r->swarm, agent->name);
    if (!main_agent)
        put_name(j, "parent_agent_id", r->swarm, agent->parent_id);
    put_raw(j, "pid", r->swarm, agent->pid);
    put_raw(j, "tid", r->swarm, agent->tid);
    put_text(j, "state", query_state_word(query_status(r->swarm, no, r->local_ns).state));
    if (no < r->figures->agent_count)
        put_figures(j, &r->figures->agents[no]);
    close_in(j, '}');
}

/* Session by session, as the document has them: a live swarm's agents appeared in any order. */
static void put_agents(struct json *j, const struct report *r)
{
    key(j, "agents");
    open_in(j, '[');
    for (session_no session = 0; session < swarm_session_count(r->swarm); session++)
        for (size_t i = 0; i < swarm_agent_count(r->swarm); i++) {
            const struct agent *agent = swarm_agent(r->swarm, (agent_no)i);
            if (agent->session == session && report_has_agent(agent))
                put_agent(j, r, (agent_no)i);
        }
    close_in(j, ']');
}

static void put_models(struct json *j, const struct swarm_figures *f)
{
    key(j, "models");
    open_in(j, '[');
    for (size_t i = 0; i < f->model_count; i++) {
        item(j);
        open_in(j, '{');
        put_text(j, "model", f->models[i].model);
        put_figures(j, &f->models[i].figures);
        close_in(j, '}');
    }
    close_in(j, ']');
}

static void put_marker(struct json *j, const struct swarm *swarm, const struct marker *marker)
{
    const struct session *session = swarm_session(swarm, marker->session);
    const struct track *track = swarm_get_track(swarm, marker->track);
    struct event event;

    if (!session ||
        !event_store_get(swarm_store(swarm, (enum swarm_pool)session->pool), marker->event, &event))
        return;
    item(j);
    open_in(j, '{');
    put_name(j, "name", swarm, marker->name);
    /* Since the session's start, which in a document of several is not its ts 0. */
    put_number(j, "ts_us", event.ts_us - (double)(session->start_ns - session->origin_ns) / 1000);
    if (track)
        put_raw(j, "pid", swarm, track->pid);
    if (event.args.len > 0) {
        key(j, "args");
        strbuf_add(j->out, event.args.bytes, event.args.len);
    }
    close_in(j, '}');
}

void report_json(const struct report *report, struct strbuf *out)
{
    struct json j = {.out = out};

    open_in(&j, '{');
    put_sessions(&j, report->swarm);
    put_counts(&j, report);
    put_agents(&j, report);
    put_models(&j, report->figures);
    key(&j, "totals");
    open_in(&j, '{');
    put_figures(&j, &report->figures->totals);
    close_in(&j, '}');
    key(&j, "markers");
    open_in(&j, '[');
    for (size_t i = 0; i < swarm_marker_count(report->swarm); i++)
        put_marker(&j, report->swarm, swarm_marker(report->swarm, i));
    close_in(&j, ']');
    close_in(&j, '}');
    strbuf_addc(out, '\n');
}
