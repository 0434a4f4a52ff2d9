/* IN FLIGHT: a line a span that is open, the longest first. A line is set in columns: elapsed, agent, name and what it is about,
   and at the right how far beyond the usual it is. */
#include "tui/duration.h"
#include "tui/frame.h"
#include "tui/norms.h"
#include "tui/span_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* 529 3/10, next in 12s */
static void retry_text(const struct frame *frame, const struct live_request *live, char *out,
                       size_t size)
{
    char max[16] = "", next[48] = "";
    const char *error = swarm_text(frame->swarm, live->error);
    if (live->max_attempts > 0)
        snprintf(max, sizeof max, "/%u", live->max_attempts);
    int64_t left = live->retry_at_ns == INT64_MIN ? 0 : live->retry_at_ns - frame->now_ns;
    if (left > 0)
        snprintf(next, sizeof next, ", next in %llds",
                 (long long)((left + 999999999) / 1000000000));
    snprintf(out, size, "%.60s%s%u%s%s", error, *error ? " " : "attempt ", live->attempt, max,
             next);
}

/* The model and how fast it answers, or why it does not. */
static int put_request(struct frame *frame, struct area line, int x, int end,
                       const struct span *span)
{
    const struct live_request *live = swarm_live_request(frame->swarm, span->begin_no);
    struct strbuf *text = &frame->scratch;
    span_text_about(frame->swarm, span, text);
    if (!text->failed && text->len > 0)
        x = 2 +
            area_put_cut(line, x, 0, end - x < 24 ? end - x : 24, INK_DIM, text->data, text->len);
    if (!live || x >= end)
        return x;
    enum span_kind phase = query_request_phase(frame->swarm, span, frame->local_ns);
    double seconds = (double)(live->progress_ns - live->first_token_ns) / 1e9;
    char note[160] = "";
    enum ink ink = INK_PLAIN;
    if (phase == SPAN_RETRY && live->attempt > 0) {
        retry_text(frame, live, note, sizeof note);
        ink = INK_RETRY;
    } else if (live->first_token_ns != INT64_MIN && live->output_tokens > 0 && seconds >= 0.05) {
        char rate[NUMBER_BYTES];
        number_short(live->output_tokens / seconds, rate);
        snprintf(note, sizeof note, "%s tok/s", rate);
    }
    return note[0] ? area_put_cut(line, x, 0, end - x, ink, note, strlen(note)) : x;
}

static enum ink span_ink(const struct frame *frame, const struct span *span)
{
    if (span->flags & SPAN_STALE)
        return INK_ERROR;
    if (span->kind != SPAN_REQUEST)
        return theme_kind_ink(span->kind);
    enum span_kind phase = query_request_phase(frame->swarm, span, frame->local_ns);
    return theme_kind_ink((uint8_t)phase);
}

/* p95 ×4.9, where it is beyond it. Returns where that begins. */
static int put_norm(const struct frame *frame, struct area line, double times)
{
    char factor[NUMBER_BYTES], text[64];
    number_short(times, factor);
    snprintf(text, sizeof text, "p95 %s%s", frame_symbol(frame, SYM_TIMES), factor);
    return area_put_right(line, line.cols - 1, 0, INK_USER, text);
}

static void draw_line(struct frame *frame, struct area line, const struct span *span,
                      int agent_cols)
{
    struct strbuf *text = &frame->scratch;
    char age[NUMBER_BYTES];
    int64_t ns = frame->now_ns - span->start_ns;
    const struct agent *agent = swarm_agent(frame->swarm, span->agent);
    if (agent)
        ns = swarm_session_now(frame->swarm, agent->session, frame->local_ns) - span->start_ns;
    double p95 = norms_p95_ms(frame->swarm, frame->input->figures, span);
    double times = (double)ns / 1e6 / p95;
    bool beyond = !isnan(times) && times >= 1.05;
    number_age(ns, age);
    area_put_right(line, 9, 0, beyond ? INK_USER : INK_PLAIN, age);
    strbuf_clear(text);
    query_agent_title(frame->swarm, span->agent, text);
    if (!text->failed)
        area_put_cut(line, 11, 0, agent_cols, INK_PLAIN, text->data, text->len);
    int x = 11 + agent_cols + 2, end = line.cols - 1;
    if (beyond && line.cols >= 50)
        end = put_norm(frame, line, times) - 2;
    const char *name = swarm_text(frame->swarm, span->name);
    x = area_put_cut(line, x, 0, end - x, span_ink(frame, span), name, strlen(name)) + 2;
    if (span->flags & SPAN_STALE)
        x = area_puts(area_sub(line, 0, 0, end, 1), x, 0, INK_ERROR, "stale") + 2;
    if (span->kind == SPAN_REQUEST) {
        put_request(frame, line, x, end, span);
        return;
    }
    span_text_about(frame->swarm, span, text);
    if (!text->failed && text->len > 0)
        area_put_cut(line, x, 0, end - x, INK_DIM, text->data, text->len);
}

/* ── IN FLIGHT ─────── 12 more ─ */
static void draw_heading(const struct frame *frame, struct area line, size_t more)
{
    const char *dash = frame_symbol(frame, SYM_HORIZONTAL);
    int x = area_puts(line, 1, 0, INK_DIM, "IN FLIGHT ");
    area_fill(line, x, 0, line.cols - 1 - x, INK_DIM, dash);
    if (more > 0 && line.cols >= x + 20)
        area_putf(line, line.cols - 14, 0, INK_DIM, " %zu more ", more);
}

void flight_panel_draw(struct frame *frame, struct grid *grid)
{
    struct area panel = frame_area(frame, grid, frame->layout.flight);
    panel = area_sub(panel, 0, 0, frame->layout.flight_cols, panel.rows);
    size_t lines = panel.rows > 1 ? (size_t)panel.rows - 1 : 0;
    size_t shown = frame->flight_count < lines ? frame->flight_count : lines;
    if (shown > FRAME_FLIGHT_MAX)
        shown = FRAME_FLIGHT_MAX;
    draw_heading(frame, panel, frame->flight_count - shown);
    int agent_cols = panel.cols >= 90 ? 20 : panel.cols >= 50 ? 16 : 10;
    for (size_t i = 0; i < shown; i++) {
        const struct span *span = swarm_span(frame->swarm, frame->flight[i]);
        if (span)
            draw_line(frame, area_sub(panel, 0, (int)i + 1, panel.cols, 1), span, agent_cols);
    }
    if (frame->flight_count == 0)
        area_puts(panel, 4, 1, INK_DIM, "nothing");
}
