/* A table of text: each column is as wide as its widest cell; numbers are right-aligned. Cells are
   collected first and laid out at the end. Control characters in cells are replaced. */
#ifndef TUI_REPORT_TABLE_H
#define TUI_REPORT_TABLE_H

#include "core/base/strbuf.h"

#include <stdint.h>

#define TABLE_COLS      20
#define TABLE_CELL_COLS 48 /* wider text is cut */

struct table {
    struct strbuf cells;      /* each NUL-terminated, row by row */
    const char *const *heads; /* the first `left` columns are text */
    size_t cols, left, at;
    bool ascii;
};

/* Starts a table. `heads` must outlive it. */
void table_init(struct table *table, const struct mem *mem, const char *const *heads, size_t cols,
                size_t left, bool ascii);
/* Appends a cell, row by row; "" is blank. */
void table_cell(struct table *table, const char *text);
/* The same for a text with a length. */
void table_text(struct table *table, const char *text, size_t len);
/* Appends a count; 0 is blank. */
void table_count(struct table *table, uint64_t count);
/* Appends a duration; NAN is blank. */
void table_ms(struct table *table, double ms);
/* Appends a number, rounded; NAN is blank. */
void table_number(struct table *table, double value);
/* Appends the table to *out and releases it. */
void table_finish(struct table *table, struct strbuf *out);

#endif
