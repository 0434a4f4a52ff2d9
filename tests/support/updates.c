/* A model as text: one line for each session, row and span, so that two models are compared as
   sets of lines, and a test prints the lines that differ. */
#include "tests/support/updates.h"

#include "core/query/metrics.h"
#include "core/query/query.h"
#include "core/tracer/print.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double at_ms(double ms)
{
    return MODEL_START_MS + ms;
}

/* ---- updates ---- */

struct update session_update(enum precedence precedence)
{
    return (struct update){.op = UPDATE_SESSION,
                           .precedence = precedence,
                           .t_ms = MODEL_START_MS,
                           .local_ns = MODEL_START_NS,
                           .session_id = model_text("s")};
}

struct update agent_update(enum precedence precedence, const char *agent)
{
    struct update update = session_update(precedence);
    update.op = UPDATE_AGENT;
    update.agent_id = model_text(agent);
    return update;
}

struct update call_update(enum call_kind kind, enum precedence precedence, const char *id,
                          double start, double end)
{
    struct update update = session_update(precedence);
    update.op = UPDATE_CALL;
    update.kind = kind;
    update.id = model_text(id);
    update_number(&update, FIELD_START_MS, at_ms(start));
    update_number(&update, FIELD_END_MS, at_ms(end));
    return update;
}

struct update tool_update(const char *id, double start, double end, const char *name,
                          const char *args)
{
    struct update update = call_update(CALL_TOOL, PRECEDENCE_FILES, id, start, end);
    update_string(&update, FIELD_NAME, name);
    update_string(&update, FIELD_ARGS, args);
    return update;
}

struct update request_update(const char *id, double start, double end)
{
    return call_update(CALL_REQUEST, PRECEDENCE_FILES, id, start, end);
}

void update_string(struct update *update, enum update_field field, const char *text)
{
    update_text(update, field, model_text(text));
}

void update_retry(struct update *update, double attempt, double in_ms, double at, const char *error)
{
    update->values[FIELD_RETRY].retry =
        (struct retry){attempt, (double)NAN, in_ms, at_ms(at), model_text(error)};
    update->present |= (uint64_t)1 << FIELD_RETRY;
}

void model_update(struct model *model, const struct update *update)
{
    assert_true(correlator_update(model->correlator, update));
}

void model_flush(const struct model *model)
{
    assert_true(correlator_flush(model->correlator));
}

/* ---- the picture ---- */

struct lines {
    char **texts;
    size_t count, cap;
};

