/* The first line above the timeline, and the legend. */
#include "core/base/mask.h"
#include "tui/screen/number.h"
#include "tui/views/header_pieces.h"
#include "tui/views/held_up_text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static size_t count_sessions(const struct swarm *swarm)
{
    size_t count = 0;
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        count += swarm_session(swarm, (session_no)i) != NULL;
    }
    return count;
}

/* Counts the sessions that have a row which the filter matches. */
static size_t count_matching_sessions(const struct frame *frame)
{
    const struct mem *mem = frame->state->mem;
    size_t sessions = swarm_session_count(frame->swarm), count = 0;
    bool *seen = sessions == 0 ? NULL : mem_zalloc(mem, sessions, sizeof *seen);
    for (size_t i = 0; seen != NULL && i < frame->rows.node_count; i++) {
        const struct tree_node *node = &frame->rows.nodes[i];
        const struct agent *agent = swarm_agent(frame->swarm, node->agent);
        if (agent == NULL || !node->matches || agent->session >= sessions || seen[agent->session]) {
            continue;
        }
        seen[agent->session] = true;
        count++;
    }
    mem_free(mem, seen, seen != NULL ? sessions * sizeof *seen : 0);
    return count;
}

/* Adds `3 agents`, or under a filter `1 of 3 agents`. */
static void add_count(const struct frame *frame, struct header_piece *piece, const char *before,
                      size_t matching, size_t all, const char *what)
{
    char of[24] = "";
    if (frame->predicate != NULL) {
        snprintf(of, sizeof of, "%zu of ", matching);
    }
    header_add(piece, frame->predicate != NULL ? STYLE_USER : STYLE_PLAIN, "%s%s%zu %s%s", before,
               of, all, what, all == 1 ? "" : "s");
}

static struct header_piece name_piece(const struct frame *frame)
{
    struct header_piece piece = {.gap = 0};
    size_t sessions = count_sessions(frame->swarm);
    char before[16];
    header_add(&piece, STYLE_STRONG, "swarmtop");
    if (sessions == 0) {
        return piece;
    }
    add_count(frame, &piece, "  ", frame->predicate != NULL ? count_matching_sessions(frame) : 0,
              sessions, "session");
    snprintf(before, sizeof before, " %s ", frame_symbol(frame, SYM_DOT));
    add_count(frame, &piece, before, frame_agent_count(frame, true),
              frame_agent_count(frame, false), frame->agents ? "agent" : "thread");
    return piece;
}

