/* Critical paths in `report --json`. */
#ifndef TUI_REPORT_WHY_JSON_H
#define TUI_REPORT_WHY_JSON_H

#include "tui/cmd/json_writer.h"
#include "tui/views/report.h"

/* Writes the member "why", turn by turn, longest first. */
void report_why_json(struct json_writer *w, const struct report *report);

/* Writes the member "reasons": the kinds of calls on all critical paths, most time first. */
void report_reasons_json(struct json_writer *w, const struct report *report);

#endif
