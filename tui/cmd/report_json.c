/* Metrics become jansson's values, which are written at once: those of 100,000 agents would take a
   gigabyte, so only one item of an array exists at a time. A figure without data (count 0, NAN) has
   neither key nor value. jansson knows no lone surrogates: U+FFFD replaces them. */
#include "tui/cmd/report_json.h"

#include "core/base/json_read.h"
#include "core/base/utf8.h"
#include "core/query/query.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS 1000000LL
#define EXACT_MAX 9007199254740992.0 /* 2^53: whole numbers up to it are written as integers */
/* 15 digits: what a double keeps of any decimal, so that 0.009 is written as 0.009. ASCII: a name
   may hold controls that a terminal obeys, such as CSI (U+009B) and U+202E. */
#define FORM (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) | JSON_ENSURE_ASCII)

/* The document so far. */
struct writer {
    struct strbuf *out; /* failed: out of memory */
    struct strbuf text; /* of the value that is being made */
    bool comma;         /* one is due before the next item or member */
};

/* ---- values ---- */

/* The text with U+FFFD for whatever is not UTF-8. Borrowed until the next call; NULL if out of
   memory. */
static const char *as_utf8(struct writer *w, const char *text, size_t len)
{
    char bytes[4];

    strbuf_clear(&w->text);
    for (size_t n; len > 0; text += n, len -= n) {
        uint32_t cp;

        n = utf8_next(text, len, &cp);
        if (cp >= 0xD800 && cp <= 0xDFFF)
            cp = UTF8_REPLACEMENT;
        strbuf_add(&w->text, bytes, utf8_put(bytes, cp));
    }
    strbuf_add(&w->text, "", 1);
    return w->text.failed ? NULL : w->text.data;
}

/* Returns new, as the functions below do; NULL if out of memory. */
static json_t *make_text(struct writer *w, const char *text, size_t len)
{
    const char *utf8 = as_utf8(w, text, len);

    return utf8 ? json_stringn(utf8, w->text.len - 1) : NULL;
}

static json_t *make_number(double value)
{
    if (value == floor(value) && fabs(value) <= EXACT_MAX)
        return json_integer((json_int_t)value);
    return isfinite(value) ? json_real(value) : json_null();
}

/* Ids of 64 bits stay exact; what is beyond an int64 becomes the nearest double. */
static json_t *make_raw_number(struct json_value raw)
{
    char digits[32];

    if (raw.len < sizeof digits && !memchr(raw.raw, '.', raw.len) &&
        !memchr(raw.raw, 'e', raw.len) && !memchr(raw.raw, 'E', raw.len)) {
        memcpy(digits, raw.raw, raw.len);
        digits[raw.len] = '\0';
        errno = 0;
        long long value = strtoll(digits, NULL, 10);
        if (errno == 0)
            return json_integer(value);
    }
    return make_number(json_get_number(raw));
}

/* Sets a member, whose value it takes. */
static void put(struct writer *w, json_t *object, const char *name, json_t *value)
{
    w->out->failed |= json_object_set_new(object, name, value) != 0;
}

static json_t *make_raw(struct writer *w, struct json_value raw);

static json_t *make_object(struct writer *w, struct json_value raw)
{
    struct json_walk walk = json_walk(raw);
    json_t *object = json_object();
    struct json_member member;
    struct strbuf key;

    strbuf_init(&key, w->out->mem, 0);
    while (json_next_member(&walk, &member)) {
        strbuf_clear(&key);
        json_get_string(member.key, &key);
        const char *utf8 = key.failed ? NULL : as_utf8(w, key.data ? key.data : "", key.len);
        json_t *name = utf8 ? json_string(utf8) : NULL;
        json_t *value = make_raw(w, member.value);

        put(w, object, name ? json_string_value(name) : "", value);
        w->out->failed |= name == NULL;
        json_decref(name);
    }
    strbuf_release(&key);
    return object;
}

static json_t *make_array(struct writer *w, struct json_value raw)
{
    struct json_walk walk = json_walk(raw);
    json_t *array = json_array();
    struct json_value item;

    while (json_next_item(&walk, &item))
        w->out->failed |= json_array_append_new(array, make_raw(w, item)) != 0;
    return array;
}

