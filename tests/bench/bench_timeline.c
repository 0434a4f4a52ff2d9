/* 6 and 7: the timeline. */
#include "tests/bench/bench.h"

#include "core/model/swarm_edit.h"
#include "core/query/query.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 50, COLS = 200, ZOOM_MIN = 12, ZOOM_MAX = 45 };

static session_no open_session(struct swarm *swarm)
{
    session_no session;
    struct session_info info = {.id = "bench",
                                .id_len = 5,
                                .source = "bench",
                                .pool = POOL_FILES,
                                .document = swarm_new_document(swarm),
                                .agents = true};
    swarm_open_session(swarm, &info, &session);
    return session;
}

static struct event tool_event(struct swarm *swarm, track_no track, double at_us, double dur_us)
{
    static const char *const names[] = {"Tool: Bash", "Tool: Read", "Tool: Task", "Waiting"};
    static const char *const cats[] = {"tool", "tool", "tool", "user_input"};
    size_t kind = (size_t)(at_us / 7) % 4;
    return (struct event){
        .ph = 'X',
        .ts_us = at_us,
        .dur_us = dur_us,
        .name = intern_put(swarm_names(swarm), names[kind], strlen(names[kind])),
        .cat = intern_put(swarm_names(swarm), cats[kind], strlen(cats[kind])),
        .track = track,
    };
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

/* ---- 6: a frame ---- */

/* So many spans over ROWS agents, of a few milliseconds to seconds. */
static struct swarm *make_spans(uint64_t spans)
{
    struct swarm_config config = {.max_events = {0, 0}};
    struct swarm *swarm = swarm_new(&mem_libc, &config);
    session_no session = open_session(swarm);
    double at_us[ROWS] = {0};
    track_no tracks[ROWS];
    uint64_t seed = 1;
    for (int i = 0; i < ROWS; i++) {
        char pid[16];
        snprintf(pid, sizeof pid, "%d", i + 1);
        struct json_value id = {JSON_TYPE_NUMBER, pid, strlen(pid)};
        tracks[i] = swarm_track(swarm, session, id, id);
    }
    for (uint64_t n = 0; n < spans; n++) {
        size_t row = n % ROWS;
        double dur_us = (double)(1000 + next_random(&seed) % 2000 * (next_random(&seed) % 1000));
        struct event event = tool_event(swarm, tracks[row], at_us[row], dur_us);
        swarm_append(swarm, &event, NULL);
        at_us[row] += dur_us + (double)(next_random(&seed) % 100000);
    }
    return swarm;
}

static double one_frame(const struct swarm *swarm, int64_t at_ns, unsigned zoom)
{
    struct timeline_cell cells[COLS];
    int64_t col_ns = (int64_t)1 << zoom, t0_ns = (at_ns >> zoom << zoom) - COLS / 2 * col_ns;
    double began = bench_now();
    for (agent_no row = 0; row < ROWS; row++) {
        query_lane(swarm, row, 0, t0_ns, col_ns, COLS, at_ns, NULL, cells);
    }
    return bench_now() - began;
}

/* The slowest zoom, by the median of frames at different places. */
static double worst_frame(const struct swarm *swarm, unsigned *worst_zoom)
{
    double worst = 0;
    int64_t from_ns, to_ns;
    uint64_t seed = 3;
    query_extent(swarm, 0, &from_ns, &to_ns);
    for (unsigned zoom = ZOOM_MIN; zoom <= ZOOM_MAX; zoom++) {
        struct samples frames = {.count = 0};
        for (int i = 0; i < 9; i++) {
            int64_t at_ns = from_ns + (int64_t)((double)(to_ns - from_ns) *
                                                (double)(next_random(&seed) % 1000) / 1000);
            samples_add(&frames, one_frame(swarm, at_ns, zoom));
        }
        double median = samples_median(&frames);
        *worst_zoom = median > worst ? zoom : *worst_zoom;
        worst = median > worst ? median : worst;
    }
    return worst;
}

void bench_frame(struct bench *bench)
{
    uint64_t counts[2] = {bench->events, 10 * bench->events};
    double worst[2];
    unsigned zooms[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        struct swarm *swarm = make_spans(counts[i]);
        one_frame(swarm, 0, 40); /* the pyramids are there from here on */
        worst[i] = worst_frame(swarm, &zooms[i]) * 1000;
        swarm_free(swarm);
    }
    bench_say("6 frame 200x50", worst[1], "a millisecond", false, 1,
              "%llu spans, zoom 2^%u ns a column, the slowest: %.3f ms",
              (unsigned long long)counts[1], zooms[1], worst[1]);
    bench_say("6 frame 200x50", worst[1] / worst[0], "a tenth of the spans", false, 2,
              "%.3f ms against %.3f ms", worst[1], worst[0]);
}

/* ---- 7: late spans ---- */

/* Appends spans of one lane, and looks at it; each by its place in `order`. */
static double append_all(const uint32_t *order, size_t count)
{
    struct swarm_config config = {.max_events = {0, 0}};
    struct swarm *swarm = swarm_new(&mem_libc, &config);
    session_no session = open_session(swarm);
    struct json_value id = {JSON_TYPE_NUMBER, "1", 1};
    track_no track = swarm_track(swarm, session, id, id);
    struct timeline_cell cell;
    double began = bench_now();
    for (size_t i = 0; i < count; i++) {
        struct event event = tool_event(swarm, track, order[i] * 1000.0, 900);
        swarm_append(swarm, &event, NULL);
        if (i % 1000 == 999) { /* as a screen would */
            query_lane(swarm, 0, 0, 0, (int64_t)1 << 40, 1, 0, NULL, &cell);
        }
    }
    double took = bench_now() - began;
    swarm_free(swarm);
    return took;
}

enum { LATE_BY = 500 };

void bench_late(struct bench *bench)
{
    size_t count = (size_t)bench->events / 5;
    uint32_t *order = malloc(count * sizeof *order), *late = malloc(count * sizeof *late);
    uint64_t seed = 9;
    for (size_t i = 0; i < count; i++) {
        order[i] = late[i] = (uint32_t)i;
    }
    for (size_t i = 0; i < count; i++) { /* each comes up to so many places too late */
        size_t other =
            i + next_random(&seed) % LATE_BY < count ? i + next_random(&seed) % LATE_BY : i;
        other = other < count ? other : i;
        uint32_t was = late[i];
        late[i] = late[other];
        late[other] = was;
    }
    struct samples in_order = {.count = 0}, too_late = {.count = 0};
    for (unsigned i = 0; i < bench->runs; i++) {
        samples_add(&in_order, append_all(order, count));
        samples_add(&too_late, append_all(late, count));
    }
    double a = samples_median(&too_late), b = samples_median(&in_order);
    bench_say("7 late spans", a / b, "in order", false, 3,
              "%zu spans, all up to %d places late: %.0f ns each against %.0f ns", count, LATE_BY,
              a / (double)count * 1e9, b / (double)count * 1e9);
    free(order);
    free(late);
}
