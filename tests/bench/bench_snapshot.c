/* 4: a document that is rewritten whole, read again. The versions are taken one step after the
   other, as the workers do, without the waiting that a watcher's or a timer's call costs. */
#include "tests/bench/bench.h"

#include "core/base/hash.h"

#include "core/export/document.h"
#include "ingest/trace/importer.h"
#include "ingest/trace/read_job.h"

#include <stdlib.h>
#include <string.h>

struct follower {
    struct bench_engine engine;
    struct ingest_ctx ingest;
    struct source_counters counters;
    struct importer importer;
    struct fingerprint former; /* of the last version; empty: no version was read */
};

static int64_t no_time(void *ctx)
{
    (void)ctx;
    return 0;
}

static void follower_open(struct follower *f)
{
    memset(f, 0, sizeof *f);
    bench_engine_open(&f->engine, 0, false);
    ingest_ctx_init(&f->ingest, f->engine.swarm, f->engine.tracer, f->engine.correlator,
                    f->engine.log, no_time, NULL);
    f->counters = (struct source_counters){.ingest = &f->ingest};
    struct importer_options options = {.counters = &f->counters,
                                       .where = "bench",
                                       .session_id = "bench",
                                       .max_line_bytes = 1 << 20,
                                       .recorded = true};
    importer_init(&f->importer, &options);
    fingerprint_init(&f->former, &mem_libc);
}

static void follower_close(struct follower *f)
{
    fingerprint_release(&f->former);
    importer_release(&f->importer);
    ingest_ctx_release(&f->ingest);
    bench_engine_close(&f->engine);
}

/* Reads the present version of the file. Returns how long that took, in seconds. */
static double take_version(struct follower *f, const char *path, bool verify)
{
    double began = bench_now();
    bool first = f->former.end == 0;
    struct read_options options = {.mem = &mem_libc,
                                   .path = path,
                                   .max_event_bytes = 1 << 26,
                                   .follows = true,
                                   .former = first ? NULL : &f->former,
                                   .verify = verify};
    struct read_job *job = read_job_new(&options);
    struct batch batch;
    struct read_report report = {.state = READ_MORE};
    batch_init(&batch, &mem_libc);
    importer_begin(&f->importer, first, !first);
    while (report.state == READ_MORE) {
        report = read_job_step(job, &batch);
        importer_take(&f->importer, &report, &batch);
    }
    if (report.state != READ_ENDED || !report.complete || !importer_commit(&f->importer)) {
        fprintf(stderr, "bench: a version was not taken\n");
        exit(2);
    }
    fingerprint_release(&f->former);
    read_job_take_fingerprint(job, &f->former);
    batch_release(&batch);
    read_job_free(job);
    return bench_now() - began;
}

/* ---- versions ---- */

struct version_text {
    size_t events_at, first_at, half_at,
        end_at; /* in the whole trace: after `[`, the first event that is no metadata … the `]` */
};

/* Returns the offset of the end of that part of the events, between two of them. */
static size_t cut_at(const char *text, const struct version_text *at, double part)
{
    size_t place = at->first_at + (size_t)((double)(at->end_at - at->first_at) * part);
    return (size_t)(strstr(text + place, ",{\"name\":") - text);
}

static struct version_text find_parts(const struct strbuf *text)
{
    static const char mark[] = "],\"metadata\"";
    struct version_text at = {.events_at = strlen("{\"traceEvents\":[")};
    at.first_at = (size_t)(strstr(text->data, "{\"name\":\"API Call\"") - text->data);
    at.end_at = text->len - 1;
    while (memcmp(text->data + at.end_at, mark, sizeof mark - 1) != 0) {
        at.end_at--;
    }
    at.half_at = cut_at(text->data, &at, 0.5);
    return at;
}

static void write_parts(const char *path, const struct strbuf *text, const struct version_text *at,
                        const char *agent, const char *marker, size_t from, size_t to)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    strbuf_add(&out, text->data, at->first_at);
    strbuf_adds(&out, agent);
    strbuf_adds(&out, marker);
    strbuf_add(&out, text->data + from, to - from);
    strbuf_add(&out, text->data + at->end_at, text->len - at->end_at);
    bench_write_file(path, out.data, out.len);
    strbuf_release(&out);
}

