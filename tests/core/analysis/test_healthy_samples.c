/* No call of a healthy run is reported as stalled, and no agent of one as in a loop: each capture of a client, by
   each way that it reports, at ten moments. Where nothing comes any more, what is open then has stalled. */
#include "core/analysis/stalled.h"
#include "core/query/replay.h"

#include "tests/support/opencode_database.h"
#include "tests/support/otlp_reading.h"
#include "tests/support/rig.h"
#include "tests/support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOMENTS = 10 };
#define QUARTER_NS INT64_C(900000000000)

/* Captures by each way that a client reports: its files, telemetry, hooks. */
enum way { FILES, TELEMETRY, HOOKS, DATABASE };

static const struct {
    enum way way;
    const char *prefix; /* of hooks: the client */
    const char *path;   /* below tests/data */
} samples[] = {
    {FILES, "claude:", "samples/claude/abort/transcripts"},
    {FILES, "claude:", "samples/claude/concurrent-pb/transcripts"},
    {FILES, "claude:", "samples/claude/dead/transcripts"},
    {FILES, "claude:", "samples/claude/solo-json/transcripts"},
    {FILES, "claude:", "samples/claude/swarm-json/transcripts"},
    {FILES, "claude:", "samples/claude/tui-perm/transcripts"},
    {FILES, "codex:", "samples/codex/killed"},
    {FILES, "codex:", "samples/codex/swarm"},
    {FILES, "codex:", "samples/codex/tui"},
    {FILES, "gemini:", "samples/gemini/sub"},
    {FILES, "qwen:", "samples/qwen/swarm"},
#ifdef HAVE_SQLITE
    {DATABASE, "opencode:", "samples/opencode/swarm"},
#endif
    {TELEMETRY, "", "samples/claude/abort/otlp.jsonl"},
    {TELEMETRY, "", "samples/claude/concurrent-pb/otlp.jsonl"},
    {TELEMETRY, "", "samples/claude/dead/otlp.jsonl"},
    {TELEMETRY, "", "samples/claude/solo-json/otlp.jsonl"},
    {TELEMETRY, "", "samples/claude/swarm-json/otlp.jsonl"},
    {TELEMETRY, "", "samples/claude/tui-perm/otlp.jsonl"},
    {TELEMETRY, "", "samples/codex/swarm/otlp/logs.jsonl"},
    {TELEMETRY, "", "samples/codex/tui/otlp/logs.jsonl"},
    {TELEMETRY, "", "samples/gemini/sub/otlp/traces.jsonl"},
    {TELEMETRY, "", "samples/qwen/swarm/otlp/traces.jsonl"},
    {TELEMETRY, "", "samples/opencode/swarm/otlp/traces.jsonl"},
    {HOOKS, "claude", "samples/claude/abort/hooks.jsonl"},
    {HOOKS, "claude", "samples/claude/dead/hooks.jsonl"},
    {HOOKS, "claude", "samples/claude/solo-json/hooks.jsonl"},
    {HOOKS, "claude", "samples/claude/swarm-json/hooks.jsonl"},
    {HOOKS, "claude", "samples/claude/tui-perm/hooks.jsonl"},
    {HOOKS, "codex", "hooks/codex.hooks.jsonl"},
    {HOOKS, "gemini", "hooks/gemini.hooks.jsonl"},
    {HOOKS, "qwen", "hooks/qwen.hooks.jsonl"},
};

enum { SAMPLES = sizeof samples / sizeof *samples };

/* Writes the payloads of a file of hooks as lines of a feed. */
static void write_hooks(const char *rel, const char *client, const char *path)
{
    size_t len;
    char *text = support_read_file(support_data(rel), &len);
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    for (char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        json_t *line = json_loads(at, 0, NULL);
        json_t *op = json_object();
        json_object_set_new(op, "op", json_string("hook"));
        double t = json_number_value(json_object_get(line, "t"));
        json_object_set_new(op, "t", json_real(t > 1e15 ? t / 1e6 : t)); /* captures differ: ns */
        json_object_set_new(op, "client", json_string(client));
        json_object_set(op, "payload", json_object_get(line, "payload"));
        assert_int_equal(json_dumpf(op, out, JSON_COMPACT), 0);
        fputc('\n', out);
        json_decref(op);
        json_decref(line);
    }
    assert_int_equal(fclose(out), 0);
    free(text);
}

/* Sets out to the source that has the sample. */
static void make_spec(size_t i, char *out, size_t size)
{
    const char *feed = support_path(support_tmpdir(), "sample.feed.ndjson");
    snprintf(out, size, "%s", feed);
    switch (samples[i].way) {
    case TELEMETRY: otlp_write_feed(samples[i].path, feed); break;
    case HOOKS: write_hooks(samples[i].path, samples[i].prefix, feed); break;
    case DATABASE:
#ifdef HAVE_SQLITE
        snprintf(out, size, "%s%s", samples[i].prefix, opencode_sample_directory());
#endif
        break;
    case FILES:
        snprintf(out, size, "%s%s", samples[i].prefix, support_data(samples[i].path));
        break;
    }
}

