/* The source `ssh:HOST[:SOURCE,...]`: runs swarmtop on another machine by ssh, and reads its feed.
   Tries again when the connection is lost. */
#ifndef INGEST_SSH_SOURCE_H
#define INGEST_SSH_SOURCE_H

#include "ingest/source.h"

extern const struct source_ops ssh_source_ops;

#endif
