/* The lines above the timeline. A line consists of pieces, each a few runs of one style. It takes
   them in order while they fit, so a narrow screen loses whole metrics from the end and never half
   a number. */
#include "tui/screen/number.h"
#include "tui/views/coverage.h"
#include "tui/views/frame.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PIECE_RUNS = 6, RUN_BYTES = 96 };

struct header_piece {
    struct {
        enum style_id style;
        char text[RUN_BYTES];
    } runs[PIECE_RUNS];
    int count;
    int gap;  /* blanks before the piece */
    int drop; /* the order in which pieces are given up; KEEP: never */
};

__attribute__((format(printf, 3, 4))) static void add(struct header_piece *piece,
                                                      enum style_id style, const char *format, ...)
{
    if (piece->count == PIECE_RUNS) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(piece->runs[piece->count].text, RUN_BYTES, format, args);
    va_end(args);
    piece->runs[piece->count++].style = style;
}

static int piece_cols(const struct header_piece *piece, bool ascii)
{
    size_t cols = 0;
    for (int i = 0; i < piece->count; i++) {
        cols += text_cols(piece->runs[i].text, strlen(piece->runs[i].text), ascii);
    }
    return (int)cols;
}

static int put_piece(struct area line, int x, const struct header_piece *piece)
{
    for (int i = 0; i < piece->count; i++) {
        x = area_puts(line, x, 0, piece->runs[i].style, piece->runs[i].text);
    }
    return x;
}

/* Puts the pieces that fit before `end`, up to the first that does not; returns the column after
   them. */
static int put_pieces(struct area line, int x, int end, const struct header_piece *pieces,
                      int count, bool ascii)
{
    for (int i = 0; i < count; i++) {
        if (pieces[i].count == 0) {
            continue;
        }
        if (x + pieces[i].gap + piece_cols(&pieces[i], ascii) > end) {
            break;
        }
        x = put_piece(line, x + pieces[i].gap, &pieces[i]);
    }
    return x;
}

/* ---- line 1 ---- */

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
    add(piece, frame->predicate != NULL ? STYLE_USER : STYLE_PLAIN, "%s%s%zu %s%s", before, of, all,
        what, all == 1 ? "" : "s");
}

