/* The text before, between and after documents. A line that is neither a document's beginning nor
   an event or operation is foreign: a program's own output, a warning. Before the first document
   foreign lines are kept, in case that what follows shows that the text is lines, each of which is
   rejected by itself then; if a document follows, they are reported together. After a document they
   are reported once and skipped. Without a document, and where they are many, the first line shows
   whether the format is known (foreign_format.h). */
#include "ingest/foreign_format.h"
#include "ingest/trace/scan_private.h"

#include <string.h>

enum { OPENING_MAX = 256 /* of a list's first value, if that is no event */ };

/* ---- the end of foreign text ---- */

static bool skip_as(struct scan *scan, const char *what)
{
    scan->sink.bad(scan->sink.ctx, 0, what, (struct slice){NULL, 0}, true);
    strbuf_release(&scan->preface);
    scan_hold(scan, SKIP, scan->line);
    return true;
}

/* Names the format that the first line shows; else the text is lines: those that were kept, and all
   that follow. */
static bool give_up(struct scan *scan)
{
    const char *what = foreign_format((struct slice){scan->preface.data, scan->preface.len});
    return what != NULL ? skip_as(scan, what) : scan_become_lines(scan, scan->line, "", 0);
}

/* Returns where in the line a document or a list of events begins, after some other text, as in
   `trace = [{"name"…`; its length: nowhere. A line that begins with a bracket is JSON of another
   kind, or text. */
static size_t find_begin(const char *line, size_t len)
{
    static const char *const begins[] = {"{\"traceEvents\"", "[{\""};
    for (size_t i = 1; i < len && *line != '{' && *line != '['; i++) {
        for (size_t kind = 0; kind < 2; kind++) {
            const char *at = line + i, *text = begins[kind];
            while (*text != '\0' && at < line + len && *at == *text) {
                at++;
                text++;
                while (at < line + len && *text != '\0' && text[-1] != '"' && scan_is_space(*at)) {
                    at++;
                }
            }
            if (*text == '\0') {
                return i;
            }
        }
    }
    return len;
}

static bool keep_line(struct scan *scan, size_t len)
{
    struct strbuf *preface = &scan->preface;
    scan->preface_line = preface->len == 0 ? scan->held_line : scan->preface_line;
    uint64_t next = scan->preface_line + scan_count_lines(preface->data, preface->len);
    for (; next < scan->held_line; next++) {
        strbuf_addc(preface, '\n'); /* it was empty */
    }
    strbuf_add(preface, scan->held.data, len);
    return !preface->failed;
}

/* Takes a foreign line that has ended, or is long. */
static bool end_line(struct scan *scan, bool whole)
{
    struct strbuf held = scan->held;
    size_t begin = find_begin(held.data, held.len);
    if (scan->documents == 0 && !keep_line(scan, begin)) {
        return false;
    }
    if (scan->documents > 0 && !scan->after_reported) {
        scan->after_reported = true;
        scan_report(scan, scan->held_line, "text after the trace", held.data, begin);
    }
    if (begin < held.len) {
        return scan_part(scan, START, &held, (struct slice){held.data + begin, held.len - begin});
    }
    scan_hold(scan, whole ? START : FOREIGN, scan->line);
    bool goes_on = scan->documents > 0 || (whole && scan->preface.len < PREFACE_MAX);
    return goes_on || give_up(scan);
}

bool scan_become_foreign(struct scan *scan)
{
    bool whole = scan->held.len > 0 && scan->held.data[scan->held.len - 1] == '\n';
    scan->state = FOREIGN;
    return !whole || end_line(scan, true);
}

bool scan_finish_around(struct scan *scan)
{
    bool foreign = scan->state == FOREIGN || (scan->state == OPENING && scan->held.len > 1);
    if (foreign && scan->held.len > 0 && !end_line(scan, true)) {
        return false;
    }
    if (scan->state == OPENING) {
        bool good = scan_begin_document(scan, SCAN_ARRAY);
        scan_hold(scan, BETWEEN, scan->line);
        return good;
    }
    return scan->preface.len == 0 || scan->state != START || give_up(scan);
}

/* ---- characters ---- */

/* Begins a list where something that a list may hold follows the bracket, or another value and a
   comma; else the bracket begins a foreign line, as in `[2026-01-01 10:00:00,123] started`. */
static bool take_opening(struct scan *scan, char c)
{
    struct strbuf *held = &scan->held;
    struct json_value other;
    bool list = c == '{' || c == '[' || c == ']' || c == ',' || c == '/';
    bool value =
        held->len > 1 && json_check(held->data + 1, held->len - 1, MAX_DEPTH, &other, NULL);
    if (held->len > 1) {
        list = c == ',' && value;
    } else if (scan_is_space(c)) {
        return true;
    }
    if (!list) {
        strbuf_addc(held, c);
        bool foreign = (c == '\n' && !value) || held->len > OPENING_MAX;
        return !held->failed && (!foreign || scan_become_foreign(scan));
    }
    struct strbuf first = scan->held;
    strbuf_init(&scan->held, scan->mem, 0);
    bool good = scan_begin_document(scan, SCAN_ARRAY);
    scan_hold(scan, BETWEEN, scan->line);
    if (first.len > 1) {
        scan_report(scan, scan->line, "an event expected", first.data + 1, first.len - 1);
    }
    strbuf_release(&first);
    return good;
}

static bool take_foreign(struct scan *scan, char c)
{
    strbuf_addc(&scan->held, c);
    if (scan->held.failed) {
        return false;
    }
    size_t len = scan->held.len;
    bool first = len == FOREIGN_MAGIC_BYTES && scan->documents == 0 && scan->preface.len == 0;
    const char *what = first ? foreign_magic((struct slice){scan->held.data, len}) : NULL;
    if (what != NULL) {
        return skip_as(scan, what);
    }
    return c == '\n' ? end_line(scan, true) : len < PREFACE_MAX || end_line(scan, false);
}

static bool take_start(struct scan *scan, char c)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    bool closes = scan->documents > 0 && (c == '}' || c == ']' || c == ')' || c == ';' || c == ',');
    if (scan->bom < 3 && c == byte_order_mark[scan->bom]) {
        scan->bom++;
    } else if (c == '[' || c == '{') {
        scan_hold(scan, c == '[' ? OPENING : HEAD, scan->line);
        if (c == '[') {
            strbuf_addc(&scan->held, c);
        }
    } else if (!scan_is_space(c) && !closes) {
        scan_hold(scan, FOREIGN, scan->line);
        return take_foreign(scan, c);
    }
    return !scan->held.failed;
}

bool scan_around(struct scan *scan, char c)
{
    if (scan->state == START) {
        return take_start(scan, c);
    }
    return scan->state == OPENING ? take_opening(scan, c) : take_foreign(scan, c);
}
