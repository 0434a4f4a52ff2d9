/* Which agents and spans a person means, written as words that must all hold (UX.md, "Keys"):

       Explore make            somewhere in the agent's name or description, in the span's name or in its arguments
       agent:NAME session:TEXT state:user          of the agent
       kind:tool name:Bash model:opus dur>5s error:yes evicted:yes open:yes incomplete:yes      of the span
       args.key=text args.key:part args.key>10     of its arguments; keys of objects in objects with more dots
       -word                   must not hold
       "two words"             quotes keep blanks

   `:` asks whether the text is in there, `=` whether it is all of it; upper and lower case are the same (of ASCII). */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H

#include "core/query/query.h"

struct filter;

/* Returns new; NULL: *error says what is wrong with the text. A filter of no words lets all through. */
struct filter *filter_new(const struct mem *mem, const char *text, size_t len,
                          struct strbuf *error);
/* `filter` may be NULL. */
void filter_free(struct filter *filter);
/* Whether the word is the beginning of one that would ask a field: it is not typed to its end, perhaps. */
bool filter_is_beginning(const char *word, size_t len);
/* Whether it has no words; NULL has none. */
bool filter_is_empty(const struct filter *filter);
/* Whether some word is about spans alone, so that no agent matches by itself. */
bool filter_is_of_spans(const struct filter *filter);
/* Whether all words hold of the agent itself. */
bool filter_matches_agent(const struct filter *filter, const struct swarm *swarm, agent_no agent,
                          int64_t local_ns);
/* Whether all words hold of the span. */
bool filter_matches_span(const struct filter *filter, const struct swarm *swarm, span_no span,
                         int64_t local_ns);

/* The same for many spans of one agent. False: no span of his matches. *left: the words, a bit each, that are still to be asked of each span; what these
   say of a span that has ended is said for ever. */
bool filter_ask_agent(const struct filter *filter, const struct swarm *swarm, agent_no agent,
                      int64_t local_ns, uint64_t *left);
bool filter_ask_span(const struct filter *filter, uint64_t left, const struct swarm *swarm,
                     span_no span, int64_t local_ns);

/* Whether the plain words hold of a text, for lists of lines; other words are passed over. */
bool filter_matches_text(const struct filter *filter, const char *text, size_t len);

#endif
