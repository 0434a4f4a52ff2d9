/* make bench [QUICK=1] [GOALS='1 2']: a line for each ratio, with its goal. */
#include "tests/bench/bench.h"

#include "core/query/metrics.h"
#include "core/query/query.h"
#include "ingest/sources.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *number;
    bench_goal *run;
} goals[] = {
    {"1", bench_scan},        {"2", bench_open},      {"3", bench_memory},
    {"4", bench_snapshot},    {"5", bench_cap},       {"6", bench_frame},
    {"6", bench_path},        {"7", bench_late},      {"8", bench_terminal},
    {"9", bench_export},      {"10", bench_feed},     {"11", bench_glass},
    {"12", bench_live},       {"13", bench_commands}, {"14", bench_quiet},
    {"15", bench_open_spans}, {"16", bench_correct},  {"17", bench_wide_document},
    {"18", bench_key},        {"19", bench_otlp},     {"20", bench_files},
    {"21", bench_journal},    {"23", bench_foreign},  {"24", bench_start},
    {"25", bench_day},        {"26", bench_swarm},
};

static unsigned missed;

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double bench_cpu_of(pid_t pid)
{
    clockid_t clock;
    struct timespec used = {0};
    if (clock_getcpuclockid(pid, &clock) == 0) {
        clock_gettime(clock, &used);
    }
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

double bench_cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(2);
}

/* ---- the trace ---- */

const struct strbuf *bench_text(struct bench *bench)
{
    if (bench->text.len == 0) {
        struct generate_options options = {.seed = 1, .events = bench->events};
        if (!generate_document(&mem_libc, &options, &bench->text) ||
            strbuf_room(&bench->text, 64) == NULL) {
            die("out of memory");
        }
    }
    return &bench->text;
}

void bench_write_file(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
        die("a file cannot be written");
    }
}

const char *bench_file(struct bench *bench)
{
    if (bench->path[0] == '\0') {
        snprintf(bench->path, sizeof bench->path, "%s/trace.json", bench->dir);
        bench_write_file(bench->path, bench_text(bench)->data, bench_text(bench)->len);
    }
    return bench->path;
}

/* ---- samples ---- */

void samples_add(struct samples *samples, double value)
{
    if (samples->count < BENCH_RUNS_MAX) {
        samples->values[samples->count++] = value;
    }
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

double samples_median(const struct samples *samples)
{
    struct samples sorted = *samples;
    qsort(sorted.values, sorted.count, sizeof *sorted.values, by_value);
    return sorted.count == 0 ? (double)NAN : sorted.values[sorted.count / 2];
}

void bench_say(const char *name, double ratio, const char *reference, bool at_least, double goal,
               const char *format, ...)
{
    bool met = at_least ? ratio >= goal : ratio <= goal;
    char metrics[300];
    va_list args;
    va_start(args, format);
    vsnprintf(metrics, sizeof metrics, format, args);
    va_end(args);
    printf("%s: %.3gx %s (%s) goal %s %g %s\n", name, ratio, reference, metrics,
           at_least ? "at least" : "at most", goal, met ? "met" : "MISSED");
    fflush(stdout);
    missed += !met;
}

void bench_tell(const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("%s: ", name);
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    va_end(args);
}

/* ---- processes ---- */

static const struct {
    const char *name;
    bench_child *run;
} children[] = {
    {"open", child_open},       {"scan", child_scan},         {"simdjson", child_simdjson},
    {"jansson", child_jansson}, {"kept", child_jansson_kept}, {"export", child_export},
    {"curses", child_curses},
};

static double resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%*s %ld", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024;
}

/* bench --child NAME PATH NUMBER: prints a struct child_result. What a child reads before it measures is not counted to it: see child_read. */
static double memory_before;

struct slice child_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        die("a file cannot be read");
    }
    size_t len = (size_t)ftell(file);
    char *bytes = calloc(1, len + 64);
    rewind(file);
    if (bytes == NULL || fread(bytes, 1, len, file) != len) {
        die("a file cannot be read");
    }
    fclose(file);
    memory_before = resident_bytes();
    return (struct slice){bytes, len};
}