/* ---- equality ---- */

static bool add_to_hash(void *ctx, const char *bytes, size_t len)
{
    uint64_t *hash = ctx;
    *hash = hash_bytes(*hash, bytes, len);
    return true;
}

static uint64_t document_hash(const struct swarm *swarm)
{
    struct document_options options = {
        .tracks = TRACKS_AGENT, .only = NO_SESSION, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
    uint64_t hash = HASH_SEED;
    document_write(swarm, &options, add_to_hash, &hash, NULL);
    return hash;
}

/* Whether the model is that of a cold open of the file. */
static bool is_cold(const struct follower *f, const char *path)
{
    struct follower cold;
    follower_open(&cold);
    take_version(&cold, path, false);
    bool same = document_hash(cold.engine.swarm) == document_hash(f->engine.swarm);
    follower_close(&cold);
    return same;
}

/* ---- the goal ---- */

enum change { GROWN, NEW_AGENT, EVICTED, VERIFIED, CHANGES };

static const struct {
    const char *name;
    double goal;
} changes[CHANGES] = {[GROWN] = {"4 snapshot, 1 % more", 0.03},
                      [NEW_AGENT] = {"4 snapshot, 1 % more and a new agent", 0.03},
                      [EVICTED] = {"4 snapshot, 1 % more and half of it evicted", 0.03},
                      [VERIFIED] = {"4 snapshot, 1 % more, every byte verified", 0.2}};

#define NEW_AGENT_METADATA                                                                           \
    "{\"name\":\"process_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":900,\"tid\":0," \
    "\"args\":{\"name\":\"new\"}},"
#define MARKER                                                                                        \
    "{\"name\":\"trace_truncated\",\"cat\":\"__metadata\",\"ph\":\"i\",\"ts\":1,\"pid\":1,\"tid\":0," \
    "\"args\":{\"dropped_events\":50000}},"

static double one_change(struct bench *bench, enum change change, double *cold, bool *same)
{
    const struct strbuf *text = bench_text(bench);
    struct version_text at = find_parts(text);
    size_t before = cut_at(text->data, &at, 0.99);
    struct follower f;
    char path[600], whole[600];
    snprintf(path, sizeof path, "%s/snapshot.json", bench->dir);
    snprintf(whole, sizeof whole, "%s/union.json", bench->dir);
    const char *agent = change == NEW_AGENT ? NEW_AGENT_METADATA : "";
    write_parts(path, text, &at, "", "", at.first_at, before);
    follower_open(&f);
    *cold = take_version(&f, path, false);
    write_parts(path, text, &at, agent, change == EVICTED ? MARKER : "",
                change == EVICTED ? at.half_at + 1 : at.first_at, at.end_at);
    double took = take_version(&f, path, change == VERIFIED);
    /* What the producer dropped stays: the union of both versions, opened cold. */
    write_parts(whole, text, &at, agent, "", at.first_at, at.end_at);
    *same = is_cold(&f, whole);
    follower_close(&f);
    remove(path);
    remove(whole);
    return took;
}

void bench_snapshot(struct bench *bench)
{
    for (enum change change = 0; change < CHANGES; change++) {
        struct samples colds = {.count = 0}, again = {.count = 0};
        bool same = true;
        for (unsigned i = 0; i < bench->runs; i++) {
            double cold;
            bool equal;
            samples_add(&again, one_change(bench, change, &cold, &equal));
            samples_add(&colds, cold);
            same &= equal;
        }
        bench_say(changes[change].name, samples_median(&again) / samples_median(&colds),
                  "a cold open", false, same ? changes[change].goal : 0,
                  "%.2f ms against %.0f ms, model %s", samples_median(&again) * 1000,
                  samples_median(&colds) * 1000,
                  same ? "equal to a cold open's of both" : "NOT equal");
    }
}
