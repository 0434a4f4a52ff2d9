/* Each `]` with a comma after it, from the end backwards, may be the end of the events: the text
   after the comma is the rest of an object, if adding a brace makes it one. */
#include "ingest/trace/tail.h"

#include "core/base/ascii.h"

#include "ingest/trace_event.h"

#include <string.h>

enum { MAX_TRIES = 200, MAX_DEPTH = 60 };

static size_t without_space(const char *bytes, size_t len)
{
    while (len > 0 && ascii_is_space(bytes[len - 1])) {
        len--;
    }
    return len;
}

bool tail_is_whole(const char *bytes, size_t len)
{
    len = without_space(bytes, len);
    return len == 0 || bytes[len - 1] == '}' || bytes[len - 1] == ']' || bytes[len - 1] == ',';
}

bool tail_is_closed(const char *bytes, size_t len, bool array)
{
    len = without_space(bytes, len);
    return len > 0 && bytes[len - 1] == (array ? ']' : '}');
}

static void give_members(struct json_value object, struct strbuf *out)
{
    struct json_walk walk = json_walk(object);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        trace_event_put_member(out, member.key, member.value);
        strbuf_addc(out, ',');
    }
}

/* `text` begins with a byte that the brace may replace. */
static bool try_members(char *text, size_t len, struct strbuf *out)
{
    struct json_value object;
    text[0] = '{';
    if (!json_check(text, len, MAX_DEPTH, &object, NULL)) {
        return false;
    }
    give_members(object, out);
    return true;
}

static bool search(char *bytes, size_t len, struct strbuf *out)
{
    size_t tries = 0;
    for (size_t at = len - 1; at > 0 && tries < MAX_TRIES; at--) {
        if (bytes[at - 1] != ']') {
            continue;
        }
        size_t comma = at;
        while (comma < len && ascii_is_space(bytes[comma])) {
            comma++;
        }
        if (comma == len || bytes[comma] != ',') {
            continue;
        }
        tries++;
        if (try_members(bytes + comma, len - comma, out)) {
            return true;
        }
        bytes[comma] = ',';
    }
    return false;
}

bool tail_members(const struct mem *mem, const char *bytes, size_t len, struct strbuf *out)
{
    len = without_space(bytes, len);
    if (len < 2 || bytes[len - 1] != '}') {
        return false;
    }
    char *copy = mem_alloc(mem, len);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, bytes, len);
    bool found = search(copy, len, out);
    mem_free(mem, copy, len);
    return found;
}
