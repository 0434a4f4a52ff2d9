/* `report --why --json`: the member "why" (CLI.md has its keys). */
#ifndef TUI_REPORT_WHY_JSON_H
#define TUI_REPORT_WHY_JSON_H

#include "tui/cmd/json_writer.h"
#include "tui/views/report.h"

/* Writes the member, turn by turn, longest first. */
void report_why_json(struct json_writer *w, const struct report *report);

#endif
