/* The user's price table: --prices FILE.

       {"models": {"claude-opus-5": {"input": 5, "output": 25, "cache_read": 0.5,
                                     "cache_creation": 6.25}}}

   in US dollars for a million tokens. A name that ends with `*` stands for all that begin so.
   Without prices for the cache, cached tokens cost as `input`. Other members are ignored, so a
   file may have notes. */
#ifndef TUI_PRICE_FILE_H
#define TUI_PRICE_FILE_H

#include "core/base/strbuf.h"
#include "core/model/prices.h"

struct price_file;

/* Returns new: the table of the file. NULL: it cannot be read, with `path: what: detail` in
   *error. */
struct price_file *price_file_read(const char *path, struct strbuf *error);
void price_file_free(struct price_file *file);
/* Returns the prices, borrowed from the file. NULL: `file` is NULL. */
const struct prices *price_file_prices(const struct price_file *file);

#endif
