/* The statistics page: a list of sections, each a function. Its values come from the metrics that
   `report` prints, so both show the same. */
#include "core/base/mask.h"
#include "core/query/time_parts.h"
#include "tui/screen/number.h"
#include "tui/views/baseline.h"
#include "tui/views/model_curves.h"
#include "tui/views/plot.h"
#include "tui/views/report.h"
#include "tui/views/report_table.h"
#include "tui/views/view_keys.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGENTS_SHOWN = 12, HEADING_BYTES = 200, LABEL_BYTES = 160 };
enum { CONTEXT_FIGURES_COLS = 57 }; /* of its table, with the margins */

void statistics_page_heading(const struct statistics_page *page, const char *text)
{
    scrolled_page_gap(page->lines);
    struct area line = scrolled_page_line(page->lines);
    if (line.rows > 0) {
        area_puts(line, 1, 0, STYLE_STRONG, text);
    }
}

/* ---- where the time went ---- */

static int share_names(const struct statistics_page *page)
{
    return page->cols >= 160 ? 44 : page->cols >= 100 ? 32 : page->cols >= 60 ? 20 : 14;
}

static void draw_shares(const struct statistics_page *page, struct area line, const char *name,
                        size_t len, const struct metrics *metrics)
{
    const struct theme *theme = &page->frame->input->theme;
    struct plot_part parts[TIME_PARTS];
    double whole = 0;
    int names = share_names(page);
    if (line.rows == 0) {
        return;
    }
    for (size_t i = 0; i < TIME_PARTS; i++) {
        bool idle = time_parts[i].kind == SPAN_KINDS;
        struct bar_style bar = idle ? (struct bar_style){STYLE_DIM, theme->ascii ? "." : "·"}
                                    : theme_bar(theme, time_parts[i].kind, 0);
        parts[i] = (struct plot_part){time_part_ms(metrics, i), bar.style, bar.fill};
        whole += parts[i].value;
    }
    area_put_ellipsized(line, 3, 0, names, STYLE_PLAIN, name, len);
    plot_bar(line, 3 + names + 1, page->cols - names - 5, parts, TIME_PARTS, whole);
}

/* Waits and idle time must stay visible, so what does not fit moves to a further line. */
void statistics_page_share(struct share_pen *pen, enum style_id style, const char *word,
                           const char *text)
{
    int cols = (int)(strlen(word) + strlen(text)) + 1;
    if (pen->x > 3 && pen->x + cols + 1 > pen->page->cols) {
        pen->line = scrolled_page_line(pen->page->lines);
        pen->x = 3;
    }
    if (pen->line.rows > 0) {
        area_puts(pen->line, pen->x, 0, style, word);
        area_puts(pen->line, pen->x + (int)strlen(word) + 1, 0, STYLE_PLAIN, text);
    }
    pen->x += cols + 3;
}

static void put_percents(const struct statistics_page *page, const struct metrics *metrics)
{
    struct share_pen pen = {page, scrolled_page_line(page->lines), 3};
    bool ascii = page->frame->input->theme.ascii;
    char text[64], took[NUMBER_BYTES];
    double whole = 0;
    for (size_t i = 0; i < TIME_PARTS; i++) {
        whole += time_part_ms(metrics, i);
    }
    for (size_t i = 0; i < TIME_PARTS && whole > 0; i++) {
        double ms = time_part_ms(metrics, i);
        bool idle = time_parts[i].kind == SPAN_KINDS;
        if (!(ms > 0)) {
            continue;
        }
        number_ms(ms, ascii, took);
        snprintf(text, sizeof text, "%.0f%% %s", ms / whole * 100, took);
        statistics_page_share(&pen, idle ? STYLE_DIM : theme_kind_style(time_parts[i].kind),
                              time_parts[i].name, text);
    }
    if (metrics->agent_wait_ms > 0) {
        number_ms(metrics->agent_wait_ms, ascii, took);
        statistics_page_share(&pen, STYLE_DIM, TIME_APART, took);
    }
}

struct busy_time {
    agent_no agent;
    double ms;
};

