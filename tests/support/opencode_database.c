#include "tests/support/opencode_database.h"

#ifdef HAVE_SQLITE

#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

sqlite3 *opencode_database_new(const char *dir)
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

void opencode_put_row(sqlite3 *db, const char *table, const json_t *row)
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

json_t *opencode_sample_rows(const char *table)
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

const char *const opencode_tables[] = {"session", "message", "part"};

const char *opencode_sample_directory(void)
{
    const char *dir = support_tmpdir();
    sqlite3 *db = opencode_database_new(dir);
    for (size_t i = 0; i < 3; i++) {
        json_t *rows = opencode_sample_rows(opencode_tables[i]), *row;
        size_t k;
        json_array_foreach(rows, k, row) opencode_put_row(db, opencode_tables[i], row);
        json_decref(rows);
    }
    sqlite3_close(db);
    return dir;
}

#else

typedef int opencode_database_is_empty;

#endif
