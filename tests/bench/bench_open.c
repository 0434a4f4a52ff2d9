/* 1, 2, 3, 5 and 12: opening a trace. */
#include "tests/bench/bench.h"

#include "ingest/trace/scan.h"
#include "tui/views/view.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1: from bytes to events ---- */

struct small_event {
    double ts_us;
    uint32_t name, cat, track, args_len;
    const char *args;
    char ph;
};

struct scanning {
    struct intern *names, *tracks;
    struct small_event *events;
    size_t count, cap;
};

static uint32_t number(struct intern *symbols, struct slice text)
{
    return intern_put(symbols, text.bytes, text.len);
}

static bool take_event(void *ctx, const struct scan_event *event)
{
    struct scanning *scanning = ctx;
    const struct raw_event *raw = &event->raw;
    if (!mem_reserve(&mem_libc, &scanning->events, &scanning->cap, scanning->count + 1,
                     sizeof *scanning->events)) {
        return false;
    }
    struct slice ids = {raw->pid.raw, (size_t)(raw->tid.raw + raw->tid.len - raw->pid.raw)};
    scanning->events[scanning->count++] = (struct small_event){
        .ts_us = raw->ts_us,
        .name = number(scanning->names, (struct slice){raw->name.raw, raw->name.len}),
        .cat = number(scanning->names, (struct slice){raw->cat.raw, raw->cat.len}),
        .track = number(scanning->tracks, ids),
        .args = raw->args.raw,
        .args_len = raw->args.type == JSON_TYPE_NONE ? 0 : (uint32_t)raw->args.len,
        .ph = raw->ph,
    };
    return true;
}

static bool take_member(void *ctx, struct json_value key, struct json_value value)
{
    (void)ctx, (void)key, (void)value;
    return true;
}

static void take_bad(void *ctx, uint64_t line, const char *reason, struct slice bytes, bool broken)
{
    (void)ctx, (void)line, (void)bytes, (void)broken;
    fprintf(stderr, "bench: %s\n", reason);
    exit(2);
}

static bool take_lines(void *ctx, const char *bytes, size_t len)
{
    (void)ctx, (void)bytes, (void)len;
    return false;
}

static size_t scan_all(const char *text, size_t len)
{
    struct scanning scanning = {intern_new(&mem_libc), intern_new(&mem_libc), NULL, 0, 0};
    struct scan_sink sink = {take_event, take_member, take_bad, take_lines, &scanning, NULL};
    struct scan *scan = scan_new(&mem_libc, &sink, 1 << 26);
    scan_push(scan, text, len);
    scan_finish(scan);
    size_t count = scanning.count;
    scan_free(scan);
    intern_free(scanning.names);
    intern_free(scanning.tracks);
    mem_free(&mem_libc, scanning.events, scanning.cap * sizeof *scanning.events);
    return count;
}

double child_scan(const char *path, double unused)
{
    (void)unused;
    struct slice text = child_read(path);
    double began = bench_now();
    scan_all(text.bytes, text.len);
    return bench_now() - began;
}

double child_jansson(const char *path, double unused)
{
    (void)unused;
    struct slice text = child_read(path);
    double began = bench_now();
    reference_jansson(text.bytes, text.len);
    return bench_now() - began;
}

/* With its fastest kernel: for SSE4.2, as ours is for SSE2. */
double child_simdjson(const char *path, double unused)
{
    (void)unused;
    struct slice text = child_read(path);
    double began = bench_now();
    reference_simdjson(text.bytes, text.len, "westmere");
    return bench_now() - began;
}

void bench_scan(struct bench *bench)
{
    const char *path = bench_file(bench);
    struct samples ours = {.count = 0}, jansson = {.count = 0}, simdjson = {.count = 0};
    for (unsigned i = 0; i < bench->runs; i++) {
        samples_add(&ours, bench_in_child("scan", path, 0).seconds);
        samples_add(&simdjson, bench_in_child("simdjson", path, 0).seconds);
        samples_add(&jansson, bench_in_child("jansson", path, 0).seconds);
    }
    double own = samples_median(&ours), mb = (double)bench_text(bench)->len / 1e6;
    bench_say("1 scan", samples_median(&jansson) / own, "jansson whole", true, 30,
              "%.0f MB: %.3f s, %.2f GB/s, against %.2f s", mb, own, mb / own / 1000,
              samples_median(&jansson));
    bench_say("1 scan", samples_median(&simdjson) / own, "simdjson on demand", true, 1.5,
              "%.3f s against %.3f s", own, samples_median(&simdjson));
}

/* ---- 2: the whole model ---- */

/* `max_events`: the cap; 0: none. */
double child_open(const char *path, double max_events)
{
    struct bench_engine engine;
    double began = bench_now();
    bench_engine_open(&engine, (size_t)max_events, false);
    bench_engine_add(&engine, path);
    bench_engine_run(&engine);
    bench_look_at_all(engine.swarm);
    return bench_now() - began;
}

