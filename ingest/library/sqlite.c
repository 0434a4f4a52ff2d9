#define LIBRARY_TABLE
#include "ingest/library/sqlite.h"

#include <sonames.h>

#ifndef HAVE_SQLITE
const struct library sqlite_library = {.soname = NULL}; /* not in this build */
#elif defined SONAME_SQLITE3
LIBRARY_LOADED(sqlite, SQLITE_FUNCTIONS, SONAME_SQLITE3);
#else
LIBRARY_LINKED(sqlite, SQLITE_FUNCTIONS);
#endif
