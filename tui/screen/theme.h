/* Styles and symbols: everything on the screen that is not text, by its role, in two tables.
   Colours are ANSI's 16 on the terminal's own background. Without colour a bar is a shade, without
   Unicode an ASCII character; no information is lost. */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include "core/query/query.h"

struct theme {
    bool color; /* false: NO_COLOR, --no-color, and `dump --format text` */
    bool ascii; /* --ascii, or a locale that is not UTF-8 */
};

enum style_id {
    STYLE_PLAIN,  /* data */
    STYLE_DIM,    /* labels and other secondary text */
    STYLE_STRONG, /* bold */
    /* A kind's colour as foreground: names, hatched bars. */
    STYLE_OTHER,
    STYLE_REQUEST,
    STYLE_SETUP,
    STYLE_RETRY,
    STYLE_FIRST_TOKEN,
    STYLE_SAMPLING,
    STYLE_TOOL,
    STYLE_USER,
    STYLE_ERROR,
    /* A kind's colour as background: bars. */
    STYLE_BAR_OTHER,
    STYLE_BAR_REQUEST,
    STYLE_BAR_SETUP,
    STYLE_BAR_FIRST_TOKEN,
    STYLE_BAR_SAMPLING,
    STYLE_BAR_TOOL,
    STYLE_BAR_USER,
    STYLE_BAR_ERROR,
    STYLE_NOW, /* the line at now */
    STYLE_CUT, /* the line at trace_truncated */
    NAMED_STYLES,
    STYLE_HALVES = NAMED_STYLES, /* the first of theme_halves */
    HALVES = 10,
    STYLES = STYLE_HALVES + HALVES * HALVES
};

enum style_attr { ATTR_BOLD = 1, ATTR_DIM = 2, ATTR_UNDERLINE = 4, ATTR_REVERSE = 8 };

#define COLOR_NONE (-1) /* the terminal's own */

struct style {
    int8_t fg, bg; /* 0..15 or COLOR_NONE */
    uint8_t attrs; /* enum style_attr */
};

/* Returns the colours and attributes of a style. */
struct style theme_style(const struct theme *theme, enum style_id id);

/* A bar: its style and the text of one cell. */
struct bar_style {
    enum style_id style;
    const char *fill; /* one column; static */
};
/* Returns how a cell is drawn. `kind`: enum span_kind; `flags`: enum cell_flag. */
struct bar_style theme_bar(const struct theme *theme, uint8_t kind, uint8_t flags);

/* One of two bars that share a cell, drawn as a half block; only with colour and Unicode. */
struct half_cell {
    uint8_t kind, flags; /* as above; kind SPAN_KINDS or greater: empty */
};
struct bar_style theme_halves(struct half_cell upper, struct half_cell lower);

/* How an agent's state is drawn: its shape and its style. query_state_name has its name. */
struct state_style {
    enum style_id style;
    const char *shape; /* one column; static */
};
struct state_style theme_state(const struct theme *theme, enum agent_state state);
/* Returns the style of a span's name in lists. */
enum style_id theme_kind_style(uint8_t kind);

/* Sets one entry of the legend: a bar and its name. Returns false after the last. */
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
    SYM_PLAYS,
    SYM_SELECTED, /* without colour: a selected span of one column, the ends of others */
    SYM_SELECTED_FROM,
    SYM_SELECTED_TO,
    SYM_INSTANT,
    SYM_STOPPED,  /* refused or interrupted */
    SYM_HELD_UP,  /* by the next one */
    SYM_FLAG,     /* stalled, or in a loop */
    SYM_OFF_PATH, /* a call that is not on the critical path */
    SYM_SLOWER,   /* from here on, a model is slower */
    SYMBOLS
};
/* Returns the symbol in UTF-8 or in ASCII, which may differ in columns. Static. */
const char *theme_symbol(const struct theme *theme, enum symbol symbol);

#endif
