/* Property: events that come by segments are the ones that come one by one: in two stores, one fed by event_store_append alone, the
   other by segments as well, everything that can be asked is the same, while the head is dropped, while events are hidden, and
   where memory ends. */
#include "core/trace/event_store.h"

#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAYLOAD = 4 * 1024 * 1024, REPEATED = 64 };

/* What args, ids and extra members are cut from. */
static char *payload;

static int setup(void **failing)
{
    (void)failing;
    payload = malloc(PAYLOAD);
    if (payload == NULL) {
        return -1;
    }
    for (size_t i = 0; i < PAYLOAD; i++) {
        payload[i] = (char)(i * 2654435761u >> 7);
    }
    return 0;
}

static int teardown(void **failing)
{
    (void)failing;
    free(payload);
    return 0;
}

static struct slice random_slice(uint64_t *seed, size_t most)
{
    size_t len = support_random_below(seed, most + 1);
    return len == 0 ? (struct slice){NULL, 0}
                    : (struct slice){payload + support_random_below(seed, PAYLOAD - len), len};
}

static double random_number(uint64_t *seed)
{
    const double numbers[] = {(double)NAN, 0, -0.0, 1, -9.0e15, 9.0e15, 0.1, 1e-300};
    uint64_t n = support_random_below(seed, 12);
    return n < 8 ? numbers[n] : (double)support_random_below(seed, 1u << 30);
}

/* Most have args alone; some are as large as several segments. */
static struct event random_event(uint64_t *seed)
{
    bool rest = support_random_below(seed, 3) == 0, large = support_random_below(seed, 400) == 0;
    return (struct event){
        .ph = "BEXiCM"[support_random_below(seed, 6)],
        .ts_us = random_number(seed),
        .dur_us = rest ? random_number(seed) : (double)NAN,
        .name = (intern_id)support_random_below(seed, 9),
        .cat = (intern_id)support_random_below(seed, 5),
        .track = (track_no)support_random_below(seed, 7),
        .id = random_slice(seed, rest ? 20 : 0),
        .args = random_slice(seed, large ? 20000 : 200),
        .extra = random_slice(seed, rest ? 40 : 0),
    };
}

/* The end of one of the events before it, whose args it repeats; ever so often not all of them. */
static void repeat_args(uint64_t *seed, struct event *events, size_t at)
{
    static char merged[REPEATED][EVENT_SHARED_MAX * 2];
    const struct event *begin = &events[support_random_below(seed, at)];
    struct event *end = &events[at];
    size_t same = begin->args.len > 0 ? begin->args.len - 1 : 0;
    same = support_random_below(seed, 8) == 0 ? same / 2 : same;
    size_t more = support_random_below(seed, 100);
    if (begin->ph != 'B' || begin->args.len == 0 || same + more > sizeof *merged ||
        same + more == 0) {
        return;
    }
    char *to = merged[at];
    memcpy(to, begin->args.bytes, same);
    memcpy(to + same, payload, more);
    *end = (struct event){.ph = 'E',
                          .ts_us = 1,
                          .dur_us = (double)NAN,
                          .name = begin->name,
                          .track = begin->track,
                          .id = random_slice(seed, support_random_below(seed, 2) * 9),
                          .args = {to, same + more}};
}

/* ---- comparing ---- */

static bool same_slice(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0) &&
           (a.bytes == NULL) == (b.bytes == NULL);
}

