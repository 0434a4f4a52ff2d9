/* curses keeps what the terminal shows and writes the differences; a copy of the last grid spares it the cells that have not
   changed. Each ink is a colour pair of its own. Keys are read through a pad, which unlike a window is not
   painted by reading from it. The signal handlers that curses sets are put back: what a signal does is the app's. */
#include "tui/screen.h"

#include "core/utf8.h"

#include <assert.h>
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

struct screen {
    const struct mem *mem;
    struct theme theme;
    SCREEN *curses;
    WINDOW *keys;
    FILE *in;           /* what keys are read from; owned where it is not stdin */
    struct cell *shown; /* what was put last; NULL: nothing */
    int shown_cols, shown_rows;
    bool closed, hung_up;
    int press_x, press_y; /* where a button is held; press_x -1: none is */
};

/* ---- taking over ---- */

static const int curses_signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
enum { CURSES_SIGNALS = sizeof curses_signals / sizeof curses_signals[0] };

static SCREEN *new_terminal(FILE *out, FILE *in)
{
    struct sigaction before[CURSES_SIGNALS];
    for (int i = 0; i < CURSES_SIGNALS; i++)
        sigaction(curses_signals[i], NULL, &before[i]);
    SCREEN *curses = newterm(NULL, out, in);
    for (int i = 0; i < CURSES_SIGNALS; i++)
        sigaction(curses_signals[i], &before[i], NULL);
    return curses;
}

/* A terminal of 8 colours has no grey: white stands for it. */
static short color_of(int8_t color)
{
    if (color == COLOR_NONE || color < COLORS)
        return color;
    return color == 8 ? 7 : (short)(color & 7);
}

static void make_pairs(struct screen *screen)
{
    if (!screen->theme.color || !has_colors() || start_color() == ERR ||
        use_default_colors() == ERR) {
        screen->theme.color = false;
        return;
    }
    for (int ink = 0; ink < INKS; ink++) {
        struct ink_style style = theme_style(&screen->theme, (enum ink)ink);
        init_pair((short)(ink + 1), color_of(style.fg), color_of(style.bg));
    }
}

static void set_modes(struct screen *screen)
{
    raw(); /* C-c and C-z are keys */
    noecho();
    nonl();
    set_escdelay(25);
    intrflush(stdscr, FALSE);
    curs_set(0);
    leaveok(stdscr, TRUE);
    scrollok(stdscr, FALSE);
    keypad(screen->keys, TRUE);
    nodelay(screen->keys, TRUE);
    make_pairs(screen);
}

static struct screen *fail(struct screen *screen, struct strbuf *error, const char *what,
                           const char *why)
{
    strbuf_addf(error, "%s: %s", what, why);
    screen_free(screen);
    return NULL;
}

struct screen *screen_open(const struct mem *mem, const struct theme *theme, struct strbuf *error)
{
    struct screen *screen = mem_zalloc(mem, 1, sizeof *screen);
    const char *term = getenv("TERM");
    if (!screen) {
        strbuf_adds(error, "screen: out of memory");
        return NULL;
    }
    screen->mem = mem;
    screen->theme = *theme;
    screen->closed = true;
    screen->press_x = -1;
    screen->in = isatty(STDIN_FILENO) ? stdin : fopen("/dev/tty", "r");
    if (!screen->in)
        return fail(screen, error, "/dev/tty", strerror(errno));
    screen->curses = new_terminal(stdout, screen->in);
    if (!screen->curses) {
        strbuf_addf(error, "TERM=%s: ", term ? term : "");
        return fail(screen, error, "no such terminal is known", "is its terminfo entry installed?");
    }
    screen->closed = false;
    screen->keys = newpad(1, 1);
    if (!screen->keys)
        return fail(screen, error, "screen", "out of memory");
    const char *cup = tigetstr("cup");
    if (!cup || cup == (const char *)-1) {
        strbuf_addf(error, "TERM=%s: ", term ? term : "");
        return fail(screen, error, "its cursor cannot be moved", "another terminal is needed");
    }
    set_modes(screen);
    return screen;
}

/* ---- giving back ---- */

void screen_close(struct screen *screen)
{
    if (!screen || screen->closed)
        return;
    screen->closed = true;
    endwin();
}

