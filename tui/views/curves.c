/* Each curve takes the columns of the same series, so one time is in one column for all of them. */
#include "tui/views/curves.h"

#include "core/base/json_read.h"
#include "tui/views/plot.h"
#include "tui/views/slowdown_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COUNTER_ROWS = 2 };

enum curve { CURVE_TTFT, CURVE_OTPS, CURVE_PARALLEL, CURVE_TOKENS, CURVES };

static const struct {
    const char *heading;
    enum style_id style, over_style;
    bool ms;
} curves[CURVES] = {
    [CURVE_TTFT] = {"TIME TO FIRST TOKEN, MEDIAN AND p95", STYLE_FIRST_TOKEN, STYLE_PLAIN, true},
    [CURVE_OTPS] = {"OUTPUT TOKENS/S PER REQUEST, MEDIAN AND p95", STYLE_SAMPLING, STYLE_PLAIN,
                    false},
    [CURVE_PARALLEL] = {"ACTIVE AGENTS", STYLE_TOOL, STYLE_PLAIN, false},
    [CURVE_TOKENS] = {"TOTAL OUTPUT TOKENS/S", STYLE_SAMPLING, STYLE_PLAIN, false},
};

static void curve_at(const struct series_point *point, enum curve curve, double *value,
                     double *over)
{
    *over = (double)NAN;
    switch (curve) {
    case CURVE_TTFT:
        *value = point->ttft_p50_ms;
        *over = point->ttft_p95_ms;
        break;
    case CURVE_OTPS:
        *value = point->otps_p50;
        *over = point->otps_p95;
        break;
    case CURVE_PARALLEL: *value = point->parallel; break;
    case CURVE_TOKENS:
    case CURVES: *value = point->output_tokens; break;
    }
}

void curves_put_axis(const struct statistics_page *page, const struct series *series)
{
    int cols = (int)series->count < PLOT_MAX ? (int)series->count : PLOT_MAX;
    struct axis axis = {series->t0_ns, 0, cols};
    struct axis_label labels[16];
    struct area line = scrolled_page_line(page->lines);
    while (axis_col_ns(&axis) < series->step_ns) {
        axis.zoom++;
    }
    size_t count = axis_labels(&axis, &page->frame->clock, 4, labels, 16);
    for (size_t i = 0; i < count && line.rows > 0; i++) {
        int width = (int)strlen(labels[i].text);
        if (!slowdown_within(page->frame, &axis, labels[i].col, width)) {
            area_puts(line, LABEL_COLS + labels[i].col, 0, STYLE_DIM, labels[i].text);
        }
    }
    slowdown_mark(page->frame, &axis, line, LABEL_COLS);
}

static void put_curve(const struct statistics_page *page, const struct series *series,
                      enum curve curve)
{
    double values[PLOT_MAX], over[PLOT_MAX];
    int cols = (int)series->count < PLOT_MAX ? (int)series->count : PLOT_MAX;
    char top[NUMBER_BYTES];
    for (int i = 0; i < cols; i++) {
        curve_at(&series->points[i], curve, &values[i], &over[i]);
    }
    struct plot plot = {.values = values,
                        .over = over,
                        .cols = cols,
                        .rows = PLOT_ROWS,
                        .max = plot_max(values, over, cols),
                        .style = curves[curve].style,
                        .over_style = curves[curve].over_style,
                        .ascii = page->frame->input->theme.ascii};
    if (!(plot.max > 0)) {
        return;
    }
    statistics_page_heading(page, curves[curve].heading);
    statistics_page_value(page, curves[curve].ms, plot.max, top);
    for (int row = 0; row < plot.rows; row++) {
        struct area line = scrolled_page_line(page->lines);
        if (line.rows > 0 && row == 0) {
            area_put_right(line, LABEL_COLS - 1, 0, STYLE_DIM, top);
        }
        if (line.rows > 0 && row + 1 == plot.rows) {
            area_put_right(line, LABEL_COLS - 1, 0, STYLE_DIM, "0");
        }
        plot_line(&plot, line, LABEL_COLS, row);
    }
    curves_put_axis(page, series);
}

static void put_id(const struct counter *counter, struct strbuf *title)
{
    const struct strbuf *id = &counter->id;
    if (id->len == 0) {
        return;
    }
    strbuf_adds(title, " [");
    if (id->data[0] == '"') {
        json_get_string((struct json_value){JSON_TYPE_STRING, id->data, id->len}, title);
    } else {
        strbuf_add(title, id->data, id->len);
    }
    strbuf_addc(title, ']');
}

void curves_put_title(const struct swarm *swarm, const struct counter *counter, struct strbuf *out)
{
    strbuf_adds(out, swarm_text(swarm, counter->name));
    put_id(counter, out);
    strbuf_adds(out, " · ");
    strbuf_add(out, counter->key.data, counter->key.len);
}

/* Draws a counter's curve with its name and its current value. */
static void put_counter(const struct statistics_page *page, const struct series *series,
                        const struct counter *counter)
{
    const struct swarm *swarm = page->frame->swarm;
    struct strbuf *title = &page->frame->scratch;
    int cols = (int)series->count < PLOT_MAX ? (int)series->count : PLOT_MAX;
    struct plot plot = {.values = counter->values,
                        .cols = cols,
                        .rows = COUNTER_ROWS,
                        .max = counter->max,
                        .style = STYLE_OTHER,
                        .ascii = page->frame->input->theme.ascii};
    if (!(plot.max > 0)) {
        plot.max = 1;
    }
    strbuf_clear(title);
    curves_put_title(swarm, counter, title);
    if (counter->agent != NO_AGENT) {
        strbuf_adds(title, " · ");
        frame_label_text(page->frame, counter->agent, 40, title);
    }
    strbuf_addf(title, "  %.6g", counter->last);
    if (title->failed) {
        return;
    }
    struct area head = scrolled_page_line(page->lines);
    if (head.rows > 0) {
        area_put(head, 3, 0, STYLE_PLAIN, title->data, title->len);
    }
    for (int row = 0; row < plot.rows; row++) {
        struct area line = scrolled_page_line(page->lines);
        char top[NUMBER_BYTES];
        snprintf(top, sizeof top, "%.5g", counter->max);
        if (line.rows > 0 && row == 0) {
            area_put_right(line, LABEL_COLS - 1, 0, STYLE_DIM, top);
        }
        plot_line(&plot, line, LABEL_COLS, row);
    }
}

static void put_counters(const struct statistics_page *page, const struct series *series)
{
    const struct counters *counters = &series->counters;
    if (counters->count == 0) {
        return;
    }
    statistics_page_heading(page, "COUNTERS");
    for (size_t i = 0; i < counters->count; i++) {
        put_counter(page, series, &counters->items[i]);
    }
    if (counters->left_out > 0) {
        struct area line = scrolled_page_line(page->lines);
        if (line.rows > 0) {
            area_putf(line, 3, 0, STYLE_DIM, "and %zu values of others", counters->left_out);
        }
    }
    curves_put_axis(page, series);
}

void curves_put(const struct statistics_page *page, const struct series *series)
{
    for (int curve = 0; curve < CURVES; curve++) {
        put_curve(page, series, (enum curve)curve);
    }
    put_counters(page, series);
}
