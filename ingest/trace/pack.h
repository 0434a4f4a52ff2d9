/* Compresses bytes to gzip, piece by piece: unpack's opposite. */
#ifndef INGEST_PACK_H
#define INGEST_PACK_H

#include "core/base/mem.h"

#include <stdbool.h>

/* So many bytes of the beginning show the mark. */
enum { PACK_MARK_BYTES = 19 };

struct pack;

/* Takes the next bytes. Returns false if it takes no more. */
typedef bool pack_sink(void *ctx, const char *bytes, size_t len);

/* `sink` gets the compressed bytes; `mem` and `ctx` are borrowed. The same bytes give the same
   data: no time and no name are in them, but the mark of this program. Returns new; NULL if out of
   memory. */
struct pack *pack_new(const struct mem *mem, pack_sink *sink, void *ctx);
void pack_free(struct pack *pack);
/* Returns false if the sink takes no more. */
bool pack_write(struct pack *pack, const char *bytes, size_t len);
/* Ends the data. Returns false if the sink did not take all. */
bool pack_finish(struct pack *pack);

/* Returns whether a file of that name is written compressed: its name ends in .gz. */
bool pack_is_wanted(const char *path);
/* Returns whether packed data that begin with these bytes have the mark of this program. */
bool pack_is_marked(const char *bytes, size_t len);

#endif