void screen_free(struct screen *screen)
{
    if (!screen)
        return;
    screen_close(screen);
    if (screen->keys)
        delwin(screen->keys);
    if (screen->curses)
        delscreen(screen->curses);
    if (screen->in && screen->in != stdin)
        fclose(screen->in);
    screen_repaint(screen);
    mem_free(screen->mem, screen, sizeof *screen);
}

void screen_suspend(struct screen *screen)
{
    if (!screen->closed)
        endwin();
}

void screen_resume(struct screen *screen)
{
    if (screen->closed)
        return;
    reset_prog_mode();
    screen_resized(screen);
}

/* ---- keys ---- */

int screen_fd(const struct screen *screen)
{
    return fileno(screen->in);
}

bool screen_hung_up(const struct screen *screen)
{
    return screen->hung_up;
}

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

/* Buttons as curses tells of them: no motion, only where one was pressed and let go. False: nothing came of it. */
static bool mouse_key(struct screen *screen, struct key *out)
{
    MEVENT event;
    if (getmouse(&event) != OK)
        return false;
    *out = (struct key){.x = (int16_t)event.x, .y = (int16_t)event.y, .from_x = (int16_t)event.x};
    if (event.bstate & BUTTON4_PRESSED)
        out->code = KEY_CODE_WHEEL_UP;
    else if (event.bstate & BUTTON5_PRESSED)
        out->code = KEY_CODE_WHEEL_DOWN;
    else if (event.bstate & BUTTON1_CLICKED)
        out->code = KEY_CODE_CLICK;
    else if (event.bstate & BUTTON1_RELEASED && screen->press_x >= 0) {
        out->code = screen->press_x == event.x ? KEY_CODE_CLICK : KEY_CODE_DRAG;
        out->from_x = (int16_t)screen->press_x;
    }
    screen->press_x = event.bstate & BUTTON1_PRESSED ? event.x : -1;
    return out->code != 0;
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

/* Nothing came: because there is nothing, or because there will never be anything again? */
static void look_for_hang_up(struct screen *screen)
{
    struct pollfd poll_fd = {.fd = screen_fd(screen), .events = POLLIN};
    int waiting = 0;
    if (poll(&poll_fd, 1, 0) <= 0)
        return;
    bool end =
        (poll_fd.revents & POLLIN) && ioctl(poll_fd.fd, FIONREAD, &waiting) == 0 && waiting == 0;
    screen->hung_up = end || (poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL));
}

bool screen_read_key(struct screen *screen, struct key *out)
{
    wint_t c;
    if (screen->closed)
        return false;
    for (;;) {
        int kind = wget_wch(screen->keys, &c);
        if (kind == ERR) {
            look_for_hang_up(screen);
            return false;
        }
        if (kind == OK)
            break;
        if (c == KEY_MOUSE ? mouse_key(screen, out) : special_key(c, out))
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
    } else if (kind == KEY_CODE_YES && special_key(c, out)) {
        out->mods |= KEY_MOD_ALT;
    }
    return true;
}

/* ---- the picture ---- */

void screen_size(const struct screen *screen, int *cols, int *rows)
{
    (void)screen;
    *cols = COLS > 0 ? COLS : 80;
    *rows = LINES > 0 ? LINES : 24;
}

void screen_repaint(struct screen *screen)
{
    size_t count = (size_t)screen->shown_cols * (size_t)screen->shown_rows;
    mem_free(screen->mem, screen->shown, count * sizeof *screen->shown);
    screen->shown = NULL;
    screen->shown_cols = screen->shown_rows = 0;
}

void screen_resized(struct screen *screen)
{
    struct winsize size;
    if (screen->closed)
        return;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
        resizeterm(size.ws_row, size.ws_col);
    screen_repaint(screen);
}

/* Widths on which the C library and we disagree would shift all that follows: `?` stands for such a glyph. */
static void glyph_to_wide(const struct glyph *glyph, wchar_t out[CCHARW_MAX + 1])
{
    int n = 0;
    for (size_t at = 0; at < glyph->len && n < CCHARW_MAX;) {
        uint32_t cp;
        at += utf8_next(glyph->text + at, glyph->len - at, &cp);
        int cols = wcwidth((wchar_t)cp);
        if (n == 0 ? cols == glyph->width : cols == 0)
            out[n++] = (wchar_t)cp;
        else if (n == 0)
            break;
    }
    if (n == 0)
        out[n++] = glyph->width == 1 ? L'?' : L'\uFF1F';
    out[n] = L'\0';
}

