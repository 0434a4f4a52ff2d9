/* A model has a line of figures, a row of cells for each part that is known of it, and one for the
   number of its requests. Rows have the columns of the page's other curves; each has its own
   scale, from 0 to its greatest median, which the line of figures has. */
#include "tui/views/model_curves.h"

#include "tui/views/plot.h"
#include "tui/views/slowdown_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MODELS_SHOWN = 8 };

static const enum style_id part_styles[LATENCY_PARTS] = {
    [LATENCY_QUEUEING] = STYLE_RETRY,
    [LATENCY_PREFILL] = STYLE_FIRST_TOKEN,
    [LATENCY_DECODE] = STYLE_SAMPLING,
};

static void put_line(const struct statistics_page *page, enum style_id style)
{
    const struct strbuf *text = &page->frame->scratch;
    struct area line = scrolled_page_line(page->lines);
    if (line.rows > 0 && !text->failed) {
        area_put_ellipsized(line, 1, 0, line.cols - 2, style, text->data, text->len);
    }
}

void model_curves_put_slower(const struct statistics_page *page)
{
    struct strbuf *text = &page->frame->scratch;
    bool ascii = page->frame->input->theme.ascii;
    size_t count;
    const struct slowdown *slowdowns = slowdown_shown(page->frame, &count);
    strbuf_clear(text);
    strbuf_adds(text, "slower models: ");
    if (!slowdown_is_old(page->frame) && slowdown_none_text(page->frame->metrics, text)) {
        put_line(page, STYLE_DIM);
    }
    for (size_t i = 0; i < count; i++) {
        const char *client = swarm_text(page->frame->swarm, slowdowns[i].client);
        strbuf_clear(text);
        strbuf_addf(text, "%s %s%s%s slower: ", frame_symbol(page->frame, SYM_SLOWER), client,
                    *client != '\0' ? " " : "", slowdowns[i].model);
        slowdown_text(&slowdowns[i], ascii, text);
        put_line(page, STYLE_USER);
        if (slowdowns[i].prompts.recent_count > 0 && slowdowns[i].prompts.before_count > 0) {
            strbuf_clear(text);
            strbuf_adds(text, "  ");
            slowdown_prompts_text(&slowdowns[i], text);
            put_line(page, STYLE_USER);
        }
    }
}

static double greatest(const struct series *series, const double *values)
{
    double most = 0;
    for (size_t i = 0; i < series->count; i++) {
        most = values[i] > most ? values[i] : most;
    }
    return most;
}

/* Puts `prefill 684ms (2) up to 1.2s` for each part that is known. */
static void put_figures(const struct statistics_page *page, const struct series *series,
                        const struct model_curve *curve)
{
    struct share_pen pen = {page, scrolled_page_line(page->lines), 3};
    for (int part = 0; part < LATENCY_PARTS; part++) {
        char text[4 * NUMBER_BYTES], count[NUMBER_BYTES], p50[NUMBER_BYTES], most[NUMBER_BYTES];
        bool ms = latency_rows[part].ms;
        if (curve->counts[part] == 0) {
            continue;
        }
        statistics_page_value(page, ms, curve->p50[part], p50);
        statistics_page_value(page, ms, greatest(series, curve->rows[part]), most);
        number_count(curve->counts[part], count);
        if (greatest(series, curve->rows[part]) > 0) {
            snprintf(text, sizeof text, "%s%s (%s) up to %s", p50, ms ? "" : " tok/s", count, most);
        } else {
            snprintf(text, sizeof text, "none (%s)", count);
        }
        statistics_page_share(&pen, part_styles[part], latency_rows[part].word, text);
    }
}

static void put_row(const struct statistics_page *page, const struct series *series,
                    const double *values, const char *word, enum style_id style)
{
    struct plot plot = {.values = values,
                        .cols = (int)series->count < PLOT_MAX ? (int)series->count : PLOT_MAX,
                        .rows = 1,
                        .max = greatest(series, values),
                        .style = style,
                        .ascii = page->frame->input->theme.ascii};
    if (!(plot.max > 0)) {
        return;
    }
    struct area line = scrolled_page_line(page->lines);
    if (line.rows > 0) {
        area_put_right(line, LABEL_COLS - 1, 0, STYLE_DIM, word);
    }
    plot_line(&plot, line, LABEL_COLS, 0);
}

static void put_model(const struct statistics_page *page, const struct series *series,
                      const struct model_curve *curve)
{
    struct area line = scrolled_page_line(page->lines);
    const char *client = swarm_text(page->frame->swarm, curve->client);
    char count[NUMBER_BYTES];
    number_count(curve->requests, count);
    if (line.rows > 0) {
        area_putf(line, 3, 0, STYLE_PLAIN, "%s%s%s  %s request%s", client,
                  *client != '\0' ? " " : "", curve->model, count, curve->requests == 1 ? "" : "s");
    }
    put_figures(page, series, curve);
    for (int part = 0; part < LATENCY_PARTS; part++) {
        put_row(page, series, curve->rows[part], latency_rows[part].word, part_styles[part]);
    }
    put_row(page, series, curve->rows[MODEL_SERIES_REQUESTS], "requests", STYLE_DIM);
}

/* Returns whether the series has a curve of a part of the model. */
static bool has_curve(const struct model_curve *curve)
{
    bool any = false;
    for (int part = 0; part < LATENCY_PARTS; part++) {
        any |= curve->counts[part] > 0;
    }
    return any;
}

void model_curves_put(const struct statistics_page *page, const struct series *series)
{
    const struct model_series *models = &series->models;
    size_t shown = 0, left_out = models->left_out;
    for (size_t i = 0; i < models->count; i++) {
        if (!has_curve(&models->items[i])) {
            continue;
        }
        if (shown == MODELS_SHOWN) {
            left_out++;
            continue;
        }
        if (shown++ == 0) {
            statistics_page_heading(page, "LATENCY BY MODEL, MEDIANS OVER TIME");
        }
        put_model(page, series, &models->items[i]);
    }
    if (shown == 0) {
        return;
    }
    if (left_out > 0) {
        struct area line = scrolled_page_line(page->lines);
        if (line.rows > 0) {
            area_putf(line, 3, 0, STYLE_DIM, "and %zu more model%s", left_out,
                      left_out == 1 ? "" : "s");
        }
    }
    curves_put_axis(page, series);
}
