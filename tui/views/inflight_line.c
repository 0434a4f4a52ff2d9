/* A line has columns: elapsed time, agent, name and argument; at the right, the ratio to the usual
   duration. */
#include "tui/views/inflight_line.h"

#include "core/base/mask.h"
#include "core/model/end_facts.h"
#include "core/query/usual_durations.h"
#include "tui/screen/number.h"
#include "tui/views/span_text.h"
#include "tui/views/stalled_flag.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BEYOND 1.05 /* times the p95 */

enum { ERROR_BYTES = 60 };

int64_t inflight_retry_s(const struct frame *frame, agent_no agent,
                         const struct request_progress *live)
{
    int64_t left_ns = live->retry_at_ns == INT64_MIN
                          ? 0
                          : live->retry_at_ns - frame_agent_now(frame, agent, false);
    return left_ns > 0 ? (left_ns + 999999999) / 1000000000 : 0;
}

void inflight_retry_text(const struct frame *frame, agent_no agent,
                         const struct request_progress *live, char *out, size_t size)
{
    char max[16] = "", next[48] = "";
    const char *error = swarm_text(frame->swarm, live->error);
    int cut = (int)mask_cut(error, strlen(error), ERROR_BYTES);
    if (live->max_attempts > 0) {
        snprintf(max, sizeof max, "/%u", live->max_attempts);
    }
    int64_t left_s = inflight_retry_s(frame, agent, live);
    if (left_s > 0) {
        snprintf(next, sizeof next, ", next in %llds", (long long)left_s);
    }
    snprintf(out, size, "%.*s%s%u%s%s", cut, error, *error ? " " : "attempt ", live->attempt, max,
             next);
}

/* Puts the model and its speed, or the error that delays it. */
static int put_request(struct frame *frame, struct area line, int x, int end,
                       const struct span *span)
{
    const struct request_progress *live = request_progress_get(frame->swarm, span->begin_no);
    struct strbuf *text = &frame->scratch;
    span_text_about(frame->swarm, span, text);
    if (!text->failed && text->len > 0) {
        x = 2 + area_put_ellipsized(line, x, 0, end - x < 24 ? end - x : 24, STYLE_DIM, text->data,
                                    text->len);
    }
    if (live == NULL || x >= end) {
        return x;
    }
    enum span_kind phase = query_request_phase(frame->swarm, span, frame->local_ns);
    bool sampled = live->first_token_ns != INT64_MIN && live->progress_ns != INT64_MIN;
    double sampled_ms =
        sampled ? (double)(live->progress_ns - live->first_token_ns) / 1e6 : (double)NAN;
    double rate = otps_of(live->output_tokens, sampled_ms);
    char note[160] = "";
    enum style_id style = STYLE_PLAIN;
    if (phase == SPAN_RETRY && live->attempt > 0) {
        inflight_retry_text(frame, span->agent, live, note, sizeof note);
        style = STYLE_RETRY;
    } else if (live->first_token_ns != INT64_MIN && !isnan(rate)) {
        char text_of_rate[NUMBER_BYTES];
        number_short(rate, text_of_rate);
        snprintf(note, sizeof note, "%s tok/s", text_of_rate);
    }
    return note[0] ? area_put_ellipsized(line, x, 0, end - x, style, note, strlen(note)) : x;
}

static enum style_id span_style(const struct frame *frame, const struct span *span)
{
    if ((span->flags & SPAN_STALE) != 0 && !span_still_asks(span)) {
        return STYLE_ERROR;
    }
    if (span->kind != SPAN_REQUEST) {
        return theme_kind_style(span->kind);
    }
    enum span_kind phase = query_request_phase(frame->swarm, span, frame->local_ns);
    return theme_kind_style((uint8_t)phase);
}

/* Puts the ratio (p95 ×4.9) if the span exceeds its p95; with a column of its own, the p95 too.
   Returns their first column, or the line's last one if the kind has none. */
static int put_usual(const struct frame *frame, struct area line, double p95_ms, double times,
                     const struct inflight_columns *columns)
{
    char factor[NUMBER_BYTES], p95[NUMBER_BYTES], text[80];
    int end = line.cols - 1;
    if (isnan(p95_ms)) {
        return end;
    }
    number_short(times, factor);
    if (!columns->usual) {
        snprintf(text, sizeof text, "p95 %s%s", frame_symbol(frame, SYM_TIMES), factor);
        return area_put_right(line, end, 0, STYLE_USER, text);
    }
    if (times >= BEYOND) {
        snprintf(text, sizeof text, "%s%s", frame_symbol(frame, SYM_TIMES), factor);
        area_put_right(line, end, 0, STYLE_USER, text);
    }
    number_ms(p95_ms, frame->input->theme.ascii, p95);
    area_put_right(line, end - INFLIGHT_TIMES_COLS, 0, STYLE_PLAIN, p95);
    return end - INFLIGHT_TIMES_COLS - INFLIGHT_P95_COLS;
}