static bool same_number(double a, double b)
{
    return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

static void assert_same_event(const struct event *got, const struct event *want)
{
    assert_int_equal(got->ph, want->ph);
    assert_true(same_number(got->ts_us, want->ts_us));
    assert_true(same_number(got->dur_us, want->dur_us));
    assert_int_equal(got->name, want->name);
    assert_int_equal(got->cat, want->cat);
    assert_int_equal(got->track, want->track);
    assert_true(same_slice(got->id, want->id));
    assert_true(same_slice(got->args, want->args));
    assert_true(same_slice(got->extra, want->extra));
}

static void assert_same_at(const struct event_store *got, const struct event_store *want,
                           uint64_t number)
{
    struct event a, b;
    bool there = event_store_get(want, number, &b);
    assert_int_equal(event_store_get(got, number, &a), there);
    assert_int_equal(event_store_span(got, number), event_store_span(want, number));
    if (there) {
        assert_same_event(&a, &b);
    }
}

/* A few numbers, or all; those at the ends, and beside them, always. */
static void assert_same_stores(const struct event_store *got, const struct event_store *want,
                               uint64_t *seed, bool all)
{
    uint64_t first = event_store_first(want), end = event_store_end(want);
    assert_int_equal(event_store_first(got), first);
    assert_int_equal(event_store_end(got), end);
    assert_int_equal(event_store_count(got), event_store_count(want));
    for (uint64_t no = first - 1; no <= first + 1; no++) {
        assert_same_at(got, want, no);
    }
    for (uint64_t no = end - 1; no <= end + 1; no++) {
        assert_same_at(got, want, no);
    }
    for (int i = 0; i < 8 && end > first; i++) {
        assert_same_at(got, want, first + support_random_below(seed, end - first));
    }
    for (uint64_t no = first; all && no < end; no++) {
        assert_same_at(got, want, no);
    }
}

/* ---- two stores with one history ---- */

struct pair {
    struct mem mem;
    struct failing_mem failing;
    struct event_store *plain, *adopting;
    uint64_t seed;
};

static void pair_init(struct pair *pair, uint64_t seed)
{
    *pair = (struct pair){.failing = {.allow = -1}, .seed = seed};
    pair->mem = failing_mem(&pair->failing);
    pair->plain = event_store_new(&pair->mem);
    pair->adopting = event_store_new(&pair->mem);
    assert_true(pair->plain != NULL && pair->adopting != NULL);
}

static void pair_release(struct pair *pair)
{
    event_store_free(pair->plain);
    event_store_free(pair->adopting);
    assert_int_equal(pair->failing.live_blocks, 0);
}

static void append_both(struct pair *pair)
{
    struct event event = random_event(&pair->seed);
    uint64_t number = event_store_append(pair->plain, &event);
    assert_true(number != 0);
    assert_int_equal(event_store_append(pair->adopting, &event), number);
}

static void drop_both(struct pair *pair)
{
    size_t count = event_store_count(pair->plain);
    size_t drop = support_random_below(&pair->seed, 10) == 0
                      ? count + 3
                      : support_random_below(&pair->seed, 100);
    event_store_drop(pair->plain, drop);
    event_store_drop(pair->adopting, drop);
    bool front =
        event_store_first(pair->plain) > 1 && support_random_below(&pair->seed, 2) == 0 && drop > 0;
    if (front) {
        struct event marker = random_event(&pair->seed);
        uint64_t number = event_store_unshift(pair->plain, &marker);
        assert_true(number != 0);
        assert_int_equal(event_store_unshift(pair->adopting, &marker), number);
    }
}

static void edit_both(struct pair *pair)
{
    uint64_t first = event_store_first(pair->plain), end = event_store_end(pair->plain);
    if (end > first) {
        uint64_t number = first + support_random_below(&pair->seed, end - first);
        span_no span = (span_no)support_random_below(&pair->seed, 1000);
        event_store_set_span(pair->plain, number, span);
        event_store_set_span(pair->adopting, number, span);
    }
}

/* One hidden event comes in under other names, or is taken out; now and then something happens in between. */
static void reveal_one(struct pair *pair, const struct event *was)
{
    struct event event;
    assert_true(event_store_next_adopted(pair->adopting, &event));
    assert_same_event(&event, was);
    if (event.ph == 'M') {
        event_store_skip_adopted(pair->adopting);
    } else {
        event.name += 100;
        event.cat += 200;
        event.track += 300;
        uint64_t number = event_store_append(pair->plain, &event);
        assert_int_equal(event_store_reveal(pair->adopting, event.name, event.cat, event.track),
                         number);
        assert_int_equal(event_store_span(pair->adopting, number), NO_SPAN);
    }
    if (support_random_below(&pair->seed, 40) == 0) {
        drop_both(pair);
    }
    if (support_random_below(&pair->seed, 10) == 0) {
        edit_both(pair);
    }
    assert_same_stores(pair->adopting, pair->plain, &pair->seed, false);
}

static void adopt_one(struct pair *pair)
{
    enum { MOST = 300 };
    struct event events[MOST], event;
    size_t count = 0, want = support_random_below(&pair->seed, MOST);
    struct event_segment *segment =
        event_segment_new(&pair->mem, support_random_below(&pair->seed, 4) * 12345);
    assert_non_null(segment);
    for (; count < want; count++) {
        events[count] = random_event(&pair->seed);
        if (count > 0 && count < REPEATED && support_random_below(&pair->seed, 2) == 0) {
            repeat_args(&pair->seed, events, count);
        }
        assert_int_equal(event_segment_count(segment), count);
        if (!event_segment_add(segment, &events[count])) {
            break;
        }
    }
    assert_int_equal(event_segment_count(segment), count);
    assert_true(event_store_adopt_take(pair->adopting, segment));
    assert_same_stores(pair->adopting, pair->plain, &pair->seed, false);
    for (size_t i = 0; i < count; i++) {
        reveal_one(pair, &events[i]);
    }
    assert_false(event_store_next_adopted(pair->adopting, &event));
}

TEST_WITH(segments_and_single_events_give_the_same_store, setup, teardown)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct pair pair;
        pair_init(&pair, seed);
        if (seed % 3 == 0) {
            uint64_t first = seed % 2 == 0 ? 1 : UINT64_C(1) << 40;
            event_store_number_from(pair.plain, first);
            event_store_number_from(pair.adopting, first);
        }
        for (int step = 0; step < 30; step++) {
            uint64_t n = support_random_below(&pair.seed, 4);
            if (n < 2) {
                adopt_one(&pair);
            }
            for (int i = 0; n == 2 && i < 50; i++) {
                append_both(&pair);
            }
            if (n == 3) {
                drop_both(&pair);
            }
            assert_same_stores(pair.adopting, pair.plain, &pair.seed, false);
        }
        assert_same_stores(pair.adopting, pair.plain, &pair.seed, true);
        pair_release(&pair);
    }
}

