/* The views: pure functions from the model, the user's state and a size to cells. They use no clock
   and no terminal, so the same arguments draw the same cells. The app draws when the model has
   changed (at most --fps times a second), at view_frame_wake_ns, and after a key. While view_frozen
   is true it draws only after a key or a resize. */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "core/analysis/call_children.h"
#include "core/analysis/loops.h"
#include "core/model/event_log.h"
#include "core/model/source_status.h"
#include "core/query/agents_kept.h"
#include "core/query/series.h"
#include "tui/screen/grid.h"
#include "tui/screen/keymap.h"
#include "tui/views/agent_ids.h"
#include "tui/views/agent_labels.h"
#include "tui/views/axis.h"
#include "tui/views/filter_cache.h"
#include "tui/views/frozen_view.h"
#include "tui/views/log_list.h"
#include "tui/views/prompt.h"
#include "tui/views/timeline_cache.h"

struct baseline;
struct timeline_row;
struct tree_node;

/* The data to show. All of it is borrowed for the call. */
struct view_input {
    struct theme theme;
    const struct swarm *swarm;
    int64_t local_ns; /* the local clock, Unix epoch */
    int64_t wall_ns;  /* the wall clock, for people; 0: the local one, as in a replay */
    const struct swarm_metrics *metrics;  /* may be outdated; NULL: none yet */
    const struct swarm_metrics *matching; /* of view_predicate, if it is not NULL */
    /* over view_series_axis, of view_predicate; may be outdated; NULL: none yet */
    const struct series *series;
    const struct baseline *baseline; /* another run to compare with; NULL: none */
    const struct source_status *sources;
    size_t source_count;
    const struct event_log *log; /* may be NULL */
    const struct keymap *keymap; /* the user's bindings; may be NULL */
    const char *caption;         /* a line above the hints; "": empty; NULL: no line */
    const char *output;          /* path of the trace to write; NULL: none */
    const char *address;         /* the feed address as in SWARMTOP_SOCKET; NULL: not listening */
    bool no_mask;                /* shows keys and passwords */
    bool live;                   /* more data may arrive; false: all sources have finished */
    double replay;               /* finished sources are replayed at this speed; 0: they are not */
    const struct source_progress *progress; /* the file being read; NULL: none */
    uint64_t events;                        /* received so far, from all sources */
    double events_per_s;                    /* NAN: unknown */
};

enum window_mode {
    /* all data until a column is 2^30 ns wide, then the end; finished sources: all data */
    WINDOW_AUTO,
    WINDOW_ALL,    /* always all data */
    WINDOW_FOLLOW, /* the end, at `zoom` */
    WINDOW_FIXED   /* from t0_ns, at `zoom` */
};

/* The views, in the order of the keys 1 to 6. */
enum page {
    PAGE_TIMELINE,
    PAGE_AGENTS,
    PAGE_INFLIGHT,
    PAGE_STATISTICS,
    PAGE_LOG,
    PAGE_HOSTS,
    PAGES
};

/* State of the agents table. Its order changes only when the user sorts. */
struct agents_state {
    uint8_t column; /* column to sort by */
    bool inverted;
    bool sorted;     /* `order` is valid */
    agent_no *order; /* agents that appeared later are at the end */
    size_t count, cap;
    size_t scroll;
};

/* State of the log: its list, and the entry under the cursor. */
struct log_state {
    struct log_list list;
    bool made;
    uint64_t revision, entries; /* revision of the model and number of log entries in the list */
    unsigned filter;            /* version of the filter applied to the list */
    size_t cursor, scroll;
};

/* The memory of the last frame's rows, for those of the next: a frame takes it and gives it back,
   as mapping a megabyte costs more than all that is written there. */
struct rows_room {
    struct tree_node *nodes;
    struct timeline_row *rows;
    size_t node_cap, cap;
};

/* A position to return to, for example when a search is cancelled. */
struct view_place {
    agent_no cursor;
    bool cursor_group;
    span_no selected;
    enum window_mode window;
    unsigned zoom;
    int64_t t0_ns;
};

/* A moment marked with a letter. */
struct view_mark {
    bool set;
    int64_t at_ns;
    struct view_place place;
};
enum { MARKS = 36, PINS = 8 }; /* letters and digits */

/* A range of time with its metrics. */
enum range_mode { RANGE_NONE, RANGE_MOVES, RANGE_KEPT };
struct view_range {
    enum range_mode mode;
    int64_t from_ns, to_ns; /* from < to */
    bool at_to;             /* which edge the keys move */
};

#define MESSAGE_BYTES 256

/* The user's state. A plain value except for what it owns: view_state_init, view_state_release. */
struct view_state {
    const struct mem *mem;
    enum page page;
    agent_no cursor;   /* the agent under the cursor; NO_AGENT: the first */
    bool cursor_group; /* the cursor is on its `+N done` row */
    span_no selected;  /* NO_SPAN: none */
    size_t scroll;     /* rows above the screen */

    enum window_mode window;
    unsigned zoom; /* a column is 2^zoom ns */
    int64_t t0_ns; /* WINDOW_FIXED: start of the first column, a multiple of 2^zoom */

    bool frozen;
    enum window_mode thawed_window; /* restored by thawing */
    int64_t frozen_local_ns;        /* the local clock when frozen */
    int64_t frozen_now_ns;          /* the model's now when frozen; later spans are not drawn */
    uint64_t frozen_events;
    struct frozen_view *frozen_view; /* NULL: not frozen, or no memory for it */

