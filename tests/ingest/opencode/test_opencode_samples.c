/* A capture of the real OpenCode, its rows filled into a database that is watched, against what the
   API that it talked to counted (expected.json).

   What the database cannot give, and is not compared: requests that the client makes without a
   message (the title), attempts that failed before one succeeded, and when a request was sent (its
   message is made up to some seconds before). */
#include "tests/support/report.h"
#include "tests/support/tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_SQLITE

#include <sqlite3.h>

static const char root[] = "ses_ddbd63edcffe76XMMXHFaUb2K4";

/* ---- a database ---- */

static sqlite3 *make_database(const char *dir)
{
    sqlite3 *db;
    char *schema = support_read_file(support_data("samples/opencode/swarm/schema.sql"), NULL);
    assert_int_equal(sqlite3_open(support_path(dir, "opencode.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = wal", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
    free(schema);
    return db;
}

static void bind_value(sqlite3_stmt *statement, int at, const json_t *value)
{
    if (json_is_integer(value)) {
        sqlite3_bind_int64(statement, at, json_integer_value(value));
    } else if (json_is_real(value)) {
        sqlite3_bind_double(statement, at, json_real_value(value));
    } else if (json_is_string(value)) {
        sqlite3_bind_text(statement, at, json_string_value(value), -1, SQLITE_TRANSIENT);
    } else {
        char *text = json_dumps(value, JSON_COMPACT);
        sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
        free(text);
    }
}

/* Writes a row, in place of an older one of that id. */
static void put_row(sqlite3 *db, const char *table, const json_t *row)
{
    char sql[2000];
    const char *key;
    json_t *value;
    int at = 0;
    size_t len = (size_t)snprintf(sql, sizeof sql, "INSERT INTO %s (", table);
    json_object_foreach((json_t *)(uintptr_t)row, key, value)
    {
        len += (size_t)snprintf(sql + len, sizeof sql - len, "%s%s", at++ > 0 ? ", " : "", key);
    }
    len += (size_t)snprintf(sql + len, sizeof sql - len, ") VALUES (");
    for (int i = 0; i < at; i++) {
        len += (size_t)snprintf(sql + len, sizeof sql - len, i > 0 ? ", ?" : "?");
    }
    len += (size_t)snprintf(sql + len, sizeof sql - len, ") ON CONFLICT(id) DO UPDATE SET ");
    at = 0;
    json_object_foreach((json_t *)(uintptr_t)row, key, value)
    {
        len += (size_t)snprintf(sql + len, sizeof sql - len, "%s%s = excluded.%s",
                                at++ > 0 ? ", " : "", key, key);
    }
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    }
    at = 0;
    json_object_foreach((json_t *)(uintptr_t)row, key, value)
    {
        bind_value(statement, ++at, value);
    }
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_finalize(statement);
}

static json_t *rows_of(const char *table)
{
    char rel[100];
    json_t *rows = json_array();
    snprintf(rel, sizeof rel, "samples/opencode/swarm/db-%s.jsonl", table);
    char *text = support_read_file(support_data(rel), NULL);
    for (char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        json_array_append_new(rows, json_loadb(at, (size_t)(end - at), 0, NULL));
    }
    free(text);
    return rows;
}

static const char *const names[] = {"session", "message", "part"};

static const char *filled_directory(void)
{
    const char *dir = support_tmpdir();
    sqlite3 *db = make_database(dir);
    for (size_t i = 0; i < 3; i++) {
        json_t *rows = rows_of(names[i]), *row;
        size_t k;
        json_array_foreach(rows, k, row) put_row(db, names[i], row);
        json_decref(rows);
    }
    sqlite3_close(db);
    return dir;
}

/* ---- figures ---- */

static const struct {
    const char *script, *agent, *type, *description;
} agents[] = {
    {"oc", root, NULL, NULL},
    {"sub-a", "ses_ddbd612b5ffenS971wAKpX8g5c", "general", "Helper A (@general subagent)"},
    {"sub-b", "ses_ddbd61020ffe7phKj4vGgNs8e1", "explore", "Helper B (@explore subagent)"},
};

TEST(the_metrics_are_those_of_the_api)
{
    json_t *report = report_of_source("opencode:", filled_directory());
    json_t *all = json_load_file(support_data("samples/opencode/swarm/expected.json"), 0, NULL);
    assert_int_equal(json_array_size(json_object_get(report, "agents")), 3);
    assert_int_equal(report_number(json_object_get(report, "events"), "bad"), 0);
    for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
        const json_t *want = json_object_get(all, agents[i].script);
        const json_t *agent = report_agent(report, root, agents[i].agent);
        json_int_t read = report_number(want, "cache_read");
        json_int_t creation = report_number(want, "cache_creation");
        const char *tool;
        json_t *count;
        print_message("  %s\n", agents[i].script);
        assert_int_equal(report_number(agent, "requests"), report_number(want, "ok"));
        assert_int_equal(report_number(agent, "failed"), 0);
        assert_int_equal(report_number(agent, "open_requests"), 0);
        assert_int_equal(report_number(agent, "output_tokens"), report_number(want, "out"));
        assert_int_equal(report_number(agent, "cache_read_tokens"), read);
        assert_int_equal(report_number(agent, "cache_creation_tokens"), creation);
        assert_int_equal(report_number(agent, "prompt_tokens"),
                         report_number(want, "input") + read + creation);
        json_object_foreach(json_object_get(want, "tools"), tool, count)
        {
            assert_int_equal(report_tool(agent, tool, "count"), json_integer_value(count));
        }
        assert_int_equal(report_number(json_object_get(agent, "ttft_ms"), "count"),
                         report_number(want, "ok"));
        report_text_is(agent, "parent_agent_id", i == 0 ? NULL : root);
        report_text_is(agent, "description", agents[i].description);
        report_text_is(agent, "client", "opencode");
        if (i > 0) {
            report_text_is(agent, "name", agents[i].type);
        }
    }
    const json_t *agent = report_agent(report, root, root);
    assert_int_equal(report_tool(agent, "bash", "errors"), 1); /* status completed, exit 3 */
    assert_int_equal(report_tool(agent, "read", "errors"), 1);
    json_decref(all);
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
        json_t *rows = rows_of(names[i]), *row;
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
            add_step(made, names[i], begun, call, NULL);
            if (i > 0) {
                add_step(changed, names[i], json_incref(row), NULL, call);
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
    sqlite3 *db = make_database(dir);
    json_t *open = json_object();
    plan();
    rig_start_hub(rig, (struct hub_options){.follow = true});
    snprintf(spec, sizeof spec, "opencode:%s", dir);
    rig_add(rig, spec);
    for (size_t i = 0; i < step_count; i++) {
        rig->now_ns = (int64_t)(steps[i].t_ms * 1e6);
        put_row(db, steps[i].table, steps[i].row);
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
