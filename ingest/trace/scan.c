/* Two ways through a text. The quick one takes events that lie whole in a chunk, one after the other (event_scan.h). What it does not
   take goes the careful way, a machine of six states over characters: what that is in the middle of (an event, the members
   before or behind the events) is held as it came and checked as a whole when its last bracket comes. When a held event turns out to be
   no JSON, the search for the next event starts inside of it, behind the place where it went wrong: a stray quote does not
   swallow the rest of the file. */
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

uint64_t scan_count_lines(const char *bytes, size_t len)
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

/* The text is lines, from `bytes` on. What is behind empty lines keeps its number. */
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

/* Follows strings and brackets. Returns whether the bracket that opened what is held has been closed. */
static bool follow(struct scan *scan, char c)
{
    if (scan->in_string) {
        if (scan->escaped) {
            scan->escaped = false;
        } else if (c == '\\') {
            scan->escaped = true;
        } else if (c == '"') {
            scan->in_string = false;
            scan->key_end = scan->depth == 1 ? scan->held.len : scan->key_end;
        }
        return false;
    }
    if (c == '"') {
        scan->in_string = true;
        scan->key_start = scan->depth == 1 ? scan->held.len - 1 : scan->key_start;
    } else if (c == '{' || c == '[') {
        scan->depth++;
    } else if (c == '}' || c == ']') {
        scan->depth--;
        return scan->depth == 0;
    }
    return false;
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
        strbuf_addc(&scan->held, c);
        follow(scan, c);
    } else if (!scan_is_space(c)) {
        /* Not a trace; as lines each of them gets its own reject. */
        return scan_become_lines(scan, scan->line, &c, 1);
    }
    return true;
}

/* At the end of a line in HEAD: whether what is held can no longer become a document, being no beginning of JSON. Then it is lines, of
   which the first is bad. Looked at anew only when it has doubled, so that a long head is not read again and again. */
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

static bool head(struct scan *scan, char c)
{
    strbuf_addc(&scan->held, c);
    if (follow(scan, c)) {
        return scan_end_head(scan);
    }
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
        strbuf_addc(&scan->held, c);
        follow(scan, c);
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

/* The first place from `from` on where an event may begin: an object behind a comma, a bracket or a line's end. */
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

/* The held event is no JSON from `error` on. Takes out what may hold further events; it is scanned again. */
static bool resume_behind(struct scan *scan, const struct json_error *error)
{
    uint64_t line = scan->held_line + scan_count_lines(scan->held.data, error->offset);
    scan_report(scan, line, error->what, scan->held.data + error->offset,
                scan->held.len - error->offset);
    /* Events within events within events, all of them bad: that is no trace, and the stack has an end. */
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

/* `object` is a checked object, all that is held but for white space. */
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
        return resume_behind(scan, &error);
    }
    scan->state = BETWEEN;
    return give_event(scan, object);
}

static bool too_long(struct scan *scan)
{
    struct json_value object;
    struct json_error error;
    bool event = scan->state == EVENT;
    /* It may be as long as that because it went wrong somewhere: then there are events behind the place. */
    if (event && !json_check(scan->held.data, scan->held.len, MAX_DEPTH, &object, &error) &&
        error.offset < scan->held.len) {
        return resume_behind(scan, &error);
    }
    scan_report(scan, scan->held_line, "longer than the maximum", scan->held.data, scan->held.len);
    if (event) {
        strbuf_release(&scan->held);
        scan->dropping = true;
    } else {
        scan_hold(scan, END, scan->line);
    }
    return true;
}

/* Of what is being dropped nothing is held. */
static void keep(struct scan *scan, const char *bytes, size_t len)
{
    if (!scan->dropping) {
        strbuf_add(&scan->held, bytes, len);
    }
}

/* Bytes from `at` on that cannot end what is held: copied in one go. */
static size_t plain_run(const struct scan *scan, const char *at, size_t len)
{
    size_t run = 0;
    while (run < len && at[run] != '"' && at[run] != '\\' && at[run] != '\n' &&
           (scan->in_string ||
            (at[run] != '{' && at[run] != '}' && at[run] != '[' && at[run] != ']'))) {
        run++;
    }
    return scan->escaped ? 0 : run;
}

static bool take(struct scan *scan, char c)
{
    bool good = true;
    switch (scan->state) {
    case START: good = start(scan, c); break;
    case HEAD: good = head(scan, c); break;
    case BETWEEN: between(scan, c); break;
    case EVENT:
        keep(scan, &c, 1);
        good = !follow(scan, c) || end_event(scan);
        break;
    case TAIL:
        strbuf_addc(&scan->held, c);
        good = !follow(scan, c) || scan_give_tail(scan);
        break;
    case LINES:
    case END: break;
    }
    return good && !scan->held.failed;
}

/* The quick way: as many events as lie whole in the chunk, and what stands between them. Returns how many bytes that is. */
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
        const char *behind =
            *at == '{' ? event_scan(at, end, &scan->extra, &event.raw, &spaced) : NULL;
        if (behind == NULL || (size_t)(behind - at) > scan->max) {
            break;
        }
        event.text = (struct slice){at, (size_t)(behind - at)};
        scan->skipping = false;
        scan->events_end = event.offset + event.text.len;
        scan->line += spaced ? scan_count_lines(at, event.text.len) : 0;
        event.end_line = scan->line;
        scan->stopped = !scan->sink.event(scan->sink.ctx, &event);
        at = behind;
    }
    scan->offset += (uint64_t)(at - bytes);
    return (size_t)(at - bytes);
}

/* The careful way: one character, or a run of them that decides nothing. Returns how many bytes that is. */
static size_t take_some(struct scan *scan, const char *bytes, size_t len)
{
    if (scan->state == HEAD || scan->state == EVENT || scan->state == TAIL) {
        size_t run = plain_run(scan, bytes, len);
        keep(scan, bytes, run);
        scan->offset += run;
        if (scan->held.len > scan->max) {
            scan->stopped = !too_long(scan);
            return run;
        }
        if (run > 0) {
            return run;
        }
    }
    uint64_t offset = scan->offset;
    scan->stopped |= !take(scan, *bytes);
    /* What is searched again ends here, wherever it began. */
    scan->offset = offset + 1;
    scan->line += *bytes == '\n';
    return 1;
}

bool scan_push(struct scan *scan, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && !scan->stopped;) {
        if (scan->state == LINES) {
            scan->stopped = !scan->sink.lines(scan->sink.ctx, bytes + i, len - i);
            break;
        }
        if (scan->state == BETWEEN) {
            i += take_events(scan, bytes + i, len - i);
        }
        if (i < len && !scan->stopped) {
            i += take_some(scan, bytes + i, len - i);
        }
    }
    return !scan->stopped && !scan->held.failed && !scan->extra.failed;
}

/* The text ends inside an event. Where that event went wrong earlier, what follows the place is looked through first. */
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
            /* The end came too early: show the event, not the nothing behind it. */
            uint64_t line = scan->held_line + scan_count_lines(scan->held.data, len);
            scan_report(scan, line, "unexpected end", scan->held.data, len);
            return;
        }
        if (!resume_behind(scan, &error)) {
            return;
        }
    }
}

void scan_finish(struct scan *scan)
{
    /* What stopped it has been said, and what is held may not be whole. */
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

uint64_t scan_line(const struct scan *scan)
{
    return scan->line;
}

bool scan_in_events(const struct scan *scan)
{
    return scan->state == BETWEEN || scan->state == EVENT;
}

void scan_jump(struct scan *scan, uint64_t offset, uint64_t line)
{
    scan_hold(scan, BETWEEN, line);
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
