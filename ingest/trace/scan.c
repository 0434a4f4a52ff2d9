/* A text is scanned in two ways. The fast path takes events that lie whole in a chunk, one after
   the other (event_scan.h). The slow path takes all else: a state machine over characters. The
   machine holds the bytes of an event, or of the members before or after the events, and checks
   them as a whole when the last bracket arrives. If a held event is not JSON, the search for the
   next event starts inside it, after the error: a stray quote does not swallow the rest of the
   file. */
#include "ingest/trace/scan_private.h"

#include "ingest/event_scan.h"

#include <stdio.h>
#include <string.h>

struct scan *scan_new(const struct mem *mem, const struct scan_sink *sink, size_t max_bytes)
{
    struct scan *scan = mem_zalloc(mem, 1, sizeof *scan);
    if (scan != NULL) {
        scan->mem = mem;
        scan->sink = *sink;
        scan->max = max_bytes;
        scan->line = 1;
        strbuf_init(&scan->held, mem, 0);
        strbuf_init(&scan->extra, mem, 0);
    }
    return scan;
}

void scan_free(struct scan *scan)
{
    if (scan != NULL) {
        strbuf_release(&scan->held);
        strbuf_release(&scan->extra);
        mem_free(scan->mem, scan, sizeof *scan);
    }
}

static uint64_t count_lines(const char *bytes, size_t len)
{
    uint64_t lines = 0;
    for (const char *at = bytes, *end = bytes + len;
         (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) {
        lines++;
    }
    return lines;
}

void scan_report(struct scan *scan, uint64_t line, const char *what, const char *bytes, size_t len)
{
    char reason[96];
    snprintf(reason, sizeof reason, "not JSON: %s", what);
    scan->sink.bad(scan->sink.ctx, line, reason, (struct slice){bytes, len}, true);
}

void scan_report_error(struct scan *scan, const char *text, size_t len,
                       const struct json_error *error)
{
    scan_report(scan, scan->held_line + count_lines(text, error->offset), error->what,
                text + error->offset, len - error->offset);
}

void scan_hold(struct scan *scan, enum state state, uint64_t line)
{
    strbuf_clear(&scan->held);
    scan->state = state;
    scan->depth = 0;
    scan->in_string = scan->escaped = scan->dropping = false;
    scan->next_check = 0;
    scan->held_line = line;
    scan->held_offset = scan->offset;
}

/* Empty lines in front are passed on, so that lines keep their numbers. */
bool scan_become_lines(struct scan *scan, uint64_t line, const char *bytes, size_t len)
{
    scan->shape = SCAN_LINES;
    scan->state = LINES;
    bool good = true;
    for (uint64_t i = 1; i < line && good; i++) {
        good = scan->sink.lines(scan->sink.ctx, "\n", 1);
    }
    return good && scan->sink.lines(scan->sink.ctx, bytes, len);
}

/* ---- characters ---- */

/* Tracks strings and brackets in the next bytes of what is held. Returns how many bytes there are
   up to the one that closes it (*closed), or that may show in HEAD what the text is; else all of
   them. */
static size_t follow(struct scan *scan, const char *bytes, size_t len, bool *closed)
{
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];
        size_t at = scan->held.len + i;
        if (scan->escaped) {
            scan->escaped = false;
        } else if (scan->in_string && c == '\\') {
            scan->escaped = true;
        } else if (scan->in_string && c == '"') {
            scan->in_string = false;
            scan->key_end = scan->depth == 1 ? at + 1 : scan->key_end;
        } else if (c == '"') {
            scan->in_string = true;
            scan->key_start = scan->depth == 1 ? at : scan->key_start;
        } else if (!scan->in_string && (c == '{' || c == '[')) {
            scan->depth++;
        } else if (!scan->in_string && (c == '}' || c == ']')) {
            *closed = --scan->depth == 0;
        }
        if (*closed || (scan->state == HEAD && (c == '[' || c == '\n'))) {
            return i + 1;
        }
    }
    return len;
}

static bool start(struct scan *scan, char c)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    if (scan->bom < 3 && c == byte_order_mark[scan->bom]) {
        scan->bom++;
    } else if (c == '[') {
        scan->shape = SCAN_ARRAY;
        scan_hold(scan, BETWEEN, scan->line);
    } else if (c == '{') {
        scan_hold(scan, HEAD, scan->line);
    } else if (!scan_is_space(c)) {
        /* Not a trace; as lines, each is rejected by itself. */
        return scan_become_lines(scan, scan->line, &c, 1);
    }
    return true;
}

