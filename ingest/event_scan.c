/* The tracer's own key order is tried first, as one template: each step compares the characters
   between two values with those that JSON.stringify writes, and reads the value. The first step
   that does not fit ends the template, at the end of a member; the rest is read member by member,
   in any order: a key of up to seven characters is one integer, which decides how its value is
   read. */
#include "ingest/event_scan.h"

#include "ingest/event_scan_values.h"

#include <math.h>
#include <string.h>

struct cursor {
    const char *at, *end;
    struct strbuf *extra;
    struct raw_event *out;
    bool *spaced;
    bool bad_dur; /* a duration spells no time: of X the careful reader refuses it */
};

static inline void skip_space(struct cursor *c)
{
    if (c->at < c->end && (unsigned char)*c->at <= ' ') {
        const char *after = text_skip_space(c->at, c->end);
        if (after > c->at) {
            *c->spaced = true;
        }
        c->at = after;
    }
}

/* ---- values ---- */

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

/* Moves to the place after a value; false: NULL. */
static inline bool move_to(struct cursor *c, const char *after)
{
    c->at = after != NULL ? after : c->at;
    return after != NULL;
}

/* Reads `literal` and a string, whose quote is the literal's last character. */
static inline bool string_step(struct cursor *c, struct literal literal, struct json_value *out)
{
    return follows(c, literal) && move_to(c, scan_string(c->at + literal.len - 1, c->end, out));
}

static inline bool time_step(struct cursor *c, struct literal literal)
{
    return follows(c, literal) &&
           move_to(c, scan_time(c->at + literal.len, c->end, &c->out->ts_us, &c->out->ts_rest_ns));
}

static inline bool id_step(struct cursor *c, struct literal literal, struct json_value *out)
{
    return follows(c, literal) && move_to(c, scan_id(c->at + literal.len, c->end, out));
}

static inline bool phase_step(struct cursor *c)
{
    return follows(c, LITERAL(",\"ph\":\"")) &&
           move_to(c, scan_phase(c->at + sizeof ",\"ph\":" - 1, c->end, &c->out->ph));
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

/* The characters of a key and its quote as word_load has them: with the quote no NUL that follows
   is taken for the key's end. */
#define TWO(a, b)         ((uint64_t)(a) | (uint64_t)(b) << 8)
#define KEY_2(a, b)       (TWO(a, b) | (uint64_t)'"' << 16)
#define KEY_3(a, b, c)    (TWO(a, b) | (uint64_t)(c) << 16 | (uint64_t)'"' << 24)
#define KEY_4(a, b, c, d) (TWO(a, b) | TWO(c, d) << 16 | (uint64_t)'"' << 32)

static inline enum known known_of(uint64_t key)
{
    switch (key) {
    case KEY_2('p', 'h'): return PH;
    case KEY_2('t', 's'): return TS;
    case KEY_3('d', 'u', 'r'): return DUR;
    case KEY_4('n', 'a', 'm', 'e'): return NAME;
    case KEY_3('c', 'a', 't'): return CAT;
    case KEY_3('p', 'i', 'd'): return PID;
    case KEY_3('t', 'i', 'd'): return TID;
    case KEY_2('i', 'd'): return ID;
    case KEY_4('a', 'r', 'g', 's'): return ARGS;
    default: return OTHER;
    }
}

/* Reads a key that is near the end of the text, or none of the known ones. */
static const char *scan_key_slowly(const char *at, const char *end, enum known *which)
{
    bool escaped = false;
    char key[8] = {0};
    const char *after = at < end && *at == '"' ? json_skip_string(at, end, &escaped) : NULL;
    size_t len = after != NULL ? (size_t)(after - at) - 2 : 0;
    if (len > 0 && len < sizeof key) {
        memcpy(key, at + 1, len + 1);
    }
    *which = known_of(word_load(key));
    return escaped ? NULL : after;
}

/* Reads a key. Returns the place after its quote; NULL: it is no key, or has an escape. */
static inline const char *scan_key(const char *at, const char *end, enum known *which)
{
    if (end - at >= 16) {
        uint64_t word = word_load(at + 1), quote = word_mark_byte(word, '"');
        size_t len = quote != 0 ? word_lowest(quote) : 0;
        *which = len < 7 ? known_of(word & (((uint64_t)1 << (len + 1) * 8) - 1)) : OTHER;
        if (*which != OTHER && *at == '"') {
            return at + len + 2;
        }
    }
    return scan_key_slowly(at, end, which);
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

/* Reads a value as nearly all producers spell it. Returns NULL for any other. */
static inline const char *scan_usual(struct cursor *c, enum known which)
{
    struct raw_event *out = c->out;
    int16_t rest_of_dur;
    switch (which) {
    case PH: return scan_phase(c->at, c->end, &out->ph);
    case TS: return scan_plain_time(c->at, c->end, &out->ts_us, &out->ts_rest_ns);
    case DUR: return scan_plain_time(c->at, c->end, &out->dur_us, &rest_of_dur);
    case NAME: return *c->at == '"' ? scan_string(c->at, c->end, &out->name) : NULL;
    case CAT: return *c->at == '"' ? scan_string(c->at, c->end, &out->cat) : NULL;
    case PID: return *c->at != '"' ? scan_id(c->at, c->end, &out->pid) : NULL;
    case TID: return *c->at != '"' ? scan_id(c->at, c->end, &out->tid) : NULL;
    case ID:
    case ARGS:
    case OTHER: break;
    }
    return NULL;
}

static void put_extra(struct cursor *c, struct json_value key, struct json_value value)
{
    size_t separator = c->extra->len > 0, len = separator + key.len + 1 + value.len;
    char *room = strbuf_room(c->extra, len);
    if (room != NULL) {
        *room = ',';
        memcpy(room + separator, key.raw, key.len);
        room[separator + key.len] = ':';
        memcpy(room + separator + key.len + 1, value.raw, value.len);
        c->extra->len += len;
    }
}

/* Reads a member, from its key's quote on. */
static inline bool scan_member(struct cursor *c)
{
    bool bad = false;
    enum known which;
    struct json_value key = {JSON_TYPE_STRING, c->at, 0}, value;
    const char *after = scan_key(c->at, c->end, &which);
    if (!move_to(c, after)) {
        return false;
    }
    key.len = (size_t)(after - key.raw);
    skip_space(c);
    if (c->at == c->end || *c->at != ':') {
        return false;
    }
    c->at++;
    skip_space(c);
    if (c->at == c->end) {
        return false;
    }
    if (move_to(c, scan_usual(c, which))) {
        return true;
    }
    if (!take_value(c, type_at(c->at), &value)) {
        return false;
    }
    if (!place(c->out, which, value, &bad)) {
        c->bad_dur |= which == DUR && value.type != JSON_TYPE_NULL;
        put_extra(c, key, value);
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
    struct cursor c = {at, end, extra, out, spaced, false};
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
    bool refused = c.bad_dur && out->ph == 'X' && isnan(out->dur_us);
    return is_event(out) && !refused && !extra->failed ? c.at : NULL;
}
