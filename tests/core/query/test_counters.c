/* Counters over time: whose they are, what each stretch says, what an eviction and a lack of memory leave. */
#include "core/query/counters.h"
#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECOND 1000000000LL

static void tell(struct model *model, const struct mem *mem)
{
    assert_true(model_init(model, mem));
    assert_true(model_open_file(model, "s"));
    assert_true(model_events(
        model,
        "{\"name\":\"queue\",\"ph\":\"C\",\"ts\":1000000,\"pid\":1,\"args\":{\"len\":3,\"by\\u0074es\":-5,\"text\":\"x\"}} "
        "{\"name\":\"queue\",\"ph\":\"C\",\"ts\":1900000,\"pid\":1,\"args\":{\"len\":4}} "
        "{\"name\":\"queue\",\"ph\":\"C\",\"ts\":4000000,\"pid\":1,\"args\":{\"len\":1e400}} "
        "{\"name\":\"queue\",\"ph\":\"C\",\"ts\":5000000,\"pid\":2,\"args\":{\"len\":7}} "
        "{\"name\":\"queue\",\"ph\":\"C\",\"ts\":6000000,\"pid\":1,\"args\":{\"len\":0}} "
        "{\"name\":\"none\",\"ph\":\"C\",\"ts\":6000000,\"pid\":1,\"args\":{}} "
        "{\"name\":\"none\",\"ph\":\"C\",\"ts\":6000000,\"pid\":1,\"args\":\"len\"} "
        "{\"name\":\"none\",\"ph\":\"C\",\"ts\":6000000,\"pid\":1,\"args\":[1,2]} "
        "{\"name\":\"none\",\"ph\":\"C\",\"ts\":6000000,\"pid\":1,\"args\":17} "
        "{\"name\":\"none\",\"ph\":\"C\",\"ts\":6000000,\"pid\":1}"));
}

static void check_values(const struct counter *counter, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i])) {
            assert_true(isnan(counter->values[i]));
        } else {
            assert_true(counter->values[i] == values[i]);
        }
    }
}

TEST(a_value_holds_until_the_next)
{
    static const double len[] = {NAN, 4, 4, 4, 4, 4, 0, 0}, bytes[] = {NAN, -5, -5, -5},
                        other[] = {NAN, NAN, NAN, NAN, NAN, 7, 7, 7};
    struct model model;
    struct counters counters;
    tell(&model, &mem_libc);
    assert_true(counters_compute(model.swarm, MODEL_START_NS, SECOND, 8, &counters));
    assert_int_equal(counters.count, 3);
    assert_string_equal(counters.items[0].key.data, "len");
    assert_string_equal(counters.items[1].key.data, "bytes");
    assert_string_equal(swarm_text(model.swarm, counters.items[0].name), "queue");
    check_values(&counters.items[0], len, 8);
    check_values(&counters.items[1], bytes, 4);
    check_values(&counters.items[2], other, 8);
    assert_true(counters.items[0].last == 0 && counters.items[0].max == 4 &&
                counters.items[0].min == 0);
    assert_int_not_equal(counters.items[0].agent, counters.items[2].agent);
    counters_release(&counters);
    model_release(&model);
}

TEST(the_least_and_the_greatest_are_of_all_values)
{
    struct model model;
    struct counters counters;
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_file(&model, "s"));
    assert_true(model_events(
        &model, "{\"name\":\"queue\",\"ph\":\"C\",\"ts\":1000000,\"pid\":1,\"args\":{\"len\":3}} "
                "{\"name\":\"queue\",\"ph\":\"C\",\"ts\":1900000,\"pid\":1,\"args\":{\"len\":-2}} "
                "{\"name\":\"queue\",\"ph\":\"C\",\"ts\":4000000,\"pid\":1,\"args\":{\"len\":5}} "
                "{\"name\":\"queue\",\"ph\":\"C\",\"ts\":5000000,\"pid\":1,\"args\":{\"len\":1}}"));
    assert_true(counters_compute(model.swarm, MODEL_START_NS, SECOND, 8, &counters));
    assert_true(counters.items[0].min == -2 && counters.items[0].max == 5 &&
                counters.items[0].last == 1);
    counters_release(&counters);
    model_release(&model);
}

