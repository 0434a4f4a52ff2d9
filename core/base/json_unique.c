/* The search is one pass that keeps the keys of all objects that are open, as they are spelled. A
   key with an escape, or too many keys, count as twins: the copy decides. The copy numbers the keys
   of an object in a table of its own, so that an object of many keys costs no more than its
   length. */
#include "core/base/json_unique.h"

#include "core/base/intern.h"
#include "core/base/json_scan.h"
#include "core/base/text_marks.h"

#include <string.h>

/* ---- the search ---- */

enum { KEYS_MAX = 96, DEPTH_MAX = 24 };

struct key {
    const char *at;
    size_t len;
};

struct search {
    struct key keys[KEYS_MAX];
    size_t count;
    size_t from[DEPTH_MAX]; /* the first key of each open object */
    size_t depth;
};

static bool has_key(const struct key *keys, size_t count, struct key key)
{
    for (size_t i = 0; i < count; i++) {
        if (keys[i].len == key.len && keys[i].at[1] == key.at[1] &&
            memcmp(keys[i].at, key.at, key.len) == 0) {
            return true;
        }
    }
    return false;
}

/* Returns whether the innermost object has the key. Adds it. */
static bool is_twin(struct search *search, struct key key)
{
    size_t from = search->from[search->depth];
    if (search->count == KEYS_MAX || has_key(search->keys + from, search->count - from, key)) {
        return true;
    }
    search->keys[search->count++] = key;
    return false;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && ascii_is_space(*at)) {
        at++;
    }
    return at;
}

/* Takes the string at `quote`, through the one at `close`. Returns whether it is a twin. */
static bool take_string(struct search *search, const char *quote, const char *close,
                        const char *end, bool escapes)
{
    const char *after = skip_space(close + 1, end);
    bool is_key = after < end && *after == ':';
    return is_key && (escapes || is_twin(search, (struct key){quote, (size_t)(close + 1 - quote)}));
}

bool json_has_twins(const char *raw, size_t len)
{
    struct search search;
    struct text_marks marks = text_marks(raw, len);
    const char *end = raw + len, *quote = NULL; /* the begin of the open string */
    const char *escaped = NULL;
    bool escapes = false;
    search.count = search.depth = search.from[0] = 0;
    for (const char *at = text_marks_next(&marks); at != NULL; at = text_marks_next(&marks)) {
        if (at == escaped) {
            continue;
        }
        if (*at == '\\') {
            escapes = true;
            escaped = at + 1;
        } else if (*at == '"' && quote == NULL) {
            quote = at;
            escapes = false;
        } else if (*at == '"') {
            if (take_string(&search, quote, at, end, escapes)) {
                return true;
            }
            quote = NULL;
        } else if (quote == NULL && *at == '{') {
            if (++search.depth == DEPTH_MAX) {
                return true;
            }
            search.from[search.depth] = search.count;
        } else if (quote == NULL && search.depth > 0) {
            search.count = search.from[search.depth--];
        }
    }
    return false;
}

/* ---- the copy ---- */

static void add_value(struct strbuf *out, struct json_value value);

/* Returns the number of the member's key, from 1; INTERN_FAILED: out of memory. */
static intern_id number_key(struct intern *keys, struct json_value key, struct strbuf *text)
{
    strbuf_clear(text);
    json_get_string(key, text);
    return text->failed ? INTERN_FAILED
                        : intern_put(keys, text->data != NULL ? text->data : "", text->len);
}

/* Counts the members of each key: `left` grows as needed. */
static bool count_members(struct json_walk walk, struct intern *keys, struct strbuf *text,
                          uint32_t **left, size_t *cap)
{
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        intern_id key = number_key(keys, member.key, text);
        size_t before = *cap;
        if (key == INTERN_FAILED ||
            !mem_reserve(text->mem, left, cap, (size_t)key + 1, sizeof **left)) {
            return false;
        }
        memset(*left + before, 0, (*cap - before) * sizeof **left);
        (*left)[key]++;
    }
    return true;
}

static void add_members(struct strbuf *out, struct json_walk walk)
{
    struct intern *keys = intern_new(out->mem);
    struct strbuf text;
    uint32_t *left = NULL;
    size_t cap = 0;
    const char *separator = "";
    struct json_member member;
    strbuf_init(&text, out->mem, 0);
    bool good = keys != NULL && count_members(walk, keys, &text, &left, &cap);
    while (good && json_next_member(&walk, &member)) {
        intern_id key = number_key(keys, member.key, &text);
        good = key != INTERN_FAILED;
        if (!good || --left[key] > 0) {
            continue;
        }
        strbuf_adds(out, separator);
        separator = ",";
        strbuf_add(out, member.key.raw, member.key.len);
        strbuf_addc(out, ':');
        add_value(out, member.value);
    }
    out->failed |= !good;
    mem_free(out->mem, left, cap * sizeof *left);
    strbuf_release(&text);
    intern_free(keys);
}

static void add_items(struct strbuf *out, struct json_value list)
{
    struct json_walk walk = json_walk(list);
    struct json_value item;
    const char *separator = "";
    strbuf_addc(out, '[');
    while (json_next_item(&walk, &item)) {
        strbuf_adds(out, separator);
        separator = ",";
        add_value(out, item);
    }
    strbuf_addc(out, ']');
}

static void add_value(struct strbuf *out, struct json_value value)
{
    if (value.type == JSON_TYPE_OBJECT) {
        strbuf_addc(out, '{');
        add_members(out, json_walk(value));
        strbuf_addc(out, '}');
    } else if (value.type == JSON_TYPE_ARRAY) {
        add_items(out, value);
    } else {
        strbuf_add(out, value.raw, value.len);
    }
}

/* Returns the length of the string that the text begins with. */
static size_t string_len(const char *raw, size_t len)
{
    size_t at = 1;
    while (at < len && raw[at] != '"') {
        at += raw[at] == '\\' ? 2 : 1;
    }
    return at < len ? at + 1 : len;
}

void json_add_unique(struct strbuf *out, const char *raw, size_t len)
{
    struct json_value value = json_value_of(raw, len);
    if (value.type == JSON_TYPE_STRING && string_len(raw, len) < len) { /* a key and more */
        add_members(out, (struct json_walk){raw, raw + len});
    } else {
        add_value(out, value);
    }
}
