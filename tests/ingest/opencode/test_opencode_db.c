/* What a read of OpenCode's database costs: rows that are new or have changed, and no other. */
#include "core/base/mem.h"
#include "ingest/opencode/opencode_db.h"
#include "tests/support/opencode_database.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#ifdef HAVE_SQLITE

struct base {
    sqlite3 *sql;
    struct opencode_db *db;
    struct opencode_batch batch;
};

static void run(struct base *b, const char *text)
{
    char *why = NULL;
    if (sqlite3_exec(b->sql, text, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", text, why);
    }
}

static void begin(struct base *b, double from_ms)
{
    const char *dir = support_tmpdir();
    b->sql = opencode_database_new(dir);
    b->db = opencode_db_new(&mem_libc, support_path(dir, "opencode.db"), from_ms);
    assert_non_null(b->db);
    opencode_batch_init(&b->batch, &mem_libc);
    run(b, "PRAGMA foreign_keys = off");
}

static void end(struct base *b)
{
    opencode_batch_release(&b->batch);
    opencode_db_free(b->db);
    sqlite3_close(b->sql);
}

/* Reads until nothing is left; returns how many rows that were. All parts are watched. */
static size_t read_all(struct base *b)
{
    size_t count = 0;
    do {
        opencode_batch_clear(&b->batch);
        const char *why = opencode_db_read(b->db, &b->batch);
        if (why != NULL) {
            fail_msg("%s", why);
        }
        count += b->batch.count;
        for (size_t i = 0; i < b->batch.count; i++) {
            if (b->batch.rows[i].table == OPENCODE_PARTS && !b->batch.rows[i].deleted) {
                assert_true(opencode_db_watch(b->db, &b->batch.rows[i]));
            }
        }
    } while (b->batch.more);
    return count;
}

static void put_session(struct base *b, const char *id, double created, double updated)
{
    char text[400];
    snprintf(text, sizeof text,
             "INSERT INTO session (id, project_id, slug, directory, title, version, time_created, "
             "time_updated) VALUES ('%s', 'p', 's', '/d', 't', '1', %.0f, %.0f)",
             id, created, updated);
    run(b, text);
}

static void put_message(struct base *b, const char *id, const char *session, double at)
{
    char text[300];
    snprintf(text, sizeof text, "INSERT INTO message VALUES ('%s', '%s', %.0f, %.0f, '{}')", id,
             session, at, at);
    run(b, text);
}

static void put_part(struct base *b, const char *id, const char *message, double at)
{
    char text[300];
    snprintf(text, sizeof text, "INSERT INTO part VALUES ('%s', '%s', 's', %.0f, %.0f, '{}')", id,
             message, at, at);
    run(b, text);
}

TEST(a_write_costs_the_rows_that_it_changed)
{
    static const struct {
        const char *write;
        size_t rows;
    } steps[] = {
        {"INSERT INTO part VALUES ('p9', 'm', 's', 10, 10, '{}')", 1},
        {"UPDATE part SET data = '{\"a\":1}' WHERE id = 'p3'", 1},
        {"UPDATE part SET time_updated = 11 WHERE id IN ('p3', 'p4')", 2},
        {"UPDATE part SET data = data", 0},
        {"DELETE FROM part WHERE id = 'p5'", 1},
        {"INSERT INTO event_sequence (aggregate_id, seq) VALUES ('a', 1)", 0},
        {"UPDATE session SET title = 'u' WHERE id = 'a'", 1}, /* within the same millisecond */
        {"UPDATE session SET title = title", 0},
        {"UPDATE session SET time_updated = 200 WHERE id = 'b'", 1},
        {"INSERT INTO part VALUES ('p8', 'm', 's', 12, 12, '{}')", 1},
        {"UPDATE session SET time_updated = 201", 3},
        {"INSERT INTO message VALUES ('n', 'a', 13, 13, '{}')", 1},
    };
    struct base b;
    begin(&b, (double)NAN);
    put_session(&b, "a", 1, 100);
    put_session(&b, "b", 1, 50);
    put_session(&b, "c", 1, 100);
    put_message(&b, "m", "a", 1);
    for (int i = 0; i < 8; i++) {
        char id[20];
        snprintf(id, sizeof id, "p%d", i);
        put_part(&b, id, "m", 2);
    }
    assert_int_equal(read_all(&b), 12);
    assert_int_equal(read_all(&b), 0);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        run(&b, steps[i].write);
        print_message("  %s\n", steps[i].write);
        assert_int_equal(read_all(&b), steps[i].rows);
        assert_int_equal(read_all(&b), 0);
    }
    end(&b);
}

/* The messages of a fork are as old as those that it copies, in the midst of recent ones. */
TEST(a_fork_hides_no_recent_message)
{
    for (int copies = 0; copies < 12; copies++) {
        struct base b;
        char id[20];
        begin(&b, 100);
        put_message(&b, "old", "a", 10);
        put_part(&b, "old", "old", 10);
        for (int i = 0; i < 3; i++) {
            snprintf(id, sizeof id, "r%d", i);
            put_message(&b, id, "a", 110 + i);
            put_part(&b, id, id, 110 + i);
        }
        for (int i = 0; i < copies; i++) {
            snprintf(id, sizeof id, "f%d", i);
            put_message(&b, id, "b", 10);
            put_part(&b, id, id, 120);
        }
        put_message(&b, "last", "b", 130);
        assert_int_equal(read_all(&b), 3 + 3 + 2 * (size_t)copies + 1);
        end(&b);
    }
}

TEST(sessions_that_are_left_out_are_counted)
{
    static const struct {
        double from_ms, last_ms;
        size_t older;
    } rows[] = {{(double)NAN, 0, 0}, {40, 0, 0}, {60, 50, 1}, {100, 50, 1}, {101, 100, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct base b;
        size_t count;
        double last_ms;
        begin(&b, rows[i].from_ms);
        put_session(&b, "a", 1, 100);
        put_session(&b, "b", 1, 50);
        put_session(&b, "c", 1, 70);
        run(&b, "UPDATE session SET parent_id = 'b' WHERE id = 'c'");
        read_all(&b);
        opencode_db_older(b.db, &count, &last_ms);
        assert_int_equal(count, rows[i].older);
        assert_true(last_ms == rows[i].last_ms);
        end(&b);
    }
}

#else

TEST(without_sqlite_nothing_is_read)
{
}

#endif
