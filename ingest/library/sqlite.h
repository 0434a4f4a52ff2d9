/* The functions of SQLite that swarmtop calls (library.h). */
#ifndef INGEST_LIBRARY_SQLITE_H
#define INGEST_LIBRARY_SQLITE_H

#include "ingest/library/library.h"

#ifdef HAVE_SQLITE
#include <sqlite3.h>

#define SQLITE_FUNCTIONS(F)  \
    F(sqlite3_bind_int64)    \
    F(sqlite3_bind_text)     \
    F(sqlite3_busy_timeout)  \
    F(sqlite3_close)         \
    F(sqlite3_column_bytes)  \
    F(sqlite3_column_double) \
    F(sqlite3_column_int64)  \
    F(sqlite3_column_text)   \
    F(sqlite3_column_type)   \
    F(sqlite3_errcode)       \
    F(sqlite3_errmsg)        \
    F(sqlite3_exec)          \
    F(sqlite3_finalize)      \
    F(sqlite3_open_v2)       \
    F(sqlite3_prepare_v2)    \
    F(sqlite3_step)

struct sqlite_functions {
    SQLITE_FUNCTIONS(LIBRARY_MEMBER)
};
extern struct sqlite_functions sqlite_functions;

#ifndef LIBRARY_TABLE /* the file that has the table needs the functions themselves */
#define sqlite3_bind_int64    sqlite_functions.sqlite3_bind_int64
#define sqlite3_bind_text     sqlite_functions.sqlite3_bind_text
#define sqlite3_busy_timeout  sqlite_functions.sqlite3_busy_timeout
#define sqlite3_close         sqlite_functions.sqlite3_close
#define sqlite3_column_bytes  sqlite_functions.sqlite3_column_bytes
#define sqlite3_column_double sqlite_functions.sqlite3_column_double
#define sqlite3_column_int64  sqlite_functions.sqlite3_column_int64
#define sqlite3_column_text   sqlite_functions.sqlite3_column_text
#define sqlite3_column_type   sqlite_functions.sqlite3_column_type
#define sqlite3_errcode       sqlite_functions.sqlite3_errcode
#define sqlite3_errmsg        sqlite_functions.sqlite3_errmsg
#define sqlite3_exec          sqlite_functions.sqlite3_exec
#define sqlite3_finalize      sqlite_functions.sqlite3_finalize
#define sqlite3_open_v2       sqlite_functions.sqlite3_open_v2
#define sqlite3_prepare_v2    sqlite_functions.sqlite3_prepare_v2
#define sqlite3_step          sqlite_functions.sqlite3_step
#endif
#endif

extern const struct library sqlite_library;

#endif
