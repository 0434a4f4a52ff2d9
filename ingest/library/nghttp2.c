#define LIBRARY_TABLE
#include "ingest/library/nghttp2.h"

#include <sonames.h>

#ifndef HAVE_NGHTTP2
const struct library nghttp2_library = {.soname = NULL}; /* not in this build */
#elif defined SONAME_NGHTTP2
LIBRARY_LOADED(nghttp2, NGHTTP2_FUNCTIONS, SONAME_NGHTTP2);
#else
LIBRARY_LINKED(nghttp2, NGHTTP2_FUNCTIONS);
#endif
