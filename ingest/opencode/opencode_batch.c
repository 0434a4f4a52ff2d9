/* Rows that were read, with copies of their texts: SQLite's own last until the next row. */
#include "ingest/opencode/opencode_db.h"

#include <string.h>

void opencode_batch_init(struct opencode_batch *batch, const struct mem *mem)
{
    *batch = (struct opencode_batch){.mem = mem};
}

void opencode_batch_clear(struct opencode_batch *batch)
{
    for (size_t i = 0; i < batch->text_count; i++) {
        mem_free(batch->mem, batch->texts[i], batch->sizes[i]);
    }
    batch->count = batch->text_count = batch->bytes = 0;
    batch->more = batch->failed = false;
}

void opencode_batch_release(struct opencode_batch *batch)
{
    opencode_batch_clear(batch);
    mem_free(batch->mem, batch->rows, batch->cap * sizeof *batch->rows);
    mem_free(batch->mem, batch->texts, batch->text_cap * sizeof *batch->texts);
    mem_free(batch->mem, batch->sizes, batch->size_cap * sizeof *batch->sizes);
}

struct opencode_row *opencode_batch_add(struct opencode_batch *batch)
{
    if (!mem_reserve(batch->mem, &batch->rows, &batch->cap, batch->count + 1,
                     sizeof *batch->rows)) {
        batch->failed = true;
        return NULL;
    }
    return &batch->rows[batch->count++];
}

struct slice opencode_batch_copy(struct opencode_batch *batch, const void *bytes, size_t len)
{
    char *copy = mem_alloc(batch->mem, len);
    if (copy == NULL ||
        !mem_reserve(batch->mem, &batch->texts, &batch->text_cap, batch->text_count + 1,
                     sizeof *batch->texts) ||
        !mem_reserve(batch->mem, &batch->sizes, &batch->size_cap, batch->text_count + 1,
                     sizeof *batch->sizes)) {
        mem_free(batch->mem, copy, copy == NULL ? 0 : len);
        batch->failed = true;
        return (struct slice){NULL, 0};
    }
    memcpy(copy, bytes, len);
    batch->texts[batch->text_count] = copy;
    batch->sizes[batch->text_count++] = len;
    batch->bytes += len;
    return (struct slice){copy, len};
}

void opencode_batch_add_deleted(struct opencode_batch *batch, enum opencode_table table,
                                struct slice id)
{
    struct opencode_row *row = opencode_batch_add(batch);
    if (row != NULL) {
        *row = (struct opencode_row){.table = table, .deleted = true};
        row->id = opencode_batch_copy(batch, id.bytes, id.len);
    }
}
