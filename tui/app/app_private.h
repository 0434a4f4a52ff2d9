/* The struct of app.c (the wiring), app_frame.c (when to draw), app_replay.c and app_pane.c. */
#ifndef TUI_APP_PRIVATE_H
#define TUI_APP_PRIVATE_H

#include "tui/app/app.h"
#include "tui/screen/screen.h"
#include "tui/views/view.h"

#define RATE_SECONDS 5 /* events/s is an average over them */

struct app_replay;
struct notify;
struct serve_once;

struct app {
    struct engine engine;
    bool terminal;         /* stdout is a terminal */
    struct screen *screen; /* NULL: none */
    struct grid *grid;
    struct view_state state;
    struct theme theme;
    struct source_status sources[ENGINE_SOURCES];
    struct source_progress progress;
    struct strbuf path;              /* of the trace to write, as it is shown; empty: none */
    int64_t path_due_ns;             /* when it is asked for again: that may look at files */
    size_t path_sessions;            /* the sessions that it was made for */
    struct view_input input;         /* of the frame */
    const char *caption;             /* NULL: no line for captions */
    const struct baseline *baseline; /* of --against; NULL: none */
    struct frame *frame;             /* drawn last; NULL: none, or the state has changed since */
    unsigned frames, inputs;         /* made so far; a test counts them */

    struct swarm_metrics metrics;
    struct swarm_metrics matching; /* of what the filter selects, if has_matching */
    bool has_metrics, metrics_all; /* metrics_all: also of each agent and model */
    bool has_matching;
    unsigned metrics_filter;   /* the filter_version that they are of */
    int64_t metrics_then_ns;   /* the moment that they are of; INT64_MAX: the present */
    uint64_t metrics_revision; /* of the model that the metrics are of */
    uint64_t metrics_passes;   /* swarm_forget_passes then */
    int64_t metrics_due_ns;    /* not computed again before: their cost grows with the model */
    struct series series;
    bool has_series;
    struct axis series_axis;
    uint64_t series_revision;
    unsigned series_filter; /* the filter_version that it is of */
    int64_t series_then_ns; /* as metrics_then_ns */
    int64_t series_due_ns;

    uint64_t taken[RATE_SECONDS + 1]; /* counts of events, a second apart, the newest last */
    size_t taken_count;
    double events_per_s;

    bool dirty; /* the model has changed since the last frame */
    bool ended; /* on_end has run */
    bool owed;  /* a frame was due while the terminal was busy */
    int64_t last_frame_ns;

    struct app_replay *replay; /* NULL: no --replay */

    struct notify *notify; /* NULL: nobody asked for notices */

    struct serve_once *viewer; /* O: serves the trace; NULL: does not */
    int viewer_fd;             /* its trace, while it serves */

    struct pane_search *search; /* tmux lists its panes; NULL: it does not run */
    uv_process_t *shown;        /* the tmux that switches to a pane; NULL: none */

    uv_poll_t tty, out;
    uv_timer_t frame_timer, tick, interval, lines, replay_step;
    uv_signal_t resized, continued, suspended;
};

/* Draws a frame and puts it on the terminal, unless that is busy. */
void app_draw(struct app *app);
/* Starts the timer of the next frame, or stops it if none is due. */
void app_schedule(struct app *app);
/* Prints the last frame as text to stdout, if there is no screen. */
void app_print_frame(struct app *app);
/* Releases both metrics, if they exist. */
void app_release_metrics(struct app *app);
/* Prints the line of metrics to stderr. */
void app_print_line(struct app *app);
/* Serves the trace once for ui.perfetto.dev, and shows and copies its link (app_viewer.c). */
void app_open_viewer(struct app *app);
void app_close_viewer(struct app *app);
/* Applies a key to the frame that was drawn last. Returns whether there is something to draw. */
bool app_press(struct app *app, struct key key);
/* Returns the frame that was drawn last; makes one where the state has changed since. Borrowed
   until the state changes. NULL: out of memory. */
struct frame *app_frame(struct app *app);
/* Drops the frame: the state or what it borrowed has changed. */
void app_drop_frame(struct app *app);
/* Records that the model has changed, and schedules a frame. */
void app_model_changed(struct app *app);

/* For --replay. app_replay_open makes the empty model that is shown. app_replay_begin starts the
   replay once the sources have been read; later calls do nothing. Both return false if out of
   memory. */
bool app_replay_open(struct app *app);
bool app_replay_begin(struct app *app);
void app_replay_free(struct app *app);
/* Return the model that is shown, its time and its number of events: the engine's, or the replay's.
   */
const struct swarm *app_swarm(const struct app *app);
int64_t app_now_ns(const struct app *app);
uint64_t app_events(const struct app *app);
/* Returns whether more events may arrive. */
bool app_is_live(const struct app *app);

/* Switches tmux to the pane of the agent's process, as the view's state has it. Errors become
   messages on the screen. */
void app_go_to_pane(struct app *app);
/* Kills a tmux that still runs. */
void app_pane_close(struct app *app);

/* Start and stop --bell and --notify. A replay has neither, since it shows the past. */
void app_open_notices(struct app *app);
void app_close_notices(struct app *app);

/* Updates events_per_s. Returns whether events arrived in the last seconds. */
bool app_count_rate(struct app *app);

#endif
