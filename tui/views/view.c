/* The entry point of the views: chooses the view that draws, the view that gets a key, and handles
   what all views share. A view is a row of a table; help, which covers another view, has a row
   too. */
#include "core/query/clients.h"
#include "tui/views/find_bar.h"
#include "tui/views/marks.h"
#include "tui/views/mouse.h"
#include "tui/views/range.h"
#include "tui/views/seek_keys.h"
#include "tui/views/view_keys.h"
#include "tui/views/why_view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)

void view_state_init(struct view_state *state, const struct mem *mem)
{
    *state = (struct view_state){.mem = mem,
                                 .cursor = NO_AGENT,
                                 .why_agent = NO_AGENT,
                                 .selected = NO_SPAN,
                                 .zoom = AXIS_ZOOM_LIVE,
                                 .legend = true};
    strbuf_init(&state->copied, mem, 0);
}

void view_state_release(struct view_state *state)
{
    mem_free(state->mem, state->folds, state->fold_cap);
    agent_ids_release(&state->agent_ids, state->mem);
    mem_free(state->mem, state->agents.order, state->agents.cap * sizeof *state->agents.order);
    log_list_release(&state->log.list, state->mem);
    timeline_cache_free(state->timeline_cache);
    call_children_kept_release(&state->call_children);
    rows_room_release(&state->rows_room, state->mem);
    loops_kept_release(&state->loops);
    agents_kept_release(&state->agents_kept);
    agent_labels_release(&state->labels.labels);
    why_cache_free(state->why_cache);
    frozen_view_free(state->frozen_view);
    filter_cache_free(state->filter_cache);
    filter_free(state->search);
    strbuf_release(&state->copied);
    state->timeline_cache = NULL;
    state->why_cache = NULL;
    state->frozen_view = NULL;
    state->filter_cache = NULL;
    state->search = NULL;
    state->folds = NULL;
    state->fold_cap = 0;
    state->agents = (struct agents_state){.sorted = false};
}

void view_message(struct view_state *state, bool error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(state->message, sizeof state->message, format, args);
    va_end(args);
    state->message_is_error = error;
}

/* ---- drawing ---- */

static void draw_too_small(struct area all)
{
    char text[32];
    snprintf(text, sizeof text, "%dx%d", LAYOUT_MIN_COLS, LAYOUT_MIN_ROWS);
    int x = area_puts(all, 0, 0, STYLE_PLAIN, "needs ");
    if (all.cols >= 11) {
        area_puts(all, x, 0, STYLE_PLAIN, text);
    } else {
        area_puts(all, 0, 1, STYLE_PLAIN, text);
    }
}

static void draw_timeline(struct frame *frame, struct grid *grid)
{
    if (frame->layout.legend.rows > 0) {
        legend_draw(frame, grid);
    }
    timeline_draw(frame, grid);
    if (frame->layout.inflight.rows > 0) {
        inflight_panel_draw(frame, grid);
    }
    if (frame->state->range.mode != RANGE_NONE) {
        range_panel_draw(frame, grid);
    } else if (frame->why != NULL && !frame->state->detail) {
        why_panel_draw(frame, grid);
    } else if (frame->layout.detail.rows > 0) {
        detail_panel_draw(frame, grid);
    }
}

/* ---- the table ---- */

/* The functions of a view. */
struct page_ops {
    uint8_t set; /* enum view_set: its active keys */
    void (*draw)(struct frame *frame, struct grid *grid);
    enum view_result (*act)(struct frame *frame, enum action action);
};

static const struct page_ops pages[PAGES] = {
    [PAGE_TIMELINE] = {IN_TIMELINE, draw_timeline, timeline_act},
    [PAGE_AGENTS] = {IN_AGENTS, agents_draw, agents_act},
    [PAGE_INFLIGHT] = {IN_FLIGHT, inflight_draw, inflight_act},
    [PAGE_STATISTICS] = {IN_STATISTICS, statistics_draw, statistics_act},
    [PAGE_LOG] = {IN_LOG, log_draw, log_act},
    [PAGE_HOSTS] = {IN_HOSTS, hosts_draw, hosts_act},
};
static const struct page_ops help = {IN_HELP, NULL, help_act};

