/* A text that is longer than the screen: whoever writes it asks for the next lines, and draws into those that are seen. The same walk without an
   area counts them. */
#ifndef TUI_SHEET_H
#define TUI_SHEET_H

#include "tui/screen/grid.h"

struct sheet {
    struct area area; /* grid NULL: only counts */
    size_t line;      /* lines so far */
    size_t skip;      /* of them, lines that are above the area */
};

/* The next line; an area without rows where it is not seen. */
struct area sheet_line(struct sheet *sheet);
/* A blank line, but not at the beginning. */
void sheet_gap(struct sheet *sheet);
/* The greatest scroll that makes sense for so many lines. */
size_t sheet_most(size_t lines, int space);

#endif
