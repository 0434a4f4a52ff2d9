/* Every format fits a column of six. A figure at rest keeps its text: above a minute an age changes
   once a minute. */
#include "tui/screen/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NS_S INT64_C(1000000000)

static void big_age(int64_t seconds, char out[NUMBER_BYTES])
{
    long long minutes = seconds / 60;
    if (minutes < 60) {
        snprintf(out, NUMBER_BYTES, "%lldm", minutes);
    } else if (minutes < 10 * 60 && minutes % 60 != 0) {
        snprintf(out, NUMBER_BYTES, "%lldh%02lldm", minutes / 60, minutes % 60);
    } else if (minutes < 48 * 60) {
        snprintf(out, NUMBER_BYTES, "%lldh", minutes / 60);
    } else {
        snprintf(out, NUMBER_BYTES, "%lldd", minutes / (24 * 60));
    }
}

void number_age(int64_t ns, char out[NUMBER_BYTES])
{
    if (ns < 0) {
        ns = 0;
    }
    if (ns < 60 * NS_S) {
        snprintf(out, NUMBER_BYTES, "%d.%ds", (int)(ns / NS_S), (int)(ns / (NS_S / 10) % 10));
    } else {
        big_age(ns / NS_S, out);
    }
}

void number_rest(int64_t ns, char out[NUMBER_BYTES])
{
    if (ns < 0) {
        ns = 0;
    }
    if (ns < 60 * NS_S) {
        snprintf(out, NUMBER_BYTES, "%ds", (int)(ns / NS_S));
    } else {
        big_age(ns / NS_S, out);
    }
}

/* Formats the two largest units: 3m12s, 2h05m, 4d03h. */
static void two_units(int64_t seconds, const char *gap, char out[NUMBER_BYTES])
{
    static const struct {
        int64_t seconds;
        char name;
    } units[] = {{24 * 3600, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;
    while (i < 2 && seconds < units[i].seconds) {
        i++;
    }
    long long big = seconds / units[i].seconds;
    long long small = seconds % units[i].seconds / units[i + 1].seconds;
    snprintf(out, NUMBER_BYTES, "%lld%s%c%s%02lld%s%c", big, gap, units[i].name, gap, small, gap,
             units[i + 1].name);
}

static void measured(double ms, const char *gap, bool ascii, char out[NUMBER_BYTES])
{
    if (!(ms >= 0)) {
        ms = 0;
    }
    double us = ms * 1e3, tenths = us * 10 - floor(us) * 10;
    if (us == 0) {
        snprintf(out, NUMBER_BYTES, "0%ss", gap);
    } else if (us < 0.9995) {
        snprintf(out, NUMBER_BYTES, "%.0f%sns", us * 1e3, gap);
    } else if (us < 9.95 && tenths >= 0.5 && tenths < 9.5) {
        snprintf(out, NUMBER_BYTES, "%.1f%s%ss", us, gap, ascii ? "u" : "µ");
    } else if (ms < 0.9995) {
        snprintf(out, NUMBER_BYTES, "%.0f%s%ss", ms * 1e3, gap, ascii ? "u" : "µ");
    } else if (ms < 999.5) {
        snprintf(out, NUMBER_BYTES, ms < 9.95 ? "%.1f%sms" : "%.0f%sms", ms, gap);
    } else if (ms < 99950) {
        snprintf(out, NUMBER_BYTES, "%.1f%ss", ms / 1e3, gap);
    } else if (ms < 9e15) {
        two_units((int64_t)(ms / 1e3), gap, out);
    } else {
        snprintf(out, NUMBER_BYTES, "%.0e%ss", ms / 1e3, gap);
    }
}

void number_ms(double ms, bool ascii, char out[NUMBER_BYTES])
{
    measured(ms, "", ascii, out);
}

void number_long(int64_t ns, bool ascii, char out[NUMBER_BYTES])
{
    measured((double)ns / 1e6, " ", ascii, out);
}

void number_count(uint64_t count, char out[NUMBER_BYTES])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    size_t at = 0;
    for (int i = 0; i < len && at + 2 < NUMBER_BYTES; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

void number_tokens(double value, char out[NUMBER_BYTES])
{
    static const char units[] = "kMGTP";
    size_t unit = 0;
    if (value < 999.5) {
        snprintf(out, NUMBER_BYTES, "%.0f", value < 0 ? 0 : value);
        return;
    }
    for (value /= 1000; value >= 999.5 && unit + 2 < sizeof units; unit++) {
        value /= 1000;
    }
    snprintf(out, NUMBER_BYTES, value < 99.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
}

void number_short(double value, char out[NUMBER_BYTES])
{
    double size = fabs(value);
    if (size == 0) {
        snprintf(out, NUMBER_BYTES, "0");
    } else if (size >= 999.5 && size < 1e15) {
        number_count((uint64_t)llround(size), out);
    } else if (size >= 1e15 || isnan(value)) {
        snprintf(out, NUMBER_BYTES, "%.1e", value);
    } else {
        snprintf(out, NUMBER_BYTES, size < 0.995 ? "%.2f" : size < 9.95 ? "%.1f" : "%.0f", value);
    }
}
