/* nats://HOST:PORT/SUBJECT: feeds on NATS. A message holds one or more whole lines. */
#ifndef INGEST_NATS_SOURCE_H
#define INGEST_NATS_SOURCE_H

#include "ingest/source.h"

extern const struct source_ops nats_source_ops;

#endif
