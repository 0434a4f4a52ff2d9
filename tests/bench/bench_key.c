/* 18: a key press in a swarm of many agents. What the app does for one: the frame that was drawn
   takes the key, then the next frame is made and drawn, and asked when it is out of date. */
#include "tests/bench/bench.h"
#include "tui/views/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { AGENTS = 10000, COLS = 200, ROWS = 50, PRESSES = 40, APART_MS = 5 };

#define START_MS INT64_C(1760000000000)
#define MS       INT64_C(1000000)

/* A feed of sub-agents, each with a tool that has ended; a hundred have one open. */
static void write_feed(const char *path)
{
    FILE *file = fopen(path, "w");
    fprintf(file, "{\"op\":\"hello\",\"session_id\":\"s\",\"t\":%lld}\n", (long long)START_MS);
    for (int i = 0; i < AGENTS; i++) {
        long long t = START_MS + APART_MS * i;
        fprintf(file,
                "{\"op\":\"register_agent\",\"session_id\":\"s\",\"t\":%lld,\"agent_id\":\"a%d\","
                "\"agent_name\":\"agent %d\"}\n"
                "{\"op\":\"start_tool\",\"session_id\":\"s\",\"t\":%lld,\"agent_id\":\"a%d\","
                "\"span_id\":\"t%d\",\"tool_name\":\"Bash\"}\n",
                t, i, i, t, i, i);
        if (i % 100 != 0) {
            fprintf(file,
                    "{\"op\":\"end_tool\",\"session_id\":\"s\",\"t\":%lld,\"span_id\":\"t%d\","
                    "\"success\":true}\n",
                    t + APART_MS, i);
        }
    }
    fclose(file);
}

struct shown {
    struct view_input input;
    struct view_state state;
    struct frame *frame;
    struct grid *grid;
};

static void draw(struct shown *shown)
{
    view_frame_free(shown->frame);
    shown->frame = view_frame_new(&shown->input, &shown->state, COLS, ROWS);
    view_frame_draw(shown->frame, shown->grid);
    view_frame_wake_ns(shown->frame);
}

/* The median press, in seconds. */
static double press_keys(struct shown *shown, const char *const *keys, size_t count)
{
    struct samples presses = {.count = 0};
    for (size_t i = 0; i < PRESSES; i++) {
        struct key key;
        const char *name = keys[i % count];
        keymap_parse_key(name, strlen(name), &key);
        double began = bench_now();
        view_frame_key(shown->frame, key);
        draw(shown);
        if (i >= PRESSES - BENCH_RUNS_MAX) {
            samples_add(&presses, bench_now() - began);
        }
    }
    return samples_median(&presses);
}

void bench_key(struct bench *bench)
{
    static const char *const keys[] = {"Down", "Right", "Down", "Left"};
    struct bench_engine engine;
    struct shown shown = {.frame = NULL};
    char path[512];
    snprintf(path, sizeof path, "%s/agents.ndjson", bench->dir);
    write_feed(path);
    bench_engine_open(&engine, 0, false);
    bench_engine_add(&engine, path);
    bench_engine_run(&engine);
    unlink(path);
    shown.input = (struct view_input){.swarm = engine.swarm,
                                      .local_ns = (START_MS + AGENTS * APART_MS) * MS,
                                      .live = true,
                                      .events_per_s = (double)NAN};
    view_state_init(&shown.state, &mem_libc);
    shown.grid = grid_new(&mem_libc, COLS, ROWS);
    draw(&shown);
    double took = press_keys(&shown, keys, sizeof keys / sizeof keys[0]) * 1000;
    bench_say("18 key press", took, "a millisecond", false, 1, "%zu agents: %.3f ms",
              swarm_agent_count(engine.swarm), took);
    view_frame_free(shown.frame);
    view_state_release(&shown.state);
    grid_free(shown.grid);
    bench_engine_close(&engine);
}
