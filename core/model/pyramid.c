/* A level is a sorted list of its non-empty buckets, so a lane that rests for a week costs
   nothing. Nearly all spans go into the last bucket or after it. */
#include "core/model/pyramid.h"

#include "core/base/sorted.h"

#include <string.h>

enum { STEP = 2, SHIFT_MAX = 46 }; /* 2^46 ns is 20 hours: no column is longer */

void pyramid_init(struct pyramid *pyramid, const struct mem *mem, unsigned shift)
{
    *pyramid = (struct pyramid){.mem = mem, .shift = shift};
    pyramid->level_count = (SHIFT_MAX - shift) / STEP + 1;
    if (pyramid->level_count > PYRAMID_LEVELS) {
        pyramid->level_count = PYRAMID_LEVELS;
    }
    for (unsigned i = 0; i < pyramid->level_count; i++) {
        block_list_init(&pyramid->levels[i].buckets, sizeof(struct pyramid_bucket));
    }
}

void pyramid_release(struct pyramid *pyramid)
{
    for (unsigned i = 0; i < pyramid->level_count; i++) {
        block_list_release(&pyramid->levels[i].buckets, pyramid->mem);
    }
    *pyramid = (struct pyramid){.mem = pyramid->mem};
}

static int64_t key_of(const void *ctx, size_t place)
{
    const struct pyramid_level *level = ctx;
    return pyramid_bucket_at(level, place)->key;
}

static size_t first_not_less(const struct pyramid_level *level, int64_t key)
{
    return sorted_first(level->buckets.count, key, key_of, level);
}

/* Returns the bucket with the key, new if necessary; `at`: first_not_less(level, key). NULL: out of
   memory. */
static struct pyramid_bucket *bucket_at(struct pyramid *pyramid, struct pyramid_level *level,
                                        size_t at, int64_t key)
{
    struct pyramid_bucket *bucket = at < level->buckets.count ? pyramid_bucket_at(level, at) : NULL;
    if (bucket != NULL && bucket->key == key) {
        return bucket;
    }
    bucket = block_list_insert(&level->buckets, pyramid->mem, at);
    if (bucket != NULL) {
        *bucket = (struct pyramid_bucket){.key = key, .heavy = NO_SPAN, .last = {.no = NO_SPAN}};
    }
    return bucket;
}

/* Returns bucket_at for a span that is added: nearly all are in the last bucket. */
static struct pyramid_bucket *bucket_for(struct pyramid *pyramid, struct pyramid_level *level,
                                         int64_t key)
{
    size_t count = level->buckets.count;
    bool last = count > 0 && pyramid_bucket_at(level, count - 1)->key == key;
    return bucket_at(pyramid, level, last ? count - 1 : first_not_less(level, key), key);
}

static void sum_up(struct pyramid_bucket *bucket, const struct lane_span *span,
                   const int64_t weights[SPAN_KINDS])
{
    int64_t ns = span->end_ns - span->start_ns;
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        bucket->weights[i] += weights[i];
    }
    if (ns > bucket->heavy_ns || (ns == bucket->heavy_ns && span->no < bucket->heavy)) {
        bucket->heavy_ns = ns;
        bucket->heavy = span->no;
        bucket->heavy_kind = span->kind;
        bucket->heavy_flags = span->flags;
    }
    bucket->count++;
    bucket->error |= (span->flags & SPAN_ERROR) != 0;
}

bool pyramid_add(struct pyramid *pyramid, const struct lane_span *span,
                 const int64_t weights[SPAN_KINDS])
{
    for (unsigned i = 0; i < pyramid->level_count; i++) {
        unsigned shift = pyramid->shift + i * STEP;
        int64_t key = span->start_ns >> shift;
        struct pyramid_bucket *bucket = bucket_for(pyramid, &pyramid->levels[i], key);
        if (bucket == NULL) {
            return false;
        }
        if (bucket->last.no == NO_SPAN || bucket->last.start_ns <= span->start_ns) {
            bucket->last = *span;
        }
        if ((span->end_ns - 1) >> shift == key) {
            sum_up(bucket, span, weights);
        }
    }
    pyramid->spans++;
    return true;
}

/* ---- summing up again ---- */

/* One bucket while it is summed up. */
struct renewal {
    struct pyramid_bucket sum;
    unsigned shift; /* of its level */
    pyramid_weigh *weigh;
    const void *ctx;
    uint64_t *touched;
};

/* A span that begins in the bucket: counts where it ends there too. */
static void renew_span(struct renewal *renewal, const struct lane_span *span)
{
    int64_t weights[SPAN_KINDS] = {0};
    bool within = (span->end_ns - 1) >> renewal->shift == renewal->sum.key;
    if (within && renewal->weigh(renewal->ctx, span, weights)) {
        sum_up(&renewal->sum, span, weights);
    }
    ++*renewal->touched;
}

