/* The costs of sessions in the report: the costliest ones. A session has the label of its main
   agent. */
#include "core/query/cost.h"
#include "tui/screen/number.h"
#include "tui/views/agent_labels.h"
#include "tui/views/context_text.h"
#include "tui/views/report.h"
#include "tui/views/report_table.h"

#include <math.h>
#include <string.h>

enum { SESSIONS_SHOWN = 10 };

static const char *const heads[] = {"COSTLIEST SESSION", "COST"};

/* The main agents of the sessions with the highest costs, in order, and of how many. */
struct costliest {
    agent_no agents[SESSIONS_SHOWN + 1];
    size_t shown, known;
};

static double usd_of(const struct report *r, const struct session_cost *costs, agent_no agent)
{
    bool estimate;
    return cost_of_session(&costs[swarm_agent(r->swarm, agent)->session], &estimate);
}

/* One pass; the first of equal ones is first. */
static void find_costliest(const struct report *r, const struct session_cost *costs,
                           struct costliest *out)
{
    *out = (struct costliest){.shown = 0};
    for (agent_no i = 0; i < r->metrics->agent_count; i++) {
        const struct agent *agent = swarm_agent(r->swarm, i);
        bool main_agent = (agent->flags & AGENT_MAIN) != 0 && report_has_agent(agent) &&
                          swarm_session(r->swarm, agent->session) != NULL;
        if (!main_agent || isnan(usd_of(r, costs, i))) {
            continue;
        }
        size_t at = out->shown;
        while (at > 0 && usd_of(r, costs, out->agents[at - 1]) < usd_of(r, costs, i)) {
            at--;
        }
        out->known++;
        if (at < SESSIONS_SHOWN) {
            memmove(&out->agents[at + 1], &out->agents[at],
                    (out->shown - at) * sizeof *out->agents);
            out->agents[at] = i;
            out->shown += out->shown < SESSIONS_SHOWN;
        }
    }
}

static void put_label(const struct report *r, const struct agent_labels *labels, bool ascii,
                      agent_no agent, struct table *t)
{
    struct agent_label label;
    struct strbuf text;
    agent_label_init(&label, r->metrics->mem, ascii);
    strbuf_init(&text, r->metrics->mem, 0);
    agent_labels_get(labels, agent, LABEL_LIST | LABEL_CLIENT, &label);
    if (!r->no_mask) {
        agent_label_mask(&label);
    }
    agent_label_text(&label, r->label_cols > 0 ? r->label_cols : TABLE_CELL_COLS, &text);
    table_text(t, text.data, text.len);
    t->cells.failed |= text.failed;
    strbuf_release(&text);
    agent_label_release(&label);
}

static void put_table(const struct report *r, const struct session_cost *costs,
                      const struct costliest *found, bool ascii, struct strbuf *out)
{
    struct agent_labels own = {.mem = r->metrics->mem};
    const struct agent_labels *labels = r->labels != NULL ? r->labels : &own;
    struct table t;
    out->failed |= labels == &own && !agent_labels_init(&own, r->swarm, r->metrics->mem, ascii);
    table_init(&t, r->metrics->mem, heads, sizeof heads / sizeof *heads, 1, ascii);
    for (size_t i = 0; i < found->shown; i++) {
        char text[NUMBER_BYTES];
        bool estimate;
        agent_no agent = found->agents[i];
        double usd = cost_of_session(&costs[swarm_agent(r->swarm, agent)->session], &estimate);
        put_label(r, labels, ascii, agent, &t);
        context_usd_text(usd, estimate, text);
        table_cell(&t, text);
    }
    table_finish(&t, out);
    if (labels == &own) {
        agent_labels_release(&own);
    }
}

void report_costs(const struct report *r, bool ascii, struct strbuf *out)
{
    size_t count = swarm_session_count(r->swarm);
    struct session_cost *costs = cost_by_session(r->swarm, r->metrics);
    struct costliest found;
    if (costs == NULL) {
        out->failed |= count > 0;
        return;
    }
    find_costliest(r, costs, &found);
    if (found.known > 1) {
        put_table(r, costs, &found, ascii, out);
    }
    mem_free(r->metrics->mem, costs, count * sizeof *costs);
}
