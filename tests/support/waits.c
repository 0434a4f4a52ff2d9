#include "tests/support/waits.h"

#include "core/query/query.h"
#include "tests/support/support.h"

#include <stdio.h>

/* All that is before the tests' time 0 lies in this time. */
#define BEFORE_MS 10000000.0

static const char *new_id(char out[24])
{
    static unsigned last;
    snprintf(out, 24, "call %u", ++last);
    return out;
}

static void send_call(struct model *model, struct update *update, const char *agent)
{
    if (agent != NULL) {
        update->agent_id = model_text(agent);
    }
    model_update(model, update);
}

void waits_init(struct model *model)
{
    assert_true(model_init(model, &mem_libc));
    struct update session = session_update(PRECEDENCE_FILES);
    update_number(&session, FIELD_START_MS, at_ms(-BEFORE_MS));
    model_update(model, &session);
}

void waits_agent(struct model *model, const char *id, const char *parent, const char *name)
{
    struct update update = agent_update(PRECEDENCE_FILES, id);
    update_string(&update, FIELD_PARENT_AGENT_ID, parent == NULL ? "s" : parent);
    update_string(&update, FIELD_TYPE, name);
    model_update(model, &update);
    waits_request(model, id, 1, 2);
}

void waits_tool(struct model *model, const char *agent, const char *name, const char *args,
                double start, double end, const char *child)
{
    char id[24];
    struct update update = tool_update(new_id(id), start, end, name, args);
    update_string(&update, FIELD_CHILD_AGENT_ID, child);
    send_call(model, &update, agent);
}

void waits_failure(struct model *model, const char *agent, const char *name, const char *args,
                   double start, double end, enum outcome outcome)
{
    char id[24];
    struct update update = tool_update(new_id(id), start, end, name, args);
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    if (outcome != OUTCOME_NONE) {
        update_number(&update, FIELD_OUTCOME, outcome);
    }
    send_call(model, &update, agent);
}

void waits_request(struct model *model, const char *agent, double start, double end)
{
    char id[24];
    struct update update = request_update(new_id(id), start, end);
    send_call(model, &update, agent);
}

void waits_person(struct model *model, const char *agent, double start, double end)
{
    char id[24];
    struct update update = call_update(CALL_WAIT, PRECEDENCE_FILES, new_id(id), start, end);
    send_call(model, &update, agent);
}

void waits_before(struct model *model, const char *name, size_t count, double ms)
{
    for (size_t i = 0; i < count; i++) {
        double start = -BEFORE_MS + (double)i * (ms + 1);
        waits_tool(model, NULL, name, NULL, start, start + ms, NULL);
    }
}

int64_t waits_now(const struct model *model, double ms)
{
    model_flush(model);
    int64_t late = model_ns(1e9);
    return late + model_ns(ms) - swarm_session_now(model->swarm, 0, late);
}
