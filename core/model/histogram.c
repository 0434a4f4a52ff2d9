/* Up to HISTOGRAM_EXACT samples are kept, unsorted; a percentile is found by selection. The next
   one moves all of them into buckets: 64 to each power of two, so that the bucket of a double is
   made of its exponent and its first six bits of mantissa, and its middle is at most 0.8 % away.
   Only the powers of two that have samples, and those between them, have memory. */
#include "core/model/histogram.h"

#include <math.h>
#include <string.h>

enum {
    SUB_BITS = 6,
    SUB_COUNT = 1 << SUB_BITS,
    EXPONENT_MIN = -20, /* 2 ** -20 < 1e-6 */
    EXPONENT_MAX = 49,  /* 2 ** 50 > 1e15 */
    BUCKETS = (EXPONENT_MAX - EXPONENT_MIN + 1) * SUB_COUNT,
    PENDING = 64, /* samples that wait for their buckets */
};

static size_t bucket_of(double value)
{
    const double low = 0x1p-20, high = 0x1p50;
    if (!(value >= low)) {
        return 0;
    }
    if (value >= high) {
        return BUCKETS - 1;
    }
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (size_t)(bits >> (52 - SUB_BITS)) - ((size_t)(1023 + EXPONENT_MIN) << SUB_BITS);
}

/* The middle of a bucket; the first one stands for 0 too. */
static double bucket_value(size_t bucket)
{
    if (bucket == 0) {
        return 0;
    }
    int exponent = (int)(bucket >> SUB_BITS) + EXPONENT_MIN;
    double mantissa = 1 + ((double)(bucket & (SUB_COUNT - 1)) + 0.5) / SUB_COUNT;
    return ldexp(mantissa, exponent);
}

void histogram_init(struct histogram *histogram, const struct mem *mem)
{
    *histogram = (struct histogram){.mem = mem, .min = (double)NAN, .max = (double)NAN};
}

static void drop_tails(struct histogram *histogram)
{
    mem_free(histogram->mem, histogram->tails, 2 * sizeof *histogram->tails);
    histogram->tails = NULL;
}

void histogram_release(struct histogram *histogram)
{
    const struct mem *mem = histogram->mem;
    mem_free(mem, histogram->samples, histogram->sample_cap * sizeof *histogram->samples);
    mem_free(mem, histogram->buckets, histogram->bucket_count * sizeof *histogram->buckets);
    drop_tails(histogram);
    histogram_init(histogram, mem);
}

/* ---- buckets ---- */

/* Makes room for the buckets `low` to `high`. */
static bool reach(struct histogram *histogram, size_t low, size_t high)
{
    if (low >= histogram->first_bucket &&
        high < histogram->first_bucket + histogram->bucket_count) {
        return true;
    }
    size_t first = low / SUB_COUNT * SUB_COUNT, end = (high / SUB_COUNT + 1) * SUB_COUNT;
    if (histogram->buckets != NULL) {
        size_t had_end = histogram->first_bucket + histogram->bucket_count;
        first = first < histogram->first_bucket ? first : histogram->first_bucket;
        end = end > had_end ? end : had_end;
    }
    uint32_t *buckets = mem_zalloc(histogram->mem, end - first, sizeof *buckets);
    if (buckets == NULL) {
        return false;
    }
    if (histogram->buckets != NULL) {
        memcpy(buckets + (histogram->first_bucket - first), histogram->buckets,
               histogram->bucket_count * sizeof *buckets);
        mem_free(histogram->mem, histogram->buckets,
                 histogram->bucket_count * sizeof *histogram->buckets);
    }
    histogram->buckets = buckets;
    histogram->first_bucket = (uint32_t)first;
    histogram->bucket_count = (uint32_t)(end - first);
    return true;
}

/* Moves samples into the buckets, which have room. Many move at once, since the buckets have
   left the CPU's cache by then. */
static void flush(struct histogram *histogram)
{
    for (size_t i = 0; i < histogram->sample_count; i++) {
        histogram->buckets[bucket_of(histogram->samples[i]) - histogram->first_bucket]++;
    }
    histogram->sample_count = 0;
}