static bool is_busier(const struct busy_time *x, const struct busy_time *y)
{
    return x->ms != y->ms ? x->ms > y->ms : x->agent < y->agent;
}

/* Sets out to the busiest, in order; returns how many there are of all. Those that are shown are a
   few: each agent is compared with the last of these. */
static size_t find_busiest(const struct statistics_page *page, struct busy_time out[AGENTS_SHOWN])
{
    size_t count = 0;
    for (size_t i = 0; i < page->metrics->agent_count; i++) {
        struct busy_time of = {(agent_no)i, page->metrics->agents[i].busy_ms};
        if (!(of.ms > 0) || !report_has_agent(swarm_agent(page->frame->swarm, of.agent))) {
            continue;
        }
        size_t held = count < AGENTS_SHOWN ? count : AGENTS_SHOWN, at = held;
        count++;
        while (at > 0 && is_busier(&of, &out[at - 1])) {
            at--;
        }
        if (at < AGENTS_SHOWN) {
            size_t moved = held < AGENTS_SHOWN ? held - at : AGENTS_SHOWN - 1 - at;
            memmove(out + at + 1, out + at, moved * sizeof *out);
            out[at] = of;
        }
    }
    return count;
}

static void put_agents(const struct statistics_page *page)
{
    struct busy_time order[AGENTS_SHOWN];
    struct strbuf *text = &page->frame->scratch;
    size_t count = find_busiest(page, order);
    for (size_t i = 0; i < count && i < AGENTS_SHOWN; i++) {
        strbuf_clear(text);
        frame_label_text(page->frame, order[i].agent, share_names(page), text);
        draw_shares(page, scrolled_page_line(page->lines), text->failed ? "" : text->data,
                    text->failed ? 0 : text->len, &page->metrics->agents[order[i].agent]);
    }
    if (count > AGENTS_SHOWN) {
        struct area line = scrolled_page_line(page->lines);
        if (line.rows > 0) {
            area_putf(line, 3, 0, STYLE_DIM, "and %zu less active", count - AGENTS_SHOWN);
        }
    }
}

static void put_time(const struct statistics_page *page)
{
    statistics_page_heading(page, "TIME BY ACTIVITY");
    draw_shares(page, scrolled_page_line(page->lines),
                page->frame->predicate != NULL ? "matching" : "all",
                page->frame->predicate != NULL ? 8 : 3, &page->metrics->totals);
    put_percents(page, &page->metrics->totals);
    put_agents(page);
}

/* ---- tables ---- */

/* Returns the columns of names that leave the figures of contexts their room. */
static int context_label_cols(int cols)
{
    int left = cols - CONTEXT_FIGURES_COLS;
    return left < 12 ? 12 : left < TABLE_CELL_COLS ? left : TABLE_CELL_COLS;
}

/* Puts a table of the report, line by line. */
static void put_table(const struct statistics_page *page, const char *heading,
                      void (*table)(const struct report *, bool, struct strbuf *))
{
    struct report report = {.swarm = page->frame->swarm,
                            .metrics = page->metrics,
                            .local_ns = page->frame->local_ns,
                            .baseline = page->frame->input->baseline,
                            .no_mask = page->frame->input->no_mask,
                            .labels = page->frame->labels,
                            .label_cols = context_label_cols(page->cols)};
    struct strbuf text;
    strbuf_init(&text, page->frame->state->mem, 0);
    table(&report, page->frame->input->theme.ascii, &text);
    if (!text.failed && text.len > 0) {
        statistics_page_heading(page, heading);
    }
    const char *at = text.failed || text.len == 0 ? "" : text.data;
    for (bool head = true; *at; head = false) {
        size_t len = strcspn(at, "\n");
        struct area line = scrolled_page_line(page->lines);
        if (line.rows > 0) {
            area_put_ellipsized(line, 3, 0, line.cols - 4, head ? STYLE_DIM : STYLE_PLAIN, at, len);
        }
        at += len + (at[len] == '\n');
    }
    strbuf_release(&text);
}

