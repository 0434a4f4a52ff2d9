/* The detail of the selected span: a heading, its times, its args. The same walk counts the lines
   and draws them: the pen moves down line by line and draws those inside its area. So scrolling and
   the layout's request for lines follow from one text. Values are cut at VALUE_MAX_BYTES; the last
   line then shows how much was cut. */
#include "core/base/mask.h"
#include "core/base/time_ns.h"
#include "core/model/request_phase.h"
#include "core/query/usual_durations.h"
#include "core/tracer/print.h"
#include "tui/screen/number.h"
#include "tui/views/context_text.h"
#include "tui/views/frame.h"
#include "tui/views/held_up_text.h"
#include "tui/views/span_text.h"
#include "tui/views/stalled_flag.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define VALUE_MAX_BYTES 16384
#define ARGS_MAX        200
#define LINES_MAX       2000
#define HELD_UP         "held up by"
#define CHAIN_COLS      400 /* wrapped */

struct detail_pen {
    struct area area; /* area of the lines; grid NULL: only counts */
    bool ascii;
    int skip; /* lines scrolled away */
    int line; /* the next line */
    int cols, key_cols;
};

static void pen_put(const struct detail_pen *pen, int x, int cols, enum style_id style,
                    const char *text, size_t len)
{
    if (pen->area.grid != NULL && pen->line >= pen->skip &&
        pen->line - pen->skip < pen->area.rows) {
        area_put_ellipsized(pen->area, x, pen->line - pen->skip, cols, style, text, len);
    }
}

/* Puts a value in the columns right of the keys, wrapped at the edge and at line feeds. */
static void put_wrapped(struct detail_pen *pen, enum style_id style, const char *text, size_t len)
{
    int x = pen->key_cols + 2, cols = pen->cols - x - 1;
    if (cols < 4) {
        cols = 4;
    }
    size_t at = 0;
    do {
        size_t next = 0;
        size_t fits = len > 0 ? text_wrap(text + at, len - at, pen->ascii, (size_t)cols, &next) : 0;
        pen_put(pen, x, cols, style, text + at, fits);
        pen->line++;
        at += next;
    } while (at < len && pen->line < LINES_MAX);
}

static void put_pair(struct detail_pen *pen, const char *key, size_t key_len, const char *text,
                     size_t len)
{
    size_t shown = len < VALUE_MAX_BYTES ? len : VALUE_MAX_BYTES;
    char rest[64];
    pen_put(pen, 0, pen->key_cols, STYLE_DIM, key, key_len);
    put_wrapped(pen, STYLE_PLAIN, text != NULL ? text : "", shown);
    if (shown < len) {
        int n = snprintf(rest, sizeof rest, "and %zu more bytes", len - shown);
        put_wrapped(pen, STYLE_DIM, rest, (size_t)n);
    }
}

static void put_text(struct detail_pen *pen, const char *key, const char *text)
{
    put_pair(pen, key, strlen(key), text, strlen(text));
}

static struct json_value args_of(const struct swarm *swarm, const struct span *span)
{
    struct slice args = print_span_args(swarm, span);
    struct json_value value;
    if (args.bytes != NULL && json_check(args.bytes, args.len, JSON_DEPTH_LIMIT, &value, NULL)) {
        return value;
    }
    return (struct json_value){.type = JSON_TYPE_NONE};
}

/* Before it is wrapped: no line may have a part of a key. */
static void mask_value(const struct frame *frame, const struct strbuf *key, enum json_type type,
                       struct strbuf *value)
{
    if (frame->input->no_mask) {
        return;
    }
    if (type == JSON_TYPE_STRING && value->len > 0 &&
        mask_names_secret(key->data != NULL ? key->data : "", key->len)) {
        strbuf_clear(value);
        strbuf_adds(value, MASKED);
    }
    mask_in_place(value);
}

