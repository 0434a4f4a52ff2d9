/* The context of an agent: how large its last prompt was, of which window, how fast it grows, and
   how often it was compacted.

   The window is the one that the source states (Codex, updates of the feed). Other clients state
   none: then it is the one that the client assumes for the model, as a table has it, and marked as
   assumed; it stays unknown for other models. */
#ifndef CORE_QUERY_CONTEXT_H
#define CORE_QUERY_CONTEXT_H

#include "core/query/metrics.h"

/* The growth is that of the requests among the last so many spans of each row. */
enum { CONTEXT_SPANS = 128 };

/* Sets the context's members of the agent's metrics, but for `compactions`, from the spans that the
   predicate selects (NULL: all). Returns when the request of the last prompt ended; INT64_MIN: no
   prompt is known. */
int64_t context_gather(const struct swarm *swarm, const struct span_predicate *predicate,
                       agent_no agent, struct metrics *metrics);
/* Returns the window that clients assume for a model whose prompt fits (NAN: any); NAN: unknown, or
   the prompt is larger than what they assume. */
double context_window_of(struct slice model, double prompt_tokens);
/* Returns how much of the window the last prompt fills, in percent; NAN: unknown. */
double context_full_pct(const struct metrics *metrics);

#endif
