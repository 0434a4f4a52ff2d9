/* core/event_store: numbers, contents and memory through appending, dropping and putting a marker in front. */
#include "tests/support/support.h"

#include "core/trace/event_store.h"
#include "tests/support/failing_mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct event numbered(unsigned n, char *args, size_t size)
{
    int len = snprintf(args, size, "{\"n\":%u,\"pad\":\"%0*u\"}", n, (int)(n % 50), n);
    return (struct event){.ph = 'i',
                          .ts_us = n,
                          .dur_us = n % 2 ? (double)NAN : 2.5,
                          .name = n + 1,
                          .track = n % 7,
                          .id = {n % 3 ? NULL : "\"id\"", n % 3 ? 0 : 4},
                          .args = {args, (size_t)len}};
}

static void check(const struct event_store *store, uint64_t number, unsigned n)
{
    char args[128];
    struct event want = numbered(n, args, sizeof args), got;
    assert_true(event_store_get(store, number, &got));
    assert_true(got.ts_us == want.ts_us);
    assert_int_equal(got.name, want.name);
    assert_int_equal(got.track, want.track);
    assert_int_equal(got.id.len, want.id.len);
    assert_int_equal(got.args.len, want.args.len);
    assert_memory_equal(got.args.bytes, want.args.bytes, want.args.len);
    assert_true(isnan(got.dur_us) == isnan(want.dur_us));
}

static struct event_store *filled(unsigned count)
{
    struct event_store *store = event_store_new(&mem_libc);
    for (unsigned n = 1; n <= count; n++) {
        char args[128];
        struct event event = numbered(n, args, sizeof args);
        assert_int_equal(event_store_append(store, &event), n);
    }
    return store;
}

TEST(gives_back_what_was_appended)
{
    struct event_store *store = filled(50000);
    for (unsigned n = 1; n <= 50000; n += 7) {
        check(store, n, n);
    }
    struct event event;
    assert_false(event_store_get(store, 0, &event));
    assert_false(event_store_get(store, 50001, &event));
    event_store_free(store);
}

TEST(takes_an_event_larger_than_a_segment)
{
    struct event_store *store = filled(10);
    size_t len = 10 * 1000 * 1000;
    char *args = malloc(len);
    memset(args, 'x', len);
    struct event big = {.ph = 'i', .args = {args, len}}, got;
    assert_int_equal(event_store_append(store, &big), 11);
    assert_true(event_store_get(store, 11, &got));
    assert_int_equal(got.args.len, len);
    assert_int_equal(got.args.bytes[len - 1], 'x');
    check(store, 10, 10);
    free(args);
    event_store_free(store);
}

TEST(drops_the_oldest_and_frees_their_memory)
{
    struct event_store *store = filled(50000);
    size_t before = event_store_bytes(store);
    event_store_drop(store, 49000);
    assert_int_equal(event_store_first(store), 49001);
    assert_int_equal(event_store_count(store), 1000);
    assert_true(event_store_bytes(store) < before / 2);
    struct event event;
    assert_false(event_store_get(store, 49000, &event));
    check(store, 49001, 49001);
    check(store, 50000, 50000);
    event_store_free(store);
}

TEST(puts_a_marker_in_the_place_of_what_went)
{
    struct event_store *store = filled(100);
    char args[128];
    struct event marker = numbered(7777, args, sizeof args);
    event_store_drop(store, 50);
    assert_int_equal(event_store_unshift(store, &marker), 50);
    assert_int_equal(event_store_first(store), 50);
    assert_int_equal(event_store_count(store), 51);
    check(store, 50, 7777);
    event_store_drop(store, 2); /* the marker is the oldest */
    assert_int_equal(event_store_first(store), 52);
    check(store, 52, 52);
    event_store_free(store);
}

TEST(remembers_spans)
{
    struct event_store *store = filled(3);
    assert_int_equal(event_store_span(store, 2), NO_SPAN);
    event_store_set_span(store, 2, 42);
    assert_int_equal(event_store_span(store, 2), 42);
    assert_int_equal(event_store_span(store, 99), NO_SPAN);
    event_store_free(store);
}

TEST(survives_every_lack_of_memory)
{
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct event_store *store = event_store_new(&lack.mem);
        unsigned n = 0;
        while (store != NULL && n < 300) {
            char args[128];
            struct event event = numbered(n + 1, args, sizeof args);
            if (event_store_append(store, &event) == 0) {
                break;
            }
            n++;
        }
        lack.done = n == 300;
        event_store_free(store);
    }
}

/* What is in the store is final: a function that changes or voids an event has no row here. */
TEST(the_header_offers_nothing_that_changes_an_event)
{
    static const char *const offered[] = {
        "new",          "free", "number_from", "append",   "adopt_take", "next_adopted",   "reveal",
        "skip_adopted", "get",  "span",        "set_span", "first",      "first_appended", "end",
        "count",        "drop", "unshift",     "bytes",
    };
    char *header = support_read_file(support_tests("../core/trace/event_store.h"), NULL);
    static const char prefix[] = "event_store_";
    for (const char *at = header; (at = strstr(at, prefix)) != NULL; at++) {
        const char *name = at + sizeof prefix - 1;
        size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz_"), i = 0;
        if (name[len] != '(') {
            continue;
        }
        while (i < sizeof offered / sizeof *offered &&
               !(strlen(offered[i]) == len && memcmp(offered[i], name, len) == 0)) {
            i++;
        }
        if (i == sizeof offered / sizeof *offered) {
            fail_msg("event_store_%.*s: may it change an event?", (int)len, name);
        }
    }
    free(header);
}
