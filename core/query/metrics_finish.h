/* Computes the metrics of an accumulator. */
#ifndef CORE_METRICS_FINISH_H
#define CORE_METRICS_FINISH_H

#include "core/model/metrics_acc.h"
#include "core/query/metrics.h"

/* Sets *out to the acc's metrics, but for busy_ms, idle_ms and parallel, which are NAN. False:
   out of memory. */
bool metrics_finish(struct metrics_acc *acc, const struct intern *names, struct metrics *out);
/* Returns the summary of the samples. */
struct summary metrics_summarize(struct histogram *histogram);
/* Returns a percentile; NAN if the samples are too few for it to differ from the maximum. */
double metrics_percentile(struct histogram *histogram, int percent);
/* Adds a request's time from `from_ns` to `to_ns` to its phases. The time of an open one whose
   sender reports no phases counts as SPAN_REQUEST. */
void metrics_weigh_request(const struct swarm *swarm, const struct span *span, int64_t from_ns,
                           int64_t to_ns, double phase_ms[SPAN_KINDS]);

#endif
