/* Merges args as the seed does: JavaScript's object spread over raw JSON objects. */
#ifndef CORE_JSON_ARGS_H
#define CORE_JSON_ARGS_H

#include "core/base/json_text.h"

/* A member to set: a key (plain, no escapes needed) and its raw value. `raw` NULL is undefined,
   which removes the key. */
struct json_arg {
    const char *key;
    const char *raw;
    size_t len;
};

/* Appends {...base, ...set}. Members of `base` (a raw, checked object, or NULL for {}) keep their
   positions and take the values in `set`. The other members of `set` follow. */
void json_merge_args(struct strbuf *out, const char *base, size_t base_len,
                     const struct json_arg *set, size_t count);

#endif
