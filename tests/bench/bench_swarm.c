/* 26: a picture of 10,000 agents on 200 hosts, in each view: while nothing comes, and while calls
   begin and end. The reference is the same picture of 200 agents, made in turn. */
#include "tests/bench/bench.h"
#include "tui/views/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HOST_AGENTS = 50, COLS = 200, ROWS = 50, FRAMES = 45, EVENTS = 100, ROUNDS = 3 };
enum { ID_BYTES = 32, LONG_EVERY = 10 }; /* each tenth agent has a call open, which runs on */

#define START_MS 1760000000000.0
#define FRAME_MS 100.0
#define MS       INT64_C(1000000)
#define GOAL_MS  2.0

struct host_swarm {
    struct swarm *swarm;
    struct tracer *tracer;
    struct correlator *correlator;
    struct swarm_metrics metrics;
    struct view_input input;
    struct view_state state;
    struct frame *frame;
    struct grid *grid;
    unsigned agents, calls;
    double now_ms;
};

static struct slice text_of(char room[ID_BYTES], const char *prefix, unsigned number)
{
    int len = snprintf(room, ID_BYTES, "%s%u", prefix, number);
    return (struct slice){room, (size_t)len};
}

static void send_update(struct host_swarm *of, struct update *update, unsigned agent)
{
    char session[ID_BYTES], id[ID_BYTES];
    update->precedence = PRECEDENCE_FILES;
    update->t_ms = of->now_ms;
    update->local_ns = (int64_t)of->now_ms * MS;
    update->session_id = text_of(session, "h", agent / HOST_AGENTS);
    if (agent % HOST_AGENTS != 0) {
        update->agent_id = text_of(id, "a", agent);
    }
    correlator_update(of->correlator, update);
}

static void send_call(struct host_swarm *of, unsigned agent, unsigned number, double start_ms,
                      double end_ms)
{
    char id[ID_BYTES];
    struct update call = {.op = UPDATE_CALL, .kind = number % 3 == 0 ? CALL_REQUEST : CALL_TOOL};
    call.id = text_of(id, "c", number);
    update_text(&call, FIELD_NAME, (struct slice){"Bash", 4});
    update_number(&call, FIELD_START_MS, start_ms);
    update_number(&call, FIELD_END_MS, end_ms);
    send_update(of, &call, agent);
}

static void send_agent(struct host_swarm *of, unsigned agent)
{
    char name[ID_BYTES];
    struct update update = {.op = UPDATE_AGENT};
    if (agent % HOST_AGENTS == 0) {
        update.op = UPDATE_SESSION;
        update_text(&update, FIELD_HOST, text_of(name, "host-", agent / HOST_AGENTS));
    } else {
        update_text(&update, FIELD_NAME, text_of(name, "coder-", agent));
    }
    update_number(&update, FIELD_START_MS, of->now_ms);
    send_update(of, &update, agent);
}

/* Calls of any agents begin, and those that began a while ago end. */
static void send_events(struct host_swarm *of)
{
    unsigned first = of->calls;
    for (unsigned i = 0; i < EVENTS / 2; i++) {
        unsigned agent = (first + i) * 7919u % of->agents;
        send_call(of, agent, first + i, of->now_ms, (double)NAN);
        unsigned ended = first + i - EVENTS;
        send_call(of, ended * 7919u % of->agents, ended, of->now_ms - 2 * FRAME_MS, of->now_ms);
    }
    of->calls += EVENTS / 2;
    correlator_flush(of->correlator);
}

static void open_swarm(struct host_swarm *of, unsigned agents)
{
    struct swarm_config config = {.max_events = {0, 0}};
    *of = (struct host_swarm){.agents = agents, .now_ms = START_MS};
    of->swarm = swarm_new(&mem_libc, &config);
    of->tracer = tracer_new(of->swarm);
    of->correlator = correlator_new(of->swarm, of->tracer);
    for (unsigned i = 0; i < agents; i++) {
        send_agent(of, i);
        send_call(of, i, of->calls++, of->now_ms, of->now_ms + 2000);
        send_call(of, i, of->calls++, of->now_ms + 2000,
                  i % LONG_EVERY == 0 ? (double)NAN : of->now_ms + 4000);
    }
    correlator_flush(of->correlator);
    of->now_ms += 5000;
    metrics_compute(of->swarm, (int64_t)of->now_ms * MS, &of->metrics);
    of->input = (struct view_input){.theme = {.color = true},
                                    .swarm = of->swarm,
                                    .metrics = &of->metrics,
                                    .live = true,
                                    .events_per_s = (double)NAN};
    view_state_init(&of->state, &mem_libc);
    of->grid = grid_new(&mem_libc, COLS, ROWS);
}

static void close_swarm(struct host_swarm *of)
{
    view_frame_free(of->frame);
    view_state_release(&of->state);
    grid_free(of->grid);
    metrics_release(&of->metrics);
    correlator_free(of->correlator);
    tracer_free(of->tracer);
    swarm_free(of->swarm);
}

/* Returns the milliseconds of a frame; what comes before it is not counted. */
static double draw_next(struct host_swarm *of, bool events)
{
    of->now_ms += FRAME_MS;
    if (events) {
        send_events(of);
    }
    of->input.local_ns = (int64_t)of->now_ms * MS;
    double began = bench_cpu();
    view_frame_free(of->frame);
    of->frame = view_frame_new(&of->input, &of->state, COLS, ROWS);
    view_frame_draw(of->frame, of->grid);
    view_frame_wake_ns(of->frame);
    return (bench_cpu() - began) * 1000;
}

static void measure(struct host_swarm *many, struct host_swarm *few, enum page page, bool events)
{
    static const char *const names[PAGES] = {"timeline",   "agents", "in flight",
                                             "statistics", "log",    "hosts"};
    struct samples rounds = {.count = 0}, references = {.count = 0};
    char name[100];
    many->state.page = few->state.page = page;
    for (int round = 0; round < ROUNDS; round++) {
        struct samples slow = {.count = 0}, fast = {.count = 0};
        for (int i = 0; i < FRAMES / ROUNDS; i++) {
            samples_add(&slow, draw_next(many, events));
            samples_add(&fast, draw_next(few, events));
        }
        samples_add(&rounds, samples_median(&slow));
        samples_add(&references, samples_median(&fast));
    }
    double ms = samples_median(&rounds), reference = samples_median(&references);
    snprintf(name, sizeof name, "26 %u agents, %s, %s", many->agents, names[page],
             events ? "1,000 events/s" : "nothing comes");
    bench_say(name, ms / GOAL_MS, "2 ms", false, 1, "%.3f ms, %.1f times that of %u agents", ms,
              ms / reference, few->agents);
}

void bench_swarm(struct bench *bench)
{
    struct host_swarm many, few;
    open_swarm(&many, bench->quick ? 2000 : 10000);
    open_swarm(&few, 200);
    for (int page = PAGE_TIMELINE; page < PAGES; page++) {
        measure(&many, &few, (enum page)page, false);
        measure(&many, &few, (enum page)page, true);
    }
    close_swarm(&many);
    close_swarm(&few);
}