/* Checked JSON, nested no deeper than JSON_DEPTH_LIMIT. */
static json_t *make_raw(struct writer *w, struct json_value raw)
{
    struct strbuf text;
    json_t *json = NULL;

    switch (raw.type) {
    case JSON_TYPE_NUMBER: return make_raw_number(raw);
    case JSON_TYPE_TRUE: return json_true();
    case JSON_TYPE_FALSE: return json_false();
    case JSON_TYPE_ARRAY: return make_array(w, raw);
    case JSON_TYPE_OBJECT: return make_object(w, raw);
    case JSON_TYPE_STRING:
        strbuf_init(&text, w->out->mem, 0);
        json_get_string(raw, &text);
        if (!text.failed)
            json = make_text(w, text.data ? text.data : "", text.len);
        strbuf_release(&text);
        return json;
    case JSON_TYPE_NONE:
    case JSON_TYPE_NULL: break;
    }
    return json_null();
}

/* ---- members ---- */

static void put_text(struct writer *w, json_t *object, const char *name, const char *text)
{
    put(w, object, name, make_text(w, text, strlen(text)));
}

static void put_count(struct writer *w, json_t *object, const char *name, uint64_t count)
{
    put(w, object, name, json_integer((json_int_t)count));
}

/* NAN: there is no data for it. */
static void put_number(struct writer *w, json_t *object, const char *name, double value)
{
    if (!isnan(value))
        put(w, object, name, make_number(value));
}

/* A name of the model; INTERN_NONE: unknown. */
static void put_name(struct writer *w, json_t *object, const char *name, const struct swarm *swarm,
                     intern_id id)
{
    if (id != INTERN_NONE)
        put_text(w, object, name, swarm_text(swarm, id));
}

static void put_raw(struct writer *w, json_t *object, const char *name, const char *text,
                    size_t len)
{
    struct json_value raw;

    if (json_check(text, len, JSON_DEPTH_LIMIT, &raw, NULL))
        put(w, object, name, make_raw(w, raw));
}

/* Raw JSON of the model; INTERN_NONE: unknown. */
static void put_raw_name(struct writer *w, json_t *object, const char *name,
                         const struct swarm *swarm, intern_id id)
{
    if (id != INTERN_NONE)
        put_raw(w, object, name, swarm_text(swarm, id), strlen(swarm_text(swarm, id)));
}

/* ---- the document ---- */

static int append(const char *bytes, size_t len, void *ctx)
{
    struct writer *w = ctx;
    const char *del;

    /* jansson escapes every control but DEL. */
    while ((del = memchr(bytes, 0x7F, len)) != NULL) {
        size_t before = (size_t)(del - bytes);
        strbuf_add(w->out, bytes, before);
        strbuf_add(w->out, "\\u007F", 6);
        bytes = del + 1;
        len -= before + 1;
    }
    strbuf_add(w->out, bytes, len);
    return w->out->failed ? -1 : 0;
}

static void put_comma(struct writer *w)
{
    if (w->comma)
        strbuf_addc(w->out, ',');
    w->comma = true;
}

/* Writes an item of an array, which it takes. */
static void write_item(struct writer *w, json_t *value)
{
    put_comma(w);
    if (json_dump_callback(value, append, w, FORM) != 0)
        w->out->failed = true;
    json_decref(value);
}

/* Writes the name of a member of the document; its value comes next. */
static void write_name(struct writer *w, const char *name)
{
    put_comma(w);
    strbuf_addf(w->out, "\"%s\":", name);
    w->comma = false;
}

static void begin_array(struct writer *w, const char *name)
{
    write_name(w, name);
    strbuf_addc(w->out, '[');
}

static void end_array(struct writer *w)
{
    strbuf_addc(w->out, ']');
    w->comma = true;
}

/* ---- metrics ---- */

static void put_spread(struct writer *w, json_t *object, const struct summary *s, bool with_p90)
{
    put_number(w, object, "min", s->min);
    put_number(w, object, "mean", s->mean);
    put_number(w, object, "p50", s->p50);
    if (with_p90)
        put_number(w, object, "p90", s->p90);
    put_number(w, object, "p95", s->p95);
    put_number(w, object, "p99", s->p99);
    put_number(w, object, "max", s->max);
}

static void put_summary(struct writer *w, json_t *object, const char *name, const struct summary *s)
{
    json_t *summary;

    if (s->count == 0)
        return;
    summary = json_object();
    put_count(w, summary, "count", s->count);
    put_spread(w, summary, s, true);
    put(w, object, name, summary);
}

