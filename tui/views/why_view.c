#include "tui/views/why_view.h"

#include "core/base/sorted.h"
#include "tui/views/select.h"
#include "tui/views/why_text.h"

#include <string.h>

struct why_cache {
    const struct mem *mem;
    const struct swarm *swarm; /* NULL: nothing was found yet */
    uint64_t revision;
    agent_no agent;
    int64_t at_ns, local_ns;
    struct why why;
};

enum { STEPS_SHOWN = 3, NAMES_SHOWN = 8, NAME_COLS = 40, TURN_MIN_COLS = 4 };

/* ---- finding ---- */

static void forget(struct why_cache *cache)
{
    if (cache->swarm != NULL) {
        why_release(&cache->why);
    }
    cache->swarm = NULL;
}

void why_cache_free(struct why_cache *cache)
{
    if (cache != NULL) {
        forget(cache);
        mem_free(cache->mem, cache, sizeof *cache);
    }
}

static bool is_same(const struct why_cache *cache, const struct frame *frame)
{
    const struct past *past = view_past(frame->state);
    bool moves = cache->why.turn.open || past != NULL;
    return cache->swarm == frame->swarm && cache->revision == swarm_revision(frame->swarm) &&
           cache->agent == frame->state->why_agent && cache->why.turn.past == past &&
           (!moves || cache->local_ns == frame->local_ns);
}

/* Sets *out to the turn that the state names, at a frozen display's moment. */
static bool turn_of(const struct frame *frame, struct turn *out)
{
    const struct view_state *state = frame->state;
    return turn_at(frame->swarm, view_past(state), state->why_agent, state->why_at_ns,
                   frame->local_ns, out);
}

/* Makes the path of the turn. Returns false if out of memory. */
static bool find(struct why_cache *cache, const struct frame *frame, const struct turn *turn)
{
    forget(cache);
    bool good = why_make(&cache->why, frame->swarm, NULL, turn, frame->local_ns);
    cache->swarm = frame->swarm;
    cache->revision = swarm_revision(frame->swarm);
    cache->agent = frame->state->why_agent;
    cache->local_ns = frame->local_ns;
    if (!good) {
        forget(cache);
    }
    return good;
}

/* Returns the agent whose turn the cursor is in: its own, or that of its nearest ancestor which has
   turns, else of its root. */
static agent_no agent_of_turn(const struct frame *frame)
{
    const struct row_list *list = &frame->rows;
    uint32_t node = rows_node(list, frame->state->cursor);
    while (node != UINT32_MAX) {
        const struct agent *agent = swarm_agent(frame->swarm, list->nodes[node].agent);
        uint32_t parent = list->nodes[node].parent;
        if (agent->envelopes.count > 0 || parent == UINT32_MAX) {
            return query_is_agent(agent) ? list->nodes[node].agent : NO_AGENT;
        }
        node = parent;
    }
    return NO_AGENT;
}

/* The cursor on another agent asks about that one. */
static void follow_cursor(struct frame *frame)
{
    struct view_state *state = frame->state;
    agent_no was = state->why_agent, now = agent_of_turn(frame);
    struct turn turn;
    state->why_agent = now == NO_AGENT ? was : now;
    if (now != was && !turn_of(frame, &turn)) {
        state->why_agent = was;
    }
}

bool why_view_find(struct frame *frame)
{
    struct view_state *state = frame->state;
    struct turn turn;
    if (!state->why || state->why_agent == NO_AGENT || state->page != PAGE_TIMELINE) {
        return true;
    }
    if (state->why_cache == NULL) {
        state->why_cache = mem_zalloc(state->mem, 1, sizeof *state->why_cache);
    }
    struct why_cache *cache = state->why_cache;
    if (cache == NULL) {
        return false;
    }
    cache->mem = state->mem;
    follow_cursor(frame);
    const struct span *span = swarm_span(frame->swarm, state->selected);
    state->why_at_ns = span != NULL ? span->start_ns : state->why_at_ns;
    bool same = is_same(cache, frame);
    if (!same || cache->at_ns != state->why_at_ns) {
        if (!turn_of(frame, &turn)) {
            state->why = false;
            return true;
        }
        if ((!same || turn.number != cache->why.turn.number) && !find(cache, frame, &turn)) {
            return false;
        }
        cache->at_ns = state->why_at_ns;
    }
    frame->why = &cache->why;
    return true;
}

/* ---- the keys ---- */

