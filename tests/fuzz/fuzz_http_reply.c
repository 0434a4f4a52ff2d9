/* http_reply on anything: however its bytes are cut, the answer is the same, and none of its counts
   runs over. */
#include "ingest/http/http_reply.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t feed(struct http_reply *reply, const char *bytes, size_t len, size_t step)
{
    size_t taken = 0;
    http_reply_init(reply);
    for (size_t at = 0; at < len; at += step) {
        size_t part = len - at < step ? len - at : step;
        size_t got = http_reply_add(reply, bytes + at, part);
        taken += got;
        if (got < part) {
            break;
        }
    }
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_reply whole, cut;
    if (size < 2) {
        return 0;
    }
    const char *bytes = (const char *)data + 1;
    size_t step = 1 + data[0] % 32;
    size_t a = feed(&whole, bytes, size - 1, size - 1), b = feed(&cut, bytes, size - 1, step);
    if (a != b || whole.state != cut.state || whole.status != cut.status ||
        whole.left != cut.left || whole.line_len != cut.line_len ||
        whole.line_len > HTTP_REPLY_LINE) {
        abort();
    }
    if (http_reply_end(&whole) != http_reply_end(&cut) ||
        http_reply_keeps(&whole) != http_reply_keeps(&cut)) {
        abort();
    }
    return 0;
}
