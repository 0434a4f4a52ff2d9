/* The terminal: draws grids, reads keys, restores the former state. This is the only file that uses
   curses. */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include "tui/screen/grid.h"
#include "tui/screen/keymap.h"

struct screen;

/* Takes over the terminal: stdout, and stdin for keys, or /dev/tty if stdin is data. It uses the
   alternate screen without echo; C-c and C-z are keys too. It leaves no signal handler installed.
   Call setlocale(LC_ALL, "") before. Returns a new screen; only one may exist. Returns NULL and
   sets *error to `thing: what: detail` on failure. */
struct screen *screen_open(const struct mem *mem, const struct theme *theme, struct strbuf *error);
/* Restores the terminal and frees. NULL is allowed. */
void screen_free(struct screen *screen);
/* Restores the terminal at once, in any state; the screen draws nothing more. Calling it twice is
   safe. */
void screen_close(struct screen *screen);

/* Returns the descriptor to poll for keys. It is never set non-blocking. */
int screen_fd(const struct screen *screen);
/* Reads the next key. Returns false if no key is pending; call until then when the descriptor is
   readable. */
bool screen_read_key(struct screen *screen, struct key *out);
/* Returns true if the terminal has gone: nothing more can be read. */
bool screen_hung_up(const struct screen *screen);

/* Returns true if the terminal shows the theme's colours; without them the theme has to draw
   shades. */
bool screen_has_color(const struct screen *screen);
void screen_size(const struct screen *screen, int *cols, int *rows);
/* Reads the size again, after SIGWINCH. The next screen_put paints all. */
void screen_resized(struct screen *screen);
/* Draws the grid: writes the changed cells. Call when screen_free_ns permits it. */
void screen_put(struct screen *screen, const struct grid *grid, int64_t now_ns);
/* Returns the latest time at which the next frame may be put. Until then the last frame is still on
   its way. A reply, read by screen_read_key, may permit it earlier. Returns INT64_MAX if bytes are
   queued: call again when screen_out_fd is writable. */
int64_t screen_free_ns(struct screen *screen, int64_t now_ns);
/* Returns the descriptor to poll for writing; -1 if it cannot be polled: try again periodically. */
int screen_out_fd(const struct screen *screen);
/* Makes the next screen_put write everything. */
void screen_repaint(struct screen *screen);
/* Sets whether the mouse yields keys (KEY_CODE_CLICK and so on). Off at first, because text
   selection is then the terminal's. */
void screen_set_mouse(struct screen *screen, bool on);
/* Copies text to the clipboard of the user's terminal, also over ssh (OSC 52; tmux: set-clipboard).
   Returns false if the text is too long. */
bool screen_copy(struct screen *screen, const char *text, size_t len);
/* Rings the terminal's bell and shows a notice on the user's desktop (OSC 9). The text is fit for a
   terminal. Returns false and does nothing if the terminal is busy. */
bool screen_notice(struct screen *screen, const char *text, size_t len, bool in_tmux);
/* Suspend restores the terminal before SIGTSTP; resume takes it again after SIGCONT and paints
   all. */
void screen_suspend(struct screen *screen);
void screen_resume(struct screen *screen);

#endif
