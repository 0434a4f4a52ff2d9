/* A frame is built in steps, each using the ones before: time (now), the axis (the window of time),
   the tree, its lines on that axis, the layout (how many lines fit). The order works because the
   axis' width does not depend on the layout's heights. */
#include "tui/views/frame.h"

#include "core/base/time_ns.h"
#include "tui/views/range.h"
#include "tui/views/why_view.h"

/* A live display begins with columns of 134 ms; smaller ones would zoom out several times in the
   first seconds. */
#define ZOOM_LIVE_MIN       27u
#define COUNTER_SAMPLES_MAX 20000

static bool has_wall_clock(const struct swarm *swarm)
{
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        if (session != NULL && !(session->flags & SESSION_HAS_START)) {
            return false;
        }
    }
    return true;
}

/* Returns the origin of elapsed time. The ts of another producer counts from anywhere, such as the
   start of the machine: its origin is the first event. */
static int64_t first_start(const struct swarm *swarm, int64_t from_ns)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        const struct session *session = swarm_session(swarm, (session_no)i);
        bool starts = session != NULL && (session->flags & (SESSION_AGENTS | SESSION_HAS_START));
        int64_t start_ns = starts ? session->start_ns : from_ns;
        if (session != NULL && start_ns < first) {
            first = start_ns;
        }
    }
    return first == INT64_MAX ? from_ns : first;
}

static void make_time(struct frame *frame)
{
    const struct view_state *state = frame->state;
    frame->now_ns = frame->input->live ? query_present(frame->swarm, frame->local_ns)
                                       : query_now(frame->swarm, frame->local_ns);
    if (!agents_kept_extent(&state->agents_kept, frame->local_ns, &frame->from_ns, &frame->to_ns)) {
        frame->from_ns = frame->to_ns = frame->now_ns;
    }
    if (state->frozen) {
        frame->now_ns = frame->to_ns = state->frozen_now_ns;
    }
    frame->last_ns = frame->to_ns;
    if (frame->input->live && frame->to_ns < frame->now_ns) {
        frame->to_ns = frame->now_ns;
    }
    frame->clock.wall = has_wall_clock(frame->swarm);
    frame->clock.origin_ns = first_start(frame->swarm, frame->from_ns);
    frame->clock.brief = time_ns_add(frame->to_ns, -frame->clock.origin_ns) < INT64_C(1000000000);
    frame->agents = query_has_agents(frame->swarm);
    if (!frame->agents && frame->to_ns > frame->from_ns) {
        frame->clock.fine_ns = time_ns_add(frame->to_ns, -frame->clock.origin_ns);
    }
}

/* Returns an axis that ends at now, with one more column for the line of now. If all has ended so
   long ago that nothing of it would be visible, the axis ends with the data. */
static struct axis axis_live(const struct frame *frame, unsigned zoom_min, unsigned zoom_max,
                             int cols)
{
    int inside = cols > 1 ? cols - 1 : 1;
    int64_t to_ns = frame->to_ns;
    struct axis axis = axis_fitting(frame->from_ns, to_ns, zoom_max, inside);
    axis = axis_ending(to_ns, axis.zoom > zoom_min ? axis.zoom : zoom_min, inside);
    if (frame->last_ns <= axis.t0_ns) {
        to_ns = frame->last_ns;
        axis = axis_fitting(frame->from_ns, to_ns, zoom_max, inside);
        axis = axis_ending(to_ns, axis.zoom > zoom_min ? axis.zoom : zoom_min, inside);
    }
    axis.cols = cols;
    return axis;
}

static unsigned clamp_zoom(unsigned zoom)
{
    return zoom > AXIS_ZOOM_MAX ? AXIS_ZOOM_MAX : zoom;
}

/* Clamps the window so that some data stays visible. */
static int64_t clamp_t0(const struct frame *frame, int64_t t0_ns, unsigned zoom, int cols)
{
    struct axis first = axis_ending(frame->from_ns, zoom, cols);
    int64_t last = axis_floor(frame->to_ns, zoom);
    t0_ns = axis_floor(t0_ns, zoom);
    return t0_ns < first.t0_ns ? first.t0_ns : t0_ns > last ? last : t0_ns;
}

