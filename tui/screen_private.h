/* What screen.c (the picture) and screen_keys.c (what comes back) share. */
#ifndef TUI_SCREEN_PRIVATE_H
#define TUI_SCREEN_PRIVATE_H

#include "tui/mouse_report.h"
#include "tui/pace.h"
#include "tui/screen.h"
#include "tui/terminal.h"

#include <curses.h>

struct screen {
    const struct mem *mem;
    struct theme theme;
    SCREEN *curses;
    WINDOW *keys;
    struct terminal *terminal;
    struct pace pace;
    bool synchronized;  /* it can hold back a frame until it is whole */
    struct cell *shown; /* what was put last; NULL: nothing */
    int shown_cols, shown_rows;
    bool closed, hung_up;
    struct mouse_report report;
    bool mouse; /* it is reported */
};

/* Answers: "I am here" (DSR), and whether a frame can be held back (DECRQM of mode 2026), with what it says behind. */
enum { ANSWER_HERE = KEY_MAX + 1, ANSWER_MODE };
enum { MODE_ANSWERS = 5, MOUSE_BEGINS_SGR = ANSWER_MODE + MODE_ANSWERS, MOUSE_BEGINS_X10 };

#endif