static const struct page_ops *current(const struct view_state *state)
{
    return state->help ? &help : &pages[state->page];
}

uint8_t view_set_of(const struct view_state *state)
{
    return current(state)->set;
}

/* ---- frames ---- */

struct frame *view_frame_new(const struct view_input *input, struct view_state *state, int cols,
                             int rows)
{
    struct frame *frame = mem_alloc(state->mem, sizeof *frame);
    if (frame == NULL) {
        return NULL;
    }
    if (frame_make(frame, input, state, cols, rows)) {
        return frame;
    }
    view_frame_free(frame);
    return NULL;
}

void view_frame_free(struct frame *frame)
{
    if (frame == NULL) {
        return;
    }
    frame_release(frame);
    mem_free(frame->state->mem, frame, sizeof *frame);
}

static void draw_page(struct frame *frame, struct grid *grid)
{
    if (frame->layout.too_small) {
        draw_too_small(grid_area(grid));
        return;
    }
    header_draw(frame, grid);
    if (frame->empty && frame->state->page != PAGE_LOG) {
        empty_draw(frame, grid);
    } else {
        current(frame->state)->draw(frame, grid);
    }
    trouble_draw(frame, grid);
    caption_draw(frame, grid);
    hint_draw(frame, grid);
}

void view_frame_draw(struct frame *frame, struct grid *grid)
{
    grid_set_ascii(grid, frame->input->theme.ascii);
    grid_set_mask(grid, !frame->input->no_mask);
    grid_clear(grid);
    if (!frame->state->help) {
        draw_page(frame, grid);
    } else if (frame->layout.too_small) {
        draw_too_small(grid_area(grid));
    } else {
        help_draw(frame->input, frame->state, grid);
    }
}

void view_draw(const struct view_input *input, struct view_state *state, struct grid *grid)
{
    struct frame *frame = view_frame_new(input, state, grid_cols(grid), grid_rows(grid));
    if (frame != NULL) {
        view_frame_draw(frame, grid);
    } else {
        grid_clear(grid);
        area_puts(grid_area(grid), 0, 0, STYLE_ERROR, "out of memory");
    }
    view_frame_free(frame);
}

/* ---- keys ---- */

/* Passes the key to a pending prompt or mark, else the action to the view. */
static enum view_result act(struct frame *frame, enum action action, struct key key)
{
    struct view_state *state = frame->state;
    if (state->prompt.kind != PROMPT_NONE) {
        return find_bar_key(frame, key);
    }
    if (state->pending != ACTION_NONE) {
        return marks_key(frame, key);
    }
    if (mouse_is(key)) {
        return frame->layout.too_small || state->help ? VIEW_IGNORED : mouse_act(frame, key);
    }
    if (state->range.mode == RANGE_MOVES && range_act(frame, action) == VIEW_REDRAW) {
        return VIEW_REDRAW;
    }
    return frame->layout.too_small ? VIEW_IGNORED : current(state)->act(frame, action);
}

static enum view_result turn_to(struct view_state *state, enum page page)
{
    state->help = false;
    if (page == PAGE_AGENTS) {
        state->agents.sorted = state->agents.sorted && state->page == PAGE_AGENTS;
    }
    state->page = page;
    return VIEW_REDRAW;
}

/* Closes what lies over the view or beside it, unless the key is a control key, which always quits.
   In a prompt q is a letter. */
static enum view_result quit(struct frame *frame, struct key key)
{
    struct view_state *state = frame->state;
    bool panel = state->page == PAGE_TIMELINE && !frame->layout.too_small && !frame->empty &&
                 (state->range.mode != RANGE_NONE || (state->detail && state->selected != NO_SPAN));
    if ((key.mods & KEY_MOD_CTRL) != 0 || !(state->help || panel)) {
        return VIEW_QUIT;
    }
    return current(state)->act(frame, ACTION_BACK);
}

