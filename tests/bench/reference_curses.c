/* What a curses program pays whose picture moves by a column with every frame: ours, of a feed that goes on by a column's time at each key. It is set up as
   tui/screen/screen.c was when the goal was made. */
#include "tests/bench/bench.h"
#include "tui/views/view.h"

#include <curses.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

enum { PICTURE_COLS = 200, PICTURE_ROWS = 50 };

/* ---- the picture ---- */

/* A feed's lines, as they are sent to a model in time. */
struct telling {
    struct bench_engine engine;
    struct view_state state;
    struct slice text;
    size_t sent;
    int fd;
};

static double line_ms(const char *line)
{
    const char *t = strstr(line, "\"t\":"), *end = strchr(line, '\n');
    return t != NULL && t < end ? strtod(t + 4, NULL) : 0;
}

static double last_ms(struct slice text)
{
    double most = 0;
    for (const char *at = text.bytes; at < text.bytes + text.len; at = strchr(at, '\n') + 1) {
        double ms = line_ms(at);
        most = ms > most ? ms : most;
    }
    return most;
}

static void open_telling(struct telling *telling, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char spec[700];
    telling->text = child_read(path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s.sock", path);
    snprintf(spec, sizeof spec, "unix:%s", address.sun_path);
    bench_engine_open(&telling->engine, 0, false);
    bench_engine_add(&telling->engine, spec);
    telling->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(telling->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        exit(2);
    }
    unlink(address.sun_path);
    view_state_init(&telling->state, &mem_libc);
    telling->state.window = WINDOW_FOLLOW;
}

/* Sends what was said until then, and takes it: there is room for a line on the way. */
static void tell(struct telling *telling, double until_ms)
{
    while (telling->sent < telling->text.len) {
        const char *line = telling->text.bytes + telling->sent;
        size_t len = (size_t)(strchr(line, '\n') + 1 - line);
        if (line_ms(line) > until_ms || write(telling->fd, line, len) != (ssize_t)len) {
            break;
        }
        telling->sent += len;
        uv_run(&telling->engine.loop, UV_RUN_NOWAIT);
    }
    uv_run(&telling->engine.loop, UV_RUN_NOWAIT);
}

static void draw(struct telling *telling, const struct theme *theme, struct grid *grid)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct view_input input = {.theme = *theme,
                               .swarm = telling->engine.swarm,
                               .local_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
                               .live = true,
                               .events_per_s = NAN};
    view_draw(&input, &telling->state, grid);
}

/* ---- the terminal ---- */

static void open_curses(struct theme *theme)
{
    setlocale(LC_ALL, "");
    if (newterm(NULL, stdout, stdin) == NULL) {
        exit(2);
    }
    raw();
    noecho();
    nonl();
    curs_set(0);
    leaveok(stdscr, TRUE);
    scrollok(stdscr, FALSE);
    theme->color = has_colors() && start_color() != ERR && use_default_colors() != ERR;
    for (int id = 0; theme->color && id < STYLES; id++) {
        struct style style = theme_style(theme, (enum style_id)id);
        init_pair((short)(id + 1), style.fg < COLORS ? style.fg : 7,
                  style.bg < COLORS ? style.bg : 7);
    }
}

static void put(const struct theme *theme, int x, int y, const struct cell *cell)
{
    struct style style = theme_style(theme, (enum style_id)cell->style);
    unsigned attrs = style.attrs | cell->attrs;
    wchar_t text[CCHARW_MAX + 1];
    cchar_t wide;
    size_t count = mbstowcs(text, cell->glyph.text, CCHARW_MAX);
    if (count == 0 || count == (size_t)-1 || cell->glyph.width != 1) {
        count = 1;
        text[0] = L' ';
    }
    text[count] = L'\0';
    setcchar(&wide, text,
             (attrs & ATTR_BOLD ? A_BOLD : 0) | (attrs & ATTR_DIM ? A_DIM : 0) |
                 (attrs & ATTR_UNDERLINE ? A_UNDERLINE : 0),
             (short)(theme->color ? cell->style + 1 : 0), NULL);
    mvadd_wch(y, x, &wide);
}

/* A frame a byte on stdin, that many in all from the end of the feed; never returns. */
double child_curses(const char *path, double frames)
{
    static struct telling telling;
    struct theme theme = {.color = true};
    struct grid *grid = grid_new(&mem_libc, PICTURE_COLS, PICTURE_ROWS);
    double column_ms = (double)((int64_t)1 << AXIS_ZOOM_LIVE) / 1e6;
    char key;
    open_curses(&theme);
    open_telling(&telling, path);
    double at_ms = last_ms(telling.text) - frames * column_ms;
    for (;; at_ms += column_ms) {
        tell(&telling, at_ms);
        draw(&telling, &theme, grid);
        for (int y = 0; y < PICTURE_ROWS; y++) {
            for (int x = 0; x < PICTURE_COLS; x++) {
                put(&theme, x, y, grid_cell(grid, x, y));
            }
        }
        refresh();
        if (read(STDIN_FILENO, &key, 1) <= 0) {
            _exit(0);
        }
    }
}
