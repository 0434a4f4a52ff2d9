/* The source opencode:DIR on databases made for it: other shapes, rows that are deleted, rows that
   nothing ends, and databases that cannot be read. */
#include "tests/support/opencode_home.h"
#include "tests/support/processes.h"
#include "tests/support/records.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_SQLITE

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
    home_put_turn(h);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig *rig = &h->rig;
        home_run(h, "PRAGMA foreign_keys = off; VACUUM; BEGIN");
        home_run(h, cases[i].sql);
        home_run(h, "COMMIT");
        home_start(h, false);
        print_message("  %s\n", cases[i].sql);
        assert_string_equal(hub_source(rig->hub, 0).error, "");
        assert_int_equal(home_count(h, "requests"), cases[i].requests);
        assert_int_equal(home_count(h, "tools"), cases[i].tools);
        assert_non_null(rig_logged(rig, "differs from known versions in "));
        assert_non_null(rig_logged(rig, cases[i].named));
        /* Anew for the next case. */
        sqlite3_close(h->db);
        rig_release(rig);
        rig_init(rig);
        h->dir = support_tmpdir();
        h->db = opencode_database_new(h->dir);
        home_put_turn(h);
    }
}

HOME_TEST(a_database_that_is_migrated_while_it_is_watched_is_read_on)
{
    struct home *h = *state;
    home_put_turn(h);
    home_start(h, true);
    home_until(h, "tools", "c1", "ended");
    assert_null(rig_logged(&h->rig, "differs"));
    home_run(h, "ALTER TABLE part DROP COLUMN time_created; ALTER TABLE part ADD COLUMN t integer");
    home_put_answer(h, "s", "m2", AT(4000), AT(5000));
    home_until(h, "requests", "m2", "ended");
    assert_non_null(rig_logged(&h->rig, "no part.time_created"));
}

/* ---- rows that are deleted ---- */

HOME_TEST(row_numbers_that_are_used_again_are_read_again)
{
    struct home *h = *state;
    home_put_turn(h);
    home_put_answer(h, "s", "m2", AT(4000), AT(5000));
    home_put_answer(h, "s", "m3", AT(5000), AT(6000));
    home_start(h, true);
    home_until(h, "requests", "m3", "ended");
    home_run(h, "BEGIN; DELETE FROM message WHERE id IN ('m2', 'm3'); DELETE FROM part");
    home_put_answer(h, "s", "m4", AT(7000), AT(8000)); /* has m2's number */
    home_put_tool(h, "s", "m4", "c4", "completed", AT(7500), NULL);
    home_run(h, "COMMIT");
    home_until(h, "requests", "m4", "ended");
    home_until(h, "tools", "c4", "ended");
    /* More are made than were deleted: the last number that was read is another row's. */
    home_run(h, "BEGIN; DELETE FROM message");
    home_put_answer(h, "s", "m5", AT(9000), AT(9500));
    home_put_answer(h, "s", "m6", AT(9500), AT(9600));
    home_put_answer(h, "s", "m7", AT(9600), AT(9700));
    home_run(h, "COMMIT");
    home_until(h, "requests", "m5", "ended");
    home_until(h, "requests", "m6", "ended");
    home_until(h, "requests", "m7", "ended");
}

HOME_TEST(rows_that_move_when_the_file_is_compacted_are_read_once)
{
    struct home *h = *state;
    home_put_turn(h);
    home_put_answer(h, "s", "m2", AT(4000), AT(5000));
    home_put_answer(h, "s", "m3", AT(5000), AT(6000));
    home_start(h, true);
    home_until(h, "requests", "m3", "ended");
    home_run(h, "DELETE FROM message WHERE id = 'm1'; VACUUM");
    home_put_answer(h, "s", "m4", AT(7000), AT(8000));
    home_until(h, "requests", "m4", "ended");
    assert_int_equal(home_count(h, "requests"), 4);
}

HOME_TEST(what_is_open_ends_when_its_rows_are_deleted)
{
    struct home *h = *state;
    home_put_session(h, "s", NULL, AT(0));
    home_put_answer(h, "s", "m1", AT(1000), 0);
    home_put_tool(h, "s", "m1", "c1", "pending", AT(2000), NULL);
    home_start(h, true);
    home_until(h, "tools", "c1", "open");
    home_run(h, "DELETE FROM part");
    home_until(h, "tools", "c1", "interrupted");
    assert_string_equal(home_outcome(h, "requests", "m1"), "open");
    home_run(h, "DELETE FROM message");
    home_until(h, "requests", "m1", "interrupted");
}

/* ---- rows that nothing ends ---- */

