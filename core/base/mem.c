/* This module has no state: an allocator is one function, resize, and everything else calls it.
   Callers pass the size when they free, so allocators need not store it; the tests' allocator
   checks it. */
#include "core/base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *libc_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    (void)ctx;
    (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
}

const struct mem mem_libc = {.resize = libc_resize, .ctx = NULL};

void *mem_alloc(const struct mem *mem, size_t size)
{
    assert(size > 0);
    return mem->resize(mem->ctx, NULL, 0, size);
}

void *mem_zalloc(const struct mem *mem, size_t count, size_t size)
{
    assert(count > 0 && size > 0);
    if (count > SIZE_MAX / size) {
        return NULL;
    }
    void *ptr = mem_alloc(mem, count * size);
    if (ptr != NULL) {
        memset(ptr, 0, count * size);
    }
    return ptr;
}

/* items_ptr is the address of a pointer of some type. It is copied, because a void ** to it would
   break aliasing rules. */
static bool set_items(void *items_ptr, void *items, size_t count)
{
    memcpy(items_ptr, &items, sizeof items);
    return items != NULL || count == 0;
}

bool mem_zalloc_items(const struct mem *mem, void *items_ptr, size_t count, size_t size)
{
    return set_items(items_ptr, count == 0 ? NULL : mem_zalloc(mem, count, size), count);
}

bool mem_copy_items(const struct mem *mem, void *items_ptr, const void *from, size_t count,
                    size_t size)
{
    void *items = count == 0 ? NULL : mem_zalloc(mem, count, size);
    if (items != NULL) {
        memcpy(items, from, count * size);
    }
    return set_items(items_ptr, items, count);
}

void mem_free(const struct mem *mem, void *ptr, size_t size)
{
    if (ptr != NULL) {
        mem->resize(mem->ctx, ptr, size, 0);
    }
}

void mem_will_fill(void *block, size_t size)
{
#ifdef MADV_POPULATE_WRITE
    const uintptr_t page = 4096; /* on systems with larger pages this has no effect */
    uintptr_t from = ((uintptr_t)block + page - 1) & ~(page - 1);
    uintptr_t to = ((uintptr_t)block + size) & ~(page - 1);
    if (to > from) {
        (void)madvise((char *)block + (from - (uintptr_t)block), to - from, MADV_POPULATE_WRITE);
    }
#else
    (void)block, (void)size;
#endif
}

bool mem_reserve(const struct mem *mem, void *items_ptr, size_t *cap, size_t want, size_t size)
{
    assert(size > 0);
    if (want <= *cap) {
        return true;
    }
    if (want > SIZE_MAX / size) {
        return false;
    }

    /* Large items begin with few: most lists of a session or an agent stay short, and there are
       many of these. */
    size_t least = size >= 32 ? 2 : 8;
    size_t new_cap = *cap < least ? least : *cap;
    while (new_cap < want) {
        new_cap = new_cap > SIZE_MAX / 2 ? want : new_cap * 2;
    }
    if (new_cap > SIZE_MAX / size) {
        new_cap = want;
    }

    /* items_ptr is the address of a pointer of some type. It is copied, because a void ** to it
       would break aliasing rules. */
    void *items;
    memcpy(&items, items_ptr, sizeof items);
    items = mem->resize(mem->ctx, items, *cap * size, new_cap * size);
    if (items == NULL) {
        return false;
    }
    memcpy(items_ptr, &items, sizeof items);
    *cap = new_cap;
    return true;
}
