/* curses tracks the terminal's contents and writes the differences to a file in memory
   (terminal.h). A copy of the last grid saves it the cells that have not changed. Each style is a
   colour pair. Keys are read through a pad, because reading from a window would also paint it. The
   signal handlers of curses are removed again: the app handles signals.

   The terminal's replies arrive among the keys, as keys defined here. */
#include "tui/screen/screen.h"

#include "tui/screen/flow_control.h"
#include "tui/screen/mouse_report.h"
#include "tui/screen/screen_cells.h"
#include "tui/screen/screen_keys.h"
#include "tui/screen/terminal.h"

#include <assert.h>
#include <curses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

struct screen {
    const struct mem *mem;
    struct theme theme;
    SCREEN *curses;
    WINDOW *keys;
    struct terminal *terminal;
    struct flow_control flow;
    bool synchronized;  /* the terminal can hold back a frame until it is complete */
    struct cell *shown; /* the last grid put; NULL: none */
    int shown_cols, shown_rows;
    bool closed, hung_up;
    struct mouse_report report;
    bool mouse; /* mouse reports are on */
};

/* Replies: "present" (DSR), and whether a frame can be held back (DECRQM of mode 2026) with its
   status digit. */
enum { ANSWER_HERE = KEY_MAX + 1, ANSWER_MODE };
enum { MODE_ANSWERS = 5, MOUSE_BEGINS_SGR = ANSWER_MODE + MODE_ANSWERS, MOUSE_BEGINS_X10 };
#define ASK_HERE    "\033[5n"
#define HERE        "\033[0n"
#define ASK_MODE    "\033[?2026$p"
#define FRAME_BEGIN "\033[?2026h"
#define FRAME_END   "\033[?2026l"
enum { ANSWER_MS = 300, DRAIN_MS = 1000 };

/* ---- taking over ---- */

static const int curses_signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
enum { CURSES_SIGNALS = sizeof curses_signals / sizeof curses_signals[0] };

static SCREEN *new_terminal(FILE *out, FILE *in)
{
    struct sigaction before[CURSES_SIGNALS];
    for (int i = 0; i < CURSES_SIGNALS; i++) {
        sigaction(curses_signals[i], NULL, &before[i]);
    }
    SCREEN *curses = newterm(NULL, out, in);
    for (int i = 0; i < CURSES_SIGNALS; i++) {
        sigaction(curses_signals[i], &before[i], NULL);
    }
    return curses;
}

/* Maps a style's colour to the terminal's. A terminal of 8 colours has no grey and uses white. */
static short color_of(int8_t color)
{
    if (color == COLOR_NONE || color < COLORS) {
        return color;
    }
    return color == 8 ? 7 : (short)(color & 7);
}

static void make_pairs(struct screen *screen)
{
    if (!screen->theme.color || !has_colors() || start_color() == ERR ||
        use_default_colors() == ERR) {
        screen->theme.color = false;
        return;
    }
    for (int id = 0; id < STYLES && id + 1 < COLOR_PAIRS; id++) {
        struct style style = theme_style(&screen->theme, (enum style_id)id);
        init_pair((short)(id + 1), color_of(style.fg), color_of(style.bg));
    }
}

static void set_modes(struct screen *screen)
{
    terminal_set_raw(screen->terminal, true); /* C-c and C-z are keys */
    nonl();
    set_escdelay(25);
    typeahead(-1); /* a frame is written whole */
    curs_set(0);
    leaveok(stdscr, TRUE);
    scrollok(stdscr, FALSE);
    keypad(screen->keys, TRUE);
    nodelay(screen->keys, TRUE);
    make_pairs(screen);
}

/* curses sets the scroll region once, to the lines that terminfo has (24 for a vt100); a line feed
   on its last line would then scroll instead of moving down. The cursor's place is unknown
   afterwards: the next frame begins by clearing the screen. A terminal with a second screen has no
   such entry, and must keep the cursor's place for the first screen. */
static void reset_scroll_region(const struct screen *screen, int rows)
{
    const char *csr = tigetstr("csr");
    const char *second_screen = tigetstr("smcup");
    if (csr == NULL || csr == (const char *)-1 || second_screen != NULL) {
        return;
    }
    const char *text = tiparm(csr, 0, rows - 1);
    terminal_collect(screen->terminal, NULL, NULL);           /* after what curses has begun with */
    terminal_add(screen->terminal, text, strcspn(text, "$")); /* without a padding, `$<2>` */
}

static void fit_to_terminal(const struct screen *screen)
{
    int cols, rows;
    if (!terminal_size(screen->terminal, &cols, &rows)) {
        return;
    }
    resizeterm(rows, cols);
    reset_scroll_region(screen, rows);
}

