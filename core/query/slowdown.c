/* Two passes over the end of each lane: the first counts the calls that ended within the last 70
   minutes, the second reads requests among them, all or an even part. Lanes are sorted by start;
   as calls of a lane do not overlap, their ends are sorted too. The requests that are read become a
   list of samples, which is small beside the model. */
#include "core/query/slowdown.h"

#include "core/base/exact_test.h"
#include "core/base/hash.h"
#include "core/base/rank_test.h"
#include "core/base/sorted.h"
#include "core/model/record.h"
#include "core/query/clients.h"
#include "core/query/query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORSE_BY 1.1 /* the least ratio of the medians */

struct sample {
    uint32_t model; /* index in `models` */
    bool recent, retried;
    double values[LATENCY_PARTS];
    double prompt_tokens; /* NAN: unknown */
};

struct model_key {
    intern_id client, name; /* the name is of stats->names */
};

struct search {
    const struct swarm *swarm;
    const struct mem *mem;
    struct stats *stats;
    const struct span_predicate *predicate; /* NULL: all spans */
    bool by_client;
    int64_t from_ns, recent_ns, now_ns;
    struct sample *samples;
    size_t count, cap;
    struct model_key models[SLOWDOWN_MODELS];
    size_t model_count;
};

/* ---- two samples ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sort_values(double *values, size_t count)
{
    if (count > 1) {
        qsort(values, count, sizeof *values, by_value);
    }
}

/* Nearest rank, as in histogram_percentile. */
static double median_of(const double *values, size_t count)
{
    return count == 0 ? (double)NAN : values[(count + 1) / 2 - 1];
}

static bool is_worse(enum latency_part part, double recent, double before)
{
    return latency_rows[part].ms ? recent >= before * WORSE_BY && recent - before >= SLOWDOWN_MS_MIN
                                 : recent * WORSE_BY <= before;
}

bool slowdown_compare(enum latency_part part, double *recent, size_t recent_count, double *before,
                      size_t before_count, struct slowdown *out)
{
    sort_values(recent, recent_count);
    sort_values(before, before_count);
    out->recent_count = recent_count;
    out->before_count = before_count;
    out->recent_p50 = median_of(recent, recent_count);
    out->before_p50 = median_of(before, before_count);
    out->p = rank_test(recent, recent_count, before, before_count).p;
    return recent_count >= SLOWDOWN_RECENT_MIN && before_count >= SLOWDOWN_BEFORE_MIN &&
           out->p < SLOWDOWN_LEVEL && is_worse(part, out->recent_p50, out->before_p50);
}

bool slowdown_compare_retries(size_t recent_hits, size_t recent_count, size_t before_hits,
                              size_t before_count, struct slowdown *out)
{
    if (recent_count < SLOWDOWN_RECENT_MIN || before_count < SLOWDOWN_BEFORE_MIN) {
        return false;
    }
    out->part = LATENCY_QUEUEING;
    out->retries = true;
    out->recent_count = recent_count;
    out->before_count = before_count;
    out->recent_p50 = out->before_p50 = (double)NAN;
    out->recent_share = (double)recent_hits / (double)recent_count;
    out->before_share = (double)before_hits / (double)before_count;
    if (out->recent_share - out->before_share < SLOWDOWN_SHARE_MIN) {
        return false;
    }
    out->p = exact_test(recent_hits, recent_count, before_hits, before_count);
    return out->p < SLOWDOWN_LEVEL;
}

/* ---- the requests of the last 70 minutes ---- */

/* Returns the number of the model; SLOWDOWN_MODELS: there are too many. */
static size_t model_index(struct search *search, struct model_key key)
{
    size_t i = 0;
    while (i < search->model_count &&
           (search->models[i].name != key.name || search->models[i].client != key.client)) {
        i++;
    }
    if (i == search->model_count && i < SLOWDOWN_MODELS) {
        search->models[search->model_count++] = key;
    }
    return i;
}