/* Returns whether the held text, at the end of a line, is no beginning of JSON: then the text is
   lines, of which the first is bad. Checks again only when the text has doubled, so that a long
   head is not checked over and over. */
static bool is_no_document(struct scan *scan)
{
    struct json_value object;
    struct json_error error;
    if (scan->held.len < scan->next_check) {
        return false;
    }
    scan->next_check = 2 * scan->held.len;
    return !json_check(scan->held.data, scan->held.len, MAX_DEPTH, &object, &error) &&
           error.offset < scan->held.len;
}

/* `c` is the last character that is held. */
static bool head(struct scan *scan, char c)
{
    if (c == '[' && scan->depth == 2 && !scan->in_string && scan_is_events_key(scan)) {
        scan->shape = SCAN_DOCUMENT;
        bool good = scan_give_head(scan);
        scan_hold(scan, BETWEEN, scan->line);
        return good;
    }
    if (c == '\n' && is_no_document(scan)) {
        return scan_become_lines(scan, scan->held_line, scan->held.data, scan->held.len);
    }
    return true;
}

static void between(struct scan *scan, char c)
{
    if (c == '{') {
        scan_hold(scan, EVENT, scan->line);
        scan->skipping = false;
    } else if (c == ']') {
        scan->skipping = false;
        if (scan->shape == SCAN_DOCUMENT) {
            scan_hold(scan, TAIL, scan->line);
            scan->depth = 1;
        } else {
            scan->closed = true;
            scan_hold(scan, END, scan->line);
        }
    } else if (c != ',' && !scan_is_space(c) && !scan->skipping) {
        scan->skipping = true;
        scan_report(scan, scan->line, "an event expected", &c, 1);
    }
}

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
    scan->line = scan->held_line + count_lines(again.data, from);
    scan->offset = scan->held_offset + from;
    scan_hold(scan, BETWEEN, scan->line);
    scan->resumes++;
    bool good = from == again.len || scan_push(scan, again.data + from, again.len - from);
    scan->resumes--;
    strbuf_release(&again);
    return good;
}

/* `object` is checked, and all that is held but for white space. */
static bool give_event(struct scan *scan, struct json_value object)
{
    struct scan_event event = {
        .text = {object.raw, object.len},
        .offset = scan->held_offset,
        .line = scan->held_line,
        .end_line = scan->line,
    };
    const char *wrong = trace_event_read(object, &scan->extra, &event.raw);
    scan->events_end = scan->held_offset + object.len;
    if (wrong == NULL) {
        return scan->sink.event(scan->sink.ctx, &event);
    }
    scan->sink.bad(scan->sink.ctx, event.line, wrong, event.text, false);
    return true;
}

static bool end_event(struct scan *scan)
{
    if (scan->dropping) {
        scan_hold(scan, BETWEEN, scan->line);
        return true;
    }
    struct json_value object;
    struct json_error error;
    if (!json_check(scan->held.data, scan->held.len, MAX_DEPTH, &object, &error)) {
        return resume_after(scan, &error);
    }
    scan->state = BETWEEN;
    return give_event(scan, object);
}

/* `closed`: the bytes that are held end it. */
static bool too_long(struct scan *scan, bool closed)
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
        scan_hold(scan, event ? BETWEEN : END, scan->line);
    }
    return true;
}

/* Takes the bytes of what is held, up to the next decision. Returns the number of bytes. Stops at
   the first byte over the maximum, so that the length of a chunk decides nothing. */
static size_t take_held(struct scan *scan, const char *bytes, size_t len)
{
    bool closed = false, good = true;
    size_t room = scan->dropping ? len : scan->max - scan->held.len;
    size_t n = follow(scan, bytes, len > room ? room + 1 : len, &closed);
    uint64_t end = scan->offset + n;
    if (!scan->dropping) {
        strbuf_add(&scan->held, bytes, n);
    }
    scan->line += count_lines(bytes, n);
    if (scan->held.failed) {
        scan->stopped = true;
        return n;
    }
    if (scan->held.len > scan->max) {
        good = too_long(scan, closed);
    } else if (scan->state == HEAD) {
        good = closed ? scan_end_head(scan) : head(scan, bytes[n - 1]);
    } else if (closed) {
        good = scan->state == EVENT ? end_event(scan) : scan_give_tail(scan);
    }
    /* A resumed scan ends here, wherever it began. */
    scan->offset = end;
    scan->stopped |= !good || scan->held.failed;
    return n;
}

