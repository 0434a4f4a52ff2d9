/* The place at which the reading of a table of OpenCode's database continues. All functions
   block. */
#ifndef INGEST_OPENCODE_PLACE_H
#define INGEST_OPENCODE_PLACE_H

#include "ingest/opencode/opencode_schema.h"

#ifdef HAVE_SQLITE

enum { OPENCODE_MARKS = 32, OPENCODE_MARK_BYTES = 64 };

struct opencode_place {
    int64_t next; /* the row from which on none was read; -1: not known yet */
    struct opencode_mark {
        int64_t rowid;
        char id[OPENCODE_MARK_BYTES]; /* the beginning of its key */
    } marks[OPENCODE_MARKS];          /* the last row of each read, a ring */
    unsigned marked;                  /* how many were put there */
};

void opencode_place_init(struct opencode_place *place);
/* Sets `next`: at first to the first row that was made at `from_ms` or later (NAN: the first one),
   then back, where rows were deleted since and their numbers are used again. Returns false if the
   database cannot be read. */
bool opencode_place_find(struct opencode_place *place, struct sqlite3 *handle,
                         const struct opencode_schema *schema, enum opencode_table table,
                         double from_ms);
/* Keeps the last row before `next`, by which it is found again. False: as above. */
bool opencode_place_mark(struct opencode_place *place, struct sqlite3 *handle,
                         enum opencode_table table);
/* The row was read: `next` is the one after it. */
void opencode_place_pass(struct opencode_place *place, int64_t rowid);
/* Runs a query for one number, with one argument; returns `fallback` where it has no row. *good
   becomes false if it cannot be run. */
int64_t opencode_number(struct sqlite3 *handle, const char *sql, int64_t argument, int64_t fallback,
                        bool *good);

#endif

#endif