static json_t *make_tool(struct writer *w, const struct tool_metrics *metrics)
{
    json_t *tool = json_object();

    put_count(w, tool, "count", metrics->duration_ms.count);
    put_count(w, tool, "errors", metrics->errors);
    put_count(w, tool, "open", metrics->open);
    if (metrics->duration_ms.count > 0) {
        put_number(w, tool, "total_ms", metrics->duration_ms.sum);
        put_spread(w, tool, &metrics->duration_ms, false);
    }
    return tool;
}

static void put_tools(struct writer *w, json_t *object, const struct metrics *f)
{
    json_t *tools;

    if (f->tool_count == 0)
        return;
    tools = json_object();
    for (size_t i = 0; i < f->tool_count; i++) {
        json_t *tool = make_tool(w, &f->tools[i]);
        const char *name = as_utf8(w, f->tools[i].name, strlen(f->tools[i].name));

        put(w, tools, name ? name : "", tool);
        w->out->failed |= name == NULL;
    }
    put(w, object, "tools", tools);
}

static void put_metrics(struct writer *w, json_t *object, const struct metrics *f)
{
    if (f->requests + f->open_requests > 0) {
        put_count(w, object, "requests", f->requests);
        put_count(w, object, "failed", f->failed);
        put_count(w, object, "retries", f->retries);
        put_count(w, object, "open_requests", f->open_requests);
    }
    put_number(w, object, "prompt_tokens", f->prompt_tokens);
    put_number(w, object, "output_tokens", f->output_tokens);
    put_number(w, object, "cache_read_tokens", f->cache_read_tokens);
    put_number(w, object, "cache_creation_tokens", f->cache_creation_tokens);
    put_number(w, object, "cache_hit_rate_pct", f->cache_hit_rate_pct);
    put_summary(w, object, "ttft_ms", &f->ttft_ms);
    put_summary(w, object, "ttlt_ms", &f->ttlt_ms);
    put_summary(w, object, "itps", &f->itps);
    put_summary(w, object, "otps", &f->otps);
    put_summary(w, object, "setup_ms", &f->setup_ms);
    put_tools(w, object, f);
    put_number(w, object, "user_wait_ms", f->user_wait_ms);
    put_number(w, object, "api_ms", f->api_ms);
    put_number(w, object, "tool_ms", f->tool_ms);
    put_number(w, object, "busy_ms", f->busy_ms);
    put_number(w, object, "idle_ms", f->idle_ms);
}

/* ---- the parts ---- */

static void put_start(struct writer *w, json_t *object, int64_t start_ns)
{
    time_t seconds = (time_t)(start_ns / 1000000000 - (start_ns % 1000000000 < 0));
    int64_t ms = (start_ns - (int64_t)seconds * 1000000000) / NS_PER_MS;
    struct tm tm;
    char text[40];

    if (gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) > 0)
        put(w, object, "start", json_sprintf("%s.%03dZ", text, (int)ms));
}

static void write_sessions(struct writer *w, const struct swarm *swarm)
{
    begin_array(w, "sessions");
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        json_t *object;

        if (!session)
            continue;
        object = json_object();
        put_name(w, object, "session_id", swarm, session->id);
        put_name(w, object, "name", swarm, session->name);
        if (session->flags & SESSION_HAS_START)
            put_start(w, object, session->start_ns);
        put_name(w, object, "source", swarm, session->source);
        write_item(w, object);
    }
    end_array(w);
}

static void write_counts(struct writer *w, const struct report *r)
{
    const struct swarm_metrics *f = r->metrics;
    json_t *events = json_object(), *spans = json_object();

    put_count(w, events, "total", f->events + f->metadata);
    put_count(w, events, "metadata", f->metadata);
    put_count(w, events, "dropped", f->dropped);
    put_count(w, events, "bad", r->bad);
    write_name(w, "events");
    write_item(w, events);
    put_count(w, spans, "closed", f->spans.closed);
    put_count(w, spans, "open", f->spans.open);
    put_count(w, spans, "evicted", f->spans.evicted);
    put_count(w, spans, "incomplete", f->spans.incomplete);
    put_count(w, spans, "orphan_ends", f->spans.orphan_ends);
    write_name(w, "spans");
    write_item(w, spans);
}

