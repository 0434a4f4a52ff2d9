/* A report is decoded as a state machine: the numbers read so far, and whether the button is held.
   A drag is a release in another column than the press. */
#include "tui/screen/mouse_report.h"

enum { LET_GO = 3, WHEEL = 64, MODIFIERS = 4 | 8 | 16, LARGEST = 10000 };

void mouse_report_begin(struct mouse_report *report, enum mouse_form form)
{
    report->form = form;
    report->values[0] = report->values[1] = report->values[2] = 0;
    report->count = 0;
}

static bool key_of(struct mouse_report *report, bool let_go, struct key *out)
{
    unsigned button = report->values[0] & ~(unsigned)MODIFIERS;
    int16_t x = (int16_t)((int)report->values[1] - 1), y = (int16_t)((int)report->values[2] - 1);
    *out = (struct key){.x = x, .y = y, .from_x = x};
    if (button == WHEEL || button == WHEEL + 1) {
        out->code = button == WHEEL ? KEY_CODE_WHEEL_UP : KEY_CODE_WHEEL_DOWN;
        return !let_go;
    }
    if (button == 0 && !let_go) {
        report->held = true;
        report->press_x = x;
        return false;
    }
    if (!let_go || !report->held) {
        return false;
    }
    report->held = false;
    out->code = report->press_x == x ? KEY_CODE_CLICK : KEY_CODE_DRAG;
    out->from_x = report->press_x;
    return true;
}

static bool add_x10(struct mouse_report *report, uint32_t c, struct key *out)
{
    report->values[report->count++] = c > 32 ? c - 32 : 0;
    if (report->count < 3) {
        return false;
    }
    report->form = MOUSE_NONE;
    /* This format does not name the button that was released. */
    return key_of(report, (report->values[0] & 3) == LET_GO && report->values[0] < WHEEL, out);
}

bool mouse_report_add(struct mouse_report *report, uint32_t c, struct key *out)
{
    if (report->form == MOUSE_FORM_X10) {
        return add_x10(report, c, out);
    }
    if (c >= '0' && c <= '9') {
        unsigned *value = &report->values[report->count];
        *value = *value < LARGEST ? *value * 10 + (c - '0') : *value;
        return false;
    }
    if (c == ';' && report->count < 2) {
        report->count++;
        return false;
    }
    report->form = MOUSE_NONE;
    return (c == 'M' || c == 'm') && report->count == 2 && key_of(report, c == 'm', out);
}
