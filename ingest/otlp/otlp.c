/* A batch is memory in blocks and three arrays (spans, logs, points). All that an item points to is
   in the blocks, so a request is freed at once. Each new block is twice as large as the last one,
   and the largest one is kept between requests: soon all requests of a sender fit into it, and
   decoding allocates nothing.

   The sizes of all blocks and arrays are limited, since a few bytes of a body may need a hundred
   when they are decoded. */
#include "ingest/otlp/otlp_private.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

#define BLOCK_BYTES_MIN ((size_t)64 << 10)
/* A batch keeps a block up to this for the next request. */
#define KEPT_BYTES_MAX ((size_t)8 << 20)

struct otlp_block {
    struct otlp_block *next;
    size_t size, used; /* of `bytes` */
    alignas(uint64_t) char bytes[];
};

void otlp_batch_init(struct otlp_batch *batch, const struct mem *mem)
{
    *batch = (struct otlp_batch){.mem = mem};
}

static void free_block(struct otlp_batch *batch, struct otlp_block *block)
{
    batch->block_bytes -= block->size;
    mem_free(batch->mem, block, sizeof *block + block->size);
}

/* Frees all blocks but the largest one that may be kept. */
static void clear_blocks(struct otlp_batch *batch, size_t kept_max)
{
    struct otlp_block *kept = NULL, *next;
    for (struct otlp_block *block = batch->blocks; block != NULL; block = next) {
        next = block->next;
        if (block->size > kept_max || (kept != NULL && kept->size >= block->size)) {
            free_block(batch, block);
            continue;
        }
        if (kept != NULL) {
            free_block(batch, kept);
        }
        kept = block;
    }
    if (kept != NULL) {
        kept->next = NULL;
        kept->used = 0;
    }
    batch->blocks = kept;
}

static void clear_array(const struct mem *mem, void *items_ptr, size_t *cap, size_t size,
                        size_t kept_max)
{
    if (*cap * size <= kept_max) {
        return;
    }
    void *items;
    memcpy(&items, items_ptr, sizeof items);
    mem_free(mem, items, *cap * size);
    items = NULL;
    memcpy(items_ptr, &items, sizeof items);
    *cap = 0;
}

static void clear(struct otlp_batch *batch, size_t kept_max)
{
    const struct mem *mem = batch->mem;
    clear_blocks(batch, kept_max);
    clear_array(mem, &batch->spans, &batch->span_cap, sizeof *batch->spans, kept_max);
    clear_array(mem, &batch->logs, &batch->log_cap, sizeof *batch->logs, kept_max);
    clear_array(mem, &batch->points, &batch->point_cap, sizeof *batch->points, kept_max);
    otlp_rewind(batch, &(struct otlp_mark){0});
    batch->no_memory = batch->too_large = false;
}

void otlp_batch_clear(struct otlp_batch *batch)
{
    clear(batch, KEPT_BYTES_MAX);
}

void otlp_batch_release(struct otlp_batch *batch)
{
    clear(batch, 0);
}

/* ---- memory ---- */

/* True if `more` bytes can be added to `bytes`; else the batch is too large. */
static bool fits(struct otlp_batch *batch, size_t bytes, size_t more)
{
    if (more > OTLP_BATCH_BYTES_MAX || bytes > OTLP_BATCH_BYTES_MAX - more) {
        batch->too_large = true;
    }
    return !batch->too_large;
}

static struct otlp_block *add_block(struct otlp_batch *batch, size_t needed)
{
    struct otlp_block *last = batch->blocks;
    size_t size = last == NULL ? BLOCK_BYTES_MIN : last->size * 2;
    size = size > KEPT_BYTES_MAX ? KEPT_BYTES_MAX : size;
    size = size < needed ? needed : size;
    if (!fits(batch, batch->block_bytes, size)) {
        return NULL;
    }
    struct otlp_block *block = mem_alloc(batch->mem, sizeof *block + size);
    if (block == NULL) {
        batch->no_memory = true;
        return NULL;
    }
    block->size = size;
    block->used = 0;
    batch->block_bytes += size;
    /* A large item gets a block of its own; small ones continue in the last block. */
    bool own = last != NULL && size == needed;
    block->next = own ? last->next : last;
    *(own ? &last->next : &batch->blocks) = block;
    return block;
}

void *otlp_alloc(struct otlp_batch *batch, size_t size)
{
    /* Nothing here is aligned to more than a pointer or a double. */
    const size_t alignment = alignof(uint64_t);
    if (otlp_failed(batch) || !fits(batch, size, alignment)) {
        return NULL;
    }
    size = size == 0 ? alignment : (size + alignment - 1) & ~(alignment - 1);
    struct otlp_block *block = batch->blocks;
    if (block == NULL || block->size - block->used < size) {
        block = add_block(batch, size);
        if (block == NULL) {
            return NULL;
        }
    }
    void *at = block->bytes + block->used;
    block->used += size;
    return at;
}

/* Makes room for one more item of a growable array. */
static bool reserve(struct otlp_batch *batch, void *items_ptr, size_t *cap, size_t want,
                    size_t size)
{
    if (want <= *cap) {
        return !otlp_failed(batch);
    }
    if (otlp_failed(batch) || !fits(batch, 0, want * size)) {
        return false;
    }
    if (!mem_reserve(batch->mem, items_ptr, cap, want, size)) {
        batch->no_memory = true;
    }
    return !batch->no_memory;
}

