/* OpenCode's database, read-only: rows of sessions, messages and parts that are new, and those that
   were not final when they were read last. All functions block, and are for one worker at a time.

   A table is read from a row on: its rows are in the order of their making, so that neither an
   index nor a walk over old rows is needed. No lock is held for longer than one read. */
#ifndef INGEST_OPENCODE_DB_H
#define INGEST_OPENCODE_DB_H

#include "core/base/strbuf.h"
#include "core/trace/event.h"

#ifdef HAVE_SQLITE
enum { OPENCODE_BUILT = true };
#else
enum { OPENCODE_BUILT = false };
#endif

enum opencode_table { OPENCODE_SESSIONS, OPENCODE_MESSAGES, OPENCODE_PARTS, OPENCODE_TABLES };

/* A row; texts are borrowed until the batch is cleared, bytes NULL: absent. */
struct opencode_row {
    enum opencode_table table;
    struct slice id, session_id, message_id;         /* message_id: of a part */
    struct slice parent_id, agent, title, directory; /* of a session */
    struct slice permission;                         /* raw JSON, of a session */
    struct slice data;                               /* raw JSON, of a message or a part */
    double created_ms, updated_ms;                   /* NAN: unknown */
    bool deleted;    /* the row is no more: it has nothing but `table` and `id` */
    double cost_usd; /* of a session; NAN: unknown */
    uint64_t digest; /* of all columns: another one, if the row has changed */
};

struct opencode_batch {
    const struct mem *mem;
    struct opencode_row *rows;
    size_t count, cap;
    char **texts; /* owned */
    size_t *sizes;
    size_t text_count, text_cap, size_cap;
    size_t bytes; /* of all texts */
    bool more;    /* further rows are left */
    bool failed;  /* out of memory */
};

void opencode_batch_init(struct opencode_batch *batch, const struct mem *mem);
void opencode_batch_clear(struct opencode_batch *batch);
void opencode_batch_release(struct opencode_batch *batch);
/* Adds a row, to be set; borrowed until the next one. NULL: out of memory. */
struct opencode_row *opencode_batch_add(struct opencode_batch *batch);
/* Returns a copy of a text, which is the batch's; bytes NULL: out of memory. */
struct slice opencode_batch_copy(struct opencode_batch *batch, const void *bytes, size_t len);
/* Adds that a row was deleted. */
void opencode_batch_add_deleted(struct opencode_batch *batch, enum opencode_table table,
                                struct slice id);

struct opencode_db;

/* Returns new; NULL: out of memory. `path` is copied. Nothing is opened yet. `from_ms`: rows that
   were made before are left out; NAN: none are. */
struct opencode_db *opencode_db_new(const struct mem *mem, const char *path, double from_ms);
void opencode_db_free(struct opencode_db *db);
/* Reads the next rows into the batch, which is empty: at most some thousand, of those that are new
   or have changed. Returns NULL, or why they cannot be read: borrowed until the next call. A file
   that does not exist has no rows. */
const char *opencode_db_read(struct opencode_db *db, struct opencode_batch *batch);
/* Sets *count to the sessions that were left out, without those of sub-agents, and *last_ms to the
   latest change of one. */
void opencode_db_older(const struct opencode_db *db, size_t *count, double *last_ms);
/* Returns how its tables and columns differ from those of known versions, once for each schema that
   does, and sets *count to how many do: borrowed until the next read. NULL: nothing new. */
const char *opencode_db_differences(struct opencode_db *db, unsigned *count);
/* The row is not final: it comes again when it has changed. False: out of memory. */
bool opencode_db_watch(struct opencode_db *db, const struct opencode_row *row);

#endif
