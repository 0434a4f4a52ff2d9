/* The members are few, so they are searched one by one. */
#include "core/base/json_join.h"

#include <stdlib.h>
#include <string.h>

int json_join_order(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len != b_len) {
        return a_len < b_len ? -1 : 1;
    }
    return a_len == 0 ? 0 : memcmp(a, b, a_len);
}

static struct json_value find_member(struct json_value object, struct json_value key)
{
    struct json_walk walk = json_walk(object);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        if (json_same_string(member.key, key)) {
            return member.value;
        }
    }
    return (struct json_value){.type = JSON_TYPE_NONE};
}

static void put_member(struct strbuf *out, struct json_value key, struct json_value value)
{
    strbuf_adds(out, out->len > 1 ? "," : "");
    strbuf_add(out, key.raw, key.len);
    strbuf_addc(out, ':');
    strbuf_add(out, value.raw, value.len);
}

static int by_key(const void *a, const void *b)
{
    const struct json_member *x = a, *y = b;
    int order = memcmp(x->key.raw, y->key.raw, x->key.len < y->key.len ? x->key.len : y->key.len);
    return order != 0 ? order : (x->key.len > y->key.len) - (x->key.len < y->key.len);
}

static size_t count_members(struct json_value object)
{
    struct json_walk walk = json_walk(object);
    struct json_member member;
    size_t count = 0;
    while (json_next_member(&walk, &member)) {
        count++;
    }
    return count;
}

bool json_join(const struct mem *mem, struct json_value a, struct json_value b, struct strbuf *out)
{
    size_t most = count_members(a) + count_members(b), count = 0;
    struct json_member *members = mem_alloc(mem, (most + 1) * sizeof *members);
    if (members == NULL) {
        return false;
    }
    struct json_value sides[2] = {a, b};
    for (size_t side = 0; side < 2; side++) {
        struct json_walk walk = json_walk(sides[side]);
        struct json_member member;
        while (json_next_member(&walk, &member)) {
            size_t at = 0;
            while (at < count && !json_same_string(members[at].key, member.key)) {
                at++;
            }
            if (at == count) {
                members[count++] = member;
                continue;
            }
            if (json_join_order(member.key.raw, member.key.len, members[at].key.raw,
                                members[at].key.len) < 0) {
                members[at].key = member.key;
            }
            if (json_join_order(member.value.raw, member.value.len, members[at].value.raw,
                                members[at].value.len) > 0) {
                members[at].value = member.value;
            }
        }
    }
    qsort(members, count, sizeof *members, by_key);
    strbuf_addc(out, '{');
    for (size_t i = 0; i < count; i++) {
        put_member(out, members[i].key, members[i].value);
    }
    strbuf_addc(out, '}');
    mem_free(mem, members, (most + 1) * sizeof *members);
    return !out->failed;
}

void json_add_missing(struct json_value a, struct json_value b, struct strbuf *out)
{
    struct json_walk walk = json_walk(a);
    struct json_member member;
    strbuf_addc(out, '{');
    while (json_next_member(&walk, &member)) {
        put_member(out, member.key, member.value);
    }
    walk = json_walk(b);
    while (json_next_member(&walk, &member)) {
        if (find_member(a, member.key).type == JSON_TYPE_NONE) {
            put_member(out, member.key, member.value);
        }
    }
    strbuf_addc(out, '}');
}
