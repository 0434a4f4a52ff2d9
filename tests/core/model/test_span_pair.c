/* core/model/pair, core/model/open_index: random tracks with many open spans. The oracle is the walk
   over all open spans that the index replaces, byte for byte in its rule. */
#include "tests/support/support.h"

#include "core/base/json_read.h"
#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/rig.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the oracle ---- */

static struct json_value object_of(struct slice args)
{
    bool object = args.len > 0 && args.bytes[0] == '{';
    return (struct json_value){object ? JSON_TYPE_OBJECT : JSON_TYPE_NONE, args.bytes, args.len};
}

static bool same_value(struct json_value a, struct json_value b)
{
    if (a.type == JSON_TYPE_STRING && b.type == JSON_TYPE_STRING) {
        return json_same_string(a, b);
    }
    return a.type == b.type && a.len == b.len && memcmp(a.raw, b.raw, a.len) == 0;
}

static bool has_member(struct json_value object, const struct json_member *member)
{
    struct json_walk walk = json_walk(object);
    struct json_member candidate;
    while (object.type != JSON_TYPE_NONE && json_next_member(&walk, &candidate)) {
        if (json_same_string(member->key, candidate.key) &&
            same_value(member->value, candidate.value)) {
            return true;
        }
    }
    return false;
}

static bool repeats(struct slice begin_args, struct slice end_args)
{
    struct json_value mine = object_of(begin_args), its = object_of(end_args);
    struct json_walk walk = json_walk(mine);
    struct json_member member;
    bool any = false;
    for (; mine.type != JSON_TYPE_NONE && json_next_member(&walk, &member); any = true) {
        if (!has_member(its, &member)) {
            return false;
        }
    }
    return any;
}

enum fit { FITS_NOT, FITS_NAME, FITS_ARGS, FITS_TIME, FITS_TIME_AND_ARGS };

static bool is_call(const struct swarm *swarm, const struct event *event)
{
    return span_kind_of(swarm_text(swarm, event->name), swarm_text(swarm, event->cat)) !=
           SPAN_OTHER;
}

/* The end of a call with a duration that fits neither that nor the args closes nothing. */
static enum fit fit_of(const struct swarm *swarm, const struct span *span,
                       const struct event *event, double duration_ms)
{
    double off = (double)(swarm_event_ns(swarm, event) - span->start_ns) - duration_ms * 1e6;
    bool timed = !isnan(duration_ms) && off > -1000 && off < 1000;
    enum fit least = isnan(duration_ms) || timed || !is_call(swarm, event) ? FITS_NAME : FITS_NOT;
    if (span->name != event->name ||
        (!isnan(duration_ms) && !timed && (span->flags & SPAN_LOST_BEGIN) != 0)) {
        return FITS_NOT;
    }
    if (event->cat != INTERN_NONE && span->cat != event->cat) {
        return least;
    }
    struct json_value args = object_of(swarm_span_args(swarm, span));
    struct json_walk walk = json_walk(args);
    struct json_member member;
    bool has_args = args.type != JSON_TYPE_NONE && json_next_member(&walk, &member);
    if (repeats(swarm_span_args(swarm, span), event->args)) {
        return timed ? FITS_TIME_AND_ARGS : FITS_ARGS;
    }
    return timed ? FITS_TIME : has_args ? least : FITS_NAME;
}

/* The open spans of the track, innermost first: their numbers fall. */
static span_no next_open(const struct swarm *swarm, track_no track, span_no before)
{
    while (before-- > swarm_span_begin(swarm)) {
        const struct span *span = swarm_span(swarm, before);
        if (span != NULL && span->track == track &&
            (span->flags & (SPAN_OPEN | SPAN_ASYNC)) == SPAN_OPEN) {
            return before;
        }
    }
    return NO_SPAN;
}

/* Whether the begin of that end lies before the marker of what the cap dropped. */
static bool lost_begin(const struct swarm *swarm, const struct event *event, double duration_ms)
{
    bool stated = duration_ms >= 0 && duration_ms < 1e12, lost = false;
    int64_t start_ns =
        swarm_event_ns(swarm, event) - (stated ? (int64_t)llround(duration_ms * 1e6) : 0);
    for (size_t i = 0; i < swarm_marker_count(swarm); i++) {
        const struct marker *marker = swarm_marker(swarm, i);
        lost |= marker->truncated && (is_call(swarm, event) || start_ns <= marker->at_ns);
    }
    return stated && lost;
}

static span_no expected_begin(const struct swarm *swarm, const struct event *event,
                              double duration_ms)
{
    span_no best = NO_SPAN;
    enum fit best_fit = FITS_NOT;
    span_no no = next_open(swarm, event->track, swarm_span_end(swarm));
    if (event->name == INTERN_NONE) {
        return no;
    }
    for (; no != NO_SPAN; no = next_open(swarm, event->track, no)) {
        enum fit fit = fit_of(swarm, swarm_span(swarm, no), event, duration_ms);
        if (fit > best_fit) {
            best = no;
            best_fit = fit;
        }
    }
    return best_fit < FITS_TIME && lost_begin(swarm, event, duration_ms) ? NO_SPAN : best;
}

