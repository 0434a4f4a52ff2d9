/* The line of states and metrics. Pieces that do not fit are given up in the order of a table. */
#include "tui/screen/number.h"
#include "tui/views/coverage.h"
#include "tui/views/outside_filter.h"
#include "tui/views/slowdown_text.h"

#include <math.h>
#include <stdio.h>

static struct header_piece state_piece(const struct frame *frame, enum agent_state state,
                                       size_t count)
{
    struct header_piece piece = {.gap = 2};
    enum style_id style = theme_state(&frame->input->theme, state).style;
    header_add(&piece, STYLE_DIM, "%s ", query_state_name(state));
    header_add(&piece, count == 0 || style == STYLE_DIM ? STYLE_PLAIN : style, "%zu", count);
    return piece;
}

/* Which pieces are given up first: the greater. */
enum {
    KEEP, /* never */
    DROP_SLOWER,
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

static struct header_piece count_piece(const char *label, uint64_t count, enum style_id style)
{
    struct header_piece piece = {.gap = 3};
    header_add(&piece, STYLE_DIM, "%s ", label);
    header_add(&piece, count > 0 ? style : STYLE_PLAIN, "%llu", (unsigned long long)count);
    return piece;
}

/* Adds the counts of stalled calls and of loops, if there are any. */
static int add_stalled(const struct frame *frame, struct header_piece *out)
{
    uint64_t calls = 0, loops = 0;
    int n = 0;
    bool any = frame->stalled.count > 0;
    for (size_t i = 0; any && i < frame->rows.node_count; i++) {
        const struct tree_node *node = &frame->rows.nodes[i];
        struct stalled_agent of = stalled_of(&frame->stalled, node->agent);
        calls += node->matches ? of.calls : 0;
        loops += node->matches && of.loop != NO_SPAN;
    }
    if (calls > 0) {
        out[n++] = count_piece("stalled", calls, STYLE_ERROR);
    }
    if (loops > 0) {
        out[n++] = count_piece("loops", loops, STYLE_ERROR);
    }
    for (int i = 0; i < n; i++) {
        out[i].gap = 2;
    }
    return n;
}

/* Adds `+1 user +2 stalled outside the filter`. */
static int add_outside(const struct frame *frame, struct header_piece *out)
{
    struct outside_filter outside = outside_filter(frame);
    const struct {
        const char *word;
        size_t count;
    } parts[] = {{"user", outside.users}, {"stalled", outside.stalled}, {"loop", outside.loops}};
    out[0] = (struct header_piece){.gap = 2};
    out[1] = (struct header_piece){.gap = 1, .drop = DROP_DONE};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].count > 0) {
            header_add(&out[0], STYLE_USER, "+%zu %s ", parts[i].count, parts[i].word);
        }
    }
    if (out[0].count > 0) {
        header_add(&out[0], STYLE_DIM, "outside");
        header_add(&out[1], STYLE_DIM, "the filter");
    }
    return 2;
}

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
    const size_t *counts = frame->rows.states;
    int n = 0;
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
    header_add(&piece, STYLE_DIM, "%s ", label);
    if (ms) {
        number_ms(summary->p50, ascii, text);
    } else {
        number_short(summary->p50, text);
    }
    coverage_text(totals, summary, covers);
    header_add(&piece, STYLE_PLAIN, "p50 %s%s", text, covers);
    if (ms && !isnan(summary->p95)) {
        number_ms(summary->p95, ascii, text);
        header_add(&piece, STYLE_PLAIN, " p95 %s", text);
    }
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
        header_add(&out[n], STYLE_DIM, "parallel ");
        header_add(&out[n], STYLE_PLAIN, "%.1f", totals->parallel);
    }
    out[n++].drop = DROP_PARALLEL;
    out[n] = summary_piece("ttft", totals, &totals->ttft_ms, true, ascii);
    out[n++].drop = DROP_TTFT;
    out[n] = summary_piece("otps", totals, &totals->otps, false, ascii);
    out[n++].drop = DROP_OTPS;
    out[n] = (struct header_piece){.gap = 3};
    if (!isnan(totals->cache_hit_rate_pct)) {
        header_add(&out[n], STYLE_DIM, "cache ");
        header_add(&out[n], STYLE_PLAIN, "%.0f%%", totals->cache_hit_rate_pct);
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
            cols += (cols > 0 ? pieces[i].gap : 0) + header_piece_cols(&pieces[i], ascii);
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

void header_metrics_draw(const struct frame *frame, struct area line)
{
    struct header_piece pieces[STATES + 13];
    bool ascii = frame->input->theme.ascii;
    int count = frame->agents ? add_states(frame, pieces) : 0;
    count += add_stalled(frame, pieces + count);
    count += add_outside(frame, pieces + count);
    pieces[count] = slowdown_piece(frame);
    pieces[count++].drop = DROP_SLOWER;
    count += add_metrics(frame, pieces + count);
    while (1 + total_cols(pieces, count, ascii) >= line.cols && drop_pieces(pieces, count)) {
    }
    for (int i = 0; i < count; i++) {
        if (pieces[i].count > 0) {
            pieces[i].gap = 0;
            break;
        }
    }
    header_put_pieces(line, 1, line.cols, pieces, count, ascii);
}
