/* Spans of protobuf, field by field: what is odd is read, and one wrong byte refuses the request. */
#include "tests/support/otlp_dump.h"
#include "tests/support/otlp_encode.h"
#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

#define REFUSED "refused: no valid protobuf"

/* The fields follow the ids of a span, after a good span. `expected` is the second line of the dump. */
static const struct field_row {
    const char *what, *bytes;
    size_t len;
    const char *expected;
} rows[] = {
#define ROW(what, bytes, expected)               \
    {                                            \
        what, bytes, sizeof(bytes) - 1, expected \
    }
    ROW("no field", "", "span 0a/0c"),
    ROW("a name, twice", "\x2a\x01n\x2a\x01m", "span 0a/0c \"m\""),
    ROW("a value after its key", "\x4a\x07\x0a\x01k\x12\x02\x10\x01", "span 0a/0c {k=true}"),
    ROW("a value before its key", "\x4a\x07\x12\x02\x18\x05\x0a\x01k", "span 0a/0c {k=5}"),
    ROW("two kinds of a value", "\x4a\x0a\x0a\x01k\x12\x05\x0a\x01x\x18\x07", "span 0a/0c {k=7}"),
    ROW("two values, the last one empty", "\x4a\x09\x0a\x01k\x12\x02\x10\x01\x12\x00",
        "span 0a/0c {k=-}"),
    ROW("no value", "\x4a\x03\x0a\x01k", "span 0a/0c {k=-}"),
    ROW("an attribute, another field, an attribute",
        "\x4a\x07\x0a\x01j\x12\x02\x10\x01\x2a\x01n\x4a\x07\x0a\x01k\x12\x02\x10\x01",
        "span 0a/0c \"n\" {j=true,k=true}"),
    ROW("a value of an unknown kind", "\x4a\x07\x0a\x01k\x12\x02\x40\x01", "span 0a/0c {k=-}"),
    ROW("another id", "\x12\x08\0\0\0\0\0\0\0\x0d", "span 0a/0d"),
    ROW("an id of another length", "\x12\x01x", "rejected 1: a span has no valid span id"),
    ROW("a status", "\x7a\x05\x12\x01m\x18\x02", "span 0a/0c status 2 \"m\""),
    ROW("an event and a link",
        "\x5a\x03\x12\x01"
        "e\x6a\x1c\x0a\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0a\x12\x08\0\0\0\0\0\0\0\x0b",
        "span 0a/0c event \"e\" link 0a/0b"),
    ROW("the trace's id as a number", "\x08\x01", REFUSED),
    ROW("the name as 4 bytes", "\x2d\0\0\0\0", REFUSED),
    ROW("the kind as bytes", "\x32\x00", REFUSED),
    ROW("the start as a varint", "\x38\x01", REFUSED),
    ROW("an attribute as a number", "\x48\x01", REFUSED),
    ROW("its key as a number", "\x4a\x02\x08\x01", REFUSED),
    ROW("its text as a number", "\x4a\x04\x12\x02\x08\x01", REFUSED),
    ROW("a value that is cut", "\x4a\x02\x12\x05", REFUSED),
    ROW("a tag that does not end", "\x4a\x01\xff", REFUSED),
    ROW("an event of one byte", "\x5a\x01\xff", REFUSED),
    ROW("a link of one byte", "\x6a\x01\xff", REFUSED),
    ROW("a status of one byte", "\x7a\x01\xff", REFUSED),
    ROW("a length that is too large", "\x7a\x05\x18", REFUSED),
    ROW("a length of 64 bits", "\x4a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", REFUSED),
    ROW("a group", "\x4b\x4c", REFUSED),
    ROW("field 0", "\x02\x00", REFUSED),
    ROW("field 2^29", "\x80\x80\x80\x80\x10\x01", REFUSED),
#undef ROW
};

static void put_span(struct strbuf *body, char id, const char *fields, size_t len)
{
    char span[8] = {0};
    size_t begin = otlp_begin(body);
    span[7] = id;
    otlp_put_bytes(body, 1, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\012", 16);
    otlp_put_bytes(body, 2, span, sizeof span);
    strbuf_add(body, fields, len);
    otlp_end(body, 2, begin);
}

TEST(each_field_of_a_span_is_read_or_refused)
{
    struct otlp_batch batch;
    struct strbuf body, text;
    otlp_batch_init(&batch, &mem_libc);
    strbuf_init(&body, &mem_libc, 0);
    strbuf_init(&text, &mem_libc, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        strbuf_clear(&body);
        strbuf_clear(&text);
        otlp_batch_clear(&batch);
        put_span(&body, '\x0b', "", 0);
        put_span(&body, '\x0c', rows[i].bytes, rows[i].len);
        otlp_end(&body, 2, 0);
        otlp_end(&body, 1, 0);
        /* A copy of just these bytes, so that ASan sees who reads beyond them. */
        char *copy = malloc(body.len);
        memcpy(copy, body.data, body.len);
        const char *why =
            otlp_decode(&batch, OTLP_TRACES, OTLP_PROTOBUF, (struct slice){copy, body.len});
        if (why != NULL && strncmp(why, "protobuf is not in this build", 29) == 0) {
            skip();
        }
        if (why != NULL) {
            strbuf_addf(&text, "refused: %s\n", why);
        }
        otlp_dump(&batch, &text);
        const char *line = strstr(text.data, why != NULL ? "refused" : "\n") + (why == NULL);
        size_t len = strcspn(line, "\n");
        if (len != strlen(rows[i].expected) || memcmp(line, rows[i].expected, len) != 0) {
            fail_msg("%s: %s", rows[i].what, text.data);
        }
        free(copy);
    }
    strbuf_release(&body);
    strbuf_release(&text);
    otlp_batch_release(&batch);
}
