/* One walk over the members. Members that the model has fields for become slices of the text; all
   others are copied together, for they may lie apart, and are written back as they came. */
#include "ingest/trace_event.h"

#include "core/base/time_ns.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

/* Whether the value is a time, or a text that spells one. */
static bool is_time(struct json_value value)
{
    double us;
    int16_t rest_ns;
    return trace_event_time(value, &us, &rest_ns);
}

static bool is_string(struct json_value value)
{
    return value.type == JSON_TYPE_STRING;
}

static bool is_either(struct json_value value)
{
    return value.type == JSON_TYPE_NUMBER || is_string(value);
}

static bool is_any(struct json_value value)
{
    (void)value;
    return true;
}

enum known { PH, TS, DUR, NAME, CAT, PID, TID, ID, ARGS, KNOWN };

static const struct {
    const char *name;
    bool (*fits)(struct json_value value);
} known[KNOWN] = {
    [PH] = {"ph", is_any},        [TS] = {"ts", is_time},     [DUR] = {"dur", is_time},
    [NAME] = {"name", is_string}, [CAT] = {"cat", is_string}, [PID] = {"pid", is_either},
    [TID] = {"tid", is_either},   [ID] = {"id", is_either},   [ARGS] = {"args", is_any},
};

static enum known known_of(struct json_member member)
{
    for (enum known i = 0; i < KNOWN; i++) {
        if (json_string_is(member.key, known[i].name) && known[i].fits(member.value)) {
            return i;
        }
    }
    return KNOWN;
}

void trace_event_put_member(struct strbuf *out, struct json_value key, struct json_value value)
{
    strbuf_add(out, key.raw, key.len);
    strbuf_addc(out, ':');
    strbuf_add(out, value.raw, value.len);
}

/* Returns the phase, 0 for any other value: the first of several characters, as in Perfetto. */
static char phase_of(struct json_value ph)
{
    if (ph.type != JSON_TYPE_STRING || ph.len < 3) {
        return 0;
    }
    char c = ph.raw[1];
    if (c == '\\' && ph.raw[2] == '/') {
        c = '/';
    } else if (c == '\\' && ph.len >= 8 && ph.raw[2] == 'u') {
        char hex[5] = {ph.raw[3], ph.raw[4], ph.raw[5], ph.raw[6], '\0'};
        unsigned long code = strtoul(hex, NULL, 16);
        c = code < 0x7f ? (char)code : '\0';
    }
    return trace_event_is_phase(c) ? c : 0;
}

void trace_event_note_loose(struct raw_event *event, struct json_value ph)
{
    bool letter = strchr("()=", event->ph) != NULL || isalpha((unsigned char)event->ph);
    bool escaped = ph.len > 3 && ph.raw[1] == '\\';
    size_t one = !escaped ? 3 : ph.raw[2] == 'u' ? 8 : 4;
    if (ph.type == JSON_TYPE_STRING && (!letter || ph.len > one)) {
        event->loose = "ph is no one-letter string";
    }
}

void trace_event_note_loose_time(struct raw_event *event, struct json_value ts)
{
    if (ts.type == JSON_TYPE_STRING) {
        event->loose = "ts is no number";
    }
}

/* ---- times ---- */

/* Reads plain digits with or without a fraction as whole nanoseconds. Returns false for any other
   spelling, and for more than 16 digits before the point. */
static bool exact_ns(const char *at, const char *end, int64_t *ns)
{
    bool negative = at < end && *at == '-';
    int64_t sum = 0;
    at += negative;
    const char *start = at;
    while (at < end && *at >= '0' && *at <= '9' && at - start < 16) {
        sum = sum * 10 + (*at++ - '0');
    }
    bool point = at < end && *at == '.';
    at += point;
    for (int place = 0; place < 4; place++) {
        int digit = point && at < end && *at >= '0' && *at <= '9' ? *at++ - '0' : 0;
        sum = place < 3 ? sum * 10 + digit : sum + (digit >= 5);
    }
    while (point && at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    *ns = negative ? -sum : sum;
    return at == end;
}

bool trace_event_time(struct json_value value, double *us, int16_t *rest_ns)
{
    const double exact = 0x1p40; /* up to here a double is exact to a fraction of a nanosecond */
    value = json_spelt_number(value);
    if (value.type != JSON_TYPE_NUMBER) {
        return false;
    }
    double number = json_get_number(value);
    int64_t ns;
    *us = isfinite(number) ? number : (double)NAN;
    *rest_ns = 0;
    if (fabs(number) >= exact && fabs(number) <= TRACE_TS_MAX_US &&
        exact_ns(value.raw, value.raw + value.len, &ns)) {
        *rest_ns = (int16_t)(ns - time_ns_from_us(number));
    }
    return true;
}

/* ---- the event ---- */

/* Whether the member is a duration that spells no time. */
static bool is_bad_dur(struct json_member member)
{
    return json_string_is(member.key, "dur") && member.value.type != JSON_TYPE_NULL;
}

/* Returns why the event is refused; NULL: it is good. */
static const char *refuse(const struct raw_event *out, const struct json_value found[KNOWN],
                          bool bad_dur)
{
    if (found[PH].type == JSON_TYPE_NONE || found[PH].type == JSON_TYPE_NULL) {
        return "ph is missing";
    }
    if (out->ph == 0) {
        return "ph is no ASCII character";
    }
    if (isnan(out->ts_us) && !trace_event_is_metadata(out)) {
        return found[TS].type == JSON_TYPE_NONE ? "ts is missing or no number" : "ts is no number";
    }
    if (out->ph == 'X' && bad_dur && found[DUR].type == JSON_TYPE_NONE) {
        return "dur is no number";
    }
    if (fabs(out->ts_us) > TRACE_TS_MAX_US || fabs(out->dur_us) > TRACE_TS_MAX_US) {
        return fabs(out->ts_us) > TRACE_TS_MAX_US
                   ? "ts is out of range: it must be microseconds, less than 4e15"
                   : "dur is out of range: it must be microseconds, less than 4e15";
    }
    return NULL;
}

const char *trace_event_read(struct json_value object, struct strbuf *extra, struct raw_event *out)
{
    struct json_value found[KNOWN] = {[PH] = {.type = JSON_TYPE_NONE}};
    strbuf_clear(extra);
    struct json_walk walk = json_walk(object);
    struct json_member member;
    bool bad_dur = false;
    while (json_next_member(&walk, &member)) {
        enum known which = known_of(member);
        if (which == KNOWN) {
            bad_dur |= is_bad_dur(member);
            strbuf_adds(extra, extra->len > 0 ? "," : "");
            trace_event_put_member(extra, member.key, member.value);
        } else {
            found[which] = member.value;
        }
    }
    if (extra->failed) {
        return "out of memory";
    }

    *out = (struct raw_event){
        .ph = phase_of(found[PH]),
        .ts_us = (double)NAN,
        .dur_us = (double)NAN,
        .name = found[NAME],
        .cat = found[CAT],
        .pid = found[PID],
        .tid = found[TID],
        .id = found[ID],
        .args = found[ARGS],
        .extra = {.bytes = extra->len > 0 ? extra->data : NULL, .len = extra->len},
    };
    int16_t rest_of_dur;
    trace_event_note_loose(out, found[PH]);
    trace_event_note_loose_time(out, found[TS]);
    (void)trace_event_time(found[TS], &out->ts_us, &out->ts_rest_ns);
    (void)trace_event_time(found[DUR], &out->dur_us, &rest_of_dur);
    return refuse(out, found, bad_dur);
}
