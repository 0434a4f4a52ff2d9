/* 6: a frame with the critical path drawn over the timeline. */
#include "tests/bench/bench.h"
#include "tui/views/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { AGENTS = 40, CALLS = 250, COLS = 200, ROWS = 50, PRESSES = 40, CALL_MS = 100 };

#define START_MS INT64_C(1760000000000)
#define MS       INT64_C(1000000)

static void write_call(FILE *file, const char *agent, const char *kind, int id, int from_ms,
                       int to_ms, const char *more)
{
    fprintf(file,
            "{\"op\":\"update_call\",\"session_id\":\"s\",\"agent_id\":\"%s\",\"kind\":\"%s\","
            "\"id\":\"%s-%d\",\"start_ms\":%lld,\"end_ms\":%lld%s}\n",
            agent, kind, agent, id, (long long)START_MS + from_ms, (long long)START_MS + to_ms,
            more);
}

/* One turn that waits for sub-agents side by side, each of which works in requests and tools by
   turns. */
static void write_feed(const char *path)
{
    FILE *file = fopen(path, "w");
    int end_ms = CALLS * CALL_MS + 1000;
    fprintf(file,
            "{\"op\":\"update_session\",\"session_id\":\"s\",\"name\":\"s\",\"start_ms\":%lld}\n",
            (long long)START_MS);
    write_call(file, "s", "interaction", 0, 0, end_ms, "");
    write_call(file, "s", "request", 1, 0, 500, ",\"model\":\"m\"");
    for (int i = 0; i < AGENTS; i++) {
        char agent[16], more[64];
        snprintf(agent, sizeof agent, "a%d", i);
        fprintf(file,
                "{\"op\":\"update_agent\",\"session_id\":\"s\",\"agent_id\":\"%s\","
                "\"parent_agent_id\":\"s\",\"type\":\"coder\"}\n",
                agent);
        snprintf(more, sizeof more, ",\"name\":\"Agent\",\"child_agent_id\":\"%s\"", agent);
        write_call(file, "s", "tool", 10 + i, 500, 500 + CALLS * CALL_MS, more);
        for (int k = 0; k < CALLS; k++) {
            int from_ms = 500 + k * CALL_MS;
            bool tool = k % 2 == 1;
            write_call(file, agent, tool ? "tool" : "request", k, from_ms,
                       from_ms + CALL_MS - i % 7, tool ? ",\"name\":\"Bash\"" : ",\"model\":\"m\"");
        }
    }
    write_call(file, "s", "request", 2, 500 + CALLS * CALL_MS, end_ms, ",\"model\":\"m\"");
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
}

static double press(struct shown *shown, const char *name)
{
    struct key key;
    keymap_parse_key(name, strlen(name), &key);
    double began = bench_now();
    view_frame_key(shown->frame, key);
    draw(shown);
    return bench_now() - began;
}

void bench_path(struct bench *bench)
{
    struct samples frames = {.count = 0};
    struct bench_engine engine;
    struct shown shown = {.frame = NULL};
    char path[512];
    snprintf(path, sizeof path, "%s/path.ndjson", bench->dir);
    write_feed(path);
    bench_engine_open(&engine, 0, false);
    bench_engine_add(&engine, path);
    bench_engine_run(&engine);
    unlink(path);
    shown.input = (struct view_input){.swarm = engine.swarm,
                                      .local_ns = (START_MS + CALLS * CALL_MS) * MS,
                                      .events_per_s = (double)NAN};
    view_state_init(&shown.state, &mem_libc);
    shown.grid = grid_new(&mem_libc, COLS, ROWS);
    draw(&shown);
    press(&shown, "0");
    double found = press(&shown, "t") * 1000;
    for (size_t i = 0; i < PRESSES; i++) {
        double took = press(&shown, i % 2 == 0 ? "Down" : "Up");
        if (i >= PRESSES - BENCH_RUNS_MAX) {
            samples_add(&frames, took);
        }
    }
    double took = samples_median(&frames) * 1000;
    bench_say("6 frame with the path", took, "a millisecond", false, 1,
              "%d spans in view: %.3f ms, the first %.3f ms%s", AGENTS * CALLS, took, found,
              shown.state.why ? "" : ", WITHOUT A PATH");
    view_frame_free(shown.frame);
    view_state_release(&shown.state);
    grid_free(shown.grid);
    bench_engine_close(&engine);
}
