/* The terminal: puts grids on it, takes keys from it, leaves it as it was. The only file that knows curses. */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "tui/screen/grid.h"
#include "tui/screen/keymap.h"

struct screen;

/* Takes over the terminal: stdout, and stdin for keys or /dev/tty where stdin is data. Alternate screen, no echo, every key is a key
   (C-c, C-z too). No signal handler stays behind. Call setlocale(LC_ALL, "") before. Returns new; NULL: *error says
   `thing: what: detail`. One at a time. */
struct screen *screen_open(const struct mem *mem, const struct theme *theme, struct strbuf *error);
/* Gives the terminal back and frees. NULL is allowed. */
void screen_free(struct screen *screen);
/* Gives the terminal back at once, in whatever state things are; the screen draws nothing more. Safe to call twice. */
void screen_close(struct screen *screen);

/* The descriptor to poll for keys. It is never set non-blocking. */
int screen_fd(const struct screen *screen);
/* The next key that has come. False: no more for now. Call until then whenever the descriptor is readable. */
bool screen_read_key(struct screen *screen, struct key *out);
/* The terminal has gone: nothing more can be read from it. */
bool screen_hung_up(const struct screen *screen);

void screen_size(const struct screen *screen, int *cols, int *rows);
/* After SIGWINCH: asks for the size anew. The next screen_put paints all. */
void screen_resized(struct screen *screen);
/* Puts the grid on the terminal: writes what has changed. Call when it is free. */
void screen_put(struct screen *screen, const struct grid *grid, int64_t now_ns);
/* From when on it is free: before, what was put is still on its way, and the next frame has to wait, to be of the newest state. At the latest: an answer of the
   terminal (read by screen_read_key) may free it before. INT64_MAX: it has not taken all; when screen_out_fd is writable, ask again. */
int64_t screen_free_ns(struct screen *screen, int64_t now_ns);
/* -1: cannot be polled; ask again now and then. */
int screen_out_fd(const struct screen *screen);
/* The next screen_put writes everything. */
void screen_repaint(struct screen *screen);
/* Whether the mouse gives keys (KEY_CODE_CLICK and so on). It does not at the start: selecting text is the terminal's then. */
void screen_set_mouse(struct screen *screen, bool on);
/* Puts text on the clipboard of the terminal that we are seen in, also over ssh (OSC 52; tmux: set-clipboard). False: it is too long. */
bool screen_copy(struct screen *screen, const char *text, size_t len);
/* Gives the terminal back for a while (before SIGTSTP), and takes it again (after SIGCONT; paints all). */
void screen_suspend(struct screen *screen);
void screen_resume(struct screen *screen);

#endif
