/* json_read.h but for json_check and json_get_number, which have tests of their own. */
#include "core/base/json_read.h"
#include "core/base/json_text.h"
#include "core/base/utf8.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(s) (s), sizeof(s) - 1

/* The text must be valid and outlive the value. */
static struct json_value parse_bytes(const char *text, size_t len)
{
    struct json_value value;
    struct json_error error;
    if (!json_check(text, len, 100, &value, &error)) {
        fail_msg("%s: %s at %zu", text, error.what, error.offset);
    }
    return value;
}

static struct json_value parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void assert_raw(struct json_value value, const char *expected)
{
    assert_int_equal(value.len, strlen(expected));
    assert_memory_equal(value.raw, expected, value.len);
}

TEST(the_items_of_an_array_come_in_order)
{
    static const char text[] =
        " [ 1 ,\"a]\\\",b\" , [ [ \"]\" ] , { } ],{\"k\":\"}\"}, true,false ,null\n,-1.5e3 ] ";
    static const struct {
        enum json_type type;
        const char *raw;
    } expected[] = {
        {JSON_TYPE_NUMBER, "1"},
        {JSON_TYPE_STRING, "\"a]\\\",b\""},
        {JSON_TYPE_ARRAY, "[ [ \"]\" ] , { } ]"},
        {JSON_TYPE_OBJECT, "{\"k\":\"}\"}"},
        {JSON_TYPE_TRUE, "true"},
        {JSON_TYPE_FALSE, "false"},
        {JSON_TYPE_NULL, "null"},
        {JSON_TYPE_NUMBER, "-1.5e3"},
    };
    struct json_walk walk = json_walk(parse(text));
    struct json_value item;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(json_next_item(&walk, &item));
        assert_int_equal(item.type, expected[i].type);
        assert_raw(item, expected[i].raw);
    }
    assert_false(json_next_item(&walk, &item));
    assert_false(json_next_item(&walk, &item));
}

TEST(the_members_of_an_object_come_in_order)
{
    static const char text[] = "{ \"a\" : 1 , \"b:\\\"\":{\"a\":2},\"\":[],\n\"a\" :\t\"x\"}";
    static const struct {
        const char *key, *value;
    } expected[] = {
        {"\"a\"", "1"}, {"\"b:\\\"\"", "{\"a\":2}"}, {"\"\"", "[]"}, {"\"a\"", "\"x\""}};
    struct json_walk walk = json_walk(parse(text));
    struct json_member member;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(json_next_member(&walk, &member));
        assert_int_equal(member.key.type, JSON_TYPE_STRING);
        assert_raw(member.key, expected[i].key);
        assert_raw(member.value, expected[i].value);
    }
    assert_false(json_next_member(&walk, &member));
}

TEST(a_cursor_visits_all_in_one_pass)
{
    static const char text[] =
        " { \"a\" : [ 1 , [ ] ,{\"b\":\"}\\u00e9\"} ], \"c\":[{}] , \"d\" : 2} ";
    struct json_cursor at = json_cursor_of(parse(text));
    struct json_value key, value;
    assert_int_equal(json_cursor_type(&at), JSON_TYPE_OBJECT);
    json_cursor_enter(&at);
    assert_true(json_cursor_next_member(&at, &key));
    assert_true(json_string_is(key, "a"));
    json_cursor_enter(&at);
    assert_true(json_cursor_next_item(&at));
    assert_raw(json_cursor_take(&at), "1");
    assert_true(json_cursor_next_item(&at));
    json_cursor_enter(&at);
    assert_false(json_cursor_next_item(&at));
    assert_true(json_cursor_next_item(&at));
    json_cursor_enter(&at);
    assert_true(json_cursor_next_member(&at, &key));
    value = json_cursor_take(&at);
    char decoded[16];
    assert_true(value.len <= sizeof decoded);
    assert_int_equal(json_copy_string(value, decoded), 3);
    assert_memory_equal(decoded, "}\u00e9", 3);
    assert_false(json_cursor_next_member(&at, &key));
    assert_false(json_cursor_next_item(&at));
    assert_true(json_cursor_next_member(&at, &key));
    assert_raw(json_cursor_take(&at), "[{}]");
    assert_true(json_cursor_next_member(&at, &key));
    assert_true(json_string_is(key, "d"));
    assert_raw(json_cursor_take(&at), "2");
    assert_false(json_cursor_next_member(&at, &key));
}

