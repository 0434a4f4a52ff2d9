/* Rows of these tables have texts as keys, and besides SQLite's own number of the row, which grows.
   So new rows are those after the last one that was read, and the first recent row is found by
   bisection. Rows that change later (a tool that runs, an answer that is written) are asked for by
   their keys until they are final. When the last rows are deleted their numbers are used again: so
   the keys of some rows that were read are kept, and reading continues after the last one that is
   still in its place.

   A database that is replaced by another is opened again. */
#include "ingest/opencode/opencode_db.h"

#ifdef HAVE_SQLITE

#include "ingest/opencode/opencode_schema.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    ROWS_MAX = 2000,
    BATCH_BYTES = 8 << 20,
    WATCHED_MAX = 4000,
    BUSY_MS = 500, /* on a worker: no frame waits for it */
    WHY_BYTES = 200,
    MARKS = 32,
    MARK_BYTES = 64
};

struct watched {
    enum opencode_table table;
    char *id;
    size_t len;
};

/* A row that was read: its number and the beginning of its key. */
struct mark {
    int64_t rowid; /* 0: none */
    char id[MARK_BYTES];
};

struct opencode_db {
    const struct mem *mem;
    char path[PATH_MAX];
    double from_ms;
    sqlite3 *handle; /* NULL: not open */
    dev_t device;
    ino_t inode;
    struct opencode_schema schema;
    int64_t next[OPENCODE_TABLES]; /* the row from which on none was read; -1: not known yet */
    struct mark marks[OPENCODE_TABLES][MARKS]; /* the last row of each read, a ring */
    unsigned marked[OPENCODE_TABLES];          /* how many were put there */
    int version;                               /* PRAGMA data_version at the last read; 0: none */
    struct watched *watched;
    size_t watched_count, watched_cap;
    bool more; /* the last read left rows */
    char why[WHY_BYTES];
};

static struct slice copy_text(struct opencode_batch *batch, sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    int len = sqlite3_column_bytes(row, column);
    return text == NULL || len <= 0 ? (struct slice){NULL, 0}
                                    : opencode_batch_copy(batch, text, (size_t)len);
}

/* NAN: the column is missing. */
static double number_in(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? (double)NAN
                                                           : sqlite3_column_double(row, column);
}

static void take_row(struct opencode_batch *batch, enum opencode_table table, sqlite3_stmt *row)
{
    struct opencode_row *out = opencode_batch_add(batch);
    if (out == NULL) {
        return;
    }
    *out = (struct opencode_row){
        .table = table,
        .id = copy_text(batch, row, 0),
        .session_id = copy_text(batch, row, 1),
        .message_id = copy_text(batch, row, 2),
        .parent_id = copy_text(batch, row, 3),
        .agent = copy_text(batch, row, 4),
        .title = copy_text(batch, row, 5),
        .directory = copy_text(batch, row, 6),
        .data = copy_text(batch, row, 7),
        .created_ms = number_in(row, 8),
        .updated_ms = number_in(row, 9),
        .cost_usd = number_in(row, 10),
    };
}

/* ---- the database ---- */

struct opencode_db *opencode_db_new(const struct mem *mem, const char *path, double from_ms)
{
    struct opencode_db *db = mem_zalloc(mem, 1, sizeof *db);
    if (db != NULL) {
        db->mem = mem;
        db->from_ms = from_ms;
        snprintf(db->path, sizeof db->path, "%s", path);
    }
    return db;
}

static void forget_watched(struct opencode_db *db)
{
    for (size_t i = 0; i < db->watched_count; i++) {
        mem_free(db->mem, db->watched[i].id, db->watched[i].len);
    }
    db->watched_count = 0;
}

static void close_db(struct opencode_db *db)
{
    sqlite3_close(db->handle);
    db->handle = NULL;
    db->version = 0;
    opencode_schema_init(&db->schema);
    for (int table = 0; table < OPENCODE_TABLES; table++) {
        db->next[table] = -1;
        db->marked[table] = 0;
    }
    forget_watched(db);
}

