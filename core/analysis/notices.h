/* Notices: what a person wants to know at once. An agent starts to wait for a person, fails,
   stalls, repeats a call that fails, or finishes its work.

   A notice is about a change while the program runs, not about a state of before, or of a file that
   is read now. A condition must hold for a moment, so one that flickers is
   no notice, and one of a kind and an agent follows another only after an interval.

   Sub-agents do not finish: their result goes to the agent that called them. The work of a look is
   proportional to the agents. The memory is bounded by twice their number. */
#ifndef CORE_NOTICES_H
#define CORE_NOTICES_H

#include "core/analysis/stalled.h"

enum notice_kind { NOTICE_WAIT, NOTICE_ERROR, NOTICE_STALLED, NOTICE_LOOP, NOTICE_DONE, NOTICES };

struct notice {
    enum notice_kind kind;
    agent_no agent;
    bool perhaps; /* NOTICE_WAIT: no source shows whether a person is asked */
};

struct notices;

/* Returns new; NULL: out of memory. `started_ns` is the local clock now. */
struct notices *notices_new(const struct mem *mem, int64_t started_ns);
void notices_free(struct notices *notices);

/* One look at the model. */
struct notices_look {
    const struct swarm *swarm;
    const struct stalled *stalled; /* NULL: as in the look before; the first look needs it */
    int64_t local_ns;              /* never less than in the look before */
    bool reads;                    /* files are being read: all that is new was already so */
};
/* Compares the model with the look before. Returns false if out of memory; then agents may be
   missing in this look. */
bool notices_look(struct notices *notices, const struct notices_look *look);
/* Sets *out to the next notice of the last look, with a number of an agent of that model. Returns
   false at their end. */
bool notices_next(struct notices *notices, struct notice *out);
/* Returns whether a look without a change of the model may yield a notice soon. */
bool notices_pending(const struct notices *notices);
/* Returns how many agents are remembered, for tests. */
size_t notices_known(const struct notices *notices);

#endif