TEST(there_is_nothing_in_the_empty_and_in_scalars)
{
    static const char *const texts[] = {"[]", "{}", "[ ]", "{\n}", "1", "\"abc\"", "null", "true"};
    struct json_value item;
    struct json_member member;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json_walk walk = json_walk(parse(texts[i]));
        assert_false(json_next_item(&walk, &item));
        assert_false(json_next_member(&walk, &member));
    }
    struct json_walk walk = json_walk((struct json_value){.type = JSON_TYPE_NONE});
    assert_false(json_next_item(&walk, &item));
    assert_false(json_next_member(&walk, &member));
}

TEST(a_structure_of_any_alignment_is_skipped_whole)
{
    for (int pad = 0; pad < 40; pad++) {
        struct strbuf sb;
        strbuf_init(&sb, &mem_libc, 0);
        strbuf_addf(&sb, "[{\"%*s\":[%*d,\"\\\\\",\"%*s\\\"]}\",{\"Y_y\":{}}]},7]", pad, "", pad, 1,
                    pad, "[{");
        struct json_walk walk = json_walk(parse(sb.data));
        struct json_value item;
        assert_true(json_next_item(&walk, &item));
        assert_int_equal(item.len, sb.len - 4);
        assert_true(json_next_item(&walk, &item));
        assert_raw(item, "7");
        assert_false(json_next_item(&walk, &item));
        strbuf_release(&sb);
    }
}

TEST(the_last_member_of_a_name_counts)
{
    struct json_value object =
        parse("{\"id\":1,\"args\":{\"id\":5},\"\":\"empty\",\"i\\u0064\":3,\"name\":\"x\","
              "\"caf\xC3\xA9\":4,\"idx\":8,\"\\ud83d\\ude00\":9,\"a\\u0000b\":10}");
    assert_raw(json_get(object, "id"), "3");
    assert_raw(json_get(object, "name"), "\"x\"");
    assert_raw(json_get(object, ""), "\"empty\"");
    assert_raw(json_get(object, "caf\xC3\xA9"), "4");
    assert_raw(json_get(object, "\xF0\x9F\x98\x80"), "9");
    assert_raw(json_get(json_get(object, "args"), "id"), "5");
    static const char *const missing[] = {"i", "ids", "Id", "i\\u0064", "a", "\xF0\x9F\x98\x81"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        assert_int_equal(json_get(object, missing[i]).type, JSON_TYPE_NONE);
    }
    assert_int_equal(json_get(json_get(object, "nothing"), "id").type, JSON_TYPE_NONE);
    assert_int_equal(json_get(parse("[\"id\",1]"), "id").type, JSON_TYPE_NONE);
    assert_int_equal(json_get(parse("\"id\""), "id").type, JSON_TYPE_NONE);
}

