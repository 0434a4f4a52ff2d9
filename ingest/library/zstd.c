#define LIBRARY_TABLE
#include "ingest/library/zstd.h"

#include <sonames.h>

#ifndef HAVE_ZSTD
const struct library zstd_library = {.soname = NULL}; /* not in this build */
#elif defined SONAME_ZSTD
LIBRARY_LOADED(zstd, ZSTD_FUNCTIONS, SONAME_ZSTD);
#else
LIBRARY_LINKED(zstd, ZSTD_FUNCTIONS);
#endif
