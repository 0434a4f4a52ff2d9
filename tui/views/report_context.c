/* The contexts and costs of agents in the report: those with the largest last prompts. */
#include "core/query/context.h"
#include "tui/screen/number.h"
#include "tui/views/agent_labels.h"
#include "tui/views/context_text.h"
#include "tui/views/report.h"
#include "tui/views/report_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { AGENTS_SHOWN = 10 };

static const char *const heads[] = {"LARGEST PROMPT", "TOKENS",    "WINDOW", "FULL",
                                    "A TURN",         "COMPACTED", "COST"};

static double tokens_of(const struct report *r, agent_no agent)
{
    return r->metrics->agents[agent].context_tokens;
}

/* Finds the agents with the largest prompts in one pass; the first of equal ones is first. */
static size_t find_largest(const struct report *r, agent_no found[AGENTS_SHOWN + 1])
{
    size_t count = 0;
    for (agent_no i = 0; i < r->metrics->agent_count; i++) {
        bool counts = report_has_agent(swarm_agent(r->swarm, i)) && report_matches(r, i) &&
                      tokens_of(r, i) > 0;
        size_t at = count;
        while (counts && at > 0 && tokens_of(r, found[at - 1]) < tokens_of(r, i)) {
            at--;
        }
        if (!counts || at == AGENTS_SHOWN) {
            continue;
        }
        memmove(&found[at + 1], &found[at], (count - at) * sizeof *found);
        found[at] = i;
        count += count < AGENTS_SHOWN;
    }
    return count;
}

static void put_tokens(struct table *t, double tokens, const char *mark)
{
    char text[NUMBER_BYTES] = "", marked[NUMBER_BYTES + 2];
    if (!isnan(tokens)) {
        number_tokens(fabs(tokens), text);
    }
    snprintf(marked, sizeof marked, "%s%s", isnan(tokens) ? "" : mark, text);
    table_cell(t, marked);
}

static void put_row(struct table *t, const struct metrics *f)
{
    char text[NUMBER_BYTES] = "";
    put_tokens(t, f->context_tokens, "");
    put_tokens(t, f->context_window, f->window_assumed ? "~" : "");
    if (!isnan(context_full_pct(f))) {
        snprintf(text, sizeof text, "%.0f%%", context_full_pct(f));
    }
    table_cell(t, text);
    put_tokens(t, f->context_growth, f->context_growth < 0 ? "-" : "+");
    table_count(t, isnan(f->compactions) ? 0 : (uint64_t)f->compactions);
    context_cost_text(f, text);
    table_cell(t, text);
}

void report_context(const struct report *r, bool ascii, struct strbuf *out)
{
    agent_no found[AGENTS_SHOWN + 1];
    size_t count = find_largest(r, found);
    struct agent_labels own = {.mem = r->metrics->mem};
    const struct agent_labels *labels = r->labels != NULL ? r->labels : &own;
    struct agent_label label;
    struct strbuf title;
    struct table t;
    if (count == 0) {
        return;
    }
    out->failed |= labels == &own && !agent_labels_init(&own, r->swarm, r->metrics->mem, ascii);
    agent_label_init(&label, r->metrics->mem, ascii);
    strbuf_init(&title, r->metrics->mem, 0);
    table_init(&t, r->metrics->mem, heads, sizeof heads / sizeof *heads, 1, ascii);
    for (size_t i = 0; i < count; i++) {
        agent_labels_get(labels, found[i], LABEL_LIST | LABEL_CLIENT, &label);
        if (!r->no_mask) {
            agent_label_mask(&label);
        }
        strbuf_clear(&title);
        agent_label_text(&label, r->label_cols > 0 ? r->label_cols : TABLE_CELL_COLS, &title);
        table_text(&t, title.data, title.len);
        put_row(&t, &r->metrics->agents[found[i]]);
    }
    out->failed |= title.failed;
    table_finish(&t, out);
    strbuf_release(&title);
    agent_label_release(&label);
    if (labels == &own) {
        agent_labels_release(&own);
    }
}
