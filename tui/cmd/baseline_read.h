/* Reads the report of `--against` for the statistics view. */
#ifndef TUI_BASELINE_READ_H
#define TUI_BASELINE_READ_H

#include "tui/cmd/options.h"
#include "tui/views/baseline.h"

/* Reads the saved report, or the source, that options->against names. Returns new (baseline_free);
   NULL: --against is not given. *status becomes 1, or 2, if the other cannot be read whole: the
   reason is on stderr, and the result is NULL if nothing of it is known. */
struct baseline *baseline_read(const struct options *options, int *status);
/* `baseline` may be NULL. */
void baseline_free(struct baseline *baseline);

#endif