/* Moves the window to the turn if it is outside, or if a time that is much longer than the turn
   leaves it a few columns. */
static void reveal(struct frame *frame, const struct turn *turn)
{
    struct view_state *state = frame->state;
    const struct axis *axis = &frame->axis;
    bool outside = turn->end_ns < axis->t0_ns || turn->start_ns >= axis_time(axis, axis->cols);
    bool narrow = turn->end_ns - turn->start_ns < TURN_MIN_COLS * axis_col_ns(axis);
    if (!outside && (turn->open || !narrow)) {
        return;
    }
    struct axis there = axis_fitting(turn->start_ns, turn->end_ns, AXIS_ZOOM_MAX, axis->cols);
    state->window = WINDOW_FIXED;
    state->zoom = there.zoom;
    state->t0_ns = there.t0_ns;
}

enum view_result why_toggle(struct frame *frame, int n)
{
    (void)n;
    struct view_state *state = frame->state;
    const struct span *span = swarm_span(frame->swarm, state->selected);
    struct turn turn;
    if (state->why) {
        state->why = false;
        return VIEW_REDRAW;
    }
    state->why_agent = agent_of_turn(frame);
    state->why_at_ns =
        span != NULL ? span->start_ns : axis_time(&frame->axis, frame->axis.cols) - 1;
    if (state->why_agent == NO_AGENT || !turn_of(frame, &turn)) {
        view_message(state, false, "no turn here");
        return VIEW_REDRAW;
    }
    reveal(frame, &turn);
    state->why = true;
    state->overview = false;
    return VIEW_REDRAW;
}

struct lane_starts {
    const struct swarm *swarm;
    const struct block_list *spans;
};

static int64_t start_at(const void *ctx, size_t place)
{
    const struct lane_starts *starts = ctx;
    const struct span *span = swarm_span(starts->swarm, spans_at(starts->spans, place));
    return span == NULL ? INT64_MIN : span->start_ns;
}

/* Returns the agent's first span in [from, to) that is shown; NO_SPAN: it has none. */
static span_no first_span(const struct frame *frame, agent_no no, int64_t from_ns, int64_t to_ns)
{
    const struct agent *agent = swarm_agent(frame->swarm, no);
    span_no first = NO_SPAN;
    int64_t first_ns = to_ns;
    for (size_t i = 0; i < agent->lane_count; i++) {
        struct lane_starts starts = {frame->swarm, &agent->lanes[i].spans};
        size_t place = sorted_first(starts.spans->count, from_ns, start_at, &starts);
        while (place < starts.spans->count && start_at(&starts, place) < first_ns &&
               !select_shows(frame, spans_at(starts.spans, place))) {
            place++;
        }
        int64_t start_ns = place < starts.spans->count ? start_at(&starts, place) : to_ns;
        if (start_ns < first_ns) {
            first = spans_at(starts.spans, place);
            first_ns = start_ns;
        }
    }
    return first;
}

bool why_step(struct frame *frame, int n)
{
    struct view_state *state = frame->state;
    const struct turn *now = frame->why == NULL ? NULL : &frame->why->turn;
    if (now == NULL || now->span == NO_SPAN) {
        return false;
    }
    const struct block_list *turns = &swarm_agent(frame->swarm, now->agent)->envelopes;
    size_t place = now->place + (size_t)n;
    const struct span *span =
        place < turns->count ? swarm_span(frame->swarm, spans_at(turns, place)) : NULL;
    struct span room;
    struct turn turn;
    /* Before the moment that a frozen display shows, a later turn has not begun. */
    span = past_span(view_past(state), frame->swarm, span, &room);
    if (span == NULL || !turn_at(frame->swarm, view_past(state), now->agent, span->start_ns,
                                 frame->local_ns, &turn)) {
        view_message(state, false, n > 0 ? "this is the last turn" : "this is the first turn");
        return true;
    }
    span_no call = first_span(frame, now->agent, turn.start_ns, turn.end_ns);
    state->why_at_ns = turn.start_ns;
    if (call != NO_SPAN) {
        select_span(frame, now->agent, call);
    } else {
        state->selected = NO_SPAN;
    }
    return true;
}

/* ---- bars ---- */

