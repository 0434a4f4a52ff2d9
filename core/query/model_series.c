/* Each model has a histogram for each part and stretch, made when its first request comes, and one
   for all stretches. */
#include "core/query/model_series.h"

#include "core/query/clients.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct model_count {
    intern_id client, name; /* the name is of stats->names */
    uint64_t requests;
    struct histogram all[LATENCY_PARTS];
    struct histogram *stretches; /* LATENCY_PARTS of each stretch */
    uint64_t *numbers;           /* of requests by stretch */
};

/* One that has no counts, since there are too many. */
struct model_left_out {
    intern_id client, name;
};

struct model_counting {
    const struct swarm *swarm;
    const struct mem *mem;
    struct stats *stats;
    bool by_client;
    size_t stretches;
    struct model_count models[MODEL_SERIES_MAX];
    size_t count;
    struct model_left_out left_out[MODEL_SERIES_LEFT_OUT_MAX];
    size_t left_out_count;
};

struct model_counting *model_counting_new(const struct swarm *swarm, struct stats *stats,
                                          size_t stretches)
{
    const struct mem *mem = swarm_mem(swarm);
    struct model_counting *counting = mem_zalloc(mem, 1, sizeof *counting);
    struct clients clients = clients_find(swarm);
    if (counting != NULL) {
        counting->swarm = swarm;
        counting->mem = mem;
        counting->stats = stats;
        counting->by_client = clients_are_several(&clients);
        counting->stretches = stretches;
    }
    return counting;
}

static void release_model(const struct model_counting *counting, struct model_count *model)
{
    const struct mem *mem = counting->mem;
    size_t histograms = model->stretches == NULL ? 0 : counting->stretches * LATENCY_PARTS;
    for (int part = 0; part < LATENCY_PARTS; part++) {
        histogram_release(&model->all[part]);
    }
    for (size_t i = 0; i < histograms; i++) {
        histogram_release(&model->stretches[i]);
    }
    mem_free(mem, model->stretches, histograms * sizeof *model->stretches);
    mem_free(mem, model->numbers,
             model->numbers == NULL ? 0 : counting->stretches * sizeof *model->numbers);
}

void model_counting_free(struct model_counting *counting)
{
    for (size_t i = 0; counting != NULL && i < counting->count; i++) {
        release_model(counting, &counting->models[i]);
    }
    if (counting != NULL) {
        mem_free(counting->mem, counting, sizeof *counting);
    }
}

/* Returns false if out of memory. */
static bool init_model(const struct model_counting *counting, struct model_count *model)
{
    const struct mem *mem = counting->mem;
    for (int part = 0; part < LATENCY_PARTS; part++) {
        histogram_init(&model->all[part], mem);
    }
    model->stretches =
        mem_zalloc(mem, counting->stretches * LATENCY_PARTS, sizeof *model->stretches);
    model->numbers = mem_zalloc(mem, counting->stretches, sizeof *model->numbers);
    for (size_t i = 0; model->stretches != NULL && i < counting->stretches * LATENCY_PARTS; i++) {
        histogram_init(&model->stretches[i], mem);
    }
    return model->stretches != NULL && model->numbers != NULL;
}

/* Sets *out to the model's counts; NULL: there are too many models. Returns false if out of
   memory. */
static bool find_model(struct model_counting *counting, intern_id client, intern_id name,
                       struct model_count **out)
{
    *out = NULL;
    for (size_t i = 0; i < counting->count; i++) {
        struct model_count *model = &counting->models[i];
        if (model->name == name && model->client == client) {
            *out = model;
            return true;
        }
    }
    if (counting->count == MODEL_SERIES_MAX) {
        return true;
    }
    *out = &counting->models[counting->count++];
    (*out)->client = client;
    (*out)->name = name;
    return init_model(counting, *out);
}