HOME_TEST(what_a_killed_client_left_open_ends_with_the_next_answer)
{
    struct home *h = *state;
    home_put_session(h, "s", NULL, AT(0));
    home_put_answer(h, "s", "m1", AT(1000), 0);
    home_put_tool(h, "s", "m1", "c1", "running", AT(2000), "child");
    home_put_session(h, "child", "s", AT(2000));
    home_put_answer(h, "child", "k1", AT(2100), 0);
    home_put_tool(h, "child", "k1", "d1", "running", AT(2500), NULL);
    home_start(h, true);
    home_put_answer(h, "child", "k2", AT(2600), 0);
    home_until(h, "tools", "d1", "interrupted");
    assert_string_equal(home_outcome(h, "requests", "m1"), "ended"); /* its tool runs */
    assert_string_equal(home_outcome(h, "requests", "k2"), "open");
    home_put_answer(h, "s", "m2", AT(6000), AT(7000)); /* the session is continued */
    home_until(h, "requests", "m2", "ended");
    assert_string_equal(home_outcome(h, "requests", "m1"), "ended");
    assert_string_equal(home_outcome(h, "tools", "c1"), "interrupted");
    assert_string_equal(home_outcome(h, "requests", "k1"), "ended");
    assert_string_equal(home_outcome(h, "requests", "k2"), "interrupted");
    char id[] = "s";
    processes_end(h->proc, 10);
    rig_until(&h->rig, home_has_ended, id);
    assert_int_equal(swarm_first_in_flight(h->rig.model.swarm), NO_SPAN);
}

/* Two answers that end almost together are no two reports of one. */
HOME_TEST(an_answer_left_open_and_the_next_one_are_two)
{
    struct home *h = *state;
    home_put_session(h, "s", NULL, AT(0));
    home_put_answer(h, "s", "m1", AT(100), 0);
    home_put(h, "message",
             json_pack("{s:s, s:s, s:f, s:f, s:{s:s, s:{s:f, s:f}, s:{s:s, s:{s:i}}}}", "id", "m2",
                       "session_id", "s", "time_created", AT(600), "time_updated", AT(1100), "data",
                       "role", "assistant", "time", "created", AT(600), "completed", AT(1100),
                       "error", "name", "APIError", "data", "statusCode", 401));
    home_start(h, false);
    assert_string_equal(home_outcome(h, "requests", "m1"), "interrupted");
    assert_string_equal(home_outcome(h, "requests", "m2"), "ended");
}

HOME_TEST(answers_of_one_usage_are_two_whenever_they_are_read)
{
    struct home *h = *state;
    home_put_session(h, "s", NULL, AT(0));
    home_put_answer(h, "s", "m1", AT(1000), AT(2000));
    home_put_answer(h, "s", "m2", AT(2100), 0);
    home_put(h, "part",
             json_pack("{s:s, s:s, s:s, s:f, s:f, s:{s:s, s:s, s:{s:f, s:f}}}", "id", "p2",
                       "message_id", "m2", "session_id", "s", "time_created", AT(2200),
                       "time_updated", AT(2900), "data", "type", "text", "text", "Done.", "time",
                       "start", AT(2200), "end", AT(2900)));
    home_start(h, true);
    home_until(h, "requests", "m2", "open");
    json_t *data =
        json_pack("{s:s, s:{s:f, s:f}, s:{s:i, s:i}}", "role", "assistant", "time", "created",
                  AT(2100), "completed", AT(3000), "tokens", "input", 10, "output", 2);
    char *text = json_dumps(data, JSON_COMPACT), sql[600];
    snprintf(sql, sizeof sql, "UPDATE message SET time_updated = %.0f, data = '%s' WHERE id = 'm2'",
             AT(3000), text);
    home_run(h, sql);
    home_until(h, "requests", "m2", "ended");
    assert_string_equal(home_outcome(h, "requests", "m1"), "ended");
    assert_int_equal(home_count(h, "requests"), 2);
    free(text);
    json_decref(data);
}

HOME_TEST(a_prompt_in_the_queue_ends_nothing)
{
    struct home *h = *state;
    home_put_session(h, "s", NULL, AT(0));
    home_put_answer(h, "s", "m1", AT(1000), 0);
    home_put_tool(h, "s", "m1", "c1", "running", AT(2000), NULL);
    home_put(h, "message",
             json_pack("{s:s, s:s, s:f, s:f, s:{s:s}}", "id", "u2", "session_id", "s",
                       "time_created", AT(3000), "time_updated", AT(3000), "data", "role", "user"));
    home_start(h, true);
    home_until(h, "interactions", "u2", "open");
    assert_string_equal(home_outcome(h, "requests", "m1"), "ended");
    assert_string_equal(home_outcome(h, "tools", "c1"), "open");
    assert_int_equal(rig_session(&h->rig, "s")->flags & SESSION_ENDED, 0);
}

