/* A text is scanned in two ways. The fast path takes events that lie whole in a chunk, one after
   the other (event_scan.h). The slow path takes all else: a state machine over characters. The
   machine holds the bytes of an event, or of the members before or after the events, and checks
   them as a whole when the last bracket arrives. */
#include "ingest/trace/scan_private.h"

#include "core/base/word.h"
#include "ingest/event_scan.h"
#include "ingest/json_repair.h"

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
        strbuf_init(&scan->preface, mem, 0);
    }
    return scan;
}

void scan_free(struct scan *scan)
{
    if (scan != NULL) {
        strbuf_release(&scan->held);
        strbuf_release(&scan->extra);
        strbuf_release(&scan->preface);
        mem_free(scan->mem, scan, sizeof *scan);
    }
}

uint64_t scan_count_lines(const char *bytes, size_t len)
{
    return len == 0 ? 0 : text_count(bytes, bytes + len, '\n');
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
    scan_report(scan, scan->held_line + scan_count_lines(text, error->offset), error->what,
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
static bool give_empty_lines(struct scan *scan, uint64_t from, uint64_t to)
{
    bool good = true;
    for (uint64_t i = from; i < to && good; i++) {
        good = scan->sink.lines(scan->sink.ctx, "\n", 1);
    }
    return good;
}

bool scan_become_lines(struct scan *scan, uint64_t line, const char *bytes, size_t len)
{
    struct strbuf kept = scan->preface;
    uint64_t next = 1;
    bool good = true;
    strbuf_init(&scan->preface, scan->mem, 0);
    scan->shape = SCAN_LINES;
    scan->state = LINES;
    if (kept.len > 0) {
        good = give_empty_lines(scan, 1, scan->preface_line) &&
               scan->sink.lines(scan->sink.ctx, kept.data, kept.len);
        next = scan->preface_line + scan_count_lines(kept.data, kept.len);
    }
    strbuf_release(&kept);
    return good && give_empty_lines(scan, next, line) &&
           (len == 0 || scan->sink.lines(scan->sink.ctx, bytes, len));
}

/* ---- characters ---- */

/* Tracks strings and brackets in the next bytes of what is held. Returns how many bytes there are
   up to the one that closes it (*closed), or that may show in HEAD what the text is, or begin a
   list in TAIL; else all of them. */
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
        if (*closed || (scan->state == HEAD && (c == '[' || c == '\n')) ||
            (scan->state == TAIL && c == '[' && scan->depth == 2)) {
            return i + 1;
        }
    }
    return len;
}

bool scan_begin_document(struct scan *scan, enum scan_shape shape)
{
    scan->shape = shape;
    scan->closed = false;
    if (scan->preface.len > 0) {
        scan->sink.bad(scan->sink.ctx, scan->preface_line, "not JSON: text before the trace",
                       (struct slice){scan->preface.data, scan->preface.len}, true);
        strbuf_release(&scan->preface);
    }
    return scan->documents++ == 0 || scan->sink.next_document == NULL ||
           scan->sink.next_document(scan->sink.ctx);
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
    if (json_check(scan->held.data, scan->held.len, MAX_DEPTH, &object, &error) ||
        error.offset >= scan->held.len) {
        return false;
    }
    struct strbuf repaired;
    strbuf_init(&repaired, scan->mem, 0);
    json_repair(scan->held.data, scan->held.len, &repaired);
    bool foreign = !repaired.failed &&
                   !json_check(repaired.data, repaired.len, MAX_DEPTH, &object, &error) &&
                   error.offset < repaired.len;
    strbuf_release(&repaired);
    return foreign;
}

/* `c` is the last character that is held. */
static bool head(struct scan *scan, char c)
{
    if (c == '[' && scan->depth == 2 && !scan->in_string && scan_is_events_key(scan)) {
        bool good = scan_begin_document(scan, SCAN_DOCUMENT) && scan_give_head(scan);
        scan_hold(scan, BETWEEN, scan->line);
        return good;
    }
    return c != '\n' || !is_no_document(scan) || scan_become_foreign(scan);
}

