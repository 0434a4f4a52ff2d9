/* Stdin and named pipes as sources: a document or a feed, read as it comes. */
#ifndef INGEST_STDIN_SOURCE_H
#define INGEST_STDIN_SOURCE_H

#include "ingest/source.h"

extern const struct source_ops stream_source_ops;

#endif
