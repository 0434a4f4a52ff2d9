/* Stores each text once and names it by a small number: two texts are equal if their ids are. Ids
   are dense, in order of first appearance, and live as long as the table or until intern_keep.
   Texts are bytes with a length (WTF-8, utf8.h); they may contain NUL. */
#ifndef CORE_INTERN_H
#define CORE_INTERN_H

#include "core/base/mem.h"

#include <stdint.h>

typedef uint32_t intern_id;
#define INTERN_NONE \
    0u /* no text; intern_text returns "" and 0 for it. The empty text has its own id */
#define INTERN_FAILED UINT32_MAX /* out of memory, or the table is full */

struct intern;

/* Returns a new table; NULL if out of memory. */
struct intern *intern_new(const struct mem *mem);
void intern_free(struct intern *in);
/* Returns the id of a text; copies the text, NUL-terminated, if it is new. */
intern_id intern_put(struct intern *in, const char *text, size_t len);
/* Returns the id of a text; INTERN_NONE if the table does not have it. */
intern_id intern_find(const struct intern *in, const char *text, size_t len);
/* Returns the text, NUL-terminated; borrowed until intern_free, or until it is not kept: its bytes
   are then another text, or an empty one. `len` may be NULL. */
const char *intern_text(const struct intern *in, intern_id id, size_t *len);
/* Returns the greatest id. */
size_t intern_count(const struct intern *in);
/* Returns how many texts the table has. */
size_t intern_live(const struct intern *in);
/* Removes each text whose id is false in `used` (intern_count + 1 of them). Their ids and their
   memory are used again. Returns false and changes nothing if out of memory. */
bool intern_keep(struct intern *in, const bool *used);

#endif
