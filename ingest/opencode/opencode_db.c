/* Rows of these tables have texts as keys, and besides SQLite's own number of the row, which grows.
   So new rows are those after the last one that was read, and the first recent row is found by
   bisection. Rows that change later (a tool that runs, an answer that is written) are asked for by
   their keys until they are final.

   A database that is replaced by another is opened again. */
#include "ingest/opencode/opencode_db.h"

#include <string.h>

/* ---- batches ---- */

void opencode_batch_init(struct opencode_batch *batch, const struct mem *mem)
{
    *batch = (struct opencode_batch){.mem = mem};
}

void opencode_batch_clear(struct opencode_batch *batch)
{
    for (size_t i = 0; i < batch->text_count; i++) {
        mem_free(batch->mem, batch->texts[i], batch->sizes[i]);
    }
    batch->count = batch->text_count = batch->bytes = 0;
    batch->more = batch->failed = false;
}

void opencode_batch_release(struct opencode_batch *batch)
{
    opencode_batch_clear(batch);
    mem_free(batch->mem, batch->rows, batch->cap * sizeof *batch->rows);
    mem_free(batch->mem, batch->texts, batch->text_cap * sizeof *batch->texts);
    mem_free(batch->mem, batch->sizes, batch->size_cap * sizeof *batch->sizes);
}

#ifdef HAVE_SQLITE

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

enum { ROWS_MAX = 2000, BATCH_BYTES = 8 << 20, WATCHED_MAX = 4000, BUSY_MS = 50, WHY_BYTES = 200 };

struct watched {
    enum opencode_table table;
    char *id;
    size_t len;
};

struct opencode_db {
    const struct mem *mem;
    char path[PATH_MAX];
    double from_ms;
    sqlite3 *handle; /* NULL: not open */
    dev_t device;
    ino_t inode;
    int64_t next[OPENCODE_TABLES]; /* the row from which on none was read; -1: not known yet */
    int version;                   /* PRAGMA data_version at the last read; 0: none */
    struct watched *watched;
    size_t watched_count, watched_cap;
    bool more; /* the last read left rows */
    char why[WHY_BYTES];
};

/* Each table's columns, in the order of take_row. */
static const struct table {
    const char *name, *columns;
} tables[OPENCODE_TABLES] = {
    [OPENCODE_SESSIONS] = {"session", "id, id, NULL, parent_id, agent, title, directory, NULL, "
                                      "time_created, time_updated, cost"},
    [OPENCODE_MESSAGES] = {"message", "id, session_id, NULL, NULL, NULL, NULL, NULL, data, "
                                      "time_created, time_updated, 0"},
    [OPENCODE_PARTS] = {"part", "id, session_id, message_id, NULL, NULL, NULL, NULL, data, "
                                "time_created, time_updated, 0"},
};

static struct slice copy_text(struct opencode_batch *batch, sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    int len = sqlite3_column_bytes(row, column);
    if (text == NULL || len <= 0) {
        return (struct slice){NULL, 0};
    }
    char *copy = mem_alloc(batch->mem, (size_t)len);
    if (copy == NULL ||
        !mem_reserve(batch->mem, &batch->texts, &batch->text_cap, batch->text_count + 1,
                     sizeof *batch->texts) ||
        !mem_reserve(batch->mem, &batch->sizes, &batch->size_cap, batch->text_count + 1,
                     sizeof *batch->sizes)) {
        mem_free(batch->mem, copy, copy == NULL ? 0 : (size_t)len);
        batch->failed = true;
        return (struct slice){NULL, 0};
    }
    memcpy(copy, text, (size_t)len);
    batch->texts[batch->text_count] = copy;
    batch->sizes[batch->text_count++] = (size_t)len;
    batch->bytes += (size_t)len;
    return (struct slice){copy, (size_t)len};
}

