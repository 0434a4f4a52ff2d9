/* Which agent a call started: by its id, else by times and texts. */
#include "core/analysis/call_children.h"

#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <stdio.h>

static void add_agent(struct model *model, const char *id, const char *description, double start)
{
    struct update update = agent_update(PRECEDENCE_FILES, id), call;
    char request[40];
    update_string(&update, FIELD_PARENT_AGENT_ID, "s");
    update_string(&update, FIELD_TYPE, "Explore");
    update_string(&update, FIELD_DESCRIPTION, description);
    model_update(model, &update);
    snprintf(request, sizeof request, "request of %s", id);
    call = request_update(request, start, start + 10);
    call.agent_id = model_text(id);
    model_update(model, &call);
}

static void add_call(struct model *model, const char *id, double start, double end,
                     const char *args, const char *child)
{
    struct update update = tool_update(id, start, end, "Agent", args);
    update_string(&update, FIELD_CHILD_AGENT_ID, child);
    model_update(model, &update);
}

/* The id of the agent that the n-th call started; "": none. */
static const char *child_of(const struct model *model, unsigned n)
{
    struct call_children children;
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    assert_true(call_children_init(&children, model->swarm));
    span_no call = model_span(model, "Tool: Agent", n);
    agent_no child = call_children_of(&children, call, MODEL_START_NS, &text);
    call_children_release(&children);
    strbuf_release(&text);
    return child == NO_AGENT ? ""
                             : swarm_text(model->swarm, swarm_agent(model->swarm, child)->agent_id);
}

TEST(a_call_starts_the_agent_that_it_names)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_START_MS, at_ms(0));
    model_update(&model, &session);
    add_agent(&model, "a", "one", 100);
    add_agent(&model, "b", "two", 110);
    add_call(&model, "1", 90, 200, NULL, "b");
    add_call(&model, "2", 95, 200, NULL, "nobody");
    model_flush(&model);
    assert_string_equal(child_of(&model, 0), "b");
    assert_string_equal(child_of(&model, 1), "");
    model_release(&model);
}

TEST(a_call_without_a_name_starts_the_agent_that_it_describes_or_the_next)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_START_MS, at_ms(0));
    model_update(&model, &session);
    add_agent(&model, "a", "one", 100);
    add_agent(&model, "b", "two", 110);
    add_agent(&model, "late", "two", 900);
    add_call(&model, "1", 90, 200, "{\"description\":\"two\"}", NULL);
    add_call(&model, "2", 95, 200, "{\"description\":\"three\"}", NULL);
    add_call(&model, "3", 300, 400, "{\"description\":\"two\"}", NULL);
    model_flush(&model);
    assert_string_equal(child_of(&model, 0), "b");
    assert_string_equal(child_of(&model, 1), "a");
    assert_string_equal(child_of(&model, 2), "");
    model_release(&model);
}

static void start_model(struct model *model)
{
    assert_true(model_init(model, &mem_libc));
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_START_MS, at_ms(0));
    model_update(model, &session);
}

TEST(calls_beside_each_other_start_an_agent_each)
{
    struct model model;
    start_model(&model);
    add_agent(&model, "a", "one", 100);
    add_agent(&model, "b", "two", 110);
    add_agent(&model, "c", "three", 120);
    add_call(&model, "1", 90, 200, NULL, NULL);
    add_call(&model, "2", 91, 300, NULL, NULL);
    add_call(&model, "3", 92, 400, "{\"description\":\"one\"}", NULL);
    add_call(&model, "4", 93, 500, "{\"description\":\"one\"}", NULL);
    model_flush(&model);
    assert_string_equal(child_of(&model, 0), "b");
    assert_string_equal(child_of(&model, 1), "c");
    assert_string_equal(child_of(&model, 2), "a");
    assert_string_equal(child_of(&model, 3), "");
    model_release(&model);
}

TEST(an_agent_that_a_call_names_is_no_other_calls)
{
    struct model model;
    start_model(&model);
    add_agent(&model, "a", "one", 100);
    add_agent(&model, "b", "two", 110);
    add_call(&model, "1", 90, 200, "{\"description\":\"one\"}", NULL);
    add_call(&model, "2", 95, 200, NULL, "a");
    model_flush(&model);
    assert_string_equal(child_of(&model, 0), "b");
    assert_string_equal(child_of(&model, 1), "a");
    model_release(&model);
}

/* Calls that ended before the one that is asked for took their agents all the same. */
TEST(an_agent_of_a_call_before_is_not_free)
{
    struct model model;
    start_model(&model);
    add_agent(&model, "a", "one", 300);
    add_agent(&model, "b", "two", 310);
    add_agent(&model, "c", "three", 320);
    add_call(&model, "1", 10, 305, NULL, NULL);
    add_call(&model, "2", 200, 400, NULL, NULL);
    add_call(&model, "3", 290, 500, NULL, NULL);
    model_flush(&model);
    assert_string_equal(child_of(&model, 2), "c");
    assert_string_equal(child_of(&model, 1), "b");
    assert_string_equal(child_of(&model, 0), "a");
    model_release(&model);
}

TEST(an_index_is_kept_while_the_model_stays_as_it_is)
{
    struct model model;
    struct call_children_kept kept = {.swarm = NULL};
    const int64_t second = INT64_C(1000000000);
    assert_true(model_init(&model, &mem_libc));
    add_agent(&model, "a", "look around", 100);
    const struct call_children *first = call_children_keep(&kept, model.swarm, MODEL_START_NS);
    assert_non_null(first);
    assert_ptr_equal(first, call_children_keep(&kept, model.swarm, MODEL_START_NS + second - 1));
    assert_int_equal(kept.made, 1);
    call_children_keep(&kept, model.swarm, MODEL_START_NS + second);
    assert_int_equal(kept.made, 2);
    add_agent(&model, "b", "look again", 200);
    const struct call_children *now =
        call_children_keep(&kept, model.swarm, MODEL_START_NS + second);
    assert_int_equal(kept.made, 3);
    assert_int_equal(now->agent_count, swarm_agent_count(model.swarm));
    call_children_keep(&kept, model.swarm, MODEL_START_NS); /* the clock was set back */
    assert_int_equal(kept.made, 4);
    model_release(&model);
    call_children_kept_release(&kept); /* after the model */
}
