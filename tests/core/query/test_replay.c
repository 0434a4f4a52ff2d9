/* The past of a model, at once and little by little. */
#include "core/query/replay.h"
#include "tests/support/failing_mem.h"
#include "tests/support/model.h"
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <stdlib.h>
#include <string.h>

static struct swarm *empty(void)
{
    struct swarm_config config = {.max_events = {0, 0}};
    struct swarm *swarm = swarm_new(&mem_libc, &config);
    assert_non_null(swarm);
    return swarm;
}

/* Two agents whose requests overlap, with their phases, which are written at their ends; one that comes later. */
static void tell(struct model *model, const struct mem *mem)
{
    assert_true(model_init(model, mem));
    assert_true(model_open_file(model, "s"));
    assert_true(model_events(
        model,
        "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"tid\":0,\"args\":{\"name\":\"main\"}},"
        "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":2,\"tid\":0,\"args\":{\"name\":\"late\"}},"
        "{\"name\":\"API Call\",\"cat\":\"api\",\"ph\":\"B\",\"ts\":1000,\"pid\":1,\"tid\":1},"
        "{\"name\":\"Tool: Bash\",\"cat\":\"tool\",\"ph\":\"X\",\"ts\":2000000,\"dur\":3000000,\"pid\":2,\"tid\":2},"
        "{\"name\":\"First Token\",\"cat\":\"api,ttft\",\"ph\":\"B\",\"ts\":1000,\"pid\":1,\"tid\":1},"
        "{\"name\":\"First Token\",\"cat\":\"api,ttft\",\"ph\":\"E\",\"ts\":500000,\"pid\":1,\"tid\":1},"
        "{\"name\":\"Sampling\",\"cat\":\"api,sampling\",\"ph\":\"B\",\"ts\":500000,\"pid\":1,\"tid\":1},"
        "{\"name\":\"Sampling\",\"cat\":\"api,sampling\",\"ph\":\"E\",\"ts\":4000000,\"pid\":1,\"tid\":1},"
        "{\"name\":\"API Call\",\"cat\":\"api\",\"ph\":\"E\",\"ts\":4000000,\"pid\":1,\"tid\":1,"
        "\"args\":{\"success\":true,\"ttft_ms\":499,\"output_tokens\":90}},"
        "{\"name\":\"note\",\"cat\":\"x\",\"ph\":\"i\",\"ts\":6000000,\"pid\":1,\"tid\":1}"));
}

static void expect_same(const struct swarm *a, const struct swarm *b)
{
    char *left = model_describe(a), *right = model_describe(b);
    assert_string_equal(left, right);
    free(left);
    free(right);
}

TEST(little_by_little_it_comes_to_the_same)
{
    struct model model;
    struct swarm *slow = empty();
    tell(&model, &mem_libc);
    struct replay *replay = replay_new(model.swarm, slow);
    assert_non_null(replay);
    for (double ms = 0; ms <= 7000; ms += 250) {
        struct swarm *at_once = empty();
        assert_true(replay_advance(replay, model_ns(ms)));
        assert_true(replay_until(model.swarm, at_once, model_ns(ms)));
        expect_same(at_once, slow);
        swarm_free(at_once);
    }
    assert_int_equal(replay_events(replay), 10);
    replay_free(replay);
    swarm_free(slow);
    model_release(&model);
}

static unsigned count(const struct swarm *swarm, enum span_kind kind, bool open)
{
    unsigned n = 0;
    for (span_no no = swarm_span_begin(swarm); no < swarm_span_end(swarm); no++) {
        const struct span *span = swarm_span(swarm, no);
        n += span != NULL && span->kind == kind && ((span->flags & SPAN_OPEN) != 0) == open;
    }
    return n;
}

static size_t agents(const struct swarm *swarm)
{
    size_t n = 0;
    for (size_t i = 0; i < swarm_agent_count(swarm); i++) {
        n += (swarm_agent(swarm, (agent_no)i)->flags & (AGENT_DEAD | AGENT_GROUP)) == 0;
    }
    return n;
}

TEST(an_agent_has_its_name_from_its_first_moment_on)
{
    struct model model;
    const struct model_span span = {1, "Tool: Bash", "tool", 100, 200, NULL, NULL};
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_file(&model, "s") && model_name(&model, 1, "main"));
    assert_true(model_add(&model, &span));
    for (int ms = 99; ms <= 100; ms++) {
        struct model past;
        assert_true(model_init(&past, &mem_libc));
        assert_true(replay_until(model.swarm, past.swarm, model_ns(ms)));
        bool named = false;
        for (agent_no i = 0; i < swarm_agent_count(past.swarm); i++) {
            const char *name = swarm_text(past.swarm, swarm_agent(past.swarm, i)->name);
            named |= strcmp(name, "main") == 0;
        }
        assert_int_equal(named, ms == 100);
        model_release(&past);
    }
    model_release(&model);
}

TEST(what_ran_then_is_in_flight)
{
    struct model model;
    struct swarm *past = empty();
    tell(&model, &mem_libc);
    struct replay *replay = replay_new(model.swarm, past);
    assert_true(replay_advance(replay, model_ns(1500)));
    assert_int_equal(agents(past), 1); /* nobody knows of the other one */
    assert_int_equal(count(past, SPAN_REQUEST, true), 1);
    assert_int_equal(count(past, SPAN_FIRST_TOKEN, false), 0); /* known with the request's end */
    assert_true(replay_advance(replay, model_ns(3000)));
    assert_int_equal(agents(past), 2);
    assert_int_equal(count(past, SPAN_TOOL, true), 1);
    assert_true(replay_advance(replay, model_ns(4500)));
    assert_int_equal(count(past, SPAN_REQUEST, false), 1);
    assert_int_equal(count(past, SPAN_FIRST_TOKEN, false), 1);
    assert_int_equal(count(past, SPAN_TOOL, true), 1);
    assert_false(swarm_session(past, 0)->flags & SESSION_FINISHED);
    assert_true(replay_advance(replay, model_ns(6000)));
    assert_int_equal(count(past, SPAN_TOOL, false), 1);
    assert_true(swarm_session(past, 0)->flags & SESSION_FINISHED);
    replay_free(replay);
    swarm_free(past);
    model_release(&model);
}

