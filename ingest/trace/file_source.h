/* A file as a source, a document or lines, which may grow or be rewritten. */
#ifndef INGEST_FILE_SOURCE_H
#define INGEST_FILE_SOURCE_H

#include "ingest/source.h"

extern const struct source_ops trace_source_ops;

#endif
