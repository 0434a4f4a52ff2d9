/* A frame under construction: everything that its parts and the keys need, computed once. Only the
   views use it. */
#ifndef TUI_FRAME_H
#define TUI_FRAME_H

#include "core/analysis/held_up.h"
#include "core/analysis/stalled.h"
#include "tui/screen/number.h"
#include "tui/views/agent_labels.h"
#include "tui/views/axis.h"
#include "tui/views/layout.h"
#include "tui/views/rows.h"
#include "tui/views/view.h"

struct why;

/* A label that was cut, as it was drawn. */
struct drawn_label {
    uint64_t hash; /* of the text */
    agent_no agent;
    uint8_t form; /* LABEL_LIST or LABEL_ROW */
};
enum { DRAWN_MAX = 200 };

struct frame {
    const struct view_input *input;
    const struct swarm *swarm;
    struct view_state *state;
    int64_t local_ns;       /* the frame's local time: earlier than the input's while frozen */
    int64_t now_ns;         /* the model's now */
    int64_t from_ns, to_ns; /* of the data, and until now in a live picture */
    int64_t last_ns;        /* of the data alone */
    bool empty;             /* no agent yet */
    bool agents;            /* some session has agents; else rows are threads */
    struct layout layout;
    struct axis axis;
    struct axis_clock clock;
    struct row_list rows;
    const struct counters *counters;        /* over the axis; NULL: none are shown */
    int per_line;                           /* rows in a line of the screen: 2 in the overview */
    const struct span_predicate *predicate; /* the filter; NULL: all spans match */
    const struct why *why;                  /* the critical path that is shown; NULL: none */
    const struct swarm_metrics *metrics;    /* of the spans that match; NULL: none yet */
    span_no *inflight;                      /* spans in flight: work first, the longest first */
    size_t inflight_count, inflight_cap;
    struct held_up held;    /* the chain that holds each agent up */
    struct stalled stalled; /* calls far beyond their usual time, and loops */
    const struct agent_labels *labels;
    intern_id client_above; /* of the last name in the tree that was drawn; INTERN_NONE: unknown */
    struct agent_label label; /* the one that frame_label made last */
    struct agent_label other; /* one that is cut to the same text */
    struct strbuf label_text;
    struct drawn_label drawn[DRAWN_MAX]; /* of this frame, the first ones */
    size_t drawn_count;
    struct strbuf scratch; /* for short-lived texts */
};

/* Builds the frame for a size and clamps the state. Returns false if out of memory. Call
   frame_release in any case. */
bool frame_make(struct frame *frame, const struct view_input *input, struct view_state *state,
                int cols, int rows);
void frame_release(struct frame *frame);

/* Returns the active keys as enum view_set. Defined in view.c. */
uint8_t view_set_of(const struct view_state *state);

/* Returns the number of agents, or of threads in a trace without agents; `matching`: of those alone
   that the filter matches. */
size_t frame_agent_count(const struct frame *frame, bool matching);
/* Returns a strip as an area of the grid, all columns wide. */
struct area frame_area(const struct frame *frame, struct grid *grid, struct strip strip);
/* Returns the agent's label, borrowed until the next call. `form`: of enum label_form. */
const struct agent_label *frame_label(struct frame *frame, agent_no agent, unsigned form);
/* Returns the form of a row's label in the tree. Roots and pinned rows show their client, others
   where it is not the client of the name above. */
unsigned frame_row_form(struct frame *frame, const struct timeline_row *row);
/* Draws the agent's label in at most `cols` columns. If it would be cut to the text of a label
   that another agent has on this frame, it is cut elsewhere. Returns the column after it. */
int frame_label_draw(struct frame *frame, agent_no agent, unsigned form, struct area line, int x,
                     int cols, enum style_id style);
/* Appends the label as text, its client included, of at most `cols` columns. */
void frame_label_text(struct frame *frame, agent_no agent, int cols, struct strbuf *out);
const char *frame_symbol(const struct frame *frame, enum symbol symbol);
/* Returns the present time of the agent's session, from which the age of a span in flight or of an
   agent that rests counts. Sessions of several machines may have clocks that differ. */
int64_t frame_agent_now(const struct frame *frame, agent_no agent, bool rests);
/* Formats how long something has run: 41.0s; in a trace that is shorter than a second 83µs. */
void frame_age(const struct frame *frame, int64_t ns, char out[NUMBER_BYTES]);
/* Returns true if the display grows by itself: a live source, and now is on the axis. */
bool frame_shows_now(const struct frame *frame);
/* Returns true if the picture shows the present: the model's time goes with the clock, and the
   timeline has not been moved away from it. */
bool frame_shows_present(const struct frame *frame);

/* ---- the parts; each draws itself where the layout has it ---- */

void header_draw(struct frame *frame, struct grid *grid);
void legend_draw(const struct frame *frame, struct grid *grid);
/* Returns the row of a screen line, the upper one of two; NULL: none. */
const struct timeline_row *frame_row_at(const struct frame *frame, int line);
void timeline_draw(struct frame *frame, struct grid *grid);
void agents_draw(struct frame *frame, struct grid *grid);
void inflight_draw(struct frame *frame, struct grid *grid);
void statistics_draw(struct frame *frame, struct grid *grid);
void log_draw(struct frame *frame, struct grid *grid);
void hosts_draw(struct frame *frame, struct grid *grid);
void inflight_panel_draw(struct frame *frame, struct grid *grid);
void detail_panel_draw(struct frame *frame, struct grid *grid);
/* Returns the lines that the selected span's detail needs, without its heading. */
int detail_panel_lines(struct frame *frame, int cols);
void hint_draw(struct frame *frame, struct grid *grid);
void caption_draw(const struct frame *frame, struct grid *grid);
void trouble_draw(const struct frame *frame, struct grid *grid);
/* Returns true if a source failed or has bad lines. */
bool trouble_exists(const struct view_input *input);
void empty_draw(const struct frame *frame, struct grid *grid);
void help_draw(const struct view_input *input, struct view_state *state, struct grid *grid);

#endif
