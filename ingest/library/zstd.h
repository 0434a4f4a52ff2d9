/* The functions of zstd that swarmtop calls (library.h). */
#ifndef INGEST_LIBRARY_ZSTD_H
#define INGEST_LIBRARY_ZSTD_H

#include "ingest/library/library.h"

#ifdef HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>

#define ZSTD_FUNCTIONS(F)     \
    F(ZSTD_DCtx_setParameter) \
    F(ZSTD_createDCtx)        \
    F(ZSTD_decompressStream)  \
    F(ZSTD_freeDCtx)          \
    F(ZSTD_getErrorCode)      \
    F(ZSTD_isError)

struct zstd_functions {
    ZSTD_FUNCTIONS(LIBRARY_MEMBER)
};
extern struct zstd_functions zstd_functions;

#ifndef LIBRARY_TABLE /* the file that has the table needs the functions themselves */
#define ZSTD_DCtx_setParameter zstd_functions.ZSTD_DCtx_setParameter
#define ZSTD_createDCtx        zstd_functions.ZSTD_createDCtx
#define ZSTD_decompressStream  zstd_functions.ZSTD_decompressStream
#define ZSTD_freeDCtx          zstd_functions.ZSTD_freeDCtx
#define ZSTD_getErrorCode      zstd_functions.ZSTD_getErrorCode
#define ZSTD_isError           zstd_functions.ZSTD_isError
#endif
#endif

extern const struct library zstd_library;

#endif
