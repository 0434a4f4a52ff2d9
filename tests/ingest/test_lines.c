/* Tests that bytes become the same lines in every chunking. */
#include "ingest/lines.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was given out, one line each: KIND:NUMBER:BYTES. */
static void note(void *ctx, const char *line, size_t len, uint64_t number, enum line_kind kind)
{
    static const char kinds[] = {
        [LINE_WHOLE] = 'w', [LINE_LAST] = 'l', [LINE_TOO_LONG] = 't', [LINE_LOST] = 'm'};
    struct strbuf *out = ctx;
    strbuf_addf(out, "%c%llu:", kinds[kind], (unsigned long long)number);
    strbuf_add(out, line, len);
    strbuf_addc(out, ';');
}

static void split(const char *bytes, size_t len, size_t max, uint64_t seed, struct strbuf *out)
{
    struct lines lines;
    strbuf_clear(out);
    lines_init(&lines, &mem_libc, max, note, out);
    for (size_t at = 0; at < len;) {
        size_t n = seed == 0 ? len : 1 + support_random_below(&seed, 7);
        n = n < len - at ? n : len - at;
        lines_push(&lines, bytes + at, n);
        at += n;
    }
    lines_finish(&lines);
    lines_release(&lines);
}

static const struct {
    const char *in, *out;
} cases[] = {
    {"", ""},
    {"a\n", "w1:a;"},
    {"a\nb", "w1:a;l2:b;"},
    {"a\r\nb\r\n", "w1:a;w2:b;"},
    {"\n\na\n", "w1:;w2:;w3:a;"},
    {"\r\n", "w1:;"},
    {"a\rb\n", "w1:a\rb;"},
    {"12345678\n", "w1:12345678;"},   /* just the maximum */
    {"12345678\r\n", "w1:12345678;"}, /* a \r does not count */
    {"123456789\nx\n", "t1:12345678;w2:x;"},
    {"123456789\rx\ny\n", "t1:12345678;w2:y;"},
    {"1234567890123456789012345\nx", "t1:12345678;l2:x;"},
    {"12345678\rx\ny\n", "t1:12345678;w2:y;"},
    {"123456789", "t1:12345678;"},
    {"x\n12345678901234567890", "w1:x;t2:12345678;"},
};

TEST(lines_are_the_same_in_any_chunks)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint64_t seed = 0; seed < 50; seed++) {
            split(cases[i].in, strlen(cases[i].in), 8, seed, &out);
            assert_string_equal(out.data != NULL ? out.data : "", cases[i].out);
        }
    }
    strbuf_release(&out);
}

TEST(a_nul_is_a_byte_like_others)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    split("a\0b\nc\n", 6, 8, 0, &out);
    assert_int_equal(out.len, strlen("w1:a;b;w2:c;"));
    assert_memory_equal(out.data, "w1:a\0b;w2:c;", out.len);
    strbuf_release(&out);
}

TEST(an_endless_line_takes_bounded_memory)
{
    struct strbuf out;
    struct lines lines;
    char chunk[4096];
    memset(chunk, 'x', sizeof chunk);
    strbuf_init(&out, &mem_libc, 0);
    lines_init(&lines, &mem_libc, 100, note, &out);
    for (int i = 0; i < 10000; i++) {
        lines_push(&lines, chunk, sizeof chunk);
        assert_true(lines.held.cap <= 256);
    }
    lines_push(&lines, "\nnext\n", 6);
    assert_non_null(strstr(out.data, ";w2:next;"));
    lines_release(&lines);
    strbuf_release(&out);
}
