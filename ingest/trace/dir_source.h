/* A directory as a source: each trace in it is added as a source of its own. */
#ifndef INGEST_DIR_SOURCE_H
#define INGEST_DIR_SOURCE_H

#include "ingest/source.h"

extern const struct source_ops dir_source_ops;

#endif
