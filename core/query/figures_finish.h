/* From a tally to the figures that are shown. */
#ifndef CORE_FIGURES_FINISH_H
#define CORE_FIGURES_FINISH_H

#include "core/model/figures_tally.h"
#include "core/query/figures.h"

/* Sets *out to the tally's figures, but for busy_ms, idle_ms and parallel, which are NAN. False:
   out of memory. */
bool figures_tally_finish(struct figures_tally *tally, const struct intern *names,
                          struct figures *out);

#endif