/* ---- a random track ---- */

struct story {
    struct swarm *swarm;
    session_no session;
    track_no track;
    uint64_t seed;
    intern_id names[3], cats[2];
    double ts_us;
    double coarse_us; /* times are multiples of it */
    unsigned ended, unmatched;
};

static uint64_t pick(struct story *story, uint64_t n)
{
    return support_random_below(&story->seed, n);
}

/* Spellings that are equal, unequal, nested and repeated. */
static const char *const members[] = {
    "\"n\":%u",
    "\"\\u006e\":%u",
    "\"command\":\"c%u\"",
    "\"command\":\"\\u0063%u\"",
    "\"x\":[%u,\"a\"]",
    "\"x\":{\"y\":\"%u\"}",
    "\"deep\":\"\\ud83d%u\"",
    "\"ok\":true,\"m\":%u.0",
    "\"n\":1,\"n\":%u",
};

static void put_member(struct story *story, struct strbuf *out, unsigned kinds)
{
    char text[64];
    const char *format = members[pick(story, kinds)];
/* The formats are the table's. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, format, (unsigned)pick(story, 4));
#pragma GCC diagnostic pop
    strbuf_adds(out, out->len > 1 ? "," : "");
    strbuf_adds(out, text);
}

static void put_begin_args(struct story *story, struct strbuf *out)
{
    static const char *const odd[] = {"{}", "[1,2]", "7", "{ \"n\" : 1 }"};
    unsigned kinds = pick(story, 20) == 0 ? 9 : 8;
    if (pick(story, 8) == 0) {
        return;
    }
    if (pick(story, 12) == 0) {
        strbuf_adds(out, odd[pick(story, 4)]);
        return;
    }
    strbuf_addc(out, '{');
    for (uint64_t i = pick(story, 4); i > 0; i--) {
        put_member(story, out, kinds);
    }
    strbuf_addc(out, '}');
}

/* Args that repeat those of `begin`, before or after other members, or that are their own. */
static void put_end_args(struct story *story, struct strbuf *out, struct slice begin,
                         double duration_ms)
{
    bool object = begin.len > 2 && begin.bytes[0] == '{';
    unsigned order = (unsigned)pick(story, 4);
    strbuf_addc(out, '{');
    if (object && order == 0) {
        strbuf_add(out, begin.bytes + 1, begin.len - 2);
    }
    for (uint64_t i = pick(story, 3); i > 0; i--) {
        put_member(story, out, pick(story, 20) == 0 ? 9 : 8);
    }
    if (!isnan(duration_ms)) {
        strbuf_addf(out, "%s\"duration_ms\":%.4f", out->len > 1 ? "," : "", duration_ms);
    }
    if (object && order == 1) {
        strbuf_adds(out, out->len > 1 ? "," : "");
        strbuf_add(out, begin.bytes + 1, begin.len - 2);
    }
    strbuf_addc(out, '}');
}

static bool append(struct story *story, char ph, struct strbuf *args, intern_id name, intern_id cat)
{
    struct event event = {.ph = ph,
                          .ts_us = story->ts_us,
                          .dur_us = (double)NAN,
                          .name = name,
                          .cat = cat,
                          .track = story->track,
                          .args = {args->data, args->len}};
    enum swarm_pool pool = (enum swarm_pool)swarm_session(story->swarm, story->session)->pool;
    if (ph == 'B') {
        return swarm_append(story->swarm, &event, NULL);
    }
    struct json_value duration = json_get(object_of(event.args), "duration_ms");
    double duration_ms = json_get_number(duration);
    span_no expected = expected_begin(story->swarm, &event, duration_ms);
    const struct span *span = expected == NO_SPAN ? NULL : swarm_span(story->swarm, expected);
    bool lost = span != NULL && (span->flags & SPAN_LOST_BEGIN) != 0;
    uint64_t dropped = swarm_dropped(story->swarm, pool), number;
    if (!swarm_append(story->swarm, &event, &number)) {
        return false;
    }
    story->ended++;
    story->unmatched += expected == NO_SPAN;
    if (swarm_dropped(story->swarm, pool) != dropped) {
        return true; /* spans have other numbers now */
    }
    if (lost) {
        assert_null(swarm_span(story->swarm, expected));
    } else if (expected != NO_SPAN) {
        assert_int_equal(swarm_event_span(story->swarm, pool, number), expected);
    } else {
        span_no made = swarm_event_span(story->swarm, pool, number);
        assert_true(made == NO_SPAN || made == swarm_span_end(story->swarm) - 1);
    }
    return true;
}

static bool begin_one(struct story *story, struct strbuf *args)
{
    put_begin_args(story, args);
    return append(story, 'B', args, story->names[pick(story, 12) / 5],
                  pick(story, 10) == 0 ? story->cats[1] : story->cats[0]);
}

/* Ends a span that is open, more or less precisely. */
static bool end_one(struct story *story, struct strbuf *args)
{
    span_no no = next_open(story->swarm, story->track, swarm_span_end(story->swarm));
    for (uint64_t skip = pick(story, 120); skip > 0 && no != NO_SPAN; skip--) {
        span_no outer = next_open(story->swarm, story->track, no);
        no = outer != NO_SPAN ? outer : no;
    }
    struct span span =
        no == NO_SPAN ? (struct span){.name = story->names[0]} : *swarm_span(story->swarm, no);
    struct event at = {.ts_us = story->ts_us, .track = story->track};
    double off_us[] = {0, 0, 0, 0.4, -0.4, 1, -1, 50};
    double duration_ms = pick(story, 2) == 0
                             ? (double)NAN
                             : ((double)(swarm_event_ns(story->swarm, &at) - span.start_ns) / 1000 +
                                off_us[pick(story, 8)]) /
                                   1000;
    if (pick(story, 40) == 0) {
        duration_ms = pick(story, 2) == 0 ? -5 : 1e300;
    }
    struct slice begin = no == NO_SPAN
                             ? (struct slice){NULL, 0}
                             : swarm_span_args(story->swarm, swarm_span(story->swarm, no));
    if (pick(story, 10) != 0) {
        put_end_args(story, args, begin, duration_ms);
    }
    return append(story, 'E', args, pick(story, 15) == 0 ? INTERN_NONE : span.name,
                  pick(story, 6) == 0    ? INTERN_NONE
                  : pick(story, 15) == 0 ? story->cats[1]
                                         : span.cat);
}

static bool open_story(struct story *story, const struct mem *mem, uint64_t seed, size_t cap)
{
    static const char *const names[] = {"Tool: Bash", "Tool: Read", "API Call"};
    struct swarm_config config = {.max_events = {0, cap}};
    *story = (struct story){.swarm = swarm_new(mem, &config), .seed = seed};
    struct session_info info = {.id = "s",
                                .id_len = 1,
                                .source = "test",
                                .pool = POOL_FILES,
                                .document = 1,
                                .agents = true,
                                .has_start = true,
                                .start_ns = MODEL_START_NS};
    if (story->swarm == NULL || !swarm_open_session(story->swarm, &info, &story->session)) {
        return false;
    }
    struct json_value one = {JSON_TYPE_NUMBER, "1", 1};
    story->track = swarm_track(story->swarm, story->session, one, one);
    for (int i = 0; i < 3; i++) {
        story->names[i] = intern_put(swarm_names(story->swarm), names[i], strlen(names[i]));
    }
    story->cats[0] = intern_put(swarm_names(story->swarm), "tool", 4);
    story->cats[1] = intern_put(swarm_names(story->swarm), "api", 3);
    story->coarse_us = pick(story, 2) == 0 ? 1 : pick(story, 2) == 0 ? 1000 : 0.3;
    return story->track != NO_TRACK && story->cats[1] != INTERN_FAILED &&
           story->cats[0] != INTERN_FAILED && story->names[2] != INTERN_FAILED;
}

/* Swings between many open spans and few. */
static bool run_story(struct story *story, unsigned events)
{
    bool good = true;
    for (unsigned i = 0; good && i < events; i++) {
        struct strbuf args;
        strbuf_init(&args, &mem_libc, 0);
        bool opens = i % 400 < 200;
        story->ts_us += story->coarse_us * (double)pick(story, 3);
        good = pick(story, 10) < (opens ? 8 : 2) ? begin_one(story, &args) : end_one(story, &args);
        strbuf_release(&args);
    }
    return good;
}

TEST(an_end_closes_the_same_span_as_a_walk_over_all)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct story story;
        assert_true(open_story(&story, &mem_libc, seed, 0));
        assert_true(run_story(&story, 1200));
        assert_true(story.ended > 400 && story.unmatched < story.ended / 4);
        swarm_free(story.swarm);
    }
}

TEST(and_so_do_ends_whose_begins_were_dropped)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct story story;
        assert_true(open_story(&story, &mem_libc, seed, 300));
        assert_true(run_story(&story, 1200));
        swarm_free(story.swarm);
    }
}

/* Memory that fails now and then. */
struct fickle {
    struct failing_mem good;
    uint64_t seed;
};

static void *fickle_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    struct fickle *fickle = ctx;
    struct mem mem = failing_mem(&fickle->good);
    if (new_size > old_size && support_random_below(&fickle->seed, 100) == 0) {
        return NULL;
    }
    return mem.resize(mem.ctx, ptr, old_size, new_size);
}

TEST(without_memory_for_an_index_too)
{
    unsigned ended = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct fickle fickle = {.good = {.allow = -1}, .seed = seed};
        struct mem mem = {fickle_resize, &fickle};
        struct story story;
        if (open_story(&story, &mem, seed, 0)) {
            (void)run_story(&story, 400);
            ended += story.ended;
        }
        swarm_free(story.swarm);
        assert_int_equal(fickle.good.live_blocks, 0);
    }
    assert_true(ended > 1000);
}