static const struct {
    const char *json;
    const char *text;
    size_t len;
} strings[] = {
    {"\"\"", TEXT("")},
    {"\"plain\"", TEXT("plain")},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", TEXT("\"\\/\b\f\n\r\t")},
    {"\"\\\\n\"", TEXT("\\n")},
    {"\"a\\nb\\\\\"", TEXT("a\nb\\")},
    {"\"\\u0041\\u00e9\\u20AC\\uFffd\"", TEXT("A\xC3\xA9\xE2\x82\xAC\xEF\xBF\xBD")},
    {"\"\\u0000\"", TEXT("\0")},
    {"\"a\\u0000b\"", TEXT("a\0b")},
    {"\"\\ud83d\\ude00\"", TEXT("\xF0\x9F\x98\x80")},
    {"\"\\uD83D\\uDE00!\"", TEXT("\xF0\x9F\x98\x80!")},
    {"\"\\udbff\\udfff\"", TEXT("\xF4\x8F\xBF\xBF")},
    {"\"\\ud83d\"", TEXT("\xED\xA0\xBD")},
    {"\"\\ude00\"", TEXT("\xED\xB8\x80")},
    {"\"\\ude00\\ud83d\"", TEXT("\xED\xB8\x80\xED\xA0\xBD")},
    {"\"\\ud83d\\ud83d\\ude00\"", TEXT("\xED\xA0\xBD\xF0\x9F\x98\x80")},
    {"\"\\ud83dx\\ude00\"", TEXT("\xED\xA0\xBDx\xED\xB8\x80")},
    {"\"\\ud83d\\n\"", TEXT("\xED\xA0\xBD\n")},
    {"\"\\ud83d\\\\ude00\"", TEXT("\xED\xA0\xBD\\ude00")},
    {"\"\\ud83d\\u0041\"", TEXT("\xED\xA0\xBD"
                                "A")},
    {"\"\xF0\x9F\x98\x80 caf\xC3\xA9\"", TEXT("\xF0\x9F\x98\x80 caf\xC3\xA9")},
};
#define STRINGS (sizeof strings / sizeof *strings)

TEST(a_string_decodes_to_wtf8)
{
    struct strbuf sb;
    strbuf_init(&sb, &mem_libc, 0);
    for (size_t i = 0; i < STRINGS; i++) {
        strbuf_clear(&sb);
        strbuf_addc(&sb, '>');
        json_get_string(parse(strings[i].json), &sb);
        assert_int_equal(sb.len, strings[i].len + 1);
        assert_memory_equal(sb.data + 1, strings[i].text, strings[i].len);
    }
    strbuf_clear(&sb);
    json_get_string(parse("12"), &sb);
    json_get_string((struct json_value){.type = JSON_TYPE_NONE}, &sb);
    assert_int_equal(sb.len, 0);
    strbuf_release(&sb);
}

TEST(strings_are_the_same_when_they_decode_to_the_same)
{
    for (size_t i = 0; i < STRINGS; i++) {
        struct json_value a = parse(strings[i].json);
        bool has_nul = memchr(strings[i].text, '\0', strings[i].len) != NULL;
        assert_int_equal(json_string_is(a, strings[i].text), !has_nul);
        assert_false(json_string_is(a, "something else"));
        for (size_t j = 0; j < STRINGS; j++) {
            bool same = strings[i].len == strings[j].len &&
                        memcmp(strings[i].text, strings[j].text, strings[i].len) == 0;
            assert_int_equal(json_same_string(a, parse(strings[j].json)), same);
        }
    }
    assert_true(json_same_string(parse("\"\\u0061\\/\""), parse("\"a/\"")));
    assert_false(json_same_string(parse("\"\\u0061\""), parse("\"aa\"")));
    assert_false(json_same_string(parse("1"), parse("1")));
    assert_false(json_string_is(parse("1"), "1"));
    assert_false(json_string_is(parse("\"a\\n\""), "a"));
    assert_false(json_string_is(parse("\"a\\n\""), "a\n\n"));
    assert_false(json_string_is((struct json_value){.type = JSON_TYPE_NONE}, ""));
}

