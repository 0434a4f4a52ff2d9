/* What the filter lets through, remembered span by span: a picture asks of each span on it, ten times a second. */
#ifndef TUI_CHOSEN_H
#define TUI_CHOSEN_H

#include "core/query/filter.h"

struct chosen;

/* Takes the filter over, also where it fails. Returns new; NULL: out of memory. */
struct chosen *chosen_new(const struct mem *mem, struct filter *filter);
/* `chosen` may be NULL. */
void chosen_free(struct chosen *chosen);
const struct filter *chosen_filter(const struct chosen *chosen);
/* A picture of that model and moment begins: what is open, and what agents are called and do, is asked again. */
void chosen_begin(struct chosen *chosen, const struct swarm *swarm, int64_t local_ns);
bool chosen_has_span(struct chosen *chosen, span_no span);
/* Whether the agent matches by itself, or has a span that does. */
bool chosen_has_agent(struct chosen *chosen, agent_no agent);
/* For the queries; borrowed. */
const struct span_choice *chosen_choice(const struct chosen *chosen);

#endif
