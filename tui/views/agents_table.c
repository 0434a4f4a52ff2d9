/* Each column has a function that writes its text and one that returns its sort value. So sorting
   and drawing use the same data. */
#include "tui/views/agents_table.h"

#include "core/query/context.h"
#include "core/query/cost.h"
#include "tui/screen/number.h"
#include "tui/views/context_text.h"
#include "tui/views/coverage.h"
#include "tui/views/span_text.h"
#include "tui/views/stalled_flag.h"

#include <math.h>
#include <stdio.h>

/* ---- state, model ---- */

/* A thread has no state. */
static bool is_agent(const struct agent_row *row)
{
    return row->agent == NO_AGENT || query_is_agent(swarm_agent(row->frame->swarm, row->agent));
}

static enum style_id put_state(const struct agent_row *row, struct strbuf *out)
{
    if (row->status == NULL || !is_agent(row)) {
        return STYLE_PLAIN;
    }
    struct stalled_flag flag = stalled_flag_of(row->frame, row->agent, row->status);
    if (flag.word != NULL) {
        strbuf_addf(out, "%s %s", frame_symbol(row->frame, SYM_FLAG), flag.word);
        return STYLE_ERROR;
    }
    struct state_style state = theme_state(&row->frame->input->theme, row->status->state);
    strbuf_addf(out, "%s %s", state.shape,
                query_state_text(row->frame->swarm, row->agent, row->status->state));
    return state.style;
}

static double state_value(const struct agent_row *row)
{
    return row->status != NULL && is_agent(row) ? (double)row->status->state : NAN;
}

static enum style_id put_client(const struct agent_row *row, struct strbuf *out)
{
    intern_id client =
        row->agent == NO_AGENT ? INTERN_NONE : clients_of_agent(row->frame->swarm, row->agent);
    if (client != INTERN_NONE) {
        struct slice name = swarm_text_slice(row->frame->swarm, client);
        strbuf_add(out, name.bytes, name.len);
    }
    return STYLE_DIM;
}

static enum style_id put_host(const struct agent_row *row, struct strbuf *out)
{
    const struct agent *agent =
        row->agent == NO_AGENT ? NULL : swarm_agent(row->frame->swarm, row->agent);
    intern_id host =
        agent == NULL ? INTERN_NONE : clients_host_of_session(row->frame->swarm, agent->session);
    if (host != INTERN_NONE) {
        struct slice name = swarm_text_slice(row->frame->swarm, host);
        strbuf_add(out, name.bytes, name.len);
    }
    return STYLE_DIM;
}

static const struct span *last_request(const struct agent_row *row)
{
    if (row->agent == NO_AGENT || (row->metrics != NULL && row->metrics->requests == 0)) {
        return NULL;
    }
    return swarm_span(row->frame->swarm, query_last_request(row->frame->swarm, row->agent));
}

static enum style_id put_model(const struct agent_row *row, struct strbuf *out)
{
    const struct span *span = last_request(row);
    if (span != NULL) {
        span_text_arg(row->frame->swarm, span, "model", out);
    }
    return STYLE_DIM;
}

/* ---- counts ---- */

static void put_count(struct strbuf *out, uint64_t count)
{
    char text[NUMBER_BYTES];
    if (count > 0) {
        number_count(count, text);
        strbuf_adds(out, text);
    }
}

static double requests(const struct agent_row *row)
{
    return row->metrics != NULL ? (double)row->metrics->requests : NAN;
}

static enum style_id put_requests(const struct agent_row *row, struct strbuf *out)
{
    put_count(out, row->metrics != NULL ? row->metrics->requests : 0);
    return STYLE_PLAIN;
}

static double errors(const struct agent_row *row)
{
    return row->metrics != NULL ? (double)(row->metrics->failed + row->metrics->tool_errors) : NAN;
}

static enum style_id put_errors(const struct agent_row *row, struct strbuf *out)
{
    put_count(out, row->metrics != NULL ? row->metrics->failed + row->metrics->tool_errors : 0);
    return STYLE_ERROR;
}

static double retries(const struct agent_row *row)
{
    return row->metrics != NULL ? (double)row->metrics->retries : NAN;
}

static enum style_id put_retries(const struct agent_row *row, struct strbuf *out)
{
    put_count(out, row->metrics != NULL ? row->metrics->retries : 0);
    return STYLE_RETRY;
}

static double stopped(const struct agent_row *row)
{
    return row->metrics != NULL ? (double)(row->metrics->refused + row->metrics->interrupted) : NAN;
}

