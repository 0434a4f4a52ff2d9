/* Gemini CLI's own files (`gemini:[DIR]`): DIR/tmp/PROJECT/chats/session-TIME-ID.jsonl, and those
   of a session's sub-agents, DIR/tmp/PROJECT/chats/SESSION/AGENT.jsonl. */
#ifndef INGEST_GEMINI_SOURCE_H
#define INGEST_GEMINI_SOURCE_H

#include "ingest/source.h"

extern const struct source_ops gemini_source_ops;

#endif