static enum view_result go_to_pane(const struct view_input *input, struct view_state *state)
{
    const struct agent *agent =
        state->cursor == NO_AGENT ? NULL : swarm_agent(input->swarm, state->cursor);
    const struct session *session =
        agent != NULL ? swarm_session(input->swarm, agent->session) : NULL;
    intern_id host =
        agent != NULL ? clients_host_of_session(input->swarm, agent->session) : INTERN_NONE;
    if (host != INTERN_NONE) { /* its process id is another machine's */
        view_message(state, true, "this agent runs on %.40s", swarm_text(input->swarm, host));
        return VIEW_REDRAW;
    }
    state->pane_pid = session != NULL ? session->pid : 0;
    state->pane_session = agent != NULL ? agent->session : NO_SESSION;
    /* Clients without a sign of their process are found by their directory, while they live. */
    bool may_live = session != NULL && (session->flags & (SESSION_ENDED | SESSION_FINISHED)) == 0 &&
                    clients_of_session(input->swarm, agent->session) != INTERN_NONE &&
                    swarm_text_slice(input->swarm, session->texts[SESSION_CWD]).len > 0;
    if (state->pane_pid > 0 || may_live) {
        return VIEW_PANE;
    }
    view_message(state, true, "no process known for this agent");
    return VIEW_REDRAW;
}

enum view_result view_frame_key(struct frame *frame, struct key key)
{
    const struct view_input *input = frame->input;
    struct view_state *state = frame->state;
    bool typed =
        state->prompt.kind != PROMPT_NONE || state->pending != ACTION_NONE || mouse_is(key);
    enum action action =
        typed ? ACTION_NONE : keymap_lookup(input->keymap, key, current(state)->set);
    bool had_message = state->message[0] != '\0';
    state->message[0] = '\0';
    enum view_result result = VIEW_IGNORED;
    switch ((int)action) {
    case ACTION_NONE:
        if (typed) {
            result = act(frame, action, key);
        } else if (!state->help && !frame->layout.too_small) {
            result = seek_elsewhere(frame, key);
        }
        break;
    case ACTION_QUIT: result = quit(frame, key); break;
    case ACTION_WRITE: result = VIEW_WRITE; break;
    case ACTION_OPEN: result = VIEW_OPEN; break;
    case ACTION_SUSPEND: result = VIEW_SUSPEND; break;
    case ACTION_REDRAW: result = VIEW_REPAINT; break;
    case ACTION_MOUSE:
        state->mouse = !state->mouse;
        view_message(state, false, state->mouse ? "mouse on; Shift selects text" : "mouse off");
        result = VIEW_MOUSE;
        break;
    case ACTION_PANE: result = go_to_pane(input, state); break;
    case ACTION_TIMELINE: result = turn_to(state, PAGE_TIMELINE); break;
    case ACTION_AGENTS: result = turn_to(state, PAGE_AGENTS); break;
    case ACTION_IN_FLIGHT: result = turn_to(state, PAGE_INFLIGHT); break;
    case ACTION_STATISTICS: result = turn_to(state, PAGE_STATISTICS); break;
    case ACTION_LOG: result = turn_to(state, PAGE_LOG); break;
    case ACTION_HOSTS: result = turn_to(state, PAGE_HOSTS); break;
    default: result = act(frame, action, key);
    }
    /* A frozen screen shows at any key how far it lags. */
    return result == VIEW_IGNORED && (had_message || state->frozen) ? VIEW_REDRAW : result;
}

enum view_result view_key(const struct view_input *input, struct view_state *state, struct key key,
                          int cols, int rows)
{
    struct frame *frame = view_frame_new(input, state, cols, rows);
    if (frame == NULL) {
        view_message(state, true, "out of memory");
        return VIEW_REDRAW;
    }
    enum view_result result = view_frame_key(frame, key);
    view_frame_free(frame);
    return result;
}

const struct span_predicate *view_predicate(const struct view_state *state,
                                            const struct swarm *swarm, int64_t local_ns)
{
    if (state->filter_cache == NULL) {
        return NULL;
    }
    filter_cache_begin(state->filter_cache, swarm, view_past(state),
                       state->frozen ? state->frozen_local_ns : local_ns);
    return filter_cache_predicate(state->filter_cache);
}

