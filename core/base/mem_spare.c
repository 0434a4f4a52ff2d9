/* The block is a row of pieces, each a header and its bytes. An allocation takes the first free
   piece that is large enough and leaves the rest as another one; free neighbours are joined on the
   way. Few allocations are ever here at once, so a search is short. */
#include "core/base/mem_spare.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>
#include <sys/mman.h>

enum { FIRST_BYTES = 1 << 20 };

/* Before each piece. */
struct piece {
    alignas(16) size_t size; /* with the header */
    bool used;
};

static uintptr_t begin_of(const struct mem_spare *spare)
{
    return atomic_load_explicit(&spare->begin, memory_order_relaxed);
}

static uintptr_t end_of(const struct mem_spare *spare)
{
    return atomic_load_explicit(&spare->end, memory_order_relaxed);
}

size_t mem_spare_size(const struct mem_spare *spare)
{
    return (size_t)(end_of(spare) - begin_of(spare));
}

static bool is_spare(const struct mem_spare *spare, const void *ptr)
{
    return (uintptr_t)ptr - begin_of(spare) < mem_spare_size(spare);
}

static void lock(struct mem_spare *spare)
{
    while (atomic_flag_test_and_set_explicit(&spare->busy, memory_order_acquire)) {
    }
}

static void unlock(struct mem_spare *spare)
{
    atomic_flag_clear_explicit(&spare->busy, memory_order_release);
}

static struct piece *next_of(struct piece *piece)
{
    return (struct piece *)(void *)((char *)piece + piece->size);
}

static void join_free(struct mem_spare *spare, struct piece *piece)
{
    struct piece *next;
    while ((uintptr_t)(next = next_of(piece)) < end_of(spare) && !next->used) {
        piece->size += next->size;
    }
}

static void *take(struct mem_spare *spare, size_t size)
{
    if (size > mem_spare_size(spare)) {
        return NULL;
    }
    size_t want = sizeof(struct piece) + (size + 15) / 16 * 16;
    struct piece *piece = (struct piece *)begin_of(spare); /* NOLINT: the block's first */
    for (; (uintptr_t)piece < end_of(spare); piece = next_of(piece)) {
        if (piece->used) {
            continue;
        }
        join_free(spare, piece);
        if (piece->size < want) {
            continue;
        }
        if (piece->size - want > sizeof *piece) {
            size_t rest = piece->size - want;
            piece->size = want;
            *next_of(piece) = (struct piece){.size = rest};
        }
        piece->used = true;
        return piece + 1;
    }
    return NULL;
}

static void *take_spare(struct mem_spare *spare, size_t size)
{
    if (!atomic_load(&spare->open) || mem_spare_size(spare) == 0) {
        return NULL;
    }
    lock(spare);
    void *ptr = take(spare, size);
    unlock(spare);
    return ptr;
}

static void give_back(struct mem_spare *spare, void *ptr)
{
    lock(spare);
    ((struct piece *)ptr - 1)->used = false;
    unlock(spare);
}

static void *resize_spare(struct mem_spare *spare, void *ptr, size_t old_size, size_t new_size)
{
    size_t room = ((struct piece *)ptr - 1)->size - sizeof(struct piece);
    if (new_size > 0 && new_size <= room) {
        return ptr;
    }
    void *moved = NULL;
    if (new_size > 0) {
        moved = mem_alloc(&spare->mem, new_size);
        if (moved == NULL) {
            return NULL;
        }
        memcpy(moved, ptr, old_size);
    }
    give_back(spare, ptr);
    return moved;
}

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    struct mem_spare *spare = ctx;
    if (ptr != NULL && is_spare(spare, ptr)) {
        return resize_spare(spare, ptr, old_size, new_size);
    }
    void *moved = spare->from->resize(spare->from->ctx, ptr, old_size, new_size);
    if (moved != NULL || new_size == 0) {
        return moved;
    }
    moved = take_spare(spare, new_size);
    if (moved == NULL) {
        atomic_fetch_add_explicit(&spare->refused, 1, memory_order_relaxed);
    } else if (ptr != NULL) {
        memcpy(moved, ptr, old_size < new_size ? old_size : new_size);
        mem_free(spare->from, ptr, old_size);
    }
    return moved;
}

void mem_spare_init(struct mem_spare *spare, const struct mem *from)
{
    spare->mem = (struct mem){.resize = resize, .ctx = spare};
    spare->from = from;
    atomic_init(&spare->begin, 0);
    atomic_init(&spare->end, 0);
    atomic_init(&spare->open, false);
    atomic_init(&spare->refused, 0);
    atomic_flag_clear(&spare->busy);
}

bool mem_spare_hold(struct mem_spare *spare, size_t bytes)
{
    size_t size = mem_spare_size(spare);
    if (bytes <= size || atomic_load(&spare->open)) {
        return true;
    }
    size_t want = size > 0 ? size : FIRST_BYTES;
    while (want < bytes) {
        if (want > SIZE_MAX / 2) {
            return false;
        }
        want *= 2;
    }
    void *block = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) {
        return false;
    }
    uintptr_t old = begin_of(spare);
    atomic_store(&spare->end, 0); /* meanwhile no pointer is in it */
    atomic_store(&spare->begin, (uintptr_t)block);
    atomic_store(&spare->end, (uintptr_t)block + want);
    if (old != 0) {
        (void)munmap((void *)old, size);
    }
    return true;
}

void mem_spare_open(struct mem_spare *spare)
{
    if (mem_spare_size(spare) > 0 && !atomic_load(&spare->open)) {
        struct piece *first = (struct piece *)begin_of(spare);
        *first = (struct piece){.size = mem_spare_size(spare)};
        atomic_store(&spare->open, true);
    }
}

size_t mem_spare_refused(const struct mem_spare *spare)
{
    return atomic_load_explicit(&spare->refused, memory_order_relaxed);
}

void mem_spare_release(struct mem_spare *spare)
{
    if (mem_spare_size(spare) > 0) {
        (void)munmap((void *)begin_of(spare), mem_spare_size(spare));
    }
    mem_spare_init(spare, spare->from);
}
