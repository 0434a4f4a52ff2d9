/* A time pyramid sums up a lane over buckets of 2^shift, 2^(shift + 2) … ns, each aligned to its
   length. It gives the content of a timeline column without a walk over the spans in it. Private
   to the queries of lanes (lane_index.h).

   A span is summed up in the buckets that hold all of it. A bucket finds the one span that
   crosses its end as the last span that begins in it: spans of a lane do not overlap. */
#ifndef CORE_PYRAMID_H
#define CORE_PYRAMID_H

#include "core/base/block_list.h"
#include "core/model/span.h"

/* The values of an ended span that the timeline needs, copied so that a row is read from memory
   in order. */
struct lane_span {
    int64_t start_ns, end_ns;
    span_no no;
    uint8_t kind;  /* enum span_kind */
    uint8_t flags; /* enum span_flag */
};

/* Sums over the spans that lie in the bucket. */
struct pyramid_bucket {
    int64_t key;                 /* it begins at key << its level's shift */
    int64_t weights[SPAN_KINDS]; /* ns by kind; those of a request by its phases */
    int64_t heavy_ns;            /* of the longest one, of equals the one that appeared first */
    span_no heavy;
    uint8_t heavy_kind, heavy_flags;
    bool error;
    uint32_t count;
    struct lane_span last; /* the last one that begins in the bucket; .no NO_SPAN: none */
};

struct pyramid_level {
    struct block_list buckets; /* by key; only those in which something begins */
};

enum { PYRAMID_LEVELS = 24 };

struct pyramid {
    const struct mem *mem;
    unsigned shift; /* of level 0 */
    unsigned level_count;
    struct pyramid_level levels[PYRAMID_LEVELS];
    size_t spans;
};

/* `shift`: of the finest level. */
void pyramid_init(struct pyramid *pyramid, const struct mem *mem, unsigned shift);
void pyramid_release(struct pyramid *pyramid);
/* Adds a span (its end after its start) and its time by kinds. False: out of memory, the pyramid
   is then useless. */
bool pyramid_add(struct pyramid *pyramid, const struct lane_span *span,
                 const int64_t weights[SPAN_KINDS]);
/* Sets *weights, zeroed before, to the span's time by kinds. False: the span is not in the
   pyramid. */
typedef bool pyramid_weigh(const void *ctx, const struct lane_span *span, int64_t *weights);
/* Sums up again the buckets of a span that begins at `at_ns` and was added, removed or corrected:
   the finest one from those of `spans` (struct lane_span) from `from` to before `to`, which are all
   that begin in it; each coarser one from the four within it. Adds the number of spans and buckets
   read to *touched. False: out of memory, the pyramid is then useless. */
bool pyramid_renew(struct pyramid *pyramid, int64_t at_ns, const struct block_list *spans,
                   size_t from, size_t to, pyramid_weigh *weigh, const void *ctx,
                   uint64_t *touched);
static inline struct pyramid_bucket *pyramid_bucket_at(const struct pyramid_level *level,
                                                       size_t place)
{
    return block_list_at(&level->buckets, place);
}
/* The coarsest level whose buckets are not longer than 2^zoom ns; -1: none is that fine. */
int pyramid_level_for(const struct pyramid *pyramid, unsigned zoom);
/* The place of the first bucket of the level whose key is not less. */
size_t pyramid_find(const struct pyramid *pyramid, int level, int64_t key);

#endif