void opencode_db_free(struct opencode_db *db)
{
    if (db != NULL) {
        close_db(db);
        mem_free(db->mem, db->watched, db->watched_cap * sizeof *db->watched);
        mem_free(db->mem, db, sizeof *db);
    }
}

static const char *fail(struct opencode_db *db, const char *what)
{
    snprintf(db->why, sizeof db->why, "%s", what);
    return db->why;
}

/* Opens it, again where the file is another one. NULL: it is open, or no file exists. */
static const char *open_db(struct opencode_db *db)
{
    struct stat st;
    if (stat(db->path, &st) != 0) {
        close_db(db);
        return errno == ENOENT ? NULL : fail(db, strerror(errno));
    }
    if (db->handle != NULL && (db->device != st.st_dev || db->inode != st.st_ino)) {
        close_db(db);
    }
    if (db->handle != NULL) {
        return NULL;
    }
    close_db(db);
    if (sqlite3_open_v2(db->path, &db->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        fail(db, db->handle == NULL ? "out of memory" : sqlite3_errmsg(db->handle));
        close_db(db);
        return db->why;
    }
    sqlite3_busy_timeout(db->handle, BUSY_MS);
    db->device = st.st_dev;
    db->inode = st.st_ino;
    return NULL;
}

/* Runs a query for one number; `fallback` where it has no row. */
static int64_t number_of(struct opencode_db *db, const char *sql, int64_t argument,
                         int64_t fallback, bool *good)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = fallback;
    int result = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
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

/* Finds the first row that was made at from_ms or later. */
static int64_t first_recent(struct opencode_db *db, enum opencode_table table, bool *good)
{
    char max[100], at[160];
    int64_t low = 0, high;
    snprintf(max, sizeof max, "SELECT max(rowid) FROM %s", opencode_table_names[table]);
    snprintf(at, sizeof at, "SELECT time_created FROM %s WHERE rowid >= ? ORDER BY rowid LIMIT 1",
             opencode_table_names[table]);
    high = after_row(number_of(db, max, 0, 0, good));
    bool bisects = !isnan(db->from_ms) && db->schema.readable[table].created;
    while (*good && bisects && low < high) {
        int64_t middle = low + (high - low) / 2;
        if ((double)number_of(db, at, middle, INT64_MAX, good) < db->from_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* ---- rows that were deleted ---- */

/* Returns whether the row is where it was. */
static bool is_in_place(struct opencode_db *db, enum opencode_table table, const struct mark *mark,
                        bool *good)
{
    char sql[100];
    sqlite3_stmt *statement = NULL;
    snprintf(sql, sizeof sql, "SELECT substr(id, 1, %d) FROM %s WHERE rowid = ?", MARK_BYTES - 1,
             opencode_table_names[table]);
    int result = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, mark->rowid);
        result = sqlite3_step(statement);
    }
    const char *id = result == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    bool same = id != NULL && strncmp(id, mark->id, MARK_BYTES - 1) == 0;
    *good &= result == SQLITE_ROW || result == SQLITE_DONE;
    sqlite3_finalize(statement);
    return same;
}

/* Keeps the last row before `next`. */
static bool put_mark(struct opencode_db *db, enum opencode_table table)
{
    char sql[120];
    sqlite3_stmt *statement = NULL;
    snprintf(sql, sizeof sql,
             "SELECT rowid, substr(id, 1, %d) FROM %s WHERE rowid < ? ORDER BY rowid DESC LIMIT 1",
             MARK_BYTES - 1, opencode_table_names[table]);
    int result = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, db->next[table]);
        result = sqlite3_step(statement);
    }
    if (result == SQLITE_ROW) {
        struct mark *mark = &db->marks[table][db->marked[table]++ % MARKS];
        const char *id = (const char *)sqlite3_column_text(statement, 1);
        mark->rowid = sqlite3_column_int64(statement, 0);
        snprintf(mark->id, sizeof mark->id, "%s", id == NULL ? "" : id);
    }
    sqlite3_finalize(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE;
}

/* Sets `next` to the row after the last one that is still in its place. */
static void skip_back(struct opencode_db *db, enum opencode_table table, bool *good)
{
    unsigned kept = db->marked[table] < MARKS ? db->marked[table] : MARKS;
    bool moved = false;
    for (; *good && kept > 0; kept--, db->marked[table]--) {
        const struct mark *mark = &db->marks[table][(db->marked[table] - 1) % MARKS];
        if (is_in_place(db, table, mark, good)) {
            db->next[table] = moved ? after_row(mark->rowid) : db->next[table];
            return;
        }
        moved = true;
    }
    if (*good && moved) {
        db->marked[table] = 0;
        db->next[table] = first_recent(db, table, good);
    }
}

/* ---- reading ---- */

static bool read_rows(struct opencode_db *db, enum opencode_table table, const char *sql,
                      struct opencode_batch *batch, struct slice id)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK && id.bytes != NULL) {
        sqlite3_bind_text(statement, 1, id.bytes, (int)id.len, SQLITE_STATIC);
    } else if (result == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, db->next[table]);
    }
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(statement);
        if (result == SQLITE_ROW) {
            take_row(batch, table, statement);
            if (id.bytes == NULL) {
                db->next[table] = after_row(sqlite3_column_int64(statement, 11));
            }
            if (id.bytes == NULL && table != OPENCODE_SESSIONS && batch->bytes > BATCH_BYTES) {
                batch->more = true;
                result = SQLITE_DONE;
            }
        }
    }
    sqlite3_finalize(statement);
    return result == SQLITE_DONE;
}

