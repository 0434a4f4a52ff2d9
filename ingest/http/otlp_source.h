/* otlp:HOST:PORT as a source. */
#ifndef INGEST_OTLP_SOURCE_H
#define INGEST_OTLP_SOURCE_H

#include "ingest/source.h"

extern const struct source_ops otlp_source_ops;
#endif