static struct header_piece name_piece(const struct frame *frame)
{
    struct header_piece piece = {.gap = 0};
    size_t sessions = count_sessions(frame->swarm);
    char before[16];
    add(&piece, STYLE_STRONG, "swarmtop");
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
        add(piece, STYLE_PLAIN, " %02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
    } else {
        add(piece, STYLE_PLAIN, " %02d:%02d", tm.tm_hour, tm.tm_min);
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
    add(piece, STYLE_USER, "%s past", frame_symbol(frame, SYM_FROZEN));
    add_clock(piece, state->frozen_local_ns, true);
    if (lag_s <= 0 && events == 0) {
        return;
    }
    number_count(events, fresh);
    number_count((uint64_t)(lag_s > 0 ? lag_s : 0), late);
    add(piece, STYLE_PLAIN, "  LIVE -%s s, %s new", late, fresh);
}

/* ● LIVE 14:32, ◌ past, ○ finished, ▶ 10x */
static struct header_piece clock_piece(const struct frame *frame)
{
    struct header_piece piece = {.gap = 3};
    const struct view_input *input = frame->input;
    if (!input->live) {
        add(&piece, STYLE_DIM, "%s ", frame_symbol(frame, SYM_RESTS));
        add(&piece, STYLE_PLAIN, "finished");
    } else if (frame->state->frozen) {
        add_frozen(&piece, frame);
    } else if (!frame_shows_present(frame)) {
        add(&piece, STYLE_USER, "%s past", frame_symbol(frame, SYM_FROZEN));
    } else if (input->replay > 0) {
        add(&piece, STYLE_SAMPLING, "%s ", frame_symbol(frame, SYM_PLAYS));
        add(&piece, STYLE_STRONG, "%gx", input->replay);
    } else {
        add(&piece, STYLE_SAMPLING, "%s ", frame_symbol(frame, SYM_WORKS));
        add(&piece, STYLE_STRONG, "LIVE");
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
        add(&piece, STYLE_ERROR, "! %s in log", text);
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
    add(&pieces[0], STYLE_DIM, "%s events", text);
    if (input->live && input->events_per_s >= 0.5) {
        number_short(input->events_per_s, text);
        add(&pieces[1], STYLE_DIM, "+%s/s", text);
    }
    if (input->output != NULL) {
        const char *slash = strrchr(input->output, '/');
        add(&pieces[2], STYLE_DIM, "%s %.80s", frame_symbol(frame, SYM_ARROW),
            slash != NULL ? slash + 1 : input->output);
    }
    for (int count = 3; count > 0; count--) {
        int cols = 0;
        for (int i = 0; i < count; i++) {
            if (pieces[i].count > 0) {
                cols += piece_cols(&pieces[i], ascii) + (i > 0 ? pieces[i].gap : 0);
            }
        }
        if (line.cols - 1 - cols >= from + 3) {
            put_pieces(line, line.cols - 1 - cols, line.cols, pieces, count, ascii);
            return;
        }
    }
}

static void draw_first(const struct frame *frame, struct area line)
{
    bool ascii = frame->input->theme.ascii;
    struct header_piece name = name_piece(frame), clock = clock_piece(frame);
    struct header_piece trouble = trouble_piece(frame);
    int clock_cols = piece_cols(&clock, ascii), end;
    int others =
        2 + clock_cols + (trouble.count > 0 ? trouble.gap + piece_cols(&trouble, ascii) : 0);
    /* The end of the name is dropped if it does not fit beside the others. */
    while (name.count > 0 && 1 + piece_cols(&name, ascii) + others > line.cols) {
        name.count--;
    }
    end = put_piece(line, 1, &name);
    if (trouble.count > 0) {
        end = put_piece(line, end + (name.count > 0 ? trouble.gap : 0), &trouble);
    }
    int x = line.cols / 2 + 2;
    if (x < end + 3 || x + clock_cols > line.cols - 12) {
        x = end + 3 + clock_cols <= line.cols ? end + 3 : line.cols - clock_cols;
    }
    end = put_piece(line, x, &clock);
    draw_right(frame, line, end);
}

/* ---- line 2: the metrics ---- */

static struct header_piece state_piece(const struct frame *frame, enum agent_state state,
                                       size_t count)
{
    struct header_piece piece = {.gap = 2};
    enum style_id style = theme_state(&frame->input->theme, state).style;
    add(&piece, STYLE_DIM, "%s ", query_state_name(state));
    add(&piece, count == 0 || style == STYLE_DIM ? STYLE_PLAIN : style, "%zu", count);
    return piece;
}

/* Which pieces are given up first: the greater. */
enum {
    KEEP, /* never */
    DROP_WAIT,
    DROP_SAMPLING,
    DROP_TOOL,
    DROP_AGENTS,
    DROP_IDLE,
    DROP_DONE,
    DROP_STOPPED,
    DROP_RETRIES,
    DROP_TTFT,
    DROP_PARALLEL,
    DROP_OTPS,
    DROP_CACHE,
    DROP_ZERO /* a state of no agent, shown so that the others keep their columns */
};

/* Adds the states, the usual ones with 0 too. */
static int add_states(const struct frame *frame, struct header_piece *out)
{
    static const struct {
        enum agent_state state;
        bool usual;
        int drop;
    } shown[] = {{STATE_WAIT, true, DROP_WAIT},     {STATE_SAMPLING, true, DROP_SAMPLING},
                 {STATE_TOOL, true, DROP_TOOL},     {STATE_USER, true, KEEP},
                 {STATE_TOOL_OR_USER, false, KEEP}, {STATE_IDLE, true, DROP_IDLE},
                 {STATE_DONE, false, DROP_DONE},    {STATE_AGENTS, false, DROP_AGENTS},
                 {STATE_RETRY, false, KEEP},        {STATE_ERROR, false, KEEP},
                 {STATE_STALE, false, KEEP},        {STATE_GONE, false, KEEP},
                 {STATE_UNKNOWN, false, KEEP}};
    size_t counts[STATES] = {0};
    int n = 0;
    for (size_t i = 0; i < frame->rows.node_count; i++) {
        const struct tree_node *node = &frame->rows.nodes[i];
        const struct agent *agent = swarm_agent(frame->swarm, node->agent);
        if (node->matches && agent != NULL && !(agent->flags & AGENT_GROUP) &&
            query_is_agent(agent)) {
            counts[node->status.state]++;
        }
    }
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        size_t count = counts[shown[i].state];
        if (count == 0 && !shown[i].usual) {
            continue;
        }
        out[n] = state_piece(frame, shown[i].state, count);
        out[n++].drop = count == 0 ? DROP_ZERO : shown[i].drop;
    }
    return n;
}

static struct header_piece summary_piece(const char *label, const struct metrics *totals,
                                         const struct summary *summary, bool ms, bool ascii)
{
    struct header_piece piece = {.gap = 3};
    char text[NUMBER_BYTES], covers[COVERAGE_BYTES];
    if (summary->count == 0) {
        return piece;
    }
    add(&piece, STYLE_DIM, "%s ", label);
    if (ms) {
        number_ms(summary->p50, ascii, text);
    } else {
        number_short(summary->p50, text);
    }
    coverage_text(totals, summary, covers);
    add(&piece, STYLE_PLAIN, "p50 %s%s", text, covers);
    if (ms && !isnan(summary->p95)) {
        number_ms(summary->p95, ascii, text);
        add(&piece, STYLE_PLAIN, " p95 %s", text);
    }
    return piece;
}

static struct header_piece count_piece(const char *label, uint64_t count, enum style_id style)
{
    struct header_piece piece = {.gap = 3};
    add(&piece, STYLE_DIM, "%s ", label);
    add(&piece, count > 0 ? style : STYLE_PLAIN, "%llu", (unsigned long long)count);
    return piece;
}

static int add_metrics(const struct frame *frame, struct header_piece *out)
{
    const struct metrics *totals = frame->metrics != NULL ? &frame->metrics->totals : NULL;
    bool ascii = frame->input->theme.ascii;
    int n = 0;
    if (totals == NULL) {
        return 0;
    }
    out[n] = (struct header_piece){.gap = 3};
    if (!isnan(totals->parallel)) {
        add(&out[n], STYLE_DIM, "parallel ");
        add(&out[n], STYLE_PLAIN, "%.1f", totals->parallel);
    }
    out[n++].drop = DROP_PARALLEL;
    out[n] = summary_piece("ttft", totals, &totals->ttft_ms, true, ascii);
    out[n++].drop = DROP_TTFT;
    out[n] = summary_piece("otps", totals, &totals->otps, false, ascii);
    out[n++].drop = DROP_OTPS;
    out[n] = (struct header_piece){.gap = 3};
    if (!isnan(totals->cache_hit_rate_pct)) {
        add(&out[n], STYLE_DIM, "cache ");
        add(&out[n], STYLE_PLAIN, "%.0f%%", totals->cache_hit_rate_pct);
    }
    out[n++].drop = DROP_CACHE;
    if (totals->requests + totals->open_requests + totals->tool_count == 0) {
        return n;
    }
    out[n] = count_piece("retries", totals->retries, STYLE_RETRY);
    out[n++].drop = DROP_RETRIES;
    out[n] = count_piece("errors", totals->failed + totals->tool_errors, STYLE_ERROR);
    out[n++].gap = 2;
    /* Decisions of a person or a rule: no errors. */
    const struct {
        const char *label;
        uint64_t count;
    } stopped[] = {{"refused", totals->refused}, {"interrupted", totals->interrupted}};
    for (size_t i = 0; i < sizeof stopped / sizeof stopped[0]; i++) {
        if (stopped[i].count == 0) {
            continue;
        }
        out[n] = count_piece(stopped[i].label, stopped[i].count, STYLE_PLAIN);
        out[n].gap = 2;
        out[n++].drop = DROP_STOPPED;
    }
    return n;
}

static int total_cols(const struct header_piece *pieces, int count, bool ascii)
{
    int cols = 0;
    for (int i = 0; i < count; i++) {
        if (pieces[i].count > 0) {
            cols += (cols > 0 ? pieces[i].gap : 0) + piece_cols(&pieces[i], ascii);
        }
    }
    return cols;
}

/* Empties the pieces that are given up next. False: none is left. */
static bool drop_pieces(struct header_piece *pieces, int count)
{
    int most = KEEP;
    for (int i = 0; i < count; i++) {
        most = pieces[i].count > 0 && pieces[i].drop > most ? pieces[i].drop : most;
    }
    for (int i = 0; i < count && most > KEEP; i++) {
        if (pieces[i].drop == most) {
            pieces[i].count = 0;
        }
    }
    return most > KEEP;
}

static void draw_metrics(const struct frame *frame, struct area line)
{
    struct header_piece pieces[STATES + 8];
    bool ascii = frame->input->theme.ascii;
    int count = frame->agents ? add_states(frame, pieces) : 0;
    count += add_metrics(frame, pieces + count);
    while (1 + total_cols(pieces, count, ascii) >= line.cols && drop_pieces(pieces, count)) {
    }
    for (int i = 0; i < count; i++) {
        if (pieces[i].count > 0) {
            pieces[i].gap = 0;
            break;
        }
    }
    put_pieces(line, 1, line.cols, pieces, count, ascii);
}

void header_draw(struct frame *frame, struct grid *grid)
{
    draw_first(frame, frame_area(frame, grid, frame->layout.header));
    if (frame->layout.metrics.rows > 0 && !frame->empty) {
        draw_metrics(frame, frame_area(frame, grid, frame->layout.metrics));
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
