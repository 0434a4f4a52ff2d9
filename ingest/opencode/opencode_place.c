/* SQLite's own number of a row grows, so new rows are those after the last one that was read, and
   the first recent row is found by bisection. When the last rows are deleted their numbers are used
   again: so the keys of some rows that were read are kept, and reading continues after the last one
   that is still in its place. */
#include "ingest/opencode/opencode_place.h"

#ifdef HAVE_SQLITE

#include "ingest/library/sqlite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void opencode_place_init(struct opencode_place *place)
{
    *place = (struct opencode_place){.next = -1};
}

int64_t opencode_number(sqlite3 *handle, const char *sql, int64_t argument, int64_t fallback,
                        bool *good)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = fallback;
    int result = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, argument);
        result = sqlite3_step(statement);
        number = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : fallback;
    }
    *good &= result == SQLITE_ROW || result == SQLITE_DONE;
    sqlite3_finalize(statement);
    return number;
}

/* The row after this one; a hostile database has a last one. */
static int64_t after_row(int64_t row)
{
    return row < INT64_MAX ? row + 1 : row;
}

void opencode_place_pass(struct opencode_place *place, int64_t rowid)
{
    place->next = after_row(rowid);
}

/* ---- the first recent row ---- */

static int64_t bisect(sqlite3 *handle, enum opencode_table table, double from_ms, bool *good)
{
    char max[100], at[160];
    int64_t low = 0, high;
    snprintf(max, sizeof max, "SELECT max(rowid) FROM %s", opencode_table_names[table]);
    snprintf(at, sizeof at, "SELECT time_created FROM %s WHERE rowid >= ? ORDER BY rowid LIMIT 1",
             opencode_table_names[table]);
    high = after_row(opencode_number(handle, max, 0, 0, good));
    while (*good && low < high) {
        int64_t middle = low + (high - low) / 2;
        if ((double)opencode_number(handle, at, middle, INT64_MAX, good) < from_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* A fork's messages have the times of those that it copies, so they are in no order among the
   others; their parts are. */
static int64_t first_recent(sqlite3 *handle, const struct opencode_schema *schema,
                            enum opencode_table table, double from_ms, bool *good)
{
    if (isnan(from_ms) || !schema->readable[table].created) {
        return 0;
    }
    int64_t first = bisect(handle, table, from_ms, good);
    if (*good && table == OPENCODE_MESSAGES && schema->readable[OPENCODE_PARTS].rows &&
        schema->readable[OPENCODE_PARTS].created) {
        bool known = true; /* the column may be missing */
        int64_t part = bisect(handle, OPENCODE_PARTS, from_ms, good);
        int64_t of = opencode_number(handle,
                                     "SELECT message.rowid FROM part JOIN message ON message.id = "
                                     "part.message_id WHERE part.rowid >= ? ORDER BY part.rowid "
                                     "LIMIT 1",
                                     part, first, &known);
        first = of < first ? of : first;
    }
    return first;
}

/* ---- rows that were deleted ---- */

/* Returns whether the row is where it was. */
static bool is_in_place(sqlite3 *handle, enum opencode_table table,
                        const struct opencode_mark *mark, bool *good)
{
    char sql[100];
    sqlite3_stmt *statement = NULL;
    snprintf(sql, sizeof sql, "SELECT substr(id, 1, %d) FROM %s WHERE rowid = ?",
             OPENCODE_MARK_BYTES - 1, opencode_table_names[table]);
    int result = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, mark->rowid);
        result = sqlite3_step(statement);
    }
    const char *id = result == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    bool same = id != NULL && strncmp(id, mark->id, OPENCODE_MARK_BYTES - 1) == 0;
    *good &= result == SQLITE_ROW || result == SQLITE_DONE;
    sqlite3_finalize(statement);
    return same;
}

bool opencode_place_mark(struct opencode_place *place, sqlite3 *handle, enum opencode_table table)
{
    char sql[120];
    sqlite3_stmt *statement = NULL;
    snprintf(sql, sizeof sql,
             "SELECT rowid, substr(id, 1, %d) FROM %s WHERE rowid < ? ORDER BY rowid DESC LIMIT 1",
             OPENCODE_MARK_BYTES - 1, opencode_table_names[table]);
    int result = sqlite3_prepare_v2(handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, place->next);
        result = sqlite3_step(statement);
    }
    if (result == SQLITE_ROW) {
        struct opencode_mark *mark = &place->marks[place->marked++ % OPENCODE_MARKS];
        const char *id = (const char *)sqlite3_column_text(statement, 1);
        mark->rowid = sqlite3_column_int64(statement, 0);
        snprintf(mark->id, sizeof mark->id, "%s", id == NULL ? "" : id);
    }
    sqlite3_finalize(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE;
}

bool opencode_place_find(struct opencode_place *place, sqlite3 *handle,
                         const struct opencode_schema *schema, enum opencode_table table,
                         double from_ms)
{
    bool good = true, moved = false;
    if (place->next < 0) {
        place->next = first_recent(handle, schema, table, from_ms, &good);
    }
    unsigned kept = place->marked < OPENCODE_MARKS ? place->marked : OPENCODE_MARKS;
    for (; good && kept > 0; kept--, place->marked--) {
        const struct opencode_mark *mark = &place->marks[(place->marked - 1) % OPENCODE_MARKS];
        if (is_in_place(handle, table, mark, &good)) {
            place->next = moved ? after_row(mark->rowid) : place->next;
            return good;
        }
        moved = true;
    }
    if (good && moved) {
        place->marked = 0;
        place->next = first_recent(handle, schema, table, from_ms, &good);
    }
    return good;
}

#else

typedef int opencode_place_is_empty;

#endif
