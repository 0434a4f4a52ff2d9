/* The source opencode:DIR on databases made for it: other shapes, rows that are deleted, rows that
   nothing ends, and databases that cannot be read. */
#include "tests/support/opencode_database.h"
#include "tests/support/processes.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifdef HAVE_SQLITE

/* Times are after MODEL_START_MS - 20 s; the rig's clock is MODEL_START_MS. */
#define AT(ms) (MODEL_START_MS - 20000.0 + (ms))

struct home {
    struct rig rig;
    const char *dir;
    sqlite3 *db;
};

static int setup(void **state)
{
    struct home *h = calloc(1, sizeof *h);
    rig_init(&h->rig);
    h->dir = support_tmpdir();
    h->db = opencode_database_new(h->dir);
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct home *h = *state;
    sqlite3_close(h->db);
    rig_release(&h->rig);
    free(h);
    return 0;
}

#define HOME_TEST(name) TEST_WITH(name, setup, teardown)

static void run(struct home *h, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(h->db, sql, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", sql, why);
    }
}

static void put(struct home *h, const char *table, json_t *row)
{
    assert_non_null(row);
    opencode_put_row(h->db, table, row);
    json_decref(row);
}

static void put_session(struct home *h, const char *id, const char *parent, double at_ms)
{
    put(h, "session",
        json_pack("{s:s, s:s*, s:s, s:s, s:s, s:s, s:s, s:f, s:f}", "id", id, "parent_id", parent,
                  "project_id", "p", "slug", id, "directory", "/home/dev/api", "title", "Do",
                  "version", "1", "time_created", at_ms, "time_updated", at_ms));
}

/* An answer that began at `from_ms`; `to_ms` 0: it is being given. */
static void put_answer(struct home *h, const char *session, const char *id, double from_ms,
                       double to_ms)
{
    json_t *data = json_pack("{s:s, s:s, s:{s:f}, s:{s:i, s:i}}", "role", "assistant", "modelID",
                             "m", "time", "created", from_ms, "tokens", "input", 10, "output", 2);
    if (to_ms > 0) {
        json_object_set_new(json_object_get(data, "time"), "completed", json_real(to_ms));
    }
    put(h, "message",
        json_pack("{s:s, s:s, s:f, s:f, s:o}", "id", id, "session_id", session, "time_created",
                  from_ms, "time_updated", to_ms > 0 ? to_ms : from_ms, "data", data));
}

static void put_tool(struct home *h, const char *session, const char *message, const char *id,
                     const char *status, double at_ms, const char *child)
{
    put(h, "part",
        json_pack("{s:s, s:s, s:s, s:f, s:f, s:{s:s, s:s, s:s, s:{s:s, s:{s:f}, s:{s:s*}}}}", "id",
                  id, "message_id", message, "session_id", session, "time_created", at_ms,
                  "time_updated", at_ms, "data", "type", "tool", "callID", id, "tool", "bash",
                  "state", "status", status, "time", "start", at_ms, "metadata", "sessionId",
                  child));
}

static void start(struct home *h, bool follow)
{
    char spec[600];
    rig_start_hub(&h->rig, (struct hub_options){.follow = follow});
    snprintf(spec, sizeof spec, "opencode:%s", h->dir);
    rig_add(&h->rig, spec);
    if (!follow) {
        rig_until_finished(&h->rig);
    }
}

static size_t count_of(struct home *h, const char *kind)
{
    json_t *all = records_of(&h->rig.model);
    size_t count = json_object_size(json_object_get(all, kind));
    json_decref(all);
    return count;
}

static const char *outcome_of(struct home *h, const char *kind, const char *id)
{
    static char outcome[40];
    json_t *all = records_of(&h->rig.model);
    const json_t *call = json_object_get(json_object_get(all, kind), id);
    const char *text = json_string_value(json_object_get(call, "outcome"));
    bool ended = json_object_get(call, "end_ms") != NULL;
    snprintf(outcome, sizeof outcome, "%s",
             call == NULL   ? "absent"
             : text != NULL ? text
             : ended        ? "ended"
                            : "open");
    json_decref(all);
    return outcome;
}

struct wanted {
    const char *kind, *id, *outcome;
};

static bool is_so(struct rig *rig, void *ctx)
{
    const struct wanted *wanted = ctx;
    return strcmp(outcome_of((struct home *)rig, wanted->kind, wanted->id), wanted->outcome) == 0;
}

static void until(struct home *h, const char *kind, const char *id, const char *outcome)
{
    struct wanted wanted = {kind, id, outcome};
    rig_until(&h->rig, is_so, &wanted);
}

