/* Open addressing with linear probing, at most three quarters full. A removal moves later members
   of its run back, so there are no tombstones. */
#include "core/base/u64map.h"

#include <string.h>

static size_t place(uint64_t key, size_t cap)
{
    key ^= key >> 33;
    key *= 0xff51afd7ed558ccdULL;
    key ^= key >> 33;
    key *= 0xc4ceb9fe1a85ec53ULL;
    key ^= key >> 33;
    return (size_t)key & (cap - 1);
}

void u64map_init(struct u64map *map, const struct mem *mem)
{
    memset(map, 0, sizeof *map);
    map->mem = mem;
}

void u64map_release(struct u64map *map)
{
    mem_free(map->mem, map->keys, map->cap * sizeof *map->keys);
    mem_free(map->mem, map->values, map->cap * sizeof *map->values);
    u64map_init(map, map->mem);
}

void u64map_clear(struct u64map *map)
{
    if (map->cap > 0) {
        memset(map->values, 0xff, map->cap * sizeof *map->values);
    }
    map->count = 0;
}

static void insert(uint64_t *keys, uint32_t *values, size_t cap, uint64_t key, uint32_t value)
{
    size_t i = place(key, cap);
    while (values[i] != U64MAP_NONE && keys[i] != key) {
        i = (i + 1) & (cap - 1);
    }
    keys[i] = key;
    values[i] = value;
}

static bool grow(struct u64map *map)
{
    size_t cap = map->cap == 0 ? 4 : map->cap * 2;
    uint64_t *keys = mem_zalloc(map->mem, cap, sizeof *keys);
    uint32_t *values = mem_zalloc(map->mem, cap, sizeof *values);
    if (keys == NULL || values == NULL) {
        mem_free(map->mem, keys, keys == NULL ? 0 : cap * sizeof *keys);
        mem_free(map->mem, values, values == NULL ? 0 : cap * sizeof *values);
        return false;
    }
    memset(values, 0xff, cap * sizeof *values);
    for (size_t i = 0; i < map->cap; i++) {
        if (map->values[i] != U64MAP_NONE) {
            insert(keys, values, cap, map->keys[i], map->values[i]);
        }
    }
    mem_free(map->mem, map->keys, map->cap * sizeof *map->keys);
    mem_free(map->mem, map->values, map->cap * sizeof *map->values);
    map->keys = keys;
    map->values = values;
    map->cap = cap;
    return true;
}

/* Returns the slot of the key, or `cap`. */
static size_t find(const struct u64map *map, uint64_t key)
{
    if (map->count == 0) {
        return map->cap;
    }
    size_t i = place(key, map->cap);
    while (map->values[i] != U64MAP_NONE) {
        if (map->keys[i] == key) {
            return i;
        }
        i = (i + 1) & (map->cap - 1);
    }
    return map->cap;
}

uint32_t u64map_get(const struct u64map *map, uint64_t key)
{
    size_t i = find(map, key);
    return i == map->cap ? U64MAP_NONE : map->values[i];
}

bool u64map_put(struct u64map *map, uint64_t key, uint32_t value)
{
    size_t at = find(map, key);
    if (at != map->cap) {
        map->values[at] = value;
        return true;
    }
    if (map->count + 1 > map->cap - map->cap / 4 && !grow(map)) {
        return false;
    }
    insert(map->keys, map->values, map->cap, key, value);
    map->count++;
    return true;
}

void u64map_remove(struct u64map *map, uint64_t key)
{
    size_t hole = find(map, key);
    if (hole == map->cap) {
        return;
    }
    size_t mask = map->cap - 1;
    for (size_t i = (hole + 1) & mask; map->values[i] != U64MAP_NONE; i = (i + 1) & mask) {
        size_t home = place(map->keys[i], map->cap);
        /* A member moves back unless its home slot lies after the hole (cyclically). */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->keys[hole] = map->keys[i];
            map->values[hole] = map->values[i];
            hole = i;
        }
    }
    map->values[hole] = U64MAP_NONE;
    map->count--;
}