/* 2r 1i: refused, interrupted. */
static enum style_id put_stopped(const struct agent_row *row, struct strbuf *out)
{
    const struct metrics *metrics = row->metrics;
    if (metrics != NULL && metrics->refused > 0) {
        strbuf_addf(out, "%llur", (unsigned long long)metrics->refused);
    }
    if (metrics != NULL && metrics->interrupted > 0) {
        strbuf_addf(out, "%s%llui", out->len > 0 ? " " : "",
                    (unsigned long long)metrics->interrupted);
    }
    return STYLE_PLAIN;
}

/* ---- measured ---- */

static void put_ms(const struct agent_row *row, struct strbuf *out, double ms)
{
    char text[NUMBER_BYTES];
    if (!isnan(ms)) {
        number_ms(ms, row->frame->input->theme.ascii, text);
        strbuf_adds(out, text);
    }
}

static double some(const struct summary *summary, double value)
{
    return summary->count > 0 ? value : NAN;
}

static double ttft_p50(const struct agent_row *row)
{
    return row->metrics != NULL ? some(&row->metrics->ttft_ms, row->metrics->ttft_ms.p50) : NAN;
}

static double ttft_p95(const struct agent_row *row)
{
    return row->metrics != NULL ? some(&row->metrics->ttft_ms, row->metrics->ttft_ms.p95) : NAN;
}

static double otps_p50(const struct agent_row *row)
{
    return row->metrics != NULL ? some(&row->metrics->otps, row->metrics->otps.p50) : NAN;
}

static enum style_id put_ttft_p50(const struct agent_row *row, struct strbuf *out)
{
    put_ms(row, out, ttft_p50(row));
    return STYLE_PLAIN;
}

/* How many of its requests the TTFT covers, if not all. */
static enum style_id put_covers(const struct agent_row *row, struct strbuf *out)
{
    char covers[COVERAGE_BYTES];
    if (row->metrics != NULL) {
        coverage_short(row->metrics, &row->metrics->ttft_ms, covers);
        strbuf_adds(out, covers);
    }
    return STYLE_DIM;
}

static enum style_id put_ttft_p95(const struct agent_row *row, struct strbuf *out)
{
    put_ms(row, out, ttft_p95(row));
    return STYLE_PLAIN;
}

static enum style_id put_otps(const struct agent_row *row, struct strbuf *out)
{
    char text[NUMBER_BYTES];
    double otps = otps_p50(row);
    if (!isnan(otps)) {
        number_short(otps, text);
        strbuf_adds(out, text);
    }
    return STYLE_PLAIN;
}

/* ---- tokens ---- */

static void put_tokens(struct strbuf *out, double tokens)
{
    char text[NUMBER_BYTES];
    if (!isnan(tokens)) {
        number_tokens(tokens, text);
        strbuf_adds(out, text);
    }
}

static double tokens_in(const struct agent_row *row)
{
    return row->metrics != NULL ? row->metrics->prompt_tokens : NAN;
}

static double tokens_out(const struct agent_row *row)
{
    return row->metrics != NULL ? row->metrics->output_tokens : NAN;
}

static double cache_rate(const struct agent_row *row)
{
    return row->metrics != NULL ? row->metrics->cache_hit_rate_pct : NAN;
}

static enum style_id put_tokens_in(const struct agent_row *row, struct strbuf *out)
{
    put_tokens(out, tokens_in(row));
    return STYLE_PLAIN;
}

static enum style_id put_tokens_out(const struct agent_row *row, struct strbuf *out)
{
    put_tokens(out, tokens_out(row));
    return STYLE_PLAIN;
}

static enum style_id put_cache(const struct agent_row *row, struct strbuf *out)
{
    if (!isnan(cache_rate(row))) {
        strbuf_addf(out, "%.0f%%", cache_rate(row));
    }
    return STYLE_PLAIN;
}

static double last_prompt(const struct agent_row *row)
{
    /* The totals have the last prompt of any agent, which is no total. */
    return row->metrics != NULL && row->agent != NO_AGENT ? row->metrics->context_tokens : NAN;
}

static enum style_id put_last_prompt(const struct agent_row *row, struct strbuf *out)
{
    put_tokens(out, last_prompt(row));
    return STYLE_PLAIN;
}

static double context_full(const struct agent_row *row)
{
    return row->metrics != NULL && row->agent != NO_AGENT ? context_full_pct(row->metrics) : NAN;
}

enum { CONTEXT_BAR = 5 };

static enum style_id put_context(const struct agent_row *row, struct strbuf *out)
{
    if (!isnan(context_full(row))) {
        char full[NUMBER_BYTES];
        snprintf(full, sizeof full, "%s%.0f", row->metrics->window_assumed ? "~" : "",
                 context_full(row));
        context_bar(row->metrics, CONTEXT_BAR, row->frame->input->theme.ascii, out);
        strbuf_addf(out, "%4s%%", full);
    }
    return STYLE_PLAIN;
}