static attr_t attrs_of(uint8_t attrs)
{
    return (attrs & ATTR_BOLD ? A_BOLD : 0) | (attrs & ATTR_DIM ? A_DIM : 0) |
           (attrs & ATTR_UNDERLINE ? A_UNDERLINE : 0) | (attrs & ATTR_REVERSE ? A_REVERSE : 0);
}

static void put_cell(const struct screen *screen, int x, int y, const struct cell *cell)
{
    struct ink_style style = theme_style(&screen->theme, (enum ink)cell->ink);
    wchar_t text[CCHARW_MAX + 1];
    cchar_t wide;
    glyph_to_wide(&cell->glyph, text);
    setcchar(&wide, text, attrs_of(style.attrs | cell->attrs),
             (short)(screen->theme.color ? cell->ink + 1 : 0), NULL);
    mvwadd_wch(stdscr, y, x, &wide);
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->ink == b->ink && a->attrs == b->attrs && a->glyph.width == b->glyph.width &&
           a->glyph.len == b->glyph.len && memcmp(a->glyph.text, b->glyph.text, a->glyph.len) == 0;
}

/* Makes room for the copy. Without memory there is none, and every cell is put. */
static void prepare_copy(struct screen *screen, int cols, int rows)
{
    if (screen->shown && screen->shown_cols == cols && screen->shown_rows == rows)
        return;
    screen_repaint(screen);
    screen->shown = mem_zalloc(screen->mem, (size_t)cols * (size_t)rows, sizeof *screen->shown);
    if (screen->shown) {
        screen->shown_cols = cols;
        screen->shown_rows = rows;
    }
    werase(stdscr);
    clearok(curscr, TRUE);
}

/* ---- the mouse ---- */

void screen_set_mouse(struct screen *screen, bool on)
{
    if (screen->closed)
        return;
    mouseinterval(0); /* presses and releases as they come */
    mousemask(on ? BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON1_CLICKED | BUTTON4_PRESSED |
                       BUTTON5_PRESSED
                 : 0,
              NULL);
    screen->press_x = -1;
}

/* ---- the clipboard ---- */

enum { COPY_BYTES = 74994 }; /* 100,000 in base64, which is what xterm takes */

static void put_base64(const unsigned char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16 |
                         (i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (i + 2 < len ? bytes[i + 2] : 0);
        putchar(digits[three >> 18]);
        putchar(digits[three >> 12 & 63]);
        putchar(i + 1 < len ? digits[three >> 6 & 63] : '=');
        putchar(i + 2 < len ? digits[three & 63] : '=');
    }
}

bool screen_copy(struct screen *screen, const char *text, size_t len)
{
    if (screen->closed || len > COPY_BYTES)
        return false;
    fputs("\033]52;c;", stdout);
    put_base64((const unsigned char *)text, len);
    fputs("\a", stdout);
    fflush(stdout);
    return true;
}

void screen_put(struct screen *screen, const struct grid *grid)
{
    if (screen->closed)
        return;
    prepare_copy(screen, grid_cols(grid), grid_rows(grid));
    int cols = grid_cols(grid) < COLS ? grid_cols(grid) : COLS;
    int rows = grid_rows(grid) < LINES ? grid_rows(grid) : LINES;
    for (int y = 0; y < rows; y++) {
        for (int x = 0; x < cols; x++) {
            const struct cell *cell = grid_cell(grid, x, y);
            struct cell *shown = NULL;
            if (screen->shown)
                shown = &screen->shown[(size_t)y * (size_t)screen->shown_cols + (size_t)x];
            if (cell->glyph.width == 0 || (shown && same_cell(shown, cell)))
                continue;
            if (cell->glyph.width <= cols - x)
                put_cell(screen, x, y, cell);
        }
    }
    for (int y = 0; screen->shown && y < grid_rows(grid); y++)
        memcpy(&screen->shown[(size_t)y * (size_t)screen->shown_cols], grid_cell(grid, 0, y),
               (size_t)screen->shown_cols * sizeof *screen->shown);
    wnoutrefresh(stdscr);
    doupdate();
}