/* Reads the rows that are watched. */
static bool read_watched(struct opencode_db *db, struct opencode_batch *batch)
{
    char sql[300];
    bool good = true;
    size_t count = db->watched_count;
    for (size_t i = 0; good && i < count; i++) {
        const struct watched *watched = &db->watched[i];
        snprintf(sql, sizeof sql, "SELECT %s, rowid FROM %s WHERE id = ?",
                 db->schema.readable[watched->table].columns, opencode_table_names[watched->table]);
        size_t before = batch->count;
        good = read_rows(db, watched->table, sql, batch, (struct slice){watched->id, watched->len});
        if (good && batch->count == before) {
            opencode_batch_add_deleted(batch, watched->table,
                                       (struct slice){watched->id, watched->len});
        }
    }
    return good;
}

/* Sessions are few, and change while they last: all that changed since the last read. */
static bool read_sessions(struct opencode_db *db, struct opencode_batch *batch)
{
    char sql[400];
    const struct opencode_readable *readable = &db->schema.readable[OPENCODE_SESSIONS];
    if (db->next[OPENCODE_SESSIONS] < 0) {
        db->next[OPENCODE_SESSIONS] = isnan(db->from_ms) ? 0 : (int64_t)db->from_ms;
    }
    snprintf(sql, sizeof sql,
             readable->updated ? "SELECT %s, time_updated - 1 FROM session WHERE time_updated >= ? "
                                 "ORDER BY time_updated, rowid"
                               : "SELECT %s, ?1 - 1 FROM session ORDER BY rowid",
             readable->columns);
    return read_rows(db, OPENCODE_SESSIONS, sql, batch, (struct slice){NULL, 0});
}

