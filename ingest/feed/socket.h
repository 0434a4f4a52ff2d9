/* Sources that listen for feeds: unix:PATH and tcp:HOST:PORT. */
#ifndef INGEST_SOCKET_H
#define INGEST_SOCKET_H

#include "ingest/source.h"

extern const struct source_ops unix_source_ops;
extern const struct source_ops tcp_source_ops;

#endif
