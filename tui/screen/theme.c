/* Three tables: inks, bars by kind, symbols. A bar is a row of cells of one ink: with colour blanks on a background, without
   it a shade; hatched ones have no background in either. Every state's shape and every symbol has its ASCII form beside it. */
#include "tui/screen/theme.h"

#include <assert.h>

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, GREY };

static const struct ink_style inks[NAMED_INKS] = {
    [INK_PLAIN] = {COLOR_NONE, COLOR_NONE, 0},
    [INK_DIM] = {COLOR_NONE, COLOR_NONE, ATTR_DIM},
    [INK_STRONG] = {COLOR_NONE, COLOR_NONE, ATTR_BOLD},
    [INK_OTHER] = {COLOR_NONE, COLOR_NONE, 0},
    [INK_REQUEST] = {CYAN, COLOR_NONE, 0},
    [INK_SETUP] = {COLOR_NONE, COLOR_NONE, ATTR_DIM},
    [INK_RETRY] = {RED, COLOR_NONE, 0},
    [INK_FIRST_TOKEN] = {BLUE, COLOR_NONE, 0},
    [INK_SAMPLING] = {GREEN, COLOR_NONE, 0},
    [INK_TOOL] = {MAGENTA, COLOR_NONE, 0},
    [INK_USER] = {YELLOW, COLOR_NONE, ATTR_BOLD},
    [INK_ERROR] = {RED, COLOR_NONE, ATTR_BOLD},
    [INK_BAR_OTHER] = {BLACK, WHITE, 0},
    [INK_BAR_REQUEST] = {BLACK, CYAN, 0},
    [INK_BAR_SETUP] = {WHITE, GREY, 0},
    [INK_BAR_FIRST_TOKEN] = {BLACK, BLUE, 0},
    [INK_BAR_SAMPLING] = {BLACK, GREEN, 0},
    [INK_BAR_TOOL] = {BLACK, MAGENTA, 0},
    [INK_BAR_USER] = {BLACK, YELLOW, 0},
    [INK_BAR_ERROR] = {BLACK, RED, 0},
    [INK_NOW] = {GREEN, COLOR_NONE, 0},
    [INK_CUT] = {YELLOW, COLOR_NONE, 0},
};

/* By kind. AGENT_CALL is drawn as a line, INTERACTION not at all; both are here for what is folded into one row. */
static const struct {
    uint8_t bar, text; /* enum ink */
    const char *shade, *ascii;
} bars[SPAN_KINDS] = {
    [SPAN_OTHER] = {INK_BAR_OTHER, INK_OTHER, "▓", "="},
    [SPAN_INTERACTION] = {INK_BAR_OTHER, INK_DIM, "·", "."},
    [SPAN_REQUEST] = {INK_BAR_REQUEST, INK_REQUEST, "╌", "-"},
    [SPAN_SETUP] = {INK_BAR_SETUP, INK_SETUP, "·", "."},
    [SPAN_RETRY] = {INK_RETRY, INK_RETRY, "x", "x"},
    [SPAN_FIRST_TOKEN] = {INK_BAR_FIRST_TOKEN, INK_FIRST_TOKEN, "░", ":"},
    [SPAN_SAMPLING] = {INK_BAR_SAMPLING, INK_SAMPLING, "█", "#"},
    [SPAN_TOOL] = {INK_BAR_TOOL, INK_TOOL, "▓", "="},
    [SPAN_AGENT_CALL] = {INK_PLAIN, INK_TOOL, "─", "-"},
    [SPAN_USER] = {INK_BAR_USER, INK_USER, "?", "?"},
};

static const struct {
    uint8_t symbol, ink;
} states[STATES] = {
    [STATE_WAIT] = {SYM_WORKS, INK_FIRST_TOKEN},  [STATE_RETRY] = {SYM_WAITS, INK_RETRY},
    [STATE_SAMPLING] = {SYM_WORKS, INK_SAMPLING}, [STATE_TOOL] = {SYM_WORKS, INK_TOOL},
    [STATE_AGENTS] = {SYM_WAITS, INK_DIM},        [STATE_USER] = {SYM_PERSON, INK_USER},
    [STATE_IDLE] = {SYM_RESTS, INK_DIM},          [STATE_DONE] = {SYM_RESTS, INK_DIM},
    [STATE_ERROR] = {SYM_TROUBLE, INK_ERROR},     [STATE_STALE] = {SYM_TROUBLE, INK_ERROR},
    [STATE_GONE] = {SYM_TROUBLE, INK_ERROR},
};

