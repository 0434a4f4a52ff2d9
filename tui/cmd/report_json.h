/* The statistics as JSON: `report --json`. CLI.md names every key. */
#ifndef TUI_REPORT_JSON_H
#define TUI_REPORT_JSON_H

#include "tui/views/report.h"

#include <jansson.h>

/* Appends one JSON object and a line end. */
void report_json(const struct report *report, struct strbuf *out);

/* Adds a member, which it takes, to the object at the end of `out`. NULL: out of memory. */
void report_json_add(struct strbuf *out, const char *name, json_t *value);

#endif