static void take_row(struct opencode_batch *batch, enum opencode_table table, sqlite3_stmt *row)
{
    if (!mem_reserve(batch->mem, &batch->rows, &batch->cap, batch->count + 1,
                     sizeof *batch->rows)) {
        batch->failed = true;
        return;
    }
    batch->rows[batch->count++] = (struct opencode_row){
        .table = table,
        .id = copy_text(batch, row, 0),
        .session_id = copy_text(batch, row, 1),
        .message_id = copy_text(batch, row, 2),
        .parent_id = copy_text(batch, row, 3),
        .agent = copy_text(batch, row, 4),
        .title = copy_text(batch, row, 5),
        .directory = copy_text(batch, row, 6),
        .data = copy_text(batch, row, 7),
        .created_ms = sqlite3_column_double(row, 8),
        .updated_ms = sqlite3_column_double(row, 9),
        .cost_usd = sqlite3_column_double(row, 10),
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
    for (int table = 0; table < OPENCODE_TABLES; table++) {
        db->next[table] = -1;
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

/* Finds the first row that was made at from_ms or later. */
static int64_t first_recent(struct opencode_db *db, enum opencode_table table, bool *good)
{
    char max[100], at[160];
    int64_t low = 0, high;
    snprintf(max, sizeof max, "SELECT max(rowid) FROM %s", tables[table].name);
    snprintf(at, sizeof at, "SELECT time_created FROM %s WHERE rowid >= ? ORDER BY rowid LIMIT 1",
             tables[table].name);
    high = number_of(db, max, 0, 0, good) + 1;
    while (*good && !isnan(db->from_ms) && low < high) {
        int64_t middle = low + (high - low) / 2;
        if ((double)number_of(db, at, middle, INT64_MAX, good) < db->from_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

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
                db->next[table] = sqlite3_column_int64(statement, 11) + 1;
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
                 tables[watched->table].columns, tables[watched->table].name);
        good = read_rows(db, watched->table, sql, batch, (struct slice){watched->id, watched->len});
    }
    return good;
}

/* Sessions are few, and change while they last: all that changed since the last read. */
static bool read_sessions(struct opencode_db *db, struct opencode_batch *batch)
{
    char sql[300];
    if (db->next[OPENCODE_SESSIONS] < 0) {
        db->next[OPENCODE_SESSIONS] = isnan(db->from_ms) ? 0 : (int64_t)db->from_ms;
    }
    snprintf(sql, sizeof sql,
             "SELECT %s, time_updated - 1 FROM session WHERE time_updated >= ? ORDER BY "
             "time_updated, rowid",
             tables[OPENCODE_SESSIONS].columns);
    return read_rows(db, OPENCODE_SESSIONS, sql, batch, (struct slice){NULL, 0});
}

static bool read_new(struct opencode_db *db, struct opencode_batch *batch)
{
    char sql[300];
    bool good = read_sessions(db, batch);
    for (int table = OPENCODE_MESSAGES; good && table < OPENCODE_TABLES; table++) {
        size_t before = batch->count;
        if (db->next[table] < 0) {
            db->next[table] = first_recent(db, (enum opencode_table)table, &good);
        }
        snprintf(sql, sizeof sql,
                 "SELECT %s, rowid FROM %s WHERE rowid >= ? ORDER BY rowid LIMIT %d",
                 tables[table].columns, tables[table].name, ROWS_MAX);
        good =
            good && read_rows(db, (enum opencode_table)table, sql, batch, (struct slice){NULL, 0});
        batch->more |= batch->count - before == ROWS_MAX;
        if (batch->more) {
            break; /* messages before their parts */
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
    good = good && (db->more || read_watched(db, batch)) && read_new(db, batch);
    if (!good) { /* all of it comes again */
        fail(db, sqlite3_errmsg(db->handle));
        memcpy(db->next, next, sizeof next);
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

bool opencode_db_watch(struct opencode_db *db, enum opencode_table table, struct slice id)
{
    (void)db, (void)table, (void)id;
    return true;
}

#endif
