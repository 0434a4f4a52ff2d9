#define LIBRARY_TABLE
#include "ingest/library/nats.h"

#include <sonames.h>

#ifndef HAVE_NATS
const struct library nats_library = {.soname = NULL}; /* not in this build */
#elif defined SONAME_NATS
LIBRARY_LOADED(nats, NATS_FUNCTIONS, SONAME_NATS);
#else
LIBRARY_LINKED(nats, NATS_FUNCTIONS);
#endif
