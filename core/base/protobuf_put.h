/* Writes Protocol Buffers messages into a strbuf, field by field.
   Source: https://protobuf.dev/programming-guides/encoding/ */
#ifndef CORE_PROTOBUF_PUT_H
#define CORE_PROTOBUF_PUT_H

#include "core/base/strbuf.h"

#include <stdint.h>

void protobuf_put_uint(struct strbuf *out, uint32_t field, uint64_t value);
/* int64 and bool: a negative number takes ten bytes. */
void protobuf_put_int(struct strbuf *out, uint32_t field, int64_t value);
void protobuf_put_fixed64(struct strbuf *out, uint32_t field, uint64_t value);
void protobuf_put_double(struct strbuf *out, uint32_t field, double value);
void protobuf_put_bytes(struct strbuf *out, uint32_t field, const char *bytes, size_t len);
/* A text (WTF-8) as strict UTF-8: what is not becomes U+FFFD. */
void protobuf_put_text(struct strbuf *out, uint32_t field, const char *text, size_t len);

/* Returns the position after the field at `at`, in what the functions here wrote, and the
   field's number. */
const char *protobuf_skip(const char *at, const char *end, uint32_t *field);

/* Begins a message within the message: its fields are written next. Returns what
   protobuf_end_message needs to write its length. */
size_t protobuf_begin_message(struct strbuf *out, uint32_t field);
void protobuf_end_message(struct strbuf *out, size_t begin);

#endif
