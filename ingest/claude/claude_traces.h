/* The traces that a client left below Claude Code's directory (traces/trace-SESSION.json), as a
   source: those of the last --since that show something that its other files do not. A trace
   whose session's transcript appears later is taken back. */
#ifndef INGEST_CLAUDE_TRACES_H
#define INGEST_CLAUDE_TRACES_H

#include "ingest/source.h"

extern const struct source_ops claude_traces_ops;

#endif
