/* The parts of a document in front of its events and after them: members, reported one by one. */
#include "ingest/trace/scan_private.h"

#include "ingest/foreign_format.h"
#include "ingest/json_repair.h"

#include <string.h>

/* Adds the brace that the part lacks to make it an object, and reports its members. */
static bool give_members(struct scan *scan, const char *before, struct slice part,
                         const char *after)
{
    struct strbuf text, repaired;
    struct json_value object;
    struct json_error error;
    struct json_member member;
    strbuf_init(&text, scan->mem, 0);
    strbuf_init(&repaired, scan->mem, 0);
    strbuf_adds(&text, before);
    strbuf_add(&text, part.bytes, part.len);
    strbuf_adds(&text, after);
    bool good = !text.failed;
    if (good && !json_check(text.data, text.len, MAX_DEPTH, &object, &error) &&
        !json_repair_check(text.data, text.len, MAX_DEPTH, &repaired, &object)) {
        scan_report_error(scan, text.data, text.len, &error);
    } else if (good) {
        struct json_walk walk = json_walk(object);
        while (good && json_next_member(&walk, &member)) {
            good = scan->sink.member(scan->sink.ctx, member.key, member.value);
        }
    }
    strbuf_release(&repaired);
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
    scan_hold(scan, START, scan->line);
    return good;
}

bool scan_give_middle(struct scan *scan)
{
    struct slice part = {scan->held.data, scan->key_start};
    while (part.len > 0 && separates(*part.bytes)) {
        part.bytes++;
        part.len--;
    }
    while (part.len > 0 && separates(part.bytes[part.len - 1])) {
        part.len--;
    }
    bool good = give_members(scan, "{", part, "}");
    scan_hold(scan, BETWEEN, scan->line);
    return good;
}

/* ---- an object without a list of events ---- */

enum { HOLDER_DEPTH = 8 };

/* Returns the object within `value`, or `value` itself, that has a list of events; type
   JSON_TYPE_NONE: there is no list. */
static struct json_value find_holder(struct json_value value, unsigned depth)
{
    struct json_walk walk = json_walk(value);
    struct json_member member;
    if (json_get(value, "traceEvents").type == JSON_TYPE_ARRAY) {
        return value;
    }
    while (value.type == JSON_TYPE_OBJECT && depth > 0 && json_next_member(&walk, &member)) {
        struct json_value found = member.value.type == JSON_TYPE_OBJECT
                                      ? find_holder(member.value, depth - 1)
                                      : (struct json_value){.type = JSON_TYPE_NONE};
        if (found.type != JSON_TYPE_NONE) {
            return found;
        }
    }
    return (struct json_value){.type = JSON_TYPE_NONE};
}

/* Reports the members of an object but for the list of events and what holds it. */
static bool give_others(struct scan *scan, struct json_value object, struct json_value holder)
{
    struct json_walk walk = json_walk(object);
    struct json_member member;
    bool good = true;
    while (good && json_next_member(&walk, &member)) {
        const char *at = member.value.raw;
        bool holds = holder.raw >= at && holder.raw < at + member.value.len;
        good = json_string_is(member.key, "traceEvents") || holds ||
               scan->sink.member(scan->sink.ctx, member.key, member.value);
    }
    return good;
}

/* Takes a document whose traceEvents are no list: null is an empty one, as some producers write it.
   An object may hold the list, as in an answer by HTTP or of DevTools. */
static bool take_odd_document(struct scan *scan, struct json_value object, struct json_value events,
                              struct json_value holder)
{
    bool found = holder.type != JSON_TYPE_NONE;
    bool good = scan_begin_document(scan, SCAN_DOCUMENT);
    if (events.type != JSON_TYPE_NULL && !found) {
        scan_report(scan, scan->held_line, "traceEvents is no list of events", events.raw,
                    events.len);
    }
    good = good && give_others(scan, object, holder) &&
           (!found || holder.raw == object.raw || give_others(scan, holder, holder));
    if (good && found) {
        struct json_value list = json_get(holder, "traceEvents");
        struct strbuf held = scan->held;
        good = scan_part(scan, BETWEEN, &held, (struct slice){list.raw, list.len});
    }
    scan->closed = true;
    scan_hold(scan, START, scan->line);
    return good;
}

bool scan_end_head(struct scan *scan)
{
    const struct strbuf *held = &scan->held;
    struct json_value object;
    struct json_error error;
    bool json = json_check(held->data, held->len, MAX_DEPTH, &object, &error);
    struct json_value events = json ? json_get(object, "traceEvents") : (struct json_value){0};
    bool line = json && (json_get(object, "op").type != JSON_TYPE_NONE ||
                         json_get(object, "ph").type != JSON_TYPE_NONE);
    struct json_value holder = json && !line ? find_holder(object, HOLDER_DEPTH)
                                             : (struct json_value){.type = JSON_TYPE_NONE};
    if ((events.type != JSON_TYPE_NONE && !line) || holder.type != JSON_TYPE_NONE) {
        return take_odd_document(scan, object, events, holder);
    }
    if (line && scan->documents == 0) {
        return scan_become_lines(scan, scan->held_line, held->data, held->len);
    }
    if (memchr(held->data, '\n', held->len) == NULL || scan->documents > 0) {
        return scan_become_foreign(scan);
    }
    if (json) {
        const char *what = foreign_object(object);
        scan->sink.bad(scan->sink.ctx, scan->held_line,
                       what != NULL ? what : "no trace: no traceEvents in it",
                       (struct slice){held->data, held->len}, true);
    } else {
        scan_report_error(scan, held->data, held->len, &error);
    }
    scan_hold(scan, START, scan->line);
    return true;
}

bool scan_is_events_key(const struct scan *scan)
{
    static const char key[] = "\"traceEvents\"";
    size_t len = scan->key_end - scan->key_start;
    return len == sizeof key - 1 && memcmp(scan->held.data + scan->key_start, key, len) == 0;
}