static void make_axis(struct frame *frame)
{
    struct view_state *state = frame->state;
    int cols = frame->layout.bars_cols;
    bool live = frame->input->live;
    /* A trace of another producer may last microseconds: it has its own scale from the start. */
    unsigned zoom_min = frame->agents ? ZOOM_LIVE_MIN : AXIS_ZOOM_MIN;
    switch (state->window) {
    case WINDOW_AUTO:
        frame->axis = live ? axis_live(frame, zoom_min, AXIS_ZOOM_LIVE, cols)
                           : axis_fitting(frame->from_ns, frame->to_ns, AXIS_ZOOM_MAX, cols);
        break;
    case WINDOW_ALL:
        frame->axis = live ? axis_live(frame, AXIS_ZOOM_MIN, AXIS_ZOOM_MAX, cols)
                           : axis_fitting(frame->from_ns, frame->to_ns, AXIS_ZOOM_MAX, cols);
        break;
    case WINDOW_FOLLOW:
        state->zoom = clamp_zoom(state->zoom);
        frame->axis = axis_ending(frame->to_ns, state->zoom, live && cols > 1 ? cols - 1 : cols);
        frame->axis.cols = cols;
        break;
    case WINDOW_FIXED:
        state->zoom = clamp_zoom(state->zoom);
        state->t0_ns = clamp_t0(frame, state->t0_ns, state->zoom, cols);
        frame->axis = (struct axis){state->t0_ns, state->zoom, cols};
        break;
    }
}

static void clamp_selection(struct frame *frame)
{
    struct view_state *state = frame->state;
    if (state->selected != NO_SPAN && swarm_span(frame->swarm, state->selected) == NULL) {
        state->selected = NO_SPAN;
        state->detail_scroll = 0;
    }
    uint32_t node = rows_node(&frame->rows, state->cursor);
    /* A folded row: the nearest visible ancestor. */
    while (node != UINT32_MAX && frame->rows.nodes[node].hidden) {
        node = frame->rows.nodes[node].parent;
    }
    if (node == UINT32_MAX) {
        node = 0;
        while (node < frame->rows.node_count && frame->rows.nodes[node].hidden) {
            node++;
        }
        state->cursor_group = false;
        if (node < frame->rows.node_count) {
            state->cursor = frame->rows.nodes[node].agent;
        } else if (frame->rows.node_count == 0) {
            state->cursor = NO_AGENT;
        }
        return;
    }
    if (state->cursor != frame->rows.nodes[node].agent || frame->rows.nodes[node].done == 0) {
        state->cursor_group = false;
    }
    state->cursor = frame->rows.nodes[node].agent;
}

/* Keeps the cursor's lines on the screen. */
static void clamp_scroll(struct frame *frame)
{
    struct view_state *state = frame->state;
    const struct row_list *list = &frame->rows;
    size_t lines = (size_t)(frame->layout.body.rows > 0 ? frame->layout.body.rows : 1);
    lines *= (size_t)frame->per_line;
    size_t space = lines > list->pinned ? lines - list->pinned : 1;
    size_t count = list->count - list->pinned, most = count > space ? count - space : 0;
    size_t first = rows_find(list, state->cursor, state->cursor_group);
    if (first != SIZE_MAX) {
        first -= list->pinned;
        size_t last = first;
        while (last + 1 < count && !list->rows[list->pinned + last + 1].first &&
               last + 1 < first + space) {
            last++;
        }
        if (state->scroll + space <= last) {
            state->scroll = last + 1 - space;
        }
        if (state->scroll > first) {
            state->scroll = first;
        }
    }
    if (state->scroll > most) {
        state->scroll = most;
    }
    /* In the overview, keeps the pairs of lines. */
    state->scroll += (state->scroll + list->pinned) % (size_t)frame->per_line;
}

