/* Rebuilds the model as it was at an earlier moment (`dump --at`): appends the events up to then to
   another swarm. */
#ifndef TUI_REPLAY_H
#define TUI_REPLAY_H

#include "core/model/swarm.h"

#include <stdint.h>

/* Appends the sessions of `from` to the empty swarm `to`: the events up to `at_ns` and the agents
   known then. It sets the sessions' clocks to `at_ns`; spans that had not ended are open. Returns
   false if out of memory. */
bool replay_until(const struct swarm *from, struct swarm *to, int64_t at_ns);

struct replay;

/* Prepares a gradual replay: opens the sessions of `from` in the empty swarm `to`. Both are
   borrowed; `from` must not change meanwhile. Returns new; NULL if out of memory. */
struct replay *replay_new(const struct swarm *from, struct swarm *to);
void replay_free(struct replay *replay);
/* Appends the events up to `at_ns`, which must not decrease, and sets the clocks. Returns false if
   out of memory. */
bool replay_advance(struct replay *replay, int64_t at_ns);
/* Returns the number of events appended so far. */
uint64_t replay_events(const struct replay *replay);

#endif