/* Takes a character of the list that may be a comment's. Returns whether it is. */
static bool is_comment(struct scan *scan, char c)
{
    char was = scan->comment;
    switch (was) {
    case '\0': scan->comment = c == '/' ? '/' : '\0'; break;
    case '/': scan->comment = c == '/' ? 'l' : c == '*' ? 'b' : '\0'; break;
    case 'l': scan->comment = c == '\n' ? '\0' : 'l'; break;
    case 'b': scan->comment = c == '*' ? '*' : 'b'; break;
    default: scan->comment = c == '/' ? '\0' : c == '*' ? '*' : 'b'; break;
    }
    return was == 'l' || was == 'b' || was == '*' || scan->comment != '\0';
}

static void between(struct scan *scan, char c)
{
    /* Within something else a slash begins no comment, which might hide the rest. */
    if (!scan->skipping && is_comment(scan, c)) {
        return;
    }
    if (c == '{') {
        scan_hold(scan, EVENT, scan->line);
        scan->skipping = false;
    } else if (c == '[') {
        scan->skipping = false;
        scan->nested++;
    } else if (c == ']') {
        scan->skipping = false;
        if (scan->nested > 0) {
            scan->nested--;
        } else if (scan->shape == SCAN_DOCUMENT) {
            scan_hold(scan, TAIL, scan->line);
            scan->depth = 1;
        } else {
            scan->closed = true;
            scan_hold(scan, START, scan->line);
        }
    } else if (c != ',' && !scan_is_space(c) && !scan->skipping) {
        scan->skipping = true;
        scan_report(scan, scan->line, "an event expected", &c, 1);
    }
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
    scan->line += scan_count_lines(bytes, n);
    if (scan->held.failed) {
        scan->stopped = true;
        return n;
    }
    if (scan->held.len > scan->max) {
        good = scan_too_long(scan, closed);
    } else if (scan->state == HEAD) {
        good = closed ? scan_end_head(scan) : head(scan, bytes[n - 1]);
    } else if (closed) {
        good = scan->state == EVENT ? scan_end_event(scan) : scan_give_tail(scan);
    } else if (scan->state == TAIL && bytes[n - 1] == '[' && scan->depth == 2 && !scan->in_string &&
               scan_is_events_key(scan)) {
        good = scan_give_middle(scan);
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
        if (scan->comment != '\0') {
            break;
        }
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
        scan->line += spaced ? scan_count_lines(at, event.text.len) : 0;
        event.end_line = scan->line;
        scan->stopped = !scan->sink.event(scan->sink.ctx, &event);
        at = after;
    }
    scan->offset += (uint64_t)(at - bytes);
    return (size_t)(at - bytes);
}

/* The slow path: takes one character outside of what is held, or a run of what is held. Returns the
   number of bytes: 0 for a character that is taken again in the new state. */
static size_t take_some(struct scan *scan, const char *bytes, size_t len)
{
    enum state was = scan->state;
    switch (was) {
    case HEAD:
    case EVENT:
    case TAIL: return take_held(scan, bytes, len);
    case START:
    case OPENING:
    case FOREIGN: scan->stopped |= !scan_around(scan, *bytes); break;
    case BETWEEN: between(scan, *bytes); break;
    case LINES: scan->stopped |= !scan->sink.lines(scan->sink.ctx, bytes, len); return len;
    case SKIP: return len;
    }
    if ((was == START && scan->state == HEAD) || (was == BETWEEN && scan->state == EVENT) ||
        (was == OPENING && scan->state == BETWEEN)) {
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

void scan_finish(struct scan *scan)
{
    /* The reason has been reported, and what is held may not be whole. */
    if (scan->stopped || scan->held.failed) {
        return;
    }
    scan_finish_event(scan);
    if (!scan_finish_around(scan)) {
        scan->stopped = true;
    } else if (scan->state == HEAD || scan->state == TAIL ||
               (scan->state == BETWEEN && scan->shape == SCAN_DOCUMENT)) {
        scan_report(scan, scan->line, "unexpected end",
                    scan->held.data != NULL ? scan->held.data : "", scan->held.len);
    }
}

bool scan_is_joined(const struct scan *scan)
{
    return scan->documents > 1;
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