static bool has_ended(struct rig *rig, void *ctx)
{
    const struct session *session = rig_session(rig, ctx);
    return session != NULL && (session->flags & SESSION_ENDED) != 0;
}

static void put_turn(struct home *h)
{
    put_session(h, "s", NULL, AT(0));
    put_answer(h, "s", "m1", AT(1000), AT(3000));
    put_tool(h, "s", "m1", "c1", "completed", AT(2000), NULL);
}

/* ---- other shapes ---- */

HOME_TEST(columns_and_tables_of_another_version_are_named_and_cost_nothing_else)
{
    static const struct {
        const char *sql, *named;
        size_t requests, tools;
    } cases[] = {
        {"ALTER TABLE session DROP COLUMN cost", "no session.cost", 1, 1},
        {"ALTER TABLE session DROP COLUMN time_updated", "no session.time_updated", 1, 1},
        {"ALTER TABLE session DROP COLUMN agent", "no session.agent", 1, 1},
        {"ALTER TABLE session ADD COLUMN mood text", "a new session.mood", 1, 1},
        {"ALTER TABLE message DROP COLUMN time_created", "no message.time_created", 1, 1},
        {"ALTER TABLE message DROP COLUMN data", "no message.data", 0, 1},
        {"ALTER TABLE part DROP COLUMN time_created", "no part.time_created", 1, 1},
        {"ALTER TABLE part DROP COLUMN time_updated", "no part.time_updated", 1, 1},
        {"ALTER TABLE part ADD COLUMN seq integer", "a new part.seq", 1, 1},
        {"DROP TABLE part", "no table part", 1, 0},
        {"DROP TABLE session", "no table session", 1, 1},
        {"CREATE TABLE swarm (id text)", "a new table swarm", 1, 1},
        {"ALTER TABLE message RENAME TO messages", "a new table messages, no table message", 0, 1},
    };
    struct home *h = *state;
    put_turn(h);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *rig = &h->rig;
        run(h, "PRAGMA foreign_keys = off; VACUUM; BEGIN");
        run(h, cases[i].sql);
        run(h, "COMMIT");
        start(h, false);
        print_message("  %s\n", cases[i].sql);
        assert_string_equal(hub_source(rig->hub, 0).error, "");
        assert_int_equal(count_of(h, "requests"), cases[i].requests);
        assert_int_equal(count_of(h, "tools"), cases[i].tools);
        assert_non_null(rig_logged(rig, "differs from known versions in "));
        assert_non_null(rig_logged(rig, cases[i].named));
        /* Anew for the next case. */
        sqlite3_close(h->db);
        rig_release(rig);
        rig_init(rig);
        h->dir = support_tmpdir();
        h->db = opencode_database_new(h->dir);
        put_turn(h);
    }
}

HOME_TEST(a_database_that_is_migrated_while_it_is_watched_is_read_on)
{
    struct home *h = *state;
    put_turn(h);
    start(h, true);
    until(h, "tools", "c1", "ended");
    assert_null(rig_logged(&h->rig, "differs"));
    run(h, "ALTER TABLE part DROP COLUMN time_created; ALTER TABLE part ADD COLUMN t integer");
    put_answer(h, "s", "m2", AT(4000), AT(5000));
    until(h, "requests", "m2", "ended");
    assert_non_null(rig_logged(&h->rig, "no part.time_created"));
}

/* ---- rows that are deleted ---- */

HOME_TEST(row_numbers_that_are_used_again_are_read_again)
{
    struct home *h = *state;
    put_turn(h);
    put_answer(h, "s", "m2", AT(4000), AT(5000));
    put_answer(h, "s", "m3", AT(5000), AT(6000));
    start(h, true);
    until(h, "requests", "m3", "ended");
    run(h, "BEGIN; DELETE FROM message WHERE id IN ('m2', 'm3'); DELETE FROM part");
    put_answer(h, "s", "m4", AT(7000), AT(8000)); /* has m2's number */
    put_tool(h, "s", "m4", "c4", "completed", AT(7500), NULL);
    run(h, "COMMIT");
    until(h, "requests", "m4", "ended");
    until(h, "tools", "c4", "ended");
    /* More are made than were deleted: the last number that was read is another row's. */
    run(h, "BEGIN; DELETE FROM message");
    put_answer(h, "s", "m5", AT(9000), AT(9500));
    put_answer(h, "s", "m6", AT(9500), AT(9600));
    put_answer(h, "s", "m7", AT(9600), AT(9700));
    run(h, "COMMIT");
    until(h, "requests", "m5", "ended");
    until(h, "requests", "m6", "ended");
    until(h, "requests", "m7", "ended");
}