static void add_clock(struct header_piece *piece, int64_t at_ns, bool seconds)
{
    time_t when = (time_t)(at_ns / 1000000000);
    struct tm tm;
    if (localtime_r(&when, &tm) == NULL) {
        return;
    }
    if (seconds) {
        header_add(piece, STYLE_PLAIN, " %02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
    } else {
        header_add(piece, STYLE_PLAIN, " %02d:%02d", tm.tm_hour, tm.tm_min);
    }
}

/* A frozen screen is not drawn again until a key is pressed: the moment that it shows stays true,
   and how far it lags is of the last key. */
static void add_frozen(struct header_piece *piece, const struct frame *frame)
{
    const struct view_input *input = frame->input;
    const struct view_state *state = frame->state;
    char fresh[NUMBER_BYTES], late[NUMBER_BYTES];
    uint64_t events =
        input->events > state->frozen_events ? input->events - state->frozen_events : 0;
    int64_t lag_s = (input->local_ns - state->frozen_local_ns) / 1000000000;
    header_add(piece, STYLE_USER, "%s past", frame_symbol(frame, SYM_FROZEN));
    add_clock(piece, state->frozen_local_ns, true);
    if (lag_s <= 0 && events == 0) {
        return;
    }
    number_count(events, fresh);
    number_count((uint64_t)(lag_s > 0 ? lag_s : 0), late);
    header_add(piece, STYLE_PLAIN, "  LIVE -%s s, %s new", late, fresh);
}

/* ● LIVE 14:32, ◌ past, ○ finished, ▶ 10x */
static struct header_piece clock_piece(const struct frame *frame)
{
    struct header_piece piece = {.gap = 3};
    const struct view_input *input = frame->input;
    if (!input->live) {
        header_add(&piece, STYLE_DIM, "%s ", frame_symbol(frame, SYM_RESTS));
        header_add(&piece, STYLE_PLAIN, "finished");
    } else if (frame->state->frozen) {
        add_frozen(&piece, frame);
    } else if (!frame_shows_present(frame)) {
        header_add(&piece, STYLE_USER, "%s past", frame_symbol(frame, SYM_FROZEN));
    } else if (input->replay > 0) {
        header_add(&piece, STYLE_SAMPLING, "%s ", frame_symbol(frame, SYM_PLAYS));
        header_add(&piece, STYLE_STRONG, "%gx", input->replay);
    } else {
        header_add(&piece, STYLE_SAMPLING, "%s ", frame_symbol(frame, SYM_WORKS));
        header_add(&piece, STYLE_STRONG, "LIVE");
        add_clock(&piece, input->wall_ns != 0 ? input->wall_ns : frame->local_ns, false);
    }
    return piece;
}

/* ! 3 in log */
static struct header_piece trouble_piece(const struct frame *frame)
{
    struct header_piece piece = {.gap = 2};
    uint64_t count = frame->input->log != NULL ? event_log_troubles(frame->input->log) : 0;
    char text[NUMBER_BYTES];
    number_count(count, text);
    if (count > 0) {
        header_add(&piece, STYLE_ERROR, "! %s in log", text);
    }
    return piece;
}

/* Draws events, rate and output, as many as fit, aligned right. */
static void draw_right(const struct frame *frame, struct area line, int from)
{
    const struct view_input *input = frame->input;
    bool ascii = input->theme.ascii;
    struct header_piece pieces[3] = {{.gap = 0}, {.gap = 2}, {.gap = 3}};
    char text[NUMBER_BYTES];
    /* The model's count, so that a feed and the document written from it show the same. */
    number_count(input->metrics != NULL ? input->metrics->events : 0, text);
    header_add(&pieces[0], STYLE_DIM, "%s events", text);
    if (input->live && input->events_per_s >= 0.5) {
        number_short(input->events_per_s, text);
        header_add(&pieces[1], STYLE_DIM, "+%s/s", text);
    }
    if (input->output != NULL) {
        const char *slash = strrchr(input->output, '/');
        header_add(&pieces[2], STYLE_DIM, "%s %.80s", frame_symbol(frame, SYM_ARROW),
                   slash != NULL ? slash + 1 : input->output);
    }
    for (int count = 3; count > 0; count--) {
        int cols = 0;
        for (int i = 0; i < count; i++) {
            if (pieces[i].count > 0) {
                cols += header_piece_cols(&pieces[i], ascii) + (i > 0 ? pieces[i].gap : 0);
            }
        }
        if (line.cols - 1 - cols >= from + 3) {
            header_put_pieces(line, line.cols - 1 - cols, line.cols, pieces, count, ascii);
            return;
        }
    }
}

enum { CHAIN_GAP = 3, NAME_SESSIONS = 2 /* runs of the name without the number of agents */ };
#define CHAIN_LABEL      "held up: "
#define CHAIN_LABEL_COLS ((int)sizeof CHAIN_LABEL - 1)

/* The chain that holds the swarm up, as held_up_shown chooses it. */
struct header_chain {
    struct held_up_chain chain; /* count 0: none */
    char age[NUMBER_BYTES];
    enum held_up_room room; /* of the text that was made last */
};

static void find_chain(const struct frame *frame, struct header_chain *out)
{
    held_up_chain(&frame->held, held_up_shown(frame), &out->chain);
    if (out->chain.count > 0) {
        held_up_age(frame, &out->chain, out->age);
    }
}

/* Sets the frame's scratch to the text in at most `cols` columns. Returns its columns. */
static int make_chain(struct frame *frame, struct header_chain *chain, int cols)
{
    const struct theme *theme = &frame->input->theme;
    const struct held_up_look look = {theme, chain->age, (size_t)(cols > 0 ? cols : 0),
                                      frame->input->no_mask, frame->labels};
    struct strbuf *text = &frame->scratch;
    chain->room = held_up_text(frame->swarm, &chain->chain, &look, text);
    if (!frame->input->no_mask) {
        mask_in_place(text);
    }
    return text->failed || text->len == 0 ? 0 : (int)text_cols(text->data, text->len, theme->ascii);
}

static enum style_id chain_style(const struct frame *frame, const struct held_up_chain *chain)
{
    const struct held_up_step *last = &chain->steps[chain->count - 1];
    const struct span *span = swarm_span(frame->swarm, last->call);
    if (span != NULL && span->kind == SPAN_USER) {
        return STYLE_USER;
    }
    struct stalled_agent of = stalled_of(&frame->stalled, last->agent);
    return of.call == last->call ? STYLE_ERROR : STYLE_PLAIN;
}

/* Puts the chain after column `x`, as much of it as fits. Without its label it could be anything:
   that goes last. Returns the column after it. */
static int put_chain(struct frame *frame, struct area line, int x, struct header_chain *chain)
{
    int room = line.cols - 1 - (x + CHAIN_GAP);
    int cols = make_chain(frame, chain, room - CHAIN_LABEL_COLS);
    bool labelled = cols > 0;
    if (!labelled && (cols = make_chain(frame, chain, room)) == 0) {
        return x;
    }
    x += CHAIN_GAP;
    if (labelled) {
        x = area_puts(line, x, 0, STYLE_DIM, CHAIN_LABEL);
    }
    return area_put_ellipsized(line, x, 0, cols, chain_style(frame, &chain->chain),
                               frame->scratch.data, frame->scratch.len);
}

/* Drops the number of agents from the name if that gives the chain, its agent's session or its
   call's argument the room that it lacks. `others`: columns of what is between the two. */
static void make_room(struct frame *frame, struct area line, int others, struct header_piece *name,
                      struct header_chain *chain)
{
    bool ascii = frame->input->theme.ascii;
    int gaps = 6 + CHAIN_LABEL_COLS, count = name->count;
    if (chain->chain.count == 0 || count <= NAME_SESSIONS) {
        return;
    }
    make_chain(frame, chain, line.cols - header_piece_cols(name, ascii) - others - gaps);
    enum held_up_room room = chain->room;
    name->count = NAME_SESSIONS;
    make_chain(frame, chain, line.cols - header_piece_cols(name, ascii) - others - gaps);
    if (chain->room <= room) {
        name->count = count;
    }
}

static void draw_first(struct frame *frame, struct area line)
{
    bool ascii = frame->input->theme.ascii;
    struct header_piece name = name_piece(frame), clock = clock_piece(frame);
    struct header_piece trouble = trouble_piece(frame);
    int clock_cols = header_piece_cols(&clock, ascii), end;
    int others =
        2 + clock_cols + (trouble.count > 0 ? trouble.gap + header_piece_cols(&trouble, ascii) : 0);
    /* The end of the name is dropped if it does not fit beside the others. */
    while (name.count > 0 && 1 + header_piece_cols(&name, ascii) + others > line.cols) {
        name.count--;
    }
    struct header_chain chain;
    find_chain(frame, &chain);
    make_room(frame, line, others, &name, &chain);
    end = header_put_piece(line, 1, &name);
    if (trouble.count > 0) {
        end = header_put_piece(line, end + (name.count > 0 ? trouble.gap : 0), &trouble);
    }
    int x = line.cols / 2 + 2;
    int room = line.cols - 1 - (x + clock_cols + CHAIN_GAP);
    int wanted = CHAIN_LABEL_COLS + make_chain(frame, &chain, GRID_MAX_COLS);
    if (chain.chain.count > 0 && wanted > room) {
        x = 0; /* beside the name */
    }
    if (x < end + 3 || x + clock_cols > line.cols - 12) {
        x = end + 3 + clock_cols <= line.cols ? end + 3 : line.cols - clock_cols;
    }
    end = header_put_piece(line, x, &clock);
    draw_right(frame, line, put_chain(frame, line, end, &chain));
}

void header_draw(struct frame *frame, struct grid *grid)
{
    draw_first(frame, frame_area(frame, grid, frame->layout.header));
    if (frame->layout.metrics.rows > 0 && !frame->empty) {
        header_metrics_draw(frame, frame_area(frame, grid, frame->layout.metrics));
    }
}

void legend_draw(const struct frame *frame, struct grid *grid)
{
    struct area line = frame_area(frame, grid, frame->layout.legend);
    const struct theme *theme = &frame->input->theme;
    struct bar_style bar;
    const char *word;
    int cols = 1;
    for (size_t i = 0; theme_legend(theme, i, &bar, &word); i++) {
        cols += 2 + 1 + (int)strlen(word) + 1;
    }
    int x = line.cols - cols > 1 ? line.cols - cols : 1;
    for (size_t i = 0; theme_legend(theme, i, &bar, &word); i++) {
        if (x + 3 + (int)strlen(word) > line.cols) {
            break;
        }
        area_fill(line, x, 0, 2, bar.style, bar.fill);
        x = area_puts(line, x + 3, 0, STYLE_DIM, word) + 1;
    }
}
