/* The table of the kinds of calls that took most of all turns. */
#include "core/analysis/reasons.h"
#include "tui/views/agent_labels.h"
#include "tui/views/report.h"
#include "tui/views/report_table.h"
#include "tui/views/why_text.h"

enum { REASONS_SHOWN = 5 };

static const char *const heads[] = {"TOP REASON", "LONGEST IN", "TIME", "%", "TURNS", "LONGEST"};

static bool counts(const void *ctx, agent_no agent)
{
    return report_matches(ctx, agent);
}

bool report_reasons_make(const struct report *report, struct reasons *out)
{
    return reasons_make(out, report->swarm, report->local_ns, counts, report);
}

/* `turn 2 of NAME`, `cut turn 2 of NAME`. */
static void put_turn(const struct report *report, const struct turn *turn,
                     struct agent_labels *labels, struct agent_label *label, struct strbuf *out)
{
    strbuf_addf(out, "%sturn %llu of ", turn->cut ? "cut " : "", (unsigned long long)turn->number);
    agent_labels_get(labels, turn->agent, LABEL_LIST | LABEL_CLIENT, label);
    if (!report->no_mask) { /* before it is cut: half a key is not found */
        agent_label_mask(label);
    }
    agent_label_text(label, TABLE_CELL_COLS - (turn->cut ? 16 : 12), out);
}

static void put_reason(const struct report *report, const struct reasons *reasons, size_t at,
                       struct table *t, struct agent_labels *labels, struct agent_label *label)
{
    const struct reason *reason = &reasons->list[at];
    struct strbuf text;
    strbuf_init(&text, report->metrics->mem, 0);
    why_text_kind(report->swarm, reason->kind, &text);
    table_text(t, text.data, text.len);
    strbuf_clear(&text);
    put_turn(report, &reason->longest, labels, label, &text);
    table_text(t, text.data, text.len);
    table_ms(t, (double)reason->ns / 1e6);
    table_number(t, 100.0 * (double)reason->ns / (double)reasons->total_ns);
    table_count(t, reason->turns);
    table_ms(t, (double)reason->longest_ns / 1e6);
    t->cells.failed |= text.failed;
    strbuf_release(&text);
}

void report_reasons(const struct report *report, bool ascii, struct strbuf *out)
{
    const struct mem *mem = report->metrics->mem;
    struct reasons reasons;
    struct agent_labels labels;
    struct agent_label label;
    struct table t;
    bool good = report_reasons_make(report, &reasons);
    good &= agent_labels_init(&labels, report->swarm, mem, ascii);
    agent_label_init(&label, mem, ascii);
    out->failed |= !good;
    if (good && reasons.total_ns > 0) {
        table_init(&t, mem, heads, sizeof heads / sizeof heads[0], 2, ascii);
        for (size_t i = 0; i < reasons.count && i < REASONS_SHOWN; i++) {
            put_reason(report, &reasons, i, &t, &labels, &label);
        }
        table_finish(&t, out);
    }
    agent_label_release(&label);
    agent_labels_release(&labels);
    reasons_release(&reasons);
}
