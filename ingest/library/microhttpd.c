#define LIBRARY_TABLE
#include "ingest/library/microhttpd.h"

#include <sonames.h>

#ifdef SONAME_MICROHTTPD
LIBRARY_LOADED(mhd, MHD_FUNCTIONS, SONAME_MICROHTTPD);
#else
LIBRARY_LINKED(mhd, MHD_FUNCTIONS);
#endif
