/* The views: pure functions from the model, what the user has chosen, and a size, to cells. No clock, no terminal: the same
   arguments draw the same picture. The app draws when the model has changed (at most --fps times a second), when
   view_frame_wake_ns says so, and after a key; never while view_frozen says so, but after a key or a resize. */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "core/model/notice.h"
#include "core/query/query.h"
#include "core/query/series.h"
#include "tui/screen/grid.h"
#include "tui/screen/keymap.h"
#include "tui/views/axis.h"
#include "tui/views/chosen.h"
#include "tui/views/log_list.h"
#include "tui/views/prompt.h"

/* What there is to show. All borrowed for the call. */
struct view_input {
    struct theme theme;
    const struct swarm *swarm;
    int64_t local_ns;                    /* the local clock, Unix epoch */
    const struct swarm_figures *figures; /* may be some time old; NULL: none yet */
    const struct series *series; /* over view_series_axis; may be some time old; NULL: none yet */
    const struct source_status *sources;
    size_t source_count;
    const struct notice_log *log; /* may be NULL */
    const struct keymap *keymap;  /* what the user has bound; may be NULL */
    const char *output;           /* path of the trace that is left behind; NULL: none */
    const char
        *address; /* where feeds are listened for, as SWARMTOP_SOCKET wants it; NULL: nowhere */
    bool live;    /* more may come; false: all sources have finished */
    const struct source_progress *progress; /* of the file that is being read; NULL: none is */
    uint64_t events;                        /* taken so far, of all sources */
    double events_per_s;                    /* NAN: unknown */
};

enum window_mode {
    WINDOW_AUTO, /* all of it until a column is 2^30 ns wide, then the end of it; finished sources: all of it */
    WINDOW_ALL,    /* all of it, always */
    WINDOW_FOLLOW, /* the end of it, at `zoom` */
    WINDOW_FIXED   /* from t0_ns, at `zoom` */
};

/* What the screen shows, in the order of the keys 1 to 5. */
enum page { PAGE_TIMELINE, PAGE_AGENTS, PAGE_FLIGHT, PAGE_STATISTICS, PAGE_LOG, PAGES };

/* The table of agents: their order stays as it is while nobody sorts. */
struct agents_state {
    uint8_t column; /* that it is sorted by */
    bool inverted;
    bool sorted;     /* the order below holds */
    agent_no *order; /* agents that have appeared since are behind */
    size_t count, cap;
    size_t scroll;
};

/* The log: the list as it was last made, and the entry that the cursor is on. */
struct log_state {
    struct log_list list;
    bool made;
    uint64_t revision, notices; /* of the model and the notices that it was made of */
    unsigned filter;            /* the version of the filter that it went through */
    size_t cursor, scroll;
};

/* Where a search began: Esc goes back there. */
struct view_place {
    agent_no cursor;
    bool cursor_group;
    span_no selected;
    enum window_mode window;
    unsigned zoom;
    int64_t t0_ns;
};

/* A moment that was marked with a letter. */
struct view_mark {
    bool set;
    int64_t at_ns;
    struct view_place place;
};
enum { MARKS = 36, PINS = 8 }; /* letters and digits */

/* A stretch of time whose figures are shown. */
enum range_mode { RANGE_NONE, RANGE_MOVES, RANGE_KEPT };
struct view_range {
    enum range_mode mode;
    int64_t from_ns, to_ns; /* from < to */
    bool at_to;             /* which edge the keys move */
};

#define MESSAGE_BYTES 256

/* What the user has chosen. A plain value but for what it owns: view_state_init, view_state_release. */
struct view_state {
    const struct mem *mem;
    enum page page;
    agent_no cursor;   /* the row of that agent; NO_AGENT: the first */
    bool cursor_group; /* the cursor is on its `+N done` row */
    span_no selected;  /* NO_SPAN: none */
    size_t scroll;     /* rows that are above the screen */

    enum window_mode window;
    unsigned zoom; /* a column is 2^zoom ns */
    int64_t t0_ns; /* WINDOW_FIXED: where the first column begins, a multiple of 2^zoom */

    bool frozen;
    enum window_mode thawed_window; /* what to go back to */
    int64_t frozen_local_ns;        /* the local clock when it was frozen */
    int64_t frozen_now_ns;          /* the model's now then: nothing later is drawn */
    uint64_t frozen_events;

    uint8_t *folds; /* by agent_no: enum fold; NULL: none */
    size_t fold_cap;

    struct agents_state agents;
    size_t flight_scroll;
    struct log_state log;

    struct prompt prompt;
    struct chosen *chosen; /* what the filter lets through; NULL: there is none */
    char filter_text[PROMPT_BYTES];
    unsigned filter_version;          /* goes up when it changes */
    char filter_error[MESSAGE_BYTES]; /* what is wrong with what is typed; "": nothing */
    struct filter *search;            /* NULL: none yet */
    struct view_place searched_from;

    agent_no pins[PINS]; /* shown on top as well */
    size_t pin_count;
    struct view_mark marks[MARKS];
    struct view_place came_from; /* where one was before the last jump to a mark */
    enum action pending;         /* the next key is a letter for it; ACTION_NONE: it is not */
    struct view_range range;
    struct strbuf copied; /* of VIEW_COPY */
    int64_t pane_pid;     /* of VIEW_PANE */

    bool mouse; /* on: the terminal's own selecting needs Shift then */

    bool detail, legend, help;
    bool overview; /* of the timeline: as many agents as there is room for */
    size_t detail_scroll, help_scroll, statistics_scroll;
    char message[MESSAGE_BYTES]; /* shown instead of the hint line until the next key; "" none */
    bool message_is_error;
};

void view_state_init(struct view_state *state, const struct mem *mem);
void view_state_release(struct view_state *state);
/* Shows a message until the next key. */
void view_message(struct view_state *state, bool error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the filter, as if it had been typed. False: *error says what is wrong with it. */
bool view_set_filter(struct view_state *state, const char *text, struct strbuf *error);

/* What the app has to do after a key; VIEW_IGNORED: no such key. All others redraw. */
enum view_result {
    VIEW_IGNORED,
    VIEW_REDRAW,
    VIEW_REPAINT, /* the whole terminal anew (C-l) */
    VIEW_WRITE,   /* write the trace now; say what came of it by view_message */
    VIEW_SUSPEND,
    VIEW_STOP, /* read no further: what came stays */
    VIEW_COPY, /* state->copied to the clipboard */
    VIEW_PANE, /* to the tmux pane of the process state->pane_pid; say what came of it by view_message */
    VIEW_MOUSE, /* state->mouse says whether the terminal is to report it */
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

/* Nothing on the screen moves by itself, and what comes is not shown. */
bool view_frozen(const struct view_state *state);
/* The stretches of time that the view asks for a series over, a column each; false: it asks for none. */
bool view_series_axis(const struct view_input *input, const struct view_state *state, int cols,
                      struct axis *out);
/* Whether the view asks for the figures of each agent and model (figures_compute), not of all together alone. */
bool view_wants_figures(const struct view_state *state);

#endif
