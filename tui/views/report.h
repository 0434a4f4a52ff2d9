/* The statistics as tables of text: `report` prints them, and the statistics view draws two of
   them. The numbers are those that core/query/figures.h computed. */
#ifndef TUI_REPORT_H
#define TUI_REPORT_H

#include "core/query/figures.h"

struct report {
    const struct swarm *swarm; /* borrowed */
    const struct swarm_figures *figures;
    int64_t local_ns;
    uint64_t bad; /* lines or events refused, over all sources */
};

/* Appends the tables. `ascii`: no characters outside ASCII. */
void report_text(const struct report *report, bool ascii, struct strbuf *out);

/* The tables of models and of tools alone; nothing where there are none. */
void report_models(const struct report *report, bool ascii, struct strbuf *out);
void report_tools(const struct report *report, bool ascii, struct strbuf *out);

/* Whether the agent is one to report: no row for a parent that nobody knows, no dead one. */
bool report_has_agent(const struct agent *agent);

#endif
