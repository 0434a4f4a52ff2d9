/* New rows of a table are read in the order in which they were made (opencode_place.h). Rows that
   change later (a tool that runs, an answer that is written) are asked for by their keys until they
   are final. A session's row changes as long as it lasts, so those are asked for by the time of
   their change. Rows that have not changed are not
   handed on: a digest of each such row is kept.

   A database that is replaced by another is read from its beginning. */
#include "ingest/opencode/opencode_db.h"

#ifdef HAVE_SQLITE

#include "core/base/u64map.h"
#include "ingest/library/sqlite.h"
#include "ingest/opencode/opencode_file.h"
#include "ingest/opencode/opencode_place.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { ROWS_MAX = 2000, BATCH_BYTES = 8 << 20, WATCHED_MAX = 4000 };

/* A row as it was when it was read last. */
struct watched {
    enum opencode_table table;
    char *id;
    size_t len;
    uint64_t digest;
    bool changed; /* at the last read */
};

struct opencode_db {
    const struct mem *mem;
    struct opencode_file file;
    double from_ms;
    struct opencode_schema schema;
    struct opencode_place places[OPENCODE_TABLES]; /* not of sessions */
    int version; /* PRAGMA data_version at the last read; 0: none */
    struct watched *watched;
    size_t watched_count, watched_cap;
    int64_t session_ms;      /* the latest change of a session that was read */
    struct u64map sessions;  /* digests of those that were changed then */
    bool more;               /* the last read left rows */
    int64_t older, older_ms; /* sessions that were left out, the latest change of one */
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

enum { COLUMNS = 12 };

/* Returns a number that is the same for the same row. */
static uint64_t digest_of(sqlite3_stmt *row)
{
    uint64_t digest = 0;
    for (int i = 0; i < COLUMNS; i++) {
        const unsigned char *text = sqlite3_column_text(row, i);
        int len = sqlite3_column_bytes(row, i);
        digest = XXH3_64bits_withSeed(&len, sizeof len, digest);
        if (text != NULL && len > 0) {
            digest = XXH3_64bits_withSeed(text, (size_t)len, digest);
        }
    }
    return digest;
}

static void take_row(struct opencode_batch *batch, enum opencode_table table, sqlite3_stmt *row,
                     uint64_t digest)
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
        .permission = copy_text(batch, row, 11),
        .digest = digest,
    };
}

/* ---- the database ---- */

struct opencode_db *opencode_db_new(const struct mem *mem, const char *path, double from_ms)
{
    struct opencode_db *db = mem_zalloc(mem, 1, sizeof *db);
    if (db != NULL) {
        db->mem = mem;
        db->from_ms = from_ms;
        u64map_init(&db->sessions, mem);
        opencode_file_init(&db->file, path);
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

/* Another database is read, or none. */
static void forget(struct opencode_db *db)
{
    db->version = 0;
    db->session_ms = INT64_MIN;
    u64map_clear(&db->sessions);
    opencode_schema_init(&db->schema);
    for (int table = 0; table < OPENCODE_TABLES; table++) {
        opencode_place_init(&db->places[table]);
    }
    forget_watched(db);
}

void opencode_db_free(struct opencode_db *db)
{
    if (db != NULL) {
        opencode_file_close(&db->file);
        forget_watched(db);
        mem_free(db->mem, db->watched, db->watched_cap * sizeof *db->watched);
        u64map_release(&db->sessions);
        mem_free(db->mem, db, sizeof *db);
    }
}

/* Opens it where it is not. NULL: it is open, or no file exists. *unread: it has to be read. */
static const char *open_db(struct opencode_db *db, bool *unread)
{
    enum opencode_file_state state = opencode_file_look(&db->file);
    if (state != OPENCODE_FILE_SAME) {
        forget(db);
    }
    *unread = db->file.handle != NULL && (!db->file.turnable || db->version == 0);
    return state == OPENCODE_FILE_FAILED ? db->file.why : NULL;
}

/* ---- reading ---- */

/* Steps to the next row. Returns false at the end, and if it cannot be read: *result is
   SQLite's. */
static bool next_row(sqlite3_stmt *statement, int *result)
{
    bool steps = *result == SQLITE_OK || *result == SQLITE_ROW;
    *result = steps ? sqlite3_step(statement) : *result;
    return *result == SQLITE_ROW;
}

static bool read_rows(struct opencode_db *db, enum opencode_table table, const char *sql,
                      struct opencode_batch *batch)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(db->file.handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, db->places[table].next);
    }
    while (next_row(statement, &result)) {
        take_row(batch, table, statement, digest_of(statement));
        opencode_place_pass(&db->places[table], sqlite3_column_int64(statement, COLUMNS));
        if (batch->bytes > BATCH_BYTES) {
            batch->more = true;
            result = SQLITE_DONE;
        }
    }
    sqlite3_finalize(statement);
    return result == SQLITE_DONE;
}

