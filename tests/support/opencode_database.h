/* Databases as OpenCode writes them: its schema, and rows of the capture. Errors fail the test. */
#ifndef TESTS_OPENCODE_DATABASE_H
#define TESTS_OPENCODE_DATABASE_H

#ifdef HAVE_SQLITE

#include <jansson.h>
#include <sqlite3.h>

extern const char *const opencode_tables[]; /* session, message, part */

/* Returns an open database with empty tables, DIR/opencode.db; close it with sqlite3_close. */
sqlite3 *opencode_database_new(const char *dir);
/* Writes a row, in place of an older one of that id. */
void opencode_put_row(sqlite3 *db, const char *table, const json_t *row);
/* Returns new: the capture's rows of a table. */
json_t *opencode_sample_rows(const char *table);
/* Returns a new directory whose database has all rows of the capture; borrowed. */
const char *opencode_sample_directory(void);

#else

/* There is none: no test of this build asks for it. */
static inline const char *opencode_sample_directory(void)
{
    return "";
}

#endif

#endif
