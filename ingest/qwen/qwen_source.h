/* Qwen Code's own files (`qwen:[DIR]`): DIR/projects/PROJECT/chats/SESSION.jsonl, and those of a
   session's sub-agents, DIR/projects/PROJECT/subagents/SESSION/agent-ID.jsonl with
   agent-ID.meta.json beside. */
#ifndef INGEST_QWEN_SOURCE_H
#define INGEST_QWEN_SOURCE_H

#include "ingest/source.h"

extern const struct source_ops qwen_source_ops;

#endif
