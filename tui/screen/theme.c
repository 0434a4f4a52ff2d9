/* Three tables: styles, bars by kind, symbols. A bar is a row of cells of one style: blanks on a
   background with colour, a shade without. Hatched bars have no background in either case. Each
   shape and symbol has its ASCII form beside it. */
#include "tui/screen/theme.h"

#include <assert.h>

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, GREY };

static const struct style styles[NAMED_STYLES] = {
    [STYLE_PLAIN] = {COLOR_NONE, COLOR_NONE, 0},
    [STYLE_DIM] = {COLOR_NONE, COLOR_NONE, ATTR_DIM},
    [STYLE_STRONG] = {COLOR_NONE, COLOR_NONE, ATTR_BOLD},
    [STYLE_OTHER] = {COLOR_NONE, COLOR_NONE, 0},
    [STYLE_REQUEST] = {CYAN, COLOR_NONE, 0},
    [STYLE_SETUP] = {COLOR_NONE, COLOR_NONE, ATTR_DIM},
    [STYLE_RETRY] = {RED, COLOR_NONE, 0},
    [STYLE_FIRST_TOKEN] = {BLUE, COLOR_NONE, 0},
    [STYLE_SAMPLING] = {GREEN, COLOR_NONE, 0},
    [STYLE_TOOL] = {MAGENTA, COLOR_NONE, 0},
    [STYLE_USER] = {YELLOW, COLOR_NONE, ATTR_BOLD},
    [STYLE_ERROR] = {RED, COLOR_NONE, ATTR_BOLD},
    [STYLE_BAR_OTHER] = {BLACK, WHITE, 0},
    [STYLE_BAR_REQUEST] = {BLACK, CYAN, 0},
    [STYLE_BAR_SETUP] = {WHITE, GREY, 0},
    [STYLE_BAR_FIRST_TOKEN] = {BLACK, BLUE, 0},
    [STYLE_BAR_SAMPLING] = {BLACK, GREEN, 0},
    [STYLE_BAR_TOOL] = {BLACK, MAGENTA, 0},
    [STYLE_BAR_USER] = {BLACK, YELLOW, 0},
    [STYLE_BAR_ERROR] = {BLACK, RED, 0},
    [STYLE_NOW] = {GREEN, COLOR_NONE, 0},
    [STYLE_CUT] = {YELLOW, COLOR_NONE, 0},
};

/* Indexed by kind. AGENT_CALL is drawn as a line and INTERACTION not at all; rows that merge lanes
   use both. */
static const struct {
    uint8_t bar, text; /* enum style_id */
    const char *shade, *ascii;
} bars[SPAN_KINDS] = {
    [SPAN_OTHER] = {STYLE_BAR_OTHER, STYLE_OTHER, "▓", "="},
    [SPAN_INTERACTION] = {STYLE_BAR_OTHER, STYLE_DIM, "·", "."},
    [SPAN_REQUEST] = {STYLE_BAR_REQUEST, STYLE_REQUEST, "╌", "-"},
    [SPAN_SETUP] = {STYLE_BAR_SETUP, STYLE_SETUP, "·", "."},
    [SPAN_RETRY] = {STYLE_RETRY, STYLE_RETRY, "x", "x"},
    [SPAN_FIRST_TOKEN] = {STYLE_BAR_FIRST_TOKEN, STYLE_FIRST_TOKEN, "░", ":"},
    [SPAN_SAMPLING] = {STYLE_BAR_SAMPLING, STYLE_SAMPLING, "█", "#"},
    [SPAN_TOOL] = {STYLE_BAR_TOOL, STYLE_TOOL, "▓", "="},
    [SPAN_AGENT_CALL] = {STYLE_PLAIN, STYLE_TOOL, "─", "-"},
    [SPAN_USER] = {STYLE_BAR_USER, STYLE_USER, "?", "?"},
};

