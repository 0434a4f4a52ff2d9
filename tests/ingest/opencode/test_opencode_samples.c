/* A capture of the real OpenCode, its rows filled into a database that is watched, against what the
   API that it talked to counted (expected.json).

   What the database cannot give, and is not compared: requests that the client makes without a
   message (the title), attempts that failed before one succeeded, and when a request was sent (its
   message is made up to some seconds before). */
#include "tests/support/opencode_database.h"
#include "tests/support/report.h"
#include "tests/support/tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_SQLITE

static const char root[] = "ses_ddbd63edcffe76XMMXHFaUb2K4";

/* ---- figures ---- */

static const struct report_served agents[] = {
    {"oc", root, NULL, NULL},
    {"sub-a", "ses_ddbd612b5ffenS971wAKpX8g5c", "general", "Helper A (@general subagent)"},
    {"sub-b", "ses_ddbd61020ffe7phKj4vGgNs8e1", "explore", "Helper B (@explore subagent)"},
};

TEST(the_metrics_are_those_of_the_api)
{
    json_t *report = report_of_source("opencode:", opencode_sample_directory());
    report_is_as_served(report, "opencode/swarm", "opencode", agents,
                        sizeof agents / sizeof *agents);
    assert_int_equal(
        report_number(report_agent(report, root, agents[1].agent), "cache_creation_tokens"), 6057);
    const json_t *agent = report_agent(report, root, root);
    assert_int_equal(report_tool(agent, "bash", "errors"), 1); /* status completed, exit 3 */
    assert_int_equal(report_tool(agent, "read", "errors"), 1);
    json_decref(report);
}

/* ---- as it was written ---- */

/* The part as it was when it was made: a tool runs, a text grows. */
static json_t *beginning_of(const json_t *part)
{
    json_t *copy = json_deep_copy(part), *data = json_object_get(copy, "data");
    json_t *state = json_object_get(data, "state");
    json_object_set(copy, "time_updated", json_object_get(copy, "time_created"));
    if (state != NULL) {
        json_object_set_new(state, "status", json_string("running"));
        json_object_del(json_object_get(state, "time"), "end");
        json_object_del(json_object_get(state, "metadata"), "exit");
    } else {
        json_object_del(json_object_get(data, "time"), "end");
    }
    return copy;
}

struct step {
    double t_ms;
    const char *table;
    json_t *row;              /* owned */
    const char *opens, *ends; /* the id of a tool */
};

static struct step steps[200];
static size_t step_count;

static void add_step(double t_ms, const char *table, json_t *row, const char *opens,
                     const char *ends)
{
    steps[step_count++] = (struct step){t_ms, table, row, opens, ends};
}

static int by_time(const void *a, const void *b)
{
    const struct step *one = a, *other = b;
    return one->t_ms < other->t_ms ? -1 : one->t_ms > other->t_ms;
}

static void plan(void)
{
    for (size_t i = 0; i < 3; i++) {
        json_t *rows = opencode_sample_rows(opencode_tables[i]), *row;
        size_t k;
        json_array_foreach(rows, k, row)
        {
            double made = json_number_value(json_object_get(row, "time_created"));
            double changed = json_number_value(json_object_get(row, "time_updated"));
            const char *call =
                json_string_value(json_object_get(json_object_get(row, "data"), "callID"));
            json_t *begun = i == 2 ? beginning_of(row) : json_deep_copy(row);
            if (i == 1) { /* not complete yet */
                json_object_del(json_object_get(json_object_get(begun, "data"), "time"),
                                "completed");
            }
            add_step(made, opencode_tables[i], begun, call, NULL);
            if (i > 0) {
                add_step(changed, opencode_tables[i], json_incref(row), NULL, call);
            }
        }
        json_decref(rows);
    }
    qsort(steps, step_count, sizeof *steps, by_time);
}

static bool matches(struct rig *rig, void *ctx)
{
    json_t *open = tail_open(rig, "tools"), *want = ctx, *id;
    size_t i;
    bool same = json_array_size(open) == json_object_size(want);
    json_array_foreach(open, i, id)
    {
        same = same && json_object_get(want, json_string_value(id)) != NULL;
    }
    json_decref(open);
    return same;
}

static bool asks_nothing(struct rig *rig, void *ctx)
{
    json_t *asks = tail_open(rig, "requests");
    bool none = json_array_size(asks) == 0;
    (void)ctx;
    json_decref(asks);
    return none;
}

RIG_TEST(what_is_open_is_seen_after_each_row)
{
    struct rig *rig = *state;
    const char *dir = support_tmpdir();
    char spec[600];
    sqlite3 *db = opencode_database_new(dir);
    json_t *open = json_object();
    plan();
    rig_start_hub(rig, (struct hub_options){.follow = true});
    snprintf(spec, sizeof spec, "opencode:%s", dir);
    rig_add(rig, spec);
    for (size_t i = 0; i < step_count; i++) {
        rig->now_ns = (int64_t)(steps[i].t_ms * 1e6);
        opencode_put_row(db, steps[i].table, steps[i].row);
        if (steps[i].opens != NULL) {
            json_object_set_new(open, steps[i].opens, json_true());
        }
        if (steps[i].ends != NULL) {
            json_object_del(open, steps[i].ends);
        }
        rig_until(rig, matches, open);
        json_decref(steps[i].row);
    }
    rig_until(rig, asks_nothing, NULL);
    json_decref(open);
    sqlite3_close(db);
}

#else

TEST(without_sqlite_the_source_is_refused)
{
    struct support_run run;
    const char *argv[] = {support_program(), "report", "opencode:/nowhere", NULL};
    support_run(&run, argv, NULL, 0, 120000);
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.err, "built without SQLite"));
    support_run_release(&run);
}

#endif