/* A filter typed on the screen is not that of the other run. */
static void put_baseline(const struct statistics_page *page)
{
    const struct baseline *baseline = page->frame->input->baseline;
    char heading[HEADING_BYTES];
    if (baseline != NULL) {
        const char *other = baseline_filter(baseline);
        bool same = strcmp(other, page->frame->state->filter_text) == 0;
        const char *label = baseline_label(baseline);
        int len = (int)mask_cut(label, strlen(label), LABEL_BYTES);
        snprintf(heading, sizeof heading, "AGAINST %.*s%s", len, label,
                 same             ? ""
                 : *other == '\0' ? " (OTHER has no filter)"
                                  : " (OTHER has another filter)");
        put_table(page, heading, report_baseline);
    }
}

/* ---- distributions ---- */

struct spread_plot {
    const char *heading;
    const struct spread *spread;
    const struct summary *summary;
    bool ms;
};

void statistics_page_value(const struct statistics_page *page, bool ms, double value,
                           char out[NUMBER_BYTES])
{
    if (ms) {
        number_ms(value, page->frame->input->theme.ascii, out);
    } else {
        number_short(value, out);
    }
}

static int column_of(const struct spread *spread, double value, int cols)
{
    double at = log(value / spread->low) / log(spread->high / spread->low) * cols;
    return at < 0 ? 0 : at >= cols ? cols - 1 : (int)at;
}

/* Puts the labels of p50, p95 and p99 on three lines, so that no two collide. If samples are
   few, some are unknown. */
static void put_marks(const struct statistics_page *page, const struct spread_plot *of, int cols)
{
    const struct summary *summary = of->summary;
    const struct {
        const char *name;
        double value;
    } marks[] = {{"p50", summary->p50}, {"p95", summary->p95}, {"p99", summary->p99}};
    const char *tip = page->frame->input->theme.ascii ? "^" : "▴";
    struct area lines[3];
    for (int i = 0; i < 3; i++) {
        lines[i] = scrolled_page_line(page->lines);
    }
    for (int i = 0; i < 3; i++) {
        char text[NUMBER_BYTES + 8], value[NUMBER_BYTES];
        if (lines[i].rows == 0 || isnan(marks[i].value)) {
            continue;
        }
        int x = LABEL_COLS + column_of(of->spread, marks[i].value, cols);
        statistics_page_value(page, of->ms, marks[i].value, value);
        snprintf(text, sizeof text, "%s %s", marks[i].name, value);
        area_puts(lines[i], x, 0, STYLE_USER, tip);
        area_puts(lines[i], x + 2, 0, STYLE_PLAIN, text);
    }
}

static void put_spread(const struct statistics_page *page, const struct spread_plot *of)
{
    double values[SPREAD_BINS];
    int cols =
        page->cols - LABEL_COLS - 14 < SPREAD_BINS ? page->cols - LABEL_COLS - 14 : SPREAD_BINS;
    char low[NUMBER_BYTES], high[NUMBER_BYTES], count[NUMBER_BYTES];
    if (of->summary->count == 0 || !(of->spread->high > 0) || cols < 8) {
        return;
    }
    int by = (SPREAD_BINS + cols - 1) / cols; /* bins a column */
    cols = SPREAD_BINS / by;
    for (int i = 0; i < cols; i++) {
        values[i] = 0;
        for (int k = 0; k < by; k++) {
            values[i] += (double)of->spread->counts[i * by + k];
        }
    }
    struct plot plot = {.values = values,
                        .cols = cols,
                        .rows = PLOT_ROWS,
                        .max = plot_max(values, NULL, cols),
                        .style = of->ms ? STYLE_FIRST_TOKEN : STYLE_SAMPLING,
                        .ascii = page->frame->input->theme.ascii};
    statistics_page_heading(page, of->heading);
    number_count((uint64_t)plot.max, count);
    for (int row = 0; row < plot.rows && plot.max > 0; row++) {
        struct area line = scrolled_page_line(page->lines);
        if (line.rows > 0 && row == 0) {
            area_put_right(line, LABEL_COLS - 1, 0, STYLE_DIM, count);
        }
        plot_line(&plot, line, LABEL_COLS, row);
    }
    struct area axis = scrolled_page_line(page->lines);
    statistics_page_value(page, of->ms, of->spread->low, low);
    statistics_page_value(page, of->ms, of->spread->high, high);
    if (axis.rows > 0) {
        area_fill(axis, LABEL_COLS, 0, cols, STYLE_DIM, frame_symbol(page->frame, SYM_HORIZONTAL));
        area_put_right(axis, LABEL_COLS - 1, 0, STYLE_DIM, low);
        area_puts(axis, LABEL_COLS + cols + 1, 0, STYLE_DIM, high);
    }
    put_marks(page, of, cols);
}

