/* A text that is longer than the screen: whoever writes it asks for the next lines, and draws into those that are seen. The same walk without an
   area counts them. */
#ifndef TUI_SCROLLED_PAGE_H
#define TUI_SCROLLED_PAGE_H

#include "tui/screen/grid.h"

struct scrolled_page {
    struct area area; /* grid NULL: only counts */
    size_t line;      /* lines so far */
    size_t skip;      /* of them, lines that are above the area */
};

/* The next line; an area without rows where it is not seen. */
struct area scrolled_page_line(struct scrolled_page *page);
/* A blank line, but not at the beginning. */
void scrolled_page_gap(struct scrolled_page *page);
/* The greatest scroll that makes sense for so many lines. */
size_t scrolled_page_scroll_max(size_t lines, int space);

#endif
