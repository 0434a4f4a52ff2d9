/* gzip, unpacked as it comes. Members may follow one another (RFC 1952, 2.2). */
#ifndef INGEST_GUNZIP_H
#define INGEST_GUNZIP_H

#include "core/base/mem.h"

#include <stddef.h>

struct gunzip;

/* Takes unpacked bytes; false: no more of them, please. */
typedef bool gunzip_sink(void *ctx, const char *bytes, size_t len);

/* Returns new; NULL: out of memory. */
struct gunzip *gunzip_new(const struct mem *mem, gunzip_sink *sink, void *ctx);
void gunzip_free(struct gunzip *gunzip);
/* NULL: good. Else what is wrong, static; what came before it has been given out. */
const char *gunzip_push(struct gunzip *gunzip, const char *bytes, size_t len);
/* NULL: the stream is whole. */
const char *gunzip_finish(const struct gunzip *gunzip);
/* Whether a text that begins so is gzip. */
bool gunzip_is(const char *bytes, size_t len);

#endif