/* Adds the request to the samples. Returns false if out of memory. */
static bool add_request(struct search *search, const struct span *span)
{
    struct end_facts facts;
    span_end_facts(search->swarm, span, &facts);
    intern_id name = stats_model_name(search->stats, &facts);
    intern_id client =
        search->by_client ? clients_of_agent(search->swarm, span->agent) : INTERN_NONE;
    if (name == INTERN_NONE || name == INTERN_FAILED) {
        return name == INTERN_NONE;
    }
    size_t model = model_index(search, (struct model_key){client, name});
    if (model == SLOWDOWN_MODELS) {
        return true;
    }
    if (!mem_reserve(search->mem, &search->samples, &search->cap, search->count + 1,
                     sizeof *search->samples)) {
        return false;
    }
    struct sample *sample = &search->samples[search->count++];
    *sample = (struct sample){.model = (uint32_t)model,
                              .recent = span->end_ns >= search->recent_ns,
                              .retried = latency_retried(search->swarm, span),
                              .prompt_tokens = facts.numbers[FACT_PROMPT_TOKENS]};
    latency_parts_of(search->swarm, span, &facts, sample->values);
    return true;
}

static bool look_at(struct search *search, span_no no)
{
    struct span room;
    const struct span *span = past_span(span_predicate_past(search->predicate), search->swarm,
                                        swarm_span(search->swarm, no), &room);
    return span == NULL || span->kind != SPAN_REQUEST || (span->flags & SPAN_OPEN) != 0 ||
           span->end_ns < search->from_ns || span->end_ns > search->now_ns ||
           !span_predicate_holds(search->predicate, no) || add_request(search, span);
}

struct lane_ends {
    const struct swarm *swarm;
    const struct lane *lane;
};

static int64_t end_at(const void *ctx, size_t place)
{
    const struct lane_ends *ends = ctx;
    const struct span *span = swarm_span(ends->swarm, spans_at(&ends->lane->spans, place));
    return span == NULL || (span->flags & SPAN_OPEN) != 0 ? INT64_MAX : span->end_ns;
}

/* Returns the place of the first call of the lane that may have ended in time. Ends of calls
   that overlap are in no order. */
static size_t first_place(const struct search *search, const struct lane *lane)
{
    struct lane_ends ends = {search->swarm, lane};
    return lane->overlaps ? 0 : sorted_first(lane->spans.count, search->from_ns, end_at, &ends);
}

static size_t count_calls(const struct search *search, const struct agent *agent)
{
    size_t count = 0;
    for (size_t i = 0; agent->last_ns >= search->from_ns && i < agent->lane_count; i++) {
        count += agent->lanes[i].spans.count - first_place(search, &agent->lanes[i]);
    }
    return count;
}

/* Looks at one call of each `step` of the agent. Returns false if out of memory. */
static bool look_at_agent(struct search *search, agent_no no, size_t step)
{
    const struct agent *agent = swarm_agent(search->swarm, no);
    uint64_t seed = hash_number(HASH_SEED, no); /* small agents differ in what is looked at */
    for (size_t i = 0; agent->last_ns >= search->from_ns && i < agent->lane_count; i++) {
        const struct lane *lane = &agent->lanes[i];
        for (size_t at = first_place(search, lane); at < lane->spans.count; at += step) {
            uint64_t mixed = step == 1 ? 0 : hash_number(hash_number(seed, i), at) >> 32;
            size_t place = at + (size_t)(mixed % step);
            if (place < lane->spans.count && !look_at(search, spans_at(&lane->spans, place))) {
                return false;
            }
        }
    }
    return true;
}

static bool find_samples(struct search *search)
{
    size_t agents = swarm_agent_count(search->swarm), calls = 0;
    for (size_t i = 0; i < agents; i++) {
        calls += count_calls(search, swarm_agent(search->swarm, (agent_no)i));
    }
    size_t step = calls / SLOWDOWN_SPANS + 1;
    bool good = true;
    for (size_t i = 0; good && i < agents; i++) {
        good = look_at_agent(search, (agent_no)i, step);
    }
    return good;
}

