/* The blocks are in order and none is empty. The first one grows, so that a short list is small;
   all others have room for a full one. A full block that takes an item in gives half of its items
   to a new one. */
#include "core/base/block_list.h"

#include <assert.h>
#include <string.h>

enum { BLOCK_BYTES = 8192, FIRST_ITEMS = 4, NEAR = 4 };

void block_list_init(struct block_list *list, size_t item_size)
{
    *list = (struct block_list){.item_size = (uint16_t)item_size};
    while (item_size << (list->shift + 1) <= BLOCK_BYTES) {
        list->shift++;
    }
    assert(list->shift >= 3); /* or a block that is split frees no room */
}

static uint32_t full(const struct block_list *list)
{
    return 1u << list->shift;
}

static void free_blocks(struct block_list *list, const struct mem *mem, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        mem_free(mem, list->blocks[i].items, (size_t)list->blocks[i].cap * list->item_size);
    }
}

void block_list_release(struct block_list *list, const struct mem *mem)
{
    free_blocks(list, mem, 0, list->block_count);
    mem_free(mem, list->blocks, list->block_cap * sizeof *list->blocks);
    *list = (struct block_list){.item_size = list->item_size, .shift = list->shift};
}

void block_list_clear(struct block_list *list, const struct mem *mem)
{
    block_list_remove(list, mem, 0, list->count);
}

