/* A distribution of one quantity: exact samples while few, then log-linear buckets (as in HDR
   histograms). Values from 1e-6 to 1e15 are at most 0.8 % off. Other values count as the nearest
   of these; min and max stay exact. */
#ifndef CORE_HISTOGRAM_H
#define CORE_HISTOGRAM_H

#include "core/base/mem.h"
#include "core/model/tail.h"

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
    struct tail *tails; /* of the samples in buckets: the least, the negated greatest; or NULL */
};

/* `mem` is borrowed as long as it is used. */
void histogram_init(struct histogram *histogram, const struct mem *mem);
void histogram_release(struct histogram *histogram);
/* NAN is no sample. False: out of memory, nothing changed. */
bool histogram_add(struct histogram *histogram, double value);
/* Takes a sample out again that was added. Returns false if the histogram must be made again from
   its samples: the least or the greatest of many is not known any more (tail.h). */
bool histogram_remove(struct histogram *histogram, double value);
double histogram_sum(const struct histogram *histogram);
/* Adds all samples of `from`. False: out of memory, nothing changed. */
bool histogram_merge(struct histogram *histogram, const struct histogram *from);
/* Returns the percentile by nearest rank: the ceil(percent / 100 * count)-th smallest, within
   min and max. NAN: no samples. May sort samples or move them into buckets, which changes no
   answer. */
double histogram_percentile(struct histogram *histogram, double percent);

/* Adds to counts[] how many samples lie in each of `bins` steps of equal ratio from `low` to
   `high` (0 < low < high). Samples outside count in the nearest step. */
void histogram_spread(const struct histogram *histogram, double low, double high, size_t bins,
                      uint64_t *counts);

#endif
