/* OpenCode's own database (`opencode:[DIR]`): DIR/opencode.db. */
#ifndef INGEST_OPENCODE_SOURCE_H
#define INGEST_OPENCODE_SOURCE_H

#include "ingest/source.h"

extern const struct source_ops opencode_source_ops;

#endif
