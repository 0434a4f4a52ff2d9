/* A version of OpenCode may have migrated its database to other columns. The SELECT of each table
   is made from what PRAGMA table_info lists, once for each version of the schema. */
#include "ingest/opencode/opencode_schema.h"

#ifdef HAVE_SQLITE

#include "ingest/library/sqlite.h"

#include <stdio.h>
#include <string.h>

const char *const opencode_table_names[OPENCODE_TABLES] = {
    [OPENCODE_SESSIONS] = "session", [OPENCODE_MESSAGES] = "message", [OPENCODE_PARTS] = "part"};

enum { COLUMNS = 12, CREATED = 8, UPDATED = 9, COLUMNS_MAX = 64 };

/* The columns that are read, in the order of opencode_db.c's take_row; NULL: the table never has
   it. `needed`: so many rows are nothing without one of them. `known`: those that nothing reads. */
static const struct table {
    const char *read[COLUMNS];
    const char *needed[3], *known[24];
} tables[OPENCODE_TABLES] = {
    [OPENCODE_SESSIONS] = {{"id", "id", NULL, "parent_id", "agent", "title", "directory", NULL,
                            "time_created", "time_updated", "cost", "permission"},
                           {"id"},
                           {"project_id",
                            "workspace_id",
                            "slug",
                            "path",
                            "version",
                            "share_url",
                            "summary_files",
                            "summary_additions",
                            "summary_deletions",
                            "summary_diffs",
                            "metadata",
                            "tokens_input",
                            "tokens_output",
                            "tokens_reasoning",
                            "tokens_cache_read",
                            "revert",
                            "tokens_cache_write",
                            "time_compacting",
                            "model",
                            "time_archived"}},
    [OPENCODE_MESSAGES] = {{"id", "session_id", NULL, NULL, NULL, NULL, NULL, "data",
                            "time_created", "time_updated", NULL, NULL},
                           {"id", "session_id", "data"},
                           {NULL}},
    [OPENCODE_PARTS] = {{"id", "session_id", "message_id", NULL, NULL, NULL, NULL, "data",
                         "time_created", "time_updated", NULL, NULL},
                        {"id", "session_id", "data"},
                        {NULL}},
};

/* Tables that nothing reads. */
static const char *const known_tables[] = {
    "account",
    "account_state",
    "control_account",
    "credential",
    "event",
    "data_migration",
    "event_sequence",
    "migration",
    "permission",
    "project",
    "project_directory",
    "session_context_epoch",
    "session_input",
    "session_message",
    "session_share",
    "todo",
    "workspace",
    "__drizzle_migrations",
};

void opencode_schema_init(struct opencode_schema *schema)
{
    *schema = (struct opencode_schema){.version = -1};
}

static void differ(struct opencode_schema *schema, const char *what, const char *table,
                   const char *column)
{
    size_t len = strlen(schema->text);
    snprintf(schema->text + len, sizeof schema->text - len, "%s%s %s%s%s", len > 0 ? ", " : "",
             what, table, column[0] != '\0' ? "." : "", column);
    schema->differences++;
}

static size_t find(const char *const *names, size_t count, const char *name)
{
    size_t at = 0;
    while (at < count && (names[at] == NULL || strcmp(names[at], name) != 0)) {
        at++;
    }
    return at;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Makes the list of columns of a table from those that it has. */
static void make_columns(struct opencode_schema *schema, enum opencode_table number,
                         const bool has[COLUMNS])
{
    const struct table *table = &tables[number];
    struct opencode_readable *out = &schema->readable[number];
    size_t len = 0;
    out->columns[0] = '\0';
    for (size_t i = 0; i < COLUMNS; i++) {
        const char *name = has[i] ? table->read[i] : "NULL";
        len += (size_t)snprintf(out->columns + len, sizeof out->columns - len, "%s%s",
                                i > 0 ? ", " : "", name);
        if (table->read[i] != NULL && !has[i] && find(table->read, i, table->read[i]) == i) {
            differ(schema, "no", opencode_table_names[number], table->read[i]);
        }
    }
    out->created = has[CREATED];
    out->updated = has[UPDATED];
    out->rows = true;
    for (size_t i = 0; i < COUNT(table->needed) && table->needed[i] != NULL; i++) {
        out->rows = out->rows && has[find(table->read, COLUMNS, table->needed[i])];
    }
}

static bool look_at_table(struct opencode_schema *schema, sqlite3 *handle,
                          enum opencode_table number)
{
    char sql[80];
    sqlite3_stmt *row = NULL;
    const struct table *table = &tables[number];
    bool has[COLUMNS] = {false}, found = false;
    snprintf(sql, sizeof sql, "PRAGMA table_info(%s)", opencode_table_names[number]);
    int result = sqlite3_prepare_v2(handle, sql, -1, &row, NULL);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(row);
        const char *name = result == SQLITE_ROW ? (const char *)sqlite3_column_text(row, 1) : NULL;
        if (name == NULL) {
            continue;
        }
        found = true;
        bool known = find(table->known, COUNT(table->known), name) < COUNT(table->known);
        for (size_t i = 0; i < COLUMNS; i++) {
            if (table->read[i] != NULL && strcmp(table->read[i], name) == 0) {
                has[i] = known = true;
            }
        }
        if (!known) {
            differ(schema, "a new", opencode_table_names[number], name);
        }
    }
    sqlite3_finalize(row);
    if (found) {
        make_columns(schema, number, has);
    } else {
        schema->readable[number].rows = false;
        differ(schema, "no table", opencode_table_names[number], "");
    }
    return result == SQLITE_DONE;
}

/* Sets *begun to whether there is a table that is read, or that is new: a database that a client is
   just making has others at most. */
static bool look_for_tables(struct opencode_schema *schema, sqlite3 *handle, bool *begun)
{
    sqlite3_stmt *row = NULL;
    int result = sqlite3_prepare_v2(handle, "SELECT name FROM sqlite_master WHERE type = 'table'",
                                    -1, &row, NULL);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(row);
        const char *name = result == SQLITE_ROW ? (const char *)sqlite3_column_text(row, 0) : NULL;
        if (name == NULL || strncmp(name, "sqlite_", 7) == 0 ||
            find(known_tables, COUNT(known_tables), name) < COUNT(known_tables)) {
            continue;
        }
        *begun = true;
        if (find(opencode_table_names, OPENCODE_TABLES, name) == OPENCODE_TABLES) {
            differ(schema, "a new table", name, "");
        }
    }
    sqlite3_finalize(row);
    return result == SQLITE_DONE;
}

bool opencode_schema_look(struct opencode_schema *schema, sqlite3 *handle)
{
    sqlite3_stmt *row = NULL;
    int64_t version = -1;
    char before[sizeof schema->text];
    if (sqlite3_prepare_v2(handle, "PRAGMA schema_version", -1, &row, NULL) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW) {
        version = sqlite3_column_int64(row, 0);
    }
    sqlite3_finalize(row);
    if (version < 0 || version == schema->version) {
        return version >= 0;
    }
    memcpy(before, schema->text, sizeof before);
    schema->differences = 0;
    schema->text[0] = '\0';
    bool begun = false, good = look_for_tables(schema, handle, &begun);
    for (int table = 0; good && table < OPENCODE_TABLES; table++) {
        good = look_at_table(schema, handle, (enum opencode_table)table);
    }
    if (!begun) {
        schema->differences = 0;
        schema->text[0] = '\0';
    }
    schema->version = good ? version : -1;
    schema->is_new |= schema->differences > 0 && strcmp(before, schema->text) != 0;
    return good;
}

#else

typedef int opencode_schema_is_empty;

#endif
