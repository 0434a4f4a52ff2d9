/* The report as text: a few lines of totals, then tables of agents and models. Agents have
   the order and the titles of the screen. */
#include "tui/views/report.h"

#include "core/query/query.h"
#include "core/query/time_parts.h"
#include "tui/screen/number.h"
#include "tui/views/agent_labels.h"
#include "tui/views/context_text.h"
#include "tui/views/coverage.h"
#include "tui/views/report_table.h"
#include "tui/views/slowdown_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The first column of agents and models is left out where one client alone is in the picture. */
static const char *const agent_heads[] = {"CLIENT",      "AGENT",    "STATE", "REQUESTS", "FAILED",
                                          "RETRIES",     "TTFT p50", "p95",   "OTPS p50", "PROMPT",
                                          "OUTPUT",      "CACHE %",  "TOOLS", "ERRORS",   "REFUSED",
                                          "INTERRUPTED", "API",      "TOOL",  "PERSON"};
static const char *const model_heads[] = {
    "CLIENT",   "MODEL",   "REQUESTS", "FAILED",   "INTERRUPTED", "RETRIES",
    "TTFT p50", "p95",     "p99",      "OTPS p50", "p95",         "PROMPT",
    "OUTPUT",   "CACHE %", "TOTAL",    "ESTIMATE", "$ CACHE"};
#define COLS(heads) (sizeof(heads) / sizeof *(heads))

/* Values without data are blank. */
static double some(const struct summary *s, double value)
{
    return s->count > 0 ? value : NAN;
}

/* The median time to the first token, with what it covers. */
static void put_ttft(struct table *t, const struct metrics *f)
{
    char ms[NUMBER_BYTES], text[NUMBER_BYTES + COVERAGE_BYTES] = "", covers[COVERAGE_BYTES];
    if (f->ttft_ms.count > 0) {
        number_ms(f->ttft_ms.p50, t->ascii, ms);
        coverage_text(f, &f->ttft_ms, covers);
        snprintf(text, sizeof text, "%s%s", ms, covers);
    }
    table_cell(t, text);
}

static void put_attempts(struct table *t, const struct metrics *f)
{
    table_count(t, f->retries);
    put_ttft(t, f);
    table_ms(t, some(&f->ttft_ms, f->ttft_ms.p95));
}

/* `depth`: how many of the rows above it in the tree are shown. */
static void put_agent(struct table *t, const struct report *r, const struct tree_row *row,
                      unsigned depth, const struct agent_labels *labels, struct agent_label *label)
{
    const struct metrics *f = &r->metrics->agents[row->agent];
    uint64_t tools = 0;
    struct strbuf title;
    int indent = depth < TABLE_CELL_COLS / 4 ? 2 * (int)depth : TABLE_CELL_COLS / 2;
    strbuf_init(&title, r->metrics->mem, 0);
    strbuf_addf(&title, "%*s", indent, "");
    agent_labels_get(labels, row->agent, LABEL_ROW | LABEL_HOST, label);
    if (!r->no_mask) {
        agent_label_mask(label);
    }
    agent_label_text(label, TABLE_CELL_COLS - indent, &title);
    if (t->heads == agent_heads) {
        table_cell(t, swarm_text(r->swarm, clients_of_agent(r->swarm, row->agent)));
    }
    table_cell(t, title.data != NULL ? title.data : "");
    strbuf_release(&title);
    bool agent = query_is_agent(swarm_agent(r->swarm, row->agent));
    enum agent_state state = query_status(r->swarm, row->agent, r->local_ns).state;
    table_cell(t, agent ? query_state_text(r->swarm, row->agent, state) : "");
    table_count(t, f->requests);
    table_count(t, f->failed);
    put_attempts(t, f);
    table_number(t, some(&f->otps, f->otps.p50));
    table_number(t, f->prompt_tokens);
    table_number(t, f->output_tokens);
    table_number(t, f->cache_hit_rate_pct);
    for (size_t i = 0; i < f->tool_count; i++) {
        tools += f->tools[i].duration_ms.count + f->tools[i].open;
    }
    table_count(t, tools);
    table_count(t, f->tool_errors);
    table_count(t, f->refused);
    table_count(t, f->interrupted);
    table_ms(t, f->api_ms);
    table_ms(t, f->tool_ms);
    table_ms(t, f->user_wait_ms);
}

bool report_has_agent(const struct agent *agent)
{
    return !(agent->flags & (AGENT_DEAD | AGENT_GROUP));
}

const struct swarm_metrics *report_all(const struct report *r)
{
    return r->all != NULL ? r->all : r->metrics;
}

bool report_matches(const struct report *r, agent_no agent)
{
    return r->filter == NULL || filter_cache_has_agent(r->filter, agent);
}

