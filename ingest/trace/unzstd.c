/* Frames may follow one another. The library keeps what did not fit into the last piece, so a full
   piece is asked for more without input. It gets a block at a time, as it asks for them: an error
   would cost the blocks before it that came with the same call. */
#include "ingest/trace/unzstd.h"

#ifdef HAVE_ZSTD
#include "ingest/library/zstd.h"

#include <stdlib.h>

enum { WINDOW_LOG_MAX = 27, HEADER_BYTES = 5, BLOCK_HEADER_BYTES = 3 };

struct unzstd {
    ZSTD_DCtx *dctx;
    size_t wants;        /* so many bytes at most: its next block */
    bool full;           /* the last piece was full: more may be held back */
    bool ended;          /* no frame is open */
    const char *missing; /* why there is no library (static); NULL: there is */
};

struct unzstd *unzstd_new(void)
{
    struct unzstd *unzstd = calloc(1, sizeof *unzstd);
    if (unzstd == NULL) {
        return NULL;
    }
    unzstd->missing = library_load(&zstd_library);
    if (unzstd->missing != NULL) {
        return unzstd;
    }
    unzstd->dctx = ZSTD_createDCtx();
    if (unzstd->dctx == NULL ||
        ZSTD_isError(ZSTD_DCtx_setParameter(unzstd->dctx, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        unzstd_free(unzstd);
        return NULL;
    }
    unzstd->ended = true;
    unzstd->wants = HEADER_BYTES;
    return unzstd;
}

void unzstd_free(struct unzstd *unzstd)
{
    if (unzstd != NULL) {
        if (unzstd->missing == NULL) {
            ZSTD_freeDCtx(unzstd->dctx);
        }
        free(unzstd);
    }
}

static const char *error_of(size_t status)
{
    ZSTD_ErrorCode code = ZSTD_getErrorCode(status);
    return code == ZSTD_error_memory_allocation ? "out of memory"
           : code == ZSTD_error_frameParameter_windowTooLarge
               ? "zstd data with a window of more than 128 MiB: pack it without --long"
               : "not zstd, or damaged";
}

/* Returns the length of a block or its header: the library asks for the next header with it. */
static size_t next_piece(size_t status)
{
    return status == 0                    ? HEADER_BYTES
           : status <= BLOCK_HEADER_BYTES ? status
                                          : status - BLOCK_HEADER_BYTES;
}

size_t unzstd_some(struct unzstd *unzstd, struct slice *in, char *out, size_t size,
                   const char **error)
{
    ZSTD_outBuffer to = {out, size, 0};
    *error = unzstd->missing != NULL ? unzstd->missing : *error;
    if (unzstd->missing != NULL) {
        return 0;
    }
    while (to.pos == 0 && (in->len > 0 || unzstd->full)) {
        ZSTD_inBuffer from = {in->bytes, in->len < unzstd->wants ? in->len : unzstd->wants, 0};
        size_t status = ZSTD_decompressStream(unzstd->dctx, &to, &from);
        if (ZSTD_isError(status)) {
            *error = error_of(status);
            return to.pos;
        }
        unzstd->ended = status == 0 || (unzstd->ended && from.pos == 0);
        unzstd->wants = next_piece(status);
        unzstd->full = to.pos == size;
        in->bytes += from.pos;
        in->len -= from.pos;
    }
    return to.pos;
}

bool unzstd_may_end(const struct unzstd *unzstd)
{
    return unzstd->ended;
}

#else

struct unzstd *unzstd_new(void)
{
    return NULL;
}

void unzstd_free(struct unzstd *unzstd)
{
    (void)unzstd;
}

size_t unzstd_some(struct unzstd *unzstd, struct slice *in, char *out, size_t size,
                   const char **error)
{
    (void)unzstd, (void)in, (void)out, (void)size, (void)error;
    return 0;
}

bool unzstd_may_end(const struct unzstd *unzstd)
{
    (void)unzstd;
    return true;
}

#endif
