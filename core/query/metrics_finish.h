/* Computes the metrics of an accumulator. */
#ifndef CORE_METRICS_FINISH_H
#define CORE_METRICS_FINISH_H

#include "core/model/metrics_acc.h"
#include "core/query/metrics.h"

/* Sets *out to the acc's metrics, but for busy_ms, idle_ms and parallel, which are NAN. False:
   out of memory. */
bool metrics_finish(struct metrics_acc *acc, const struct intern *names, struct metrics *out);

#endif
