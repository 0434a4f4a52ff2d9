/* The keys of terminals, from curses to the keymap's. For screen.c alone. */
#ifndef TUI_SCREEN_KEYS_H
#define TUI_SCREEN_KEYS_H

#include "tui/screen/keymap.h"

#include <wchar.h>

/* Defines the sequences of the usual keys that TERM's entry lacks. After newterm. */
void screen_keys_define(void);
/* Sets *out to the key that curses has that code for. Returns false for any other code. */
bool screen_keys_find(wint_t code, struct key *out);

#endif
