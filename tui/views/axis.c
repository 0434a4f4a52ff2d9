/* An axis is the first column's time, a zoom and a number of columns; everything else is shifts and
   masks of those. Labels come from a table of round steps: the smallest one whose texts fit. Times
   of day are round in the local zone, so steps are counted from local midnight. */
#include "tui/views/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_US INT64_C(1000)
#define NS_MS INT64_C(1000000)
#define NS_S  INT64_C(1000000000)
#define NS_M  (60 * NS_S)
#define NS_H  (60 * NS_M)
#define NS_D  (24 * NS_H)

int64_t axis_col_ns(const struct axis *axis)
{
    return INT64_C(1) << axis->zoom;
}

int64_t axis_floor(int64_t t_ns, unsigned zoom)
{
    return t_ns & ~((INT64_C(1) << zoom) - 1);
}

static int64_t add_saturating(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return b > 0 ? INT64_MAX : INT64_MIN;
    }
    return sum;
}

int axis_col(const struct axis *axis, int64_t t_ns)
{
    if (t_ns < axis->t0_ns) {
        return -1;
    }
    int64_t col;
    if (__builtin_sub_overflow(t_ns, axis->t0_ns, &col)) {
        return axis->cols;
    }
    col >>= axis->zoom;
    return col < axis->cols ? (int)col : axis->cols;
}

int64_t axis_time(const struct axis *axis, int col)
{
    return add_saturating(axis->t0_ns, col * axis_col_ns(axis));
}

struct axis axis_ending(int64_t now_ns, unsigned zoom, int cols)
{
    int64_t back = -(int64_t)(cols - 1) * (INT64_C(1) << zoom);
    int64_t t0 = axis_floor(add_saturating(axis_floor(now_ns, zoom), back), zoom);
    return (struct axis){t0, zoom, cols};
}

struct axis axis_fitting(int64_t from_ns, int64_t to_ns, unsigned zoom_max, int cols)
{
    if (to_ns < from_ns) {
        to_ns = from_ns;
    }
    for (unsigned zoom = AXIS_ZOOM_MIN; zoom <= zoom_max; zoom++) {
        struct axis axis = {axis_floor(from_ns, zoom), zoom, cols};
        if (axis_col(&axis, to_ns) < cols) {
            return axis;
        }
    }
    return axis_ending(to_ns, zoom_max, cols);
}

/* ---- labels ---- */

static const int64_t steps[] = {
    1,          2,           5,           10,          20,          50,          100,
    200,        500,         NS_US,       2 * NS_US,   5 * NS_US,   10 * NS_US,  20 * NS_US,
    50 * NS_US, 100 * NS_US, 200 * NS_US, 500 * NS_US, NS_MS,       2 * NS_MS,   5 * NS_MS,
    10 * NS_MS, 20 * NS_MS,  50 * NS_MS,  100 * NS_MS, 200 * NS_MS, 500 * NS_MS, NS_S,
    2 * NS_S,   5 * NS_S,    10 * NS_S,   15 * NS_S,   30 * NS_S,   NS_M,        2 * NS_M,
    5 * NS_M,   10 * NS_M,   15 * NS_M,   30 * NS_M,   NS_H,        2 * NS_H,    3 * NS_H,
    6 * NS_H,   12 * NS_H,   NS_D,        2 * NS_D,    7 * NS_D,    14 * NS_D,   28 * NS_D,
    56 * NS_D,  112 * NS_D,  224 * NS_D,
};

static bool local_time(int64_t t_ns, struct tm *out)
{
    int64_t seconds = t_ns / NS_S - (t_ns % NS_S < 0);
    time_t when = (time_t)seconds;
    return localtime_r(&when, out) != NULL;
}

/* Returns the offset to add to a time so that steps are counted from a round time. */
static int64_t zero_shift(const struct axis_clock *clock, int64_t t_ns, int64_t step)
{
    struct tm tm;
    if (!clock->wall || (clock->brief && step < NS_S)) {
        return -clock->origin_ns;
    }
    return local_time(t_ns, &tm) ? (int64_t)tm.tm_gmtoff * NS_S : 0;
}

/* Returns the digits after the second that distinguish times one step apart. */
static int decimals(int64_t step)
{
    int digits = 0;
    for (int64_t unit = NS_S; unit > step && digits < 9; unit /= 10) {
        digits++;
    }
    return digits;
}

/* Puts `.25` at the end of a text that has room for ten more characters. */
static void put_fraction(int64_t ns, int digits, char *end)
{
    char fraction[16];
    snprintf(fraction, sizeof fraction, ".%09u", (unsigned)ns);
    fraction[digits + 1] = '\0';
    memcpy(end, fraction, strlen(fraction) + 1);
}

static void elapsed_text(int64_t ns, int digits, char out[AXIS_LABEL_BYTES])
{
    const char *sign = ns < 0 ? "-" : "";
    uint64_t t = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    uint64_t seconds = t / (uint64_t)NS_S, hours = seconds / 3600;
    int n =
        hours ? snprintf(out, AXIS_LABEL_BYTES, "%s%llu:%02u:%02u", sign, (unsigned long long)hours,
                         (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60))
              : snprintf(out, AXIS_LABEL_BYTES, "%s%u:%02u", sign, (unsigned)(seconds / 60),
                         (unsigned)(seconds % 60));
    if (digits == 0 || n < 0 || n + 11 >= AXIS_LABEL_BYTES) {
        return;
    }
    put_fraction((int64_t)(t % (uint64_t)NS_S), digits, out + n);
}

