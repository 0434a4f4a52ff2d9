/* Nothing is parsed into a tree: members are copied as bytes, in one pass over the base for each
   merge. */
#include "core/base/json_args.h"

#include "core/base/json_read.h"

#include <string.h>

static void add_raw(struct strbuf *out, const char *key, size_t key_len, const char *raw,
                    size_t len)
{
    if (out->len > 0 && out->data[out->len - 1] != '{') {
        strbuf_addc(out, ',');
    }
    strbuf_add(out, key, key_len);
    strbuf_addc(out, ':');
    strbuf_add(out, raw, len);
}

static const struct json_arg *find(const struct json_arg *set, size_t count, struct json_value key)
{
    for (size_t i = 0; i < count; i++) {
        if (json_string_is(key, set[i].key)) {
            return &set[i];
        }
    }
    return NULL;
}

static void add_arg(struct strbuf *out, const struct json_arg *arg)
{
    char quoted[64];
    size_t len = strlen(arg->key);
    if (arg->raw == NULL || len + 2 > sizeof quoted) {
        return;
    }
    quoted[0] = quoted[len + 1] = '"';
    memcpy(quoted + 1, arg->key, len);
    add_raw(out, quoted, len + 2, arg->raw, arg->len);
}

void json_merge_args(struct strbuf *out, const char *base, size_t base_len,
                     const struct json_arg *set, size_t count)
{
    uint64_t written = 0; /* members of `set` written so far, by bit */
    strbuf_addc(out, '{');
    enum json_type type = base == NULL ? JSON_TYPE_NONE : JSON_TYPE_OBJECT;
    struct json_walk walk = json_walk((struct json_value){type, base, base_len});
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        const struct json_arg *arg = find(set, count, member.key);
        if (arg == NULL) {
            add_raw(out, member.key.raw, member.key.len, member.value.raw, member.value.len);
            continue;
        }
        uint64_t bit = (uint64_t)1 << (arg - set);
        if ((written & bit) == 0) {
            add_arg(out, arg);
            written |= bit;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if ((written >> i & 1) == 0) {
            add_arg(out, &set[i]);
        }
    }
    strbuf_addc(out, '}');
}
