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