    struct agent_ids agent_ids; /* of which agents the numbers here are */

    uint8_t *folds; /* by agent_no: enum fold; NULL: none */
    size_t fold_cap;

    struct agents_state agents;
    size_t inflight_scroll;
    bool host_chosen; /* the cursor of the list of hosts is on `host`; else on the first line */
    intern_id host;   /* INTERN_NONE: those that name none */
    size_t hosts_scroll;
    struct log_state log;
    struct timeline_cache *timeline_cache; /* NULL: none yet */
    struct call_children_kept call_children;
    struct rows_room rows_room;
    struct loops_kept loops;
    struct agents_kept agents_kept;  /* tree and states, of the last frame */
    struct agent_labels_kept labels; /* the same */

    struct prompt prompt;
    struct filter_cache *filter_cache; /* the active filter; NULL: none */
    char filter_text[PROMPT_BYTES];
    unsigned filter_version;          /* incremented when the filter changes */
    char filter_error[MESSAGE_BYTES]; /* error in the typed filter; "": none */
    struct filter *search;            /* NULL: none yet */
    struct view_place searched_from;

    agent_no pins[PINS]; /* also shown at the top */
    size_t pin_count;
    struct view_mark marks[MARKS];
    struct view_place came_from; /* position before the last jump to a mark */
    enum action pending;         /* action that waits for a letter; ACTION_NONE: none */
    struct view_range range;
    bool why; /* shows the critical path of a turn */
    agent_no why_agent;
    int64_t why_at_ns;           /* the turn at that time */
    struct why_cache *why_cache; /* NULL: none yet */
    struct strbuf copied;        /* text for VIEW_COPY */
    int64_t pane_pid;            /* process for VIEW_PANE; 0: unknown */
    session_no pane_session;

    bool mouse; /* on: selecting text in the terminal needs Shift */

    bool detail, legend, help;
    bool overview; /* timeline in overview: two agents a line */
    size_t detail_scroll, help_scroll, statistics_scroll;
    char message[MESSAGE_BYTES]; /* replaces the hint line until the next key; "": none */
    bool message_is_error;
};

void view_state_init(struct view_state *state, const struct mem *mem);
void view_state_release(struct view_state *state);
/* Shows a message until the next key. */
void view_message(struct view_state *state, bool error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the filter as if it had been typed. Returns false and sets *error if it is invalid. */
bool view_set_filter(struct view_state *state, const char *text, struct strbuf *error);

/* The app's task after a key; VIEW_IGNORED: no action has this key. All others redraw. */
enum view_result {
    VIEW_IGNORED,
    VIEW_REDRAW,
    VIEW_REPAINT, /* repaint the whole terminal (C-l) */
    VIEW_WRITE,   /* write the trace now; report the result by view_message */
    VIEW_OPEN,    /* serve the trace for ui.perfetto.dev; report its link by view_message */
    VIEW_SUSPEND,
    VIEW_STOP, /* stop reading; keep the data */
    VIEW_COPY, /* copy state->copied to the clipboard */
    /* go to the tmux pane of process state->pane_pid, else of the client of state->pane_session;
       report the result by view_message */
    VIEW_PANE,
    VIEW_MOUSE, /* state->mouse: whether the terminal reports the mouse */
    VIEW_QUIT
};

/* A frame is a picture worked out for one input, one state and one size. It is drawn, keys act on
   it, and it knows when it is out of date. The caller keeps the frame that it drew, so that a key
   press makes one frame: the next. The model may change in between. A state that anything else
   has changed needs a new frame. */
struct frame;

/* Returns new; NULL if out of memory. Borrows input and state until it is freed. `state` is only
   clamped: what has gone is unselected, the cursor kept on the screen. cols, rows: of the grid. */
struct frame *view_frame_new(const struct view_input *input, struct view_state *state, int cols,
                             int rows);
void view_frame_free(struct frame *frame);
/* Draws the whole grid, which has the frame's size. */
void view_frame_draw(struct frame *frame, struct grid *grid);
/* Applies a key to the state. After any result but VIEW_IGNORED the frame is out of date. */
enum view_result view_frame_key(struct frame *frame, struct key key);
/* Returns the time on the local clock at which the picture changes next without new data;
   INT64_MAX: never. */
int64_t view_frame_wake_ns(const struct frame *frame);

/* The same with a frame that lives as long as the call. A lack of memory is shown on the grid, or
   is the state's message. */
void view_draw(const struct view_input *input, struct view_state *state, struct grid *grid);
enum view_result view_key(const struct view_input *input, struct view_state *state, struct key key,
                          int cols, int rows);

/* Returns true if nothing on the screen moves and new data is not shown. */
bool view_frozen(const struct view_state *state);
/* Sets the time ranges, one a column, for which the view needs a series. Returns false if it needs
   none. */
bool view_series_axis(const struct view_input *input, const struct view_state *state, int cols,
                      struct axis *out);
/* Returns what the state's filter selects at a time, borrowed until the filter changes; NULL: no
   filter is set. */
const struct span_predicate *view_predicate(const struct view_state *state,
                                            const struct swarm *swarm, int64_t local_ns);
/* Returns the moment that a frozen display shows, of which its metrics and series must be; borrowed
   until it is thawed. NULL: it is not frozen, or there was no memory for it. */
const struct past *view_past(const struct view_state *state);
/* Returns true if the view needs metrics of each agent and model (metrics_compute), not only
   totals. */
bool view_wants_metrics(const struct view_state *state);

#endif
