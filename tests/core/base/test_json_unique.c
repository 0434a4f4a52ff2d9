/* Tests the search for keys that come twice, and the copy without them. */
#include "core/base/json_unique.h"
#include "tests/support/support.h"

#include <string.h>

static const struct {
    const char *text, *unique; /* NULL: nothing comes twice */
} cases[] = {
    {"1", NULL},
    {"\"a\\\"{\"", NULL},
    {"{}", NULL},
    {"{\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":1},{\"a\":2}]}", NULL},
    {"\"a\":1,\"b\":\"a\"", NULL},
    {"{\"a\":1,\"a\":2}", "{\"a\":2}"},
    {"{\"a\":1,\"b\":3,\"a\":{\"x\":1}}", "{\"b\":3,\"a\":{\"x\":1}}"},
    {"\"a\":1,\"a\":2", "\"a\":2"},
    {"\"a\" :1,\"b\":[0,{\"k\":1 , \"k\" :2}],\"a\":\"k\"", "\"b\":[0,{\"k\":2}],\"a\":\"k\""},
    {"{\"k\":1,\"\\u006b\":2}", "{\"\\u006b\":2}"},
    {"{\"\":1,\"\":2,\"x\":{\"\":3}}", "{\"\":2,\"x\":{\"\":3}}"},
    {"[{\"a\":[],\"a\":{}},\"a\\\\\",{\"a\":null}]", "[{\"a\":{}},\"a\\\\\",{\"a\":null}]"},
};

TEST(of_members_with_one_key_the_last_is_kept)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out;
        size_t len = strlen(cases[i].text);
        strbuf_init(&out, &mem_libc, 0);
        assert_int_equal(json_has_twins(cases[i].text, len), cases[i].unique != NULL);
        json_add_unique(&out, cases[i].text, len);
        assert_string_equal(out.data, cases[i].unique != NULL ? cases[i].unique : cases[i].text);
        strbuf_release(&out);
    }
}

/* The search takes 64 bytes at a time: strings, keys and escapes may lie across two such blocks. */
TEST(keys_are_found_at_any_place)
{
    enum { SHIFTS = 140 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool value = *cases[i].text == '{' || *cases[i].text == '[';
        for (size_t shift = 0; value && shift < SHIFTS; shift++) {
            struct strbuf text, want, out;
            strbuf_init(&text, &mem_libc, 0);
            strbuf_init(&want, &mem_libc, 0);
            strbuf_init(&out, &mem_libc, 0);
            strbuf_adds(&text, "[\"\\\\");
            for (size_t k = 0; k < shift; k++) {
                strbuf_addc(&text, "x{\\\""[k % 4]);
            }
            strbuf_adds(&text, shift % 4 == 3 ? "\\\"," : "\","); /* no escape is cut */
            strbuf_add(&want, text.data, text.len);
            strbuf_addf(&text, "%s]", cases[i].text);
            strbuf_addf(&want, "%s]", cases[i].unique != NULL ? cases[i].unique : cases[i].text);
            assert_int_equal(json_has_twins(text.data, text.len), cases[i].unique != NULL);
            json_add_unique(&out, text.data, text.len);
            assert_string_equal(out.data, want.data);
            strbuf_release(&text);
            strbuf_release(&want);
            strbuf_release(&out);
        }
    }
}

TEST(many_keys_and_deep_ones_are_searched_by_the_copy)
{
    enum { KEYS = 5000, DEPTH = 400 };
    struct strbuf text, out;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&out, &mem_libc, 0);
    for (int i = 0; i < KEYS; i++) {
        strbuf_addf(&text, "%s\"k%d\":%d", i > 0 ? "," : "{", i % (KEYS / 2), i);
    }
    strbuf_adds(&text, ",\"deep\":");
    for (int i = 0; i < DEPTH; i++) {
        strbuf_adds(&text, "{\"a\":0,\"a\":");
    }
    strbuf_adds(&text, "1");
    for (int i = 0; i < DEPTH; i++) {
        strbuf_adds(&text, "}");
    }
    strbuf_adds(&text, "}");
    assert_true(json_has_twins(text.data, text.len));
    json_add_unique(&out, text.data, text.len);
    assert_false(out.failed);
    assert_null(strstr(out.data, "\"k0\":0"));
    assert_non_null(strstr(out.data, "\"k0\":2500"));
    assert_non_null(strstr(out.data, "\"k2499\":4999,\"deep\":{\"a\":{\"a\":"));
    strbuf_release(&text);
    strbuf_release(&out);
}

/* Many escapes before one quote: were the quote searched again for each, this would never end. */
TEST(a_long_string_of_escapes_is_read_in_one_pass)
{
    enum { BYTES = 16 << 20 };
    struct strbuf text, out;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_init(&out, &mem_libc, 0);
    strbuf_adds(&text, "{\"a\":1,\"text\":\"");
    char *escapes = strbuf_room(&text, BYTES);
    assert_non_null(escapes);
    for (size_t i = 0; i < BYTES; i += 2) {
        memcpy(escapes + i, i < BYTES / 2 || i % 6 != 0 ? "\\n" : "\\\"", 2);
    }
    text.len += BYTES;
    strbuf_adds(&text, "\"}");
    assert_false(json_has_twins(text.data, text.len));
    text.len--;
    strbuf_adds(&text, ",\"a\":2}");
    assert_true(json_has_twins(text.data, text.len));
    json_add_unique(&out, text.data, text.len);
    assert_int_equal(out.len, text.len - strlen("\"a\":1,"));
    strbuf_release(&text);
    strbuf_release(&out);
}