/* ---- sizes ---- */

static struct event sized_event(size_t args_len)
{
    return (struct event){.ph = 'i', .dur_us = (double)NAN, .args = {payload, args_len}};
}

TEST_WITH(an_event_larger_than_a_segment_has_room_in_an_empty_one_alone, setup, teardown)
{
    for (size_t len = 3500; len < PAYLOAD; len = len < 4200 ? len + 1 : len * 3) {
        struct pair pair;
        pair_init(&pair, len);
        struct event_segment *segment = event_segment_new(&pair.mem, 0);
        struct event event = sized_event(len), small = sized_event(10), got;
        assert_true(event_segment_add(segment, &event));
        assert_int_equal(event_segment_count(segment), 1);
        if (len > 4096) {
            assert_false(event_segment_add(segment, &small));
            assert_false(event_segment_add(segment, &event));
            assert_int_equal(event_segment_count(segment), 1);
        }
        assert_true(event_store_adopt_take(pair.adopting, segment));
        assert_true(event_store_next_adopted(pair.adopting, &got));
        assert_same_event(&got, &event);
        assert_int_equal(event_store_reveal(pair.adopting, 0, 0, 0), 1);
        assert_int_equal(event_store_append(pair.adopting, &small), 2);
        assert_true(event_store_get(pair.adopting, 1, &got));
        assert_same_event(&got, &event);
        pair_release(&pair);
    }
}

static size_t fill_segment(const struct mem *mem, size_t bytes)
{
    struct event_segment *segment = event_segment_new(mem, bytes);
    struct event event = sized_event(60);
    assert_non_null(segment);
    while (event_segment_add(segment, &event)) {
    }
    size_t count = event_segment_count(segment);
    event_segment_free(segment);
    return count;
}

/* (What is written beyond it, ASan sees.) */
TEST_WITH(a_segment_is_filled_to_its_last_byte_and_not_beyond, setup, teardown)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    size_t event_bytes = (1 << 20) / fill_segment(&mem, 1 << 20);
    for (size_t bytes = 4096; bytes < 4096 + 2 * event_bytes; bytes++) {
        failing.allow = 2; /* what a new one takes; it does not grow */
        assert_int_equal(fill_segment(&mem, bytes), bytes / event_bytes);
    }
    assert_int_equal(failing.live_blocks, 0);
}

/* There is no memory for one that is just small enough, but it is asked for. */
TEST_WITH(an_event_beyond_the_maximum_is_refused_unseen, setup, teardown)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct event_store *store = event_store_new(&mem);
    struct event_segment *segment = event_segment_new(&mem, 0);
    for (int field = 0; field < 3; field++) {
        for (size_t more = 0; more < 2; more++) {
            struct event event = {.ph = 'i', .dur_us = (double)NAN};
            struct slice *slices[] = {&event.args, &event.id, &event.extra};
            *slices[field] = (struct slice){payload, EVENT_MAX_BYTES + more};
            size_t calls = failing.calls;
            failing.allow = 0;
            assert_false(event_segment_add(segment, &event));
            assert_int_equal(failing.calls, calls + (more == 0));
            assert_int_equal(event_store_append(store, &event), 0);
            assert_true((failing.calls > calls + 1) == (more == 0));
            failing.allow = -1;
        }
    }
    assert_int_equal(event_segment_count(segment), 0);
    event_segment_free(segment);
    event_store_free(store);
    assert_int_equal(failing.live_blocks, 0);
}