bool view_series_axis(const struct view_input *input, const struct view_state *state, int cols,
                      struct axis *out)
{
    int64_t from_ns, to_ns;
    int room = cols - LABEL_COLS - 3 < PLOT_MAX ? cols - LABEL_COLS - 3 : PLOT_MAX;
    if (state->page != PAGE_STATISTICS || room < 8 ||
        !query_extent(input->swarm, input->local_ns, &from_ns, &to_ns)) {
        return false;
    }
    *out = axis_fitting(from_ns, to_ns, AXIS_ZOOM_MAX, room);
    int last = axis_col(out, to_ns);
    out->cols = last < 0 ? 1 : last < room ? last + 1 : room;
    return true;
}

/* ---- all of it ---- */

static void walk(const struct statistics_page *page)
{
    const struct swarm_metrics *metrics = page->metrics;
    const struct spread_plot spreads[] = {
        {"TIME TO FIRST TOKEN", &metrics->ttft_ms, &metrics->totals.ttft_ms, true},
        {"OUTPUT TOKENS/S PER REQUEST", &metrics->otps, &metrics->totals.otps, false}};
    model_curves_put_slower(page);
    put_baseline(page);
    if (page->frame->agents) {
        put_time(page);
    }
    put_table(page, "SLOWEST BY THEIR OWN TIME", report_slowest);
    put_table(page, "MOST FREQUENT", report_frequent);
    bool clients = clients_are_several(&page->frame->labels->clients.clients);
    put_table(page, clients ? "REQUESTS BY CLIENT AND MODEL" : "REQUESTS BY MODEL", report_models);
    if (page->frame->input->series != NULL) {
        model_curves_put(page, page->frame->input->series);
    }
    put_table(page, "TOOLS", report_tools);
    put_table(page, "MCP SERVERS", report_servers);
    if (page->frame->agents) {
        put_table(page, "CONTEXT", report_context);
        put_table(page, "COST", report_costs);
    }
    for (size_t i = 0; i < sizeof spreads / sizeof spreads[0]; i++) {
        put_spread(page, &spreads[i]);
    }
    if (page->frame->input->series != NULL) {
        curves_put(page, page->frame->input->series);
    }
}

void statistics_draw(struct frame *frame, struct grid *grid)
{
    /* This page has no heads. */
    struct area body = area_sub(grid_area(grid), 0, frame->layout.heads.y, frame->layout.cols,
                                frame->layout.heads.rows + frame->layout.body.rows);
    struct scrolled_page lines = {.line = 0};
    struct statistics_page page = {frame, frame->metrics, &lines, frame->layout.cols};
    size_t *scroll = &frame->state->statistics_scroll;
    if (page.metrics == NULL) {
        return;
    }
    walk(&page);
    size_t scroll_max = scrolled_page_scroll_max(lines.line, body.rows);
    *scroll = *scroll < scroll_max ? *scroll : scroll_max;
    lines = (struct scrolled_page){.area = body, .skip = *scroll};
    walk(&page);
    if (*scroll < scroll_max) {
        area_put_right(body, body.cols - 1, body.rows - 1, STYLE_DIM,
                       frame_symbol(frame, SYM_ELLIPSIS));
    }
}

enum view_result statistics_act(struct frame *frame, enum action action)
{
    size_t *scroll = &frame->state->statistics_scroll, at;
    /* Drawing clamps the scroll. */
    if (list_move(action, *scroll, SIZE_MAX / 2, frame->layout.body.rows, &at)) {
        *scroll = at;
        return VIEW_REDRAW;
    }
    return page_act(frame, action);
}
