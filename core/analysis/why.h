/* Why a turn took so long: its critical path, and what each kind of call costs it. */
#ifndef CORE_ANALYSIS_WHY_H
#define CORE_ANALYSIS_WHY_H

#include "core/analysis/what_if.h"

enum { WHY_STEPS = 6 };

struct why {
    struct turn turn;
    struct critical_path path;
    const struct path_piece *steps[WHY_STEPS]; /* its longest pieces, longest first */
    size_t step_count;
    struct what_if what_if[WHAT_IF_MAX]; /* most first */
    size_t what_if_count;
};

/* Makes the answer for a turn. `children` may be NULL: they are found then. False: out of memory;
   release it all the same. */
bool why_make(struct why *why, const struct swarm *swarm, const struct call_children *children,
              const struct turn *turn, int64_t local_ns);
void why_release(struct why *why);

#endif
