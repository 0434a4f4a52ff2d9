#include "core/base/protobuf_put.h"

#include "core/base/utf8.h"

#include "tests/support/support.h"

#include <string.h>

static void assert_bytes(struct strbuf *out, const char *bytes, size_t len)
{
    assert_false(out->failed);
    assert_int_equal(out->len, len);
    assert_memory_equal(out->data, bytes, len);
    strbuf_clear(out);
}

/* The examples are those of the encoding's own description. */
TEST(fields_are_tags_and_values)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    protobuf_put_uint(&out, 1, 150);
    assert_bytes(&out, "\x08\x96\x01", 3);
    protobuf_put_int(&out, 1, -2);
    assert_bytes(&out, "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
    protobuf_put_bytes(&out, 2, "testing", 7);
    assert_bytes(&out, "\x12\x07testing", 9);
    protobuf_put_fixed64(&out, 47, 0x0102030405060708u);
    assert_bytes(&out, "\xf9\x02\x08\x07\x06\x05\x04\x03\x02\x01", 10);
    protobuf_put_double(&out, 5, 1);
    assert_bytes(&out, "\x29\0\0\0\0\0\0\xf0\x3f", 9);
    strbuf_release(&out);
}

TEST(a_message_has_the_length_of_its_fields)
{
    struct strbuf out;
    char text[300];
    memset(text, 'x', sizeof text);
    strbuf_init(&out, &mem_libc, 0);
    size_t begin = protobuf_begin_message(&out, 3);
    protobuf_put_uint(&out, 1, 150);
    protobuf_end_message(&out, begin);
    assert_bytes(&out, "\x1a\x03\x08\x96\x01", 5);
    protobuf_end_message(&out, protobuf_begin_message(&out, 3));
    assert_bytes(&out, "\x1a\0", 2);
    size_t outer = protobuf_begin_message(&out, 1), inner = protobuf_begin_message(&out, 2);
    protobuf_put_bytes(&out, 1, text, sizeof text);
    protobuf_end_message(&out, inner);
    protobuf_end_message(&out, outer);
    assert_memory_equal(out.data, "\x0a\xb2\x02\x12\xaf\x02\x0a\xac\x02xxx", 12);
    assert_int_equal(out.len, 9 + sizeof text);
    assert_int_equal(out.data[out.len], '\0');
    uint32_t field;
    assert_ptr_equal(protobuf_skip(out.data, out.data + out.len, &field), out.data + out.len);
    assert_int_equal(field, 1);
    strbuf_release(&out);
}

TEST(a_text_is_strict_utf8)
{
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    protobuf_put_text(&out, 1, "a\xed\xa0\x80z\xff", 6);
    assert_bytes(&out,
                 "\x0a\x08"
                 "a\xef\xbf\xbdz\xef\xbf\xbd",
                 10);
    protobuf_put_text(&out, 1, "", 0);
    assert_bytes(&out, "\x0a\0", 2);
    strbuf_release(&out);
}