/* Reads a row that is watched. *changed: it is in the batch now, as another one, or as deleted. */
static bool read_again(struct opencode_db *db, const struct watched *watched,
                       struct opencode_batch *batch, bool *changed)
{
    char sql[400];
    sqlite3_stmt *statement = NULL;
    snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE id = ?",
             db->schema.readable[watched->table].columns, opencode_table_names[watched->table]);
    int result = sqlite3_prepare_v2(db->file.handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, watched->id, (int)watched->len, SQLITE_STATIC);
        result = sqlite3_step(statement);
    }
    uint64_t digest = result == SQLITE_ROW ? digest_of(statement) : 0;
    *changed = result == SQLITE_DONE || (result == SQLITE_ROW && digest != watched->digest);
    if (*changed && result == SQLITE_ROW) {
        take_row(batch, watched->table, statement, digest);
    } else if (*changed) {
        opencode_batch_add_deleted(batch, watched->table,
                                   (struct slice){watched->id, watched->len});
    }
    sqlite3_finalize(statement);
    return result == SQLITE_DONE || result == SQLITE_ROW;
}

/* Reads the rows that are watched. Those that have not changed remain so; the others are watched
   again when they are taken, unless they are final. */
static bool read_watched(struct opencode_db *db, struct opencode_batch *batch)
{
    bool good = true;
    for (size_t i = 0; good && i < db->watched_count; i++) {
        good = read_again(db, &db->watched[i], batch, &db->watched[i].changed);
    }
    return good;
}

static void forget_changed(struct opencode_db *db)
{
    size_t kept = 0;
    for (size_t i = 0; i < db->watched_count; i++) {
        if (db->watched[i].changed) {
            mem_free(db->mem, db->watched[i].id, db->watched[i].len);
        } else {
            db->watched[kept++] = db->watched[i];
        }
    }
    db->watched_count = kept;
}

/* Returns whether the session was read as it is; remembers it, as it may change again within the
   same millisecond. */
static bool is_known(struct opencode_db *db, int64_t changed_ms, uint64_t digest, bool *failed)
{
    uint64_t key = digest >> 1; /* the greatest is no key */
    if (changed_ms > db->session_ms) {
        db->session_ms = changed_ms;
        u64map_clear(&db->sessions);
    }
    if (u64map_get(&db->sessions, key) != U64MAP_NONE) {
        return true;
    }
    *failed |= !u64map_put(&db->sessions, key, 0);
    return false;
}

/* Counts the sessions that are left out. Older versions of the table may lack a column: none is
   known then. */
static void count_older(struct opencode_db *db)
{
    sqlite3_stmt *statement = NULL;
    static const char sql[] = "SELECT count(*), coalesce(max(time_updated), 0) "
                              "FROM session WHERE time_updated < ? AND parent_id IS NULL";
    if (isnan(db->from_ms) ||
        sqlite3_prepare_v2(db->file.handle, sql, -1, &statement, NULL) != SQLITE_OK) {
        return;
    }
    sqlite3_bind_int64(statement, 1, (int64_t)db->from_ms);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        db->older = sqlite3_column_int64(statement, 0);
        db->older_ms = sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
}

