/* The parts of a document in front of its events and after them: members, reported one by one. */
#include "ingest/trace/scan_private.h"

#include <string.h>

/* Adds the brace that the part lacks to make it an object, and reports its members. */
static bool give_members(struct scan *scan, const char *before, struct slice part,
                         const char *after)
{
    struct strbuf text;
    struct json_value object;
    struct json_error error;
    struct json_member member;
    strbuf_init(&text, scan->mem, 0);
    strbuf_adds(&text, before);
    strbuf_add(&text, part.bytes, part.len);
    strbuf_adds(&text, after);
    bool good = !text.failed;
    if (good && !json_check(text.data, text.len, MAX_DEPTH, &object, &error)) {
        scan_report_error(scan, text.data, text.len, &error);
    } else if (good) {
        struct json_walk walk = json_walk(object);
        while (good && json_next_member(&walk, &member)) {
            good = scan->sink.member(scan->sink.ctx, member.key, member.value);
        }
    }
    strbuf_release(&text);
    return good;
}

static bool separates(char c)
{
    return scan_is_space(c) || c == ',';
}

bool scan_give_head(struct scan *scan)
{
    struct slice part = {scan->held.data, scan->key_start};
    while (part.len > 1 && separates(part.bytes[part.len - 1])) {
        part.len--;
    }
    return give_members(scan, "", part, "}");
}

bool scan_give_tail(struct scan *scan)
{
    struct slice part = {scan->held.data, scan->held.len};
    while (part.len > 0 && separates(*part.bytes)) {
        part.bytes++;
        part.len--;
    }
    bool good = give_members(scan, "{", part, "");
    scan->closed = true;
    scan_hold(scan, END, scan->line);
    return good;
}

bool scan_end_head(struct scan *scan)
{
    const struct strbuf *held = &scan->held;
    struct json_value object;
    struct json_error error;
    bool json = json_check(held->data, held->len, MAX_DEPTH, &object, &error);
    bool line = json && (json_get(object, "op").type != JSON_TYPE_NONE ||
                         json_get(object, "ph").type != JSON_TYPE_NONE);
    if (line || memchr(held->data, '\n', held->len) == NULL) {
        return scan_become_lines(scan, scan->held_line, held->data, held->len);
    }
    if (json) {
        scan_report(scan, scan->held_line, "no traceEvents in it", held->data, held->len);
    } else {
        scan_report_error(scan, held->data, held->len, &error);
    }
    scan_hold(scan, END, scan->line);
    return true;
}

bool scan_is_events_key(const struct scan *scan)
{
    static const char key[] = "\"traceEvents\"";
    size_t len = scan->key_end - scan->key_start;
    return len == sizeof key - 1 && memcmp(scan->held.data + scan->key_start, key, len) == 0;
}
