/* A client that turns its database to WAL wants the file for itself and does not wait: a reader at
   that moment would end the client. */
#include "core/base/mem.h"
#include "ingest/opencode/opencode_db.h"
#include "ingest/opencode/opencode_file.h"
#include "tests/support/opencode_database.h"
#include "tests/support/support.h"

#include <math.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#ifdef HAVE_SQLITE

static void run(sqlite3 *db, const char *text)
{
    char *why = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) {
        fail_msg("%s: %s", text, why);
    }
}

/* Turns a database to WAL a moment after it was made. */
static void turn(void *path)
{
    sqlite3 *db = NULL;
    (void)usleep(200000);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run(db, "PRAGMA journal_mode = wal");
    sqlite3_close(db);
}

TEST(a_database_that_is_being_made_is_not_opened)
{
    static const char *const begun[] = {"", "CREATE TABLE session (id TEXT)"};
    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++) {
        const char *path = support_path(support_tmpdir(), "opencode.db");
        support_write_file(path, "", 0);
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        run(db, begun[i]);
        sqlite3_close(db);

        uv_thread_t client;
        char copy[PATH_MAX];
        snprintf(copy, sizeof copy, "%s", path);
        assert_int_equal(uv_thread_create(&client, turn, copy), 0);
        struct opencode_file file;
        opencode_file_init(&file, path);
        assert_int_equal(opencode_file_look(&file), OPENCODE_FILE_OTHER);
        assert_non_null(file.handle);
        assert_false(file.turnable);
        uv_thread_join(&client);
        opencode_file_close(&file);
    }
}

static size_t read_rows(struct opencode_db *db)
{
    struct opencode_batch batch;
    opencode_batch_init(&batch, &mem_libc);
    const char *why = opencode_db_read(db, &batch);
    if (why != NULL) {
        fail_msg("%s", why);
    }
    size_t count = batch.count;
    opencode_batch_release(&batch);
    return count;
}

TEST(a_database_that_may_be_turned_is_read_once_for_each_change)
{
    const char *dir = support_tmpdir();
    sqlite3 *sql = opencode_database_new(dir);
    run(sql, "PRAGMA foreign_keys = off; PRAGMA journal_mode = delete");
    run(sql, "INSERT INTO session (id, project_id, slug, directory, title, version, time_created, "
             "time_updated) VALUES ('one', 'p', 's', '/d', 't', '1', 1, 1)");
    struct opencode_db *db =
        opencode_db_new(&mem_libc, support_path(dir, "opencode.db"), (double)NAN);
    assert_int_equal(read_rows(db), 1);
    run(sql, "BEGIN EXCLUSIVE");
    assert_int_equal(read_rows(db), 0);
    run(sql, "COMMIT");
    assert_int_equal(read_rows(db), 0);
    run(sql, "UPDATE session SET title = 'u', time_updated = 2");
    assert_int_equal(read_rows(db), 1);
    opencode_db_free(db);
    sqlite3_close(sql);
}

#else

TEST(without_sqlite_nothing_is_tested)
{
}

#endif
