/* Args as the seed merges them: JavaScript's object spread over raw JSON objects. */
#ifndef CORE_JSON_ARGS_H
#define CORE_JSON_ARGS_H

#include "core/base/json_text.h"

/* One member to set: a key (plain, no escapes needed) and its raw value; `raw` NULL: undefined, which takes the key away. */
struct json_arg {
    const char *key;
    const char *raw;
    size_t len;
};

/* Appends {...base, ...set}: members of `base` (a raw, checked object, or NULL for {}) stay where they are with the values that `set` gives
   them, the other members of `set` follow. */
void json_merge_args(struct strbuf *out, const char *base, size_t base_len,
                     const struct json_arg *set, size_t count);

#endif
