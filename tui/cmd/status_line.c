/* The metrics of the screen's header as one line: for a log file, a pipe or the progress line of
   `record`. */
#include "tui/cmd/status_line.h"

#include "core/analysis/stalled.h"
#include "tui/screen/number.h"
#include "tui/views/coverage.h"
#include "tui/views/held_up_text.h"

#include <assert.h>
#include <math.h>

static void put_counted(struct strbuf *out, uint64_t n, const char *one)
{
    char text[NUMBER_BYTES];
    number_count(n, text);
    strbuf_addf(out, "%s %s%s", text, one, n == 1 ? "" : "s");
}

/* Threads of other producers' traces are rows, but no agents. */
static bool is_shown_agent(const struct agent *agent)
{
    return !(agent->flags & (AGENT_DEAD | AGENT_GROUP)) && query_is_agent(agent);
}

static void count_states(const struct swarm *swarm, int64_t local_ns, uint64_t counts[STATES])
{
    for (size_t i = 0; i < swarm_agent_count(swarm); i++) {
        if (is_shown_agent(swarm_agent(swarm, (agent_no)i))) {
            counts[query_status(swarm, (agent_no)i, local_ns).state]++;
        }
    }
}

static void put_states(const struct swarm *swarm, int64_t local_ns, struct strbuf *out)
{
    uint64_t counts[STATES] = {0};
    count_states(swarm, local_ns, counts);
    for (int state = 0; state < STATES; state++) {
        if (counts[state] > 0) {
            strbuf_addf(out, "  %s %llu", query_state_name((enum agent_state)state),
                        (unsigned long long)counts[state]);
        }
    }
}

static void put_metrics(const struct metrics *totals, struct strbuf *out)
{
    char number[NUMBER_BYTES], covers[COVERAGE_BYTES];
    if (totals->ttft_ms.count > 0) {
        number_ms(totals->ttft_ms.p50, true, number);
        coverage_text(totals, &totals->ttft_ms, covers);
        strbuf_addf(out, "  ttft p50 %s%s", number, covers);
    }
    if (totals->ttft_ms.count > 0 && !isnan(totals->ttft_ms.p95)) {
        number_ms(totals->ttft_ms.p95, true, number);
        strbuf_addf(out, " p95 %s", number);
    }
    if (totals->otps.count > 0) {
        number_short(totals->otps.p50, number);
        strbuf_addf(out, "  otps p50 %s", number);
    }
    if (!isnan(totals->cache_hit_rate_pct)) {
        strbuf_addf(out, "  cache %.0f%%", totals->cache_hit_rate_pct);
    }
    if (totals->retries > 0) {
        strbuf_addf(out, "  retries %llu", (unsigned long long)totals->retries);
    }
    if (totals->failed + totals->tool_errors > 0) {
        strbuf_addf(out, "  errors %llu",
                    (unsigned long long)(totals->failed + totals->tool_errors));
    }
}

static void put_stopped(const struct metrics *totals, struct strbuf *out)
{
    if (totals->refused > 0) {
        strbuf_addf(out, "  refused %llu", (unsigned long long)totals->refused);
    }
    if (totals->interrupted > 0) {
        strbuf_addf(out, "  interrupted %llu", (unsigned long long)totals->interrupted);
    }
}

void status_line(const struct swarm *swarm, const struct swarm_metrics *metrics, int64_t local_ns,
                 struct strbuf *out)
{
    uint64_t sessions = 0, agents = 0, events = 0;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        sessions += session != NULL;
        events += session != NULL ? session->event_count : 0;
    }
    for (size_t i = 0; i < swarm_agent_count(swarm); i++) {
        agents += is_shown_agent(swarm_agent(swarm, (agent_no)i));
    }
    put_counted(out, sessions, "session");
    strbuf_adds(out, "  ");
    put_counted(out, agents, "agent");
    strbuf_adds(out, "  ");
    put_counted(out, events, "event");
    put_states(swarm, local_ns, out);
    if (metrics != NULL) {
        put_metrics(&metrics->totals, out);
    }
    if (metrics != NULL) {
        put_stopped(&metrics->totals, out);
    }
}

