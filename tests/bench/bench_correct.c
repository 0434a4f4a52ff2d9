/* 16: one late correction of a call in the middle of a long session, against one in a short session,
   by itself and with the metrics of a frame asked for after it. */
#include "tests/bench/bench.h"

#include "core/correlate/correlator.h"
#include "core/query/metrics.h"

#include <stdio.h>

enum { FEW = 1000, MANY = 1000000, CORRECTIONS = 101 };

#define GOAL_TIMES 3.0
#define GOAL_US    50.0

static const double start_ms = 1760000000000.0;

struct long_session {
    struct swarm *swarm;
    struct tracer *tracer;
    struct correlator *correlator;
    unsigned calls;
};

static void take_call(struct long_session *session, unsigned number, double length_ms)
{
    char id[32];
    int len = snprintf(id, sizeof id, "t%u", number);
    struct update update = {.op = UPDATE_CALL,
                            .kind = CALL_TOOL,
                            .precedence = PRECEDENCE_FILES,
                            .session_id = {"s", 1},
                            .id = {id, (size_t)len}};
    double from_ms = start_ms + 10.0 * number;
    update_text(&update, FIELD_NAME, (struct slice){"Bash", 4});
    update_number(&update, FIELD_START_MS, from_ms);
    update_number(&update, FIELD_END_MS, from_ms + length_ms);
    correlator_update(session->correlator, &update);
}

/* Lengths differ, as those of real calls do. */
static double length_of(unsigned number)
{
    return 1 + (double)(number * 7919u % 5000u) / 1000;
}

static void open_session(struct long_session *session, unsigned calls)
{
    struct swarm_config config = {.max_events = {0, 0}};
    session->swarm = swarm_new(&mem_libc, &config);
    session->tracer = tracer_new(session->swarm);
    session->correlator = correlator_new(session->swarm, session->tracer);
    session->calls = calls;
    for (unsigned i = 0; i < calls; i++) {
        take_call(session, i, length_of(i));
        if (i % 1000 == 999) {
            correlator_flush(session->correlator);
        }
    }
    correlator_flush(session->correlator);
    bench_look_at_all(session->swarm);
}

static void close_session(struct long_session *session)
{
    correlator_free(session->correlator);
    tracer_free(session->tracer);
    swarm_free(session->swarm);
}

/* Returns processor seconds. Each call is corrected once: the `turn`-th of the middle. */
static double correct(struct long_session *session, unsigned turn, bool with_metrics)
{
    double began = bench_cpu();
    unsigned number = session->calls / 4 + turn * (session->calls / 2 / (3 * CORRECTIONS));
    take_call(session, number, length_of(number) + 1);
    correlator_flush(session->correlator);
    if (with_metrics) {
        struct swarm_metrics totals;
        metrics_compute_totals(session->swarm, 0, &totals);
        metrics_release(&totals);
    }
    return bench_cpu() - began;
}

/* The first corrections of a session that has just been made pay for cold memory. */
static void warm_up(struct long_session *session)
{
    for (unsigned i = 0; i < CORRECTIONS; i++) {
        correct(session, 2 * CORRECTIONS + i, true);
    }
}

static void compare(struct long_session *few, struct long_session *many, const char *name,
                    unsigned from, bool with_metrics)
{
    struct samples short_s = {.count = 0}, long_s = {.count = 0};
    double sum_short = 0, sum_long = 0;
    uint64_t touched = swarm_touched(many->swarm);
    for (unsigned i = 0; i < CORRECTIONS; i++) {
        double a = correct(few, from + i, with_metrics), b = correct(many, from + i, with_metrics);
        sum_short += a;
        sum_long += b;
        if (i % (CORRECTIONS / BENCH_RUNS_MAX + 1) == 0) {
            samples_add(&short_s, a);
            samples_add(&long_s, b);
        }
    }
    touched = (swarm_touched(many->swarm) - touched) / CORRECTIONS;
    double fast = samples_median(&short_s), slow = samples_median(&long_s);
    bench_say(name, slow / fast, "one in a session of 1,000", false, GOAL_TIMES,
              "%.1f us against %.1f us, means %.1f and %.1f, %u nodes touched", slow * 1e6,
              fast * 1e6, sum_long / CORRECTIONS * 1e6, sum_short / CORRECTIONS * 1e6,
              (unsigned)touched);
    bench_say(name, slow * 1e6 / GOAL_US, "50 us", false, 1, "%.1f us", slow * 1e6);
}

void bench_correct(struct bench *bench)
{
    struct long_session few, many;
    (void)bench;
    open_session(&few, FEW);
    open_session(&many, MANY);
    warm_up(&few);
    warm_up(&many);
    compare(&few, &many, "16 correction in 1,000,000 spans", 0, false);
    compare(&few, &many, "16 correction and metrics", CORRECTIONS, true);
    close_session(&few);
    close_session(&many);
}
