/* Shared by the decoders of OTLP: the memory of a batch, and the lists that are built in it. */
#ifndef INGEST_OTLP_PRIVATE_H
#define INGEST_OTLP_PRIVATE_H

#include "ingest/otlp/otlp.h"

/* The decoders. Each returns NULL or why the body cannot be decoded (static); any text where the
   batch has no_memory or too_large set. */
const char *otlp_json_decode(struct otlp_batch *batch, enum otlp_signal signal, struct slice body);
const char *otlp_protobuf_decode(struct otlp_batch *batch, enum otlp_signal signal,
                                 struct slice body);

/* Returns uninitialised memory of the batch, aligned for integers, doubles and pointers. NULL: no
   memory or too large, which the batch then has set. */
void *otlp_alloc(struct otlp_batch *batch, size_t size);

/* Append a zeroed item and return it, borrowed until the next one. NULL as above. */
struct otlp_span *otlp_add_span(struct otlp_batch *batch);
struct otlp_log *otlp_add_log(struct otlp_batch *batch);
struct otlp_point *otlp_add_point(struct otlp_batch *batch);

/* Takes a decoded span: one without valid ids leaves the batch again and is counted. It must be the
   last one. */
void otlp_check_span(struct otlp_batch *batch);

/* Flags and values of a metric as the specification numbers them. */
enum { OTLP_POINT_EMPTY = 1 /* no recorded value */, OTLP_TEMPORALITY_DELTA = 1 };
/* Sets what all points of a metric share. `kind` is OTLP_SUM_CUMULATIVE for sums of any kind. */
void otlp_describe_point(struct otlp_point *point, struct slice name, struct slice unit,
                         enum otlp_metric_kind kind, int temporality, bool monotonic);

/* How much a batch holds: to leave out what came after it. */
struct otlp_mark {
    size_t spans, logs, points;
    uint64_t rejected;
    const char *why;
};
struct otlp_mark otlp_mark(const struct otlp_batch *batch);
void otlp_rewind(struct otlp_batch *batch, const struct otlp_mark *mark);

/* Items of lists that are not complete yet. An inner list is complete before its outer one gets the
   next item, so one stack holds all of them. */
struct otlp_stack {
    char *bytes;
    size_t len, cap;
};
void otlp_stack_release(struct otlp_stack *stack, const struct mem *mem);
/* Appends a copy of the item to the innermost list. False as above. */
bool otlp_push(struct otlp_batch *batch, struct otlp_stack *stack, const void *item, size_t size);
/* Moves the items after `mark` (the stack's len before the first of them) into the batch. Returns
   their bytes in *size. NULL if there is no item, or as above. */
const void *otlp_pop(struct otlp_batch *batch, struct otlp_stack *stack, size_t mark, size_t *size);

static inline bool otlp_failed(const struct otlp_batch *batch)
{
    return batch->no_memory || batch->too_large;
}

#endif