static json_t *make_agent(struct writer *w, const struct report *r, agent_no no)
{
    const struct agent *agent = swarm_agent(r->swarm, no);
    const struct session *session = swarm_session(r->swarm, agent->session);
    bool main_agent = agent->flags & AGENT_MAIN;
    json_t *object = json_object();

    put_name(w, object, "session_id", r->swarm, session ? session->id : INTERN_NONE);
    put_name(w, object, "agent_id", r->swarm,
             agent->agent_id == INTERN_NONE && main_agent && session ? session->id
                                                                     : agent->agent_id);
    put_name(w, object, "name", r->swarm, agent->name);
    if (!main_agent)
        put_name(w, object, "parent_agent_id", r->swarm, agent->parent_id);
    put_raw_name(w, object, "pid", r->swarm, agent->pid);
    put_raw_name(w, object, "tid", r->swarm, agent->tid);
    put_text(w, object, "state", query_state_name(query_status(r->swarm, no, r->local_ns).state));
    if (no < r->metrics->agent_count)
        put_metrics(w, object, &r->metrics->agents[no]);
    return object;
}

/* Session by session, as the document has them: a live swarm's agents appeared in any order. */
static void write_agents(struct writer *w, const struct report *r)
{
    const struct mem *mem = w->out->mem;
    size_t sessions = swarm_session_count(r->swarm), agents = swarm_agent_count(r->swarm);
    /* Lists of the agents of each session; one number more than the agent's, 0: the end. */
    agent_no *first = mem_zalloc(mem, sessions + 1, sizeof *first);
    agent_no *next = mem_zalloc(mem, agents + 1, sizeof *next);

    begin_array(w, "agents");
    w->out->failed |= !first || !next;
    for (size_t i = agents; i-- > 0 && !w->out->failed;) {
        session_no session = swarm_agent(r->swarm, (agent_no)i)->session;

        if (session < sessions) {
            next[i] = first[session];
            first[session] = (agent_no)i + 1;
        }
    }
    for (size_t session = 0; session < sessions && !w->out->failed; session++)
        for (agent_no at = first[session]; at != 0; at = next[at - 1])
            if (report_has_agent(swarm_agent(r->swarm, at - 1)))
                write_item(w, make_agent(w, r, at - 1));
    end_array(w);
    mem_free(mem, first, (sessions + 1) * sizeof *first);
    mem_free(mem, next, (agents + 1) * sizeof *next);
}

static void write_models(struct writer *w, const struct swarm_metrics *f)
{
    begin_array(w, "models");
    for (size_t i = 0; i < f->model_count; i++) {
        json_t *model = json_object();

        put_text(w, model, "model", f->models[i].model);
        put_metrics(w, model, &f->models[i].metrics);
        write_item(w, model);
    }
    end_array(w);
}

static void write_marker(struct writer *w, const struct swarm *swarm, const struct marker *marker)
{
    const struct session *session = swarm_session(swarm, marker->session);
    const struct track *track = swarm_get_track(swarm, marker->track);
    struct event event;
    json_t *object;

    if (!session ||
        !event_store_get(swarm_store(swarm, (enum swarm_pool)session->pool), marker->event, &event))
        return;
    object = json_object();
    put_name(w, object, "name", swarm, marker->name);
    /* Since the session's start, which in a document of several is not its ts 0. */
    put_number(w, object, "ts_us",
               event.ts_us - (double)(session->start_ns - session->origin_ns) / 1000);
    if (track)
        put_raw_name(w, object, "pid", swarm, track->pid);
    if (event.args.len > 0)
        put_raw(w, object, "args", event.args.bytes, event.args.len);
    write_item(w, object);
}

static void write_markers(struct writer *w, const struct swarm *swarm)
{
    begin_array(w, "markers");
    for (size_t i = 0; i < swarm_marker_count(swarm); i++)
        write_marker(w, swarm, swarm_marker(swarm, i));
    end_array(w);
}

void report_json(const struct report *report, struct strbuf *out)
{
    struct writer w = {.out = out};
    json_t *totals = json_object();

    strbuf_init(&w.text, out->mem, 0);
    put_metrics(&w, totals, &report->metrics->totals);
    strbuf_addc(out, '{');
    write_sessions(&w, report->swarm);
    write_counts(&w, report);
    write_agents(&w, report);
    write_models(&w, report->metrics);
    write_name(&w, "totals");
    write_item(&w, totals);
    write_markers(&w, report->swarm);
    strbuf_adds(out, "}\n");
    strbuf_release(&w.text);
}
