/* A hash table from 64-bit keys to 32-bit numbers. */
#ifndef CORE_U64MAP_H
#define CORE_U64MAP_H

#include "core/base/mem.h"

#include <stdint.h>

#define U64MAP_NONE UINT32_MAX

struct u64map {
    const struct mem *mem;
    uint64_t *keys;
    uint32_t *values; /* U64MAP_NONE: an empty slot */
    size_t count, cap;
};

void u64map_init(struct u64map *map, const struct mem *mem);
void u64map_release(struct u64map *map);
/* Removes all entries, keeps the memory. */
void u64map_clear(struct u64map *map);
/* Returns the key's number; U64MAP_NONE if the map does not have the key. */
uint32_t u64map_get(const struct u64map *map, uint64_t key);
/* Sets the key's number; `value` is not U64MAP_NONE. Returns false and changes nothing if out of
   memory. */
bool u64map_put(struct u64map *map, uint64_t key, uint32_t value);
void u64map_remove(struct u64map *map, uint64_t key);

#endif
