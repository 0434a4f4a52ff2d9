/* Remarks on figures of requests that cover some requests only: `684ms (2 of 19)`. */
#ifndef TUI_COVERAGE_H
#define TUI_COVERAGE_H

#include "core/query/metrics.h"

#define COVERAGE_BYTES 64

/* Sets `out` to " (2 of 19)" if requests that succeeded are not in the summary; else to "". */
void coverage_text(const struct metrics *metrics, const struct summary *summary,
                   char out[COVERAGE_BYTES]);
/* The same for a narrow column: "2/19". */
void coverage_short(const struct metrics *metrics, const struct summary *summary,
                    char out[COVERAGE_BYTES]);

#endif
