/* 15 and 17: costs that must not grow faster than the input. Each line is the processor time for a
   size against that for half of it, in turn. Sizes are the goals' in quick runs too: what is
   quadratic shows only there. */
#include "tests/bench/bench.h"

#include "core/export/document.h"
#include "core/model/swarm_edit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GOAL_DOUBLED 2.2 /* for twice the input */

static const double start_ms = 1760000000000.0;

/* ---- 15: spans open at once ---- */

struct open_shape {
    const char *name;
    bool same_args; /* of all begins */
    bool has_duration;
    bool async;         /* b and e, by id */
    size_t cap_divisor; /* of the events, for a cap; 0: no cap */
};

static const struct open_shape open_shapes[] = {
    {"15 open spans, their args differ", false, false, false, 0},
    {"15 open spans, the same args", true, true, false, 0},
    {"15 open spans, async", true, false, true, 0},
    {"15 open spans, capped", false, true, false, 4},
};

static struct slice text_of(const struct strbuf *text)
{
    return (struct slice){text->data, text->len};
}

/* All begin, then all end, the oldest first. Returns processor seconds. */
static double open_and_end(const struct open_shape *shape, unsigned spans)
{
    size_t cap = shape->cap_divisor == 0 ? 0 : 2 * spans / shape->cap_divisor;
    struct swarm_config config = {.max_events = {0, cap}};
    struct swarm *swarm = swarm_new(&mem_libc, &config);
    struct session_info info = {.id = "bench",
                                .id_len = 5,
                                .source = "bench",
                                .pool = POOL_FILES,
                                .document = swarm_new_document(swarm),
                                .agents = true};
    session_no session;
    struct strbuf args, id;
    swarm_open_session(swarm, &info, &session);
    struct json_value one = {JSON_TYPE_NUMBER, "1", 1};
    struct event event = {.dur_us = (double)NAN,
                          .name = intern_put(swarm_names(swarm), "Tool: Bash", 10),
                          .cat = intern_put(swarm_names(swarm), "tool", 4),
                          .track = swarm_track(swarm, session, one, one)};
    strbuf_init(&args, &mem_libc, 0);
    strbuf_init(&id, &mem_libc, 0);
    double began = bench_cpu();
    for (unsigned i = 0; i < 2 * spans; i++) {
        bool ends = i >= spans;
        strbuf_clear(&args);
        strbuf_clear(&id);
        strbuf_addf(&args, "{\"command\":\"make -j%u\"", shape->same_args ? 8 : i % spans);
        if (ends && shape->has_duration) {
            strbuf_addf(&args, ",\"success\":true,\"duration_ms\":%u", spans);
        }
        strbuf_addc(&args, '}');
        if (shape->async) {
            strbuf_addf(&id, "%u", i % spans);
        }
        event.ph = shape->async ? (ends ? 'e' : 'b') : (ends ? 'E' : 'B');
        event.ts_us = 1000.0 * i;
        event.args = text_of(&args);
        event.id = text_of(&id);
        swarm_append(swarm, &event, NULL);
    }
    double took = bench_cpu() - began;
    strbuf_release(&args);
    strbuf_release(&id);
    swarm_free(swarm);
    return took;
}

/* ---- operations ---- */

struct ops {
    struct swarm *swarm;
    struct tracer *tracer;
    struct op_context context;
};

static void open_ops(struct ops *ops)
{
    struct swarm_config config = {.max_events = {0, 0}};
    ops->swarm = swarm_new(&mem_libc, &config);
    ops->tracer = tracer_new(ops->swarm);
    ops->context = (struct op_context){.session = NO_SESSION, .t_ms = start_ms};
}

static void close_ops(struct ops *ops)
{
    tracer_free(ops->tracer);
    swarm_free(ops->swarm);
}

static void add_session(struct ops *ops, unsigned number)
{
    char id[32];
    int len = snprintf(id, sizeof id, "s%u", number);
    struct hello_op hello = {.session_id = {id, (size_t)len}, .name = {id, (size_t)len}};
    tracer_hello(ops->tracer, ops->context.t_ms, 0, &hello, &ops->context.session);
}