/* Spans that only wait are less informative at any age: those that wait for a sub-agent follow the
   calls that run or hang, interactions are last. */
static int inflight_rank(const struct span *span)
{
    return span->kind == SPAN_INTERACTION ? 2 : span->kind == SPAN_AGENT_CALL ? 1 : 0;
}

static bool is_shown(const struct frame *frame, span_no span)
{
    return frame->predicate == NULL || frame->predicate->holds(frame->predicate->ctx, span);
}

/* Lists those that were in flight when the display was frozen and are still in memory. */
static bool list_frozen_flight(struct frame *frame)
{
    size_t all;
    const span_no *then = frozen_view_inflight(frame->state->frozen_view, &all);
    frame->inflight = all == 0 ? NULL : mem_zalloc(frame->state->mem, all, sizeof *then);
    frame->inflight_cap = frame->inflight == NULL ? 0 : all;
    for (size_t i = 0; frame->inflight != NULL && i < all; i++) {
        if (swarm_span(frame->swarm, then[i]) != NULL && is_shown(frame, then[i])) {
            frame->inflight[frame->inflight_count++] = then[i];
        }
    }
    return all == 0 || frame->inflight != NULL;
}

/* Lists the spans in flight by rank, in each the longest first. Returns false if out of memory. */
static bool list_flight(struct frame *frame)
{
    const struct mem *mem = frame->state->mem;
    if (frame->state->frozen && frame->state->frozen_view != NULL) {
        return list_frozen_flight(frame);
    }
    size_t all = query_in_flight(frame->swarm, frame->local_ns, NULL, 0), kept = 0;
    span_no *listed = all == 0 ? NULL : mem_zalloc(mem, all, sizeof *listed);
    frame->inflight = listed == NULL ? NULL : mem_zalloc(mem, all, sizeof *listed);
    frame->inflight_cap = frame->inflight == NULL ? 0 : all;
    if (frame->inflight != NULL) {
        query_in_flight(frame->swarm, frame->local_ns, listed, all);
    }
    for (int rank = 0; frame->inflight != NULL && rank < 3; rank++) {
        for (size_t i = 0; i < all; i++) {
            const struct span *span = swarm_span(frame->swarm, listed[i]);
            if (inflight_rank(span) != rank) {
                continue;
            }
            bool later = frame->state->frozen && span->start_ns > frame->now_ns;
            if (!later && is_shown(frame, listed[i])) {
                frame->inflight[kept++] = listed[i];
            }
        }
    }
    frame->inflight_count = kept;
    mem_free(mem, listed, all * sizeof *listed);
    return all == 0 || frame->inflight != NULL;
}

static bool find_waits(struct frame *frame)
{
    const struct view_input *input = frame->input;
    const struct mem *mem = frame->state->mem;
    if (frame->state->frozen && frame->state->frozen_view != NULL) {
        return frozen_view_waits(frame->state->frozen_view, mem, &frame->held, &frame->stalled);
    }
    return held_up_make(frame->swarm, input->metrics, frame->local_ns, &frame->state->call_children,
                        mem, &frame->held) &&
           stalled_make_kept(frame->swarm, input->metrics, &frame->held, frame->local_ns,
                             &frame->state->loops, mem, &frame->stalled);
}

static struct layout make_layout(struct frame *frame, size_t lines, int cols, int rows)
{
    const struct view_state *state = frame->state;
    size_t flight = frame->inflight_count < 40 ? frame->inflight_count : 40;
    struct layout_want want = {
        .rows = lines > GRID_MAX_ROWS ? GRID_MAX_ROWS : (int)lines,
        .legend = state->legend && frame->agents, /* kinds of an agent's work */
        .list = state->page != PAGE_TIMELINE,
        .trouble = trouble_exists(frame->input),
        .caption = frame->input->caption != NULL,
    };
    if (!frame->empty && (flight > 0 || frame->input->live)) {
        want.inflight_lines = flight > 0 ? (int)flight : 1;
    }
    if (!frame->empty && state->range.mode != RANGE_NONE) {
        want.inflight_lines = 0;
        want.detail_lines = range_panel_lines(frame, cols);
    } else if (!frame->empty && state->detail && state->selected != NO_SPAN) {
        want.detail_lines = detail_panel_lines(frame, cols >= 100 ? cols / 2 : cols);
    } else if (frame->why != NULL) {
        want.inflight_lines = 0;
        want.detail_lines = why_panel_lines(frame);
        want.marks_rows = true;
    }
    return layout_compute(&want, cols, rows);
}

