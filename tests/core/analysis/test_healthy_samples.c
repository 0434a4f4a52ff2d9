/* No call of a healthy run is reported as stalled, and no agent of one as in a loop: each capture of a client, at ten
   moments. Where nothing comes any more, what is open then has stalled. */
#include "core/analysis/stalled.h"
#include "core/query/replay.h"

#include "tests/support/rig.h"
#include "tests/support/support.h"

#include <stdio.h>

enum { MOMENTS = 10 };
#define QUARTER_NS INT64_C(900000000000)

static const struct {
    const char *prefix, *sample;
} samples[] = {
    {"claude:", "claude/abort/transcripts"},
    {"claude:", "claude/concurrent-pb/transcripts"},
    {"claude:", "claude/dead/transcripts"},
    {"claude:", "claude/solo-json/transcripts"},
    {"claude:", "claude/swarm-json/transcripts"},
    {"claude:", "claude/tui-perm/transcripts"},
    {"codex:", "codex/killed"},
    {"codex:", "codex/swarm"},
    {"codex:", "codex/tui"},
    {"gemini:", "gemini/sub"},
    {"qwen:", "qwen/swarm"},
};

/* Reads the document of the sample, which is the trace of its whole run. */
static void read_sample(struct rig *rig, size_t i)
{
    char rel[100], spec[4200];
    struct support_run run;
    const char *trace = support_path(support_tmpdir(), "trace.json");
    snprintf(rel, sizeof rel, "samples/%s", samples[i].sample);
    snprintf(spec, sizeof spec, "%s%s", samples[i].prefix, support_data(rel));
    const char *const argv[] = {support_program(), "record", "-o", trace, spec, NULL};
    support_run(&run, argv, NULL, 0, 60000);
    assert_int_equal(run.status, 0);
    support_run_release(&run);
    rig_init(rig);
    rig_start_hub(rig, (struct hub_options){.follow = false});
    rig_add(rig, trace);
    rig_until_finished(rig);
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
    uint64_t open = 0;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct rig rig;
        read_sample(&rig, i);
        for (int k = 0; k < MOMENTS; k++) {
            struct replayed replayed;
            replayed_make(&rig, moment(&rig, k), 0, &replayed);
            if (replayed.stalled.calls + replayed.stalled.loops > 0) {
                fail_msg("%s, moment %d: %u calls, %u loops", samples[i].sample, k,
                         (unsigned)replayed.stalled.calls, (unsigned)replayed.stalled.loops);
            }
            open += replayed.open;
            replayed_release(&replayed);
        }
        rig_stop_hub(&rig);
        rig_release(&rig);
    }
    assert_true(open > MOMENTS); /* else nothing could have stalled */
}

TEST(what_is_open_when_the_chaos_ends_in_silence_has_stalled)
{
    struct rig rig;
    uint64_t found = 0;
    read_sample(&rig, 1);
    for (int k = 0; k + 1 < MOMENTS; k++) {
        struct replayed replayed;
        replayed_make(&rig, moment(&rig, k), QUARTER_NS, &replayed);
        assert_int_equal(replayed.stalled.calls, replayed.open);
        found += replayed.stalled.calls;
        replayed_release(&replayed);
    }
    assert_true(found > 0);
    rig_stop_hub(&rig);
    rig_release(&rig);
}
