/* The manuals: man(7) pages whose tables are made from the program's own. A page has a line
   `.\" table NAME`, the table, and a line `.\" end`; the test `options` makes them again. */
#ifndef TUI_MANUAL_H
#define TUI_MANUAL_H

#include "core/base/strbuf.h"

/* Appends a table: "commands", "sources", "options", "keys" or "environment" of swarmtop(1);
   "settings", "key-names" or "actions" of swarmtop-config(5); "operations", "fields" or "joins" of
   swarmtop-feed(7). Returns false if no table has the name. */
bool manual_table(const char *table, struct strbuf *out);

/* ---- for the tables ---- */

/* Appends text in lines of at most 80 bytes: escapes hyphens and backslashes, makes `code` bold.
   The first line begins in column `at`. Ends with a newline. */
void manual_text(struct strbuf *out, size_t at, const char *text);
/* Appends an item: its term in bold, its meaning below. */
void manual_row(struct strbuf *out, const char *term, const char *meaning);
/* Appends the heading of a part. */
void manual_part(struct strbuf *out, const char *title);

/* Append the tables of swarmtop-feed(7). */
void manual_feed_operations(struct strbuf *out);
void manual_feed_fields(struct strbuf *out);
void manual_feed_joins(struct strbuf *out);

#endif
