/* Shared by the files that decode protobuf. */
#ifndef INGEST_OTLP_PROTOBUF_PRIVATE_H
#define INGEST_OTLP_PROTOBUF_PRIVATE_H

#include "ingest/otlp/otlp_private.h"

#include <otlp.pb-c.h>

struct otlp_protobuf {
    struct otlp_batch *batch;
    ProtobufCAllocator allocator;
    struct otlp_scope *scope; /* of what is read now */
    bool too_deep;            /* the attribute has more than OTLP_DEPTH_MAX arrays and maps */
};

/* Returns the text, or a copy with U+FFFD for each byte that is no part of a character. */
struct slice otlp_protobuf_text(struct otlp_protobuf *r, const ProtobufCBinaryData *data);
/* Read an array or a map of values, and set too_deep. `depth`: those that enclose it. */
struct otlp_value otlp_protobuf_array(struct otlp_protobuf *r, const ProtobufCBinaryData *data,
                                      unsigned depth);
struct otlp_value otlp_protobuf_map(struct otlp_protobuf *r, const ProtobufCBinaryData *data,
                                    unsigned depth);
/* Reads attributes that protobuf-c has unpacked. */
struct otlp_attributes otlp_protobuf_attributes(struct otlp_protobuf *r,
                                                Wire__KeyValue *const *from, size_t count,
                                                unsigned depth);
/* Copies an id of that length; one of another length stays zero. */
void otlp_protobuf_id(uint8_t *id, size_t len, const ProtobufCBinaryData *data);
/* Adds the span. False: it is no such message, or the batch has failed. */
bool otlp_protobuf_span(struct otlp_protobuf *r, const ProtobufCBinaryData *data);

#endif
