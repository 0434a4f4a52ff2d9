/* The messages that OTLP's senders get: Export…ServiceResponse, and google.rpc.Status for errors,
   in either encoding (opentelemetry-proto, docs/specification.md). */
#ifndef INGEST_EXPORT_ANSWER_H
#define INGEST_EXPORT_ANSWER_H

#include "core/base/strbuf.h"
#include "ingest/http/receiver.h"

/* Appends the answer to a request that was taken: an empty message, or a partial success with the
   number of rejected records and the reason; with 0 and a reason it is a warning. */
void export_answer_put(struct strbuf *out, enum otlp_signal signal, enum otlp_encoding encoding,
                       const struct export_result *result);
/* Appends a google.rpc.Status with that message. */
void export_answer_put_status(struct strbuf *out, enum otlp_encoding encoding, const char *message);

#endif
