/* Decodes a terminal's mouse reports: xterm's DEC modes 1000 and 1006, buttons without motion. It
   reads byte by byte, since a read may end inside a report or hold several. Source: "XTerm Control
   Sequences", Mouse Tracking. */
#ifndef TUI_MOUSE_REPORT_H
#define TUI_MOUSE_REPORT_H

#include "tui/screen/keymap.h"

#define MOUSE_ON  "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"
/* The first bytes of a report. */
#define MOUSE_SGR "\033[<" /* then NUMBER;X;Y and M (pressed) or m (released) */
#define MOUSE_X10 "\033[M" /* then three bytes; terminals without mode 1006 send it */

enum mouse_form { MOUSE_NONE, MOUSE_FORM_SGR, MOUSE_FORM_X10 };

struct mouse_report {     /* zeroed: no report yet */
    enum mouse_form form; /* the report being read */
    unsigned values[3], count;
    bool held; /* the first button is down, since press_x */
    int16_t press_x;
};

void mouse_report_begin(struct mouse_report *report, enum mouse_form form);
/* Adds the next byte of the current report. Returns true if that completes an event and sets *out:
   a click, a drag or the wheel. A press alone yields nothing. */
bool mouse_report_add(struct mouse_report *report, uint32_t c, struct key *out);

#endif
