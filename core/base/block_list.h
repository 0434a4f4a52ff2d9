/* A long list of items of one size that takes items in, and gives them up, anywhere. Its items lie
   in blocks of a few kilobytes, so an insertion moves half a block at most and not what comes after
   it; a list that grows at its end alone has full blocks, and finds an item by a shift.

   Pointers to items are valid until the next insertion or removal. */
#ifndef CORE_BLOCK_LIST_H
#define CORE_BLOCK_LIST_H

#include "core/base/mem.h"

#include <stdint.h>

struct list_block {
    char *items;
    size_t first; /* the place of its first item in the list */
    uint32_t count, cap;
};

struct block_list {
    struct list_block *blocks;
    size_t count;   /* items */
    uint64_t moved; /* items and blocks that insertions and removals have touched */
    uint32_t block_count, block_cap;
    uint32_t even; /* so many blocks at the beginning are full */
    uint16_t item_size;
    uint8_t shift; /* a full block has 2^shift items */
};

void block_list_init(struct block_list *list, size_t item_size);
/* `mem` is the same at all calls for a list. */
void block_list_release(struct block_list *list, const struct mem *mem);
/* Takes all items out; keeps the first block. */
void block_list_clear(struct block_list *list, const struct mem *mem);
/* Makes room for an item before that at `place`; `place` <= count. Returns it, uninitialised; NULL:
   out of memory, nothing changed. */
void *block_list_insert(struct block_list *list, const struct mem *mem, size_t place);
/* Takes out `count` items from `place` on; the list has them. */
void block_list_remove(struct block_list *list, const struct mem *mem, size_t place, size_t count);
/* The block of a place that is neither in the last one nor in a full one at the beginning; for
   block_list_block. */
const struct list_block *block_list_find(const struct block_list *list, size_t place);

static inline const struct list_block *block_list_block(const struct block_list *list, size_t place)
{
    size_t block = place >> list->shift;
    const struct list_block *last = &list->blocks[list->block_count - 1];
    return block < list->even     ? &list->blocks[block]
           : place >= last->first ? last
                                  : block_list_find(list, place);
}

/* Returns the item at `place` < count. */
static inline void *block_list_at(const struct block_list *list, size_t place)
{
    const struct list_block *block = block_list_block(list, place);
    return block->items + (place - block->first) * list->item_size;
}

#endif