TEST_WITH(a_segment_that_was_cut_short_gives_back_what_it_does_not_use, setup, teardown)
{
    struct pair pair;
    pair_init(&pair, 1);
    for (int i = 0; i < 20; i++) {
        struct event event = sized_event(50);
        struct event_segment *segment = event_segment_new(&pair.mem, 1 << 20);
        assert_true(event_segment_add(segment, &event));
        assert_true(event_store_adopt_take(pair.adopting, segment));
        assert_int_equal(event_store_reveal(pair.adopting, 1, 2, 3), i + 1);
    }
    assert_in_range(event_store_bytes(pair.adopting), 20 * 90, 20 * 200);
    assert_true(event_store_bytes(pair.adopting) <= pair.failing.live_bytes);
    event_store_drop(pair.adopting, 20);
    assert_int_equal(event_store_bytes(pair.adopting), 0);
    pair_release(&pair);
}

TEST_WITH(segments_without_events_leave_no_trace, setup, teardown)
{
    struct pair pair;
    pair_init(&pair, 3);
    for (int i = 0; i < 60; i++) {
        struct event metadata = {.ph = 'M', .ts_us = (double)NAN, .dur_us = (double)NAN}, event;
        struct event_segment *segment = event_segment_new(&pair.mem, 0);
        for (int n = i % 3; n > 0; n--) {
            assert_true(event_segment_add(segment, &metadata));
        }
        assert_true(event_store_adopt_take(pair.adopting, segment));
        for (int n = i % 3; n > 0; n--) {
            event_store_skip_adopted(pair.adopting);
        }
        assert_false(event_store_next_adopted(pair.adopting, &event));
        if (i % 2 == 0) {
            append_both(&pair);
        }
        if (i % 7 == 0) {
            drop_both(&pair);
        }
        assert_same_stores(pair.adopting, pair.plain, &pair.seed, true);
    }
    pair_release(&pair);
}

/* ---- lack of memory ---- */

/* Puts as many segments as memory allows; what could not be adopted is as it was and is adopted once there is memory again. */
static bool adopt_some(struct failing_mem *failing, const struct mem *mem,
                       struct event_store *store)
{
    uint64_t seed = 9;
    bool good = true;
    for (int i = 0; i < 20; i++) {
        struct event_segment *segment = event_segment_new(mem, 20000);
        struct event events[20], got;
        size_t count = 0;
        for (; segment != NULL && count < 20; count++) {
            events[count] = i % 5 == 4 ? sized_event(30000) : random_event(&seed);
            if (!event_segment_add(segment, &events[count])) {
                break;
            }
        }
        good = good && segment != NULL && count > 0;
        if (segment == NULL) {
            continue;
        }
        assert_int_equal(event_segment_count(segment), count);
        if (!event_store_adopt_take(store, segment)) {
            good = false;
            failing->allow = -1;
            assert_int_equal(event_segment_count(segment), count);
            assert_true(event_store_adopt_take(store, segment));
        }
        for (size_t n = 0; n < count; n++) {
            assert_true(event_store_next_adopted(store, &got));
            assert_same_event(&got, &events[n]);
            assert_true(event_store_reveal(store, 1, 1, 1) != 0);
        }
    }
    return good;
}

TEST_WITH(every_lack_of_memory_is_survived, setup, teardown)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct event_store *store = event_store_new(&lack.mem);
        lack.done = store != NULL && adopt_some(&lack.failing, &lack.mem, store);
        event_store_free(store);
    }
}

/* Giving back needs memory for a moment; without it the segment stays as large as it was made. */
TEST_WITH(a_segment_is_adopted_where_it_cannot_be_made_smaller, setup, teardown)
{
    struct pair pair;
    pair_init(&pair, 1);
    struct event event = sized_event(50), got;
    append_both(&pair);
    struct event_segment *segment = event_segment_new(&pair.mem, 100000);
    assert_true(event_segment_add(segment, &event));
    pair.failing.allow = 0;
    assert_true(event_store_adopt_take(pair.adopting, segment));
    assert_true(event_store_bytes(pair.adopting) >= 100000);
    assert_true(event_store_next_adopted(pair.adopting, &got));
    assert_same_event(&got, &event);
    assert_int_equal(event_store_reveal(pair.adopting, 0, 0, 0), 2);
    assert_true(event_store_get(pair.adopting, 2, &got));
    assert_same_event(&got, &event);
    pair_release(&pair);
}

