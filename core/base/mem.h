/* Allocators as parameters: every owner of memory takes a `struct mem`. So a test can fail any
   allocation and count leaks. */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* `resize` returns a block of `new_size` bytes that begins with the contents of `ptr` (of
   `old_size` bytes, or NULL and 0). `new_size` 0 frees and returns NULL. For another `new_size`
   NULL means out of memory: `ptr` is unchanged. */
struct mem {
    void *(*resize)(void *ctx, void *ptr, size_t old_size, size_t new_size);
    void *ctx;
};

/* realloc and free. */
extern const struct mem mem_libc;

/* Returns new, uninitialised memory; NULL if out of memory. `size` > 0. */
void *mem_alloc(const struct mem *mem, size_t size);
/* Returns new, zeroed memory of count * size bytes; NULL if out of memory or if the product
   overflows. */
void *mem_zalloc(const struct mem *mem, size_t count, size_t size);
/* Sets the array *items to `count` zeroed items of `size` bytes; NULL for 0. Returns false if out
   of memory: *items is NULL then. */
bool mem_zalloc_items(const struct mem *mem, void *items_ptr, size_t count, size_t size);
/* The same with a copy of `from`, which may be NULL for 0. */
bool mem_copy_items(const struct mem *mem, void *items_ptr, const void *from, size_t count,
                    size_t size);
/* Frees. `ptr` may be NULL with size 0. */
void mem_free(const struct mem *mem, void *ptr, size_t size);

/* Announces that all of the block will be written soon. If possible, the system then maps its pages
   at once instead of one fault each. */
void mem_will_fill(void *block, size_t size);

/* Makes room for at least `want` items in the growable array *items (of *cap items of `size`
   bytes), by doubling. Returns false and leaves the array unchanged if out of memory or on
   overflow. */
bool mem_reserve(const struct mem *mem, void *items_ptr, size_t *cap, size_t want, size_t size);

#endif