/* Goes over to buckets, with room for values from `min` to `max` as well. */
static bool make_buckets(struct histogram *histogram, double min, double max)
{
    bool made = histogram->buckets != NULL;
    if (!made && histogram->count > 0) {
        min = histogram->min < min ? histogram->min : min;
        max = histogram->max > max ? histogram->max : max;
    }
    if (!reach(histogram, bucket_of(min), bucket_of(max))) {
        return false;
    }
    if (!made) {
        flush(histogram);
        mem_free(histogram->mem, histogram->samples,
                 histogram->sample_cap * sizeof *histogram->samples);
        histogram->samples = NULL;
        histogram->sample_cap = 0;
    }
    return true;
}

/* Makes room for `more` samples from `min` to `max`, in whichever form they will be in. */
static bool make_room(struct histogram *histogram, uint64_t more, double min, double max)
{
    bool exact = histogram->buckets == NULL && histogram->count + more <= HISTOGRAM_EXACT;
    if (!exact && !make_buckets(histogram, min, max)) {
        return false;
    }
    if (!exact && histogram->sample_count + more > PENDING) {
        flush(histogram);
    }
    size_t want = exact ? (size_t)(histogram->count + more) : PENDING;
    return mem_reserve(histogram->mem, &histogram->samples, &histogram->sample_cap, want,
                       sizeof *histogram->samples);
}

/* In millionths, within what an int64 holds of many such. */
static int64_t to_e6(double value)
{
    const double limit = 1e15;
    double e6 = (value < -limit ? -limit : value > limit ? limit : value) * 1e6;
    return (int64_t)(e6 < -9e18 ? -9e18 : e6 > 9e18 ? 9e18 : e6 + (e6 < 0 ? -0.5 : 0.5));
}

static void extend(struct histogram *histogram, uint64_t count, int64_t sum_e6, double min,
                   double max)
{
    histogram->min = histogram->count == 0 || min < histogram->min ? min : histogram->min;
    histogram->max = histogram->count == 0 || max > histogram->max ? max : histogram->max;
    histogram->sum_e6 = (int64_t)((uint64_t)histogram->sum_e6 + (uint64_t)sum_e6);
    histogram->count += count;
}

static void add_to_tails(struct tail *tails, double value)
{
    tail_add(&tails[0], value);
    tail_add(&tails[1], -value);
}

/* Begins the tails with all samples, which are about to move into buckets. Without memory a least
   or greatest sample cannot be taken out. */
static void make_tails(struct histogram *histogram)
{
    histogram->tails = mem_zalloc(histogram->mem, 2, sizeof *histogram->tails);
    for (size_t i = 0; histogram->tails != NULL && i < histogram->sample_count; i++) {
        add_to_tails(histogram->tails, histogram->samples[i]);
    }
}

bool histogram_add(struct histogram *histogram, double value)
{
    if (isnan(value)) {
        return true;
    }
    if (histogram->buckets == NULL && histogram->count == HISTOGRAM_EXACT) {
        drop_tails(histogram);
        make_tails(histogram);
    }
    if (!make_room(histogram, 1, value, value)) {
        return false;
    }
    if (histogram->tails != NULL) {
        add_to_tails(histogram->tails, value);
    }
    histogram->samples[histogram->sample_count++] = value;
    extend(histogram, 1, to_e6(value), value, value);
    return true;
}

double histogram_sum(const struct histogram *histogram)
{
    return (double)histogram->sum_e6 / 1e6;
}

static bool is_same(double a, double b)
{
    return !(a < b) && !(a > b);
}

/* From the samples, which are all there are. */
static void find_extremes(struct histogram *histogram)
{
    histogram->min = histogram->max = (double)NAN;
    for (size_t i = 0; i < histogram->sample_count; i++) {
        double value = histogram->samples[i];
        histogram->min = i == 0 || value < histogram->min ? value : histogram->min;
        histogram->max = i == 0 || value > histogram->max ? value : histogram->max;
    }
}

static bool remove_sample(struct histogram *histogram, double value)
{
    size_t i = histogram->sample_count;
    while (i > 0 && !is_same(histogram->samples[i - 1], value)) {
        i--;
    }
    if (i > 0) {
        histogram->samples[i - 1] = histogram->samples[--histogram->sample_count];
    }
    return i > 0;
}

/* False: the least or the greatest of the samples that are left is not known. */
static bool remove_from_tails(struct histogram *histogram, double value)
{
    struct tail *tails = histogram->tails;
    if (tails == NULL) {
        return false;
    }
    bool least = tail_remove(&tails[0], value), greatest = tail_remove(&tails[1], -value);
    return least && greatest;
}