static int be_child(const char *name, const char *path, double number)
{
    for (size_t i = 0; i < sizeof children / sizeof *children; i++) {
        if (strcmp(children[i].name, name) == 0) {
            memory_before = resident_bytes();
            double seconds = children[i].run(path, number);
            printf("%.9g %.0f %.0f\n", seconds, resident_bytes() - memory_before,
                   peak_bytes() - memory_before);
            fflush(stdout);
            _exit(0);
        }
    }
    die("no such child");
    return 2;
}

struct child_result bench_in_child(const char *name, const char *path, double number)
{
    char command[1500], self[500];
    struct child_result result;
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = '\0';
    snprintf(command, sizeof command, "'%s' --child %s '%s' %.17g", self, name, path, number);
    FILE *child = popen(command, "r");
    if (child == NULL ||
        fscanf(child, "%lf %lf %lf", &result.seconds, &result.rss_bytes, &result.peak_bytes) != 3) {
        die("a child process failed");
    }
    pclose(child);
    return result;
}

/* ---- the engine ---- */

static int64_t wall_now(void *ctx)
{
    struct timespec now;
    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void bench_engine_open(struct bench_engine *engine, size_t max_events, bool follow)
{
    struct swarm_config config = {.max_events = {max_events, max_events}};
    uv_loop_init(&engine->loop);
    engine->swarm = swarm_new(&mem_libc, &config);
    engine->tracer = tracer_new(engine->swarm);
    engine->correlator = correlator_new(engine->swarm, engine->tracer);
    engine->log = event_log_new(&mem_libc, 100);
    struct hub_options options = {.swarm = engine->swarm,
                                  .tracer = engine->tracer,
                                  .correlator = engine->correlator,
                                  .log = engine->log,
                                  .sources = source_rows,
                                  .follow = follow,
                                  .now_ns = wall_now};
    engine->hub = hub_new(&engine->loop, &options);
}

void bench_engine_add(struct bench_engine *engine, const char *spec)
{
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    if (!hub_add(engine->hub, spec, &error)) {
        die(error.data);
    }
    strbuf_release(&error);
}

void bench_engine_run(struct bench_engine *engine)
{
    while (!hub_finished(engine->hub) && uv_run(&engine->loop, UV_RUN_ONCE) != 0) {
    }
    if (hub_failed(engine->hub)) {
        die("a source failed");
    }
}

void bench_engine_close(struct bench_engine *engine)
{
    hub_stop(engine->hub);
    uv_run(&engine->loop, UV_RUN_DEFAULT);
    hub_free(engine->hub);
    uv_loop_close(&engine->loop);
    correlator_free(engine->correlator);
    tracer_free(engine->tracer);
    swarm_free(engine->swarm);
    event_log_free(engine->log);
}

void bench_look_at_all(const struct swarm *swarm)
{
    struct timeline_cell cell;
    struct swarm_metrics metrics;
    for (agent_no i = 0; i < swarm_agent_count(swarm); i++) {
        for (unsigned lane = 0; lane < swarm_agent(swarm, i)->lane_count; lane++) {
            query_lane(swarm, i, lane, 0, (int64_t)1 << 40, 1, 0, NULL, &cell);
        }
    }
    if (!metrics_compute(swarm, 0, &metrics)) {
        die("out of memory");
    }
    metrics_release(&metrics);
}

/* ---- all of them ---- */

static bool is_wanted(const char *number, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], number) == 0) {
            return true;
        }
    }
    return argc < 2;
}

int main(int argc, char **argv)
{
    const char *quick = getenv("QUICK"), *tmp = getenv("TMPDIR");
    char dir[400];
    if (argc == 5 && strcmp(argv[1], "--child") == 0) {
        return be_child(argv[2], argv[3], strtod(argv[4], NULL));
    }
    struct bench bench = {.quick = quick != NULL && *quick != '\0' && strcmp(quick, "0") != 0};
    snprintf(dir, sizeof dir, "%s/swarmtop-bench.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL) {
        die("no directory for files");
    }
    bench.dir = dir;
    bench.events = bench.quick ? 100000 : 1000000;
    bench.runs = bench.quick ? 3 : 5;
    strbuf_init(&bench.text, &mem_libc, 0);
    for (size_t i = 0; i < sizeof goals / sizeof *goals; i++) {
        if (is_wanted(goals[i].number, argc, argv)) {
            goals[i].run(&bench);
        }
    }
    if (bench.path[0] != '\0') {
        unlink(bench.path);
    }
    rmdir(dir);
    strbuf_release(&bench.text);
    printf("%u missed\n", missed);
    return 0;
}