bool *report_matching_sessions(const struct report *r)
{
    size_t count = swarm_session_count(r->swarm);
    bool *sessions = count == 0 ? NULL : mem_zalloc(r->metrics->mem, count, sizeof *sessions);
    for (size_t i = 0; sessions != NULL && i < count && r->filter == NULL; i++) {
        sessions[i] = true;
    }
    for (size_t i = 0; sessions != NULL && i < swarm_agent_count(r->swarm); i++) {
        const struct agent *agent = swarm_agent(r->swarm, (agent_no)i);
        if (agent->session < count && !sessions[agent->session] &&
            (agent->flags & AGENT_DEAD) == 0) {
            sessions[agent->session] = report_matches(r, (agent_no)i);
        }
    }
    return sessions;
}

static bool shows(const struct report *r, agent_no agent)
{
    return report_has_agent(swarm_agent(r->swarm, agent)) && agent < r->metrics->agent_count &&
           report_matches(r, agent);
}

/* Puts the rows that are shown. An agent is indented below the nearest one above that is shown.
   Returns false if out of memory. */
static bool put_rows(struct table *t, const struct report *r, const struct tree_row *rows,
                     size_t count, const struct agent_labels *labels, struct agent_label *label)
{
    unsigned *shown = mem_zalloc(r->metrics->mem, count + 1, sizeof *shown); /* by depth */
    for (size_t i = 0; shown != NULL && i < count; i++) {
        size_t depth = rows[i].depth < count ? rows[i].depth : count - 1;
        bool shown_here = shows(r, rows[i].agent);
        shown[depth + 1] = shown[depth] + shown_here;
        if (shown_here) {
            put_agent(t, r, &rows[i], shown[depth], labels, label);
        }
    }
    mem_free(r->metrics->mem, shown, shown == NULL ? 0 : (count + 1) * sizeof *shown);
    return shown != NULL;
}

static void put_agents(const struct report *r, bool ascii, struct strbuf *out)
{
    size_t count;
    struct tree_row *rows = query_tree(r->swarm, &count);
    struct agent_labels labels;
    struct agent_label label;
    struct table t;
    if (rows == NULL) {
        out->failed |= count > 0;
        return;
    }
    out->failed |= !agent_labels_init(&labels, r->swarm, r->metrics->mem, ascii);
    agent_label_init(&label, r->metrics->mem, ascii);
    size_t left_out = clients_are_several(&labels.clients.clients) ? 0 : 1;
    table_init(&t, r->metrics->mem, agent_heads + left_out, COLS(agent_heads) - left_out,
               3 - left_out, ascii);
    out->failed |= !put_rows(&t, r, rows, count, &labels, &label);
    if (t.at > 0) {
        strbuf_addc(out, '\n');
    }
    table_finish(&t, out);
    agent_label_release(&label);
    agent_labels_release(&labels);
    mem_free(swarm_mem(r->swarm), rows, count * sizeof *rows);
}

static void put_money(struct table *t, double usd)
{
    char text[NUMBER_BYTES] = "";
    if (!isnan(usd)) {
        snprintf(text, sizeof text, "$%.2f", usd);
    }
    table_cell(t, text);
}

static void put_share(struct table *t, double pct)
{
    char text[NUMBER_BYTES] = "";
    if (!isnan(pct)) {
        snprintf(text, sizeof text, "%.0f%%", pct);
    }
    table_cell(t, text);
}

bool report_has_clients(const struct report *r)
{
    struct clients clients = clients_find(r->swarm);
    return clients_are_several(&clients);
}

void report_models(const struct report *r, bool ascii, struct strbuf *out)
{
    struct table t;
    if (r->metrics->model_count == 0) {
        return;
    }
    size_t left_out = report_has_clients(r) ? 0 : 1;
    table_init(&t, r->metrics->mem, model_heads + left_out, COLS(model_heads) - left_out,
               2 - left_out, ascii);
    for (size_t i = 0; i < r->metrics->model_count; i++) {
        const struct metrics *f = &r->metrics->models[i].metrics;
        if (left_out == 0) {
            table_cell(&t, swarm_text(r->swarm, r->metrics->models[i].client));
        }
        table_cell(&t, r->metrics->models[i].model);
        table_count(&t, f->requests);
        table_count(&t, f->failed);
        table_count(&t, f->interrupted);
        put_attempts(&t, f);
        table_ms(&t, some(&f->ttft_ms, f->ttft_ms.p99));
        table_number(&t, some(&f->otps, f->otps.p50));
        table_number(&t, some(&f->otps, f->otps.p95));
        table_number(&t, f->prompt_tokens);
        table_number(&t, f->output_tokens);
        table_number(&t, f->cache_hit_rate_pct);
        table_ms(&t, f->api_ms);
        put_money(&t, f->cost_estimate_usd);
        put_share(&t, f->cache_cost_share_pct);
    }
    table_finish(&t, out);
}

/* Appends `, 3 evicted`; nothing for 0. */
static void put_more(uint64_t n, const char *what, struct strbuf *out)
{
    char text[NUMBER_BYTES];
    if (n == 0) {
        return;
    }
    number_count(n, text);
    strbuf_addf(out, ", %s %s", text, what);
}

static void put_ms(double ms, bool ascii, const char *what, struct strbuf *out)
{
    char text[NUMBER_BYTES];
    if (isnan(ms) || ms <= 0) {
        return;
    }
    number_ms(ms, ascii, text);
    strbuf_addf(out, "  %s %s", what, text);
}

