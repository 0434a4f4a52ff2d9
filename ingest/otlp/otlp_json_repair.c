/* Bodies that are JSON but for the bytes in their strings: hand-made senders and shell scripts
   paste texts into them. Losing a request for one byte of a prompt would be worse than replacing
   the byte, as the decoder of protobuf does too. */
#include "core/base/utf8.h"
#include "ingest/otlp/otlp_json_private.h"

#include <string.h>

static char *put_control(char *to, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    memcpy(to, "\\u00", 4);
    to[4] = hex[c >> 4];
    to[5] = hex[c & 15];
    return to + 6;
}

struct slice otlp_json_repair(struct otlp_batch *batch, struct slice body)
{
    struct slice none = {0};
    size_t needed = 0;
    for (size_t i = 0; i < body.len; i++) {
        unsigned char c = (unsigned char)body.bytes[i];
        needed += c < 0x20 ? 6 : c < 0x80 ? 1 : 3;
    }
    /* Not a body without such bytes, nor one that is no JSON at all. */
    bool worth_it =
        needed > body.len && (body.bytes[0] == '{' || (unsigned char)body.bytes[0] <= ' ');
    char *copy = worth_it ? otlp_alloc(batch, needed) : NULL;
    if (copy == NULL) {
        return none;
    }
    char *to = copy;
    bool in_string = false;
    for (size_t i = 0; i < body.len;) {
        unsigned char c = (unsigned char)body.bytes[i];
        if (c >= 0x80) {
            uint32_t cp;
            size_t n = utf8_next(body.bytes + i, body.len - i, &cp);
            bool surrogate = cp >= 0xD800 && cp < 0xE000;
            to += utf8_put(to, surrogate ? UTF8_REPLACEMENT : cp);
            i += n;
            continue;
        }
        if (in_string && c == '\\' && i + 1 < body.len && body.bytes[i + 1] >= 0x20) {
            *to++ = '\\';
            *to++ = body.bytes[i + 1];
            i += 2;
            continue;
        }
        in_string ^= c == '"';
        i++;
        if (in_string && c < 0x20) {
            to = put_control(to, c);
        } else {
            *to++ = (char)c;
        }
    }
    return (struct slice){copy, (size_t)(to - copy)};
}
