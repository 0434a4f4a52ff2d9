/* The states of agents and the spans in flight of the moment at which a display was frozen: the
   model continues. */
#ifndef TUI_FROZEN_VIEW_H
#define TUI_FROZEN_VIEW_H

#include "core/analysis/held_up.h"
#include "core/analysis/stalled.h"

struct frame;
struct frozen_view;

/* Copies them from the frame, whose model is borrowed. Returns new; NULL if out of memory. */
struct frozen_view *frozen_view_new(const struct frame *frame);
/* `frozen` may be NULL. */
void frozen_view_free(struct frozen_view *frozen);
/* Sets *out to the agent's state then. Returns false if it had no row yet. */
bool frozen_view_status(const struct frozen_view *frozen, const struct swarm *swarm, agent_no agent,
                        struct agent_status *out);
/* Returns the present time of the session then; `unless` for a session that came later. */
int64_t frozen_view_now(const struct frozen_view *frozen, session_no session, int64_t unless);
/* Returns that moment for the queries; borrowed. */
const struct past *frozen_view_past(const struct frozen_view *frozen);
/* Returns the spans that were in flight then, in the order of the display; some may have gone. */
const span_no *frozen_view_inflight(const struct frozen_view *frozen, size_t *count);
/* Returns whether that call in flight had stalled then. */
bool frozen_view_stalled(const struct frozen_view *frozen, span_no call);
/* Copies what held agents up then, and what had stalled. False: out of memory; release them in any
   case. */
bool frozen_view_waits(const struct frozen_view *frozen, const struct mem *mem,
                       struct held_up *held, struct stalled *stalled);

#endif
