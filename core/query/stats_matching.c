/* The model counts each span once, when it ends; a filter may change with each key. So the spans
   that match are counted from scratch, by the same functions, into statistics that live as long as
   the question. */
#include "core/query/stats_matching.h"

/* A phase matches with its request, and counts once that has ended. */
static bool matches(const struct swarm *swarm, const struct span_predicate *predicate, span_no no,
                    const struct span *span)
{
    struct span room;
    const struct span *request =
        span_is_phase(span->kind) ? swarm_own_span(swarm, span->parent) : NULL;
    if (request == NULL) {
        return span_predicate_holds(predicate, no);
    }
    const struct span *then = past_span(predicate->past, swarm, request, &room);
    return then != NULL && (predicate->past == NULL || then == request) &&
           span_predicate_holds(predicate, span->parent);
}

static bool count_all(const struct swarm *swarm, const struct span_predicate *predicate,
                      struct stats *out)
{
    span_no end = swarm_span_end(swarm);
    for (span_no no = swarm_span_begin(swarm); no < end; no++) {
        struct span room;
        const struct span *span =
            past_span(predicate->past, swarm, swarm_own_span(swarm, no), &room);
        if (span != NULL && matches(swarm, predicate, no, span) &&
            !stats_count_span(out, swarm, span)) {
            return false;
        }
    }
    return true;
}

bool stats_matching(const struct swarm *swarm, const struct span_predicate *predicate,
                    struct stats *out)
{
    struct stats *all = swarm_stats(swarm);
    if (all == NULL) {
        return false;
    }
    stats_init_beside(out, all);
    bool good = count_all(swarm, predicate, out);
    if (!good) {
        stats_release(out);
    }
    return good;
}
