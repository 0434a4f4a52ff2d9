/* 23: opening traces of other producers, whose keys come in other orders. */
#include "tests/bench/bench.h"
#include "tests/bench/generate_foreign.h"

#include <stdio.h>

/* Events of the shapes are of about this size. */
enum { FOREIGN_EVENTS_PER_THOUSAND = 1200 };

struct timings {
    struct samples ours, tracer, simdjson, jansson;
};

static void take_timings(struct bench *bench, const char *path, struct timings *timings)
{
    for (unsigned i = 0; i < bench->runs; i++) {
        samples_add(&timings->ours, bench_in_child("open", path, 0).seconds);
        samples_add(&timings->tracer, bench_in_child("open", bench_file(bench), 0).seconds);
        samples_add(&timings->simdjson, bench_in_child("simdjson", path, 0).seconds);
        samples_add(&timings->jansson, bench_in_child("jansson", path, 0).seconds);
    }
}

/* 250 MB/s where the tracer's own shape makes 400 is 0.625 of its speed. */
static void print_timings(struct bench *bench, const char *shape, double mb,
                          const struct timings *timings)
{
    char name[40];
    double own = samples_median(&timings->ours), speed = mb / own;
    double simdjson = samples_median(&timings->simdjson);
    double jansson = samples_median(&timings->jansson);
    double tracer = (double)bench_text(bench)->len / 1e6 / samples_median(&timings->tracer);
    snprintf(name, sizeof name, "23 %s", shape);
    bench_say(name, speed / tracer, "the tracer's shape", true, 0.625,
              "%.0f MB: %.3f s, %.0f MB/s, against %.0f MB/s", mb, own, speed, tracer);
    bench_say(name, simdjson / own, "simdjson on demand", true, 0.5, "%.3f s against %.3f s", own,
              simdjson);
    bench_say(name, jansson / own / (0.075 / 0.031), "trace_processor, by jansson", true, 5,
              "%.3f s; not run here: taken as 2.4 times as fast as jansson", own);
}

void bench_foreign(struct bench *bench)
{
    for (int shape = 0; shape < FOREIGN_SHAPES; shape++) {
        struct timings timings = {.ours = {.count = 0}};
        char path[600];
        struct strbuf text;
        strbuf_init(&text, &mem_libc, 0);
        generate_foreign((enum foreign_shape)shape, 1,
                         bench->events * FOREIGN_EVENTS_PER_THOUSAND / 1000, &text);
        snprintf(path, sizeof path, "%s/%s.json", bench->dir, foreign_shape_names[shape]);
        bench_write_file(path, text.data, text.len);
        take_timings(bench, path, &timings);
        print_timings(bench, foreign_shape_names[shape], (double)text.len / 1e6, &timings);
        remove(path);
        strbuf_release(&text);
    }
}
