/* One walk over the members. Those that the model has fields for are slices of the text; all others
   are copied together, as they may lie apart, and are written back as they came. */
#include "ingest/trace_event.h"

#include <math.h>

static bool is_number(struct json_value value)
{
    return value.type == JSON_TYPE_NUMBER;
}

static bool is_string(struct json_value value)
{
    return value.type == JSON_TYPE_STRING;
}

static bool is_either(struct json_value value)
{
    return is_number(value) || is_string(value);
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
    [PH] = {"ph", is_any},        [TS] = {"ts", is_number},   [DUR] = {"dur", is_number},
    [NAME] = {"name", is_string}, [CAT] = {"cat", is_string}, [PID] = {"pid", is_either},
    [TID] = {"tid", is_either},   [ID] = {"id", is_either},   [ARGS] = {"args", is_any},
};

static enum known known_of(struct json_member member)
{
    for (enum known i = 0; i < KNOWN; i++)
        if (json_string_is(member.key, known[i].name) && known[i].fits(member.value))
            return i;
    return KNOWN;
}

static void keep(struct strbuf *extra, struct json_member member)
{
    if (extra->len > 0)
        strbuf_addc(extra, ',');
    strbuf_add(extra, member.key.raw, member.key.len);
    strbuf_addc(extra, ':');
    strbuf_add(extra, member.value.raw, member.value.len);
}

/* The letter; 0: it is none. The Trace Event Format's phases are letters and brackets. */
static char phase_of(struct json_value ph)
{
    if (ph.type != JSON_TYPE_STRING || ph.len < 3)
        return 0;
    for (char c = '('; c <= 'z'; c++) {
        bool phase =
            (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '(' || c == ')' || c == '=';
        char text[2] = {c, '\0'};
        if (phase && json_string_is(ph, text))
            return c;
    }
    return 0;
}

static double number_or_nan(struct json_value value)
{
    double number = json_get_number(value);
    return isfinite(number) ? number : NAN;
}

const char *trace_event_read(struct json_value object, struct strbuf *extra, struct raw_event *out)
{
    struct json_value found[KNOWN] = {[PH] = {.type = JSON_TYPE_NONE}};
    strbuf_clear(extra);
    struct json_walk walk = json_walk(object);
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        enum known which = known_of(member);
        if (which == KNOWN)
            keep(extra, member);
        else
            found[which] = member.value;
    }
    if (extra->failed)
        return "out of memory";

    *out = (struct raw_event){
        .ph = phase_of(found[PH]),
        .ts_us = number_or_nan(found[TS]),
        .dur_us = number_or_nan(found[DUR]),
        .name = found[NAME],
        .cat = found[CAT],
        .pid = found[PID],
        .tid = found[TID],
        .id = found[ID],
        .args = found[ARGS],
        .extra = {.bytes = extra->len > 0 ? extra->data : NULL, .len = extra->len},
    };
    if (found[PH].type == JSON_TYPE_NONE || found[PH].type == JSON_TYPE_NULL)
        return "ph is missing";
    if (out->ph == 0)
        return "ph is no one-letter string";
    if (isnan(out->ts_us) && !trace_event_is_metadata(out))
        return found[TS].type == JSON_TYPE_NONE ? "ts is missing or no number" : "ts is no number";
    if (fabs(out->ts_us) > TRACE_TS_MAX_US || fabs(out->dur_us) > TRACE_TS_MAX_US)
        return fabs(out->ts_us) > TRACE_TS_MAX_US ? "ts is out of range" : "dur is out of range";
    return NULL;
}
