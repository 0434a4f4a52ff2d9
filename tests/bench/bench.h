/* The benchmark's parts. Each goal is a function that runs what it measures and its reference in turn, and prints what came of it as
   ratios: absolute times on a shared machine say little. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include "core/correlate/correlator.h"
#include "ingest/hub.h"
#include "tests/bench/generate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench {
    bool quick;
    unsigned runs;      /* of each, interleaved */
    uint64_t events;    /* of the trace that most goals open: 1M are about 268 MB */
    const char *dir;    /* for files */
    struct strbuf text; /* that trace, made when it is first asked for, with room behind it */
    char path[512];     /* the same as a file */
};

/* Seconds, monotonic; of processor time of this process and its threads. */
double bench_now(void);
/* Processor seconds of all threads of a process, to the nanosecond, which /proc/PID/stat does not
   give. */
double bench_cpu_of(pid_t pid);
double bench_cpu(void);
/* The trace in memory; in a file. Either is made once. */
const struct strbuf *bench_text(struct bench *bench);
const char *bench_file(struct bench *bench);
void bench_write_file(const char *path, const char *bytes, size_t len);

/* Samples of a few quantities, taken in turn. */
enum { BENCH_RUNS_MAX = 15 };
struct samples {
    double values[BENCH_RUNS_MAX];
    size_t count;
};
void samples_add(struct samples *samples, double value);
double samples_median(const struct samples *samples);

/* `name: RATIOx against REFERENCE (METRICS) goal GOAL met`. With `at_least` the ratio has to reach the goal, else to stay below it. */
void bench_say(const char *name, double ratio, const char *reference, bool at_least, double goal,
               const char *format, ...) __attribute__((format(printf, 6, 7)));
/* `name: METRICS`, where there is no goal. */
void bench_tell(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What is measured in a process of its own, as the program runs it: memory that others have had before is another's. `path` is a file, `number` whatever
   the child makes of it. */
struct child_result {
    double seconds, rss_bytes,
        peak_bytes; /* what it measured; the resident memory that it added, in the end and at most */
};
typedef double bench_child(const char *path, double number);
struct child_result bench_in_child(const char *name, const char *path, double number);
bench_child child_open, child_scan, child_simdjson, child_jansson, child_jansson_kept, child_export,
    child_curses;
/* A file in memory, with room behind it. The test of a program that ends anyway: never freed. */
struct slice child_read(const char *path);

/* A model with a hub on a loop. */
struct bench_engine {
    uv_loop_t loop;
    struct swarm *swarm;
    struct tracer *tracer;
    struct correlator *correlator;
    struct event_log *log;
    struct hub *hub;
};
void bench_engine_open(struct bench_engine *engine, size_t max_events, bool follow);
void bench_engine_add(struct bench_engine *engine, const char *spec);
/* Until all sources have finished. */
void bench_engine_run(struct bench_engine *engine);
void bench_engine_close(struct bench_engine *engine);
/* Asks all lanes, so that their pyramids are there, and for all metrics. */
void bench_look_at_all(const struct swarm *swarm);

/* ---- references ---- */

/* The trace as jansson and simdjson read it: each returns how many events it found. */
size_t reference_jansson(const char *text, size_t len);
/* `text` has at least 64 bytes of room behind it. `kernel`: "westmere" (SSE4.2), "" the best there is. */
size_t reference_simdjson(const char *text, size_t len, const char *kernel);

/* ---- goals ---- */

typedef void bench_goal(struct bench *bench);
bench_goal bench_scan, bench_open, bench_memory, bench_snapshot, bench_cap, bench_frame, bench_late,
    bench_export, bench_feed, bench_live, bench_terminal, bench_glass, bench_commands, bench_quiet,
    bench_open_spans, bench_correct, bench_wide_document, bench_key, bench_otlp, bench_journal,
    bench_foreign, bench_start, bench_day, bench_files, bench_path, bench_swarm;

#endif
