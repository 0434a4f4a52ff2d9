/* A model for the fuzzers of decoders, without the tests' framework, which they are not linked with. */
#ifndef TESTS_FUZZ_MODEL_H
#define TESTS_FUZZ_MODEL_H

#include "ingest/ingest_ctx.h"
#include "ingest/sources.h"

#include <stdlib.h>

struct fuzz_model {
    struct swarm *swarm;
    struct tracer *tracer;
    struct correlator *correlator;
    struct event_log *log;
    struct ingest_ctx ingest;
    struct source_counters counters;
};

static inline int64_t fuzz_now(void *ctx)
{
    (void)ctx;
    return (int64_t)1760000000000 * 1000000;
}

static inline void fuzz_require(bool condition)
{
    if (!condition)
        abort();
}

static inline void fuzz_model_init(struct fuzz_model *model)
{
    /* A cap, so that dropping is fuzzed too. */
    const struct swarm_config config = {.max_events = {50, 0}};
    model->swarm = swarm_new(&mem_libc, &config);
    model->tracer = tracer_new(model->swarm);
    model->correlator = correlator_new(model->swarm, model->tracer);
    model->log = event_log_new(&mem_libc, 20);
    ingest_ctx_init(&model->ingest, model->swarm, model->tracer, model->correlator, model->log,
                    fuzz_now, NULL);
    model->ingest.hook_clients = source_hook_clients;
    model->counters = (struct source_counters){.ingest = &model->ingest};
}

static inline void fuzz_model_release(struct fuzz_model *model)
{
    ingest_ctx_release(&model->ingest);
    correlator_free(model->correlator);
    tracer_free(model->tracer);
    swarm_free(model->swarm);
    event_log_free(model->log);
}

/* What has to be the same in any chunks. */
struct fuzz_metrics {
    uint64_t events, bad, in_memory;
    size_t sessions, entries;
};

static inline struct fuzz_metrics fuzz_metrics_of(const struct fuzz_model *model)
{
    return (struct fuzz_metrics){
        .events = model->counters.events,
        .bad = model->counters.bad,
        .in_memory = event_store_count(swarm_store(model->swarm, POOL_LIVE)) +
                     event_store_count(swarm_store(model->swarm, POOL_FILES)),
        .sessions = swarm_session_count(model->swarm),
        .entries = event_log_count(model->log),
    };
}

static inline void fuzz_require_same(struct fuzz_metrics a, struct fuzz_metrics b)
{
    fuzz_require(a.events == b.events && a.bad == b.bad && a.in_memory == b.in_memory &&
                 a.sessions == b.sessions && a.entries == b.entries);
}

#endif
