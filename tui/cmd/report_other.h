/* The report of the other run of `--against`, and what it shares with the command report: making
   the report of an engine. */
#ifndef TUI_REPORT_OTHER_H
#define TUI_REPORT_OTHER_H

#include "tui/cmd/cmd_engine.h"
#include "tui/views/report.h"

#include <jansson.h>

/* A report with what it borrows. */
struct made_report {
    struct report report;
    struct swarm_metrics metrics, all; /* `all`: with a filter alone */
    bool has_metrics, has_all;
};

/* Makes the report of all that the engine has read, by its options. Returns false if out of memory;
   release it in any case. The engine is borrowed as long. */
bool report_make(const struct engine *engine, struct made_report *out);
void report_make_release(struct made_report *made);
/* Returns new: the statistics as JSON text, in *text, and as an object; NULL: out of memory. */
json_t *report_make_json(const struct report *report, struct strbuf *text);

/* Returns new: the report that options->against names, a saved one, or one of a source, which is
   read to its end. NULL: it cannot be read, or has no session; the reason is on stderr, and
   *status is not 0. */
json_t *report_other_read(const struct options *options, int *status);

#endif
