/* Pure functions of cursor, scroll and sizes: all views with lists share them. */
#include "tui/views/list.h"

size_t list_scroll(size_t scroll, size_t cursor, size_t count, size_t space)
{
    size_t most = count > space ? count - space : 0;
    if (scroll + space <= cursor) {
        scroll = cursor + 1 - space;
    }
    if (scroll > cursor) {
        scroll = cursor;
    }
    return scroll < most ? scroll : most;
}

bool list_move(enum action action, size_t cursor, size_t count, int space, size_t *out)
{
    size_t page = space > 1 ? (size_t)space - 1 : 1, by = 0;
    bool down = action == ACTION_ROW_DOWN || action == ACTION_PAGE_DOWN || action == ACTION_BOTTOM;
    switch ((int)action) {
    case ACTION_ROW_DOWN:
    case ACTION_ROW_UP: by = 1; break;
    case ACTION_PAGE_DOWN:
    case ACTION_PAGE_UP: by = page; break;
    case ACTION_START:
    case ACTION_TOP: by = cursor; break;
    case ACTION_BOTTOM: by = count; break;
    default: return false;
    }
    if (down) {
        *out = count - 1 - cursor < by ? count - 1 : cursor + by;
    } else {
        *out = cursor < by ? 0 : cursor - by;
    }
    return true;
}