/* Defines the terminal's replies as keys, and asks whether it can hold back frames. Unknown
   requests are ignored by most terminals; old ones would print them. */
static void ask_mode(struct screen *screen)
{
    const char *term = getenv("TERM");
    char answer[] = "\033[?2026;0$y";
    define_key(HERE, ANSWER_HERE);
    screen_keys_define();
    define_key(MOUSE_SGR, MOUSE_BEGINS_SGR);
    define_key(MOUSE_X10, MOUSE_BEGINS_X10);
    if (term == NULL || strncmp(term, "linux", 5) == 0 || strncmp(term, "vt", 2) == 0) {
        return;
    }
    for (int i = 0; i < MODE_ANSWERS; i++) {
        answer[8] = (char)('0' + i);
        define_key(answer, ANSWER_MODE + i);
    }
    terminal_add(screen->terminal, ASK_MODE, strlen(ASK_MODE));
    screen->flow.bytes_since_ask =
        FLOW_CONTROL_ASK_BYTES; /* the first frame is followed by a request */
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
    if (screen == NULL) {
        strbuf_adds(error, "screen: out of memory");
        return NULL;
    }
    screen->mem = mem;
    screen->theme = *theme;
    screen->closed = true;
    screen->terminal = terminal_open(mem, error);
    if (screen->terminal == NULL) {
        screen_free(screen);
        return NULL;
    }
    screen->curses = new_terminal(terminal_out(screen->terminal), terminal_in(screen->terminal));
    if (screen->curses == NULL) {
        strbuf_addf(error, "TERM=%s: ", term != NULL ? term : "");
        return fail(screen, error, "unknown terminal", "is its terminfo entry installed?");
    }
    screen->keys = newpad(1, 1);
    if (screen->keys == NULL) {
        return fail(screen, error, "screen", "out of memory");
    }
    const char *cup = tigetstr("cup");
    if (cup == NULL || cup == (const char *)-1) {
        strbuf_addf(error, "TERM=%s: ", term != NULL ? term : "");
        return fail(screen, error, "cannot move the cursor", "use another terminal");
    }
    screen->closed = false; /* until here the terminal is untouched */
    set_modes(screen);
    fit_to_terminal(screen);
    ask_mode(screen);
    return screen;
}

/* ---- restoring ---- */

static void report_mouse(struct screen *screen, bool on)
{
    const char *text = on ? MOUSE_ON : MOUSE_OFF;
    terminal_add(screen->terminal, text, strlen(text));
    terminal_flush(screen->terminal);
    screen->report = (struct mouse_report){.form = MOUSE_NONE};
}

/* Restores the terminal. It waits for replies on their way, which would otherwise appear at the
   shell's prompt. */
static void give_back(struct screen *screen)
{
    if (screen->mouse) {
        report_mouse(screen, false);
    }
    endwin();
    terminal_collect(screen->terminal, NULL, NULL);
    terminal_drain(screen->terminal, DRAIN_MS);
    if (screen->flow.awaiting) {
        terminal_await(screen->terminal, HERE, ANSWER_MS);
    }
    screen->flow = (struct flow_control){.no_replies = screen->flow.no_replies};
    terminal_set_raw(screen->terminal, false);
}

void screen_close(struct screen *screen)
{
    if (screen == NULL || screen->closed) {
        return;
    }
    screen->closed = true;
    give_back(screen);
}

void screen_free(struct screen *screen)
{
    if (screen == NULL) {
        return;
    }
    screen_close(screen);
    if (screen->keys != NULL) {
        delwin(screen->keys);
    }
    if (screen->curses != NULL) {
        delscreen(screen->curses);
    }
    terminal_free(screen->terminal);
    screen_repaint(screen);
    mem_free(screen->mem, screen, sizeof *screen);
}

void screen_suspend(struct screen *screen)
{
    if (!screen->closed) {
        give_back(screen);
    }
}

void screen_resume(struct screen *screen)
{
    if (screen->closed) {
        return;
    }
    terminal_set_raw(screen->terminal, true);
    /* The terminal may have lost its key and mouse modes. */
    keypad(screen->keys, FALSE);
    keypad(screen->keys, TRUE);
    if (screen->mouse) {
        report_mouse(screen, true);
    }
    screen_resized(screen);
}

/* ---- keys ---- */

