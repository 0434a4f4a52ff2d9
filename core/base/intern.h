/* Text kept once, named by a small number: two texts are equal when their ids are. Ids are dense,
   in order of first appearance, and live as long as the table. Texts are bytes with a length
   (WTF-8, utf8.h): NUL may be inside. */
#ifndef CORE_INTERN_H
#define CORE_INTERN_H

#include "core/base/mem.h"

#include <stdint.h>

typedef uint32_t intern_id;
#define INTERN_NONE \
    0u /* no text; intern_text gives "" and 0 for it. The empty text has an id of its own */
#define INTERN_FAILED UINT32_MAX /* out of memory, or the table is full */

struct intern;

/* Returns new; NULL: out of memory. */
struct intern *intern_new(const struct mem *mem);
void intern_free(struct intern *in);
/* The id of the text, which is copied (NUL-terminated) when it is new. */
intern_id intern_put(struct intern *in, const char *text, size_t len);
/* The id of the text, INTERN_NONE when it was never put. */
intern_id intern_find(const struct intern *in, const char *text, size_t len);
/* Borrowed until intern_free, NUL-terminated. `len` may be NULL. */
const char *intern_text(const struct intern *in, intern_id id, size_t *len);
size_t intern_count(const struct intern *in);

#endif
