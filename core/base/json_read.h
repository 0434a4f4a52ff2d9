/* Reads JSON in place (RFC 8259). A text is checked once, as a whole. Then its values are slices of
   it, walked without further checks and without copying. Numbers and strings are decoded on demand,
   so 1e400, 64-bit ids and lone surrogates pass unchanged. */
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

/* Returns the value that a checked text is, with its type; of no bytes: type JSON_TYPE_NONE. */
struct json_value json_value_of(const char *raw, size_t len);

struct json_member {
    struct json_value key; /* a JSON_TYPE_STRING, with its quotes */
    struct json_value value;
};

struct json_error {
    size_t offset;    /* bytes from the start of the text; its length if the error is at the end */
    const char *what; /* static: "unexpected end", "control character in a string" … */
};

/* Texts nested deeper than this are rejected, whatever `max_depth` is. */
#define JSON_DEPTH_LIMIT 1024

/* Checks that `text` is exactly one JSON value in strict UTF-8, with optional white space around
   it. It may be nested at most `max_depth` deep (an object in an object is 2). Returns true and
   sets *out to the value, borrowed from text. Returns false and sets *error (may be NULL) to the
   place and the reason. */
bool json_check(const char *text, size_t len, unsigned max_depth, struct json_value *out,
                struct json_error *error);

/* Returns the position after the value at `at`, checked as json_check does; the text ends at `end`.
   Returns NULL if the value is invalid, incomplete (a number needs a character after it) or too
   deep for this fast path; json_check then decides. Sets *spaced if the value contains white space,
   else leaves it unchanged. */
const char *json_skip(const char *at, const char *end, bool *spaced);
/* Skip a string (*at is its quote) or a number in the same way. *escaped is set if the string has
   an escape, else unchanged. */
const char *json_skip_string(const char *at, const char *end, bool *escaped);
const char *json_skip_number(const char *at, const char *end);

/* Walks the members of a checked object or the items of a checked array. Any other value has no
   members and no items. */
struct json_walk {
    const char *at, *end;
};
struct json_walk json_walk(struct json_value container);
/* Return false after the last one. */
bool json_next_member(struct json_walk *walk, struct json_member *out);
bool json_next_item(struct json_walk *walk, struct json_value *out);

/* A place in a checked text, for one pass over all of it: json_walk finds the end of a value before
   its inside is walked, a cursor does not. It is at a value until json_cursor_take or
   json_cursor_enter. */
struct json_cursor {
    const char *at, *end;
};
struct json_cursor json_cursor_of(struct json_value value);
enum json_type json_cursor_type(const struct json_cursor *cursor);
/* Returns the value and moves after it. */
struct json_value json_cursor_take(struct json_cursor *cursor);
/* Enters the object or array. The next calls move to each of its values; false: there is no further
   one, and the cursor is after the container. */
void json_cursor_enter(struct json_cursor *cursor);
bool json_cursor_next_member(struct json_cursor *cursor, struct json_value *key);
bool json_cursor_next_item(struct json_cursor *cursor);

/* Returns the value of the last member with that name, as JavaScript does; type JSON_TYPE_NONE if
   the object has none, or if it is no object. */
struct json_value json_get(struct json_value object, const char *key);
/* Returns true if a string value decodes to `text`. */
bool json_string_is(struct json_value string, const char *text);
/* Returns true if two string values decode to the same text. */
bool json_same_string(struct json_value a, struct json_value b);
/* Appends the decoded text (WTF-8) of a string value. */
void json_get_string(struct json_value string, struct strbuf *out);
/* Writes the decoded text of a string value to `out`, which has room for string.len bytes. Returns
   its length. */
size_t json_copy_string(struct json_value string, char *out);
/* Returns the number that a string value spells ("12.5"; also " +007."), as a value in the same
   text; any other value unchanged. */
struct json_value json_spelt_number(struct json_value value);
/* Returns the nearest double; ±infinity if out of range (1e400), NAN if the value is no number. */
double json_get_number(struct json_value number);

#endif
