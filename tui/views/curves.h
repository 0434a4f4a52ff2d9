/* The time series of the statistics page: requests and work, and the sources' own counters. */
#ifndef TUI_CURVES_H
#define TUI_CURVES_H

#include "tui/screen/number.h"
#include "tui/views/frame.h"
#include "tui/views/scrolled_page.h"

enum { PLOT_ROWS = 5, LABEL_COLS = 9, PLOT_MAX = 160 };

/* The statistics page while it is drawn. */
struct statistics_page {
    struct frame *frame;
    const struct swarm_metrics *metrics;
    struct scrolled_page *lines;
    int cols;
};
/* Defined in statistics_view.c: draw a heading; format a value, NUMBER_BYTES; put a figure. */
void statistics_page_heading(const struct statistics_page *page, const char *text);
void statistics_page_value(const struct statistics_page *page, bool ms, double value,
                           char out[NUMBER_BYTES]);

/* A position of the next name and figure. They move to a further line if they do not fit. */
struct share_pen {
    const struct statistics_page *page;
    struct area line;
    int x;
};
void statistics_page_share(struct share_pen *pen, enum style_id style, const char *word,
                           const char *text);

/* Puts the labels of the series' time axis, and the mark of what is slower. */
void curves_put_axis(const struct statistics_page *page, const struct series *series);
void curves_put(const struct statistics_page *page, const struct series *series);

/* Appends the counter's name, the id that sets it apart from others of that name, and the name of
   its value: `queue [rx] · len`. */
void curves_put_title(const struct swarm *swarm, const struct counter *counter, struct strbuf *out);

#endif
