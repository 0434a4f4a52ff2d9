/* The latency of each model over time, in its parts: the curves of the statistics page. */
#ifndef CORE_MODEL_SERIES_H
#define CORE_MODEL_SERIES_H

#include "core/model/stats.h"
#include "core/query/latency_parts.h"

enum {
    MODEL_SERIES_MAX = 16, /* the first models; the requests of later ones are not counted */
    MODEL_SERIES_LEFT_OUT_MAX = 240,
    MODEL_SERIES_ROWS = LATENCY_PARTS + 1,
    MODEL_SERIES_REQUESTS = LATENCY_PARTS /* the row of their numbers */
};

/* A model's requests that ended in the stretches of a series. */
struct model_curve {
    const char *model;              /* borrowed */
    intern_id client;               /* as of model_metrics */
    uint64_t requests;              /* in all stretches */
    uint64_t counts[LATENCY_PARTS]; /* of how many the part is known */
    double p50[LATENCY_PARTS];      /* of these; NAN: of none */
    /* By stretch: the median of each part, then the number of requests; NAN: none. */
    double *rows[MODEL_SERIES_ROWS];
};

struct model_series {
    struct model_curve *items; /* by name */
    size_t count, cap;
    size_t left_out; /* later models, beyond MODEL_SERIES_MAX: up to MODEL_SERIES_LEFT_OUT_MAX */
    size_t stretches;
};

/* The requests of a series while they are counted. */
struct model_counting;

/* Returns new; NULL: out of memory. `stats` has the names. */
struct model_counting *model_counting_new(const struct swarm *swarm, struct stats *stats,
                                          size_t stretches);
/* `counting` may be NULL. */
void model_counting_free(struct model_counting *counting);
/* Counts an ended request in a stretch. Returns false if out of memory. */
bool model_counting_add(struct model_counting *counting, const struct span *request,
                        const struct end_facts *facts, size_t stretch);
/* Sets *out. Returns false if out of memory; release it in any case. */
bool model_counting_finish(struct model_counting *counting, struct model_series *out);

void model_series_release(struct model_series *series, const struct mem *mem);

#endif
