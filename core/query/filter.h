/* A filter: terms that must all match an agent or a span (the grammar is in swarmtop(1)).

       Explore make           a name, a description or an argument contains the text
       agent:NAME session:TEXT client:codex host:web1 state:user   the agent's fields
       kind:tool name:Bash model:opus dur>5s               the span's fields
       error:yes evicted:yes open:yes incomplete:yes
       args.key=text args.key:part args.key>10             arguments; dots reach into objects
       -term                  must not match
       "a term"               quotes keep blanks

   `:` matches a part of the text, `=` the whole text. Case is ignored for ASCII letters. */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H

#include "core/query/query.h"

struct filter;

/* Returns a new filter; NULL and *error if the text is invalid. A filter without terms matches
   everything. */
struct filter *filter_new(const struct mem *mem, const char *text, size_t len,
                          struct strbuf *error);
/* `filter` may be NULL. */
void filter_free(struct filter *filter);
/* Returns true if a token is the beginning of a field's name, and so may be incomplete. */
bool filter_is_beginning(const char *token, size_t len);
/* Returns true if the filter has no terms or is NULL. */
bool filter_is_empty(const struct filter *filter);
/* Returns the name of the first term's field that is about calls, not agents (kind, name, dur …);
   NULL: no term is. A static text. */
const char *filter_call_field(const struct filter *filter);
/* Returns true if all terms match the agent itself. */
bool filter_matches_agent(const struct filter *filter, const struct swarm *swarm, agent_no agent,
                          int64_t local_ns);
/* Returns true if all spans of the agent match, whatever they are: no term depends on a span. */
bool filter_matches_whole(const struct filter *filter, const struct swarm *swarm, agent_no agent,
                          int64_t local_ns);
/* Lets all that is asked from now on be about a moment of the past, which is borrowed; NULL: about
   now. */
void filter_set_past(struct filter *filter, const struct past *past);
/* Returns true if the result for what is in flight changes with time alone. */
bool filter_moves(const struct filter *filter);
/* Returns true if all terms match the span. */
bool filter_matches_span(const struct filter *filter, const struct swarm *swarm, span_no span,
                         int64_t local_ns);

/* Evaluate many spans of one agent. filter_ask_agent returns false if no span of the agent matches.
   It sets *left to the terms, a bit each, to evaluate for each span. Their result for an ended span
   changes only if that is corrected (swarm_corrections). */
bool filter_ask_agent(const struct filter *filter, const struct swarm *swarm, agent_no agent,
                      int64_t local_ns, uint64_t *left);
bool filter_ask_span(const struct filter *filter, uint64_t left, const struct swarm *swarm,
                     span_no span, int64_t local_ns);

/* Returns true if a line of a list matches: its text the plain terms, its agent the agent terms. No
   agent term matches a line without an agent (NO_AGENT), and no span term any line. */
bool filter_matches_line(const struct filter *filter, const struct swarm *swarm, agent_no agent,
                         int64_t local_ns, const char *text, size_t len);

#endif
