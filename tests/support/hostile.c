/* A terminal's own sequences are known by their form; those of the texts bear a number or a name
   that no program uses. */
#include "tests/support/hostile.h"

#include "core/base/utf8.h"
#include "tests/support/support.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { TEXTS = 64, TEXT_BYTES = 64, RANGE_STEP = 8 };

static const struct {
    uint32_t from, to;
} ranges[] = {
    {0x01, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},       {0x061C, 0x061C},
    {0x180E, 0x180E},   {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},
    {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},   {0xFFFE, 0xFFFF},
    {0xE0001, 0xE0001}, {0xE0020, 0xE007F}, {0xE0100, 0xE0103}, {0x10FFFF, 0x10FFFF},
};

static const char *const sequences[] = {
    "\033[6661m",      "\033[6661;1H",    "\033]0;6661\a", "\033]52;c;NjY2MQ==\a",
    "\033P6661\033\\", "\033_6661\033\\", "\033c",         "\033(0",
    "\033%@",          "\302\2336661m", /* in octal, which ends after three digits */
    "\nFORGED",        "\rFORGED",
};

static char texts[TEXTS][TEXT_BYTES];
static size_t text_count;

static void make(void)
{
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
        snprintf(texts[text_count++], TEXT_BYTES, "%s", sequences[i]);
    }
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        for (uint32_t cp = ranges[i].from; cp <= ranges[i].to; cp += RANGE_STEP) {
            char *out = texts[text_count++];
            assert_true(text_count < TEXTS);
            for (uint32_t k = cp; k < cp + RANGE_STEP && k <= ranges[i].to; k++) {
                out += utf8_put(out, k);
            }
            *out = '\0';
        }
    }
}

const char *hostile_text(size_t index)
{
    if (text_count == 0) {
        make();
    }
    return index < text_count ? texts[index] : NULL;
}

const char *hostile_for(const char *text)
{
    uint32_t hash = 5381;
    for (; *text != '\0'; text++) {
        hash = hash * 33 + (unsigned char)*text;
    }
    (void)hostile_text(0);
    return texts[hash % text_count];
}

/* ---- JSON ---- */

static bool is_decisive(const char *key)
{
    static const char *const keys[] = {
        "op",      "ph",     "t",     "type",  "role",       "timestamp", "kind",
        "level",   "status", "state", "tempo", "start",      "subtype",   "hook_event_name",
        "outcome", "at",     "id",    "uuid",  "parentUuid", "updatedAt", "trace_start_time",
        "start_ns"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static json_t *hostile_string(const char *text)
{
    char out[8192];
    snprintf(out, sizeof out, "%.8000s%s", text, hostile_for(text));
    json_t *string = json_string(out);
    return string != NULL ? string : json_string(hostile_for(text)); /* it was cut */
}

static json_t *hostile_member(const char *key, const json_t *value, bool decisive)
{
    if (json_is_string(value)) {
        return is_decisive(key) == decisive ? hostile_string(json_string_value(value))
                                            : json_deep_copy(value);
    }
    return hostile_json(value, decisive);
}

json_t *hostile_json(const json_t *value, bool decisive)
{
    if (json_is_string(value) && !decisive) {
        return hostile_string(json_string_value(value));
    }
    if (json_is_array(value)) {
        json_t *array = json_array();
        for (size_t i = 0; i < json_array_size(value); i++) {
            json_array_append_new(array, hostile_json(json_array_get(value, i), decisive));
        }
        return array;
    }
    if (!json_is_object(value)) {
        return json_deep_copy(value);
    }
    json_t *object = json_object(), *copy = json_deep_copy(value), *member;
    const char *key, *first = "k";
    json_object_foreach(copy, key, member)
    {
        first = key;
        json_object_set_new(object, key, hostile_member(key, member, decisive));
    }
    if (!decisive) {
        char name[TEXT_BYTES + 16];
        snprintf(name, sizeof name, "%.8s%s", first, hostile_for(first));
        json_object_set_new(object, name, hostile_string(first));
    }
    json_decref(copy);
    return object;
}

/* ---- looking ---- */

static bool is_hostile(uint32_t cp)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (cp >= ranges[i].from && cp <= ranges[i].to) {
            return cp >= 0x20 || (cp != '\n' && cp != '\r' && cp != '\t' && cp != '\b');
        }
    }
    return cp >= 0xD800 && cp <= 0xDFFF;
}

/* Returns the length of a sequence that terminal programs write, 0 for others. */
static size_t sequence_len(const char *at, const char *end)
{
    static const char simple[] = "78=>MHD";
    size_t len = 2;
    if (end - at < 2) {
        return 0;
    }
    if (at[1] == '[') {
        while (at + len < end && strchr("0123456789;?<>$! ", at[len]) != NULL) {
            len++;
        }
        return at + len < end && strchr("ABCDGHJKLMPSTXbcdhlmnprtq@", at[len]) != NULL ? len + 1
                                                                                       : 0;
    }
    if (at[1] == '(' || at[1] == ')') {
        return end - at > 2 && at[2] == 'B' ? 3 : 0;
    }
    if (end - at > 7 && memcmp(at, "\033]52;c;", 7) == 0) {
        len = 7;
        while (at + len < end && at[len] != '\a' && at[len] > 0x20) {
            len++;
        }
        return at + len < end && at[len] == '\a' ? len + 1 : 0;
    }
    return strchr(simple, at[1]) != NULL ? 2 : 0;
}

static void fail_at(const char *what, const char *why, const char *bytes, const char *at,
                    const char *end)
{
    char shown[400];
    size_t len = 0;
    const char *from = at - bytes > 40 ? at - 40 : bytes;
    for (; from < end && from < at + 40 && len + 5 < sizeof shown; from++) {
        unsigned char c = (unsigned char)*from;
        len += (size_t)snprintf(shown + len, sizeof shown - len,
                                c >= 0x20 && c < 0x7F ? "%c" : "\\x%02x", c);
    }
    fail_msg("%s: %s at byte %zu: %s", what, why, (size_t)(at - bytes), shown);
}

void hostile_scan(const char *what, const char *bytes, size_t len)
{
    static const char *const marks[] = {"\033[6661", "\033]52;c;NjY2MQ==", "\nFORGED", "\rFORGED"};
    const char *at = bytes, *end = bytes + len;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *mark = memmem(bytes, len, marks[i], strlen(marks[i]));
        if (mark != NULL) {
            fail_at(what, "a sequence of the input", bytes, mark, end);
        }
    }
    while (at < end) {
        uint32_t cp;
        size_t n = *at == '\033' ? sequence_len(at, end) : 0;
        if (n > 0) {
            at += n;
            continue;
        }
        n = utf8_next(at, (size_t)(end - at), &cp);
        if (cp == UTF8_REPLACEMENT && n == 1) {
            fail_at(what, "invalid UTF-8", bytes, at, end);
        }
        if (is_hostile(cp)) {
            fail_at(what, "a character of the input", bytes, at, end);
        }
        at += n;
    }
}
