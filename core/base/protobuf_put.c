/* The length of a message is not known before its fields: one byte is kept for it, and a message
   that needs more is moved. Nearly all are short. */
#include "core/base/protobuf_put.h"

#include "core/base/utf8.h"

#include <string.h>

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2 };
enum { VARINT_MAX = 10 };

static size_t spell_varint(char out[VARINT_MAX], uint64_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7) {
        out[len++] = (char)(unsigned char)(0x80 | (value & 0x7f));
    }
    out[len++] = (char)(unsigned char)value;
    return len;
}

static void put_varint(struct strbuf *out, uint64_t value)
{
    char bytes[VARINT_MAX];
    size_t len = spell_varint(bytes, value);
    strbuf_add(out, bytes, len);
}

static void put_tag(struct strbuf *out, uint32_t field, enum wire_type type)
{
    put_varint(out, (uint64_t)field << 3 | (unsigned)type);
}

void protobuf_put_uint(struct strbuf *out, uint32_t field, uint64_t value)
{
    put_tag(out, field, WIRE_VARINT);
    put_varint(out, value);
}

void protobuf_put_int(struct strbuf *out, uint32_t field, int64_t value)
{
    protobuf_put_uint(out, field, (uint64_t)value);
}

void protobuf_put_fixed64(struct strbuf *out, uint32_t field, uint64_t value)
{
    char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(unsigned char)(value >> 8 * i & 0xff);
    }
    put_tag(out, field, WIRE_FIXED64);
    strbuf_add(out, bytes, sizeof bytes);
}

void protobuf_put_double(struct strbuf *out, uint32_t field, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    protobuf_put_fixed64(out, field, bits);
}

void protobuf_put_bytes(struct strbuf *out, uint32_t field, const char *bytes, size_t len)
{
    put_tag(out, field, WIRE_BYTES);
    put_varint(out, len);
    strbuf_add(out, bytes, len);
}

static void put_repaired(struct strbuf *out, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        uint32_t cp;
        char bytes[4];
        at += utf8_next(text + at, len - at, &cp);
        bool surrogate = cp >= 0xD800 && cp < 0xE000;
        strbuf_add(out, bytes, utf8_put(bytes, surrogate ? UTF8_REPLACEMENT : cp));
    }
}

void protobuf_put_text(struct strbuf *out, uint32_t field, const char *text, size_t len)
{
    if (utf8_valid(text, len)) {
        protobuf_put_bytes(out, field, text, len);
        return;
    }
    size_t begin = protobuf_begin_message(out, field);
    put_repaired(out, text, len);
    protobuf_end_message(out, begin);
}

size_t protobuf_begin_message(struct strbuf *out, uint32_t field)
{
    put_tag(out, field, WIRE_BYTES);
    strbuf_addc(out, 0);
    return out->len;
}

void protobuf_end_message(struct strbuf *out, size_t begin)
{
    char bytes[VARINT_MAX];
    if (out->failed) {
        return;
    }
    size_t content = out->len - begin, len = spell_varint(bytes, content);
    if (len > 1) {
        if (strbuf_room(out, len - 1) == NULL) {
            return;
        }
        memmove(out->data + begin - 1 + len, out->data + begin, content);
        out->len += len - 1;
    }
    memcpy(out->data + begin - 1, bytes, len);
}

static const char *read_varint(const char *at, const char *end, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
        unsigned byte = (unsigned char)*at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return at;
}

const char *protobuf_skip(const char *at, const char *end, uint32_t *field)
{
    uint64_t tag, value;
    at = read_varint(at, end, &tag);
    *field = (uint32_t)(tag >> 3);
    if ((tag & 7) == WIRE_FIXED64) {
        return at + 8;
    }
    at = read_varint(at, end, &value);
    return (tag & 7) == WIRE_BYTES ? at + value : at;
}
