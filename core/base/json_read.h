/* Reading JSON in place (RFC 8259). A text is checked once, as a whole; then its values are slices
   of it that are walked without any further checks and without copying. Numbers and strings are
   decoded only where they are asked for, so that 1e400, 64-bit ids and lone surrogates pass through
   unharmed. */
#ifndef CORE_JSON_READ_H
#define CORE_JSON_READ_H

#include "core/base/strbuf.h"

#include <stdint.h>

enum json_type {
    JSON_TYPE_NONE,
    JSON_TYPE_NULL,
    JSON_TYPE_FALSE,
    JSON_TYPE_TRUE,
    JSON_TYPE_NUMBER,
    JSON_TYPE_STRING,
    JSON_TYPE_ARRAY,
    JSON_TYPE_OBJECT
};

/* A value: its bytes in the text, from its first to its last character. */
struct json_value {
    enum json_type type;
    const char *raw;
    size_t len;
};

struct json_member {
    struct json_value key; /* a JSON_TYPE_STRING, in its quotes */
    struct json_value value;
};

struct json_error {
    size_t offset; /* bytes from the start of the text; its length where that is where it fails */
    const char *what; /* static: "unexpected end", "control character in a string" … */
};

/* No text nested deeper than this is accepted, whatever `max_depth` says. */
#define JSON_DEPTH_LIMIT 1024

/* Checks that `text` is exactly one JSON value, white space around it allowed, strict UTF-8, nested
   at most `max_depth` deep (an object in an object is 2). True: *out is the value (borrowed from
   text). False: *error says where and why. `error` may be NULL. */
bool json_check(const char *text, size_t len, unsigned max_depth, struct json_value *out,
                struct json_error *error);

/* The place behind the value that begins at `at`, checked as json_check does. NULL: it is not valid, is not whole (a number wants a
   character behind it), or is nested too deep for this quick way: json_check knows. The text goes on to `end`. Sets *spaced where
   there is white space in it, else leaves it. */
const char *json_skip(const char *at, const char *end, bool *spaced);
/* The same of a string, *at being its quote; sets *escaped where it has an escape, else leaves it. Of a number. */
const char *json_skip_string(const char *at, const char *end, bool *escaped);
const char *json_skip_number(const char *at, const char *end);

/* Walks the members of a checked object, or the items of a checked array. Any other value, and
   none, has none of either. */
struct json_walk {
    const char *at, *end;
};
struct json_walk json_walk(struct json_value container);
/* False: no more. */
bool json_next_member(struct json_walk *walk, struct json_member *out);
bool json_next_item(struct json_walk *walk, struct json_value *out);

/* The value of the last member of that name, as JavaScript has it; type JSON_TYPE_NONE: none, or not an
   object. */
struct json_value json_get(struct json_value object, const char *key);
/* Whether the decoded text of a string value is `text`. */
bool json_string_is(struct json_value string, const char *text);
/* Whether two string values decode to the same text. */
bool json_same_string(struct json_value a, struct json_value b);
/* Appends the decoded text (WTF-8) of a string value. */
void json_get_string(struct json_value string, struct strbuf *out);
/* The nearest double, ±infinity where it is beyond one (1e400). NAN for what is no number. */
double json_get_number(struct json_value number);

#endif