/* ---- comparing ---- */

/* Sets `recent` and `before` to the known values of the model's part. */
static void split_values(const struct search *search, size_t model, enum latency_part part,
                         double *values, size_t counts[2])
{
    double *recent = values, *before = values + search->count;
    counts[0] = counts[1] = 0;
    for (size_t i = 0; i < search->count; i++) {
        const struct sample *sample = &search->samples[i];
        double value = sample->values[part];
        if (sample->model != model || isnan(value)) {
            continue;
        }
        if (sample->recent) {
            recent[counts[0]++] = value;
        } else {
            before[counts[1]++] = value;
        }
    }
}

/* Sets the medians of the prompts whose time to the first token is known. */
static void compare_prompts(const struct search *search, size_t model, double *values,
                            struct prompt_medians *out)
{
    double *recent = values, *before = values + search->count;
    for (size_t i = 0; i < search->count; i++) {
        const struct sample *sample = &search->samples[i];
        if (sample->model != model || isnan(sample->values[LATENCY_PREFILL]) ||
            isnan(sample->prompt_tokens)) {
            continue;
        }
        if (sample->recent) {
            recent[out->recent_count++] = sample->prompt_tokens;
        } else {
            before[out->before_count++] = sample->prompt_tokens;
        }
    }
    sort_values(recent, out->recent_count);
    sort_values(before, out->before_count);
    out->recent_p50 = median_of(recent, out->recent_count);
    out->before_p50 = median_of(before, out->before_count);
}

static bool compare_retries(const struct search *search, size_t model, struct slowdown *out)
{
    size_t hits[2] = {0, 0}, counts[2] = {0, 0};
    for (size_t i = 0; i < search->count; i++) {
        const struct sample *sample = &search->samples[i];
        if (sample->model == model && !isnan(sample->values[LATENCY_QUEUEING])) {
            counts[sample->recent]++;
            hits[sample->recent] += sample->retried;
        }
    }
    return slowdown_compare_retries(hits[true], counts[true], hits[false], counts[false], out);
}

/* Compares a part of a model with room for the samples' values twice. Sets counts to those of the
   last ten minutes and of the hour before. */
static bool compare_part(const struct search *search, size_t model, enum latency_part part,
                         double *values, size_t counts[2], struct slowdown *out)
{
    split_values(search, model, part, values, counts);
    bool slower = counts[0] >= SLOWDOWN_RECENT_MIN && counts[1] >= SLOWDOWN_BEFORE_MIN &&
                  slowdown_compare(part, values, counts[0], values + search->count, counts[1], out);
    if (slower && part == LATENCY_PREFILL) {
        compare_prompts(search, model, values, &out->prompts);
    }
    return slower || (part == LATENCY_QUEUEING && compare_retries(search, model, out));
}

/* Adds a model's requests to those that there were to compare. */
static void add_sides(struct slowdown_sides *sides, const size_t counts[2])
{
    bool enough = counts[0] >= SLOWDOWN_RECENT_MIN && counts[1] >= SLOWDOWN_BEFORE_MIN;
    if (enough) {
        sides->recent = counts[0] + (sides->models > 0 ? sides->recent : 0);
        sides->before = counts[1] + (sides->models > 0 ? sides->before : 0);
        sides->models++;
    } else if (sides->models == 0 && counts[0] + counts[1] > sides->recent + sides->before) {
        sides->recent = counts[0];
        sides->before = counts[1];
    }
}

