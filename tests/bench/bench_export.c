/* 9: the model as a document. */
#include "tests/bench/bench.h"

#include "core/export/document.h"
#include "core/export/trace_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static bool drop(void *ctx, const char *bytes, size_t len)
{
    size_t *total = ctx;
    (void)bytes;
    *total += len;
    return true;
}

static int drop_dump(const char *bytes, size_t len, void *ctx)
{
    size_t *total = ctx;
    (void)bytes;
    *total += len;
    return 0;
}

static const struct document_options options = {
    .tracks = TRACKS_AGENT, .only = NO_SESSION, .from_ns = INT64_MIN, .to_ns = INT64_MAX};

static double export_to_nothing(const struct swarm *swarm)
{
    size_t total = 0;
    double began = bench_now();
    document_write(swarm, &options, drop, &total, NULL);
    return bench_now() - began;
}

static double dump_to_nothing(const json_t *root)
{
    size_t total = 0;
    double began = bench_now();
    json_dump_callback(root, drop_dump, &total, JSON_COMPACT);
    return bench_now() - began;
}

/* Both without fsync, whose time is the disk's: ours to a temporary file that is given up. */
static double export_to_file(struct bench *bench, const struct swarm *swarm)
{
    char path[600];
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    snprintf(path, sizeof path, "%s/export.json", bench->dir);
    double began = bench_now();
    struct trace_file *file = trace_file_begin(&mem_libc, path, &error);
    document_write(swarm, &options, trace_file_write, file, NULL);
    double took = bench_now() - began;
    trace_file_abort(file);
    strbuf_release(&error);
    return took;
}

static double dump_to_file(struct bench *bench, const json_t *root)
{
    char path[600];
    snprintf(path, sizeof path, "%s/dump.json", bench->dir);
    double began = bench_now();
    json_dump_file(root, path, JSON_COMPACT);
    double took = bench_now() - began;
    unlink(path);
    return took;
}

static double peak_now(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024;
}

/* How much more memory an export takes at its peak. */
double child_export(const char *path, double unused)
{
    struct bench_engine engine;
    (void)unused;
    bench_engine_open(&engine, 0, false);
    bench_engine_add(&engine, path);
    bench_engine_run(&engine);
    double before = peak_now();
    export_to_nothing(engine.swarm);
    return peak_now() - before;
}

void bench_export(struct bench *bench)
{
    struct bench_engine engine;
    json_error_t error;
    bench_engine_open(&engine, 0, false);
    bench_engine_add(&engine, bench_file(bench));
    bench_engine_run(&engine);
    json_t *root = json_loadb(bench_text(bench)->data, bench_text(bench)->len, 0, &error);
    struct samples ours[2] = {{.count = 0}}, theirs[2] = {{.count = 0}};
    for (unsigned i = 0; i < bench->runs; i++) {
        samples_add(&ours[0], export_to_nothing(engine.swarm));
        samples_add(&theirs[0], dump_to_nothing(root));
        samples_add(&ours[1], export_to_file(bench, engine.swarm));
        samples_add(&theirs[1], dump_to_file(bench, root));
    }
    json_decref(root);
    bench_engine_close(&engine);
    static const char *const names[2] = {"9 export to nothing", "9 export to a file"};
    for (int i = 0; i < 2; i++) {
        double own = samples_median(&ours[i]), other = samples_median(&theirs[i]);
        bench_say(names[i], other / own, "jansson's dump", true, i == 0 ? 20 : 8,
                  "%.3f s against %.3f s", own, other);
    }
    double more = bench_in_child("export", bench_file(bench), 0).seconds;
    bench_say("9 export, memory", more / 1e6, "a megabyte", false, 1, "%.2f MB more at its peak",
              more / 1e6);
}