static bool take_answer(struct screen *screen, wint_t code)
{
    if (code == ANSWER_HERE) {
        flow_control_answered(&screen->flow);
    } else if (code == MOUSE_BEGINS_SGR || code == MOUSE_BEGINS_X10) {
        mouse_report_begin(&screen->report,
                           code == MOUSE_BEGINS_SGR ? MOUSE_FORM_SGR : MOUSE_FORM_X10);
    } else if (code >= ANSWER_MODE && code < ANSWER_MODE + MODE_ANSWERS) {
        screen->synchronized = code == ANSWER_MODE + 1 || code == ANSWER_MODE + 2;
    } else {
        return false;
    }
    return true;
}

bool screen_read_key(struct screen *screen, struct key *out)
{
    wint_t c;
    if (screen->closed) {
        return false;
    }
    for (;;) {
        int kind = wget_wch(screen->keys, &c);
        if (kind == ERR) {
            screen->hung_up = terminal_hung_up(screen->terminal);
            return false;
        }
        if (screen->report.form != MOUSE_NONE) {
            if (mouse_report_add(&screen->report, kind == OK ? (uint32_t)c : 0, out)) {
                return true;
            }
            continue;
        }
        if (kind == OK) {
            break;
        }
        if (!take_answer(screen, c) && screen_keys_find(c, out)) {
            return true;
        }
    }
    *out = keymap_character((uint32_t)c);
    if (out->code != KEY_CODE_ESC) {
        return true;
    }
    /* curses has waited for the rest of a sequence, so a character that follows at once was typed
       with Alt. */
    int kind = wget_wch(screen->keys, &c);
    if (kind == OK && c != 27) {
        *out = keymap_character((uint32_t)c);
        out->mods |= KEY_MOD_ALT;
    } else if (kind == OK) {
        unget_wch((wchar_t)c); /* Esc twice is Esc twice */
    } else if (kind == KEY_CODE_YES && screen_keys_find(c, out)) {
        out->mods |= KEY_MOD_ALT;
    }
    return true;
}

/* ---- the grid ---- */

int screen_fd(const struct screen *screen)
{
    return fileno(terminal_in(screen->terminal));
}

bool screen_hung_up(const struct screen *screen)
{
    return screen->hung_up;
}

bool screen_has_color(const struct screen *screen)
{
    return screen->theme.color;
}

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
    if (screen->closed) {
        return;
    }
    fit_to_terminal(screen);
    screen_repaint(screen);
}

/* Makes room for the copy. Without memory every cell is put each time. */
static void prepare_copy(struct screen *screen, int cols, int rows)
{
    if (screen->shown != NULL && screen->shown_cols == cols && screen->shown_rows == rows) {
        return;
    }
    screen_repaint(screen);
    screen->shown = mem_zalloc(screen->mem, (size_t)cols * (size_t)rows, sizeof *screen->shown);
    if (screen->shown != NULL) {
        screen->shown_cols = cols;
        screen->shown_rows = rows;
    }
    werase(stdscr);
    clearok(curscr, TRUE);
}

/* ---- the mouse ---- */

void screen_set_mouse(struct screen *screen, bool on)
{
    screen->mouse = on;
    if (!screen->closed) {
        report_mouse(screen, on);
    }
}

/* ---- the clipboard ---- */

bool screen_copy(struct screen *screen, const char *text, size_t len)
{
    return !screen->closed && terminal_copy(screen->terminal, text, len);
}

bool screen_notice(struct screen *screen, const char *text, size_t len, bool in_tmux)
{
    return !screen->closed && terminal_notice(screen->terminal, text, len, in_tmux);
}

/* ---- putting ---- */

int64_t screen_free_ns(struct screen *screen, int64_t now_ns)
{
    if (!terminal_flush(screen->terminal)) {
        return INT64_MAX;
    }
    return flow_control_free_ns(&screen->flow, now_ns);
}

int screen_out_fd(const struct screen *screen)
{
    return terminal_out_fd(screen->terminal);
}

/* Sends all that curses has written as one frame. */
static void send_frame(struct screen *screen, int64_t now_ns)
{
    size_t bytes = terminal_collect(screen->terminal, screen->synchronized ? FRAME_BEGIN : NULL,
                                    screen->synchronized ? FRAME_END : NULL);
    if (bytes > 0 && flow_control_sent(&screen->flow, bytes, now_ns)) {
        terminal_add(screen->terminal, ASK_HERE, strlen(ASK_HERE));
    }
    terminal_flush(screen->terminal);
}

void screen_put(struct screen *screen, const struct grid *grid, int64_t now_ns)
{
    if (screen->closed) {
        return;
    }
    prepare_copy(screen, grid_cols(grid), grid_rows(grid));
    screen_cells_put(&screen->theme, grid, screen->shown);
    wnoutrefresh(stdscr);
    doupdate();
    send_frame(screen, now_ns);
}