bool histogram_remove(struct histogram *histogram, double value)
{
    if (isnan(value)) {
        return true;
    }
    bool exact = histogram->buckets == NULL;
    bool extreme = is_same(value, histogram->min) || is_same(value, histogram->max);
    if (!exact && !remove_from_tails(histogram, value) && extreme) {
        return false;
    }
    if (!remove_sample(histogram, value)) {
        size_t bucket = bucket_of(value);
        if (exact || bucket < histogram->first_bucket ||
            bucket >= histogram->first_bucket + histogram->bucket_count ||
            histogram->buckets[bucket - histogram->first_bucket] == 0) {
            return false;
        }
        histogram->buckets[bucket - histogram->first_bucket]--;
    }
    histogram->count--;
    histogram->sum_e6 = (int64_t)((uint64_t)histogram->sum_e6 - (uint64_t)to_e6(value));
    if (exact && extreme) {
        find_extremes(histogram);
    } else if (extreme) {
        histogram->min = histogram->tails[0].values[0];
        histogram->max = -histogram->tails[1].values[0];
    }
    return true;
}

bool histogram_merge(struct histogram *histogram, const struct histogram *from)
{
    if (from->count == 0) {
        return true;
    }
    drop_tails(histogram);
    /* Buckets cannot become samples again. */
    bool buckets = from->buckets != NULL || histogram->count + from->count > HISTOGRAM_EXACT;
    if (!(buckets ? make_buckets(histogram, from->min, from->max)
                  : make_room(histogram, from->count, from->min, from->max))) {
        return false;
    }
    for (size_t i = 0; i < from->sample_count; i++) {
        if (histogram->buckets != NULL) {
            histogram->buckets[bucket_of(from->samples[i]) - histogram->first_bucket]++;
        } else {
            histogram->samples[histogram->sample_count++] = from->samples[i];
        }
    }
    for (size_t i = 0; i < from->bucket_count; i++) {
        histogram->buckets[i + from->first_bucket - histogram->first_bucket] += from->buckets[i];
    }
    extend(histogram, from->count, from->sum_e6, from->min, from->max);
    return true;
}

static void swap(double *a, double *b)
{
    double was = *a;
    *a = *b;
    *b = was;
}

/* Partitions after Hoare: returns j with low <= j < high, where nothing in [low, j] is above
   anything in (j, high]. */
static size_t partition(double *values, size_t low, size_t high)
{
    double pivot = values[low + (high - low) / 2];
    size_t i = low, j = high;
    for (;;) {
        while (values[i] < pivot) {
            i++;
        }
        while (values[j] > pivot) {
            j--;
        }
        if (i >= j) {
            return j;
        }
        swap(&values[i++], &values[j--]);
    }
}

/* Puts the element of that index where sorting would put it. */
static double select_nth(double *values, size_t count, size_t nth)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        size_t j = partition(values, low, high);
        if (nth <= j) {
            high = j;
        } else {
            low = j + 1;
        }
    }
    return values[nth];
}

double histogram_percentile(struct histogram *histogram, double percent)
{
    if (histogram->count == 0) {
        return (double)NAN;
    }
    double exact_rank = ceil(percent / 100 * (double)histogram->count);
    uint64_t rank = exact_rank >= 1 ? (uint64_t)exact_rank : 1;
    rank = rank > histogram->count ? histogram->count : rank;
    if (histogram->buckets == NULL) {
        return select_nth(histogram->samples, (size_t)histogram->count, (size_t)rank - 1);
    }
    flush(histogram);
    uint64_t seen = 0;
    size_t bucket = 0;
    while (bucket < histogram->bucket_count - 1 && (seen += histogram->buckets[bucket]) < rank) {
        bucket++;
    }
    double value = bucket_value(bucket + histogram->first_bucket);
    value = value < histogram->min ? histogram->min : value;
    return value > histogram->max ? histogram->max : value;
}

void histogram_spread(const struct histogram *histogram, double low, double high, size_t bins,
                      uint64_t *counts)
{
    double scale = (double)bins / log(high / low);
    for (size_t i = 0; i < histogram->sample_count + histogram->bucket_count; i++) {
        bool sample = i < histogram->sample_count;
        size_t bucket = i - histogram->sample_count;
        double value =
            sample ? histogram->samples[i] : bucket_value(bucket + histogram->first_bucket);
        double at = value > low ? log(value / low) * scale : 0;
        counts[at < (double)bins ? (size_t)at : bins - 1] +=
            sample ? 1 : histogram->buckets[bucket];
    }
}