/* Appends the line of the parts of the time; nothing if all are empty. */
static void put_time(const struct metrics *totals, bool ascii, struct strbuf *out)
{
    size_t before = out->len;
    strbuf_adds(out, "time    ");
    size_t head = out->len;
    for (size_t i = 0; i < TIME_PARTS; i++) {
        put_ms(time_part_ms(totals, i), ascii, time_parts[i].name, out);
    }
    put_ms(totals->agent_wait_ms, ascii, TIME_APART, out);
    if (out->len == head) {
        out->len = before;
    } else {
        strbuf_addc(out, '\n');
    }
}

/* Appends what the figures below cover. */
static void put_filter(const struct report *r, struct strbuf *out)
{
    size_t all = 0, matching = 0;
    if (r->filter_text == NULL) {
        return;
    }
    for (size_t i = 0; i < swarm_agent_count(r->swarm); i++) {
        all += report_has_agent(swarm_agent(r->swarm, (agent_no)i));
        matching += shows(r, (agent_no)i);
    }
    if (matching == 0) {
        strbuf_addf(out, "no agent matches the filter \"%s\" (of %zu)\n", r->filter_text, all);
    } else {
        strbuf_addf(out, "filter    \"%s\" matches %zu of %zu agents\n", r->filter_text, matching,
                    all);
    }
}

static void put_summary(const struct report *r, bool ascii, struct strbuf *out)
{
    const struct swarm_metrics *f = r->metrics;
    uint64_t sessions = 0;
    char text[NUMBER_BYTES];

    size_t all = swarm_session_count(r->swarm);
    bool *matching = report_matching_sessions(r);
    for (size_t i = 0; matching != NULL && i < all; i++) {
        sessions += matching[i] && swarm_session(r->swarm, (session_no)i) != NULL;
    }
    mem_free(f->mem, matching, matching == NULL ? 0 : all * sizeof *matching);
    number_count(f->events + f->metadata, text);
    strbuf_addf(out, "sessions  %llu\nevents    %s", (unsigned long long)sessions, text);
    strbuf_adds(out, r->filter_text != NULL ? " of all agents" : "");
    put_more(f->dropped, "dropped", out);
    put_more(r->bad, "bad", out);
    number_count(f->spans.closed, text);
    strbuf_addf(out, "\nspans     %s", text);
    put_more(f->spans.open, "open", out);
    put_more(f->spans.evicted, "evicted", out);
    put_more(f->spans.incomplete, "incomplete", out);
    put_more(f->totals.refused, "refused", out);
    put_more(f->totals.interrupted, "interrupted", out);
    put_more(f->spans.orphan_ends, "ends without a start", out);
    if (!query_has_agents(r->swarm)) {
        strbuf_addc(out, '\n');
        return;
    }
    strbuf_addc(out, '\n');
    put_time(&f->totals, ascii, out);
    if (!isnan(f->totals.parallel)) {
        number_short(f->totals.parallel, text);
        strbuf_addf(out, "parallel  %s\n", text);
    }
    context_cost_text(&f->totals, text);
    if (text[0] != '\0') {
        strbuf_addf(out, "cost      %s", text);
        if (f->totals.cost_requests < f->totals.cost_requests_of) {
            strbuf_addf(out, " (%" PRIu64 " of %" PRIu64 " requests)", f->totals.cost_requests,
                        f->totals.cost_requests_of);
        }
        strbuf_addc(out, '\n');
    }
}

/* Appends the title and the table; nothing if it is empty. */
static void put_titled(const char *title,
                       void (*table)(const struct report *, bool, struct strbuf *),
                       const struct report *report, bool ascii, struct strbuf *out)
{
    size_t before = out->len;
    strbuf_adds(out, title);
    size_t head = out->len;
    table(report, ascii, out);
    if (out->len == head) {
        out->len = before;
    }
}

void report_text(const struct report *report, bool ascii, struct strbuf *out)
{
    put_filter(report, out);
    put_summary(report, ascii, out);
    report_held_up(report, ascii, out);
    report_stalled(report, out);
    report_slower(report, ascii, out);
    if (query_has_agents(report->swarm)) {
        put_agents(report, ascii, out);
    }
    put_titled("\nSLOWEST BY THEIR OWN TIME\n", report_slowest, report, ascii, out);
    put_titled("\nMOST FREQUENT\n", report_frequent, report, ascii, out);
    if (report->metrics->model_count > 0) {
        strbuf_addc(out, '\n');
        report_models(report, ascii, out);
    }
    if (report->metrics->totals.tool_count > 0) {
        strbuf_addc(out, '\n');
        report_tools(report, ascii, out);
    }
    put_titled("\n", report_servers, report, ascii, out);
    if (query_has_agents(report->swarm)) {
        put_titled("\n", report_reasons, report, ascii, out);
    }
    if (query_has_agents(report->swarm)) {
        put_titled("\n", report_context, report, ascii, out);
        put_titled("\n", report_costs, report, ascii, out);
    }
    report_calls(report, ascii, out);
}
