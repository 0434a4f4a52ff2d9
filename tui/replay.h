/* The model as it was at an earlier moment (`dump --at`): what had come by then, appended to
   another swarm. */
#ifndef TUI_REPLAY_H
#define TUI_REPLAY_H

#include "core/swarm.h"

/* Appends to the empty swarm `to` the sessions of `from` with the events that are not later than
   `at_ns`, the agents that were known then, and sets the sessions' clocks to it. Spans that had not
   ended are open. False: out of memory. */
bool replay_until(const struct swarm *from, struct swarm *to, int64_t at_ns);

#endif
