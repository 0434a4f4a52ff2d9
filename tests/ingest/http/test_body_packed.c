/* A body that came as gzip can be passed on as it came, where the receiver keeps that. */
#include "ingest/http/body.h"
#include "tests/support/support.h"

#include <string.h>
#include <zlib.h>

static size_t pack(const char *text, unsigned char *out, size_t size)
{
    union {
        const char *text;
        unsigned char *in;
    } in = {.text = text};
    z_stream z = {.next_in = in.in, .avail_in = (unsigned)strlen(text)};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = out;
    z.avail_out = (unsigned)size;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return size - z.avail_out;
}

TEST(the_bytes_that_came_are_kept_if_they_are_wanted)
{
    static const char text[] = "{\"resourceSpans\":[]} {\"resourceSpans\":[]}";
    unsigned char gzip[200];
    const size_t len = pack(text, gzip, sizeof gzip);
    static const struct {
        bool keeps, packed;
        size_t max, all; /* all 0: enough for both copies */
        bool dropped;
        enum body_fault fault;
    } cases[] = {
        {true, true, 1000, 0, false, BODY_GOOD},
        {false, true, 1000, 0, false, BODY_GOOD},
        {true, false, 1000, 0, false, BODY_GOOD},
        {true, true, sizeof text - 2, 0, false, BODY_TOO_LARGE},
        /* What fits alone is taken; its packed bytes go. */
        {true, true, 1000, sizeof text - 1, true, BODY_GOOD},
        {true, true, 1000, sizeof text - 2, true, BODY_BUSY},
        {true, true, sizeof text - 2, sizeof text - 2, true, BODY_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct receiver receiver = {.mem = &mem_libc,
                                    .all_bytes = cases[i].all > 0 ? cases[i].all : 10000,
                                    .keeps_packed = cases[i].keeps};
        struct body body;
        struct slice plain;
        body_init(&body, &receiver, cases[i].max);
        if (cases[i].packed) {
            body_set_gzip(&body);
            for (size_t at = 0; at < len; at += 7) {
                body_add(&body, (char *)gzip + at, len - at < 7 ? len - at : 7);
            }
        } else {
            body_add(&body, text, sizeof text - 1);
        }
        assert_int_equal(body_end(&body, &plain), cases[i].fault);
        struct slice packed = body_packed(&body);
        if (cases[i].fault == BODY_GOOD) {
            assert_int_equal(plain.len, sizeof text - 1);
            assert_memory_equal(plain.bytes, text, plain.len);
            assert_int_equal(packed.len,
                             cases[i].keeps && cases[i].packed && !cases[i].dropped ? len : 0);
        }
        if (packed.len > 0) {
            assert_memory_equal(packed.bytes, gzip, len);
        }
        body_release(&body);
        assert_int_equal(receiver.body_bytes, 0);
    }
}