static void put_args(struct detail_pen *pen, struct frame *frame, struct json_value args)
{
    struct json_walk walk = json_walk(args);
    struct json_member member;
    struct strbuf key, *value = &frame->scratch;
    strbuf_init(&key, frame->state->mem, 0);
    for (int i = 0; i < ARGS_MAX && pen->line < LINES_MAX && json_next_member(&walk, &member);
         i++) {
        strbuf_clear(&key);
        strbuf_clear(value);
        json_get_string(member.key, &key);
        if (member.value.type == JSON_TYPE_STRING) {
            json_get_string(member.value, value);
        } else {
            strbuf_add(value, member.value.raw, member.value.len);
        }
        mask_value(frame, &key, member.value.type, value);
        if (!key.failed && !value->failed) {
            put_pair(pen, key.data != NULL ? key.data : "", key.len, value->data, value->len);
        }
    }
    strbuf_release(&key);
}

/* Returns a width that fits most keys, not the longest. */
static int choose_key_cols(struct json_value args, int cols)
{
    struct json_walk walk = json_walk(args);
    struct json_member member;
    int wide = 7; /* "started" */
    for (int i = 0; i < ARGS_MAX && json_next_member(&walk, &member); i++) {
        if ((int)member.key.len - 2 > wide && member.key.len < 100) {
            wide = (int)member.key.len - 2;
        }
    }
    int most = cols / 3 < 21 ? cols / 3 : 21;
    return wide < most ? wide : most;
}

static void put_times(struct detail_pen *pen, const struct frame *frame, const struct span *span)
{
    char text[AXIS_LABEL_BYTES], took[NUMBER_BYTES], usual[NUMBER_BYTES], line[160];
    bool ascii = frame->input->theme.ascii, open = span->flags & (SPAN_OPEN | SPAN_STALE);
    int64_t ns = swarm_span_end_ns(frame->swarm, span, frame->local_ns) - span->start_ns;
    axis_moment(&frame->clock, span->start_ns, ns > INT64_C(43200000000000), text);
    put_text(pen, "started", text);
    number_long(ns, ascii, took);
    double p95 = usual_durations_p95_ms(frame->swarm, frame->input->metrics, span);
    line[0] = '\0';
    if (!isnan(p95)) {
        number_long(time_ns_from_ms(p95), ascii, usual);
        snprintf(line, sizeof line, "     p95 of %.40s: %s",
                 span_short_name(swarm_text(frame->swarm, span->name)), usual);
    }
    int before = pen->line;
    put_text(pen, open ? "running" : "took", took);
    int x = pen->key_cols + 2 + (int)strlen(took);
    pen->line = before;
    if (x + (int)text_cols(line, strlen(line), ascii) < pen->cols) {
        pen_put(pen, x, pen->cols - x, STYLE_PLAIN, line, strlen(line));
    }
    pen->line = before + 1;
}

/* Puts the span's outcome, if it is more than a normal end. */
static void put_fate(struct detail_pen *pen, const struct frame *frame, const struct span *span)
{
    static const struct {
        uint8_t flag;
        const char *text;
    } fates[] = {
        {SPAN_STALE, "stale: open for over 30 minutes"},
        {SPAN_EVICTED, "evicted: no end within 30 minutes"},
        {SPAN_INCOMPLETE, "incomplete: its session ended first"},
        {SPAN_LOST_BEGIN, "the beginning was dropped"},
    };
    if (query_may_wait(frame->swarm, span, frame->local_ns)) {
        put_text(pen, "note", "may wait for a person");
    }
    for (size_t i = 0; i < sizeof fates / sizeof fates[0] && !span_still_asks(span); i++) {
        if (span->flags & fates[i].flag) {
            put_text(pen, "note", fates[i].text);
            return;
        }
    }
}

/* Sets *out to the chain that holds the span's agent up, if it leads to another call than the span
   itself. Returns false if it does not. */
static bool find_chain(const struct frame *frame, const struct span *span,
                       struct held_up_chain *out)
{
    bool open = (span->flags & (SPAN_OPEN | SPAN_STALE)) != 0;
    held_up_chain(&frame->held, open ? span->agent : NO_AGENT, out);
    return out->count > 1 || (out->count == 1 && out->steps[0].call != frame->state->selected);
}

