/* The tables and columns that a database of OpenCode has, against those of the versions that are
   known. Missing ones are read as absent; new ones are counted and named, never an error. */
#ifndef INGEST_OPENCODE_SCHEMA_H
#define INGEST_OPENCODE_SCHEMA_H

#include "ingest/opencode/opencode_db.h"

#ifdef HAVE_SQLITE

struct sqlite3; /* a connection of SQLite */

struct opencode_schema {
    int64_t version; /* PRAGMA schema_version of the last look; -1: none */
    struct opencode_readable {
        bool rows;             /* the table has what its rows cannot do without */
        bool created, updated; /* their times */
        char columns[200];     /* for SELECT: as opencode_db.c takes them, NULL for missing ones */
    } readable[OPENCODE_TABLES];
    unsigned differences; /* from the known versions */
    char text[300];       /* these, cut; "": none */
    bool is_new;          /* `text` has changed: set by a look, cleared by who reports it */
};

extern const char *const opencode_table_names[OPENCODE_TABLES];

void opencode_schema_init(struct opencode_schema *schema);
/* Looks at the database, where its schema has changed since the last look. False: it cannot be
   read. */
bool opencode_schema_look(struct opencode_schema *schema, struct sqlite3 *handle);

#endif

#endif