/* The fast path: takes the events that lie whole in the chunk, and what separates them. Returns the
   number of bytes. */
static size_t take_events(struct scan *scan, const char *bytes, size_t len)
{
    const char *at = bytes, *end = bytes + len;
    while (at < end && !scan->stopped) {
        if (*at == ',' || scan_is_space(*at)) {
            scan->line += *at++ == '\n';
            continue;
        }
        struct scan_event event = {.offset = scan->offset + (uint64_t)(at - bytes),
                                   .line = scan->line};
        bool spaced = false;
        const char *after =
            *at == '{' ? event_scan(at, end, &scan->extra, &event.raw, &spaced) : NULL;
        if (after == NULL || (size_t)(after - at) > scan->max) {
            break;
        }
        event.text = (struct slice){at, (size_t)(after - at)};
        scan->skipping = false;
        scan->events_end = event.offset + event.text.len;
        scan->line += spaced ? count_lines(at, event.text.len) : 0;
        event.end_line = scan->line;
        scan->stopped = !scan->sink.event(scan->sink.ctx, &event);
        at = after;
    }
    scan->offset += (uint64_t)(at - bytes);
    return (size_t)(at - bytes);
}

/* The slow path: takes one character outside of what is held, or a run of what is held. Returns the
   number of bytes: 0 for a brace, which is held with what follows it. */
static size_t take_some(struct scan *scan, const char *bytes, size_t len)
{
    switch (scan->state) {
    case HEAD:
    case EVENT:
    case TAIL: return take_held(scan, bytes, len);
    case START: scan->stopped |= !start(scan, *bytes); break;
    case BETWEEN: between(scan, *bytes); break;
    case LINES: scan->stopped |= !scan->sink.lines(scan->sink.ctx, bytes, len); return len;
    case END: return len;
    }
    if (scan->state == HEAD || scan->state == EVENT) {
        return 0;
    }
    scan->line += *bytes == '\n';
    scan->offset++;
    return 1;
}

bool scan_push(struct scan *scan, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && !scan->stopped;) {
        if (scan->state == BETWEEN) {
            i += take_events(scan, bytes + i, len - i);
        }
        if (i < len && !scan->stopped) {
            i += take_some(scan, bytes + i, len - i);
        }
    }
    return !scan->stopped && !scan->held.failed && !scan->extra.failed;
}

/* Reports an event in which the text ends. If the event has an earlier error, the scan resumes
   after the error first. */
static void finish_event(struct scan *scan)
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
            uint64_t line = scan->held_line + count_lines(scan->held.data, len);
            scan_report(scan, line, "unexpected end", scan->held.data, len);
            return;
        }
        if (!resume_after(scan, &error)) {
            return;
        }
    }
}

void scan_finish(struct scan *scan)
{
    /* The reason has been reported, and what is held may not be whole. */
    if (scan->stopped || scan->held.failed) {
        return;
    }
    finish_event(scan);
    if (scan->state == HEAD || scan->state == TAIL ||
        (scan->state == BETWEEN && scan->shape == SCAN_DOCUMENT)) {
        scan_report(scan, scan->line, "unexpected end",
                    scan->held.data != NULL ? scan->held.data : "", scan->held.len);
    }
}

uint64_t scan_events_end(const struct scan *scan)
{
    return scan->events_end;
}

bool scan_in_events(const struct scan *scan)
{
    return scan->state == BETWEEN || scan->state == EVENT;
}

void scan_jump(struct scan *scan, bool lines, uint64_t offset, uint64_t line)
{
    scan_hold(scan, lines ? LINES : BETWEEN, line);
    scan->shape = lines ? SCAN_LINES : scan->shape;
    scan->line = line;
    scan->offset = scan->events_end = offset;
}

enum scan_shape scan_shape(const struct scan *scan)
{
    return scan->shape;
}

bool scan_complete(const struct scan *scan)
{
    bool open_array = scan->shape == SCAN_ARRAY && scan->state == BETWEEN;
    return scan->closed || open_array || scan->state == LINES;
}