static void put_waits(struct detail_pen *pen, struct frame *frame, const struct span *span)
{
    struct held_up_chain chain;
    char age[NUMBER_BYTES];
    if (stalled_flag_call(frame, frame->state->selected)) {
        put_text(pen, "note",
                 span->kind == SPAN_REQUEST      ? "stalled: no token for long"
                 : span->kind == SPAN_AGENT_CALL ? "stalled: its sub-agent does nothing"
                                                 : "stalled: far beyond its usual time");
    }
    if (!find_chain(frame, span, &chain)) {
        return;
    }
    held_up_age(frame, &chain, age);
    const struct held_up_look look = {&frame->input->theme, age, CHAIN_COLS, frame->input->no_mask,
                                      frame->labels};
    held_up_text(frame->swarm, &chain, &look, &frame->scratch);
    if (!frame->input->no_mask) {
        mask_in_place(&frame->scratch);
    }
    if (!frame->scratch.failed && frame->scratch.len > 0) {
        put_pair(pen, HELD_UP, strlen(HELD_UP), frame->scratch.data, frame->scratch.len);
    }
}

/* The attempt that an open request waits for. */
static void put_retry(struct detail_pen *pen, struct frame *frame, const struct span *span)
{
    char text[64], in[NUMBER_BYTES], max[24] = "";
    const struct request_progress *live =
        span->kind == SPAN_REQUEST ? query_live(frame->swarm, span) : NULL;
    int64_t now_ns = frame_agent_now(frame, span->agent, false);
    if (live == NULL || !query_is_retrying(live, now_ns)) {
        return;
    }
    if (live->max_attempts > 0) {
        snprintf(max, sizeof max, " of %u", live->max_attempts);
    }
    snprintf(text, sizeof text, "%u%s", live->attempt, max);
    put_text(pen, "attempt", text);
    strbuf_clear(&frame->scratch);
    strbuf_adds(&frame->scratch, swarm_text(frame->swarm, live->error));
    if (!frame->input->no_mask) {
        mask_in_place(&frame->scratch);
    }
    if (!frame->scratch.failed && frame->scratch.len > 0) {
        put_pair(pen, "error", strlen("error"), frame->scratch.data, frame->scratch.len);
    }
    if (live->retry_at_ns > now_ns) {
        number_rest(live->retry_at_ns - now_ns, in);
        snprintf(text, sizeof text, "in %s", in);
        put_text(pen, "next", text);
    }
}

static void put_phases(struct detail_pen *pen, const struct frame *frame,
                       const struct span *request)
{
    const struct past *past = view_past(frame->state);
    const struct span *phase;
    struct span room;
    int count = 0;
    for (span_no no = request->next_phase; no != NO_SPAN && count < 50;
         no = phase->next_phase, count++) {
        phase = swarm_span(frame->swarm, no);
        if (phase == NULL) {
            return;
        }
        if (past_span(past, frame->swarm, phase, &room) == NULL) {
            continue;
        }
        char took[NUMBER_BYTES];
        const char *name = swarm_text(frame->swarm, phase->name);
        int64_t end_ns = past_span_end_ns(past, frame->swarm, phase, frame->local_ns);
        number_long(end_ns - phase->start_ns, frame->input->theme.ascii, took);
        put_text(pen, name, took);
    }
}

/* The present context of the agent whose request it is. */
static void put_context(struct detail_pen *pen, struct frame *frame, const struct span *span)
{
    const struct swarm_metrics *metrics = frame->metrics;
    bool asks = span->kind == SPAN_REQUEST || span->kind == SPAN_INTERACTION;
    if (!asks || metrics == NULL || span->agent >= metrics->agent_count) {
        return;
    }
    strbuf_clear(&frame->scratch);
    context_line(&metrics->agents[span->agent], frame->input->theme.ascii, &frame->scratch);
    if (!frame->scratch.failed && frame->scratch.len > 0) {
        put_pair(pen, "context", strlen("context"), frame->scratch.data, frame->scratch.len);
    }
}

static void walk_lines(struct detail_pen *pen, struct frame *frame, const struct span *span)
{
    struct json_value args = args_of(frame->swarm, span);
    pen->ascii = frame->input->theme.ascii;
    pen->key_cols = choose_key_cols(args, pen->cols);
    struct held_up_chain chain;
    if (pen->key_cols < (int)strlen(HELD_UP) && find_chain(frame, span, &chain)) {
        pen->key_cols = (int)strlen(HELD_UP);
    }
    put_times(pen, frame, span);
    put_fate(pen, frame, span);
    put_waits(pen, frame, span);
    put_retry(pen, frame, span);
    put_context(pen, frame, span);
    if (span->kind == SPAN_REQUEST) {
        put_phases(pen, frame, span);
    }
    put_args(pen, frame, args_of(frame->swarm, span)); /* they are borrowed for a short time */
}