HOME_TEST(sessions_that_are_nested_deeply_end_with_the_first)
{
    enum { DEPTH = 1000 };
    struct home *h = *state;
    home_run(h, "BEGIN");
    home_put_session(h, "s0", NULL, AT(0));
    for (int i = 0; i < DEPTH; i++) {
        char session[20], message[20], tool[20], child[20];
        snprintf(session, sizeof session, "s%d", i);
        snprintf(message, sizeof message, "m%d", i);
        snprintf(tool, sizeof tool, "c%d", i);
        snprintf(child, sizeof child, "s%d", i + 1);
        home_put_answer(h, session, message, AT(1000), 0);
        home_put_tool(h, session, message, tool, "running", AT(2000), child);
    }
    home_run(h, "COMMIT");
    home_start(h, true);
    home_until(h, "tools", "c999", "open");
    home_put_answer(h, "s0", "n", AT(5000), AT(6000));
    home_until(h, "tools", "c999", "interrupted");
    assert_string_equal(home_outcome(h, "tools", "c0"), "interrupted");
    assert_string_equal(home_outcome(h, "requests", "m500"), "ended");
}

HOME_TEST(equal_ids_of_two_sessions_of_a_tree_are_two_calls)
{
    struct home *h = *state;
    home_put_turn(h);
    home_put_session(h, "k", "s", AT(2000));
    home_put_answer(h, "k", "m2", AT(2100), AT(2900));
    home_put(h, "part",
             json_pack("{s:s, s:s, s:s, s:f, s:f, s:{s:s, s:s, s:s, s:{s:s, s:{s:f}}}}", "id", "p2",
                       "message_id", "m2", "session_id", "k", "time_created", AT(2200),
                       "time_updated", AT(2400), "data", "type", "tool", "callID", "c1", "tool",
                       "read", "state", "status", "running", "time", "start", AT(2200)));
    home_start(h, true);
    home_until(h, "tools", "k:c1", "open");
    assert_string_equal(home_outcome(h, "tools", "c1"), "ended");
}

/* ---- databases that cannot be read ---- */

static bool has_error(struct rig *rig, void *ctx)
{
    return strstr(hub_source(rig->hub, 0).error, ctx) != NULL;
}

HOME_TEST(a_locked_database_is_named_and_read_when_it_is_free)
{
    struct home *h = *state;
    char locked[] = "opencode.db: database is locked", none[] = "";
    home_put_turn(h);
    home_run(h, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = delete; BEGIN EXCLUSIVE");
    home_start(h, true);
    rig_until(&h->rig, has_error, locked);
    assert_non_null(rig_logged(&h->rig, "database is locked"));
    home_run(h, "COMMIT");
    home_until(h, "tools", "c1", "ended");
    rig_until(&h->rig, has_error, none);
    assert_string_equal(hub_source(h->rig.hub, 0).error, "");
}

/* Where SQLite may not make the files that it needs, as in another user's directory. */
HOME_TEST(a_finished_database_in_a_directory_without_write_permission_is_read)
{
    struct home *h = *state;
    home_put_turn(h);
    home_run(h, "PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite3_close(h->db);
    h->db = NULL;
    unlink(support_path(h->dir, "opencode.db-wal"));
    unlink(support_path(h->dir, "opencode.db-shm"));
    assert_int_equal(chmod(h->dir, 0555), 0);
    assert_int_equal(chmod(getenv("TMPDIR"), 0755), 0);
    char spec[600];
    snprintf(spec, sizeof spec, "opencode:%s", h->dir);
    /* The superuser may write anywhere. */
    const char *argv[] = {
        "setpriv", "--reuid=65534", "--clear-groups", support_program(), "report", spec, NULL};
    struct support_run run;
    support_run(&run, geteuid() == 0 ? argv : argv + 3, NULL, 0, 120000);
    bool ran = run.status == 0 || strstr(run.err, "swarmtop:") != NULL;
    if (ran && (run.status != 0 || strstr(run.out, "bash") == NULL)) {
        fail_msg("%d %s%s", run.status, run.out, run.err);
    }
    support_run_release(&run);
    chmod(h->dir, 0700);
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
    report_names(dir, "opencode.db: file is not a database");
    dir = support_tmpdir();
    mkdir(support_path(dir, "opencode.db"), 0700);
    report_names(dir, "cannot be read: ");
}

HOME_TEST(a_damaged_database_is_named_in_reports)
{
    struct home *h = *state;
    home_put_turn(h);
    home_run(h, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = delete");
    FILE *file = fopen(support_path(h->dir, "opencode.db"), "r+");
    assert_true(file != NULL && fseek(file, 8192, SEEK_SET) == 0);
    for (int i = 0; i < 100000; i++) {
        fputc('x', file);
    }
    fclose(file);
    report_names(h->dir, "opencode.db: database disk image is malformed");
}

#else

TEST(without_sqlite_nothing_is_tested)
{
}

#endif