HOME_TEST(rows_that_move_when_the_file_is_compacted_are_read_once)
{
    struct home *h = *state;
    put_turn(h);
    put_answer(h, "s", "m2", AT(4000), AT(5000));
    put_answer(h, "s", "m3", AT(5000), AT(6000));
    start(h, true);
    until(h, "requests", "m3", "ended");
    run(h, "DELETE FROM message WHERE id = 'm1'; VACUUM");
    put_answer(h, "s", "m4", AT(7000), AT(8000));
    until(h, "requests", "m4", "ended");
    assert_int_equal(count_of(h, "requests"), 4);
}

HOME_TEST(what_is_open_ends_when_its_rows_are_deleted)
{
    struct home *h = *state;
    put_session(h, "s", NULL, AT(0));
    put_answer(h, "s", "m1", AT(1000), 0);
    put_tool(h, "s", "m1", "c1", "running", AT(2000), NULL);
    start(h, true);
    until(h, "tools", "c1", "open");
    run(h, "DELETE FROM part");
    until(h, "tools", "c1", "interrupted");
    assert_string_equal(outcome_of(h, "requests", "m1"), "open");
    run(h, "DELETE FROM message");
    until(h, "requests", "m1", "interrupted");
}

/* ---- rows that nothing ends ---- */

HOME_TEST(what_a_killed_client_left_open_ends_with_the_next_answer)
{
    struct home *h = *state;
    put_session(h, "s", NULL, AT(0));
    put_answer(h, "s", "m1", AT(1000), 0);
    put_tool(h, "s", "m1", "c1", "running", AT(2000), "child");
    put_session(h, "child", "s", AT(2000));
    put_answer(h, "child", "k1", AT(2100), 0);
    put_tool(h, "child", "k1", "d1", "running", AT(2500), NULL);
    start(h, true);
    until(h, "tools", "d1", "open");
    assert_string_equal(outcome_of(h, "requests", "m1"), "open");
    put_answer(h, "s", "m2", AT(6000), AT(7000)); /* the session is continued */
    until(h, "requests", "m2", "ended");
    assert_string_equal(outcome_of(h, "requests", "m1"), "interrupted");
    assert_string_equal(outcome_of(h, "tools", "c1"), "interrupted");
    assert_string_equal(outcome_of(h, "requests", "k1"), "interrupted");
    assert_string_equal(outcome_of(h, "tools", "d1"), "interrupted");
    char id[] = "s";
    rig_until(&h->rig, has_ended, id); /* and nothing keeps the session open */
}

/* Two answers that end almost together are no two reports of one. */
HOME_TEST(an_answer_left_open_and_the_next_one_are_two)
{
    struct home *h = *state;
    put_session(h, "s", NULL, AT(0));
    put_answer(h, "s", "m1", AT(100), 0);
    put(h, "message",
        json_pack("{s:s, s:s, s:f, s:f, s:{s:s, s:{s:f, s:f}, s:{s:s, s:{s:i}}}}", "id", "m2",
                  "session_id", "s", "time_created", AT(600), "time_updated", AT(1100), "data",
                  "role", "assistant", "time", "created", AT(600), "completed", AT(1100), "error",
                  "name", "APIError", "data", "statusCode", 401));
    start(h, false);
    assert_string_equal(outcome_of(h, "requests", "m1"), "interrupted");
    assert_string_equal(outcome_of(h, "requests", "m2"), "ended");
}

HOME_TEST(answers_of_one_usage_are_two_whenever_they_are_read)
{
    struct home *h = *state;
    put_session(h, "s", NULL, AT(0));
    put_answer(h, "s", "m1", AT(1000), AT(2000));
    put_answer(h, "s", "m2", AT(2100), 0);
    put(h, "part",
        json_pack("{s:s, s:s, s:s, s:f, s:f, s:{s:s, s:s, s:{s:f, s:f}}}", "id", "p2", "message_id",
                  "m2", "session_id", "s", "time_created", AT(2200), "time_updated", AT(2900),
                  "data", "type", "text", "text", "Done.", "time", "start", AT(2200), "end",
                  AT(2900)));
    start(h, true);
    until(h, "requests", "m2", "open");
    json_t *data =
        json_pack("{s:s, s:{s:f, s:f}, s:{s:i, s:i}}", "role", "assistant", "time", "created",
                  AT(2100), "completed", AT(3000), "tokens", "input", 10, "output", 2);
    char *text = json_dumps(data, JSON_COMPACT), sql[600];
    snprintf(sql, sizeof sql, "UPDATE message SET time_updated = %.0f, data = '%s' WHERE id = 'm2'",
             AT(3000), text);
    run(h, sql);
    until(h, "requests", "m2", "ended");
    assert_string_equal(outcome_of(h, "requests", "m1"), "ended");
    assert_int_equal(count_of(h, "requests"), 2);
    free(text);
    json_decref(data);
}