/* Returns the selected span; of a frozen display as it was then. NULL: none. */
static const struct span *selected(const struct frame *frame, struct span *room)
{
    return past_span(view_past(frame->state), frame->swarm,
                     swarm_span(frame->swarm, frame->state->selected), room);
}

int detail_panel_lines(struct frame *frame, int cols)
{
    struct span room;
    const struct span *span = selected(frame, &room);
    struct detail_pen pen = {.cols = cols - 3};
    if (span == NULL) {
        return 0;
    }
    walk_lines(&pen, frame, span);
    return pen.line;
}

/* ─ coder · Tool: Bash · 41.0 s and running ─── */
static void draw_heading(struct frame *frame, struct area line, const struct span *span)
{
    struct strbuf *text = &frame->scratch;
    const char *dot = frame_symbol(frame, SYM_DOT);
    char took[NUMBER_BYTES];
    int64_t ns = swarm_span_end_ns(frame->swarm, span, frame->local_ns) - span->start_ns;
    number_long(ns, frame->input->theme.ascii, took);
    area_fill(line, 0, 0, line.cols, STYLE_DIM, frame_symbol(frame, SYM_HORIZONTAL));
    strbuf_clear(text);
    frame_label_text(frame, span->agent, line.cols / 2, text);
    strbuf_addf(text, " %s %s %s %s%s", dot, swarm_text(frame->swarm, span->name), dot, took,
                span->flags & (SPAN_OPEN | SPAN_STALE) ? " and running" : "");
    if (span->flags & SPAN_ERROR) {
        strbuf_addf(text, " %s failed", dot);
    } else if (span->flags & SPAN_STOPPED) {
        strbuf_addf(text, " %s %s", dot, outcome_word(query_outcome(frame->swarm, span)));
    }
    if (text->failed) {
        return;
    }
    area_puts(line, 1, 0, STYLE_PLAIN, " ");
    int end = area_put_ellipsized(line, 2, 0, line.cols - 4,
                                  span->flags & SPAN_ERROR ? STYLE_ERROR : STYLE_PLAIN, text->data,
                                  text->len);
    area_puts(line, end, 0, STYLE_PLAIN, " ");
}

void detail_panel_draw(struct frame *frame, struct grid *grid)
{
    const struct layout *layout = &frame->layout;
    struct span room;
    const struct span *span = selected(frame, &room);
    struct area panel = frame_area(frame, grid, layout->detail);
    panel = area_sub(panel, layout->detail_x, 0, panel.cols, panel.rows);
    if (span == NULL || panel.rows == 0) {
        return;
    }
    int x = 2;
    if (layout->detail_x > 0) { /* separates it from the panel on its left */
        for (int y = 1; y < panel.rows; y++) {
            area_puts(panel, 0, y, STYLE_DIM, frame_symbol(frame, SYM_VERTICAL));
        }
    }
    draw_heading(frame, area_sub(panel, 0, 0, panel.cols - 1, 1), span);
    if (layout->detail_x > 0) {
        area_puts(panel, 0, 0, STYLE_DIM, frame_symbol(frame, SYM_TEE_DOWN));
    }
    struct detail_pen pen = {.area = area_sub(panel, x, 1, panel.cols - x, panel.rows - 1)};
    pen.cols = pen.area.cols;
    int lines = detail_panel_lines(frame, panel.cols + 1);
    int most = lines > pen.area.rows ? lines - pen.area.rows : 0;
    if (frame->state->detail_scroll > (size_t)most) {
        frame->state->detail_scroll = (size_t)most;
    }
    pen.skip = (int)frame->state->detail_scroll;
    walk_lines(&pen, frame, span);
    if (most > pen.skip && pen.area.rows > 0) {
        area_put_right(panel, panel.cols - 1, panel.rows - 1, STYLE_DIM,
                       frame_symbol(frame, SYM_ELLIPSIS));
    }
}