/* Whichever allocation fails: it says so or it is all there, and nothing is kept. */
TEST(where_there_is_no_memory_it_says_so)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct swarm_config config = {.max_events = {0, 0}};
    struct model model;
    bool done = false;
    tell(&model, &mem);
    for (long allow = 0; !done; allow++) {
        size_t before = failing.live_blocks;
        struct swarm *past = swarm_new(&mem, &config);
        failing.allow = allow;
        done = replay_until(model.swarm, past, model_ns(7000));
        failing.allow = -1;
        if (done) {
            assert_int_equal(count(past, SPAN_TOOL, false), 1);
        }
        swarm_free(past);
        assert_int_equal(failing.live_blocks, before);
    }
    model_release(&model);
}

/* ---- records ---- */

/* Calls that updates report: parallel tools, a request with phases, a sub-agent that comes later, a call that nothing
   ends, and one of no length. */
static void tell_updates(struct model *model, const struct mem *mem)
{
    struct update request = request_update("r", 0, 4000);
    struct update agent = agent_update(PRECEDENCE_FILES, "late");
    struct update tools[] = {tool_update("a", 1000, 3000, "Bash", "{\"command\":\"ls\"}"),
                             tool_update("b", 1000, 2500, "Bash", "{\"command\":\"ls\"}"),
                             tool_update("c", 2000, 6000, "Read", NULL),
                             tool_update("d", 5000, 5000, "Touch", NULL),
                             tool_update("e", 5500, UNKNOWN, "Open", NULL)};
    assert_true(model_init(model, mem));
    update_number(&request, FIELD_TTFT_MS, 500);
    update_number(&request, FIELD_OUTPUT_TOKENS, 90);
    update_bool(&request, FIELD_SUCCESS, TRI_TRUE);
    update_string(&agent, FIELD_TYPE, "Explore");
    update_string(&agent, FIELD_DESCRIPTION, "Look around");
    model_update(model, &request);
    model_update(model, &agent);
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        if (i == 2) {
            tools[i].agent_id = model_text("late");
        }
        model_update(model, &tools[i]);
    }
    model_flush(model);
}

static const struct span *span_of(const struct swarm *swarm, const char *name)
{
    for (span_no no = swarm_span_begin(swarm); no < swarm_span_end(swarm); no++) {
        const struct span *span = swarm_span(swarm, no);
        if (span != NULL && strcmp(swarm_text(swarm, span->name), name) == 0) {
            return span;
        }
    }
    return NULL;
}

TEST(records_are_replayed_to_the_same_model)
{
    struct model model;
    struct swarm *slow = empty(), *at_once = empty();
    tell_updates(&model, &mem_libc);
    struct replay *replay = replay_new(model.swarm, slow);
    for (double ms = 0; ms <= 7000; ms += 250) {
        assert_true(replay_advance(replay, model_ns(ms)));
    }
    assert_true(replay_until(model.swarm, at_once, model_ns(7000)));
    unsigned with = WITH_LANES | WITH_MARKERS;
    char *expected = updates_describe(model.swarm, with);
    char *got = updates_describe(slow, with), *got_at_once = updates_describe(at_once, with);
    assert_described(expected, got, "little by little");
    assert_described(expected, got_at_once, "at once");
    free(expected);
    free(got);
    free(got_at_once);
    replay_free(replay);
    swarm_free(slow);
    swarm_free(at_once);
    model_release(&model);
}

TEST(a_record_is_in_flight_from_its_start_to_its_end)
{
    struct model model;
    struct swarm *past = empty();
    tell_updates(&model, &mem_libc);
    struct replay *replay = replay_new(model.swarm, past);
    assert_true(replay_advance(replay, model_ns(1500)));
    assert_int_equal(agents(past), 1);
    assert_int_equal(count(past, SPAN_TOOL, true), 2);
    assert_int_equal(count(past, SPAN_REQUEST, true), 1);
    assert_int_equal(count(past, SPAN_FIRST_TOKEN, false), 0);
    assert_null(span_of(past, "Tool: Read"));
    assert_true(replay_advance(replay, model_ns(4500)));
    assert_int_equal(agents(past), 2);
    assert_int_equal(count(past, SPAN_TOOL, true), 1);
    assert_int_equal(count(past, SPAN_FIRST_TOKEN, false), 1);
    const struct agent *late = swarm_agent(past, span_of(past, "Tool: Read")->agent);
    assert_string_equal(swarm_text(past, late->name), "Explore");
    replay_free(replay);
    swarm_free(past);
    model_release(&model);
}

TEST(records_without_memory_say_so)
{
    struct failing_mem failing = {.allow = -1};
    struct mem mem = failing_mem(&failing);
    struct swarm_config config = {.max_events = {0, 0}};
    struct model model;
    bool done = false;
    tell_updates(&model, &mem);
    for (long allow = 0; !done; allow++) {
        size_t before = failing.live_blocks;
        struct swarm *past = swarm_new(&mem, &config);
        failing.allow = allow;
        done = replay_until(model.swarm, past, model_ns(7000));
        failing.allow = -1;
        if (done) {
            assert_non_null(span_of(past, "Tool: Touch"));
        }
        swarm_free(past);
        assert_int_equal(failing.live_blocks, before);
    }
    model_release(&model);
}
