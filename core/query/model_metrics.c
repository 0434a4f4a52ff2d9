/* A model's requests of all sessions are one accumulator, which the open requests join. If there
   are several clients, each has its own: two clients that call one model wait for it in different
   ways. A request that is open has its model in the args of its begin. */
#include "core/query/model_metrics.h"

#include "core/model/record.h"
#include "core/model/request_phase.h"
#include "core/query/clients.h"
#include "core/query/metrics_finish.h"

#include <stdlib.h>

struct models {
    const struct swarm *swarm;
    const struct mem *mem;
    int64_t local_ns;
    struct stats *stats;
    const struct span_predicate *predicate; /* NULL: all spans */
    struct swarm_metrics *out;
    bool by_client;
};

static int by_model(const void *a, const void *b)
{
    const struct model_metrics *x = a, *y = b;
    return strcmp(x->model, y->model);
}

/* The client of requests, and the name of their model. */
struct model_key {
    intern_id client, name;
};

/* The accumulators of models over all sessions. */
struct model_sums {
    struct metrics_acc *accs;
    struct model_key *keys;
    size_t count, acc_cap, key_cap;
    struct u64map places;
};

static struct model_key key_of(const struct models *g, session_no session, intern_id name)
{
    return (struct model_key){g->by_client ? clients_of_session(g->swarm, session) : INTERN_NONE,
                              name};
}

/* Returns NULL if out of memory. */
static struct metrics_acc *model_sum(const struct models *g, struct model_sums *sums,
                                     struct model_key key)
{
    uint64_t number = (uint64_t)key.client << 32 | key.name;
    uint32_t place = u64map_get(&sums->places, number);
    if (place != U64MAP_NONE) {
        return &sums->accs[place];
    }
    if (!mem_reserve(g->mem, &sums->accs, &sums->acc_cap, sums->count + 1, sizeof *sums->accs) ||
        !mem_reserve(g->mem, &sums->keys, &sums->key_cap, sums->count + 1, sizeof *sums->keys) ||
        !u64map_put(&sums->places, number, (uint32_t)sums->count)) {
        return NULL;
    }
    sums->keys[sums->count] = key;
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
        struct metrics_acc *sum = model_sum(g, sums, key_of(g, model->session, model->name));
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
    int64_t end_ns =
        past_span_end_ns(span_predicate_past(g->predicate), g->swarm, span, g->local_ns);
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
    struct past_open open = past_open(span_predicate_past(g->predicate), g->swarm);
    const struct span *span;
    while ((span = past_open_next(&open)) != NULL) {
        intern_id name;
        if (span->kind != SPAN_REQUEST || !span_predicate_holds(g->predicate, open.no)) {
            continue;
        }
        if (!open_model(g, span, &name)) {
            return false;
        }
        session_no session = swarm_agent(g->swarm, span->agent)->session;
        struct metrics_acc *sum =
            name == INTERN_NONE ? NULL : model_sum(g, sums, key_of(g, session, name));
        if (name != INTERN_NONE && sum == NULL) {
            return false;
        }
        if (sum != NULL) {
            count_open(g, sum, span);
        }
    }
    return true;
}

static bool is_before(const struct models *g, intern_id a, intern_id b)
{
    if (a == INTERN_NONE || b == INTERN_NONE) {
        return a != INTERN_NONE && b == INTERN_NONE;
    }
    return strcmp(swarm_text(g->swarm, a), swarm_text(g->swarm, b)) < 0;
}

/* Puts the models of each client together, by name as they are, those of unknown clients last.
   They are few. */
static void sort_by_client(const struct models *g)
{
    struct model_metrics *models = g->out->models;
    for (size_t i = 1; g->by_client && i < g->out->model_count; i++) {
        struct model_metrics moved = models[i];
        size_t at = i;
        while (at > 0 && is_before(g, moved.client, models[at - 1].client)) {
            models[at] = models[at - 1];
            at--;
        }
        models[at] = moved;
    }
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
        out->models[i].model = intern_text(g->stats->names, sums->keys[i].name, NULL);
        out->models[i].client = sums->keys[i].client;
        if (!metrics_finish(&sums->accs[i], g->stats->names, &out->models[i].metrics)) {
            return false;
        }
    }
    qsort(out->models, out->model_count, sizeof *out->models, by_model);
    sort_by_client(g);
    return true;
}

bool model_metrics_compute(const struct swarm *swarm, int64_t local_ns, struct stats *stats,
                           const struct span_predicate *predicate, struct swarm_metrics *out)
{
    struct clients clients = clients_find(swarm);
    struct models all = {
        swarm, swarm_mem(swarm), local_ns, stats, predicate, out, clients_are_several(&clients)};
    const struct models *g = &all;
    struct model_sums sums = {.count = 0};
    u64map_init(&sums.places, g->mem);
    bool good = sum_models(g, &sums) && count_open_models(g, &sums) && finish_models(g, &sums);
    for (size_t i = 0; i < sums.count; i++) {
        metrics_acc_release(&sums.accs[i]);
    }
    mem_free(g->mem, sums.accs, sums.acc_cap * sizeof *sums.accs);
    mem_free(g->mem, sums.keys, sums.key_cap * sizeof *sums.keys);
    u64map_release(&sums.places);
    return good;
}