/* Of every kind, surrogates among them, but no pair of surrogates, which would be no WTF-8. */
static uint32_t random_character(uint64_t *seed, uint32_t before)
{
    static const uint32_t ranges[] = {0x20, 0x80, 0x80, 0x800, 0x10000, 0x110000};
    uint64_t limit = ranges[support_random_below(seed, 6)];
    uint32_t cp = support_random_below(seed, 5) == 0
                      ? 0xD800 + (uint32_t)support_random_below(seed, 0x800)
                      : (uint32_t)support_random_below(seed, limit);
    bool pair = before >= 0xD800 && before < 0xDC00 && cp >= 0xDC00 && cp < 0xE000;
    return pair ? '\\' : cp;
}

static void put_escaped(struct strbuf *sb, uint32_t cp)
{
    if (cp >= 0x10000) {
        strbuf_addf(sb, "\\u%04X", (unsigned)(0xD800 + ((cp - 0x10000) >> 10)));
        cp = 0xDC00 + (cp & 0x3FF);
    }
    strbuf_addf(sb, "\\u%04X", (unsigned)cp);
}

TEST(what_is_written_reads_back_and_however_it_is_spelt)
{
    uint64_t seed = 3;
    struct strbuf text, json, escaped, back;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&json, &mem_libc, 0);
    strbuf_init(&escaped, &mem_libc, 0);
    strbuf_init(&back, &mem_libc, 0);
    for (int round = 0; round < 5000; round++) {
        strbuf_clear(&text);
        strbuf_clear(&json);
        strbuf_clear(&escaped);
        strbuf_clear(&back);
        strbuf_addc(&escaped, '"');
        strbuf_add(&text, "", 0);
        uint32_t cp = 0;
        for (uint64_t count = support_random(&seed) % 30; count > 0; count--) {
            char bytes[4];
            cp = random_character(&seed, cp);
            strbuf_add(&text, bytes, utf8_put(bytes, cp));
            put_escaped(&escaped, cp);
        }
        strbuf_addc(&escaped, '"');
        json_put_string(&json, text.data, text.len);
        struct json_value a = parse_bytes(json.data, json.len);
        struct json_value b = parse_bytes(escaped.data, escaped.len);
        json_get_string(a, &back);
        assert_int_equal(back.len, text.len);
        assert_memory_equal(back.data, text.data, text.len);
        strbuf_clear(&back);
        json_get_string(b, &back);
        assert_int_equal(back.len, text.len);
        assert_memory_equal(back.data, text.data, text.len);
        assert_true(json_same_string(a, b));
        bool has_nul = strlen(text.data) != text.len;
        assert_int_equal(json_string_is(a, text.data), !has_nul);
        assert_int_equal(json_string_is(b, text.data), !has_nul);
    }
    strbuf_release(&text);
    strbuf_release(&json);
    strbuf_release(&escaped);
    strbuf_release(&back);
}

TEST(a_decoded_string_keeps_to_the_maximum_of_its_buffer)
{
    struct strbuf sb;
    strbuf_init(&sb, &mem_libc, 3);
    json_get_string(parse("\"\\u0061\\u0062\\u0063\""), &sb);
    assert_false(sb.failed);
    assert_string_equal(sb.data, "abc");
    strbuf_clear(&sb);
    json_get_string(parse("\"abcd\""), &sb);
    assert_true(sb.failed);
    strbuf_release(&sb);
}

TEST(every_failed_allocation_is_seen_at_the_end_and_leaks_nothing)
{
    struct json_value string =
        parse("\"0123456789\\n0123456789\\u00e90123456789\\ud83d\\ude000123456789\"");
    bool done = false;
    long allow;
    for (allow = 0; !done; allow++) {
        struct failing_mem failing = {.allow = allow};
        struct mem mem = failing_mem(&failing);
        struct strbuf sb;
        strbuf_init(&sb, &mem, 0);
        for (int i = 0; i < 10; i++) {
            json_get_string(string, &sb);
        }
        done = !sb.failed;
        assert_true(!done || sb.len == 470);
        strbuf_release(&sb);
        assert_int_equal(failing.live_blocks, 0);
    }
    assert_in_range(allow, 4, 20);
}