static void leave_out(struct model_counting *counting, intern_id client, intern_id name)
{
    for (size_t i = 0; i < counting->left_out_count; i++) {
        if (counting->left_out[i].name == name && counting->left_out[i].client == client) {
            return;
        }
    }
    if (counting->left_out_count < MODEL_SERIES_LEFT_OUT_MAX) {
        counting->left_out[counting->left_out_count++] = (struct model_left_out){client, name};
    }
}

bool model_counting_add(struct model_counting *counting, const struct span *request,
                        const struct end_facts *facts, size_t stretch)
{
    intern_id name = stats_model_name(counting->stats, facts);
    intern_id client =
        counting->by_client ? clients_of_agent(counting->swarm, request->agent) : INTERN_NONE;
    struct model_count *model;
    if (name == INTERN_NONE || name == INTERN_FAILED) {
        return name == INTERN_NONE;
    }
    if (!find_model(counting, client, name, &model)) {
        return false;
    }
    if (model == NULL) {
        leave_out(counting, client, name);
        return true;
    }
    double values[LATENCY_PARTS];
    latency_parts_of(counting->swarm, request, facts, values);
    model->requests++;
    model->numbers[stretch]++;
    bool good = true;
    for (int part = 0; good && part < LATENCY_PARTS; part++) {
        good =
            histogram_add(&model->all[part], values[part]) &&
            histogram_add(&model->stretches[stretch * LATENCY_PARTS + (size_t)part], values[part]);
    }
    return good;
}

/* Returns false if out of memory. */
static bool finish_model(const struct model_counting *counting, struct model_count *model,
                         struct model_curve *out)
{
    double *columns =
        mem_zalloc(counting->mem, counting->stretches * MODEL_SERIES_ROWS, sizeof *columns);
    *out = (struct model_curve){
        .model = intern_text(counting->stats->names, model->name, NULL),
        .client = model->client,
        .requests = model->requests,
    };
    if (columns == NULL) {
        return false;
    }
    for (size_t row = 0; row < MODEL_SERIES_ROWS; row++) {
        out->rows[row] = columns + row * counting->stretches;
    }
    for (size_t i = 0; i < counting->stretches; i++) {
        for (size_t part = 0; part < LATENCY_PARTS; part++) {
            out->rows[part][i] =
                histogram_percentile(&model->stretches[i * LATENCY_PARTS + part], 50);
        }
        out->rows[MODEL_SERIES_REQUESTS][i] =
            model->numbers[i] == 0 ? (double)NAN : (double)model->numbers[i];
    }
    for (int part = 0; part < LATENCY_PARTS; part++) {
        out->counts[part] = model->all[part].count;
        out->p50[part] = histogram_percentile(&model->all[part], 50);
    }
    return true;
}

static int by_model(const void *a, const void *b)
{
    const struct model_curve *x = a, *y = b;
    int order = strcmp(x->model, y->model);
    return order == 0 ? (x->client > y->client) - (x->client < y->client) : order;
}

bool model_counting_finish(struct model_counting *counting, struct model_series *out)
{
    *out = (struct model_series){.stretches = counting->stretches,
                                 .left_out = counting->left_out_count};
    if (counting->count == 0) {
        return true;
    }
    out->items = mem_zalloc(counting->mem, counting->count, sizeof *out->items);
    out->cap = out->items == NULL ? 0 : counting->count;
    bool good = out->items != NULL;
    while (good && out->count < counting->count) {
        good = finish_model(counting, &counting->models[out->count], &out->items[out->count]);
        out->count++;
    }
    if (good) {
        qsort(out->items, out->count, sizeof *out->items, by_model);
    }
    return good;
}

void model_series_release(struct model_series *series, const struct mem *mem)
{
    for (size_t i = 0; i < series->count; i++) {
        double *columns = series->items[i].rows[0];
        mem_free(mem, columns,
                 columns == NULL ? 0 : series->stretches * MODEL_SERIES_ROWS * sizeof *columns);
    }
    mem_free(mem, series->items, series->cap * sizeof *series->items);
    *series = (struct model_series){.count = 0};
}
