/* A file that was appended to has its old end where it was; that is looked at each time it grows. Whether another file begins with all that
   was read of the former one is asked rarely (after a rename, after it became shorter), and answered by reading it again, past a
   hash. That has to be the same in any chunking and cheap: a polynomial over words of eight bytes, of which the last one may not be
   full. */
#include "ingest/trace/seen.h"

#include "core/base/word.h"

#include <string.h>

#define FACTOR 0x9e3779b97f4a7c15u

void seen_clear(struct seen *seen)
{
    seen->length = seen->hash = 0;
    seen->tail_len = 0;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * FACTOR;
    return hash ^ hash >> 29;
}

/* The bytes of a word that is not full yet are in the tail. */
static void hash_bytes(struct seen *seen, const char *bytes, size_t len)
{
    size_t in_word = (size_t)(seen->length % 8);
    if (in_word > 0) {
        char word[8] = {0};
        size_t n = len < 8 - in_word ? len : 8 - in_word;
        memcpy(word, seen->tail + seen->tail_len - in_word, in_word);
        memcpy(word + in_word, bytes, n);
        if (in_word + n < 8) {
            return;
        }
        seen->hash = mix(seen->hash, word_load(word));
        bytes += n;
        len -= n;
    }
    for (; len >= 8; bytes += 8, len -= 8) {
        seen->hash = mix(seen->hash, word_load(bytes));
    }
}

void seen_add(struct seen *seen, const char *bytes, size_t len)
{
    hash_bytes(seen, bytes, len);
    seen->length += len;
    size_t take = len < SEEN_TAIL_BYTES ? len : SEEN_TAIL_BYTES;
    size_t keep = seen->tail_len < SEEN_TAIL_BYTES - take ? seen->tail_len : SEEN_TAIL_BYTES - take;
    memmove(seen->tail, seen->tail + seen->tail_len - keep, keep);
    memcpy(seen->tail + keep, bytes + len - take, take);
    seen->tail_len = keep + take;
}

bool seen_same(const struct seen *a, const struct seen *b)
{
    size_t rest = (size_t)(a->length % 8);
    return a->length == b->length && a->hash == b->hash &&
           memcmp(a->tail + a->tail_len - rest, b->tail + b->tail_len - rest, rest) == 0;
}
