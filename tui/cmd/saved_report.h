/* Reports that `report --json` printed to a file. */
#ifndef TUI_SAVED_REPORT_H
#define TUI_SAVED_REPORT_H

#include <jansson.h>

/* Returns new: the report in the file; NULL: no report, or it cannot be read. */
json_t *saved_report_read(const char *path);

#endif
