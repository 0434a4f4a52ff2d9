/* The correlator: joins what several sources know of one call, session or agent into one record,
   field by field (update.h), and has the model show it. In whatever order updates come, and
   however often one is repeated, the model is the same in the end.

   - A session opens with the first time that is known of it and begins at the earliest. Its ends
   are a set: it is over while none of what began in it is later than an end. - An agent is
   created on first mention, even if only as another agent's parent. - A call without a known end
   is open until the first end of its session that is no earlier than its start (then it is
   incomplete), or until the stale sweep (then it is evicted in the trace, while the screen keeps
   it in flight). A real end that comes later replaces either. - An end of precedence 0 holds
   only while nothing later is known of the call. - Once the cap has dropped a record it can no
   longer be corrected: an update of an unknown call that ended before the session's last dropped
   one is ignored.

   Functions that return false are out of memory: what was known stays, and correlator_flush
   tries again. */
#ifndef CORE_CORRELATE_CORRELATOR_H
#define CORE_CORRELATE_CORRELATOR_H

#include "core/tracer/tracer.h"

struct correlator;

/* Returns new; NULL: out of memory. Both are borrowed. */
struct correlator *correlator_new(struct swarm *swarm, struct tracer *tracer);
void correlator_free(struct correlator *correlator);
/* Takes one update. An update without a session, or of a call without an id, changes nothing. */
bool correlator_update(struct correlator *correlator, const struct update *update);
/* After a batch of updates: the model shows them. */
bool correlator_flush(struct correlator *correlator);
/* The session of that id or alias in the model; NO_SESSION: none, or no time is known of it. */
session_no correlator_session(const struct correlator *correlator, struct slice session_id);

/* Whether a source of that precedence has reported something of the session. */
bool correlator_has_source(const struct correlator *correlator, struct slice session_id,
                           enum precedence precedence);

/* The operation end_session: all that is open in the session, of operations and of updates, ends
   then, incomplete. Whatever begins later opens the session again. */
enum tracer_result correlator_end_session(struct correlator *correlator,
                                          const struct op_context *context);
/* Ends every session in which something is open, at the time that it has now by the local clock
   (INT64_MIN: at its own clock). The program calls it at its end. `ended` is called for each (NULL:
   no function), as a recorded feed has to end it too. */
bool correlator_close(struct correlator *correlator, int64_t local_ns,
                      void (*ended)(void *ctx, session_no session, double t_ms), void *ctx);

#endif