static const struct {
    uint8_t symbol, style;
} states[STATES] = {
    [STATE_WAIT] = {SYM_WORKS, STYLE_FIRST_TOKEN},   [STATE_RETRY] = {SYM_WAITS, STYLE_RETRY},
    [STATE_SAMPLING] = {SYM_WORKS, STYLE_SAMPLING},  [STATE_TOOL] = {SYM_WORKS, STYLE_TOOL},
    [STATE_TOOL_OR_USER] = {SYM_PERSON, STYLE_TOOL}, [STATE_AGENTS] = {SYM_WAITS, STYLE_DIM},
    [STATE_USER] = {SYM_PERSON, STYLE_USER},         [STATE_IDLE] = {SYM_RESTS, STYLE_DIM},
    [STATE_DONE] = {SYM_RESTS, STYLE_DIM},           [STATE_ERROR] = {SYM_TROUBLE, STYLE_ERROR},
    [STATE_STALE] = {SYM_TROUBLE, STYLE_ERROR},      [STATE_GONE] = {SYM_TROUBLE, STYLE_ERROR},
    [STATE_UNKNOWN] = {SYM_RESTS, STYLE_DIM},
};

static const struct {
    const char *utf8, *ascii;
} symbols[SYMBOLS] = {
    [SYM_WORKS] = {"●", "*"},         [SYM_WAITS] = {"◌", "~"},       [SYM_PERSON] = {"◐", "?"},
    [SYM_RESTS] = {"○", "o"},         [SYM_TROUBLE] = {"✕", "!"},     [SYM_OPENED] = {"▾", "v"},
    [SYM_FOLDED] = {"▸", ">"},        [SYM_TEE] = {"├", "|"},         [SYM_ELBOW] = {"└", "`"},
    [SYM_VERTICAL] = {"│", "|"},      [SYM_HORIZONTAL] = {"─", "-"},  [SYM_TEE_DOWN] = {"┬", "+"},
    [SYM_ARROW] = {"→", "->"},        [SYM_DOT] = {"·", "-"},         [SYM_BRANCH] = {"⎇", "@"},
    [SYM_CUT] = {"✂", "%"},           [SYM_ELLIPSIS] = {"…", "."},    [SYM_TIMES] = {"×", "x"},
    [SYM_EDGE] = {"▏", "|"},          [SYM_CURSOR] = {"›", ">"},      [SYM_FROZEN] = {"◌", "~"},
    [SYM_PIN] = {"^", "^"},           [SYM_PLAYS] = {"▶", ">"},       [SYM_SELECTED] = {"◆", "*"},
    [SYM_SELECTED_FROM] = {"«", "<"}, [SYM_SELECTED_TO] = {"»", ">"}, [SYM_INSTANT] = {"▴", "^"},
    [SYM_STOPPED] = {"⊘", "/"},       [SYM_HELD_UP] = {"←", "<-"},    [SYM_FLAG] = {"⚑", "!"},
    [SYM_OFF_PATH] = {"▁", "_"},      [SYM_SLOWER] = {"▼", "v"},
};
static_assert(sizeof styles / sizeof styles[0] == NAMED_STYLES, "a style without a row");

/* A half cell is empty or has the colour of one of these. */
static const uint8_t halves[HALVES] = {
    STYLE_PLAIN,        STYLE_BAR_OTHER, STYLE_BAR_REQUEST, STYLE_BAR_SETUP, STYLE_BAR_FIRST_TOKEN,
    STYLE_BAR_SAMPLING, STYLE_BAR_TOOL,  STYLE_BAR_USER,    STYLE_BAR_ERROR, STYLE_RETRY,
};

static int8_t half_color(unsigned half)
{
    const struct style *style = &styles[halves[half]];
    return style->bg != COLOR_NONE ? style->bg : style->fg;
}

/* The glyph's foreground is the upper half; if that is empty, the lower. */
static struct style halves_style(unsigned upper, unsigned lower)
{
    if (upper == 0) {
        return (struct style){half_color(lower), COLOR_NONE, 0};
    }
    return (struct style){half_color(upper), half_color(lower), 0};
}