struct otlp_span *otlp_add_span(struct otlp_batch *batch)
{
    if (!reserve(batch, &batch->spans, &batch->span_cap, batch->span_count + 1,
                 sizeof *batch->spans)) {
        return NULL;
    }
    struct otlp_span *span = &batch->spans[batch->span_count++];
    *span = (struct otlp_span){0};
    return span;
}

struct otlp_log *otlp_add_log(struct otlp_batch *batch)
{
    if (!reserve(batch, &batch->logs, &batch->log_cap, batch->log_count + 1, sizeof *batch->logs)) {
        return NULL;
    }
    struct otlp_log *log = &batch->logs[batch->log_count++];
    *log = (struct otlp_log){0};
    return log;
}

struct otlp_point *otlp_add_point(struct otlp_batch *batch)
{
    if (!reserve(batch, &batch->points, &batch->point_cap, batch->point_count + 1,
                 sizeof *batch->points)) {
        return NULL;
    }
    struct otlp_point *point = &batch->points[batch->point_count++];
    *point = (struct otlp_point){0};
    return point;
}

struct otlp_mark otlp_mark(const struct otlp_batch *batch)
{
    return (struct otlp_mark){.spans = batch->span_count,
                              .logs = batch->log_count,
                              .points = batch->point_count,
                              .rejected = batch->rejected,
                              .why = batch->why};
}

void otlp_rewind(struct otlp_batch *batch, const struct otlp_mark *mark)
{
    batch->span_count = mark->spans;
    batch->log_count = mark->logs;
    batch->point_count = mark->points;
    batch->rejected = mark->rejected;
    batch->why = mark->why;
}

void otlp_stack_release(struct otlp_stack *stack, const struct mem *mem)
{
    mem_free(mem, stack->bytes, stack->cap);
}

bool otlp_push(struct otlp_batch *batch, struct otlp_stack *stack, const void *item, size_t size)
{
    if (!reserve(batch, &stack->bytes, &stack->cap, stack->len + size, 1)) {
        return false;
    }
    memcpy(stack->bytes + stack->len, item, size);
    stack->len += size;
    return true;
}

const void *otlp_pop(struct otlp_batch *batch, struct otlp_stack *stack, size_t mark, size_t *size)
{
    *size = 0;
    if (stack->len == mark) {
        return NULL;
    }
    void *items = otlp_alloc(batch, stack->len - mark);
    if (items != NULL) {
        *size = stack->len - mark;
        memcpy(items, stack->bytes + mark, *size);
    }
    stack->len = mark;
    return items;
}

/* ---- shared by both encodings ---- */

const struct otlp_value *otlp_attribute(const struct otlp_attributes *attributes, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = attributes->count; i-- > 0;) {
        const struct otlp_attribute *attribute = &attributes->items[i];
        if (attribute->key.len == len && memcmp(attribute->key.bytes, key, len) == 0) {
            return &attribute->value;
        }
    }
    return NULL;
}

static bool is_zero(const uint8_t *id, size_t len)
{
    uint8_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        bits |= id[i];
    }
    return bits == 0;
}

void otlp_check_span(struct otlp_batch *batch)
{
    const struct otlp_id *id = &batch->spans[batch->span_count - 1].id;
    bool no_trace = is_zero(id->trace, sizeof id->trace);
    if (!no_trace && !is_zero(id->span, sizeof id->span)) {
        return;
    }
    batch->span_count--;
    batch->rejected++;
    if (batch->why == NULL) {
        batch->why = no_trace ? "a span has no valid trace id" : "a span has no valid span id";
    }
}

void otlp_describe_point(struct otlp_point *point, struct slice name, struct slice unit,
                         enum otlp_metric_kind kind, int temporality, bool monotonic)
{
    bool delta = kind != OTLP_GAUGE && temporality == OTLP_TEMPORALITY_DELTA;
    point->name = name;
    point->unit = unit;
    point->kind = delta && kind == OTLP_SUM_CUMULATIVE ? OTLP_SUM_DELTA : kind;
    point->delta = delta;
    point->monotonic = monotonic;
}

const char *otlp_decode(struct otlp_batch *batch, enum otlp_signal signal,
                        enum otlp_encoding encoding, struct slice body)
{
    assert(batch->span_count == 0 && batch->log_count == 0 && batch->point_count == 0);
    const char *why = encoding == OTLP_JSON ? otlp_json_decode(batch, signal, body)
                                            : otlp_protobuf_decode(batch, signal, body);
    why = batch->no_memory ? "out of memory" : batch->too_large ? "too large when decoded" : why;
    if (why != NULL) {
        otlp_rewind(batch, &(struct otlp_mark){0});
    }
    return why;
}

/* Whether the time is known: not 0, and no placeholder such as 2^64 - 1. */
static bool is_time(uint64_t ns)
{
    return ns != 0 && ns <= INT64_MAX;
}

void otlp_check_times(struct otlp_batch *batch)
{
    size_t kept = 0;
    for (size_t i = 0; i < batch->span_count; i++) {
        struct otlp_span *span = &batch->spans[i];
        if (!is_time(span->start_ns) && !is_time(span->end_ns)) {
            batch->rejected++;
            batch->why = batch->why == NULL ? "a span has no valid time" : batch->why;
            continue;
        }
        span->start_ns = is_time(span->start_ns) ? span->start_ns : span->end_ns;
        span->end_ns = is_time(span->end_ns) ? span->end_ns : span->start_ns;
        batch->spans[kept++] = *span;
    }
    batch->span_count = kept;
}
