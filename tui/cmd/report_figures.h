/* Metrics as members of JSON objects. A figure without data (count 0, NAN) has neither key nor
   value. swarmtop(1) names the members. */
#ifndef TUI_REPORT_FIGURES_H
#define TUI_REPORT_FIGURES_H

#include "core/query/metrics.h"
#include "tui/cmd/json_writer.h"

/* Puts all figures of an agent, a model or the totals. */
void report_figures_put(struct json_writer *w, json_t *object, const struct metrics *f);
/* Puts the range and the percentiles of a summary. */
void report_figures_put_spread(struct json_writer *w, json_t *object, const struct summary *s,
                               bool with_p90);
/* Puts the calls that a person or a rule stopped, which are no errors. */
void report_figures_put_stopped(struct json_writer *w, json_t *object, uint64_t refused,
                                uint64_t interrupted);
/* Puts the total cost, and whether a part of it is an estimate. */
void report_figures_put_cost(struct json_writer *w, json_t *object, const struct metrics *f);

#endif
