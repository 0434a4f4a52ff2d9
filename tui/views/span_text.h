/* Short texts for a span: its most informative argument, the agent it calls, its model. Texts are
   WTF-8 from outside: pass them to area_put, never to the terminal. */
#ifndef TUI_SPAN_TEXT_H
#define TUI_SPAN_TEXT_H

#include "core/model/swarm.h"

#define SPAN_TEXT_BYTES 200 /* length of an argument; longer ones are cut as mask_cut does */

/* Sets out to the decoded text of an argument. Returns false if it is missing or not a string. */
bool span_text_arg(const struct swarm *swarm, const struct span *span, const char *key,
                   struct strbuf *out);
/* Sets out to a tool's command, path, pattern, url, query or description, or to a request's model;
   empty if it has none. */
void span_text_about(const struct swarm *swarm, const struct span *span, struct strbuf *out);
/* Sets out to `Agent → Explore find callers`: the name or the type of the agent that a call starts,
   and its task, by the call's arguments, else those of the agent. Returns false if neither is
   known. */
bool span_text_call(const struct swarm *swarm, const struct span *span, const char *arrow,
                    struct strbuf *out);
/* Sets out to the label of its bar: Bash; Agent → Explore; the reason a person is asked. `arrow`:
   how the arrow is drawn. */
void span_text_name(const struct swarm *swarm, const struct span *span, const char *arrow,
                    struct strbuf *out);

#endif
