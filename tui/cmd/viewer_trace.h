/* The trace that `open` and the key O serve, and the text that they show. */
#ifndef TUI_VIEWER_TRACE_H
#define TUI_VIEWER_TRACE_H

#include "core/export/document.h"
#include "tui/cmd/options.h"

struct serve_once;

/* Writes the swarm in Perfetto's format to a file that has no name any more: it goes with its
   descriptor. Returns that; -1: *error has the reason. */
int viewer_trace_write(const struct swarm *swarm, const struct document_options *options,
                       const struct environment *env, struct strbuf *error);
/* Returns the port to serve at: that of --port, else the one that ui.perfetto.dev reads. */
unsigned viewer_trace_port(const struct options *options);
/* Appends the link for the user's browser and, under $SSH_CONNECTION, the line that forwards the
   port from the machine of that browser; else nothing to *forward. */
void viewer_trace_link(const struct serve_once *serve, const struct environment *env,
                       struct strbuf *link, struct strbuf *forward);

#endif