HOME_TEST(a_prompt_in_the_queue_ends_nothing)
{
    struct home *h = *state;
    put_session(h, "s", NULL, AT(0));
    put_answer(h, "s", "m1", AT(1000), 0);
    put_tool(h, "s", "m1", "c1", "running", AT(2000), NULL);
    put(h, "message",
        json_pack("{s:s, s:s, s:f, s:f, s:{s:s}}", "id", "u2", "session_id", "s", "time_created",
                  AT(3000), "time_updated", AT(3000), "data", "role", "user"));
    start(h, true);
    until(h, "interactions", "u2", "open");
    assert_string_equal(outcome_of(h, "requests", "m1"), "open");
    assert_string_equal(outcome_of(h, "tools", "c1"), "open");
    assert_int_equal(rig_session(&h->rig, "s")->flags & SESSION_ENDED, 0);
}

static bool is_gone(struct rig *rig, void *ctx)
{
    const struct agent *agent = records_agent(&rig->model, ctx);
    return agent != NULL && (agent->flags & AGENT_GONE) != 0;
}

/* Process 10 is a client in the directory of the sessions. Returns the directory of processes. */
static const char *start_client(const char *command)
{
    const char *proc = processes_new();
    processes_start(proc, 10, 1, 1, "opencode", command);
    processes_work_in(proc, 10, "/home/dev/api");
    return proc;
}

static void follow_among(struct home *h, const char *proc)
{
    static struct source_setting settings[3];
    settings[0] = (struct source_setting){"opencode:", "dir", h->dir};
    settings[1] = (struct source_setting){"opencode:", "proc", proc};
    rig_start_hub(&h->rig, (struct hub_options){.follow = true, .settings = settings});
    rig_add(&h->rig, "opencode:");
}

HOME_TEST(a_killed_client_is_gone_though_its_rows_run_for_ever)
{
    struct home *h = *state;
    const char *proc = start_client("/opt/opencode-linux-x64/bin/opencode");
    char id[] = "s";
    put_session(h, "s", NULL, AT(18000));
    put_answer(h, "s", "m1", AT(18500), 0);
    put_tool(h, "s", "m1", "c1", "running", AT(19000), NULL);
    follow_among(h, proc);
    until(h, "tools", "c1", "open");
    rig_run_ms(&h->rig, 700);
    processes_end(proc, 10);
    rig_until(&h->rig, is_gone, id);
    /* Another session of the database goes on. */
    h->rig.now_ns += (int64_t)5 * 1000000000;
    put_session(h, "t", NULL, AT(25000));
    put_answer(h, "t", "m2", AT(25000), AT(25500));
    until(h, "requests", "m2", "ended");
    assert_true(is_gone(&h->rig, id));
    assert_int_equal(swarm_first_in_flight(h->rig.model.swarm), NO_SPAN);
}

HOME_TEST(a_client_that_is_killed_before_its_first_answer_is_gone)
{
    struct home *h = *state;
    const char *proc = start_client("opencode run");
    char id[] = "s";
    put_session(h, "s", NULL, AT(18000));
    put(h, "message",
        json_pack("{s:s, s:s, s:f, s:f, s:{s:s}}", "id", "u1", "session_id", "s", "time_created",
                  AT(19000), "time_updated", AT(19000), "data", "role", "user"));
    follow_among(h, proc);
    until(h, "interactions", "u1", "open");
    rig_run_ms(&h->rig, 700);
    processes_end(proc, 10);
    rig_until(&h->rig, is_gone, id);
}

static bool is_over(struct rig *rig, void *ctx)
{
    const struct session *session = rig_session(rig, ctx);
    return session != NULL && (session->flags & SESSION_ENDED) != 0;
}

/* It wants none, or was taken back. */
HOME_TEST(an_old_prompt_without_an_answer_keeps_no_client_busy)
{
    struct home *h = *state;
    const char *proc = start_client("opencode");
    char id[] = "s";
    put_session(h, "s", NULL, AT(-30000));
    put_answer(h, "s", "m1", AT(-25000), AT(-24000));
    put(h, "message",
        json_pack("{s:s, s:s, s:f, s:f, s:{s:s}}", "id", "u2", "session_id", "s", "time_created",
                  AT(-20000), "time_updated", AT(-20000), "data", "role", "user"));
    follow_among(h, proc);
    until(h, "interactions", "u2", "open");
    rig_run_ms(&h->rig, 700);
    assert_false(is_over(&h->rig, id));
    processes_end(proc, 10);
    rig_until(&h->rig, is_over, id);
    assert_false(is_gone(&h->rig, id));
}

