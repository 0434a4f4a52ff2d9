/* Decompresses zstd, where the build has its library. Memory is libzstd's own: 128 MiB at most, for
   the window that the data ask for. */
#ifndef INGEST_UNZSTD_H
#define INGEST_UNZSTD_H

#include "core/trace/event.h"

#ifdef HAVE_ZSTD
enum { ZSTD_BUILT = true };
#else
enum { ZSTD_BUILT = false };
#endif

struct unzstd;

/* Returns new; NULL if out of memory, or if the build has no zstd. */
struct unzstd *unzstd_new(void);
void unzstd_free(struct unzstd *unzstd);
/* Decompresses from *in, which shrinks, into `size` bytes at `out`. Returns how many these are; 0:
   *in is used up, or *error is set (static). */
size_t unzstd_some(struct unzstd *unzstd, struct slice *in, char *out, size_t size,
                   const char **error);
/* Returns whether the data may end here: a frame is complete, and no other has begun. */
bool unzstd_may_end(const struct unzstd *unzstd);

#endif