/* ---- args that are kept once ---- */

static struct event plain_event(char ph, const char *args)
{
    return (struct event){
        .ph = ph, .ts_us = 1, .dur_us = (double)NAN, .name = 3, .args = {args, strlen(args)}};
}

static const char begun[] = "{\"tool\":\"Bash\",\"command\":\"make -j8 all install\"}";
static const char ended[] =
    "{\"tool\":\"Bash\",\"command\":\"make -j8 all install\",\"success\":true}";

static struct event_store *adopt_pairs(const struct mem *mem, size_t count, const char *args)
{
    struct event_store *store = event_store_new(mem);
    struct event_segment *segment = event_segment_new(mem, count * 300);
    struct event begin = plain_event('B', begun), end = plain_event('E', args), got;
    for (size_t i = 0; i < count; i++) {
        assert_true(event_segment_add(segment, &begin));
        assert_true(event_segment_add(segment, &end));
    }
    assert_true(event_store_adopt_take(store, segment));
    while (event_store_next_adopted(store, &got)) {
        assert_same_event(&got, got.ph == 'B' ? &begin : &end);
        event_store_reveal(store, 3, 0, 0);
    }
    return store;
}

TEST(args_that_an_end_repeats_are_kept_once)
{
    enum { PAIRS = 10000 };
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    char other[sizeof ended];
    memcpy(other, ended, sizeof ended);
    other[2] = 'x';
    struct event_store *same = adopt_pairs(&mem, PAIRS, ended);
    struct event_store *apart = adopt_pairs(&mem, PAIRS, other);
    size_t room = EVENT_SHARED_MAX * (EVENT_ARGS_KEPT + 1);
    assert_true(event_store_bytes(same) <
                event_store_bytes(apart) + room - PAIRS * (strlen(begun) - 20));
    event_store_free(same);
    event_store_free(apart);
    assert_int_equal(failing.live_blocks, 0);
}

TEST(an_end_keeps_its_args_when_its_begin_is_dropped)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct event_store *store = adopt_pairs(&mem, 100, ended);
    struct event end = plain_event('E', ended), got;
    for (uint64_t no = 2; no <= 200; no += 2) {
        event_store_drop(store, event_store_count(store) - (size_t)(201 - no));
        assert_false(event_store_get(store, no - 1, &got));
        assert_true(event_store_get(store, no, &got));
        assert_same_event(&got, &end);
    }
    event_store_free(store);
    assert_int_equal(failing.live_blocks, 0);
}

TEST(args_that_were_put_together_stay_for_some_events)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct event_store *store = event_store_new(&mem);
    struct event_segment *segment = event_segment_new(&mem, 1 << 20);
    static char text[EVENT_SHARED_MAX];
    memset(text, 'x', sizeof text);
    struct event begin = {.ph = 'B', .dur_us = (double)NAN, .args = {text, sizeof text - 1}};
    struct event end = {.ph = 'E', .dur_us = (double)NAN, .args = {text, sizeof text}};
    struct event got[EVENT_ARGS_KEPT + 1];
    for (int i = 0; i < 60; i++) {
        text[sizeof text - 2] = (char)i;
        begin.args.bytes = end.args.bytes = text;
        assert_true(event_segment_add(segment, &begin));
        assert_true(event_segment_add(segment, &end));
    }
    assert_true(event_store_adopt_take(store, segment));
    while (event_store_next_adopted(store, &got[0])) {
        event_store_reveal(store, 0, 0, 0);
    }
    for (uint64_t from = 0; from + EVENT_ARGS_KEPT < 60; from++) {
        for (uint64_t i = 0; i <= EVENT_ARGS_KEPT; i++) {
            assert_true(event_store_get(store, 2 * (from + i) + 2, &got[i]));
        }
        for (uint64_t i = 0; i <= EVENT_ARGS_KEPT; i++) {
            assert_int_equal(got[i].args.bytes[sizeof text - 2], (char)(from + i));
        }
    }
    event_store_free(store);
    assert_int_equal(failing.live_blocks, 0);
}
