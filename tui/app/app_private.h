/* What app.c (the wiring) and app_frame.c (when and what to draw) share. */
#ifndef TUI_APP_PRIVATE_H
#define TUI_APP_PRIVATE_H

#include "tui/app/app.h"
#include "tui/screen/screen.h"
#include "tui/views/view.h"

#define RATE_SECONDS 5 /* events/s is their average */

struct app_replay;

struct app {
    struct engine engine;
    bool terminal;         /* stdout is one */
    struct screen *screen; /* NULL: none */
    struct grid *grid;
    struct view_state state;
    struct theme theme;
    struct source_status sources[ENGINE_SOURCES];
    struct source_progress progress;
    struct view_input input; /* of the frame */
    struct frame *frame;     /* as it was drawn last; NULL: none, or the state has changed since */
    unsigned frames, inputs; /* made so far; a test counts them */

    struct swarm_figures figures;
    bool has_figures, figures_all; /* all: of each agent and model too */
    uint64_t figures_revision;     /* of the model they were made of */
    int64_t figures_due_ns; /* not before then again: they cost as much as the model is large */
    struct series series;
    bool has_series;
    struct axis series_axis;
    uint64_t series_revision;
    int64_t series_due_ns;

    uint64_t taken[RATE_SECONDS + 1]; /* events so far, a second apart, the newest last */
    size_t taken_count;
    double events_per_s;

    bool dirty; /* something to draw has changed */
    bool ended; /* the sources' end was seen */
    bool owed;  /* a frame was due while the terminal was not free */
    int64_t last_frame_ns;

    struct app_replay *replay; /* NULL: the model is shown as it is */

    struct pane_search *search; /* tmux is being asked; NULL: it is not */
    uv_process_t *shown;        /* the tmux that shows a pane; NULL: none */

    uv_poll_t tty, out;
    uv_timer_t frame_timer, tick, interval, lines, replay_step;
    uv_signal_t resized, continued, suspended;
};

/* Draws a frame at once and puts it on the terminal. */
void app_draw(struct app *app);
/* Starts the timer of the next frame, or stops it where there will be none. */
void app_schedule(struct app *app);
/* Draws the last frame as text on stdout (where there is no screen). */
void app_print_frame(struct app *app);
/* The line of figures on stderr. */
void app_print_line(struct app *app);
/* Applies a key to the frame that was drawn last. Returns whether there is something to draw. */
bool app_press(struct app *app, struct key key);
/* Returns the frame that was drawn last; makes one where the state has changed since. Borrowed
   until the state changes. NULL: out of memory. */
struct frame *app_frame(struct app *app);
/* Drops the frame: the state or what it borrowed has changed. */
void app_drop_frame(struct app *app);
/* Something to draw has changed. */
void app_model_changed(struct app *app);

/* --replay. open makes the empty model that it goes into; begin is for when the sources have been read, and does it once. False: out of memory. */
bool app_replay_open(struct app *app);
bool app_replay_begin(struct app *app);
void app_replay_free(struct app *app);
/* What is shown, its time, and how many events of it have come: the engine's, or what has been replayed. */
const struct swarm *app_swarm(const struct app *app);
int64_t app_now_ns(const struct app *app);
uint64_t app_events(const struct app *app);
/* More will come. */
bool app_is_live(const struct app *app);

/* Asks tmux for its panes, and then for that of the process; what cannot be done is said on the screen. */
void app_go_to_pane(struct app *app, int64_t pid);
/* Gives up what is being asked. */
void app_pane_close(struct app *app);

/* Counts the events of the last seconds; returns whether some came. */
bool app_count_rate(struct app *app);

#endif
