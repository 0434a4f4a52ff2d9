/* A user may have thousands of old transcripts, so hashes stand for their paths: two paths of one
   hash count as one. */
#include "ingest/left_out.h"

#include "core/base/hash.h"

#include <string.h>

void left_out_init(struct left_out *left_out, const struct mem *mem)
{
    *left_out = (struct left_out){.last_ns = INT64_MIN};
    u64map_init(&left_out->files, mem);
}

void left_out_release(struct left_out *left_out)
{
    u64map_release(&left_out->files);
}

bool left_out_note(struct left_out *left_out, const char *path, int64_t written_ns, bool out)
{
    uint64_t hash = hash_bytes(HASH_SEED, path, strlen(path));
    uint32_t before = u64map_get(&left_out->files, hash);
    bool was_out = before != U64MAP_NONE && before == 1;
    if (was_out == out) {
        return true;
    }
    if (!u64map_put(&left_out->files, hash, out)) {
        return false;
    }
    left_out->count += out ? 1 : 0;
    left_out->count -= out ? 0 : 1;
    if (out && written_ns > left_out->last_ns) {
        left_out->last_ns = written_ns;
    }
    return true;
}
