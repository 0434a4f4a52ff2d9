/* Whether an agent waits for a call of its own.

   A request sends the results of the calls that its agent waited for. The agent's last request
   cannot have sent the result of a call that is still open. So an open call that began before that
   request did is in the background, and the agent does not wait for it.

   Requests beside the conversation, for a title or a summary, are left out by their source: the one
   that most of the agent's last requests have is the conversation's. A call whose record names the
   last request as its parent is never in the background, whatever the clocks of their sources. */
#ifndef CORE_ANALYSIS_BACKGROUND_H
#define CORE_ANALYSIS_BACKGROUND_H

#include "core/model/swarm.h"

/* Returns whether the call, which is open, is in the background. False for a request. The work is
   bounded: of the agent's last 64 rows the last 64 spans each are looked at. */
bool call_is_in_background(const struct swarm *swarm, const struct span *call);

#endif
