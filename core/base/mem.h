/* Memory is given: every owner of memory takes a `struct mem`, so that a test can fail any one
   allocation and count what was not given back. */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* `resize` returns a block of `new_size` bytes that begins with what `ptr` (of `old_size` bytes, or
   NULL and 0) held. `new_size` 0 frees and returns NULL. NULL for another `new_size` means out of
   memory: `ptr` is as it was. */
struct mem {
    void *(*resize)(void *ctx, void *ptr, size_t old_size, size_t new_size);
    void *ctx;
};

/* realloc and free. */
extern const struct mem mem_libc;

/* Returns new, uninitialised; NULL: out of memory. `size` > 0. */
void *mem_alloc(const struct mem *mem, size_t size);
/* Returns new, zeroed, of count * size bytes; NULL: out of memory or the product overflows. */
void *mem_zalloc(const struct mem *mem, size_t count, size_t size);
/* `ptr` may be NULL with size 0. */
void mem_free(const struct mem *mem, void *ptr, size_t size);

/* All of the block will be written before long: lets the system bring its pages in at once, where it can, instead of one fault each. */
void mem_will_fill(void *block, size_t size);

/* Makes room for at least `want` items in the growable array *items (of *cap items of `size`
   bytes), by doubling. False: out of memory or overflow, the array is as it was. */
bool mem_reserve(const struct mem *mem, void *items_ptr, size_t *cap, size_t want, size_t size);

#endif
