/* The producer's own key order is tried first, as one template: each step compares the characters
   between two values with those that JSON.stringify writes, and reads the value. The first step
   that does not fit ends the template, at the end of a member; the rest is read member by member,
   in any order. */
#include "ingest/event_scan.h"

#include "core/base/word.h"

#include <math.h>
#include <string.h>

struct cursor {
    const char *at, *end;
    struct strbuf *extra;
    struct raw_event *out;
    bool *spaced;
};

static inline void skip_space(struct cursor *c)
{
    while (c->at < c->end &&
           (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t')) {
        *c->spaced = true;
        c->at++;
    }
}

/* ---- values ---- */

/* Reads a time in microseconds: one of up to 15 digits directly, any other by trace_event_time. The
   digits of a fraction and the power of ten are exact doubles, so their quotient is the nearest
   one. */
static inline const char *scan_time(const char *at, const char *end, double *us, int16_t *rest_ns)
{
    static const double tens[16] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *start = at;
    uint64_t digits = 0;
    while (at < end && (unsigned char)(*at - '0') < 10) {
        digits = digits * 10 + (uint64_t)(*at++ - '0');
    }
    bool plain = at > start && at - start <= 12 && (*start != '0' || at - start == 1);
    bool whole = at > start && at - start <= 15 && (*start != '0' || at - start == 1);
    const char *point = at;
    if (plain && at < end && *at == '.') {
        at++;
        while (at < end && (unsigned char)(*at - '0') < 10 && at - start <= 16) {
            digits = digits * 10 + (uint64_t)(*at++ - '0');
        }
        whole = at - point > 1 && at - start <= 16;
    }
    if (whole && at < end && (unsigned char)(*at - '0') >= 10 && *at != '.' &&
        (*at | 0x20) != 'e') {
        *us = at == point ? (double)digits : (double)digits / tens[at - point - 1];
        *rest_ns = 0;
        return at;
    }
    at = json_skip_number(start, end);
    if (at != NULL) {
        struct json_value number = {JSON_TYPE_NUMBER, start, (size_t)(at - start)};
        (void)trace_event_time(number, us, rest_ns);
    }
    return at;
}

static enum json_type type_at(const char *at)
{
    switch (*at) {
    case '"': return JSON_TYPE_STRING;
    case '{': return JSON_TYPE_OBJECT;
    case '[': return JSON_TYPE_ARRAY;
    case 't': return JSON_TYPE_TRUE;
    case 'f': return JSON_TYPE_FALSE;
    case 'n': return JSON_TYPE_NULL;
    default: return JSON_TYPE_NUMBER;
    }
}

static inline bool take_value(struct cursor *c, enum json_type type, struct json_value *out)
{
    const char *end = json_skip(c->at, c->end, c->spaced);
    if (end == NULL) {
        return false;
    }
    *out = (struct json_value){type, c->at, (size_t)(end - c->at)};
    c->at = end;
    return true;
}

/* ---- the producer's order ---- */

/* The characters of a step, compared as one integer of eight bytes; a ninth is compared alone. */
struct literal {
    const char *text; /* nine bytes at least */
    size_t len;
};
#define LITERAL(text) ((struct literal){text "\0\0\0\0", sizeof(text) - 1})

/* Returns whether the literal follows, and after it enough text for the next value to begin. */
static inline bool follows(const struct cursor *c, struct literal literal)
{
    if (c->end - c->at < 16) {
        return false;
    }
    uint64_t differ = word_load(c->at) ^ word_load(literal.text);
    if (literal.len < 8) {
        differ &= ((uint64_t)1 << literal.len * 8) - 1;
    }
    return differ == 0 && (literal.len < 9 || c->at[8] == literal.text[8]);
}

/* Reads `literal` and a string, whose quote is the literal's last character. */
static inline bool string_step(struct cursor *c, struct literal literal, struct json_value *out)
{
    if (!follows(c, literal)) {
        return false;
    }
    bool escaped;
    const char *start = c->at + literal.len - 1, *quote = text_near_quote(start + 1, c->end);
    const char *end = quote != NULL ? quote + 1 : json_skip_string(start, c->end, &escaped);
    if (end == NULL) {
        return false;
    }
    *out = (struct json_value){JSON_TYPE_STRING, start, (size_t)(end - start)};
    c->at = end;
    return true;
}

static inline bool time_step(struct cursor *c, struct literal literal)
{
    struct raw_event *out = c->out;
    const char *end = follows(c, literal)
                          ? scan_time(c->at + literal.len, c->end, &out->ts_us, &out->ts_rest_ns)
                          : NULL;
    c->at = end != NULL ? end : c->at;
    return end != NULL;
}

/* Reads a pid or tid that is a number; a whole one directly. */
static inline bool id_step(struct cursor *c, struct literal literal, struct json_value *out)
{
    if (!follows(c, literal)) {
        return false;
    }
    const char *start = c->at + literal.len, *end = start;
    while (end < c->end && (unsigned char)(*end - '0') < 10) {
        end++;
    }
    if (end == start || end == c->end || (*end != ',' && *end != '}') ||
        (*start == '0' && end - start > 1)) {
        end = json_skip_number(start, c->end);
    }
    if (end == NULL) {
        return false;
    }
    *out = (struct json_value){JSON_TYPE_NUMBER, start, (size_t)(end - start)};
    c->at = end;
    return true;
}

static inline bool phase_step(struct cursor *c)
{
    if (!follows(c, LITERAL(",\"ph\":\"")) || c->at[8] != '"' || !trace_event_is_phase(c->at[7])) {
        return false;
    }
    c->out->ph = c->at[7];
    c->at += 9;
    return true;
}

/* Reads the seed's JSON.stringify({name, cat, ph, ts, pid, tid, dur?, args?}). */
static inline void scan_template(struct cursor *c)
{
    struct raw_event *out = c->out;
    if (!string_step(c, LITERAL("{\"name\":\""), &out->name) ||
        !string_step(c, LITERAL(",\"cat\":\""), &out->cat) || !phase_step(c) ||
        !time_step(c, LITERAL(",\"ts\":")) || !id_step(c, LITERAL(",\"pid\":"), &out->pid) ||
        !id_step(c, LITERAL(",\"tid\":"), &out->tid) || !follows(c, LITERAL(",\"args\":{"))) {
        return;
    }
    c->at += sizeof ",\"args\":" - 1;
    if (!take_value(c, JSON_TYPE_OBJECT, &out->args)) {
        c->at = NULL;
    }
}

/* ---- any order ---- */

enum known { PH, TS, DUR, NAME, CAT, PID, TID, ID, ARGS, OTHER };

static enum known known_of(const char *key, size_t len)
{
    static const struct {
        const char text[5];
        uint8_t len;
    } keys[OTHER] = {[PH] = {"ph", 2},     [TS] = {"ts", 2},   [DUR] = {"dur", 3},
                     [NAME] = {"name", 4}, [CAT] = {"cat", 3}, [PID] = {"pid", 3},
                     [TID] = {"tid", 3},   [ID] = {"id", 2},   [ARGS] = {"args", 4}};
    for (enum known i = 0; i < OTHER; i++) {
        if (keys[i].len == len && memcmp(key, keys[i].text, len) == 0) {
            return i;
        }
    }
    return OTHER;
}

static bool take_typed(struct json_value value, bool numbers, struct json_value *out)
{
    if (value.type != JSON_TYPE_STRING && !(numbers && value.type == JSON_TYPE_NUMBER)) {
        return false;
    }
    *out = value;
    return true;
}

/* Stores the value in its field. Returns false if it belongs to the extra members. Sets *bad for a
   value that is no phase, or spelt with an escape. */
static bool place(struct raw_event *out, enum known which, struct json_value value, bool *bad)
{
    int16_t rest_of_dur;
    switch (which) {
    case PH:
        *bad |=
            value.type != JSON_TYPE_STRING || value.len < 3 || !trace_event_is_phase(value.raw[1]);
        out->ph = *bad ? '\0' : value.raw[1];
        trace_event_note_loose(out, value);
        return true;
    case TS:
        trace_event_note_loose_time(out, value);
        return trace_event_time(value, &out->ts_us, &out->ts_rest_ns);
    case DUR: return trace_event_time(value, &out->dur_us, &rest_of_dur);
    case NAME: return take_typed(value, false, &out->name);
    case CAT: return take_typed(value, false, &out->cat);
    case PID: return take_typed(value, true, &out->pid);
    case TID: return take_typed(value, true, &out->tid);
    case ID: return take_typed(value, true, &out->id);
    case ARGS: out->args = value; return true;
    case OTHER: break;
    }
    return false;
}

/* Reads a member, from its key's quote on. */
static bool scan_member(struct cursor *c)
{
    bool escaped = false, bad = false;
    const char *key = c->at;
    if (c->at == c->end || *c->at != '"') {
        return false;
    }
    c->at = json_skip_string(key, c->end, &escaped);
    if (c->at == NULL || escaped) {
        return false;
    }
    size_t key_len = (size_t)(c->at - key);
    skip_space(c);
    if (c->at == c->end || *c->at != ':') {
        return false;
    }
    c->at++;
    skip_space(c);
    struct json_value value;
    if (c->at == c->end || !take_value(c, type_at(c->at), &value)) {
        return false;
    }
    if (!place(c->out, known_of(key + 1, key_len - 2), value, &bad)) {
        strbuf_adds(c->extra, c->extra->len > 0 ? "," : "");
        trace_event_put_member(c->extra, (struct json_value){JSON_TYPE_STRING, key, key_len},
                               value);
    }
    return !bad;
}

/* Reads the members that are left, and the brace. */
static bool scan_members(struct cursor *c, bool first)
{
    for (;; first = false) {
        skip_space(c);
        if (c->at == c->end) {
            return false;
        }
        if (*c->at == '}') {
            c->at++;
            return true;
        }
        if (!first) {
            if (*c->at != ',') {
                return false;
            }
            c->at++;
            skip_space(c);
        }
        if (!scan_member(c)) {
            return false;
        }
    }
}

/* ---- the event ---- */

static bool is_event(const struct raw_event *event)
{
    bool in_range =
        !(fabs(event->ts_us) > TRACE_TS_MAX_US || fabs(event->dur_us) > TRACE_TS_MAX_US);
    return event->ph != '\0' && (!isnan(event->ts_us) || event->ph == 'M') && in_range;
}

/* Clears no more than needed, for it runs for each event. */
static inline void clear_event(struct raw_event *event)
{
    event->ph = '\0';
    event->ts_us = event->dur_us = (double)NAN;
    event->ts_rest_ns = 0;
    event->loose = NULL;
    event->name.type = event->cat.type = event->pid.type = event->tid.type = event->id.type =
        event->args.type = JSON_TYPE_NONE;
}

const char *event_scan(const char *at, const char *end, struct strbuf *extra, struct raw_event *out,
                       bool *spaced)
{
    struct cursor c = {at, end, extra, out, spaced};
    clear_event(out);
    strbuf_clear(extra);
    scan_template(&c);
    if (c.at == NULL || c.at == end) {
        return NULL;
    }
    bool first = c.at == at;
    c.at += first;
    if (!first && *c.at == '}') {
        c.at++;
    } else if (!scan_members(&c, first)) {
        return NULL;
    }
    out->extra = (struct slice){extra->len > 0 ? extra->data : NULL, extra->len};
    return is_event(out) && !extra->failed ? c.at : NULL;
}
