/* Single calls in the report: those that hold agents up, the slowest, and the waits for people. One
   walk over all spans finds the last two. */
#include "core/analysis/stalled.h"
#include "core/query/usual_durations.h"
#include "tui/views/agent_labels.h"
#include "tui/views/held_up_text.h"
#include "tui/views/report.h"
#include "tui/views/report_table.h"
#include "tui/views/span_text.h"

#include <math.h>
#include <string.h>

enum { CALLS_SHOWN = 5, HELD_UP_COLS = 120 };

/* ---- finding ---- */

struct slow_call {
    const struct span *span;
    int64_t ns;
};

struct person_wait {
    uint64_t count;
    int64_t total_ns, longest_ns;
    const struct span *longest;
};

struct calls {
    const struct report *report;
    struct slow_call slowest[CALLS_SHOWN];
    size_t slow_count;
    struct person_wait *waits; /* by agent_no */
    size_t agent_count;
    struct agent_labels labels;
    struct agent_label label;
    struct strbuf text;
};

static void keep_slow(struct calls *calls, const struct span *span, int64_t ns)
{
    size_t at = calls->slow_count;
    while (at > 0 && calls->slowest[at - 1].ns < ns) {
        at--;
    }
    if (at == CALLS_SHOWN) {
        return;
    }
    calls->slow_count += calls->slow_count < CALLS_SHOWN;
    memmove(&calls->slowest[at + 1], &calls->slowest[at],
            (calls->slow_count - at - 1) * sizeof calls->slowest[0]);
    calls->slowest[at] = (struct slow_call){span, ns};
}

static void take_span(struct calls *calls, const struct span *span)
{
    const struct report *r = calls->report;
    bool call = span->kind == SPAN_REQUEST || span->kind == SPAN_TOOL || span->kind == SPAN_USER;
    if (!call || span->agent >= calls->agent_count || !report_matches(r, span->agent) ||
        !query_is_agent(swarm_agent(r->swarm, span->agent))) {
        return;
    }
    int64_t ns = swarm_span_end_ns(r->swarm, span, r->local_ns) - span->start_ns;
    if (span->kind != SPAN_USER) {
        keep_slow(calls, span, ns);
        return;
    }
    struct person_wait *wait = &calls->waits[span->agent];
    wait->count++;
    wait->total_ns += ns;
    if (wait->longest == NULL || ns > wait->longest_ns) {
        wait->longest = span;
        wait->longest_ns = ns;
    }
}

/* ---- tables ---- */

static void put_agent(struct calls *calls, struct table *t, agent_no agent)
{
    agent_labels_get(&calls->labels, agent, LABEL_LIST | LABEL_CLIENT, &calls->label);
    if (!calls->report->no_mask) {
        agent_label_mask(&calls->label);
    }
    strbuf_clear(&calls->text);
    agent_label_text(&calls->label, TABLE_CELL_COLS, &calls->text);
    table_text(t, calls->text.data, calls->text.len);
}

static void put_about(struct calls *calls, struct table *t, const struct span *span)
{
    span_text_about(calls->report->swarm, span, &calls->text);
    table_text(t, calls->text.data, calls->text.len);
}

static void put_slowest(struct calls *calls, bool ascii, struct strbuf *out)
{
    static const char *const heads[] = {"SLOWEST CALL", "AGENT", "", "TOOK", "P95"};
    const struct report *r = calls->report;
    struct table t;
    if (calls->slow_count == 0) {
        return;
    }
    table_init(&t, r->metrics->mem, heads, sizeof heads / sizeof heads[0], 3, ascii);
    for (size_t i = 0; i < calls->slow_count; i++) {
        const struct span *span = calls->slowest[i].span;
        table_cell(&t, span_short_name(swarm_text(r->swarm, span->name)));
        put_agent(calls, &t, span->agent);
        put_about(calls, &t, span);
        table_ms(&t, (double)calls->slowest[i].ns / 1e6);
        table_ms(&t, usual_durations_p95_ms(r->swarm, r->metrics, span));
    }
    strbuf_addc(out, '\n');
    table_finish(&t, out);
}

/* Returns the agent that waited longest of those that are not `shown`; NO_AGENT: no other waited.
 */
static agent_no longest_wait(const struct calls *calls)
{
    agent_no found = NO_AGENT;
    for (size_t i = 0; i < calls->agent_count; i++) {
        const struct person_wait *wait = &calls->waits[i];
        if (wait->count > 0 &&
            (found == NO_AGENT || wait->total_ns > calls->waits[found].total_ns)) {
            found = (agent_no)i;
        }
    }
    return found;
}

