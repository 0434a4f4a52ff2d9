/* The model as it was at an earlier moment (`dump --at`): what had come by then, appended to
   another swarm. */
#ifndef TUI_REPLAY_H
#define TUI_REPLAY_H

#include "core/model/swarm.h"

#include <stdint.h>

/* Appends to the empty swarm `to` the sessions of `from` with the events that are not later than
   `at_ns`, the agents that were known then, and sets the sessions' clocks to it. Spans that had not
   ended are open. False: out of memory. */
bool replay_until(const struct swarm *from, struct swarm *to, int64_t at_ns);

struct replay;

/* The same little by little. Opens the sessions of `from` in the empty swarm `to`; both are borrowed, and `from` does not change meanwhile. Returns new;
   NULL: out of memory. */
struct replay *replay_new(const struct swarm *from, struct swarm *to);
void replay_free(struct replay *replay);
/* Appends what came up to `at_ns`, which is not before the last one, and sets the clocks to it. False: out of memory. */
bool replay_advance(struct replay *replay, int64_t at_ns);
/* Events so far. */
uint64_t replay_events(const struct replay *replay);

#endif