void bench_open(struct bench *bench)
{
    const char *path = bench_file(bench);
    struct samples ours = {.count = 0}, jansson = {.count = 0}, simdjson = {.count = 0};
    for (unsigned i = 0; i < bench->runs; i++) {
        samples_add(&ours, bench_in_child("open", path, 0).seconds);
        samples_add(&simdjson, bench_in_child("simdjson", path, 0).seconds);
        samples_add(&jansson, bench_in_child("jansson", path, 0).seconds);
    }
    double own = samples_median(&ours), mb = (double)bench_text(bench)->len / 1e6;
    double whole = samples_median(&jansson);
    bench_say("2 open", whole / own, "jansson whole", true, 12,
              "%.0f MB: %.3f s, %.2f GB/s, against %.2f s", mb, own, mb / own / 1000, whole);
    bench_say("2 open", samples_median(&simdjson) / own, "simdjson on demand", true, 1,
              "%.3f s against %.3f s", own, samples_median(&simdjson));
    /* No package of it is installed. It was measured at 0.075 GB/s beside jansson's 0.031. */
    bench_say("2 open", whole / own / (0.075 / 0.031), "trace_processor, by jansson", true, 7,
              "%.3f s; not run here: taken as 2.4 times as fast as jansson", own);
}

/* ---- 3: what it takes ---- */

double child_jansson_kept(const char *path, double unused)
{
    (void)unused;
    struct slice text = child_read(path);
    json_error_t error;
    return json_loadb(text.bytes, text.len, 0, &error) != NULL;
}

void bench_memory(struct bench *bench)
{
    const char *path = bench_file(bench);
    double file = (double)bench_text(bench)->len;
    double ours = bench_in_child("open", path, 0).rss_bytes;
    double jansson = bench_in_child("kept", path, 0).rss_bytes;
    bench_say("3 memory", ours / file, "the file", false, 1, "%.0f MB against %.0f MB", ours / 1e6,
              file / 1e6);
    bench_say("3 memory", ours / jansson, "jansson", false, 1.0 / 6, "%.0f MB against %.0f MB",
              ours / 1e6, jansson / 1e6);
}

/* ---- 5: with a cap ---- */

static void write_capped(uint64_t events, const char *path)
{
    struct generate_options options = {.seed = 1, .events = events};
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    generate_document(&mem_libc, &options, &text);
    bench_write_file(path, text.data, text.len);
    strbuf_release(&text);
}

/* The peak, as between two drops there is less. */
void bench_cap(struct bench *bench)
{
    uint64_t cap = bench->events / 4, counts[2] = {cap - cap / 50, 10 * cap};
    double peak[2];
    char path[600];
    snprintf(path, sizeof path, "%s/capped.json", bench->dir);
    for (int i = 0; i < 2; i++) {
        write_capped(counts[i], path);
        peak[i] = bench_in_child("open", path, (double)cap).peak_bytes;
        remove(path);
    }
    bench_say("5 cap", peak[1] / peak[0], "the first fill", false, 1.1,
              "%llu events at most: %.1f MB after ten times as many, %.1f MB before the first drop",
              (unsigned long long)cap, peak[1] / 1e6, peak[0] / 1e6);
}

/* ---- 12: the screen while it opens ---- */

struct live {
    struct bench_engine engine;
    uv_timer_t timer;
    struct grid *grid;
    struct view_state state;
    double due, worst, worst_draw;
    unsigned frames;
};

enum { FRAME_US = 16667 };

static void draw(struct live *live)
{
    struct swarm_metrics metrics;
    struct source_progress progress;
    struct view_input input = {
        .theme = {.color = true},
        .swarm = live->engine.swarm,
        .live = true,
        .events_per_s = 0,
        .progress = hub_progress(live->engine.hub, &progress) ? &progress : NULL,
    };
    bool good = metrics_compute_totals(live->engine.swarm, 0, &metrics);
    input.metrics = good ? &metrics : NULL;
    view_draw(&input, &live->state, live->grid);
    metrics_release(&metrics);
}

/* Late is as bad as long: what counts is when the frame is there, after it was due. */
static void frame(struct live *live)
{
    double began = bench_now();
    draw(live);
    double done = bench_now();
    live->frames++;
    live->worst = done - live->due > live->worst ? done - live->due : live->worst;
    live->worst_draw = done - began > live->worst_draw ? done - began : live->worst_draw;
    while (live->due <= done) {
        live->due += FRAME_US / 1e6;
    }
}

static void run_live(struct bench *bench, struct live *live)
{
    bench_engine_open(&live->engine, 0, true);
    bench_engine_add(&live->engine, bench_file(bench));
    live->grid = grid_new(&mem_libc, 200, 50);
    view_state_init(&live->state, &mem_libc);
    live->due = bench_now() + FRAME_US / 1e6;
    struct source_progress progress;
    do {
        uv_run(&live->engine.loop, UV_RUN_ONCE);
        if (bench_now() >= live->due) {
            frame(live);
        }
    } while (live->frames < 3 || hub_progress(live->engine.hub, &progress));
    view_state_release(&live->state);
    grid_free(live->grid);
    bench_engine_close(&live->engine);
}

void bench_live(struct bench *bench)
{
    struct samples worst = {.count = 0}, draws = {.count = 0};
    unsigned frames = 0;
    for (unsigned i = 0; i < bench->runs; i++) {
        struct live live = {.frames = 0};
        run_live(bench, &live);
        samples_add(&worst, live.worst * 1000);
        samples_add(&draws, live.worst_draw * 1000);
        frames = live.frames;
    }
    bench_say("12 live while opening", samples_median(&worst) / (FRAME_US / 1000.0),
              "a frame of 16.7 ms", false, 1,
              "the worst of %u frames: there %.1f ms after it was due, %.1f ms to draw", frames,
              samples_median(&worst), samples_median(&draws));
}
