#include "tests/support/report.h"

#include <stdio.h>
#include <string.h>

json_t *report_of_sample(const char *prefix, const char *sample)
{
    char rel[200];
    snprintf(rel, sizeof rel, "samples/%s", sample);
    return report_of_source(prefix, support_data(rel));
}

json_t *report_of_source(const char *prefix, const char *dir)
{
    struct support_run run;
    char spec[600];
    snprintf(spec, sizeof spec, "%s%s", prefix, dir);
    const char *argv[] = {support_program(), "report", "--json", spec, NULL};
    support_run(&run, argv, NULL, 0, 120000);
    if (run.status != 0) {
        fail_msg("report %s: status %d: %s", spec, run.status, run.err);
    }
    json_t *report = json_loads(run.out, 0, NULL);
    assert_non_null(report);
    support_run_release(&run);
    return report;
}

const json_t *report_agent(const json_t *report, const char *session, const char *agent)
{
    const json_t *of, *found = NULL;
    size_t i;
    json_array_foreach(json_object_get(report, "agents"), i, of)
    {
        if (strcmp(json_string_value(json_object_get(of, "session_id")), session) == 0 &&
            strcmp(json_string_value(json_object_get(of, "agent_id")), agent) == 0) {
            assert_null(found);
            found = of;
        }
    }
    if (found == NULL) {
        fail_msg("%s: %s: no such agent", session, agent);
    }
    return found;
}

json_int_t report_number(const json_t *of, const char *key)
{
    return json_integer_value(json_object_get(of, key));
}

json_int_t report_tool(const json_t *agent, const char *tool, const char *key)
{
    return report_number(json_object_get(json_object_get(agent, "tools"), tool), key);
}

void report_text_is(const json_t *of, const char *key, const char *want)
{
    const char *is = json_string_value(json_object_get(of, key));
    if (want == NULL) {
        assert_null(is);
    } else {
        assert_non_null(is);
        assert_string_equal(is, want);
    }
}

static void tokens_are_as_served(const json_t *agent, const json_t *want)
{
    json_int_t read = report_number(want, "cache_read");
    json_int_t creation = report_number(want, "cache_creation");
    assert_int_equal(report_number(agent, "output_tokens"), report_number(want, "out"));
    assert_int_equal(report_number(agent, "cache_read_tokens"), read);
    assert_int_equal(report_number(agent, "prompt_tokens"),
                     report_number(want, "input") + read + creation);
}

void report_is_as_served(const json_t *report, const char *sample, const char *client,
                         const struct report_served *agents, size_t count)
{
    char rel[200];
    snprintf(rel, sizeof rel, "samples/%s/expected.json", sample);
    json_t *all = json_load_file(support_data(rel), 0, NULL), *calls;
    assert_int_equal(json_array_size(json_object_get(report, "agents")), count);
    assert_int_equal(report_number(json_object_get(report, "events"), "bad"), 0);
    for (size_t i = 0; i < count; i++) {
        const json_t *want = json_object_get(all, agents[i].script);
        const json_t *agent = report_agent(report, agents[0].agent, agents[i].agent);
        const char *tool;
        print_message("  %s\n", agents[i].script);
        assert_int_equal(report_number(agent, "requests"), report_number(want, "ok"));
        assert_int_equal(report_number(agent, "failed"), 0);
        assert_int_equal(report_number(agent, "open_requests"), 0);
        assert_int_equal(report_number(json_object_get(agent, "ttft_ms"), "count"),
                         report_number(want, "ok"));
        tokens_are_as_served(agent, want);
        json_object_foreach(json_object_get(want, "tools"), tool, calls)
        {
            assert_int_equal(report_tool(agent, tool, "count"), json_integer_value(calls));
            assert_int_equal(report_tool(agent, tool, "open"), 0);
        }
        report_text_is(agent, "parent_agent_id", i == 0 ? NULL : agents[0].agent);
        report_text_is(agent, "description", agents[i].description);
        report_text_is(agent, "client", client);
        if (agents[i].type != NULL) {
            report_text_is(agent, "name", agents[i].type);
        }
    }
    json_decref(all);
}
