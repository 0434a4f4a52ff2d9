/* What decoders share. */
#include "ingest/ingest_ctx.h"

#include "tests/support/support.h"

#include <string.h>

TEST(a_secret_is_the_same_if_every_byte_is)
{
    static const struct {
        const char *given, *token;
        bool same;
    } rows[] = {
        {"abcdef", "abcdef", true},   {"", "", true},
        {"xbcdef", "abcdef", false},  {"abxdef", "abcdef", false},
        {"abcdex", "abcdef", false},  {"abcde", "abcdef", false},
        {"abcdefa", "abcdef", false}, {"abcdefabcdef", "abcdef", false},
        {"", "abcdef", false},        {"a", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice given = {rows[i].given, strlen(rows[i].given)};
        assert_int_equal(ingest_ctx_same_secret(given, rows[i].token), rows[i].same);
    }
}

TEST(a_quote_that_is_cut_holds_no_part_of_a_key)
{
    static const char key[] = "ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123";
    char text[200];
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    memset(text, ' ', sizeof text);
    memcpy(text + 60, key, sizeof key - 1);
    ingest_ctx_quote(&out, text, sizeof text);
    assert_true(out.len > 60);
    assert_null(strstr(out.data, "ABC"));
    strbuf_release(&out);
}
