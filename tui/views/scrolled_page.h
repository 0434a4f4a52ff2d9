/* A text longer than the screen. The writer requests one line after another and draws in the
   visible ones. The same walk without a grid counts them. */
#ifndef TUI_SCROLLED_PAGE_H
#define TUI_SCROLLED_PAGE_H

#include "tui/screen/grid.h"

struct scrolled_page {
    struct area area; /* grid NULL: only counts */
    size_t line;      /* lines requested so far */
    size_t skip;      /* lines above the area */
};

/* Returns the next line; an area without rows if it is not visible. */
struct area scrolled_page_line(struct scrolled_page *page);
/* Adds a blank line, except at the beginning. */
void scrolled_page_gap(struct scrolled_page *page);
/* Returns the greatest useful scroll for a number of lines. */
size_t scrolled_page_scroll_max(size_t lines, int space);

#endif
