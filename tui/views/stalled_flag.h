/* The flag of a stalled call, or of an agent in a loop: `⚑ stalled`, `⚑ loop`. */
#ifndef TUI_STALLED_FLAG_H
#define TUI_STALLED_FLAG_H

#include "tui/views/frame.h"

struct stalled_flag {
    const char *word; /* NULL: no flag */
    int64_t since_ns; /* when the call began; of a loop, since when the state lasts */
    span_no span;     /* the call, or the last one of the loop */
};

/* Returns the flag that is shown in place of the agent's state. An agent that waits for a person
   shows that. */
struct stalled_flag stalled_flag_of(const struct frame *frame, agent_no agent,
                                    const struct agent_status *status);
/* Returns whether the call has stalled; of a frozen display, whether it had then. */
bool stalled_flag_call(const struct frame *frame, span_no call);

#endif
