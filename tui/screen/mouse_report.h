/* What a terminal says of the mouse (xterm's DEC modes 1000 and 1006: presses and releases of buttons, no motion), byte by byte, since they may come in pieces
   and several at once. Source: "XTerm Control Sequences", Mouse Tracking. */
#ifndef TUI_MOUSE_REPORT_H
#define TUI_MOUSE_REPORT_H

#include "tui/screen/keymap.h"

#define MOUSE_ON  "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"
/* What a report begins with. */
#define MOUSE_SGR "\033[<" /* then NUMBER;X;Y and M or, let go, m */
#define MOUSE_X10 "\033[M" /* then three bytes: of terminals that do not know mode 1006 */

enum mouse_form { MOUSE_NONE, MOUSE_FORM_SGR, MOUSE_FORM_X10 };

struct mouse_report {     /* zeroed: nothing was said */
    enum mouse_form form; /* of the report that is being read */
    unsigned values[3], count;
    bool held; /* the first button is, since press_x */
    int16_t press_x;
};

void mouse_report_begin(struct mouse_report *report, enum mouse_form form);
/* While a report is being read: its next byte. True: it was the last, and *out is what follows from it: a click, a drag, the wheel. (Of a press
   alone nothing does.) */
bool mouse_report_add(struct mouse_report *report, uint32_t c, struct key *out);

#endif
