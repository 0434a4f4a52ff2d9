/* The statistics as JSON: `report --json`. CLI.md names every key. */
#ifndef TUI_REPORT_JSON_H
#define TUI_REPORT_JSON_H

#include "tui/views/report.h"

/* Appends one JSON object and a line end. */
void report_json(const struct report *report, struct strbuf *out);

#endif
