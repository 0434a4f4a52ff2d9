/* Inks and symbols: everything that is not text on the screen, by its role, in two tables. ANSI's 16 colours on the
   terminal's own background. Without colour a bar is a shade, without Unicode an ASCII character; the screen says the same. */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include "core/query/query.h"

struct theme {
    bool color; /* false: NO_COLOR, --no-color, and `dump --format text` */
    bool ascii; /* --ascii, or a locale that is not UTF-8 */
};

enum ink {
    INK_PLAIN,  /* what is data */
    INK_DIM,    /* what is not */
    INK_STRONG, /* bold */
    /* Text in a kind's colour, no background: words, hatched bars. */
    INK_OTHER,
    INK_REQUEST,
    INK_SETUP,
    INK_RETRY,
    INK_FIRST_TOKEN,
    INK_SAMPLING,
    INK_TOOL,
    INK_USER,
    INK_ERROR,
    /* Bars: a kind's colour as background. */
    INK_BAR_OTHER,
    INK_BAR_REQUEST,
    INK_BAR_SETUP,
    INK_BAR_FIRST_TOKEN,
    INK_BAR_SAMPLING,
    INK_BAR_TOOL,
    INK_BAR_USER,
    INK_BAR_ERROR,
    INK_NOW, /* the line of now */
    INK_CUT, /* the line of trace_truncated */
    NAMED_INKS,
    INK_HALVES = NAMED_INKS, /* and what follows: theme_halves */
    HALVES = 10,
    INKS = INK_HALVES + HALVES * HALVES
};

enum ink_attr { ATTR_BOLD = 1, ATTR_DIM = 2, ATTR_UNDERLINE = 4, ATTR_REVERSE = 8 };

#define COLOR_NONE (-1) /* the terminal's own */

struct ink_style {
    int8_t fg, bg; /* 0..15 or COLOR_NONE */
    uint8_t attrs; /* enum ink_attr */
};

/* How the ink looks. */
struct ink_style theme_style(const struct theme *theme, enum ink ink);

/* What a bar is made of: its ink and the text of one cell of it. */
struct bar_style {
    enum ink ink;
    const char *fill; /* one column; static */
};
/* `kind`: enum span_kind; `flags`: enum cell_flag. */
struct bar_style theme_bar(const struct theme *theme, uint8_t kind, uint8_t flags);

/* Two bars in one cell, an upper and a lower one; as text of one column in an ink. Only with colour and Unicode. */
struct half {
    uint8_t kind, flags; /* as above; kind SPAN_KINDS or greater: nothing is there */
};
struct bar_style theme_halves(struct half upper, struct half lower);

/* How a state of an agent looks: its shape and its ink (the word is query_state_word's). */
struct state_style {
    enum ink ink;
    const char *shape; /* one column; static */
};
struct state_style theme_state(const struct theme *theme, enum agent_state state);
/* The ink of a span's name in lists. */
enum ink theme_kind_ink(uint8_t kind);

/* One entry of the legend: a bar and its word. False: no more. */
bool theme_legend(const struct theme *theme, size_t index, struct bar_style *bar,
                  const char **word);

enum symbol {
    SYM_WORKS,
    SYM_WAITS,
    SYM_PERSON,
    SYM_RESTS,
    SYM_TROUBLE,
    SYM_OPENED,
    SYM_FOLDED,
    SYM_TEE,
    SYM_ELBOW,
    SYM_VERTICAL,
    SYM_HORIZONTAL,
    SYM_TEE_DOWN,
    SYM_ARROW,
    SYM_DOT,
    SYM_BRANCH,
    SYM_CUT,
    SYM_ELLIPSIS,
    SYM_TIMES,
    SYM_EDGE,
    SYM_CURSOR,
    SYM_FROZEN,
    SYM_PIN,
    SYMBOLS
};
/* The symbol in UTF-8 or its ASCII form (which may have more or fewer columns). Static. */
const char *theme_symbol(const struct theme *theme, enum symbol symbol);

#endif