/* `out` holds the part before it. */
static void put_part(struct strbuf *out, uint64_t count, const char *word)
{
    if (count > 0) {
        strbuf_addf(out, "%s%llu %s", out->len > 0 ? "  " : "", (unsigned long long)count, word);
    }
}

/* The states as a status bar shows them: it may be cut, so those that need a person come first. */
static const enum agent_state bar_order[] = {
    STATE_USER,   STATE_TOOL_OR_USER, STATE_ERROR, STATE_RETRY,    STATE_STALE,
    STATE_GONE,   STATE_UNKNOWN,      STATE_WAIT,  STATE_SAMPLING, STATE_TOOL,
    STATE_AGENTS, STATE_IDLE,         STATE_DONE};
static_assert(sizeof bar_order / sizeof *bar_order == STATES, "each state is in the bar");

enum { HELD_UP_COLS = 100 };

/* Appends the chain that the header shows. */
static void put_held_up(const struct swarm *swarm, const struct swarm_metrics *metrics,
                        int64_t local_ns, bool no_mask, struct strbuf *out)
{
    const struct theme theme = {.ascii = true};
    struct held_up held;
    bool made = held_up_make(swarm, metrics, local_ns, NULL, out->mem, &held);
    struct held_up_chain chain = {.count = 0};
    if (made) {
        held_up_chain(&held, held_up_longest(&held, NULL, NULL), &chain);
    }
    if (chain.count > 0 && chain.held_ns >= HELD_UP_SHOWN_NS) {
        struct strbuf text;
        char age[NUMBER_BYTES];
        number_ms((double)chain.age_ns / 1e6, true, age);
        struct agent_labels labels;
        strbuf_init(&text, out->mem, 0);
        out->failed |= !agent_labels_init(&labels, swarm, out->mem, true);
        held_up_text(swarm, &chain,
                     &(struct held_up_look){&theme, age, HELD_UP_COLS, no_mask, &labels}, &text);
        agent_labels_release(&labels);
        strbuf_addf(out, "  held up: %s", text.len > 0 ? text.data : age);
        strbuf_release(&text);
    }
    held_up_release(&held);
}

static void put_stalled(const struct swarm *swarm, const struct swarm_metrics *metrics,
                        int64_t local_ns, struct strbuf *out)
{
    struct stalled stalled;
    if (stalled_make(swarm, metrics, local_ns, out->mem, &stalled)) {
        put_part(out, stalled.calls, "stalled");
        put_part(out, stalled.loops, stalled.loops == 1 ? "loop" : "loops");
    }
    stalled_release(&stalled);
}

void status_bar(const struct swarm *swarm, const struct swarm_metrics *metrics, int64_t local_ns,
                bool no_mask, struct strbuf *out)
{
    uint64_t counts[STATES] = {0}, all = 0;
    char ttft[NUMBER_BYTES];
    count_states(swarm, local_ns, counts);
    for (int state = 0; state < STATES; state++) {
        all += counts[state];
    }
    for (int i = 0; i < STATES; i++) {
        put_part(out, counts[bar_order[i]], query_state_name(bar_order[i]));
    }
    if (all == 0) {
        strbuf_adds(out, "no agents");
    }
    put_stalled(swarm, metrics, local_ns, out);
    if (metrics != NULL) {
        put_part(out, metrics->totals.refused, "refused");
        put_part(out, metrics->totals.interrupted, "interrupted");
    }
    if (metrics != NULL && metrics->totals.ttft_ms.count > 0) {
        number_ms(metrics->totals.ttft_ms.p50, true, ttft);
        strbuf_addf(out, "  ttft %s", ttft);
    }
    put_held_up(swarm, metrics, local_ns, no_mask, out);
}
