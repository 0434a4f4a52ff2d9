/* The facts of terminfo about a terminal, without opening a screen. */
#ifndef TUI_SCREEN_FACTS_H
#define TUI_SCREEN_FACTS_H

#include <stdbool.h>

struct screen_facts {
    bool known;        /* it has an entry */
    bool moves_cursor; /* without this no screen can be drawn */
    int colors;        /* 0: none */
};

/* Reads the entry of TERM=term, once in the life of a program: curses keeps it. */
void screen_facts_read(const char *term, struct screen_facts *out);

#endif
