/* Is it the model? Compares each model's requests of the last ten minutes with those of the hour
   before, part by part (latency_parts.h), and finds what has become slower.

   A request counts where it ended, and in a part that is known of it: SLOWDOWN_RECENT_MIN and
   SLOWDOWN_BEFORE_MIN of them at least. Slower means all three: the Mann-Whitney test (rank_test.h)
   finds a difference at the level SLOWDOWN_LEVEL, the median is worse by a tenth at least, and a
   time by SLOWDOWN_MS_MIN at least, since a difference that nobody notices can be significant too.

   The test is one of ranks, not a bootstrap on the medians: latencies are skewed, with a few values
   far out, and a bootstrapped median of ten values has few distinct values, so its intervals are
   too narrow (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, 7.3). It also needs
   no random numbers: one model gives one answer. The level is 0.001, two-sided, and not the usual
   0.05, because three parts of some models are looked at again with each change: about one false
   alarm in 2,000 looks at a part, as half of the errors are in the direction `faster`. Requests of
   one agent are not independent, so the true rate is somewhat higher.

   Retries that hit less than half of the requests move no median. So where the median of queueing
   is no worse, the share of requests with retries is compared: of as many requests, by Fisher's
   exact test (exact_test.h) at the same level, and it must have grown by SLOWDOWN_SHARE_MIN.
   Requests whose phases are unknown do not count.

   Beside a slower prefill are the medians of the same requests' prompts: a model needs longer for
   more tokens.

   The work is bounded: of more than SLOWDOWN_SPANS calls in that time an even part is looked at,
   chosen by a hash of their places. */
#ifndef CORE_SLOWDOWN_H
#define CORE_SLOWDOWN_H

#include "core/model/stats.h"
#include "core/query/metrics.h"

#define SLOWDOWN_RECENT_NS INT64_C(600000000000)
#define SLOWDOWN_BEFORE_NS INT64_C(3600000000000)
#define SLOWDOWN_LEVEL     0.001
#define SLOWDOWN_SHARE_MIN 0.05
enum {
    SLOWDOWN_RECENT_MIN = 10,
    SLOWDOWN_BEFORE_MIN = 20,
    SLOWDOWN_MS_MIN = 50,
    SLOWDOWN_SPANS = 10000,
    SLOWDOWN_MODELS = 32 /* the first ones; later ones are not looked at */
};

/* Compares two samples, which it sorts: whether the recent one is slower. Sets *out but for its
   model and its part. */
bool slowdown_compare(enum latency_part part, double *recent, size_t recent_count, double *before,
                      size_t before_count, struct slowdown *out);

/* Compares two shares of requests with retries in the same way. Sets *out but for its model. */
bool slowdown_compare_retries(size_t recent_hits, size_t recent_count, size_t before_hits,
                              size_t before_count, struct slowdown *out);

/* Sets metrics->slowdowns, by model and part, and metrics->slowdown_sides. The last ten minutes end
   at the model's now, or at that of the predicate's past. `stats` has the names. Returns false if
   out of memory. */
bool slowdown_compute(const struct swarm *swarm, int64_t local_ns, struct stats *stats,
                      const struct span_predicate *predicate, struct swarm_metrics *metrics);

#endif
