/* Codex's own files (`codex:[DIR]`): rollouts of threads in DIR/sessions and DIR/archived_sessions,
   names of sessions in DIR/session_index.jsonl, and DIR/thread-writer-locks, which show the threads
   whose process lives. */
#ifndef INGEST_CODEX_SOURCE_H
#define INGEST_CODEX_SOURCE_H

#include "ingest/source.h"

extern const struct source_ops codex_source_ops;

#endif
