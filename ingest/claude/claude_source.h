/* claude:[DIR] as a source: the transcripts and the registry of Claude Code. */
#ifndef INGEST_CLAUDE_SOURCE_H
#define INGEST_CLAUDE_SOURCE_H

#include "ingest/source.h"

extern const struct source_ops claude_source_ops;

#endif