/* Reads the document of the sample, which is the trace of its whole run. */
static void read_sample(struct rig *rig, size_t i)
{
    char spec[4200];
    struct support_run run;
    make_spec(i, spec, sizeof spec);
    const char *trace = support_path(support_tmpdir(), "trace.json");
    const char *const argv[] = {support_program(), "record", "-o", trace, spec, NULL};
    support_run(&run, argv, NULL, 0, 60000);
    assert_int_equal(run.status, 0);
    support_run_release(&run);
    rig_init(rig);
    rig_start_hub(rig, (struct hub_options){.follow = false});
    rig_add(rig, trace);
    rig_until_finished(rig);
    int64_t from, to;
    if (!query_extent(rig->model.swarm, 0, &from, &to)) {
        fail_msg("%s: no events", samples[i].path);
    }
}

/* The run up to a moment, and then nothing for so long. */
struct replayed {
    struct swarm *swarm;
    struct stalled stalled;
    uint64_t open; /* calls that could stall */
};

static uint64_t count_open(const struct swarm *swarm)
{
    uint64_t count = 0;
    for (span_no no = swarm_first_in_flight(swarm); no != NO_SPAN;
         no = swarm_next_in_flight(swarm, no)) {
        uint8_t kind = swarm_span(swarm, no)->kind;
        count += kind == SPAN_TOOL || kind == SPAN_REQUEST;
    }
    return count;
}

static void replayed_make(const struct rig *rig, int64_t at_ns, int64_t quiet_ns,
                          struct replayed *out)
{
    struct swarm_config config = {.max_events = {0, 0}};
    struct swarm_metrics metrics;
    out->swarm = swarm_new(&mem_libc, &config);
    assert_true(replay_until(rig->model.swarm, out->swarm, at_ns));
    for (size_t i = 0; i < swarm_session_count(out->swarm); i++) {
        swarm_set_clock(out->swarm, (session_no)i, at_ns + quiet_ns, at_ns);
    }
    assert_true(metrics_compute_totals(out->swarm, at_ns, &metrics));
    assert_true(stalled_make(out->swarm, &metrics, at_ns, &mem_libc, &out->stalled));
    out->open = count_open(out->swarm);
    metrics_release(&metrics);
}

static void replayed_release(struct replayed *replayed)
{
    stalled_release(&replayed->stalled);
    swarm_free(replayed->swarm);
}

static int64_t moment(const struct rig *rig, int i)
{
    int64_t from, to;
    assert_true(query_extent(rig->model.swarm, 0, &from, &to));
    return from + (to - from) / MOMENTS * (i + 1);
}

TEST(a_healthy_run_has_neither_stalls_nor_loops_at_any_moment)
{
    uint64_t open[DATABASE + 1] = {0};
    for (size_t i = 0; i < SAMPLES; i++) {
        struct rig rig;
        read_sample(&rig, i);
        for (int k = 0; k < MOMENTS; k++) {
            struct replayed replayed;
            replayed_make(&rig, moment(&rig, k), 0, &replayed);
            if (replayed.stalled.calls + replayed.stalled.loops > 0) {
                fail_msg("%s, moment %d: %u calls, %u loops", samples[i].path, k,
                         (unsigned)replayed.stalled.calls, (unsigned)replayed.stalled.loops);
            }
            open[samples[i].way] += replayed.open;
            replayed_release(&replayed);
        }
        rig_stop_hub(&rig);
        rig_release(&rig);
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        if (open[samples[i].way] == 0) { /* nothing could have stalled */
            fail_msg("%s: nothing is open at any moment", samples[i].path);
        }
    }
}

TEST(what_is_open_when_the_chaos_ends_in_silence_has_stalled)
{
    struct rig rig;
    uint64_t found = 0;
    read_sample(&rig, 1);
    for (int k = 0; k + 1 < MOMENTS; k++) {
        struct replayed replayed;
        replayed_make(&rig, moment(&rig, k), QUARTER_NS, &replayed);
        /* Beside what is open, a call stalls whose sub-agent rests. */
        assert_in_range(replayed.stalled.calls, replayed.open, replayed.open + 1);
        found += replayed.stalled.calls;
        replayed_release(&replayed);
    }
    assert_true(found > 0);
    rig_stop_hub(&rig);
    rig_release(&rig);
}

/* Without --content a call's args are a part of its input: loops are found by a hash of the rest. */
TEST(each_way_has_hashes_of_what_it_leaves_out)
{
    size_t found[SAMPLES] = {0};
    for (size_t i = 0; i < SAMPLES; i++) {
        char spec[4200];
        struct support_run run;
        make_spec(i, spec, sizeof spec);
        const char *trace = support_path(support_tmpdir(), "trace.json");
        const char *const argv[] = {support_program(), "record", "-o", trace,
                                    "--feed",          "-",      spec, NULL};
        support_run(&run, argv, NULL, 0, 60000);
        assert_int_equal(run.status, 0);
        for (const char *at = run.out; (at = strstr(at, "\"input_hash\":")) != NULL; at++) {
            found[i]++;
        }
        support_run_release(&run);
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t alike = 0;
        for (size_t k = 0; k < SAMPLES; k++) {
            bool client =
                samples[i].way != FILES || strcmp(samples[i].prefix, samples[k].prefix) == 0;
            alike += client && samples[k].way == samples[i].way ? found[k] : 0;
        }
        if (alike == 0) {
            fail_msg("%s, and others of this way: no hash", samples[i].path);
        }
    }
}
