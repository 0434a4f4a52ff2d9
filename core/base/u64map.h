/* A hash table from 64-bit keys to 32-bit numbers. */
#ifndef CORE_U64MAP_H
#define CORE_U64MAP_H

#include "core/base/mem.h"

#include <stdint.h>

#define U64MAP_NONE UINT32_MAX

struct u64map {
    const struct mem *mem;
    uint64_t *keys;
    uint32_t *values; /* U64MAP_NONE: an empty place */
    size_t count, cap;
};

void u64map_init(struct u64map *map, const struct mem *mem);
void u64map_release(struct u64map *map);
/* Forgets everything, keeps the memory. */
void u64map_clear(struct u64map *map);
/* The key's number; U64MAP_NONE: not there. */
uint32_t u64map_get(const struct u64map *map, uint64_t key);
/* `value` is not U64MAP_NONE. False: out of memory, nothing changed. */
bool u64map_put(struct u64map *map, uint64_t key, uint32_t value);
void u64map_remove(struct u64map *map, uint64_t key);

#endif
