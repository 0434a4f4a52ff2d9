/* The swarm in one line of text: for `record` on a terminal, and for `watch` on stderr without a
   screen. */
#ifndef TUI_STATUS_LINE_H
#define TUI_STATUS_LINE_H

#include "core/query/metrics.h"

/* Appends `3 sessions 9 agents wait 1 tool 2 12,431 events ttft p50 742ms …` without a newline.
   With `metrics` NULL the parts that need them are omitted. */
void status_line(const struct swarm *swarm, const struct swarm_metrics *metrics, int64_t local_ns,
                 struct strbuf *out);

/* Appends the same for a status bar: `1 user  2 tool  1 error  1 stalled  ttft 742ms  held up: main
   <- coder <- Bash make test 41.0s`, by the names of the states. It has the last part while a
   call is beyond its usual time (core/analysis/held_up.h). `metrics` may be NULL. `no_mask`: that
   part shows keys and passwords. */
void status_bar(const struct swarm *swarm, const struct swarm_metrics *metrics, int64_t local_ns,
                bool no_mask, struct strbuf *out);

#endif