/* Finds the counters that the timeline shows. All samples are read when one comes: with more than a
   few, the statistics view alone shows them. Returns false if out of memory. */
static bool find_counters(struct frame *frame)
{
    struct view_state *state = frame->state;
    if (state->timeline_cache == NULL) {
        state->timeline_cache = timeline_cache_new(state->mem);
    }
    if (state->timeline_cache == NULL) {
        return false;
    }
    if (frame->agents || frame->predicate != NULL || frame->state->page != PAGE_TIMELINE ||
        swarm_counter_count(frame->swarm) > COUNTER_SAMPLES_MAX) {
        return true;
    }
    frame->counters = timeline_cache_counters(state->timeline_cache, frame->swarm, &frame->axis);
    return frame->counters != NULL;
}

static void begin(struct frame *frame, const struct view_input *input, struct view_state *state)
{
    *frame = (struct frame){.input = input, .swarm = input->swarm, .state = state};
    frame->rows.mem = state->mem;
    strbuf_init(&frame->scratch, state->mem, 0);
    agent_label_init(&frame->label, state->mem, input->theme.ascii);
    agent_label_init(&frame->other, state->mem, input->theme.ascii);
    strbuf_init(&frame->label_text, state->mem, 0);
    frame->held.mem = frame->stalled.mem = state->mem;
    frame->per_line = state->overview && input->theme.color && !input->theme.ascii ? 2 : 1;
    frame->local_ns = state->frozen ? state->frozen_local_ns : input->local_ns;
}

/* Counts the lanes of the rows that are on the screen alone. */
static void count_lanes(struct frame *frame, const struct rows_want *want)
{
    rows_count_lanes(want, &frame->rows, 0, frame->rows.pinned);
    size_t first = frame->rows.pinned + frame->state->scroll;
    size_t screen = (size_t)(frame->layout.body.rows > 0 ? frame->layout.body.rows : 0);
    screen *= (size_t)frame->per_line;
    rows_count_lanes(want, &frame->rows, first, first + screen);
}

bool frame_make(struct frame *frame, const struct view_input *input, struct view_state *state,
                int cols, int rows)
{
    begin(frame, input, state);
    if (!agent_ids_follow(state, frame->swarm) ||
        !agents_keep(&state->agents_kept, frame->swarm, frame->local_ns, state->mem)) {
        return false;
    }
    make_time(frame);
    frame->layout = layout_compute(&(struct layout_want){0}, cols, rows);
    if (frame->layout.too_small) {
        return true;
    }
    make_axis(frame);
    frame->predicate = view_predicate(state, frame->swarm, frame->local_ns);
    frame->metrics = frame->predicate != NULL ? input->matching : input->metrics;
    frame->labels = agent_labels_keep(&state->labels, frame->swarm, state->mem, input->theme.ascii);
    if (frame->labels == NULL || !rows_make_tree(input, state, frame->local_ns, &frame->rows)) {
        return false;
    }
    clamp_selection(frame);
    frame->empty = frame->rows.node_count == 0;
    if (!list_flight(frame) || !find_waits(frame)) {
        return false;
    }
    if (!find_counters(frame) || !why_view_find(frame)) {
        return false;
    }
    /* As many lanes as fit beside the minimum of the panels. */
    frame->layout = make_layout(frame, SIZE_MAX, cols, rows);
    struct rows_want want = {
        .swarm = frame->swarm,
        .local_ns = frame->local_ns,
        .axis = &frame->axis,
        .predicate = frame->predicate,
        .counters = frame->counters,
        .pins = state->pins,
        .pin_count = state->pin_count,
        .space = frame->layout.body.rows,
        .one_line = (frame->layout.one_line && frame->agents) || state->overview,
    };
    if (!rows_make_lines(&want, &frame->rows)) {
        return false;
    }
    size_t lines = (frame->rows.count + (size_t)frame->per_line - 1) / (size_t)frame->per_line;
    /* One line for the message that the filter matches nothing. */
    frame->layout =
        make_layout(frame, lines == 0 && state->filter_cache != NULL ? 1 : lines, cols, rows);
    clamp_scroll(frame);
    count_lanes(frame, &want);
    return true;
}

