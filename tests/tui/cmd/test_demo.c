/* The simulated swarm: its story depends on the seed only, is a valid feed, and uses every feature.
   */
#include "tests/support/support.h"
#include "tui/cmd/demo_story.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 1760625065000.0

static struct story *story_of(unsigned agents, uint64_t seed, bool endless)
{
    const struct story_options options = {
        .agents = agents, .seed = seed, .start_ms = START_MS, .endless = endless, .branch = "@"};
    struct story *story = story_new(&mem_libc, &options);
    assert_non_null(story);
    return story;
}

/* Counts of a whole story. */
struct facts {
    size_t lines, sessions, retries, waits, tool_errors, nested, instants, counters, first_tokens,
        progresses, open;
    unsigned at_work, most_at_work;
    double end_ms;
};

static bool is(const char *op, const char *name)
{
    return strcmp(op, name) == 0;
}

static void take(struct facts *f, const json_t *line)
{
    const char *op = json_string_value(json_object_get(line, "op"));
    const json_t *success = json_object_get(line, "success"),
                 *parent = json_object_get(line, "parent_agent_id");
    f->lines++;
    f->sessions += is(op, "hello");
    f->retries += is(op, "attempt");
    f->waits += is(op, "start_user_input");
    f->tool_errors += is(op, "end_tool") && json_is_false(success);
    f->nested += is(op, "register_agent") && strncmp(json_string_value(parent), "agent-", 6) == 0;
    f->instants += is(op, "instant");
    f->counters += is(op, "counter");
    f->first_tokens += is(op, "first_token");
    f->progresses += is(op, "progress");
    f->open += strncmp(op, "start_", 6) == 0;
    f->open -= strncmp(op, "end_", 4) == 0 && !is(op, "end_session");
    f->at_work += is(op, "hello") || is(op, "register_agent");
    f->at_work -= is(op, "unregister_agent");
    if (f->at_work > f->most_at_work) {
        f->most_at_work = f->at_work;
    }
}

static void tell(struct story *story, struct facts *facts)
{
    struct story_line line;
    memset(facts, 0, sizeof *facts);
    while (story_next(story, &line)) {
        json_t *json = json_loadb(line.text, line.len, 0, NULL);
        assert_non_null(json);
        assert_true(line.text[line.len - 1] == '\n');
        assert_true(line.t_ms >= facts->end_ms);
        facts->end_ms = line.t_ms;
        take(facts, json);
        json_decref(json);
    }
    story_free(story);
}

TEST(a_seed_is_a_story)
{
    struct story *a = story_of(8, 7, true), *b = story_of(8, 7, true), *c = story_of(8, 8, true);
    struct story_line x, y, z;
    bool same = true;
    for (int i = 0; i < 2000; i++) {
        assert_true(story_next(a, &x) && story_next(b, &y) && story_next(c, &z));
        assert_int_equal(x.len, y.len);
        assert_memory_equal(x.text, y.text, x.len);
        same &= x.len == z.len && memcmp(x.text, z.text, x.len) == 0;
    }
    assert_false(same);
    story_free(a);
    story_free(b);
    story_free(c);
}

TEST(the_default_story_has_something_of_everything)
{
    struct facts f;
    tell(story_of(8, 1, false), &f);
    assert_int_equal(f.sessions, 3);
    assert_int_equal(f.most_at_work, 8);
    assert_true(f.retries > 0 && f.waits > 0 && f.tool_errors > 0 && f.nested > 0);
    assert_true(f.counters > 0 && f.first_tokens > 10 && f.progresses > 10);
}

TEST(it_ends_by_itself_in_time)
{
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct facts f;
        tell(story_of(8, seed, false), &f);
        assert_true(f.end_ms <= STORY_MS);
        assert_true(f.lines > 100);
        assert_true(f.most_at_work <= 8);
    }
}

TEST(there_are_as_many_agents_as_asked_for)
{
    static const unsigned counts[] = {1, 2, 3, 20, 1000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct facts f;
        tell(story_of(counts[i], 1, false), &f);
        assert_true(f.most_at_work <= counts[i]);
        assert_true(f.most_at_work * 10 >= counts[i] * 8);
    }
}

TEST(an_endless_one_goes_on)
{
    struct story *story = story_of(4, 3, true);
    struct story_line line = {0};
    while (line.t_ms < 3600000) {
        assert_true(story_next(story, &line));
    }
    story_free(story);
}

/* The feed accepts every line. */
TEST(it_is_a_good_feed)
{
    const char *path = support_path(support_tmpdir(), "story.ndjson");
    const char *argv[] = {support_program(), "report", "--json", path, NULL};
    struct story *story = story_of(20, 5, false);
    struct story_line line;
    struct support_run run;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    while (story_next(story, &line)) {
        fwrite(line.text, 1, line.len, file);
    }
    fclose(file);
    story_free(story);
    support_run(&run, argv, NULL, 0, 120000);
    assert_int_equal(run.status, 0);
    json_t *report = json_loads(run.out, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(report, "events"), "bad")),
                     0);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(report, "spans"), "orphan_ends")), 0);
    json_decref(report);
    support_run_release(&run);
}

/* Fails the Nth allocation. */
struct failing {
    size_t left;
    size_t held;
};

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    struct failing *f = ctx;
    if (new_size == 0) {
        f->held -= old_size;
        free(ptr);
        return NULL;
    }
    if (f->left == 0) {
        return NULL;
    }
    f->left--;
    f->held += new_size - old_size;
    return realloc(ptr, new_size);
}

TEST(a_lack_of_memory_ends_it_cleanly)
{
    const struct story_options options = {
        .agents = 8, .seed = 1, .start_ms = START_MS, .branch = "@"};
    for (size_t n = 0;; n += 1 + n / 16) {
        struct failing failing = {.left = n};
        const struct mem mem = {resize, &failing};
        struct story *story = story_new(&mem, &options);
        struct story_line line;
        while (story != NULL && story_next(story, &line)) {
            ;
        }
        story_free(story);
        assert_int_equal(failing.held, 0);
        if (failing.left > 0) {
            break;
        }
    }
}
