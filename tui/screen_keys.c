/* Keys, the mouse and the terminal's answers, as curses tells of them. */
#include "tui/screen_private.h"

#include <wchar.h>

static bool special_key(wint_t code, struct key *out)
{
    static const struct {
        wint_t curses;
        uint32_t code;
        uint8_t mods;
    } keys[] = {
        {KEY_UP, KEY_CODE_UP, 0},
        {KEY_DOWN, KEY_CODE_DOWN, 0},
        {KEY_LEFT, KEY_CODE_LEFT, 0},
        {KEY_RIGHT, KEY_CODE_RIGHT, 0},
        {KEY_PPAGE, KEY_CODE_PGUP, 0},
        {KEY_NPAGE, KEY_CODE_PGDN, 0},
        {KEY_HOME, KEY_CODE_HOME, 0},
        {KEY_END, KEY_CODE_END, 0},
        {KEY_IC, KEY_CODE_INSERT, 0},
        {KEY_DC, KEY_CODE_DELETE, 0},
        {KEY_BACKSPACE, KEY_CODE_BACKSPACE, 0},
        {KEY_ENTER, KEY_CODE_ENTER, 0},
        {KEY_SLEFT, KEY_CODE_LEFT, KEY_MOD_SHIFT},
        {KEY_SRIGHT, KEY_CODE_RIGHT, KEY_MOD_SHIFT},
        {KEY_SR, KEY_CODE_UP, KEY_MOD_SHIFT},
        {KEY_SF, KEY_CODE_DOWN, KEY_MOD_SHIFT},
        {KEY_SHOME, KEY_CODE_HOME, KEY_MOD_SHIFT},
        {KEY_SEND, KEY_CODE_END, KEY_MOD_SHIFT},
        {KEY_BTAB, KEY_CODE_TAB, KEY_MOD_SHIFT},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].curses == code) {
            *out = (struct key){.code = keys[i].code, .mods = keys[i].mods};
            return true;
        }
    }
    if (code >= KEY_F(1) && code <= KEY_F(12)) {
        *out = (struct key){.code = KEY_CODE_F1 + (uint32_t)(code - KEY_F(1))};
        return true;
    }
    return false;
}

static struct key character_key(wint_t c)
{
    switch (c) {
    case '\t': return (struct key){.code = KEY_CODE_TAB, .mods = 0};
    case '\r':
    case '\n': return (struct key){.code = KEY_CODE_ENTER, .mods = 0};
    case 27: return (struct key){.code = KEY_CODE_ESC, .mods = 0};
    case 8:
    case 127: return (struct key){.code = KEY_CODE_BACKSPACE, .mods = 0};
    case 0: return (struct key){.code = ' ', .mods = KEY_MOD_CTRL};
    default: break;
    }
    if (c < 27)
        return (struct key){.code = (uint32_t)c - 1 + 'a', .mods = KEY_MOD_CTRL};
    if (c < 32)
        return (struct key){.code = (uint32_t)c + '@', .mods = KEY_MOD_CTRL};
    return (struct key){.code = (uint32_t)c, .mods = 0};
}

static bool take_answer(struct screen *screen, wint_t code)
{
    if (code == ANSWER_HERE)
        pace_answered(&screen->pace);
    else if (code == MOUSE_BEGINS_SGR || code == MOUSE_BEGINS_X10)
        mouse_report_begin(&screen->report,
                           code == MOUSE_BEGINS_SGR ? MOUSE_FORM_SGR : MOUSE_FORM_X10);
    else if (code >= ANSWER_MODE && code < ANSWER_MODE + MODE_ANSWERS)
        screen->synchronized = code == ANSWER_MODE + 1 || code == ANSWER_MODE + 2;
    else
        return false;
    return true;
}

bool screen_read_key(struct screen *screen, struct key *out)
{
    wint_t c;
    if (screen->closed)
        return false;
    for (;;) {
        int kind = wget_wch(screen->keys, &c);
        if (kind == ERR) {
            screen->hung_up = terminal_hung_up(screen->terminal);
            return false;
        }
        if (screen->report.form != MOUSE_NONE) {
            if (mouse_report_add(&screen->report, kind == OK ? (uint32_t)c : 0, out))
                return true;
            continue;
        }
        if (kind == OK)
            break;
        if (!take_answer(screen, c) && special_key(c, out))
            return true;
    }
    *out = character_key(c);
    if (out->code != KEY_CODE_ESC)
        return true;
    /* curses has waited for the rest of a sequence; what follows at once was typed with Alt. */
    int kind = wget_wch(screen->keys, &c);
    if (kind == OK && c != 27) {
        *out = character_key(c);
        out->mods |= KEY_MOD_ALT;
    } else if (kind == OK) {
        unget_wch((wchar_t)c); /* Esc twice is Esc twice */
    } else if (kind == KEY_CODE_YES && special_key(c, out)) {
        out->mods |= KEY_MOD_ALT;
    }
    return true;
}