static void add_line(struct lines *lines, struct strbuf *line)
{
    assert_false(line->failed);
    assert_true(
        mem_reserve(&mem_libc, &lines->texts, &lines->cap, lines->count + 1, sizeof *lines->texts));
    lines->texts[lines->count++] = line->data;
    strbuf_init(line, &mem_libc, 0);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* session/agent, kind, name and times. */
static void name_span(const struct swarm *swarm, const struct span *span, bool row,
                      struct strbuf *line)
{
    const struct agent *agent = swarm_agent(swarm, span->agent);
    const char *session = swarm_text(swarm, swarm_session(swarm, agent->session)->id);
    bool open = (span->flags & SPAN_OPEN) != 0;
    strbuf_addf(line, "%s/%s %s %s %lld..%lld", session,
                row ? swarm_text(swarm, agent->agent_id) : "",
                span_kind_word((enum span_kind)span->kind), swarm_text(swarm, span->name),
                (long long)(span->start_ns - MODEL_START_NS),
                open ? -1LL : (long long)(span->end_ns - MODEL_START_NS));
}

static void describe_span(const struct swarm *swarm, const struct span *span, unsigned with,
                          struct lines *lines)
{
    struct strbuf line;
    strbuf_init(&line, &mem_libc, 0);
    const struct span *owner = span->parent == NO_SPAN ? NULL : swarm_span(swarm, span->parent);
    struct slice args = print_span_args(swarm, span);
    bool live = (with & WITH_LIVE) != 0;
    name_span(swarm, span, (with & WITHOUT_ROWS) == 0, &line);
    if ((with & WITH_LANES) != 0) {
        strbuf_addf(&line, " lane %u", span->lane);
    }
    strbuf_addf(&line, " flags %d of %lld %.*s", live ? span->flags : span->flags & ~SPAN_STALE,
                owner == NULL ? -1LL : (long long)owner->start_ns, (int)args.len,
                args.bytes == NULL ? "" : args.bytes);
    add_line(lines, &line);
}

/* Whether the number is one of a call that turned out to be another, whose span this is. */
static bool is_forwarded(const struct swarm *swarm, span_no no, const struct span *span)
{
    const struct record *record = swarm_span_record(swarm, span);
    return record != NULL && !span_is_phase(span->kind) && record->span != no;
}

/* A span that a list of the model names. */
static void list_span(const struct swarm *swarm, const char *list, span_no no, struct lines *lines)
{
    struct strbuf line;
    const struct span *span = swarm_span(swarm, no);
    strbuf_init(&line, &mem_libc, 0);
    strbuf_addf(&line, "%s: ", list);
    assert_non_null(span);
    name_span(swarm, span, true, &line);
    add_line(lines, &line);
}

static void describe_lists(const struct swarm *swarm, bool live, struct lines *lines)
{
    for (size_t i = 0; i < swarm_error_count(swarm); i++) {
        list_span(swarm, "error", swarm_error(swarm, i), lines);
    }
    span_no no = live ? swarm_first_in_flight(swarm) : NO_SPAN;
    for (; no != NO_SPAN; no = swarm_next_in_flight(swarm, no)) {
        list_span(swarm, "in flight", no, lines);
    }
}

static void describe_markers(const struct swarm *swarm, struct lines *lines)
{
    for (size_t i = 0; i < swarm_marker_count(swarm); i++) {
        struct strbuf line;
        struct event event;
        const struct marker *marker = swarm_marker(swarm, i);
        enum swarm_pool pool = (enum swarm_pool)swarm_session(swarm, marker->session)->pool;
        strbuf_init(&line, &mem_libc, 0);
        assert_true(swarm_event(swarm, pool, marker->event, &event));
        strbuf_addf(&line, "marker %s at %lld %.*s", swarm_text(swarm, marker->name),
                    (long long)(marker->at_ns - MODEL_START_NS), (int)event.args.len,
                    event.args.bytes);
        add_line(lines, &line);
    }
}

static void describe_sessions(const struct swarm *swarm, struct lines *lines)
{
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        struct strbuf line;
        const struct session *session = swarm_session(swarm, (session_no)i);
        if (session == NULL) {
            continue;
        }
        strbuf_init(&line, &mem_libc, 0);
        strbuf_addf(&line, "session %s %s from %s at %lld..%lld flags %d, %llu events",
                    swarm_text(swarm, session->id), swarm_text(swarm, session->name),
                    swarm_text(swarm, session->source),
                    (long long)(session->start_ns - MODEL_START_NS),
                    (long long)(session->clock_ns - MODEL_START_NS), session->flags,
                    (unsigned long long)session->event_count);
        add_line(lines, &line);
    }
}

/* What an agent does, long after all of it. */
static void describe_state(const struct swarm *swarm, agent_no number, struct strbuf *line)
{
    struct agent_status status = query_status(swarm, number, MODEL_START_NS);
    const struct agent *agent = swarm_agent(swarm, number);
    strbuf_addf(line, ", %s since %lld, open", query_state_name(status.state),
                status.since_ns == INT64_MIN ? -1LL
                                             : (long long)(status.since_ns - MODEL_START_NS));
    for (size_t kind = 0; kind < SPAN_KINDS; kind++) {
        strbuf_addf(line, " %u", agent->open_by_kind[kind]);
    }
    strbuf_addf(line, " stale %u", agent->stale_open);
}

static void describe_rows(const struct swarm *swarm, bool live, struct lines *lines)
{
    size_t count;
    struct tree_row *rows = query_tree(swarm, &count);
    for (size_t i = 0; i < count; i++) {
        struct strbuf line;
        strbuf_init(&line, &mem_libc, 0);
        const struct agent *agent = swarm_agent(swarm, rows[i].agent);
        strbuf_addf(&line, "row %s of %s depth %u: ", swarm_text(swarm, agent->agent_id),
                    swarm_text(swarm, agent->parent_id), rows[i].depth);
        query_agent_title(swarm, rows[i].agent, &line);
        strbuf_addf(&line, " (%s) flags %d, %lld..%lld", swarm_text(swarm, agent->description),
                    live ? agent->flags : agent->flags & AGENT_MAIN, (long long)agent->first_ns,
                    (long long)agent->last_ns);
        if (live) {
            describe_state(swarm, rows[i].agent, &line);
        }
        add_line(lines, &line);
    }
    mem_free(swarm_mem(swarm), rows, count * sizeof *rows);
}

