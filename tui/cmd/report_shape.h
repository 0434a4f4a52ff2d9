/* The paths to the numbers of `report --json`, so that a mistyped one is an error and not a
   condition that never holds. */
#ifndef TUI_REPORT_SHAPE_H
#define TUI_REPORT_SHAPE_H

#include "core/base/strbuf.h"

#include <stdbool.h>

/* Returns whether a report may have a number at the path (report_condition.h); else the reason is
   in *error. Names of models, tools, agents and the like are any text. */
bool report_shape_check(const char *path, size_t len, struct strbuf *error);

#endif