static bool read_table(struct opencode_db *db, enum opencode_table table,
                       struct opencode_batch *batch)
{
    char sql[400];
    bool good = true;
    size_t before = batch->count;
    if (db->next[table] < 0) {
        db->next[table] = first_recent(db, table, &good);
    }
    skip_back(db, table, &good);
    snprintf(sql, sizeof sql, "SELECT %s, rowid FROM %s WHERE rowid >= ? ORDER BY rowid LIMIT %d",
             db->schema.readable[table].columns, opencode_table_names[table], ROWS_MAX);
    good = good && read_rows(db, table, sql, batch, (struct slice){NULL, 0});
    if (good && (batch->count > before || db->marked[table] == 0)) {
        good = put_mark(db, table);
    }
    batch->more |= batch->count - before == ROWS_MAX;
    return good;
}

static bool read_new(struct opencode_db *db, struct opencode_batch *batch)
{
    bool good = !db->schema.readable[OPENCODE_SESSIONS].rows || read_sessions(db, batch);
    for (int table = OPENCODE_MESSAGES; good && table < OPENCODE_TABLES && !batch->more; table++) {
        if (db->schema.readable[table].rows) { /* messages before their parts */
            good = read_table(db, (enum opencode_table)table, batch);
        }
    }
    return good;
}

const char *opencode_db_read(struct opencode_db *db, struct opencode_batch *batch)
{
    const char *why = open_db(db);
    bool good = true;
    if (why != NULL || db->handle == NULL) {
        return why;
    }
    int version = (int)number_of(db, "PRAGMA data_version", 0, 0, &good);
    if (good && version == db->version) {
        return NULL; /* nobody has written since */
    }
    /* One picture of all tables: a session's row comes with its messages. */
    good = good && sqlite3_exec(db->handle, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    int64_t next[OPENCODE_TABLES];
    memcpy(next, db->next, sizeof next);
    good = good && opencode_schema_look(&db->schema, db->handle) &&
           (db->more || read_watched(db, batch)) && read_new(db, batch);
    if (!good) { /* all of it comes again */
        fail(db, sqlite3_errmsg(db->handle));
        memcpy(db->next, next, sizeof next);
        memset(db->marked, 0, sizeof db->marked);
        opencode_batch_clear(batch);
    } else if (!db->more) {
        forget_watched(db); /* such a row is watched again when it is taken */
    }
    sqlite3_exec(db->handle, "COMMIT", NULL, NULL, NULL);
    if (!good) {
        return db->why;
    }
    db->more = batch->more;
    db->version = batch->more ? 0 : version;
    return NULL;
}

const char *opencode_db_differences(struct opencode_db *db, unsigned *count)
{
    bool is_new = db->schema.is_new;
    db->schema.is_new = false;
    *count = db->schema.differences;
    return is_new ? db->schema.text : NULL;
}

bool opencode_db_watch(struct opencode_db *db, enum opencode_table table, struct slice id)
{
    if (db->watched_count == WATCHED_MAX) {
        return true;
    }
    char *copy = mem_alloc(db->mem, id.len);
    if (copy == NULL || !mem_reserve(db->mem, &db->watched, &db->watched_cap, db->watched_count + 1,
                                     sizeof *db->watched)) {
        mem_free(db->mem, copy, copy == NULL ? 0 : id.len);
        return false;
    }
    memcpy(copy, id.bytes, id.len);
    db->watched[db->watched_count++] = (struct watched){.table = table, .id = copy, .len = id.len};
    return true;
}

#else

struct opencode_db *opencode_db_new(const struct mem *mem, const char *path, double from_ms)
{
    (void)mem, (void)path, (void)from_ms;
    return NULL;
}

void opencode_db_free(struct opencode_db *db)
{
    (void)db;
}

const char *opencode_db_read(struct opencode_db *db, struct opencode_batch *batch)
{
    (void)db, (void)batch;
    return "built without SQLite";
}

const char *opencode_db_differences(struct opencode_db *db, unsigned *count)
{
    (void)db, (void)count;
    return NULL;
}

bool opencode_db_watch(struct opencode_db *db, enum opencode_table table, struct slice id)
{
    (void)db, (void)table, (void)id;
    return true;
}

#endif
