/* The checker of json_read.h is a loop over one cursor, without recursion. It stores one bit for
   each open container (object or array) on the stack: JSON_DEPTH_LIMIT bits. Strings are scanned
   many bytes at a time for their end and for escapes. Only strings with non-ASCII bytes are scanned
   again, as UTF-8. */
#include "core/base/json_read.h"

#include "core/base/ascii.h"
#include "core/base/json_scan.h"
#include "core/base/utf8.h"
#include "core/base/word.h"

struct checker {
    const char *at, *end;
    const char *what; /* the error, at `at` */
    unsigned depth, max_depth;
    uint64_t objects[JSON_DEPTH_LIMIT / 64]; /* bit d - 1: the container at depth d is an object */
};

enum step { STEP_VALUE, STEP_AFTER, STEP_DONE, STEP_BAD };

static bool fail(struct checker *c, const char *at, const char *what)
{
    c->at = at;
    c->what = at == c->end ? "unexpected end" : what;
    return false;
}

static enum step bad(struct checker *c, const char *what)
{
    fail(c, c->at, what);
    return STEP_BAD;
}

static inline void skip_space(struct checker *c)
{
    const char *at = c->at;
    while (at < c->end && ascii_is_space(*at)) {
        at++;
    }
    c->at = at;
}

static bool check_digits(struct checker *c)
{
    const char *at = c->at;
    while (at < c->end && ascii_is_digit(*at)) {
        at++;
    }
    if (at == c->at) {
        return fail(c, at, "digit expected");
    }
    c->at = at;
    return true;
}

static bool check_number(struct checker *c)
{
    if (*c->at == '-') {
        c->at++;
    }
    if (c->at < c->end && *c->at == '0') {
        c->at++;
    } else if (!check_digits(c)) {
        return false;
    }
    if (c->at < c->end && *c->at == '.') {
        c->at++;
        if (!check_digits(c)) {
            return false;
        }
    }
    if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
        c->at++;
        if (c->at < c->end && (*c->at == '+' || *c->at == '-')) {
            c->at++;
        }
        return check_digits(c);
    }
    return true;
}

static bool check_word(struct checker *c, const char *word)
{
    const char *at = c->at;
    for (; *word != '\0'; word++, at++) {
        if (at == c->end || *at != *word) {
            return fail(c, at, "unexpected character");
        }
    }
    c->at = at;
    return true;
}

static bool check_escape(struct checker *c)
{
    const char *at = c->at + 1;
    if (at < c->end && *at != '\0' && strchr("\"\\/bfnrt", *at) != NULL) {
        c->at = at + 1;
        return true;
    }
    if (at == c->end || *at != 'u') {
        return fail(c, at, "unknown escape in a string");
    }
    for (int i = 0; i < 4; i++) {
        at++;
        if (at == c->end || !ascii_is_hex(*at)) {
            return fail(c, at, "hexadecimal digit expected");
        }
    }
    c->at = at + 1;
    return true;
}

static bool check_utf8(struct checker *c, const char *start, const char *end)
{
    if (utf8_valid(start, (size_t)(end - start))) {
        return true;
    }
    for (;;) {
        uint32_t cp;
        size_t n = utf8_next(start, (size_t)(end - start), &cp);
        if ((cp == UTF8_REPLACEMENT && n == 1) || (cp >= 0xD800 && cp < 0xE000)) {
            return fail(c, start, "bad UTF-8");
        }
        start += n;
    }
}

static bool check_string(struct checker *c)
{
    const char *start = c->at + 1;
    bool high = false;
    c->at = start;
    for (;;) {
        c->at = text_skip_plain(c->at, c->end, &high);
        if (c->at == c->end || (*c->at != '"' && *c->at != '\\')) {
            return fail(c, c->at, "control character in a string");
        }
        if (*c->at == '"') {
            break;
        }
        if (!check_escape(c)) {
            return false;
        }
    }
    if (high && !check_utf8(c, start, c->at)) {
        return false;
    }
    c->at++;
    return true;
}