static const struct {
    const char *utf8, *ascii;
} symbols[SYMBOLS] = {
    [SYM_WORKS] = {"●", "*"},    [SYM_WAITS] = {"◌", "~"},      [SYM_PERSON] = {"◐", "?"},
    [SYM_RESTS] = {"○", "o"},    [SYM_TROUBLE] = {"✕", "!"},    [SYM_OPENED] = {"▾", "v"},
    [SYM_FOLDED] = {"▸", ">"},   [SYM_TEE] = {"├", "|"},        [SYM_ELBOW] = {"└", "`"},
    [SYM_VERTICAL] = {"│", "|"}, [SYM_HORIZONTAL] = {"─", "-"}, [SYM_TEE_DOWN] = {"┬", "+"},
    [SYM_ARROW] = {"→", "->"},   [SYM_DOT] = {"·", "-"},        [SYM_BRANCH] = {"⎇", "@"},
    [SYM_CUT] = {"✂", "%"},      [SYM_ELLIPSIS] = {"…", "."},   [SYM_TIMES] = {"×", "x"},
    [SYM_EDGE] = {"▏", "|"},     [SYM_CURSOR] = {"›", ">"},     [SYM_FROZEN] = {"◌", "~"},
    [SYM_PIN] = {"^", "^"},
};
static_assert(sizeof inks / sizeof inks[0] == NAMED_INKS, "an ink without a style");

/* What a half cell may be: nothing, or the colour of one of these. */
static const uint8_t halves[HALVES] = {
    INK_PLAIN,        INK_BAR_OTHER, INK_BAR_REQUEST, INK_BAR_SETUP, INK_BAR_FIRST_TOKEN,
    INK_BAR_SAMPLING, INK_BAR_TOOL,  INK_BAR_USER,    INK_BAR_ERROR, INK_RETRY,
};

static int8_t half_color(unsigned half)
{
    const struct ink_style *style = &inks[halves[half]];
    return style->bg != COLOR_NONE ? style->bg : style->fg;
}

/* The upper half is the foreground of the glyph; where there is none, the lower one is. */
static struct ink_style halves_style(unsigned upper, unsigned lower)
{
    if (upper == 0)
        return (struct ink_style){half_color(lower), COLOR_NONE, 0};
    return (struct ink_style){half_color(upper), half_color(lower), 0};
}

struct ink_style theme_style(const struct theme *theme, enum ink ink)
{
    struct ink_style style =
        ink < NAMED_INKS ? inks[ink]
                         : halves_style((ink - INK_HALVES) / HALVES, (ink - INK_HALVES) % HALVES);
    if (!theme->color) {
        style.fg = style.bg = COLOR_NONE;
    }
    return style;
}

/* A failed request keeps its retries and its set-up: they say what happened before it failed. */
static bool shows_error(uint8_t kind, uint8_t flags)
{
    return (flags & CELL_ERROR) && kind != SPAN_RETRY && kind != SPAN_SETUP;
}

struct bar_style theme_bar(const struct theme *theme, uint8_t kind, uint8_t flags)
{
    bool hatched = (flags & CELL_HATCHED) || kind == SPAN_RETRY;
    bool error = shows_error(kind, flags);
    struct bar_style bar = {
        .ink = error     ? (hatched ? INK_ERROR : INK_BAR_ERROR)
               : hatched ? bars[kind].text
                         : bars[kind].bar,
        .fill = theme->ascii ? bars[kind].ascii : bars[kind].shade,
    };
    if (theme->color && !hatched && kind != SPAN_AGENT_CALL)
        bar.fill = " ";
    else if (theme->color && kind != SPAN_AGENT_CALL)
        bar.fill = theme->ascii ? (kind == SPAN_RETRY ? "x" : "%") : "▒";
    else if ((flags & CELL_HATCHED) && kind != SPAN_RETRY)
        bar.fill = theme->ascii ? "%" : "▒";
    return bar;
}

static unsigned half_of(struct half half)
{
    uint8_t ink;
    if (half.kind >= SPAN_KINDS || half.kind == SPAN_AGENT_CALL)
        return 0;
    ink = shows_error(half.kind, half.flags) ? INK_BAR_ERROR : bars[half.kind].bar;
    for (unsigned i = 1; i < HALVES; i++) {
        if (halves[i] == ink)
            return i;
    }
    return 0;
}

struct bar_style theme_halves(struct half upper, struct half lower)
{
    unsigned above = half_of(upper), below = half_of(lower);
    const char *fill = above == 0 ? (below == 0 ? " " : "▄") : "▀";
    return (struct bar_style){(enum ink)(INK_HALVES + above * HALVES + below), fill};
}

struct state_style theme_state(const struct theme *theme, enum agent_state state)
{
    return (struct state_style){states[state].ink, theme_symbol(theme, states[state].symbol)};
}

enum ink theme_kind_ink(uint8_t kind)
{
    return kind < SPAN_KINDS ? bars[kind].text : INK_PLAIN;
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
        /* The last, which goes where there is no room: of most requests the parts are known. */
        {SPAN_REQUEST, 0, "request"},
    };
    if (index >= sizeof legend / sizeof legend[0])
        return false;
    *bar = theme_bar(theme, legend[index].kind, legend[index].flags);
    if (legend[index].flags & CELL_ERROR && !theme->color)
        bar->fill = theme_symbol(theme, SYM_TROUBLE);
    *word = legend[index].word;
    return true;
}

const char *theme_symbol(const struct theme *theme, enum symbol symbol)
{
    return theme->ascii ? symbols[symbol].ascii : symbols[symbol].utf8;
}
