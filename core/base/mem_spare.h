/* Memory that is kept back. As long as libc has memory, the allocator is libc's. Once it is opened,
   what libc refuses comes from a block that was mapped before, so that a program without memory can
   still write what it has. Pages of the block cost nothing until they are used. */
#ifndef CORE_MEM_SPARE_H
#define CORE_MEM_SPARE_H

#include "core/base/mem.h"

#include <stdatomic.h>
#include <stdint.h>

struct mem_spare {
    struct mem mem; /* for owners of memory; the struct must not move meanwhile */
    const struct mem *from;
    atomic_uintptr_t begin, end; /* of the block; 0: none */
    atomic_bool open;
    atomic_size_t refused; /* allocations that neither had room for */
    atomic_flag busy;      /* guards the block's contents: allocators are shared by threads */
};

/* Sets it up without a block. `from` is asked first. */
void mem_spare_init(struct mem_spare *spare, const struct mem *from);
/* Makes the block at least so large, by doubling. Returns false if the system has no more: the
   block is as it was. Has no effect once it is open. */
bool mem_spare_hold(struct mem_spare *spare, size_t bytes);
/* From now on the block is used. */
void mem_spare_open(struct mem_spare *spare);
/* Returns the bytes of the block; 0: none. */
size_t mem_spare_size(const struct mem_spare *spare);
/* Returns how many allocations were refused: something may be missing then. */
size_t mem_spare_refused(const struct mem_spare *spare);
/* Unmaps the block. All that was taken from it must be freed before. */
void mem_spare_release(struct mem_spare *spare);

#endif