/* The first piece that ends after the time. */
static size_t first_piece(const struct critical_path *path, int64_t at_ns)
{
    size_t low = 0, high = path->piece_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (path->pieces[middle].end_ns > at_ns) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Returns whether a call of the agent is on the path in [from, to): for a column of many spans. */
static bool has_piece(const struct critical_path *path, agent_no agent, int64_t from_ns,
                      int64_t to_ns)
{
    for (size_t i = first_piece(path, from_ns);
         i < path->piece_count && path->pieces[i].start_ns < to_ns; i++) {
        if (path->pieces[i].agent == agent && path->pieces[i].span != NO_SPAN) {
            return true;
        }
    }
    return false;
}

static bool is_on_path(const struct frame *frame, agent_no agent, const struct timeline_cell *cell,
                       int col)
{
    const struct critical_path *path = &frame->why->path;
    int64_t from_ns = axis_time(&frame->axis, col), to_ns = axis_time(&frame->axis, col + 1);
    if (cell->span == NO_SPAN) {
        return has_piece(path, agent, from_ns, to_ns);
    }
    const struct path_call *call = critical_path_of_span(path, cell->span);
    return call != NULL && call->start_ns < to_ns && call->end_ns > from_ns;
}

void why_view_mark(const struct frame *frame, struct area line, agent_no agent,
                   const struct timeline_cell *cells, int from, int to)
{
    for (int i = from; frame->why != NULL && i < to; i++) {
        if (is_on_path(frame, agent, &cells[i], i)) {
            area_add_attrs(line, i, 0, 1, ATTR_BOLD);
            continue;
        }
        bool failed = (cells[i].flags & CELL_ERROR) != 0;
        area_puts(line, i, 0, failed ? STYLE_ERROR : STYLE_DIM,
                  frame_symbol(frame, failed ? SYM_TROUBLE : SYM_OFF_PATH));
    }
}

/* ---- the panel ---- */

static bool has_phases(const struct why *why)
{
    return critical_path_request_ns(&why->path) > why->path.part_ns[PART_REQUEST];
}

/* Returns how many bytes of a text of parts, with two blanks between them, a line of `cols` columns
   takes; sets *next to where the next line begins. */
static size_t wrap_parts(const char *text, size_t len, bool ascii, int cols, size_t *next)
{
    size_t fits = text_wrap(text, len, ascii, (size_t)(cols < 4 ? 4 : cols), next);
    for (size_t at = *next < len ? fits : 0; at > 1; at--) {
        bool part = text[at - 1] == ' ' && (text[at - 2] == ' ' || text[at - 2] == ';');
        if (part) {
            *next = at;
            return text[at - 2] == ' ' ? at - 2 : at - 1;
        }
    }
    return fits;
}

/* Sets scratch to the sum. Returns the lines that it needs. */
static int make_sum(struct frame *frame, int cols)
{
    struct strbuf *text = &frame->scratch;
    int lines = 0;
    strbuf_clear(text);
    why_text_sum(frame->why, frame->input->theme.ascii, text);
    for (size_t at = 0, next; !text->failed && at < text->len; at += next) {
        wrap_parts(text->data + at, text->len - at, frame->input->theme.ascii, cols, &next);
        lines++;
    }
    return lines > 0 ? lines : 1;
}

static int sum_cols(int panel_cols)
{
    return panel_cols - 3;
}

int why_panel_lines(struct frame *frame)
{
    const struct why *why = frame->why;
    if (why == NULL) {
        return 0;
    }
    size_t steps = why->step_count;
    return make_sum(frame, sum_cols(frame->layout.cols - 1)) + has_phases(why) +
           (why->what_if_count > 0) + (why->path.off_path_count > 0) +
           (why->path.running_count > 0) + (int)(steps < STEPS_SHOWN ? steps : STEPS_SHOWN);
}

/* ─ WHY turn 1 of swarm, cut ─── */
static void draw_heading(struct frame *frame, struct area line)
{
    struct strbuf *text = &frame->scratch;
    const struct turn *turn = &frame->why->turn;
    area_fill(line, 0, 0, line.cols, STYLE_DIM, frame_symbol(frame, SYM_HORIZONTAL));
    int x = area_puts(line, 1, 0, STYLE_PLAIN, " ");
    x = area_puts(line, x, 0, STYLE_STRONG, "WHY ");
    strbuf_clear(text);
    strbuf_addf(text, "turn %llu of ", (unsigned long long)turn->number);
    frame_label_text(frame, turn->agent, line.cols / 2, text);
    strbuf_adds(text, turn->cut ? ", cut" : "");
    strbuf_adds(text, turn->open ? ", running" : "");
    if (!text->failed) {
        x = area_put_ellipsized(line, x, 0, line.cols - x - 2, STYLE_PLAIN, text->data, text->len);
        x = area_puts(line, x, 0, STYLE_PLAIN, " ");
    }
    static const char hint[] = " , . other turns, t closes ";
    if (x + 2 + (int)sizeof hint < line.cols) {
        area_puts(line, line.cols - 2 - (int)sizeof hint, 0, STYLE_DIM, hint);
    }
}

/* Draws scratch as the panel's next line. */
static void put_line(struct frame *frame, struct area panel, int *y, enum style_id style)
{
    if (!frame->scratch.failed && *y < panel.rows) {
        area_put_ellipsized(panel, 3, *y, panel.cols - 3, style, frame->scratch.data,
                            frame->scratch.len);
    }
    strbuf_clear(&frame->scratch);
    (*y)++;
}

/* Draws the sum, which is worth more than one line. */
static void put_sum(struct frame *frame, struct area panel, int *y)
{
    const struct strbuf *text = &frame->scratch;
    bool ascii = frame->input->theme.ascii;
    int cols = sum_cols(panel.cols);
    make_sum(frame, cols);
    for (size_t at = 0, next; !text->failed && at < text->len; at += next, (*y)++) {
        size_t fits = wrap_parts(text->data + at, text->len - at, ascii, cols, &next);
        if (*y < panel.rows) {
            area_put_ellipsized(panel, 3, *y, cols, STYLE_STRONG, text->data + at, fits);
        }
    }
    strbuf_clear(&frame->scratch);
}

/* Draws a line of agents, unless there is nobody. */
static void put_agents(struct frame *frame, struct area panel, int *y, const char *head,
                       size_t first, size_t count)
{
    const agent_no *agents = frame->why->path.agents;
    if (count == 0) {
        return;
    }
    strbuf_adds(&frame->scratch, head);
    for (size_t i = 0; i < count && i < NAMES_SHOWN; i++) {
        strbuf_adds(&frame->scratch, i > 0 ? ", " : "");
        frame_label_text(frame, agents[first + i], NAME_COLS, &frame->scratch);
    }
    if (count > NAMES_SHOWN) {
        strbuf_addf(&frame->scratch, " and %zu more", count - NAMES_SHOWN);
    }
    put_line(frame, panel, y, STYLE_PLAIN);
}

static void put_step(struct frame *frame, const struct path_piece *step)
{
    struct strbuf about;
    char took[NUMBER_BYTES];
    strbuf_init(&about, frame->state->mem, 0);
    why_text_call(frame->swarm, step, &about);
    number_ms((double)(step->end_ns - step->start_ns) / 1e6, frame->input->theme.ascii, took);
    strbuf_addf(&frame->scratch, "%7s  %s  ", took, path_parts[step->part].name);
    strbuf_add(&frame->scratch, about.data != NULL ? about.data : "", about.len);
    strbuf_adds(&frame->scratch, about.len > 0 ? "  " : "");
    frame_label_text(frame, step->agent, NAME_COLS, &frame->scratch);
    strbuf_release(&about);
}

void why_panel_draw(struct frame *frame, struct grid *grid)
{
    const struct why *why = frame->why;
    struct area panel = frame_area(frame, grid, frame->layout.detail);
    bool ascii = frame->input->theme.ascii;
    int y = 1;
    if (panel.rows == 0 || why == NULL) {
        return;
    }
    panel = area_sub(panel, 0, 0, panel.cols - 1, panel.rows);
    draw_heading(frame, area_sub(panel, 0, 0, panel.cols, 1));
    put_sum(frame, panel, &y);
    if (has_phases(why)) {
        why_text_phases(why, ascii, &frame->scratch);
        put_line(frame, panel, &y, STYLE_PLAIN);
    }
    if (why->what_if_count > 0) {
        why_text_without(frame->swarm, why, ascii, &frame->scratch);
        put_line(frame, panel, &y, STYLE_PLAIN);
    }
    const struct critical_path *path = &why->path;
    put_agents(frame, panel, &y, "off the path: ", 0, path->off_path_count);
    put_agents(frame, panel, &y, "still running: ", path->off_path_count, path->running_count);
    for (size_t i = 0; i < why->step_count && i < STEPS_SHOWN; i++) {
        put_step(frame, why->steps[i]);
        put_line(frame, panel, &y, STYLE_DIM);
    }
}
