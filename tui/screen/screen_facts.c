/* setupterm alone does not touch the terminal. */
#include "tui/screen/screen_facts.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

void screen_facts_read(const char *term, struct screen_facts *out)
{
    int error;
    *out = (struct screen_facts){.known = setupterm(term, STDOUT_FILENO, &error) == OK};
    if (!out->known) {
        return;
    }
    const char *cup = tigetstr("cup");
    int colors = tigetnum("colors");
    out->moves_cursor = cup != NULL && cup != (const char *)-1;
    out->colors = colors > 0 ? colors : 0;
}
