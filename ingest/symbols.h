/* Texts to numbers, from 1, in order of appearance: an intern table with a small memory in front of it for the few texts that come all the time. */
#ifndef INGEST_SYMBOLS_H
#define INGEST_SYMBOLS_H

#include "core/event.h"

struct symbols;

/* Returns new; NULL: out of memory. */
struct symbols *symbols_new(const struct mem *mem);
void symbols_free(struct symbols *symbols);
/* The number of the text; *is_new tells whether it never came before. 0: out of memory. */
uint32_t symbols_put(struct symbols *symbols, struct slice text, bool *is_new);

#endif
