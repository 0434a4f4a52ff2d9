/* Two tables: sequences that terminals send, and the keys that curses has names for. */
#include "tui/screen/screen_keys.h"

#include <curses.h>

/* Keys as most terminals send them, even if TERM's entry lacks them: a vt100 has no Home. */
static const struct {
    const char *text;
    int code;
} usual_keys[] = {
    {"\033[H", KEY_HOME},  {"\033[F", KEY_END},  {"\033OH", KEY_HOME},   {"\033OF", KEY_END},
    {"\033[1~", KEY_HOME}, {"\033[4~", KEY_END}, {"\033[5~", KEY_PPAGE}, {"\033[6~", KEY_NPAGE},
    {"\033[A", KEY_UP},    {"\033[B", KEY_DOWN}, {"\033[C", KEY_RIGHT},  {"\033[D", KEY_LEFT},
    {"\033OA", KEY_UP},    {"\033OB", KEY_DOWN}, {"\033OC", KEY_RIGHT},  {"\033OD", KEY_LEFT},
};

void screen_keys_define(void)
{
    for (size_t i = 0; i < sizeof usual_keys / sizeof usual_keys[0]; i++) {
        if (key_defined(usual_keys[i].text) == 0) {
            define_key(usual_keys[i].text, usual_keys[i].code);
        }
    }
}

bool screen_keys_find(wint_t code, struct key *out)
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
        {KEY_FIND, KEY_CODE_HOME, 0}, /* on a VT220's keyboard they are in these places */
        {KEY_SELECT, KEY_CODE_END, 0},
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