static double cost(const struct agent_row *row)
{
    bool estimate;
    return row->metrics == NULL ? NAN : cost_total(row->metrics, &estimate);
}

static enum style_id put_cost(const struct agent_row *row, struct strbuf *out)
{
    if (isnan(cost(row))) {
        return STYLE_PLAIN;
    }
    char text[NUMBER_BYTES];
    bool estimate;
    (void)cost_total(row->metrics, &estimate);
    context_cost_text(row->metrics, text);
    strbuf_adds(out, text);
    return estimate ? STYLE_DIM : STYLE_PLAIN;
}

/* ---- time ---- */

static double tool_time(const struct agent_row *row)
{
    return row->metrics != NULL ? row->metrics->tool_ms : NAN;
}

static double user_time(const struct agent_row *row)
{
    return row->metrics != NULL ? row->metrics->user_wait_ms : NAN;
}

static double busy_share(const struct agent_row *row)
{
    const struct metrics *metrics = row->metrics;
    double all = metrics != NULL ? metrics->busy_ms + metrics->idle_ms : NAN;
    return all > 0 ? metrics->busy_ms / all * 100 : NAN;
}

static enum style_id put_tool_time(const struct agent_row *row, struct strbuf *out)
{
    put_ms(row, out, tool_time(row));
    return STYLE_PLAIN;
}

static enum style_id put_user_time(const struct agent_row *row, struct strbuf *out)
{
    put_ms(row, out, user_time(row));
    return STYLE_PLAIN;
}

static enum style_id put_busy(const struct agent_row *row, struct strbuf *out)
{
    if (!isnan(busy_share(row))) {
        strbuf_addf(out, "%.0f%%", busy_share(row));
    }
    return STYLE_PLAIN;
}

/* Returns how long the agent has been silent. */
static double quiet_ns(const struct agent_row *row)
{
    const struct agent *agent =
        row->agent == NO_AGENT ? NULL : swarm_agent(row->frame->swarm, row->agent);
    if (agent == NULL || agent->first_ns > agent->last_ns) {
        return NAN;
    }
    double ns = (double)frame_agent_now(row->frame, row->agent, true) - (double)agent->last_ns;
    return ns > 0 ? ns : 0;
}

static enum style_id put_quiet(const struct agent_row *row, struct strbuf *out)
{
    char text[NUMBER_BYTES];
    if (!isnan(quiet_ns(row))) {
        number_rest((int64_t)quiet_ns(row), text);
        strbuf_adds(out, text);
    }
    return STYLE_DIM;
}

/* ---- the table ---- */

static const struct agent_column columns[] = {
    {"AGENT", 0, 0, true, false, NULL, NULL},
    {"STATE", 10, 36, true, false, put_state, state_value},
    {"CLIENT", 8, AGENTS_CLIENT_FROM, true, false, put_client, NULL},
    {"HOST", 12, AGENTS_CLIENT_FROM, true, false, put_host, NULL},
    {"MODEL", 14, 140, true, false, put_model, NULL},
    {"REQ", 6, 50, false, true, put_requests, requests},
    {"ERR", 5, 60, false, true, put_errors, errors},
    {"RETRY", 5, 110, false, true, put_retries, retries},
    {"STOP", 5, 120, false, true, put_stopped, stopped},
    {"TTFT P50", 8, 80, false, true, put_ttft_p50, ttft_p50},
    {"OF", 7, 210, false, false, put_covers, NULL},
    {"P95", 6, 90, false, true, put_ttft_p95, ttft_p95},
    {"OTPS", 5, 80, false, false, put_otps, otps_p50},
    {"IN", 6, 120, false, true, put_tokens_in, tokens_in},
    {"OUT", 6, 70, false, true, put_tokens_out, tokens_out},
    {"CACHE", 5, 130, false, false, put_cache, cache_rate},
    {"PROMPT", 6, 150, false, true, put_last_prompt, last_prompt},
    {"CONTEXT", 10, 168, false, true, put_context, context_full},
    {"COST", 7, 156, false, true, put_cost, cost},
    {"TOOLS", 6, 100, false, true, put_tool_time, tool_time},
    {"USER", 6, 160, false, true, put_user_time, user_time},
    {"BUSY", 5, 76, false, true, put_busy, busy_share},
    {"LAST", 5, 64, false, false, put_quiet, quiet_ns},
};

const struct agent_column *agents_column(size_t index)
{
    return index < sizeof columns / sizeof columns[0] ? &columns[index] : NULL;
}

bool agents_column_shown(const struct agent_column *column, const struct frame *frame)
{
    return frame->layout.cols >= column->from &&
           (column->put != put_client || clients_are_several(&frame->labels->clients.clients)) &&
           (column->put != put_host || clients_are_several_hosts(&frame->labels->hosts.clients));
}
