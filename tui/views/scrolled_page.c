/* Lines are only counted: a line outside the area is an empty area, in which drawing does nothing.
 */
#include "tui/views/scrolled_page.h"

struct area scrolled_page_line(struct scrolled_page *page)
{
    size_t at = page->line++;
    struct area none = {.grid = page->area.grid};
    if (page->area.grid == NULL || at < page->skip || at - page->skip >= (size_t)page->area.rows) {
        return none;
    }
    return area_sub(page->area, 0, (int)(at - page->skip), page->area.cols, 1);
}

void scrolled_page_gap(struct scrolled_page *page)
{
    if (page->line > 0) {
        page->line++;
    }
}

size_t scrolled_page_scroll_max(size_t lines, int space)
{
    size_t seen = space > 0 ? (size_t)space : 0;
    return lines > seen ? lines - seen : 0;
}
