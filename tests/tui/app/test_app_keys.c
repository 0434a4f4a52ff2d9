/* The cost of a key press: the frame that was drawn takes the key, then one new frame is made and
   drawn. The app runs in a pseudo-terminal, in a child process. The test replies to the terminal
   queries of the child and checks its exit status. */
#include "tests/support/support.h"
#include "tui/app/app_private.h"

#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASKED  "\033[5n"
#define ANSWER "\033[0n"

enum { COLS = 100, ROWS = 30, EVENTS = 20 };

/* Prints to the child's stderr, which is the pseudo-terminal; the test shows it on failure. */
#define EXPECT(condition)                                             \
    do {                                                              \
        if (!(condition)) {                                           \
            fprintf(stderr, "line %d: %s\r\n", __LINE__, #condition); \
            return false;                                             \
        }                                                             \
    } while (0)

/* ---- in the child ---- */

/* Waits until the terminal takes a frame. */
static bool wait_for_terminal(struct app *app)
{
    struct key key;
    for (int i = 0; i < 1000; i++) {
        while (screen_read_key(app->screen, &key)) {
        }
        if (screen_free_ns(app->screen, engine_now_ns()) <= engine_now_ns()) {
            return true;
        }
        usleep(10000);
    }
    return false;
}

/* Does the same as the loop for a key: the key, the frame, the time of the next frame. */
static bool press(struct app *app, const char *name, unsigned frames, unsigned inputs)
{
    struct key key;
    EXPECT(keymap_parse_key(name, strlen(name), &key));
    EXPECT(wait_for_terminal(app));
    unsigned old_frames = app->frames, old_inputs = app->inputs;
    if (app_press(app, key)) {
        app_draw(app);
    }
    app_schedule(app);
    if (app->frames - old_frames != frames || app->inputs - old_inputs != inputs) {
        fprintf(stderr, "key %s: %u frames, %u inputs\r\n", name, app->frames - old_frames,
                app->inputs - old_inputs);
    }
    EXPECT(app->frames - old_frames == frames);
    EXPECT(app->inputs - old_inputs == inputs);
    return true;
}

static bool read_events(struct app *app, uint64_t events)
{
    while (app_events(app) < events) {
        uv_run(&app->engine.loop, UV_RUN_ONCE);
    }
    return true;
}

static bool count(struct app *app, const char *more)
{
    static const char *const keys[] = {"Down", "Right", "Enter", "Esc",   "+",   "2",    "Down",
                                       "3",    "4",     "5",     "?",     "Esc", "1",    "/",
                                       "b",    "Esc",   "f",     "Space", "Up",  "Space"};
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    uv_timer_init(&app->engine.loop, &app->frame_timer);
    uv_timer_init(&app->engine.loop, &app->tick);
    app->frame_timer.data = app->tick.data = app;
    engine_add_all(&app->engine);
    EXPECT(read_events(app, EVENTS));
    app->screen = screen_open(app->engine.mem, &app->theme, &error);
    EXPECT(app->screen != NULL);
    app->grid = grid_new(app->engine.mem, COLS, ROWS);
    EXPECT(app->grid != NULL);
    EXPECT(wait_for_terminal(app));
    app_draw(app);
    EXPECT(app->frames == 1 && app->inputs == 1);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        EXPECT(press(app, keys[i], 1, 1));
    }
    /* A key without a meaning makes no frame. */
    EXPECT(press(app, "F12", 0, 0));
    /* A key costs the same if the model has changed since the last frame. */
    EXPECT(engine_add(&app->engine, more, &error));
    EXPECT(read_events(app, 2 * EVENTS));
    EXPECT(press(app, "Down", 1, 1));
    strbuf_release(&error);
    return true;
}

static void write_trace(const char *path, const char *session)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return;
    }
    fprintf(file,
            "{\"traceEvents\":["
            "{\"name\":\"process_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":1,"
            "\"tid\":0,\"args\":{\"name\":\"main\"}}");
    for (int i = 1; i < EVENTS; i++) {
        fprintf(file,
                ",{\"name\":\"Tool: Bash\",\"cat\":\"tool\",\"ph\":\"X\",\"ts\":%d000,\"dur\":900,"
                "\"pid\":%d,\"tid\":%d}",
                i, i % 5 + 1, i % 5 + 1);
    }
    fprintf(file, "],\"metadata\":{\"session_id\":\"%s\"}}\n", session);
    fclose(file);
}

static _Noreturn void be_child(char *path, const char *more)
{
    char name[] = "swarmtop";
    char *words[] = {name, path, NULL};
    struct environment env = {.home = support_tmpdir()};
    struct options options;
    struct strbuf error;
    bool ok = false;
    strbuf_init(&error, &mem_libc, 0);
    if (options_parse(&options, 2, words, &env, NULL, "", &error)) {
        struct app *app = app_new(&options, false, &error);
        if (app != NULL) {
            ok = count(app, more);
            screen_free(app->screen);
            app_free(app);
        }
    }
    if (error.len > 0) {
        fprintf(stderr, "%s\r\n", error.data);
    }
    options_release(&options);
    strbuf_release(&error);
    _exit(ok ? 0 : 1);
}

/* ---- in the parent ---- */

/* Reads the child's output until it closes its terminal, and keeps the last piece. */
static void serve(int fd, char *seen, size_t size)
{
    char piece[4096];
    ssize_t len;
    seen[0] = '\0';
    while ((len = read(fd, piece, sizeof piece - 1)) > 0) {
        piece[len] = '\0';
        snprintf(seen, size, "%s", piece);
        for (const char *at = piece; (at = strstr(at, ASKED)) != NULL; at++) {
            assert_int_equal(write(fd, ANSWER, strlen(ANSWER)), strlen(ANSWER));
        }
    }
}

TEST(a_key_makes_one_frame_of_one_input)
{
    struct winsize size = {.ws_row = ROWS, .ws_col = COLS};
    char path[256], more[256], seen[4096];
    int fd, status = 0;
    snprintf(path, sizeof path, "%s", support_path(support_tmpdir(), "one.json"));
    snprintf(more, sizeof more, "%s", support_path(support_tmpdir(), "two.json"));
    write_trace(path, "one");
    write_trace(more, "two");
    pid_t pid = forkpty(&fd, NULL, NULL, &size);
    assert_true(pid >= 0);
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        be_child(path, more);
    }
    serve(fd, seen, sizeof seen);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(fd);
    if (status != 0) {
        fail_msg("the child failed:\n%s", seen);
    }
}
