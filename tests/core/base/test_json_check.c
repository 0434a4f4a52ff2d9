/* json_check, of json_read.h. */
#include "core/base/json_read.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(s) (s), sizeof(s) - 1

static const struct {
    const char *text;
    size_t len;
} valid[] = {
    {TEXT("null")},
    {TEXT("true")},
    {TEXT("false")},
    {TEXT("\"\"")},
    {TEXT("\"plain text, longer than a word\"")},
    {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")},
    {TEXT("\"\\u0000\\uD83D\\uDE00\\ud83d\\ude00\\uABCDef\"")},
    {TEXT("\"\\ud83d\"")},
    {TEXT("\"\\ude00\\ud83d\"")},
    {TEXT("\"\x7F\"")},
    {TEXT("\"\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF\"")},
    {TEXT("\"\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF\"")},
    {TEXT("\"\xEF\xBB\xBF\"")},
    {TEXT("[]")},
    {TEXT("[ \t\r\n]")},
    {TEXT("[1]")},
    {TEXT("[0,-0,0.0,-0.0e0,0e+1,0E-1]")},
    {TEXT("[1,23,4.5,6.7e8,9e10,1E+2,1e-400,123456789012345678901234567890]")},
    {TEXT("[[],[[]],{}]")},
    {TEXT("{}")},
    {TEXT("{ }")},
    {TEXT("{\"\":0}")},
    {TEXT("{\"a\":1,\"a\":2}")},
    {TEXT("{ \"a\" : [ 1 , 2 ] , \"b\" : { \"c\" : null } }")},
    {TEXT("{\"a\":{\"b\":{\"c\":[{\"d\":[true,false]}]}}}")},
    {TEXT("[\"]\",\"}\",\"\\\"]\",\"{[,:\"]")},
    {TEXT("[null,\n\ttrue,\r\n false]")},
};
#define VALID (sizeof valid / sizeof *valid)

static const struct {
    const char *text;
    size_t len;
    size_t offset;
    const char *what;
} invalid[] = {
    {NULL, 0, 0, "unexpected end"},
    {TEXT(" \n "), 3, "unexpected end"},
    {TEXT("\xEF\xBB\xBF{}"), 0, "value expected"},
    {TEXT("\xFF"), 0, "value expected"},
    {TEXT("\0"), 0, "value expected"},
    {TEXT("1\0"), 1, "more after the value"},
    {TEXT("\xC2\xA0"
          "1"),
     0, "value expected"},
    {TEXT("\f1"), 0, "value expected"},
    {TEXT("\v1"), 0, "value expected"},
    {TEXT("1 2"), 2, "more after the value"},
    {TEXT("{}{}"), 2, "more after the value"},
    {TEXT("[]]"), 2, "more after the value"},
    {TEXT("]"), 0, "value expected"},
    {TEXT(","), 0, "value expected"},
    {TEXT("1,"), 1, "more after the value"},
    {TEXT("// x\n1"), 0, "value expected"},
    {TEXT("[/**/]"), 1, "value expected"},
    /* words */
    {TEXT("nul"), 3, "unexpected end"},
    {TEXT("nulL"), 3, "unexpected character"},
    {TEXT("nulll"), 4, "more after the value"},
    {TEXT("True"), 0, "value expected"},
    {TEXT("[fals]"), 5, "unexpected character"},
    {TEXT("NaN"), 0, "value expected"},
    {TEXT("nan"), 1, "unexpected character"},
    {TEXT("Infinity"), 0, "value expected"},
    {TEXT("-Infinity"), 1, "digit expected"},
    {TEXT("undefined"), 0, "value expected"},
    /* numbers */
    {TEXT("-"), 1, "unexpected end"},
    {TEXT("[-]"), 2, "digit expected"},
    {TEXT("--1"), 1, "digit expected"},
    {TEXT("+1"), 0, "value expected"},
    {TEXT("01"), 1, "more after the value"},
    {TEXT("-01"), 2, "more after the value"},
    {TEXT("[00]"), 2, "',' or ']' expected"},
    {TEXT(".5"), 0, "value expected"},
    {TEXT("-.5"), 1, "digit expected"},
    {TEXT("1."), 2, "unexpected end"},
    {TEXT("[1.]"), 3, "digit expected"},
    {TEXT("1.e5"), 2, "digit expected"},
    {TEXT("1e"), 2, "unexpected end"},
    {TEXT("1e+"), 3, "unexpected end"},
    {TEXT("[1e-]"), 4, "digit expected"},
    {TEXT("1e1.5"), 3, "more after the value"},
    {TEXT("1.2.3"), 3, "more after the value"},
    {TEXT("0x10"), 1, "more after the value"},
    {TEXT("1_000"), 1, "more after the value"},
    {TEXT("1n"), 1, "more after the value"},
    {TEXT("\xEF\xBC\x91"), 0, "value expected"},
    /* strings */
    {TEXT("\""), 1, "unexpected end"},
    {TEXT("\"abc"), 4, "unexpected end"},
    {TEXT("'a'"), 0, "value expected"},
    {TEXT("\"a\nb\""), 2, "control character in a string"},
    {TEXT("\"a\tb\""), 2, "control character in a string"},
    {TEXT("\"a\0b\""), 2, "control character in a string"},
    {TEXT("\"0123456789\x1F\""), 11, "control character in a string"},
    {TEXT("\"\\"), 2, "unexpected end"},
    {TEXT("\"\\\""), 3, "unexpected end"},
    {TEXT("\"\\x41\""), 2, "unknown escape in a string"},
    {TEXT("\"\\a\""), 2, "unknown escape in a string"},
    {TEXT("\"\\'\""), 2, "unknown escape in a string"},
    {TEXT("\"\\\0\""), 2, "unknown escape in a string"},
    {TEXT("\"\\U0041\""), 2, "unknown escape in a string"},
    {TEXT("\"\\\xC3\xA9\""), 2, "unknown escape in a string"},
    {TEXT("\"\\u\""), 3, "hexadecimal digit expected"},
    {TEXT("\"\\u12"), 5, "unexpected end"},
    {TEXT("\"\\u123\""), 6, "hexadecimal digit expected"},
    {TEXT("\"\\u00g0\""), 5, "hexadecimal digit expected"},
    {TEXT("\"\\ud83d\\u\""), 9, "hexadecimal digit expected"},
    {TEXT("\"\\ud83d\\x\""), 8, "unknown escape in a string"},
    /* UTF-8 */
    {TEXT("\"\xFF\""), 1, "bad UTF-8"},
    {TEXT("\"a\x80\""), 2, "bad UTF-8"},
    {TEXT("\"\xC0\xAF\""), 1, "bad UTF-8"},
    {TEXT("\"\xC1\xBF\""), 1, "bad UTF-8"},
    {TEXT("\"\xE0\x80\xAF\""), 1, "bad UTF-8"},
    {TEXT("\"\xF0\x80\x80\xAF\""), 1, "bad UTF-8"},
    {TEXT("\"ok \xC3\xA9 \xED\xA0\x80\""), 7, "bad UTF-8"},
    {TEXT("\"\xED\xA0\xBD\xED\xB8\x80\""), 1, "bad UTF-8"},
    {TEXT("\"\xED\xBF\xBF\""), 1, "bad UTF-8"},
    {TEXT("\"\xF4\x90\x80\x80\""), 1, "bad UTF-8"},
    {TEXT("\"\xF5\x80\x80\x80\""), 1, "bad UTF-8"},
    {TEXT("\"\xE2\x82\""), 1, "bad UTF-8"},
    {TEXT("\"\xE2\x82\\n\""), 1, "bad UTF-8"},
    {TEXT("\"0123456789 \xC3\""), 12, "bad UTF-8"},
    {TEXT("{\"\xFF\":1}"), 2, "bad UTF-8"},
    {TEXT("[1,\xFF]"), 3, "value expected"},
    /* arrays */
    {TEXT("["), 1, "unexpected end"},
    {TEXT("[1"), 2, "unexpected end"},
    {TEXT("[1,"), 3, "unexpected end"},
    {TEXT("[1,]"), 3, "value expected"},
    {TEXT("[,1]"), 1, "value expected"},
    {TEXT("[1,,2]"), 3, "value expected"},
    {TEXT("[1 2]"), 3, "',' or ']' expected"},
    {TEXT("[1:2]"), 2, "',' or ']' expected"},
    {TEXT("[1}"), 2, "',' or ']' expected"},
    {TEXT("[}"), 1, "value expected"},
    {TEXT("[\"a\":1]"), 4, "',' or ']' expected"},
    {TEXT("[[]"), 3, "unexpected end"},
    {TEXT("[{]}"), 2, "key expected"},
    /* objects */
    {TEXT("{"), 1, "unexpected end"},
    {TEXT("{\"a\""), 4, "unexpected end"},
    {TEXT("{\"a\":"), 5, "unexpected end"},
    {TEXT("{\"a\":1"), 6, "unexpected end"},
    {TEXT("{\"a\":1,"), 7, "unexpected end"},
    {TEXT("{\"a\":1,}"), 7, "key expected"},
    {TEXT("{,}"), 1, "key expected"},
    {TEXT("{\"a\"}"), 4, "':' expected"},
    {TEXT("{\"a\",1}"), 4, "':' expected"},
    {TEXT("{\"a\"::1}"), 5, "value expected"},
    {TEXT("{\"a\":}"), 5, "value expected"},
    {TEXT("{\"a\" 1}"), 5, "':' expected"},
    {TEXT("{\"a\":1 \"b\":2}"), 7, "',' or '}' expected"},
    {TEXT("{\"a\":1,,\"b\":2}"), 7, "key expected"},
    {TEXT("{\"a\":1]"), 6, "',' or '}' expected"},
    {TEXT("{a:1}"), 1, "key expected"},
    {TEXT("{1:1}"), 1, "key expected"},
    {TEXT("{null:1}"), 1, "key expected"},
    {TEXT("{[]:1}"), 1, "key expected"},
    {TEXT("{]"), 1, "key expected"},
    {TEXT("{\"a\":1}}"), 7, "more after the value"},
};
#define INVALID (sizeof invalid / sizeof *invalid)

/* Checks a copy that ends where its block does, so that ASan sees a byte too many being read. */
static bool check_copy(const char *text, size_t len, struct json_error *error)
{
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    char *start = copy + 1; /* odd, for UBSan */
    if (len > 0) {
        memcpy(start, text, len);
    }
    struct json_value value;
    bool good = json_check(start, len, 100, &value, error);
    free(copy);
    return good;
}

TEST(valid_documents_are_accepted)
{
    for (size_t i = 0; i < VALID; i++) {
        struct json_error error = {0, "nothing"};
        if (!check_copy(valid[i].text, valid[i].len, &error)) {
            fail_msg("%s: %s at %zu", valid[i].text, error.what, error.offset);
        }
    }
}

TEST(invalid_documents_are_refused_with_the_place_and_the_reason)
{
    for (size_t i = 0; i < INVALID; i++) {
        struct json_error error = {99, "nothing"};
        bool good = check_copy(invalid[i].text, invalid[i].len, &error);
        if (good || error.offset != invalid[i].offset || strcmp(error.what, invalid[i].what) != 0) {
            fail_msg("invalid[%zu] %s: %s at %zu", i, invalid[i].text, error.what, error.offset);
        }
        assert_false(check_copy(invalid[i].text, invalid[i].len, NULL));
    }
    struct json_value value;
    struct json_error error;
    assert_false(json_check(NULL, 0, 10, &value, &error));
    assert_int_equal(error.offset, 0);
}

TEST(every_proper_prefix_of_a_document_is_refused)
{
    for (size_t i = 0; i < VALID; i++) {
        for (size_t len = 0; len < valid[i].len; len++) {
            struct json_error error;
            assert_false(check_copy(valid[i].text, len, &error));
            assert_in_range(error.offset, 0, len);
        }
    }
}

TEST(white_space_of_four_kinds_may_surround_the_value_and_is_no_part_of_it)
{
    static const char *const values[] = {"0", "\"x\"", "[ ]", "{ }", "null"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[32] = " \t\r\n";
        strcat(text, values[i]);
        strcat(text, "\n\r\t ");
        struct json_value value;
        assert_true(json_check(text, strlen(text), 10, &value, NULL));
        assert_ptr_equal(value.raw, text + 4);
        assert_int_equal(value.len, strlen(values[i]));
    }
}

TEST(the_value_knows_its_type)
{
    static const struct {
        const char *text;
        enum json_type type;
    } cases[] = {
        {"null", JSON_TYPE_NULL},   {"true", JSON_TYPE_TRUE}, {"false", JSON_TYPE_FALSE},
        {"-1", JSON_TYPE_NUMBER},   {"0", JSON_TYPE_NUMBER},  {"9e9", JSON_TYPE_NUMBER},
        {"\"\"", JSON_TYPE_STRING}, {"[]", JSON_TYPE_ARRAY},  {"{\"a\":1}", JSON_TYPE_OBJECT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_value value;
        assert_true(json_check(cases[i].text, strlen(cases[i].text), 10, &value, NULL));
        assert_int_equal(value.type, cases[i].type);
    }
}

/* `depth` containers, each in the one before; the bits of `objects` say which are objects, over and
   over. */
static size_t nest(char *out, unsigned depth, unsigned objects)
{
    char *at = out;
    for (unsigned i = 0; i < depth; i++) {
        bool object = (objects >> i % 8 & 1) != 0;
        memcpy(at, object ? "{\"\":" : "[", object ? 4 : 1);
        at += object ? 4 : 1;
    }
    *at++ = '0';
    for (unsigned i = depth; i-- > 0;) {
        *at++ = (objects >> i % 8 & 1) != 0 ? '}' : ']';
    }
    return (size_t)(at - out);
}

TEST(nesting_is_allowed_down_to_the_depth_asked_for)
{
    static const struct {
        unsigned depth, max_depth;
        bool good;
    } cases[] = {
        {0, 0, true},
        {1, 0, false},
        {1, 1, true},
        {2, 1, false},
        {2, 2, true},
        {63, 63, true},
        {64, 64, true},
        {65, 65, true},
        {64, 63, false},
        {65, 64, false},
        {66, 65, false},
        {1000, 1000, true},
        {1000, 999, false},
        {1024, 1024, true},
        {1024, 100000, true},
        {1025, 1024, false},
        {1025, 1025, false},
        {1025, UINT32_MAX, false},
        {5000, UINT32_MAX, false},
    };
    static char text[5 * 5000 + 1];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (unsigned objects = 0; objects < 256; objects += 17) {
            size_t len = nest(text, cases[i].depth, objects);
            struct json_value value;
            struct json_error error = {0, "nothing"};
            assert_int_equal(json_check(text, len, cases[i].max_depth, &value, &error),
                             cases[i].good);
            assert_string_equal(error.what, cases[i].good ? "nothing" : "nested too deep");
        }
    }
}

TEST(brackets_must_match_at_every_depth)
{
    static char text[5 * 1024 + 1];
    struct json_value value;
    for (unsigned depth = 1; depth <= 1024; depth += 31) {
        size_t len = nest(text, depth, 0xA5);
        for (unsigned i = 0; i < depth; i++) {
            char *bracket = &text[len - 1 - i];
            *bracket ^= ']' ^ '}';
            assert_false(json_check(text, len, depth, &value, NULL));
            *bracket ^= ']' ^ '}';
        }
        assert_true(json_check(text, len, depth, &value, NULL));
    }
}

TEST(random_and_damaged_bytes_never_do_harm)
{
    static const char likely[] = "{}[]\",:\\u0019eE+-.tfn \xC3\xA9\xED\xA0";
    uint64_t seed = 7;
    for (int round = 0; round < 60000; round++) {
        char text[200];
        size_t pick = support_random(&seed) % VALID;
        size_t len = round % 3 == 0 ? support_random(&seed) % 40 : valid[pick].len;
        for (size_t i = 0; i < len; i++) {
            bool keep = round % 3 != 0 && support_random(&seed) % 8 != 0;
            char random = round % 2 == 0 ? likely[support_random(&seed) % sizeof likely]
                                         : (char)support_random(&seed);
            text[i] = keep ? valid[pick].text[i] : random;
        }
        struct json_error error = {0, "nothing"};
        if (!check_copy(text, len, &error)) {
            assert_in_range(error.offset, 0, len);
        }
    }
}