static void add_agent(struct ops *ops, unsigned number)
{
    char id[32];
    int len = snprintf(id, sizeof id, "a%u", number);
    struct slice name = {"Explore", 7}, none = {NULL, 0}, agent_id = {id, (size_t)len};
    tracer_register_agent(ops->tracer, &ops->context, agent_id, name, none);
}

static void start_tool(struct ops *ops, unsigned number)
{
    char id[32];
    int len = snprintf(id, sizeof id, "t%u", number);
    struct slice tool = {"Bash", 4}, args = {"{\"command\":\"make\"}", 18};
    tracer_start_tool(ops->tracer, &ops->context, (struct slice){id, (size_t)len}, tool, args);
}

/* Processor seconds to close what a session has left open; `minutes` later, so that the sweep closes
   it first where that is more than 30. */
static double leave_open(unsigned spans, double minutes)
{
    struct ops ops;
    open_ops(&ops);
    add_session(&ops, 0);
    for (unsigned i = 0; i < spans; i++) {
        start_tool(&ops, i);
    }
    double began = bench_cpu();
    ops.context.t_ms += minutes * 60000;
    tracer_end_session(ops.tracer, &ops.context);
    double took = bench_cpu() - began;
    close_ops(&ops);
    return took;
}

/* ---- 17: documents of many sessions, of many agents ---- */

static bool count_bytes(void *ctx, const char *bytes, size_t len)
{
    size_t *total = ctx;
    (void)bytes;
    *total += len;
    return true;
}

static double write_document(unsigned sessions, unsigned agents)
{
    static const struct document_options options = {
        .tracks = TRACKS_LANE, .only = NO_SESSION, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
    struct ops ops;
    size_t total = 0;
    open_ops(&ops);
    for (unsigned i = 0; i < sessions; i++) {
        add_session(&ops, i);
        for (unsigned k = 0; k < agents / sessions; k++) {
            add_agent(&ops, i + k * sessions);
        }
        /* Side by side: a thread of its own for the second. */
        start_tool(&ops, 2 * i);
        start_tool(&ops, 2 * i + 1);
    }
    double began = bench_cpu();
    document_write(ops.swarm, &options, count_bytes, &total, NULL);
    double took = bench_cpu() - began;
    close_ops(&ops);
    return took;
}

/* ---- the lines ---- */

typedef double run_size(const void *what, unsigned size);

static void compare_sizes(struct bench *bench, const char *name, run_size *run, const void *what,
                          unsigned size)
{
    struct samples whole = {.count = 0}, half = {.count = 0};
    for (unsigned i = 0; i < bench->runs; i++) {
        samples_add(&half, run(what, size / 2));
        samples_add(&whole, run(what, size));
    }
    double most = samples_median(&whole), least = samples_median(&half);
    bench_say(name, most / least, "half as many", false, GOAL_DOUBLED, "%u: %.3f s, %u: %.3f s",
              size, most, size / 2, least);
}

static double run_open(const void *what, unsigned size)
{
    return open_and_end(what, size);
}

static double run_left_open(const void *what, unsigned size)
{
    return leave_open(size, *(const double *)what);
}

static double run_sessions(const void *what, unsigned size)
{
    (void)what;
    return write_document(size, 0);
}

static double run_agents(const void *what, unsigned size)
{
    (void)what;
    return write_document(1, size);
}

void bench_open_spans(struct bench *bench)
{
    static const double at_once = 0, after_sweep = 45;
    for (size_t i = 0; i < sizeof open_shapes / sizeof *open_shapes; i++) {
        compare_sizes(bench, open_shapes[i].name, run_open, &open_shapes[i], 20000);
    }
    double all = open_and_end(&open_shapes[0], 100000);
    bench_say("15 100,000 open spans", all / 2, "2 s", false, 1, "%.2f s", all);
    compare_sizes(bench, "15 left open, closed at once", run_left_open, &at_once, 20000);
    compare_sizes(bench, "15 left open, swept", run_left_open, &after_sweep, 20000);
    all = leave_open(100000, after_sweep);
    bench_say("15 100,000 left open, swept", all / 2, "2 s", false, 1, "%.2f s", all);
}

void bench_wide_document(struct bench *bench)
{
    compare_sizes(bench, "17 document of 50,000 sessions", run_sessions, NULL, 50000);
    compare_sizes(bench, "17 document of 100,000 agents", run_agents, NULL, 100000);
}
