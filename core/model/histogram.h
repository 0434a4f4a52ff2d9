/* A distribution of one quantity: exact while it is small, log-linear buckets (HDR-like) beyond. Doubles from 1e-6 to 1e15 at
   most 0.8 % off; what lies outside counts as the nearest of these, only min and max stay as they are. */
#ifndef CORE_HISTOGRAM_H
#define CORE_HISTOGRAM_H

#include "core/base/mem.h"

#include <stdint.h>

#define HISTOGRAM_EXACT 1000 /* so many samples are kept as they are */

struct histogram {
    const struct mem *mem;
    uint64_t count;
    int64_t sum_e6;  /* the sum in millionths, so that what is added can be subtracted */
    double min, max; /* NAN: no sample */
    double *samples; /* all, or those that are in no bucket yet */
    size_t sample_count, sample_cap;
    uint32_t *buckets; /* NULL: none yet */
    uint32_t first_bucket, bucket_count;
};

/* `mem` is borrowed as long as it is used. */
void histogram_init(struct histogram *histogram, const struct mem *mem);
void histogram_release(struct histogram *histogram);
/* NAN is no sample. False: out of memory, nothing changed. */
bool histogram_add(struct histogram *histogram, double value);
/* Takes a sample out again that was added. Returns false if the histogram must be made again from
   its samples: it was the least or the greatest of many. */
bool histogram_remove(struct histogram *histogram, double value);
double histogram_sum(const struct histogram *histogram);
/* Adds all samples of `from`. False: out of memory, nothing changed. */
bool histogram_merge(struct histogram *histogram, const struct histogram *from);
/* Nearest rank: the ceil(percent / 100 * count)-th smallest, within min and max. NAN: no samples. Samples are put into another
   order or into buckets, which changes no answer. */
double histogram_percentile(struct histogram *histogram, double percent);

/* How the samples spread over `bins` steps of equal ratio from `low` to `high` (0 < low < high): adds to counts[]. What lies outside is in the
   nearest one. */
void histogram_spread(const struct histogram *histogram, double low, double high, size_t bins,
                      uint64_t *counts);

#endif
