/* A table of text: columns as wide as their widest cell, numbers to the right. Cells are collected
   first and laid out at the end. Text from outside may be put in as it is: what could move a cursor
   does not get through. */
#ifndef TUI_REPORT_TABLE_H
#define TUI_REPORT_TABLE_H

#include "core/base/strbuf.h"

#include <stdint.h>

#define TABLE_COLS      16
#define TABLE_CELL_COLS 40 /* wider text is cut */

struct table {
    struct strbuf cells;      /* each NUL-terminated, row by row */
    const char *const *heads; /* the first `left` columns are text */
    size_t cols, left, at;
    bool ascii;
};

/* `heads` is static. */
void table_init(struct table *table, const struct mem *mem, const char *const *heads, size_t cols,
                size_t left, bool ascii);
/* The next cell of the row that is begun; "" is blank. Rows follow one another. */
void table_cell(struct table *table, const char *text);
/* A count; 0 is blank. */
void table_count(struct table *table, uint64_t count);
/* A duration; NAN is blank. */
void table_ms(struct table *table, double ms);
/* A number of some digits; NAN is blank. */
void table_number(struct table *table, double value);
/* Lays it out and releases it. */
void table_finish(struct table *table, struct strbuf *out);

#endif
