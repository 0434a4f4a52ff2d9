/* A capture of the real OpenCode, its rows filled into a database that is watched, against what the
   API that it talked to counted (expected.json).

   What the database cannot give, and is not compared: requests that the client makes without a
   message (the title), attempts that failed before one succeeded, and when a request was sent (its
   message is made up to some seconds before). */
#include "tests/support/opencode_database.h"
#include "tests/support/report.h"
#include "tests/support/support.h"
#include "tests/support/tail.h"

#include <math.h>
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

/* What is open by the events so far, as sets of ids. */
struct expected {
    json_t *tools, *requests;
    json_t *message_of; /* by tool: those that are open */
};

/* Returns whether the input of one of the message's tools is being written. */
static bool prepares(const struct expected *open, const char *message)
{
    const char *id;
    json_t *of, *all = open->message_of;
    json_object_foreach(all, id, of)
    {
        if (strcmp(json_string_value(of), message) == 0 &&
            strcmp(json_string_value(json_object_get(open->tools, id)), "pending") == 0) {
            return true;
        }
    }
    return false;
}

static void note_part(struct expected *open, const json_t *part)
{
    const char *call = json_string_value(json_object_get(part, "callID"));
    json_t *status = json_object_get(json_object_get(part, "state"), "status");
    const char *message = json_string_value(json_object_get(part, "messageID"));
    const char *text = json_string_value(status);
    if (call == NULL) {
        return;
    }
    if (strcmp(text, "pending") == 0 || strcmp(text, "running") == 0) {
        json_object_set(open->tools, call, status);
        json_object_set(open->message_of, call, json_object_get(part, "messageID"));
    } else {
        json_object_del(open->tools, call);
        json_object_del(open->message_of, call);
    }
    /* The model has called it, and writes no other call. */
    if (strcmp(text, "pending") != 0 && !prepares(open, message)) {
        json_object_del(open->requests, message);
    }
}

static void note_message(struct expected *open, const json_t *info, json_t *seen)
{
    const char *id = json_string_value(json_object_get(info, "id"));
    bool answers = strcmp(json_string_value(json_object_get(info, "role")), "assistant") == 0;
    if (answers && json_object_get(seen, id) == NULL) {
        json_object_set_new(seen, id, json_true());
        json_object_set_new(open->requests, id, json_true());
    }
    if (json_object_get(json_object_get(info, "time"), "completed") != NULL) {
        json_object_del(open->requests, id);
    }
}

static bool holds(struct rig *rig, const char *kind, json_t *want)
{
    json_t *open = tail_open(rig, kind), *id;
    size_t i;
    bool same = json_array_size(open) == json_object_size(want);
    json_array_foreach(open, i, id)
    {
        same = same && json_object_get(want, json_string_value(id)) != NULL;
    }
    json_decref(open);
    return same;
}

static bool is_so(struct rig *rig, void *ctx)
{
    const struct expected *open = ctx;
    return holds(rig, "tools", open->tools) && holds(rig, "requests", open->requests);
}

/* The row that an event writes: its members are the columns, or are in `data`. Returns new. */
static json_t *row_of(const json_t *info, bool session, double at_ms)
{
    json_t *time = json_object_get(info, "time"), *row;
    if (session) {
        return json_pack(
            "{s:O, s:O*, s:s, s:O, s:O, s:O, s:O, s:O, s:O}", "id", json_object_get(info, "id"),
            "parent_id", json_object_get(info, "parentID"), "project_id", "p", "slug",
            json_object_get(info, "slug"), "directory", json_object_get(info, "directory"), "title",
            json_object_get(info, "title"), "version", json_object_get(info, "version"),
            "time_created", json_object_get(time, "created"), "time_updated",
            json_object_get(time, "updated"));
    }
    json_t *data = json_deep_copy(info), *message = json_object_get(info, "messageID");
    json_object_del(data, "id");
    json_object_del(data, "sessionID");
    json_object_del(data, "messageID");
    row = json_pack("{s:O, s:O, s:O*, s:f, s:f, s:o}", "id", json_object_get(info, "id"),
                    "session_id", json_object_get(info, "sessionID"), "message_id", message,
                    "time_created", at_ms, "time_updated", at_ms, "data", data);
    if (message == NULL) { /* a part is of the moment at which it was written first */
        json_object_set(row, "time_created", json_object_get(time, "created"));
    }
    return row;
}

/* Writes it, unless the row exists with a creation of its own. Returns the time. */
static double write_event(sqlite3 *db, const json_t *event, double at_ms, json_t *seen)
{
    const char *type = json_string_value(json_object_get(event, "type"));
    const json_t *data = json_object_get(event, "data"), *part = json_object_get(data, "part");
    const json_t *info = part != NULL ? part : json_object_get(data, "info");
    const json_t *time = json_object_get(info, "time");
    bool session = strncmp(type, "session", 7) == 0;
    const json_t *moment = part != NULL ? json_object_get(data, "time")
                           : session    ? json_object_get(time, "updated")
                                        : json_object_get(time, "completed");
    at_ms =
        fmax(at_ms, json_number_value(moment != NULL ? moment : json_object_get(time, "created")));
    json_t *row = row_of(info, session, at_ms);
    const char *id = json_string_value(json_object_get(info, "id"));
    assert_non_null(row);
    if (part != NULL && json_object_get(seen, id) != NULL) {
        json_object_set(row, "time_created", json_object_get(seen, id));
    } else if (part != NULL) {
        json_object_set_new(seen, id, json_real(at_ms));
    }
    opencode_put_row(db, session ? "session" : part != NULL ? "part" : "message", row);
    json_decref(row);
    return at_ms;
}

/* All that the client wrote, in its order: each state of each row (the table `event` has them). */
RIG_TEST(what_is_open_is_seen_after_each_write)
{
    struct rig *rig = *state;
    const char *dir = support_tmpdir();
    char spec[600];
    sqlite3 *db = opencode_database_new(dir);
    struct expected open = {json_object(), json_object(), json_object()};
    json_t *events = opencode_sample_rows("event"), *event, *seen = json_object();
    double at_ms = 0;
    size_t i;
    rig_start_hub(rig, (struct hub_options){.follow = true});
    snprintf(spec, sizeof spec, "opencode:%s", dir);
    rig_add(rig, spec);
    json_array_foreach(events, i, event)
    {
        const json_t *data = json_object_get(event, "data");
        at_ms = write_event(db, event, at_ms, seen);
        rig->now_ns = (int64_t)(at_ms * 1e6);
        if (json_object_get(data, "part") != NULL) {
            note_part(&open, json_object_get(data, "part"));
        } else if (json_object_get(json_object_get(data, "info"), "role") != NULL) {
            note_message(&open, json_object_get(data, "info"), seen);
        }
        print_message("  event %zu\n", i);
        rig_until(rig, is_so, &open);
    }
    assert_int_equal(json_object_size(open.tools) + json_object_size(open.requests), 0);
    json_decref(events);
    json_decref(seen);
    json_decref(open.tools);
    json_decref(open.requests);
    json_decref(open.message_of);
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