TEST(what_was_before_counts_for_the_first_stretch)
{
    struct model model;
    struct counters counters;
    tell(&model, &mem_libc);
    assert_true(counters_compute(model.swarm, MODEL_START_NS + 3 * SECOND, SECOND, 2, &counters));
    assert_int_equal(counters.count, 2);
    assert_true(counters.items[0].values[0] == 4 && counters.items[0].values[1] == 4);
    counters_release(&counters);
    model_release(&model);
}

TEST(what_goes_out_of_memory_is_no_longer_there)
{
    struct model model;
    struct counters counters;
    tell(&model, &mem_libc);
    assert_true(swarm_keep_range(model.swarm, POOL_FILES, MODEL_START_NS + 5 * SECOND,
                                 MODEL_START_NS + 9 * SECOND, true));
    assert_true(counters_compute(model.swarm, MODEL_START_NS, SECOND, 8, &counters));
    assert_int_equal(counters.count, 2);
    assert_true(counters.items[0].values[5] == 7);
    counters_release(&counters);
    model_release(&model);
}

TEST(too_many_are_counted)
{
    struct model model;
    struct counters counters;
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_file(&model, "s"));
    for (int i = 0; i < COUNTERS_MAX + 5; i++) {
        char event[120];
        snprintf(event, sizeof event,
                 "{\"name\":\"c%d\",\"ph\":\"C\",\"ts\":1,\"pid\":1,\"args\":{\"v\":1}}", i);
        assert_true(model_events(&model, event));
    }
    assert_true(counters_compute(model.swarm, MODEL_START_NS, SECOND, 3, &counters));
    assert_int_equal(counters.count, COUNTERS_MAX);
    assert_int_equal(counters.left_out, 5);
    counters_release(&counters);
    model_release(&model);
}

TEST(without_memory_it_says_so)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct model model;
    struct counters counters;
    bool done = false;
    tell(&model, &mem);
    for (long allow = 0; !done; allow++) {
        size_t before = failing.live_blocks;
        failing.allow = allow;
        done = counters_compute(model.swarm, MODEL_START_NS, SECOND, 8, &counters);
        failing.allow = -1;
        counters_release(&counters);
        assert_int_equal(failing.live_blocks, before);
    }
    model_release(&model);
}

TEST(a_process_has_one_counter_of_a_name_and_id)
{
    struct model model;
    struct counters counters;
    assert_true(model_init(&model, &mem_libc) && model_open_trace(&model, "t"));
    assert_true(model_events(
        &model,
        "{\"name\":\"q\",\"ph\":\"C\",\"ts\":0,\"pid\":1,\"tid\":1,\"id\":\"rx\",\"args\":{\"len\":10}} "
        "{\"name\":\"q\",\"ph\":\"C\",\"ts\":0,\"pid\":1,\"tid\":1,\"id\":\"tx\",\"args\":{\"len\":50}} "
        "{\"name\":\"two\",\"ph\":\"C\",\"ts\":0,\"pid\":1,\"tid\":1,\"args\":{\"a\":1}} "
        "{\"name\":\"two\",\"ph\":\"C\",\"ts\":1000000,\"pid\":1,\"tid\":2,\"args\":{\"a\":2}} "
        "{\"name\":\"two\",\"ph\":\"C\",\"ts\":0,\"pid\":2,\"tid\":1,\"args\":{\"a\":7}} "
        "{\"name\":\"str\",\"ph\":\"C\",\"ts\":0,\"pid\":1,\"args\":{\"v\":\"25.7\",\"w\":\"x\",\"y\":\"nan\"}}"));
    assert_true(counters_compute(model.swarm, MODEL_START_NS, SECOND, 2, &counters));
    static const struct {
        const char *id, *key;
        double first, last;
    } rows[] = {{"\"rx\"", "len", 10, 10},
                {"\"tx\"", "len", 50, 50},
                {"", "a", 1, 2},
                {"", "a", 7, 7},
                {"", "v", 25.7, 25.7}};
    assert_int_equal(counters.count, sizeof rows / sizeof *rows);
    for (size_t i = 0; i < counters.count; i++) {
        assert_string_equal(counters.items[i].id.len > 0 ? counters.items[i].id.data : "",
                            rows[i].id);
        assert_string_equal(counters.items[i].key.data, rows[i].key);
        assert_true(counters.items[i].values[0] == rows[i].first);
        assert_true(counters.items[i].values[1] == rows[i].last);
    }
    counters_release(&counters);
    model_release(&model);
}
