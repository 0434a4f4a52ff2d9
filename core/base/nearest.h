/* The name in a list that is nearest to a mistyped one, for messages. */
#ifndef CORE_NEAREST_H
#define CORE_NEAREST_H

#include <stddef.h>

/* Offer the names, then read the nearest. */
struct nearest {
    const char *typed; /* borrowed, with len */
    size_t len;
    const char *name; /* the best so far, borrowed; NULL: none is near */
    size_t edits;
};

/* Begins for a typed name; the case of ASCII letters does not count. */
void nearest_init(struct nearest *nearest, const char *typed, size_t len);
/* Offers a name. It is near if it needs at most an edit for each three letters typed, or one. An
   edit inserts, drops or replaces a letter, or swaps two. The first of equals stays. */
void nearest_offer(struct nearest *nearest, const char *name);

#endif
