/* "Is it the model?": what has become slower, and the latency of each model over time in its parts,
   a row of cells each. */
#ifndef TUI_MODEL_CURVES_H
#define TUI_MODEL_CURVES_H

#include "tui/views/curves.h"

/* Puts the lines of what is slower; nothing if all is well. */
void model_curves_put_slower(const struct statistics_page *page);
/* Puts the models' curves. */
void model_curves_put(const struct statistics_page *page, const struct series *series);

#endif