const struct list_block *block_list_find(const struct block_list *list, size_t place)
{
    const struct list_block *blocks = list->blocks;
    size_t low = list->even, high = list->block_count;
    assert(low + 1 < high && place < blocks[high - 1].first);
    /* Blocks are about equally full, so it is near where it would be then. */
    size_t first = blocks[low].first;
    size_t near = low + (place - first) * (high - low) / (list->count - first);
    for (int i = 0; i < NEAR; i++) {
        if (place < blocks[near].first) {
            near--;
        } else if (place >= blocks[near + 1].first) {
            near++;
        } else {
            return &blocks[near];
        }
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (list->blocks[middle].first <= place) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &list->blocks[low];
}

/* Sets what depends on the counts of blocks, after those from `from` on have changed. */
static void count_from(struct block_list *list, size_t from)
{
    for (size_t i = from + 1; i < list->block_count; i++) {
        list->blocks[i].first = list->blocks[i - 1].first + list->blocks[i - 1].count;
    }
    list->moved += list->block_count - from - 1;
    list->even = from < list->even ? (uint32_t)from : list->even;
    while (list->even < list->block_count && list->blocks[list->even].count == full(list)) {
        list->even++;
    }
}

/* Puts an empty block there. NULL: out of memory. */
static struct list_block *add_block(struct block_list *list, const struct mem *mem, size_t at,
                                    uint32_t cap)
{
    char *items = mem_alloc(mem, (size_t)cap * list->item_size);
    if (items == NULL) {
        return NULL;
    }
    size_t block_cap = list->block_cap;
    if (!mem_reserve(mem, &list->blocks, &block_cap, list->block_count + 1u,
                     sizeof *list->blocks)) {
        mem_free(mem, items, (size_t)cap * list->item_size);
        return NULL;
    }
    list->block_cap = (uint32_t)block_cap;
    memmove(list->blocks + at + 1, list->blocks + at,
            (list->block_count - at) * sizeof *list->blocks);
    list->block_count++;
    list->blocks[at] = (struct list_block){.items = items, .first = list->count, .cap = cap};
    return &list->blocks[at];
}

static bool grow(const struct block_list *list, const struct mem *mem, struct list_block *block)
{
    size_t cap = block->cap;
    if (cap == full(list) || !mem_reserve(mem, &block->items, &cap, cap + 1, list->item_size)) {
        return false;
    }
    block->cap = (uint32_t)cap;
    return true;
}

/* Gives the second half of a full block to a new one after it. The last one gives little: late
   items come near the end, and then no more come before them. */
static bool split(struct block_list *list, const struct mem *mem, size_t at)
{
    struct list_block *more = add_block(list, mem, at + 1, full(list));
    if (more == NULL) {
        return false;
    }
    struct list_block *block = &list->blocks[at];
    uint32_t kept =
        at + 2 == list->block_count ? block->count - block->count / 8 : block->count / 2;
    more->count = block->count - kept;
    memcpy(more->items, block->items + (size_t)kept * list->item_size,
           (size_t)more->count * list->item_size);
    block->count = kept;
    list->moved += more->count;
    count_from(list, at);
    return true;
}

/* The number of the block that the place is in; that of the last one for the end of the list. */
static size_t block_number(const struct block_list *list, size_t place)
{
    return place == list->count ? list->block_count - 1
                                : (size_t)(block_list_block(list, place) - list->blocks);
}

/* Returns a block with room for an item at the place. NULL: out of memory. */
static struct list_block *make_room(struct block_list *list, const struct mem *mem, size_t place)
{
    if (list->block_count == 0) {
        return add_block(list, mem, 0, full(list) < FIRST_ITEMS ? full(list) : FIRST_ITEMS);
    }
    struct list_block *block = &list->blocks[block_number(list, place)];
    if (block->count < block->cap) {
        return block;
    }
    if (block->cap < full(list)) {
        return grow(list, mem, block) ? block : NULL;
    }
    if (place == list->count) {
        return add_block(list, mem, list->block_count, full(list));
    }
    return split(list, mem, (size_t)(block - list->blocks))
               ? &list->blocks[block_number(list, place)]
               : NULL;
}

/* At the end, where nearly all insertions are. NULL: the last block is full. */
static void *append(struct block_list *list)
{
    struct list_block *last = list->block_count == 0 ? NULL : &list->blocks[list->block_count - 1];
    if (last == NULL || last->count == last->cap) {
        return NULL;
    }
    list->count++;
    if (++last->count == full(list) && list->even + 1 == list->block_count) {
        list->even++;
    }
    return last->items + (size_t)(last->count - 1) * list->item_size;
}

void *block_list_insert(struct block_list *list, const struct mem *mem, size_t place)
{
    assert(place <= list->count);
    void *at_end = place == list->count ? append(list) : NULL;
    if (at_end != NULL) {
        return at_end;
    }
    struct list_block *block = make_room(list, mem, place);
    if (block == NULL) {
        return NULL;
    }
    size_t within = place - block->first, size = list->item_size;
    char *item = block->items + within * size;
    if (within < block->count) {
        memmove(item + size, item, (block->count - within) * size);
        list->moved += block->count - within;
    }
    block->count++;
    list->count++;
    count_from(list, (size_t)(block - list->blocks));
    return item;
}

void block_list_remove(struct block_list *list, const struct mem *mem, size_t place, size_t count)
{
    assert(count <= list->count && place <= list->count - count);
    if (count == 0) {
        return;
    }
    size_t from = block_number(list, place), at = from, within = place - list->blocks[at].first;
    size_t empty_from = list->block_count, empty_to = 0, size = list->item_size;
    list->count -= count;
    for (; count > 0; at++, within = 0) {
        struct list_block *block = &list->blocks[at];
        size_t gone = block->count - within < count ? block->count - within : count;
        memmove(block->items + within * size, block->items + (within + gone) * size,
                (block->count - within - gone) * size);
        list->moved += block->count - within - gone;
        block->count -= (uint32_t)gone;
        count -= gone;
        /* Those that become empty follow each other; a list keeps its first block. */
        if (block->count == 0 && (at > 0 || list->count > 0)) {
            empty_from = at < empty_from ? at : empty_from;
            empty_to = at + 1;
        }
    }
    if (empty_from < empty_to) {
        free_blocks(list, mem, empty_from, empty_to);
        memmove(list->blocks + empty_from, list->blocks + empty_to,
                (list->block_count - empty_to) * sizeof *list->blocks);
        list->block_count -= (uint32_t)(empty_to - empty_from);
        from = empty_from < from ? empty_from : from;
    }
    if (list->block_count > 0) {
        list->blocks[0].first = 0;
        count_from(list, from > 0 ? from - 1 : 0);
    }
}