static bool in_object(const struct checker *c)
{
    unsigned bit = c->depth - 1;
    return (c->objects[bit / 64] >> (bit % 64) & 1) != 0;
}

/* Reads from a member's key to its value. */
static enum step check_key(struct checker *c)
{
    if (c->at == c->end || *c->at != '"') {
        return bad(c, "key expected");
    }
    if (!check_string(c)) {
        return STEP_BAD;
    }
    skip_space(c);
    if (c->at == c->end || *c->at != ':') {
        return bad(c, "':' expected");
    }
    c->at++;
    return STEP_VALUE;
}

/* Opens a container. An empty one continues with the step after a value, which handles its end. */
static enum step check_open(struct checker *c, bool object)
{
    if (c->depth == c->max_depth) {
        return bad(c, "nested too deep");
    }
    uint64_t bit = (uint64_t)1 << (c->depth % 64);
    uint64_t *bits = &c->objects[c->depth / 64];
    c->depth++;
    *bits = object ? *bits | bit : *bits & ~bit;
    c->at++;
    skip_space(c);
    if (c->at < c->end && *c->at == (object ? '}' : ']')) {
        return STEP_AFTER;
    }
    return object ? check_key(c) : STEP_VALUE;
}

static enum step check_start(struct checker *c)
{
    skip_space(c);
    if (c->at == c->end) {
        return bad(c, "");
    }
    bool good;
    switch (json_type_of(*c->at)) {
    case JSON_TYPE_STRING: good = check_string(c); break;
    case JSON_TYPE_OBJECT: return check_open(c, true);
    case JSON_TYPE_ARRAY: return check_open(c, false);
    case JSON_TYPE_NUMBER: good = check_number(c); break;
    case JSON_TYPE_TRUE: good = check_word(c, "true"); break;
    case JSON_TYPE_FALSE: good = check_word(c, "false"); break;
    case JSON_TYPE_NULL: good = check_word(c, "null"); break;
    case JSON_TYPE_NONE:
    default: return bad(c, "value expected");
    }
    return good ? STEP_AFTER : STEP_BAD;
}

static enum step check_after(struct checker *c)
{
    for (;;) {
        skip_space(c);
        if (c->depth == 0) {
            return c->at == c->end ? STEP_DONE : bad(c, "more after the value");
        }
        bool object = in_object(c);
        if (c->at < c->end && *c->at == ',') {
            c->at++;
            skip_space(c);
            return object ? check_key(c) : STEP_VALUE;
        }
        if (c->at == c->end || *c->at != (object ? '}' : ']')) {
            return bad(c, object ? "',' or '}' expected" : "',' or ']' expected");
        }
        c->at++;
        c->depth--;
    }
}

bool json_check(const char *text, size_t len, unsigned max_depth, struct json_value *out,
                struct json_error *error)
{
    struct checker c;
    c.at = text;
    c.end = len == 0 ? text : text + len;
    c.depth = 0;
    c.max_depth = max_depth < JSON_DEPTH_LIMIT ? max_depth : JSON_DEPTH_LIMIT;
    c.what = NULL;
    c.objects[0] = 0; /* gcc cannot see that a word is written before it is read */

    skip_space(&c);
    const char *start = c.at;
    enum step step = STEP_VALUE;
    while (step == STEP_VALUE || step == STEP_AFTER) {
        step = step == STEP_VALUE ? check_start(&c) : check_after(&c);
    }
    if (step == STEP_BAD) {
        if (error != NULL) {
            *error = (struct json_error){.offset = (size_t)(c.at - text), .what = c.what};
        }
        return false;
    }
    const char *end = c.end;
    while (ascii_is_space(end[-1])) {
        end--;
    }
    *out = (struct json_value){
        .type = json_type_of(*start), .raw = start, .len = (size_t)(end - start)};
    return true;
}
