/* The user's prices of models, from which costs are estimated where no source states them. */
#ifndef CORE_PRICES_H
#define CORE_PRICES_H

#include "core/trace/event.h"

struct price {
    const char *model; /* borrowed: `claude-opus-5`, also of `claude-opus-5-20260101` */
    /* US dollars for a million tokens. */
    double input, output, cache_read, cache_creation;
};

/* All borrowed. */
struct prices {
    const struct price *rows;
    size_t count;
};

/* The tokens of a request. NAN: not reported. `prompt` includes those from and for the cache. */
struct priced_tokens {
    double prompt, output, cache_read, cache_creation;
};

/* Returns the price of a model: the longest row whose name it has, up to a version or a date, or a
   row `gpt-5*`, which stands for all names that begin so. A provider before a slash or a point may
   be missing in the row. NULL: unknown. */
const struct price *prices_find(const struct prices *prices, struct slice model);
/* Returns the cost in whole billionths of a dollar; NAN: no tokens are known. */
double prices_cost(const struct price *price, const struct priced_tokens *tokens);

#endif