/* Sessions are few, and change while they last: all that changed since the last read. */
static bool read_sessions(struct opencode_db *db, struct opencode_batch *batch)
{
    char sql[400];
    sqlite3_stmt *statement = NULL;
    const struct opencode_readable *readable = &db->schema.readable[OPENCODE_SESSIONS];
    if (db->session_ms == INT64_MIN) {
        db->session_ms = isnan(db->from_ms) ? 0 : (int64_t)db->from_ms;
        count_older(db);
    }
    snprintf(sql, sizeof sql,
             readable->updated ? "SELECT %s, time_updated FROM session WHERE time_updated >= ? "
                                 "ORDER BY time_updated, rowid"
                               : "SELECT %s, ?1 FROM session ORDER BY rowid",
             readable->columns);
    int result = sqlite3_prepare_v2(db->file.handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, db->session_ms);
    }
    while (next_row(statement, &result)) {
        uint64_t digest = digest_of(statement);
        if (!is_known(db, sqlite3_column_int64(statement, COLUMNS), digest, &batch->failed)) {
            take_row(batch, OPENCODE_SESSIONS, statement, digest);
        }
    }
    sqlite3_finalize(statement);
    return result == SQLITE_DONE;
}

static bool read_table(struct opencode_db *db, enum opencode_table table,
                       struct opencode_batch *batch)
{
    char sql[400];
    struct opencode_place *place = &db->places[table];
    size_t before = batch->count;
    bool good = opencode_place_find(place, db->file.handle, &db->schema, table, db->from_ms);
    snprintf(sql, sizeof sql, "SELECT %s, rowid FROM %s WHERE rowid >= ? ORDER BY rowid LIMIT %d",
             db->schema.readable[table].columns, opencode_table_names[table], ROWS_MAX);
    good = good && read_rows(db, table, sql, batch);
    if (good && (batch->count > before || place->marked == 0)) {
        good = opencode_place_mark(place, db->file.handle, table);
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
    bool unread, good = true;
    const char *why = open_db(db, &unread);
    if (why != NULL || !unread) {
        return why;
    }
    int version = (int)opencode_number(db->file.handle, "PRAGMA data_version", 0, 0, &good);
    if (good && version == db->version) {
        return NULL; /* nobody has written since */
    }
    /* One picture of all tables: a session's row comes with its messages. */
    good = good && sqlite3_exec(db->file.handle, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    struct opencode_place places[OPENCODE_TABLES];
    memcpy(places, db->places, sizeof places);
    good = good && opencode_schema_look(&db->schema, db->file.handle) &&
           (db->more || read_watched(db, batch)) && read_new(db, batch);
    if (!good) { /* all of it comes again */
        opencode_file_fail(&db->file, sqlite3_errmsg(db->file.handle));
        memcpy(db->places, places, sizeof places);
        db->session_ms = INT64_MIN;
        u64map_clear(&db->sessions);
        opencode_batch_clear(batch);
    } else if (!db->more) {
        forget_changed(db);
    }
    sqlite3_exec(db->file.handle, "COMMIT", NULL, NULL, NULL);
    if (!good) {
        return db->file.why;
    }
    db->more = batch->more;
    db->version = batch->more ? 0 : version;
    return NULL;
}

void opencode_db_older(const struct opencode_db *db, size_t *count, double *last_ms)
{
    *count = (size_t)db->older;
    *last_ms = (double)db->older_ms;
}

const char *opencode_db_differences(struct opencode_db *db, unsigned *count)
{
    bool is_new = db->schema.is_new;
    db->schema.is_new = false;
    *count = db->schema.differences;
    return is_new ? db->schema.text : NULL;
}

bool opencode_db_watch(struct opencode_db *db, const struct opencode_row *row)
{
    if (db->watched_count == WATCHED_MAX) {
        return true;
    }
    char *copy = mem_alloc(db->mem, row->id.len);
    if (copy == NULL || !mem_reserve(db->mem, &db->watched, &db->watched_cap, db->watched_count + 1,
                                     sizeof *db->watched)) {
        mem_free(db->mem, copy, copy == NULL ? 0 : row->id.len);
        return false;
    }
    memcpy(copy, row->id.bytes, row->id.len);
    db->watched[db->watched_count++] = (struct watched){
        .table = row->table, .id = copy, .len = row->id.len, .digest = row->digest};
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

void opencode_db_older(const struct opencode_db *db, size_t *count, double *last_ms)
{
    (void)db;
    *count = 0;
    *last_ms = 0;
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

bool opencode_db_watch(struct opencode_db *db, const struct opencode_row *row)
{
    (void)db, (void)row;
    return true;
}

#endif
