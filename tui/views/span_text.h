/* What a span says of itself in few words: the one argument that tells it from its like, whom it calls, which model. Texts are WTF-8 from
   outside: for area_put, never for the terminal. */
#ifndef TUI_SPAN_TEXT_H
#define TUI_SPAN_TEXT_H

#include "core/model/swarm.h"

#define SPAN_TEXT_BYTES 200 /* of an argument; the rest is cut at a character */

/* Sets out to the decoded text of that argument: false where there is none, or it is no string. */
bool span_text_arg(const struct swarm *swarm, const struct span *span, const char *key,
                   struct strbuf *out);
/* Sets out to the command, path, pattern, url, query or description that a tool was called with; to the model of a request. Empty:
   none. */
void span_text_about(const struct swarm *swarm, const struct span *span, struct strbuf *out);
/* Sets out to what is written in its bar: Bash; Agent → Explore; what a person is waited for. `arrow`: how that is drawn. */
void span_text_name(const struct swarm *swarm, const struct span *span, const char *arrow,
                    struct strbuf *out);

#endif
