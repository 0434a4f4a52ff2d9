/* A TIME is parsed before the sources are read, so it stays a form and a number until the extent of
   the trace is known. Fractions are read digit by digit: a double cannot hold epoch seconds and
   nanoseconds. */
#include "tui/cmd/time_spec.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000LL

/* Reads 1 to `max` digits. */
static bool read_digits(const char **at, int max, int64_t *out)
{
    const char *from = *at;
    *out = 0;
    while (**at >= '0' && **at <= '9' && *at - from < max) {
        *out = *out * 10 + (*(*at)++ - '0');
    }
    return *at > from;
}

/* Reads `.5` as nanoseconds; 0 if there is no point. Returns false for a point without a digit. */
static bool read_fraction(const char **at, int64_t *out)
{
    int64_t unit = NS_PER_S / 10;
    *out = 0;
    if (**at != '.' && **at != ',') {
        return true;
    }
    (*at)++;
    if (**at < '0' || **at > '9') {
        return false;
    }
    for (; **at >= '0' && **at <= '9'; (*at)++, unit /= 10) {
        *out += (**at - '0') * unit;
    }
    return true;
}

static int64_t unit_ns(const char **at)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"ns", 1},
                 {"us", 1000},
                 {"µs", 1000},
                 {"ms", 1000000},
                 {"s", NS_PER_S},
                 {"min", 60 * NS_PER_S},
                 {"m", 60 * NS_PER_S},
                 {"h", 3600 * NS_PER_S},
                 {"d", 86400 * NS_PER_S}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = strlen(units[i].name);
        if (strncmp(*at, units[i].name, len) == 0) {
            *at += len;
            return units[i].ns;
        }
    }
    return 0;
}

/* Parses `1h30m`, `12.5s`. */
static bool parse_duration(const char *text, int64_t *out)
{
    *out = 0;
    if (!*text) {
        return false;
    }
    while (*text) {
        int64_t whole, fraction;
        if (!read_digits(&text, 9, &whole) || !read_fraction(&text, &fraction)) {
            return false;
        }

        int64_t unit = unit_ns(&text);

        /* 9 digits of hours would overflow 64 bits of nanoseconds. */
        if (unit == 0 || whole > INT64_MAX / 4 / unit) {
            return false;
        }
        *out += whole * unit + (int64_t)((double)fraction / 1e9 * (double)unit + 0.5);
    }
    return true;
}

/* Parses `14:31`, `14:31:05.25` and moves *at past it. */
static bool parse_clock(const char **at, int64_t *out)
{
    int64_t hours, minutes, seconds = 0, fraction = 0;
    if (!read_digits(at, 2, &hours) || *(*at)++ != ':' || !read_digits(at, 2, &minutes)) {
        return false;
    }
    if (**at == ':') {
        (*at)++;
        if (!read_digits(at, 2, &seconds) || !read_fraction(at, &fraction)) {
            return false;
        }
    }
    if (hours > 24 || minutes > 59 || seconds > 60) {
        return false;
    }
    *out = ((hours * 60 + minutes) * 60 + seconds) * NS_PER_S + fraction;
    return true;
}

/* Parses `Z`, `+02:00`, `-0330`. *offset_s: seconds that local time is ahead of UTC. */
static bool parse_zone(const char **at, int64_t *offset_s)
{
    int64_t hours, minutes = 0;
    int sign = **at == '-' ? -1 : 1;
    *offset_s = 0;
    if (**at == 'Z' || **at == 'z') {
        (*at)++;
        return true;
    }
    (*at)++;
    if (!read_digits(at, 2, &hours)) {
        return false;
    }
    if (**at == ':') {
        (*at)++;
    }
    if (**at && !read_digits(at, 2, &minutes)) {
        return false;
    }
    *offset_s = sign * (hours * 60 + minutes) * 60;
    return hours <= 24 && minutes <= 59;
}