/* Formats a time less than a second from the origin: in milli-, micro- or nanoseconds, whole if the
   step is. */
static void small_text(int64_t ns, int64_t step, int64_t range_ns, char out[AXIS_LABEL_BYTES])
{
    if (range_ns < NS_US) {
        snprintf(out, AXIS_LABEL_BYTES, "%lldns", (long long)ns);
    } else if (range_ns < NS_MS && step >= NS_US) {
        snprintf(out, AXIS_LABEL_BYTES, "%lldus", (long long)(ns / NS_US));
    } else if (range_ns < NS_MS) {
        snprintf(out, AXIS_LABEL_BYTES, "%.*fus", decimals(step) - 6, (double)ns / (double)NS_US);
    } else if (step >= NS_MS) {
        snprintf(out, AXIS_LABEL_BYTES, "%lldms", (long long)(ns / NS_MS));
    } else {
        snprintf(out, AXIS_LABEL_BYTES, "%.*fms", decimals(step) - 3, (double)ns / (double)NS_MS);
    }
}

static void label_text(const struct axis *axis, const struct axis_clock *clock, int64_t t_ns,
                       int64_t step, char out[AXIS_LABEL_BYTES])
{
    struct tm tm;
    int64_t range = axis_time(axis, axis->cols) - axis->t0_ns;
    int64_t end = axis_time(axis, axis->cols) - clock->origin_ns;
    if (clock->wall && step >= NS_S && local_time(t_ns, &tm)) {
        size_t len;
        if (step >= NS_D) {
            len = strftime(out, AXIS_LABEL_BYTES, "%Y-%m-%d", &tm);
        } else if (range > NS_D) {
            len = strftime(out, AXIS_LABEL_BYTES, "%m-%d %H:%M", &tm);
        } else if (step >= NS_M) {
            len = strftime(out, AXIS_LABEL_BYTES, "%H:%M", &tm);
        } else {
            len = strftime(out, AXIS_LABEL_BYTES, "%H:%M:%S", &tm);
        }
        if (len > 0) {
            return;
        }
    }
    if (clock->wall && !clock->brief && step < NS_S && local_time(t_ns, &tm)) {
        int64_t rest = t_ns % NS_S;
        size_t len = strftime(out, AXIS_LABEL_BYTES, "%H:%M:%S", &tm);
        if (len > 0) {
            put_fraction(rest < 0 ? rest + NS_S : rest, decimals(step), out + len);
        }
        return;
    }
    if (step < NS_S && end < NS_S) {
        small_text(t_ns - clock->origin_ns, step, end, out);
    } else {
        elapsed_text(t_ns - clock->origin_ns, step < NS_S ? decimals(step) : 0, out);
    }
}

/* Returns the smallest step whose labels fit; 0 if none does. */
static int64_t choose_step(const struct axis *axis, const struct axis_clock *clock, int gap)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        char first[AXIS_LABEL_BYTES], last[AXIS_LABEL_BYTES];
        label_text(axis, clock, axis->t0_ns, steps[i], first);
        label_text(axis, clock, axis_time(axis, axis->cols), steps[i], last);
        size_t longest = strlen(first) > strlen(last) ? strlen(first) : strlen(last);
        if (steps[i] >> axis->zoom >= (int64_t)longest + gap) {
            return steps[i];
        }
    }
    return 0;
}

size_t axis_labels(const struct axis *axis, const struct axis_clock *clock, int gap,
                   struct axis_label *out, size_t max)
{
    int64_t step = choose_step(axis, clock, gap);
    if (step == 0) {
        return 0;
    }
    int64_t shift = zero_shift(clock, axis->t0_ns, step);
    int64_t shifted = add_saturating(axis->t0_ns, shift), rest = shifted % step;
    int64_t t = axis->t0_ns + (rest == 0 ? 0 : rest > 0 ? step - rest : -rest);
    size_t count = 0;
    for (; count < max; t = add_saturating(t, step)) {
        struct axis_label *label = &out[count];
        label->t_ns = t;
        label->col = axis_col(axis, t);
        if (label->col >= axis->cols || t == INT64_MAX) {
            break;
        }
        label_text(axis, clock, t, step, label->text);
        if (label->col + (int)strlen(label->text) <= axis->cols) {
            count++;
        }
    }
    return count;
}

void axis_moment(const struct axis_clock *clock, int64_t t_ns, bool dated,
                 char out[AXIS_LABEL_BYTES])
{
    struct tm tm;
    char day[24];
    if (!clock->wall || !local_time(t_ns, &tm)) {
        int64_t ns = t_ns - clock->origin_ns;
        bool fine = clock->fine_ns > 0, small = fine && clock->fine_ns < NS_S;
        if (small) {
            small_text(ns, 1, clock->fine_ns, out);
        } else {
            elapsed_text(ns, fine && clock->fine_ns < 100 * NS_S ? 6 : 3, out);
        }
        return;
    }
    if (strftime(day, sizeof day, "%Y-%m-%d %H:%M:%S", &tm) == 0) {
        day[0] = '\0';
    }
    const char *shown = dated || strlen(day) < 11 ? day : day + strlen(day) - 8;
    int64_t ms = t_ns / NS_MS % 1000;
    snprintf(out, AXIS_LABEL_BYTES, "%s.%03d", shown, (int)(ms < 0 ? ms + 1000 : ms));
}
