/* A body as a request of each signal. All that was decoded is read, so that a sanitizer sees a
   length that is wrong. */
#ifndef FUZZ_OTLP_H
#define FUZZ_OTLP_H

#include "ingest/otlp/otlp.h"

#include <stdlib.h>

/* Keeps the reads from being optimized away. */
static volatile unsigned char fuzz_sink;

static void fuzz_require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void fuzz_read(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        fuzz_sink ^= (unsigned char)text.bytes[i];
    }
}

static void fuzz_value(const struct otlp_value *value, unsigned depth);

static void fuzz_attributes(const struct otlp_attributes *attributes, unsigned depth)
{
    for (size_t i = 0; i < attributes->count; i++) {
        fuzz_read(attributes->items[i].key);
        fuzz_value(&attributes->items[i].value, depth);
    }
}

static void fuzz_value(const struct otlp_value *value, unsigned depth)
{
    fuzz_require(depth <= OTLP_DEPTH_MAX);
    if (value->type == OTLP_TEXT || value->type == OTLP_BYTES) {
        fuzz_read(value->text);
    } else if (value->type == OTLP_MAP) {
        fuzz_attributes(&value->map, depth + 1);
    } else if (value->type == OTLP_ARRAY) {
        for (size_t i = 0; i < value->array.count; i++) {
            fuzz_value(&value->array.items[i], depth + 1);
        }
    }
}

static void fuzz_scope(const struct otlp_scope *scope)
{
    fuzz_read(scope->name);
    fuzz_read(scope->version);
    fuzz_attributes(&scope->attributes, 0);
    fuzz_attributes(&scope->resource, 0);
}

static void fuzz_span(const struct otlp_span *span)
{
    fuzz_scope(span->scope);
    fuzz_read(span->name);
    fuzz_read(span->message);
    fuzz_attributes(&span->attributes, 0);
    for (size_t i = 0; i < span->event_count; i++) {
        fuzz_read(span->events[i].name);
        fuzz_attributes(&span->events[i].attributes, 0);
    }
    for (size_t i = 0; i < span->link_count; i++) {
        fuzz_attributes(&span->links[i].attributes, 0);
    }
}

static void fuzz_otlp(enum otlp_encoding encoding, const uint8_t *data, size_t size)
{
    /* A copy, so that reads before the body are found too. */
    char *body = malloc(size > 0 ? size : 1);
    memcpy(body, size > 0 ? (const void *)data : "", size);
    struct otlp_batch batch;
    otlp_batch_init(&batch, &mem_libc);
    for (int signal = 0; signal < OTLP_SIGNALS; signal++) {
        const char *why =
            otlp_decode(&batch, (enum otlp_signal)signal, encoding, (struct slice){body, size});
        fuzz_require(why == NULL ||
                     batch.span_count + batch.log_count + batch.point_count + batch.rejected == 0);
        for (size_t i = 0; i < batch.span_count; i++) {
            fuzz_span(&batch.spans[i]);
        }
        for (size_t i = 0; i < batch.log_count; i++) {
            fuzz_scope(batch.logs[i].scope);
            fuzz_read(batch.logs[i].name);
            fuzz_value(&batch.logs[i].body, 0);
            fuzz_attributes(&batch.logs[i].attributes, 0);
        }
        for (size_t i = 0; i < batch.point_count; i++) {
            fuzz_scope(batch.points[i].scope);
            fuzz_read(batch.points[i].name);
            fuzz_read(batch.points[i].unit);
            fuzz_attributes(&batch.points[i].attributes, 0);
        }
        otlp_batch_clear(&batch);
    }
    otlp_batch_release(&batch);
    free(body);
}

#endif
