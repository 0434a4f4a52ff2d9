/* A model's requests of all sessions are one accumulator, which the open requests join. A request
   that is open has its model in the args of its begin. */
#include "core/query/model_metrics.h"

#include "core/model/record.h"
#include "core/model/request_phase.h"
#include "core/query/metrics_finish.h"

#include <stdlib.h>

struct models {
    const struct swarm *swarm;
    const struct mem *mem;
    int64_t local_ns;
    struct stats *stats;
    struct swarm_metrics *out;
};

static int by_model(const void *a, const void *b)
{
    const struct model_metrics *x = a, *y = b;
    return strcmp(x->model, y->model);
}

/* The accumulators of models over all sessions, by name. */
struct model_sums {
    struct metrics_acc *accs;
    intern_id *names;
    size_t count, acc_cap, name_cap;
    struct u64map places;
};

/* Returns NULL if out of memory. */
static struct metrics_acc *model_sum(const struct models *g, struct model_sums *sums,
                                     intern_id name)
{
    uint32_t place = u64map_get(&sums->places, name);
    if (place != U64MAP_NONE) {
        return &sums->accs[place];
    }
    if (!mem_reserve(g->mem, &sums->accs, &sums->acc_cap, sums->count + 1, sizeof *sums->accs) ||
        !mem_reserve(g->mem, &sums->names, &sums->name_cap, sums->count + 1, sizeof *sums->names) ||
        !u64map_put(&sums->places, name, (uint32_t)sums->count)) {
        return NULL;
    }
    sums->names[sums->count] = name;
    metrics_acc_init(&sums->accs[sums->count], g->mem);
    return &sums->accs[sums->count++];
}

static bool sum_models(const struct models *g, struct model_sums *sums)
{
    for (size_t i = 0; i < g->stats->model_count; i++) {
        const struct stats_model *model = &g->stats->models[i];
        if (swarm_session(g->swarm, model->session) == NULL || model->acc.requests == 0) {
            continue;
        }
        struct metrics_acc *sum = model_sum(g, sums, model->name);
        if (sum == NULL || !metrics_acc_merge(sum, &model->acc)) {
            return false;
        }
    }
    return true;
}

/* An open request has its model in the args of its begin. */
static bool open_model(const struct models *g, const struct span *span, intern_id *name)
{
    struct end_facts facts;
    span_end_facts(g->swarm, span, &facts);
    *name = stats_model_name(g->stats, &facts);
    return *name != INTERN_FAILED;
}

static void count_open(const struct models *g, struct metrics_acc *sum, const struct span *span)
{
    double phase_ms[SPAN_KINDS] = {0};
    int64_t end_ns = swarm_span_end_ns(g->swarm, span, g->local_ns);
    metrics_weigh_request(g->swarm, span, span->start_ns, end_ns, phase_ms);
    for (int kind = 0; kind < SPAN_KINDS; kind++) {
        metrics_acc_add_phase(sum, (enum span_kind)kind, phase_ms[kind]);
    }
    metrics_acc_count_time(sum, SPAN_REQUEST, (double)(end_ns - span->start_ns) / 1e6, 1);
    sum->open_requests++;
    sum->retries += query_open_retries(g->swarm, span);
}

static bool count_open_models(const struct models *g, struct model_sums *sums)
{
    for (span_no no = swarm_first_in_flight(g->swarm); no != NO_SPAN;
         no = swarm_next_in_flight(g->swarm, no)) {
        const struct span *span = swarm_span(g->swarm, no);
        intern_id name;
        if ((span->flags & SPAN_OPEN) == 0 || span->kind != SPAN_REQUEST) {
            continue;
        }
        if (!open_model(g, span, &name)) {
            return false;
        }
        struct metrics_acc *sum = name == INTERN_NONE ? NULL : model_sum(g, sums, name);
        if (name != INTERN_NONE && sum == NULL) {
            return false;
        }
        if (sum != NULL) {
            count_open(g, sum, span);
        }
    }
    return true;
}

static bool finish_models(const struct models *g, struct model_sums *sums)
{
    struct swarm_metrics *out = g->out;
    if (sums->count == 0) {
        return true;
    }
    out->models = mem_zalloc(g->mem, sums->count, sizeof *out->models);
    if (out->models == NULL) {
        return false;
    }
    out->model_count = sums->count;
    for (size_t i = 0; i < sums->count; i++) {
        out->models[i].model = intern_text(g->stats->names, sums->names[i], NULL);
        if (!metrics_finish(&sums->accs[i], g->stats->names, &out->models[i].metrics)) {
            return false;
        }
    }
    qsort(out->models, out->model_count, sizeof *out->models, by_model);
    return true;
}

bool model_metrics_compute(const struct swarm *swarm, int64_t local_ns, struct stats *stats,
                           struct swarm_metrics *out)
{
    struct models all = {swarm, swarm_mem(swarm), local_ns, stats, out};
    const struct models *g = &all;
    struct model_sums sums = {.count = 0};
    u64map_init(&sums.places, g->mem);
    bool good = sum_models(g, &sums) && count_open_models(g, &sums) && finish_models(g, &sums);
    for (size_t i = 0; i < sums.count; i++) {
        metrics_acc_release(&sums.accs[i]);
    }
    mem_free(g->mem, sums.accs, sums.acc_cap * sizeof *sums.accs);
    mem_free(g->mem, sums.names, sums.name_cap * sizeof *sums.names);
    u64map_release(&sums.places);
    return good;
}
