/* The trace that `open` and the key O serve, and the text that they show. */
#ifndef TUI_VIEWER_TRACE_H
#define TUI_VIEWER_TRACE_H

#include "core/export/document.h"
#include "tui/cmd/options.h"

/* Writes the swarm in Perfetto's format to a file that has no name any more: it goes with its
   descriptor. Returns that; -1: *error has the reason. */
int viewer_trace_write(const struct swarm *swarm, const struct document_options *options,
                       const struct environment *env, struct strbuf *error);
/* Appends the line that forwards the port from the machine of the user's browser; nothing without
   $SSH_CONNECTION. `port` is that of this machine. */
void viewer_trace_forward(const struct environment *env, unsigned port, struct strbuf *out);

#endif