HOME_TEST(sessions_that_are_nested_deeply_end_with_the_first)
{
    enum { DEPTH = 1000 };
    struct home *h = *state;
    run(h, "BEGIN");
    put_session(h, "s0", NULL, AT(0));
    for (int i = 0; i < DEPTH; i++) {
        char session[20], message[20], tool[20], child[20];
        snprintf(session, sizeof session, "s%d", i);
        snprintf(message, sizeof message, "m%d", i);
        snprintf(tool, sizeof tool, "c%d", i);
        snprintf(child, sizeof child, "s%d", i + 1);
        put_answer(h, session, message, AT(1000), 0);
        put_tool(h, session, message, tool, "running", AT(2000), child);
    }
    run(h, "COMMIT");
    start(h, true);
    until(h, "tools", "c999", "open");
    put_answer(h, "s0", "n", AT(5000), AT(6000));
    until(h, "tools", "c999", "interrupted");
    assert_string_equal(outcome_of(h, "tools", "c0"), "interrupted");
    assert_string_equal(outcome_of(h, "requests", "m500"), "interrupted");
}

HOME_TEST(equal_ids_of_two_sessions_of_a_tree_are_two_calls)
{
    struct home *h = *state;
    put_turn(h);
    put_session(h, "k", "s", AT(2000));
    put_answer(h, "k", "m2", AT(2100), AT(2900));
    put(h, "part",
        json_pack("{s:s, s:s, s:s, s:f, s:f, s:{s:s, s:s, s:s, s:{s:s, s:{s:f}}}}", "id", "p2",
                  "message_id", "m2", "session_id", "k", "time_created", AT(2200), "time_updated",
                  AT(2400), "data", "type", "tool", "callID", "c1", "tool", "read", "state",
                  "status", "running", "time", "start", AT(2200)));
    start(h, true);
    until(h, "tools", "k:c1", "open");
    assert_string_equal(outcome_of(h, "tools", "c1"), "ended");
}

/* ---- databases that cannot be read ---- */

static bool has_error(struct rig *rig, void *ctx)
{
    return strstr(hub_source(rig->hub, 0).error, ctx) != NULL;
}

HOME_TEST(a_locked_database_is_named_and_read_when_it_is_free)
{
    struct home *h = *state;
    char locked[] = "cannot be read: database is locked", none[] = "";
    put_turn(h);
    run(h, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = delete; BEGIN EXCLUSIVE");
    start(h, true);
    rig_until(&h->rig, has_error, locked);
    assert_non_null(rig_logged(&h->rig, "database is locked"));
    run(h, "COMMIT");
    until(h, "tools", "c1", "ended");
    rig_until(&h->rig, has_error, none);
    assert_string_equal(hub_source(h->rig.hub, 0).error, "");
}

static void report_names(const char *dir, const char *named)
{
    struct support_run run;
    char spec[600];
    snprintf(spec, sizeof spec, "opencode:%s", dir);
    const char *argv[] = {support_program(), "report", spec, NULL};
    support_run(&run, argv, NULL, 0, 120000);
    assert_int_not_equal(run.status, 0);
    if (strstr(run.err, named) == NULL) {
        fail_msg("%s", run.err);
    }
    support_run_release(&run);
}

TEST(a_file_that_is_no_database_is_named_in_reports)
{
    static const char text[] = "This is no database, but it has some bytes to look at.\n";
    const char *dir = support_tmpdir();
    support_write_file(support_path(dir, "opencode.db"), text, strlen(text));
    report_names(dir, "cannot be read: file is not a database");
    dir = support_tmpdir();
    mkdir(support_path(dir, "opencode.db"), 0700);
    report_names(dir, "cannot be read: ");
}

HOME_TEST(a_damaged_database_is_named_in_reports)
{
    struct home *h = *state;
    put_turn(h);
    run(h, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = delete");
    FILE *file = fopen(support_path(h->dir, "opencode.db"), "r+");
    assert_true(file != NULL && fseek(file, 8192, SEEK_SET) == 0);
    for (int i = 0; i < 100000; i++) {
        fputc('x', file);
    }
    fclose(file);
    report_names(h->dir, "cannot be read: database disk image is malformed");
}

#else

TEST(without_sqlite_nothing_is_tested)
{
}

#endif
