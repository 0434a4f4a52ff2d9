/* The part of the statistics that goes over time: curves of requests and work, and the sources' own counters. */
#ifndef TUI_CURVES_H
#define TUI_CURVES_H

#include "tui/screen/number.h"
#include "tui/views/frame.h"
#include "tui/views/sheet.h"

enum { PLOT_ROWS = 5, LABEL_COLS = 9, PLOT_MAX = 160 };

/* The sheet of statistics in the making. */
struct report_page {
    struct frame *frame;
    const struct swarm_figures *figures;
    struct sheet *sheet;
    int cols;
};
/* statistics_view.c: a heading; a value as text, NUMBER_BYTES. */
void report_page_heading(const struct report_page *page, const char *text);
void report_page_value(const struct report_page *page, bool ms, double value,
                       char out[NUMBER_BYTES]);

void curves_put(const struct report_page *page, const struct series *series);

#endif
