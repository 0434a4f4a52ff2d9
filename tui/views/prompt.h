/* The input line at the bottom of the screen, for the filter and for searching. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include "tui/screen/grid.h"
#include "tui/screen/keymap.h"

enum prompt_kind { PROMPT_NONE, PROMPT_FILTER, PROMPT_SEARCH, PROMPT_KINDS };

enum { PROMPT_BYTES = 256, PROMPT_HISTORY = 8 };

/* A plain value. */
struct prompt {
    enum prompt_kind kind;
    char text[PROMPT_BYTES];                                  /* WTF-8, NUL-terminated */
    size_t len, cursor;                                       /* in bytes, between characters */
    char history[PROMPT_KINDS][PROMPT_HISTORY][PROMPT_BYTES]; /* newest first; "": none */
    size_t recalled; /* 0: the typed text; n: the n-th newest */
};

/* Opens the prompt with a text, the cursor at its end. */
void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *text);
enum prompt_result { PROMPT_IGNORED, PROMPT_MOVED, PROMPT_CHANGED, PROMPT_DONE, PROMPT_CANCELLED };
/* Handles a key. PROMPT_DONE and PROMPT_CANCELLED close the prompt; its text remains. */
enum prompt_result prompt_key(struct prompt *prompt, struct key key);
/* Draws the sign, the text and the cursor; returns the column after them. */
int prompt_draw(const struct prompt *prompt, struct area line, bool ascii);

#endif
