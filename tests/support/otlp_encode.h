/* Encodes a decoded batch as JSON, and as protobuf without protobuf-c: so what the one writes and the other
   reads is compared with the specification's field numbers, not with itself. */
#ifndef TESTS_OTLP_ENCODE_H
#define TESTS_OTLP_ENCODE_H

#include "core/base/strbuf.h"
#include "ingest/otlp/otlp.h"

/* Appends the request of that signal. Rejected spans are not in a batch, so not in the request. */
void otlp_encode(const struct otlp_batch *batch, enum otlp_signal signal, struct strbuf *out);
void otlp_encode_json(const struct otlp_batch *batch, enum otlp_signal signal, struct strbuf *out);

/* Parts of messages, for tests that make broken ones. */
void otlp_put_varint(struct strbuf *out, uint64_t number);
void otlp_put_int(struct strbuf *out, unsigned field, uint64_t number);
void otlp_put_fixed(struct strbuf *out, unsigned field, const void *eight_bytes);
void otlp_put_bytes(struct strbuf *out, unsigned field, const void *bytes, size_t len);
void otlp_put_value(struct strbuf *out, unsigned field, const struct otlp_value *value);
/* A message in a message is what is appended between these. */
size_t otlp_begin(struct strbuf *out);
void otlp_end(struct strbuf *out, unsigned field, size_t begin);

#endif