const struct past *view_past(const struct view_state *state)
{
    bool known = state->frozen && state->frozen_view != NULL;
    return known ? frozen_view_past(state->frozen_view) : NULL;
}

bool view_wants_metrics(const struct view_state *state)
{
    return state->page == PAGE_AGENTS || state->page == PAGE_STATISTICS;
}

bool view_frozen(const struct view_state *state)
{
    return state->frozen;
}

/* ---- when it moves by itself ---- */

/* Returns the next time that is a multiple of a unit on the local clock. */
static int64_t next_multiple(int64_t now_ns, int64_t unit_ns)
{
    return now_ns - now_ns % unit_ns + unit_ns;
}

/* Returns the unit in which a row's age changes; a minute if it shows no seconds. */
static int64_t row_unit(const struct frame *frame, const struct tree_node *node)
{
    int64_t since = node->status.since_ns;
    if (node->status.state == STATE_RETRY && !node->hidden) {
        return SECOND_NS / 10; /* the time until the next attempt */
    }
    if (node->hidden || since == INT64_MIN ||
        frame_agent_now(frame, node->agent, query_rests(node->status.state)) - since >= MINUTE_NS) {
        return MINUTE_NS;
    }
    return query_rests(node->status.state) || frame->state->page == PAGE_AGENTS ? SECOND_NS
                                                                                : SECOND_NS / 10;
}

/* Returns the shortest unit in which a text on the screen changes. A tenth of a second is the
   shortest, so the first that has it ends the search: a swarm at work has one among the first. */
static int64_t ticking_unit(const struct frame *frame)
{
    enum page page = frame->state->page;
    int64_t unit = MINUTE_NS;
    bool ages = page == PAGE_TIMELINE || page == PAGE_AGENTS;
    bool flight = page == PAGE_TIMELINE || page == PAGE_INFLIGHT;
    for (size_t i = frame->inflight_count; flight && i-- > 0;) { /* the last began last */
        const struct span *span = swarm_span(frame->swarm, frame->inflight[i]);
        if (span != NULL &&
            frame_agent_now(frame, span->agent, false) - span->start_ns < MINUTE_NS) {
            return SECOND_NS / 10;
        }
    }
    ages |= flight && frame->rows.states[STATE_RETRY] > 0;
    for (size_t i = 0; ages && unit > SECOND_NS / 10 && i < frame->rows.node_count; i++) {
        const struct tree_node *node = &frame->rows.nodes[i];
        if (page == PAGE_INFLIGHT && node->status.state != STATE_RETRY) {
            continue;
        }
        int64_t own = row_unit(frame, node);
        unit = own < unit ? own : unit;
    }
    return unit;
}

/* Returns the local time at which the header's clock shows the next minute. */
static int64_t next_minute(const struct frame *frame)
{
    int64_t wall_ns = frame->input->wall_ns != 0 ? frame->input->wall_ns : frame->local_ns;
    return frame->local_ns + next_multiple(wall_ns, MINUTE_NS) - wall_ns;
}

int64_t view_frame_wake_ns(const struct frame *frame)
{
    const struct view_input *input = frame->input;
    const struct view_state *state = frame->state;
    if (!input->live || state->frozen || state->help) {
        return INT64_MAX;
    }
    int64_t now = query_present(frame->swarm, frame->local_ns);
    /* With followed files alone, their time stops until one is written; only the clock of the
     * header moves. */
    if (query_present(frame->swarm, frame->local_ns + MINUTE_NS) == now) {
        return next_minute(frame);
    }
    if (frame->layout.too_small) {
        return INT64_MAX;
    }
    int64_t unit = ticking_unit(frame);
    int64_t wake = unit == MINUTE_NS ? next_minute(frame) : next_multiple(frame->local_ns, unit);
    /* The next column: the model's now runs as fast as the local clock. */
    if (!frame->empty && state->page == PAGE_TIMELINE && frame_shows_now(frame)) {
        int64_t col = axis_col_ns(&frame->axis);
        int64_t left = axis_floor(frame->now_ns, frame->axis.zoom) + col - frame->now_ns;
        if (frame->local_ns + left < wake) {
            wake = frame->local_ns + left;
        }
    }
    return wake;
}
