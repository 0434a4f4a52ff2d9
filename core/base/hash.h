/* FNV-1a with 64 bits, for keys of tables: draft-eastlake-fnv. Begin with HASH_SEED; the hash of
   some bytes is the seed of those that follow. */
#ifndef CORE_BASE_HASH_H
#define CORE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_SEED UINT64_C(0xCBF29CE484222325)

/* Returns the hash with one more number, which may be larger than a byte. */
static inline uint64_t hash_number(uint64_t hash, uint64_t number)
{
    return (hash ^ number) * UINT64_C(0x100000001B3);
}

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = hash_number(hash, at[i]);
    }
    return hash;
}

#endif
