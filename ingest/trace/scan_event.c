/* The events that are held until their last bracket has come. If a held event is not JSON and
   cannot be repaired, the search for the next event starts inside it, after the error: a stray
   quote does not swallow the rest of the file. */
#include "ingest/trace/scan_private.h"

#include "ingest/json_repair.h"
#include "ingest/trace_event.h"

/* Returns the first offset from `from` on where an event may begin: an object after a comma, a
   bracket or a line's end. */
static size_t next_start(const struct strbuf *held, size_t from)
{
    for (size_t i = from > 0 ? from : 1; i < held->len; i++) {
        if (held->data[i] != '{') {
            continue;
        }
        size_t before = i;
        while (before > 1 && (held->data[before - 1] == ' ' || held->data[before - 1] == '\t')) {
            before--;
        }
        char c = held->data[before - 1];
        if (c == ',' || c == '\n' || c == '[') {
            return i;
        }
    }
    return held->len;
}

/* Resumes inside the held event, which has an error: takes out what may hold further events and
   scans that again. */
static bool resume_after(struct scan *scan, const struct json_error *error)
{
    scan_report_error(scan, scan->held.data, scan->held.len, error);
    /* Events within events within events, all of them bad, are no trace, and the stack is
       limited. */
    bool deep = scan->resumes >= MAX_RESUMES;
    size_t from = deep ? scan->held.len : next_start(&scan->held, error->offset);
    struct strbuf again = scan->held;
    strbuf_init(&scan->held, scan->mem, 0);
    scan->line = scan->held_line + scan_count_lines(again.data, from);
    scan->offset = scan->held_offset + from;
    scan_hold(scan, BETWEEN, scan->line);
    scan->resumes++;
    bool good = from == again.len || scan_push(scan, again.data + from, again.len - from);
    scan->resumes--;
    strbuf_release(&again);
    return good;
}

bool scan_part(struct scan *scan, enum state state, const struct strbuf *held, struct slice part)
{
    uint64_t line = scan->line, offset = scan->offset;
    size_t from = (size_t)(part.bytes - held->data);
    struct strbuf again = *held;
    if (scan->resumes >= MAX_RESUMES) {
        scan_report(scan, line, "documents within documents", part.bytes, part.len);
        return true;
    }
    strbuf_init(&scan->held, scan->mem, 0);
    scan->line = scan->held_line + scan_count_lines(again.data, from);
    scan->offset = scan->held_offset + from;
    scan_hold(scan, state, scan->line);
    scan->resumes++;
    bool good = scan_push(scan, part.bytes, part.len);
    scan->resumes--;
    strbuf_release(&again);
    scan->line = line;
    scan->offset = offset;
    return good;
}

/* Takes an object in a list that is a document of its own. */
static bool give_nested(struct scan *scan, struct json_value list)
{
    unsigned nested = scan->nested;
    struct strbuf held = scan->held;
    scan->nested = 0;
    bool good = scan_begin_document(scan, scan->shape) &&
                scan_part(scan, BETWEEN, &held, (struct slice){list.raw, list.len});
    scan->nested = nested;
    scan_hold(scan, BETWEEN, scan->line);
    return good;
}

/* `object` is checked. `text` is what is held but for white space, as it came. */
static bool give_event(struct scan *scan, struct json_value object, struct slice text)
{
    struct scan_event event = {
        .text = text,
        .offset = scan->held_offset,
        .line = scan->held_line,
        .end_line = scan->line,
    };
    const char *wrong = trace_event_read(object, &scan->extra, &event.raw);
    scan->events_end = scan->held_offset + text.len;
    if (wrong == NULL) {
        return scan->sink.event(scan->sink.ctx, &event);
    }
    struct json_walk walk = json_walk(object);
    struct json_member member;
    if (!json_next_member(&walk, &member)) {
        return true; /* some producers end the list with {}, which needs no comma after it */
    }
    struct json_value list = json_get(object, "traceEvents");
    if (list.type == JSON_TYPE_ARRAY && object.raw >= scan->held.data &&
        object.raw < scan->held.data + scan->held.len) {
        return give_nested(scan, list);
    }
    scan->sink.bad(scan->sink.ctx, event.line, wrong, event.text, false);
    return true;
}

bool scan_end_event(struct scan *scan)
{
    if (scan->dropping) {
        scan_hold(scan, BETWEEN, scan->line);
        return true;
    }
    struct json_value object;
    struct json_error error;
    scan->state = BETWEEN;
    if (json_check(scan->held.data, scan->held.len, MAX_DEPTH, &object, &error)) {
        return give_event(scan, object, (struct slice){object.raw, object.len});
    }
    struct strbuf repaired;
    strbuf_init(&repaired, scan->mem, 0);
    bool whole = json_repair_check(scan->held.data, scan->held.len, MAX_DEPTH, &repaired, &object);
    bool good =
        whole ? give_event(scan, object, (struct slice){scan->held.data, scan->held.len}) : true;
    strbuf_release(&repaired);
    scan->state = whole ? BETWEEN : EVENT;
    return whole ? good : resume_after(scan, &error);
}

/* `closed`: the bytes that are held end it. */
bool scan_too_long(struct scan *scan, bool closed)
{
    struct json_value object;
    struct json_error error;
    bool event = scan->state == EVENT;
    /* An error may have made it that long: then events follow the error. */
    if (event && !json_check(scan->held.data, scan->held.len, MAX_DEPTH, &object, &error) &&
        error.offset < scan->held.len) {
        return resume_after(scan, &error);
    }
    scan_report(scan, scan->held_line, "longer than the maximum", scan->held.data, scan->held.len);
    strbuf_release(&scan->held);
    if (event && !closed) {
        scan->dropping = true;
    } else {
        scan_hold(scan, event ? BETWEEN : START, scan->line);
    }
    return true;
}

/* Reports an event in which the text ends. If the event has an earlier error, the scan resumes
   after the error first. */
void scan_finish_event(struct scan *scan)
{
    struct json_error error;
    struct json_value object;
    while (scan->state == EVENT && !scan->dropping &&
           !json_check(scan->held.data, scan->held.len, MAX_DEPTH, &object, &error)) {
        size_t len = scan->held.len;
        while (len > 0 && scan_is_space(scan->held.data[len - 1])) {
            len--; /* an editor's last line end, perhaps in a string that was cut */
        }
        if (error.offset >= len) {
            /* The end came too early: show the event, not the nothing after it. */
            uint64_t line = scan->held_line + scan_count_lines(scan->held.data, len);
            scan_report(scan, line, "unexpected end", scan->held.data, len);
            return;
        }
        if (!resume_after(scan, &error)) {
            return;
        }
    }
}