/* Compares all parts of all models with room for the samples' values twice. */
static size_t compare_models(const struct search *search, double *values,
                             struct slowdown_sides *sides, struct slowdown *out)
{
    size_t found = 0;
    for (size_t model = 0; model < search->model_count; model++) {
        size_t counts[2], most[2] = {0, 0};
        for (int part = 0; part < LATENCY_PARTS; part++) {
            out[found] = (struct slowdown){
                .model = intern_text(search->stats->names, search->models[model].name, NULL),
                .client = search->models[model].client,
                .part = (enum latency_part)part};
            found +=
                compare_part(search, model, (enum latency_part)part, values, counts, &out[found]);
            if (counts[0] + counts[1] > most[0] + most[1]) {
                memcpy(most, counts, sizeof most);
            }
        }
        add_sides(sides, most);
    }
    return found;
}

static int by_model(const void *a, const void *b)
{
    const struct slowdown *x = a, *y = b;
    int order = strcmp(x->model, y->model);
    order = order == 0 ? (x->client > y->client) - (x->client < y->client) : order;
    return order == 0 ? (int)x->part - (int)y->part : order;
}

/* Copies those found to the metrics. Returns false if out of memory. */
static bool publish(const struct search *search, struct slowdown *found, size_t count,
                    struct swarm_metrics *metrics)
{
    if (count == 0) {
        return true;
    }
    metrics->slowdowns = mem_zalloc(search->mem, count, sizeof *found);
    if (metrics->slowdowns == NULL) {
        return false;
    }
    qsort(found, count, sizeof *found, by_model);
    memcpy(metrics->slowdowns, found, count * sizeof *found);
    metrics->slowdown_count = count;
    return true;
}

static bool compare_all(const struct search *search, struct swarm_metrics *metrics)
{
    enum { FOUND_MAX = SLOWDOWN_MODELS * LATENCY_PARTS + 1 };
    struct slowdown found[FOUND_MAX];
    if (search->count == 0) {
        return true;
    }
    double *values = mem_zalloc(search->mem, search->count * 2, sizeof *values);
    bool good = values != NULL;
    if (good) {
        size_t count = compare_models(search, values, &metrics->slowdown_sides, found);
        good = publish(search, found, count, metrics);
    }
    mem_free(search->mem, values, values == NULL ? 0 : search->count * 2 * sizeof *values);
    return good;
}

/* ---- all ---- */

/* Returns the greatest time of a session then; without a past the model's now. */
static int64_t now_of(const struct swarm *swarm, int64_t local_ns, const struct past *past)
{
    int64_t now_ns = INT64_MIN;
    if (past == NULL) {
        return query_now(swarm, local_ns);
    }
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        if (swarm_session(swarm, (session_no)i) != NULL) {
            int64_t its_ns = past->now_ns(past->ctx, (session_no)i);
            now_ns = its_ns > now_ns ? its_ns : now_ns;
        }
    }
    return now_ns;
}

bool slowdown_compute(const struct swarm *swarm, int64_t local_ns, struct stats *stats,
                      const struct span_predicate *predicate, struct swarm_metrics *metrics)
{
    int64_t now_ns = now_of(swarm, local_ns, span_predicate_past(predicate));
    if (now_ns < INT64_MIN + SLOWDOWN_RECENT_NS + SLOWDOWN_BEFORE_NS) {
        return true;
    }
    struct clients clients = clients_find(swarm);
    struct search search = {.swarm = swarm,
                            .mem = swarm_mem(swarm),
                            .stats = stats,
                            .predicate = predicate,
                            .by_client = clients_are_several(&clients),
                            .from_ns = now_ns - SLOWDOWN_RECENT_NS - SLOWDOWN_BEFORE_NS,
                            .recent_ns = now_ns - SLOWDOWN_RECENT_NS,
                            .now_ns = now_ns};
    metrics->slowdown_from_ns = search.recent_ns;
    metrics->slowdown_now_ns = now_ns;
    bool good = find_samples(&search) && compare_all(&search, metrics);
    mem_free(search.mem, search.samples, search.cap * sizeof *search.samples);
    return good;
}
