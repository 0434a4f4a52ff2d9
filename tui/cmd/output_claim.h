/* Keeps a second run from the file that --output names. */
#ifndef TUI_OUTPUT_CLAIM_H
#define TUI_OUTPUT_CLAIM_H

#include "tui/cmd/options.h"

struct output_claim {
    int fd;             /* of the lock; -1: none */
    struct strbuf lock; /* its path */
};

/* Claims the file of --output for this run: makes its directory, and locks the name against a
   second run. Does nothing without --output, and for stdout, pipes and devices. Returns false with
   the reason in *error if another run has it. Call output_claim_release in any case. */
bool output_claim_take(struct output_claim *claim, const struct options *options,
                       struct strbuf *error);
void output_claim_release(struct output_claim *claim);

#endif