struct style theme_style(const struct theme *theme, enum style_id id)
{
    struct style style = id < NAMED_STYLES ? styles[id]
                                           : halves_style((id - STYLE_HALVES) / HALVES,
                                                          (id - STYLE_HALVES) % HALVES);
    if (!theme->color) {
        style.fg = style.bg = COLOR_NONE;
    }
    return style;
}

/* Returns true if the cell is drawn as an error. A failed request keeps the colours of its retries
   and its set-up, which show its history. */
static bool shows_error(uint8_t kind, uint8_t flags)
{
    return (flags & CELL_ERROR) && kind != SPAN_RETRY && kind != SPAN_SETUP;
}

struct bar_style theme_bar(const struct theme *theme, uint8_t kind, uint8_t flags)
{
    bool hatched = (flags & CELL_HATCHED) || kind == SPAN_RETRY;
    bool error = shows_error(kind, flags);
    struct bar_style bar = {
        .style = error     ? (hatched ? STYLE_ERROR : STYLE_BAR_ERROR)
                 : hatched ? bars[kind].text
                           : bars[kind].bar,
        .fill = theme->ascii ? bars[kind].ascii : bars[kind].shade,
    };
    if (theme->color && !hatched && kind != SPAN_AGENT_CALL) {
        bar.fill = " ";
    } else if (theme->color && kind != SPAN_AGENT_CALL) {
        bar.fill = theme->ascii ? (kind == SPAN_RETRY ? "x" : "%") : "▒";
    } else if ((flags & CELL_HATCHED) && kind != SPAN_RETRY) {
        bar.fill = theme->ascii ? "%" : "▒";
    }
    return bar;
}

static unsigned half_of(struct half_cell half)
{
    if (half.kind >= SPAN_KINDS || half.kind == SPAN_AGENT_CALL) {
        return 0;
    }
    uint8_t style = shows_error(half.kind, half.flags) ? STYLE_BAR_ERROR : bars[half.kind].bar;
    for (unsigned i = 1; i < HALVES; i++) {
        if (halves[i] == style) {
            return i;
        }
    }
    return 0;
}

struct bar_style theme_halves(struct half_cell upper, struct half_cell lower)
{
    unsigned above = half_of(upper), below = half_of(lower);
    const char *fill = above == 0 ? (below == 0 ? " " : "▄") : "▀";
    return (struct bar_style){(enum style_id)(STYLE_HALVES + above * HALVES + below), fill};
}

struct state_style theme_state(const struct theme *theme, enum agent_state state)
{
    return (struct state_style){states[state].style, theme_symbol(theme, states[state].symbol)};
}

enum style_id theme_kind_style(uint8_t kind)
{
    return kind < SPAN_KINDS ? bars[kind].text : STYLE_PLAIN;
}

bool theme_legend(const struct theme *theme, size_t index, struct bar_style *bar, const char **word)
{
    static const struct {
        uint8_t kind, flags;
        const char *word;
    } legend[] = {
        {SPAN_SETUP, 0, "setup"},
        {SPAN_RETRY, 0, "retry"},
        {SPAN_FIRST_TOKEN, 0, "first token"},
        {SPAN_SAMPLING, 0, "sampling"},
        {SPAN_TOOL, 0, "tool"},
        {SPAN_USER, 0, "person"},
        {SPAN_TOOL, CELL_ERROR, "error"},
        /* The last one, dropped first on narrow screens: most requests are shown by their
           phases. */
        {SPAN_REQUEST, 0, "request"},
    };
    if (index >= sizeof legend / sizeof legend[0]) {
        return false;
    }
    *bar = theme_bar(theme, legend[index].kind, legend[index].flags);
    if (legend[index].flags & CELL_ERROR && !theme->color) {
        bar->fill = theme_symbol(theme, SYM_TROUBLE);
    }
    *word = legend[index].word;
    return true;
}

const char *theme_symbol(const struct theme *theme, enum symbol symbol)
{
    return theme->ascii ? symbols[symbol].ascii : symbols[symbol].utf8;
}