static void put_waits(struct calls *calls, bool ascii, struct strbuf *out)
{
    static const char *const heads[] = {"WAITED FOR A PERSON", "LONGEST", "WAITS", "TOTAL", "MAX"};
    agent_no agent = longest_wait(calls);
    struct table t;
    if (agent == NO_AGENT) {
        return;
    }
    table_init(&t, calls->report->metrics->mem, heads, sizeof heads / sizeof heads[0], 2, ascii);
    for (int i = 0; i < CALLS_SHOWN && agent != NO_AGENT; i++) {
        struct person_wait *wait = &calls->waits[agent];
        put_agent(calls, &t, agent);
        put_about(calls, &t, wait->longest);
        table_count(&t, wait->count);
        table_ms(&t, (double)wait->total_ns / 1e6);
        table_ms(&t, (double)wait->longest_ns / 1e6);
        wait->count = 0; /* it is shown */
        agent = longest_wait(calls);
    }
    strbuf_addc(out, '\n');
    table_finish(&t, out);
}

/* ---- all ---- */

static bool calls_init(struct calls *calls, const struct report *r, bool ascii)
{
    const struct mem *mem = r->metrics->mem;
    *calls = (struct calls){.report = r, .agent_count = swarm_agent_count(r->swarm)};
    calls->waits = mem_zalloc(mem, calls->agent_count + 1, sizeof *calls->waits);
    agent_label_init(&calls->label, mem, ascii);
    strbuf_init(&calls->text, mem, 0);
    return agent_labels_init(&calls->labels, r->swarm, mem, ascii) && calls->waits != NULL;
}

static void calls_release(struct calls *calls)
{
    const struct mem *mem = calls->report->metrics->mem;
    mem_free(mem, calls->waits,
             calls->waits == NULL ? 0 : (calls->agent_count + 1) * sizeof *calls->waits);
    agent_label_release(&calls->label);
    agent_labels_release(&calls->labels);
    strbuf_release(&calls->text);
}

void report_calls(const struct report *r, bool ascii, struct strbuf *out)
{
    struct calls calls;
    bool made = calls_init(&calls, r, ascii);
    out->failed |= !made;
    for (span_no no = swarm_span_begin(r->swarm); made && no < swarm_span_end(r->swarm); no++) {
        const struct span *span = swarm_own_span(r->swarm, no);
        if (span != NULL) {
            take_span(&calls, span);
        }
    }
    if (made) {
        put_slowest(&calls, ascii, out);
        put_waits(&calls, ascii, out);
    }
    calls_release(&calls);
}

static bool matches(void *ctx, agent_no agent)
{
    return report_matches(ctx, agent);
}

void report_held_up(const struct report *r, bool ascii, struct strbuf *out)
{
    const struct theme theme = {.ascii = ascii};
    struct held_up held;
    bool made = held_up_make(r->swarm, report_all(r), r->local_ns, NULL, r->metrics->mem, &held);
    struct held_up_chain chain = {.count = 0};
    if (made) {
        held_up_chain(&held, held_up_longest(&held, matches, (void *)(uintptr_t)r), &chain);
    }
    out->failed |= !made;
    if (chain.count > 0) {
        struct strbuf text;
        char age[NUMBER_BYTES];
        number_ms((double)chain.age_ns / 1e6, ascii, age);
        struct agent_labels labels;
        strbuf_init(&text, out->mem, 0);
        out->failed |= !agent_labels_init(&labels, r->swarm, out->mem, ascii);
        held_up_text(r->swarm, &chain,
                     &(struct held_up_look){&theme, age, HELD_UP_COLS, r->no_mask, &labels}, &text);
        agent_labels_release(&labels);
        strbuf_addf(out, "held up   %s\n", text.len > 0 ? text.data : age);
        strbuf_release(&text);
    }
    held_up_release(&held);
}

void report_stalled(const struct report *r, struct strbuf *out)
{
    struct stalled stalled;
    uint64_t calls = 0, loops = 0;
    out->failed |= !stalled_make(r->swarm, report_all(r), r->local_ns, r->metrics->mem, &stalled);
    for (size_t i = 0; i < stalled.agent_count; i++) {
        struct stalled_agent of = stalled_of(&stalled, (agent_no)i);
        bool shown = report_matches(r, (agent_no)i);
        calls += shown ? of.calls : 0;
        loops += shown && of.loop != NO_SPAN;
    }
    if (calls + loops > 0) {
        strbuf_addf(out, "stalled   %llu, loops %llu\n", (unsigned long long)calls,
                    (unsigned long long)loops);
    }
    stalled_release(&stalled);
}