/* Puts what a person is asked. The name of such a call is known by its colour, so it is left out
   where it has no room beside the question. Returns false if the question is unknown or both fit.
 */
static bool put_question(struct frame *frame, struct area line, int x, int end,
                         const struct span *span)
{
    struct strbuf *text = &frame->scratch;
    const char *name = swarm_text(frame->swarm, span->name);
    bool ascii = frame->input->theme.ascii;
    if (span->kind != SPAN_USER) {
        return false;
    }
    span_text_about(frame->swarm, span, text);
    if (text->failed || text->len == 0 ||
        x + (int)(text_cols(name, strlen(name), ascii) + text_cols(text->data, text->len, ascii)) +
                2 <=
            end) {
        return false;
    }
    area_put_ellipsized(line, x, 0, end - x, STYLE_USER, text->data, text->len);
    return true;
}

/* Puts what is remarkable about the span after column `x`. Returns the column after it. */
static int put_flags(struct frame *frame, struct area left, int x, const struct span *span,
                     bool stalled, bool tight)
{
    if (query_may_wait(frame->swarm, span, frame->local_ns)) {
        x = area_puts(left, x, 0, STYLE_USER, "person?") + 2;
    }
    if (stalled) {
        x = area_puts(left, x, 0, STYLE_ERROR, frame_symbol(frame, SYM_FLAG));
        x = (tight ? x : area_puts(left, x + 1, 0, STYLE_ERROR, "stalled")) + 2;
    }
    bool stale = (span->flags & SPAN_STALE) != 0 && !span_still_asks(span);
    return stale ? area_puts(left, x, 0, STYLE_ERROR, "stale") + 2 : x;
}

/* Returns whether the span's argument lacks room in `cols` columns beside its name and its flag. */
static bool is_tight(struct frame *frame, const struct span *span, int cols)
{
    static const char flag[] = "  x stalled  ";
    const char *name = swarm_text(frame->swarm, span->name);
    const struct strbuf *text = &frame->scratch;
    bool ascii = frame->input->theme.ascii;
    span_text_about(frame->swarm, span, &frame->scratch);
    return !text->failed && text->len > 0 &&
           text_cols(name, strlen(name), ascii) + sizeof flag - 1 +
                   text_cols(text->data, text->len, ascii) >
               (size_t)(cols > 0 ? cols : 0);
}

/* Draws the line of a span that the model has. */
static void draw_span(struct frame *frame, struct area line, const struct span *span, bool stalled,
                      const struct inflight_columns *columns)
{
    int agent_cols = columns->agent_cols;
    struct strbuf *text = &frame->scratch;
    char age[NUMBER_BYTES];
    int64_t ns = frame_agent_now(frame, span->agent, false) - span->start_ns;
    double p95 = usual_durations_p95_ms(frame->swarm, frame->input->metrics, span);
    double times = (double)ns / 1e6 / p95;
    bool beyond = !isnan(times) && times >= BEYOND;
    frame_age(frame, ns, age);
    area_put_right(line, 9, 0, beyond ? STYLE_USER : STYLE_PLAIN, age);
    frame_label_draw(frame, span->agent, LABEL_LIST | LABEL_CLIENT, line, 11, agent_cols,
                     STYLE_PLAIN);
    int x = 11 + agent_cols + 2, end = line.cols - 1;
    if (columns->usual || (beyond && line.cols >= 50)) {
        end = put_usual(frame, line, p95, times, columns) - 2;
    }
    if (put_question(frame, line, x, end, span)) {
        return;
    }
    bool call = span->kind == SPAN_AGENT_CALL &&
                span_text_call(frame->swarm, span, frame_symbol(frame, SYM_ARROW), text);
    bool tight = stalled && !call && is_tight(frame, span, end - x);
    if (!call) {
        const char *name = swarm_text(frame->swarm, span->name);
        strbuf_clear(text);
        strbuf_adds(text, tight ? span_short_name(name) : name);
    }
    if (text->failed) {
        return;
    }
    x = area_put_ellipsized(line, x, 0, end - x, span_style(frame, span), text->data, text->len) +
        2;
    x = put_flags(frame, area_sub(line, 0, 0, end, 1), x, span, stalled, tight);
    if (span->kind == SPAN_REQUEST) {
        put_request(frame, line, x, end, span);
        return;
    }
    span_text_about(frame->swarm, span, text);
    if (!call && !text->failed && text->len > 0) {
        area_put_ellipsized(line, x, 0, end - x, STYLE_DIM, text->data, text->len);
    }
}

void inflight_line_draw(struct frame *frame, struct area line, span_no number,
                        const struct inflight_columns *columns)
{
    struct span room;
    const struct span *span =
        past_span(view_past(frame->state), frame->swarm, swarm_span(frame->swarm, number), &room);
    if (span != NULL) {
        draw_span(frame, line, span, stalled_flag_call(frame, number), columns);
    }
}
