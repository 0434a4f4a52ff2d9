/* All libraries of this room, for `swarmtop doctor`. */
#ifndef INGEST_LIBRARY_LIBRARIES_H
#define INGEST_LIBRARY_LIBRARIES_H

#include "ingest/library/library.h"

/* Ends with NULL. One that is not in this build counts as loaded. */
extern const struct library *const libraries[];

#endif