static bool parse_iso(const char *text, int64_t *out)
{
    int64_t year, month, day, clock = 0, offset_s;
    if (!read_digits(&text, 4, &year) || *text++ != '-' || !read_digits(&text, 2, &month) ||
        *text++ != '-' || !read_digits(&text, 2, &day) || month < 1 || month > 12 || day < 1 ||
        day > 31) {
        return false;
    }
    if (*text == 'T' || *text == 't' || *text == ' ') {
        text++;
        if (!parse_clock(&text, &clock)) {
            return false;
        }
    }

    struct tm tm = {
        .tm_year = (int)year - 1900,
        .tm_mon = (int)month - 1,
        .tm_mday = (int)day,
        .tm_sec = (int)(clock / NS_PER_S),
        .tm_isdst = -1,
    };
    time_t seconds;

    if (*text) {
        if (!parse_zone(&text, &offset_s) || *text) {
            return false;
        }
        seconds = timegm(&tm) - (time_t)offset_s;
    } else {
        seconds = mktime(&tm);
    }
    return !__builtin_mul_overflow((int64_t)seconds, NS_PER_S, out) &&
           !__builtin_add_overflow(*out, clock % NS_PER_S, out);
}

bool time_spec_parse(const char *text, struct time_spec *out)
{
    const char *at = text;
    out->text = text;
    if (text[0] == '-') {
        out->form = TIME_FROM_END;
        return parse_duration(text + 1, &out->ns);
    }
    out->form = TIME_FROM_START;
    if (parse_duration(text[0] == '+' ? text + 1 : text, &out->ns)) {
        return true;
    }
    out->form = TIME_OF_DAY;
    if (parse_clock(&at, &out->ns) && !*at) {
        return true;
    }
    out->form = TIME_ABSOLUTE;
    return parse_iso(text, &out->ns);
}

static int64_t floor_s(int64_t ns)
{
    return ns / NS_PER_S - (ns % NS_PER_S < 0);
}

static int64_t resolve_time_of_day(int64_t clock_ns, int64_t from_ns, int64_t to_ns)
{
    time_t from_s = (time_t)floor_s(from_ns);
    struct tm tm;
    if (localtime_r(&from_s, &tm) == NULL) {
        return from_ns;
    }
    tm.tm_hour = tm.tm_min = 0;
    tm.tm_sec = (int)(clock_ns / NS_PER_S);
    tm.tm_isdst = -1;

    struct tm next_day = tm;
    int64_t at = (int64_t)mktime(&tm) * NS_PER_S + clock_ns % NS_PER_S;

    if (at >= from_ns || from_ns - at < NS_PER_S) {
        return at;
    }
    next_day.tm_mday++;

    int64_t later = (int64_t)mktime(&next_day) * NS_PER_S + clock_ns % NS_PER_S;

    return later <= to_ns ? later : at;
}

int64_t time_spec_resolve(struct time_spec spec, int64_t from_ns, int64_t to_ns, int64_t unset)
{
    switch (spec.form) {
    case TIME_FROM_START: return from_ns + spec.ns;
    case TIME_FROM_END: return to_ns - spec.ns;
    case TIME_OF_DAY: return resolve_time_of_day(spec.ns, from_ns, to_ns);
    case TIME_ABSOLUTE: return spec.ns;
    case TIME_UNSET: break;
    }
    return unset;
}

static int local_text(int64_t ns, char out[32])
{
    time_t when = (time_t)(ns / 1000000000);
    struct tm tm;
    return localtime_r(&when, &tm) != NULL ? (int)strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm) : 0;
}

bool time_spec_check(const char *option, int64_t at_ns, int64_t from_ns, int64_t to_ns,
                     struct strbuf *error)
{
    char first[32] = "", last[32] = "";
    if (at_ns >= from_ns && at_ns <= to_ns) {
        return true;
    }
    local_text(from_ns, first);
    local_text(to_ns, last);
    strbuf_addf(error, "%s: %s of the trace, which is %.3f s long: %s to %s", option,
                at_ns < from_ns ? "before the start" : "after the end",
                (double)(to_ns - from_ns) / 1e9, first, last);
    return false;
}

void time_spec_put_order(struct time_spec from, struct time_spec to, struct strbuf *error)
{
    strbuf_addf(error, "--from %s is after --to %s", from.text, to.text);
}

bool time_spec_check_order(struct time_spec from, struct time_spec to, struct strbuf *error)
{
    bool same = from.form == to.form;
    bool after = same && (from.form == TIME_FROM_END ? from.ns < to.ns : from.ns > to.ns);
    /* A time of day may be one of the next day. */
    if (!after || from.form == TIME_UNSET || from.form == TIME_OF_DAY) {
        return true;
    }
    time_spec_put_order(from, to, error);
    return false;
}