void frame_release(struct frame *frame)
{
    rows_release(&frame->rows, frame->state);
    mem_free(frame->state->mem, frame->inflight, frame->inflight_cap * sizeof *frame->inflight);
    held_up_release(&frame->held);
    stalled_release(&frame->stalled);
    agent_label_release(&frame->label);
    agent_label_release(&frame->other);
    strbuf_release(&frame->label_text);
    strbuf_release(&frame->scratch);
}

size_t frame_agent_count(const struct frame *frame, bool matching)
{
    return matching ? frame->rows.matching : frame->rows.agents;
}

const struct timeline_row *frame_row_at(const struct frame *frame, int line)
{
    const struct row_list *list = &frame->rows;
    size_t at = (size_t)line * (size_t)frame->per_line;
    at += at < list->pinned ? 0 : frame->state->scroll;
    return at < list->count ? &list->rows[at] : NULL;
}

struct area frame_area(const struct frame *frame, struct grid *grid, struct strip strip)
{
    return area_sub(grid_area(grid), 0, strip.y, frame->layout.cols, strip.rows);
}

const char *frame_symbol(const struct frame *frame, enum symbol symbol)
{
    return theme_symbol(&frame->input->theme, symbol);
}

/* In a finished source nothing is known to run beyond its session's clock, while all that rests
   does so until the last session's end. */
int64_t frame_agent_now(const struct frame *frame, agent_no number, bool rests)
{
    const struct agent *agent = swarm_agent(frame->swarm, number);
    const struct session *session =
        agent == NULL ? NULL : swarm_session(frame->swarm, agent->session);
    uint8_t past = frame->input->live ? SESSION_FINISHED : SESSION_FINISHED | SESSION_ENDED;
    if (session == NULL || (rests && (session->flags & past) != 0)) {
        return frame->now_ns;
    }
    if (frame->state->frozen && frame->state->frozen_view != NULL) {
        return frozen_view_now(frame->state->frozen_view, agent->session, frame->now_ns);
    }
    return swarm_session_present(frame->swarm, agent->session, frame->local_ns);
}

void frame_age(const struct frame *frame, int64_t ns, char out[NUMBER_BYTES])
{
    if (frame->clock.fine_ns > 0 && frame->clock.fine_ns < INT64_C(1000000000)) {
        number_ms((double)ns / 1e6, frame->input->theme.ascii, out);
    } else {
        number_age(ns, out);
    }
}

bool frame_shows_now(const struct frame *frame)
{
    int col = axis_col(&frame->axis, frame->now_ns);
    return frame->input->live && col >= 0 && col < frame->axis.cols;
}

/* The time of files that nobody writes to stops. */
static bool time_passes(const struct frame *frame)
{
    const int64_t minute_ns = INT64_C(60000000000);
    return frame->input->replay > 0 || query_present(frame->swarm, frame->local_ns) !=
                                           query_present(frame->swarm, frame->local_ns + minute_ns);
}

bool frame_shows_present(const struct frame *frame)
{
    bool moved = frame->state->page == PAGE_TIMELINE && !frame_shows_now(frame);
    return frame->input->live && !frame->state->frozen &&
           (frame->empty || (!moved && time_passes(frame)));
}