static void renew_finest(struct renewal *renewal, const struct block_list *spans, size_t from,
                         size_t to)
{
    int64_t weights[SPAN_KINDS];
    for (size_t i = from; i < to; i++) {
        const struct lane_span *span = block_list_at(spans, i);
        renew_span(renewal, span);
        memset(weights, 0, sizeof weights);
        if (renewal->weigh(renewal->ctx, span, weights)) {
            renewal->sum.last = *span;
        }
    }
}

static void add_bucket(struct pyramid_bucket *sum, const struct pyramid_bucket *bucket)
{
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        sum->weights[i] += bucket->weights[i];
    }
    if (bucket->heavy != NO_SPAN &&
        (bucket->heavy_ns > sum->heavy_ns ||
         (bucket->heavy_ns == sum->heavy_ns && bucket->heavy < sum->heavy))) {
        sum->heavy_ns = bucket->heavy_ns;
        sum->heavy = bucket->heavy;
        sum->heavy_kind = bucket->heavy_kind;
        sum->heavy_flags = bucket->heavy_flags;
    }
    sum->count += bucket->count;
    sum->error |= bucket->error;
    sum->last = bucket->last;
}

/* A span in a finer bucket is in this one too. A bucket knows only the last of the spans that begin
   in it and end after it. `near`: the place in the finer level of a key that lies in this one. */
static void renew_from_finer(struct renewal *renewal, const struct pyramid_level *finer,
                             size_t near)
{
    unsigned shift = renewal->shift - STEP;
    int64_t first_key = renewal->sum.key * (1 << STEP);
    while (near > 0 && pyramid_bucket_at(finer, near - 1)->key >= first_key) {
        near--;
    }
    for (size_t i = near; i < finer->buckets.count; i++) {
        const struct pyramid_bucket *bucket = pyramid_bucket_at(finer, i);
        if (bucket->key >> STEP != renewal->sum.key) {
            break;
        }
        add_bucket(&renewal->sum, bucket);
        if ((bucket->last.end_ns - 1) >> shift != bucket->key) {
            renew_span(renewal, &bucket->last);
        }
        ++*renewal->touched;
    }
}

/* Puts the sum at the place of its key; an empty bucket goes. False: out of memory. */
static bool put_sum(struct pyramid *pyramid, struct pyramid_level *level, size_t at,
                    const struct pyramid_bucket *sum)
{
    if (sum->last.no != NO_SPAN) {
        struct pyramid_bucket *bucket = bucket_at(pyramid, level, at, sum->key);
        if (bucket != NULL) {
            *bucket = *sum;
        }
        return bucket != NULL;
    }
    if (at < level->buckets.count && pyramid_bucket_at(level, at)->key == sum->key) {
        block_list_remove(&level->buckets, pyramid->mem, at, 1);
    }
    return true;
}

/* The buckets of a time lie far apart in memory, one in each level: they are asked for together,
   so that they are waited for once and not one after the other. */
static void fetch(const struct pyramid *pyramid, int64_t at_ns)
{
    for (unsigned i = 0; i < pyramid->level_count; i++) {
        const struct pyramid_level *level = &pyramid->levels[i];
        size_t last = level->buckets.count - 1;
        int64_t key = at_ns >> (pyramid->shift + i * STEP);
        if (level->buckets.count == 0 || key <= key_of(level, 0) || key > key_of(level, last)) {
            continue;
        }
        size_t near = sorted_guess(key_of(level, 0), key_of(level, last), key, last);
        __builtin_prefetch(pyramid_bucket_at(level, near));
        __builtin_prefetch(pyramid_bucket_at(level, near + 1));
    }
}

bool pyramid_renew(struct pyramid *pyramid, int64_t at_ns, const struct block_list *spans,
                   size_t from, size_t to, pyramid_weigh *weigh, const void *ctx, uint64_t *touched)
{
    size_t finer_place = 0;
    fetch(pyramid, at_ns);
    for (unsigned i = 0; i < pyramid->level_count; i++) {
        unsigned shift = pyramid->shift + i * STEP;
        struct renewal renewal = {
            .sum = {.key = at_ns >> shift, .heavy = NO_SPAN, .last = {.no = NO_SPAN}},
            .shift = shift,
            .weigh = weigh,
            .ctx = ctx,
            .touched = touched,
        };
        if (i == 0) {
            renew_finest(&renewal, spans, from, to);
        } else {
            renew_from_finer(&renewal, &pyramid->levels[i - 1], finer_place);
        }
        finer_place = first_not_less(&pyramid->levels[i], renewal.sum.key);
        if (!put_sum(pyramid, &pyramid->levels[i], finer_place, &renewal.sum)) {
            return false;
        }
    }
    return true;
}

int pyramid_level_for(const struct pyramid *pyramid, unsigned zoom)
{
    if (pyramid->level_count == 0 || zoom < pyramid->shift) {
        return -1;
    }
    unsigned level = (zoom - pyramid->shift) / STEP;
    return (int)(level < pyramid->level_count ? level : pyramid->level_count - 1);
}

size_t pyramid_find(const struct pyramid *pyramid, int level, int64_t key)
{
    return first_not_less(&pyramid->levels[level], key);
}