static void describe_summary(const char *name, const struct summary *summary, struct strbuf *out)
{
    strbuf_addf(out, " %s %llu %.3f %.3f %.3f", name, (unsigned long long)summary->count,
                summary->sum, summary->min, summary->p50);
}

static void describe_metrics(const struct swarm *swarm, struct strbuf *out)
{
    struct swarm_metrics metrics;
    assert_true(metrics_compute(swarm, 0, &metrics));
    const struct metrics *all = &metrics.totals;
    strbuf_addf(out, "%llu %llu %.6f %.6f %.6f %.6f %.6f %.6f\n", (unsigned long long)all->requests,
                (unsigned long long)metrics.spans.closed, all->busy_ms, all->idle_ms, all->parallel,
                all->api_ms, all->tool_ms, all->ttft_ms.p50);
    strbuf_addf(out,
                "spans %llu %llu %llu %llu failed %llu %llu retries %llu tokens %.0f %.0f %.0f",
                (unsigned long long)metrics.spans.open, (unsigned long long)metrics.spans.evicted,
                (unsigned long long)metrics.spans.incomplete,
                (unsigned long long)metrics.spans.orphan_ends, (unsigned long long)all->failed,
                (unsigned long long)all->tool_errors, (unsigned long long)all->retries,
                all->prompt_tokens, all->output_tokens, all->cache_read_tokens);
    describe_summary("ttlt", &all->ttlt_ms, out);
    describe_summary("itps", &all->itps, out);
    describe_summary("setup", &all->setup_ms, out);
    describe_summary("request", &all->request_ms, out);
    for (size_t i = 0; i < all->tool_count; i++) {
        describe_summary(all->tools[i].name, &all->tools[i].duration_ms, out);
    }
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        strbuf_addf(out, " %.3f", all->phase_ms[i]);
    }
    for (size_t i = 0; i < metrics.model_count; i++) {
        strbuf_addf(out, " model %s %llu", metrics.models[i].model,
                    (unsigned long long)metrics.models[i].metrics.requests);
    }
    strbuf_adds(out, "\n");
    metrics_release(&metrics);
}

char *updates_describe(const struct swarm *swarm, unsigned with)
{
    bool live = (with & WITH_LIVE) != 0;
    struct lines lines = {0};
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    strbuf_adds(&out, "spans:\n"); /* there may be none */
    if ((with & WITHOUT_ROWS) == 0) {
        describe_rows(swarm, live, &lines);
        describe_lists(swarm, live, &lines);
    }
    if ((with & WITH_MARKERS) != 0) {
        describe_markers(swarm, &lines);
    }
    if (live) {
        describe_sessions(swarm, &lines);
    }
    for (span_no no = swarm_span_begin(swarm); no < swarm_span_end(swarm); no++) {
        const struct span *span = swarm_span(swarm, no);
        if (span != NULL && !is_forwarded(swarm, no, span)) {
            describe_span(swarm, span, with, &lines);
        }
    }
    if (lines.count > 1) {
        qsort(lines.texts, lines.count, sizeof *lines.texts, by_text);
    }
    for (size_t i = 0; i < lines.count; i++) {
        strbuf_addf(&out, "%s\n", lines.texts[i]);
        free(lines.texts[i]);
    }
    free(lines.texts);
    if ((with & WITH_FIGURES) != 0) {
        describe_metrics(swarm, &out);
    }
    return out.data;
}

/* How many lines of the text are this one. */
static size_t count_lines(const char *text, const char *line, size_t len)
{
    size_t count = 0;
    while (*text != '\0') {
        size_t own = strcspn(text, "\n") + 1;
        count += own == len && memcmp(text, line, len) == 0;
        text += own;
    }
    return count;
}

static void print_missing(const char *who, const char *text, const char *other)
{
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, "\n") + 1;
        if (count_lines(text, at, len) > count_lines(other, at, len)) {
            fprintf(stderr, "%s: %.*s", who, (int)len, at);
        }
        at += len;
    }
}

void assert_described(const char *expected, const char *got, const char *what)
{
    if (strcmp(expected, got) != 0) {
        print_missing("expected", expected, got);
        print_missing("got     ", got, expected);
        fail_msg("%s", what);
    }
}
