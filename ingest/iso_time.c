/* Days are counted from the civil calendar, so the machine's time zone does not matter. */
#include "ingest/iso_time.h"

static bool digits(const char **at, const char *end, int count, int64_t *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (*at == end || **at < '0' || **at > '9') {
            return false;
        }
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool letter(const char **at, const char *end, char c)
{
    if (*at == end || **at != c) {
        return false;
    }
    (*at)++;
    return true;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar; a year begins with March, so that
   the leap day is its last. */
static int64_t days(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int64_t fraction_ns(const char **at, const char *end)
{
    int64_t ns = 0, unit = 100000000;
    while (*at < end && **at >= '0' && **at <= '9') {
        ns += (**at - '0') * unit;
        unit /= 10;
        (*at)++;
    }
    return ns;
}

/* Seconds east of Greenwich. */
static bool zone(const char **at, const char *end, int64_t *offset)
{
    int64_t hours, minutes;
    *offset = 0;
    if (*at == end || letter(at, end, 'Z')) {
        return true;
    }
    char sign = *(*at)++;
    if ((sign != '+' && sign != '-') || !digits(at, end, 2, &hours)) {
        return false;
    }
    letter(at, end, ':');
    if (!digits(at, end, 2, &minutes)) {
        return false;
    }
    *offset = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return true;
}

bool iso_time_parse(const char *text, size_t len, int64_t *ns)
{
    const char *at = text, *end = text + len;
    int64_t year, month, day, hour, minute, second, fraction = 0, offset;
    bool good = digits(&at, end, 4, &year) && letter(&at, end, '-') &&
                digits(&at, end, 2, &month) && letter(&at, end, '-') && digits(&at, end, 2, &day) &&
                (letter(&at, end, 'T') || letter(&at, end, ' ')) && digits(&at, end, 2, &hour) &&
                letter(&at, end, ':') && digits(&at, end, 2, &minute) && letter(&at, end, ':') &&
                digits(&at, end, 2, &second);
    if (!good || month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 ||
        second > 60 || year < 1678 || year > 2261) {
        return false;
    }
    if (letter(&at, end, '.')) {
        fraction = fraction_ns(&at, end);
    }
    if (!zone(&at, end, &offset) || at != end) {
        return false;
    }
    *ns = (days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset) *
              1000000000 +
          fraction;
    return true;
}
