/* What stands before and behind the events of a document: members, which are given one by one. */
#include "ingest/trace/scan_private.h"

#include <string.h>

/* `text` is a whole object. */
static bool give_members(struct scan *scan, const char *text, size_t len)
{
    struct json_value object;
    struct json_error error;
    if (!json_check(text, len, MAX_DEPTH, &object, &error)) {
        scan_report(scan, scan->held_line + scan_count_lines(text, error.offset), error.what,
                    text + error.offset, len - error.offset);
        return true;
    }
    struct json_walk walk = json_walk(object);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        if (!scan->sink.member(scan->sink.ctx, member.key, member.value)) {
            return false;
        }
    }
    return true;
}

/* What stands before "traceEvents" is an object but for its end. */
bool scan_give_head(struct scan *scan)
{
    struct strbuf text;
    size_t len = scan->key_start;
    while (len > 1 &&
           (scan_is_space(scan->held.data[len - 1]) || scan->held.data[len - 1] == ',')) {
        len--;
    }
    strbuf_init(&text, scan->mem, 0);
    strbuf_add(&text, scan->held.data, len);
    strbuf_addc(&text, '}');
    bool good = !text.failed && give_members(scan, text.data, text.len);
    strbuf_release(&text);
    return good;
}

/* What stands behind the events is an object but for its beginning. */
bool scan_give_tail(struct scan *scan)
{
    size_t from = 0;
    while (from < scan->held.len &&
           (scan_is_space(scan->held.data[from]) || scan->held.data[from] == ',')) {
        from++;
    }
    struct strbuf text;
    strbuf_init(&text, scan->mem, 0);
    strbuf_addc(&text, '{');
    strbuf_add(&text, scan->held.data + from, scan->held.len - from);
    bool good = !text.failed && give_members(scan, text.data, text.len);
    strbuf_release(&text);
    scan->closed = true;
    scan_hold(scan, END, scan->line);
    return good;
}

/* An object has ended without a list of events: the first of many lines, or nothing that we know. */
bool scan_end_head(struct scan *scan)
{
    struct json_value object;
    struct json_error error;
    bool json = json_check(scan->held.data, scan->held.len, MAX_DEPTH, &object, &error);
    bool line = json && (json_get(object, "op").type != JSON_TYPE_NONE ||
                         json_get(object, "ph").type != JSON_TYPE_NONE);
    if (line || memchr(scan->held.data, '\n', scan->held.len) == NULL) {
        return scan_become_lines(scan, scan->held_line, scan->held.data, scan->held.len);
    }
    if (json) {
        scan_report(scan, scan->held_line, "no traceEvents in it", scan->held.data, scan->held.len);
    } else {
        scan_report(scan, scan->held_line + scan_count_lines(scan->held.data, error.offset),
                    error.what, scan->held.data + error.offset, scan->held.len - error.offset);
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
