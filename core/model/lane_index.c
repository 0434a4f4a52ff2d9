/* The finest buckets of a pyramid hold about eight spans, so their width follows from the
   density of spans. A column narrower than a bucket then has few spans to walk, and the pyramid
   stays small. The width is checked each time the spans have doubled. */
#include "core/model/lane_index.h"

#include "core/base/sorted.h"
#include "core/model/request_phase.h"
#include "core/model/swarm_private.h"

#include <assert.h>
#include <string.h>

enum {
    SPANS_MIN = 128,   /* below, no pyramid */
    SPANS_WANTED = 16, /* in a finest bucket */
    SPANS_FEW = 6,
    SPANS_MANY = 48,
    SPANS_TAIL = 24, /* looked at one by one */
    LOOSE_MAX = 48
};

/* ---- one span ---- */

static struct lane_span sum_up(const struct span *span, span_no no)
{
    return (struct lane_span){
        .start_ns = span->start_ns,
        .end_ns = span->end_ns > span->start_ns ? span->end_ns : span->start_ns + 1,
        .no = no,
        .kind = span->kind,
        .flags = span->flags,
    };
}

static void weigh(const struct swarm *swarm, const struct lane_span *span, int64_t *weights)
{
    if (span->kind != SPAN_REQUEST) {
        weights[span->kind] = span->end_ns - span->start_ns;
        return;
    }
    const struct span *request = swarm_span(swarm, span->no);
    for (int64_t at = span->start_ns; at < span->end_ns;) {
        int64_t until;
        enum span_kind kind = query_phase_at(swarm, request, at, &until);
        until = until < span->end_ns ? until : span->end_ns;
        weights[kind] += until - at;
        at = until;
    }
}

static bool add_to_pyramid(const struct swarm *swarm, struct lane_index *index,
                           const struct lane_span *span)
{
    int64_t weights[SPAN_KINDS] = {0};
    weigh(swarm, span, weights);
    return pyramid_add(&index->pyramid, span, weights);
}

static bool is_loose(const struct swarm *swarm, const struct span *span)
{
    return (span->flags & SPAN_EVICTED) != 0 && swept_open_find(swarm, span->begin_no) != NULL;
}

/* Adds a closed span, which is `of`. */
static bool add(const struct swarm *swarm, struct lane_index *index, const struct lane_span *span,
                const struct span *of)
{
    if (!is_loose(swarm, of)) {
        return add_to_pyramid(swarm, index, span);
    }
    if (index->loose_count == LOOSE_MAX ||
        !mem_reserve(swarm->mem, &index->loose, &index->loose_cap, index->loose_count + 1,
                     sizeof *index->loose)) {
        return false;
    }
    index->loose[index->loose_count++] = span->no;
    return true;
}

static bool is_open(const struct swarm *swarm, span_no no)
{
    return (swarm_span(swarm, no)->flags & SPAN_OPEN) != 0;
}

/* It has ended since it was put among the others. */
static bool add_ended(const struct swarm *swarm, struct lane_index *index, span_no no)
{
    const struct span *of = swarm_span(swarm, no);
    struct lane_span span = sum_up(of, no);
    size_t at = lane_index_first_from(index, span.start_ns);
    while (at < index->spans.count && lane_index_at(index, at)->no != no) {
        at++;
    }
    assert(at < index->spans.count);
    *lane_index_at(index, at) = span;
    return add(swarm, index, &span, of);
}

static bool add_late(const struct swarm *swarm, struct lane_index *index)
{
    size_t kept = 0;
    bool good = true;
    for (size_t i = 0; i < index->late_count && good; i++) {
        if (is_open(swarm, index->late[i])) {
            index->late[kept++] = index->late[i];
        } else {
            good = add_ended(swarm, index, index->late[i]);
        }
    }
    index->late_count = kept;
    return good;
}

static bool add_next(const struct swarm *swarm, const struct lane *lane, struct lane_index *index,
                     const struct span *of)
{
    size_t at = index->spans.count;
    struct lane_span *span = block_list_insert(&index->spans, swarm->mem, at);
    if (span == NULL) {
        return false;
    }
    *span = sum_up(of, spans_at(&lane->spans, at));
    return add(swarm, index, span, of);
}

/* ---- the pyramid ---- */

static unsigned log_2(uint64_t value)
{
    return value == 0 ? 0 : 63u - (unsigned)__builtin_clzll(value);
}

static void begin_pyramid(const struct swarm *swarm, struct lane_index *index, unsigned shift)
{
    pyramid_release(&index->pyramid);
    pyramid_init(&index->pyramid, swarm->mem, shift < 10 ? 10 : shift > 40 ? 40 : shift);
    block_list_clear(&index->spans, swarm->mem);
    index->loose_count = index->late_count = 0;
}

static unsigned first_shift(const struct swarm *swarm, const struct lane *lane)
{
    int64_t from = swarm_span(swarm, spans_at(&lane->spans, 0))->start_ns;
    int64_t to = swarm_span(swarm, spans_at(&lane->spans, lane->spans.count - 1))->start_ns;
    uint64_t length = to > from ? (uint64_t)to - (uint64_t)from : 1;
    return log_2(length / lane->spans.count * SPANS_WANTED + 1);
}

/* Returns true if the finest buckets have the right width; else resets the pyramid with another
   width. */
static bool review(const struct swarm *swarm, struct lane_index *index)
{
    struct pyramid *pyramid = &index->pyramid;
    size_t buckets = pyramid->levels[0].buckets.count, spans = pyramid->spans;
    index->review_at = spans;
    if (spans > SPANS_MANY * buckets && pyramid->shift > 10) {
        begin_pyramid(swarm, index, pyramid->shift - 2);
        return false;
    }
    if (spans < SPANS_FEW * buckets && pyramid->shift < 40) {
        begin_pyramid(swarm, index, pyramid->shift + 2);
        return false;
    }
    index->review_at = 2 * spans;
    return true;
}

/* Takes what has closed since. False: out of memory, or too many are loose. */
static bool catch_up(const struct swarm *swarm, struct lane *lane, struct lane_index *index)
{
    if (!add_late(swarm, index)) {
        return false;
    }
    /* The last few stay out: those are the ones that sources still correct. An open span is the
       last one. */
    while (index->spans.count + SPANS_TAIL < lane->spans.count) {
        size_t at = index->spans.count;
        const struct span *next = swarm_span(swarm, spans_at(&lane->spans, at));
        swarm_will_read_span(swarm, spans_at(&lane->spans, at + SPANS_AHEAD));
        if ((next->flags & SPAN_OPEN) != 0) {
            break;
        }
        if (!add_next(swarm, lane, index, next)) {
            return false;
        }
    }
    return true;
}

const struct lane_index *lane_index_sync(const struct swarm *swarm, struct lane *lane)
{
    if (lane->spans.count < SPANS_MIN || lane->overlaps) {
        return NULL;
    }
    if (lane->index == NULL) {
        lane->index = mem_zalloc(swarm->mem, 1, sizeof *lane->index);
        if (lane->index == NULL) {
            return NULL;
        }
        block_list_init(&lane->index->spans, sizeof(struct lane_span));
        begin_pyramid(swarm, lane->index, first_shift(swarm, lane));
        lane->index->review_at = SPANS_MIN;
    }
    bool good = catch_up(swarm, lane, lane->index);
    /* Finer or coarser by one step at a time: it ends, as both are never too much. */
    while (good && lane->index->pyramid.spans >= lane->index->review_at &&
           !review(swarm, lane->index)) {
        good = catch_up(swarm, lane, lane->index);
    }
    if (!good) {
        lane_index_drop(swarm->mem, lane);
    }
    return lane->index;
}

void lane_index_inserted(const struct swarm *swarm, struct lane *lane, size_t at)
{
    struct lane_index *index = lane->index;
    if (index == NULL || at >= index->spans.count) {
        return;
    }
    span_no no = spans_at(&lane->spans, at);
    struct lane_span *span = NULL;
    if (mem_reserve(swarm->mem, &index->late, &index->late_cap, index->late_count + 1,
                    sizeof *index->late)) {
        span = block_list_insert(&index->spans, swarm->mem, at);
    }
    if (span == NULL) {
        lane_index_drop(swarm->mem, lane);
        return;
    }
    *span = sum_up(swarm_span(swarm, no), no);
    index->late[index->late_count++] = no;
}

/* ---- corrections ---- */

/* The place of the span in a list of numbers; `count`: it is not there. */
static size_t find_number(const span_no *numbers, size_t count, span_no no)
{
    size_t at = 0;
    while (at < count && numbers[at] != no) {
        at++;
    }
    return at;
}

struct weigh_ctx {
    const struct swarm *swarm;
    const struct lane_index *index;
};

/* Spans that are open or loose are not in the pyramid. */
static bool weigh_again(const void *ctx, const struct lane_span *span, int64_t *weights)
{
    const struct weigh_ctx *of = ctx;
    if ((span->flags & SPAN_OPEN) != 0 ||
        find_number(of->index->loose, of->index->loose_count, span->no) < of->index->loose_count) {
        return false;
    }
    weigh(of->swarm, span, weights);
    return true;
}

/* Sums up again the buckets that hold the time. `near`: a place beside the spans that begin in the
   finest of them, or among them. */
static bool renew(struct swarm *swarm, struct lane_index *index, int64_t at_ns, size_t near)
{
    struct weigh_ctx ctx = {swarm, index};
    int64_t step_ns = (int64_t)1 << index->pyramid.shift;
    int64_t from_ns = (at_ns >> index->pyramid.shift) * step_ns;
    size_t from = near;
    while (from > 0 && lane_index_at(index, from - 1)->start_ns >= from_ns) {
        from--;
    }
    while (from < index->spans.count && lane_index_at(index, from)->start_ns < from_ns) {
        from++;
    }
    size_t to = from;
    while (to < index->spans.count && lane_index_at(index, to)->start_ns < from_ns + step_ns) {
        to++;
    }
    return pyramid_renew(&index->pyramid, at_ns, &index->spans, from, to, weigh_again, &ctx,
                         &swarm->touched);
}

void lane_index_settle(const struct swarm *swarm, struct lane *lane, size_t at)
{
    struct lane_index *index = lane->index;
    if (index != NULL && at < index->spans.count && (lane->overlaps || !add_late(swarm, index))) {
        lane_index_drop(swarm->mem, lane);
    }
}

static bool remove_number(span_no *numbers, size_t *count, span_no no)
{
    size_t at = find_number(numbers, *count, no);
    if (at == *count) {
        return false;
    }
    --*count;
    memmove(numbers + at, numbers + at + 1, (*count - at) * sizeof *numbers);
    return true;
}

void lane_index_remove(struct swarm *swarm, struct lane *lane, size_t at)
{
    lane_index_settle(swarm, lane, at);
    struct lane_index *index = lane->index;
    if (index == NULL || at >= index->spans.count) {
        return;
    }
    struct lane_span gone = *lane_index_at(index, at);
    uint64_t moved = index->spans.moved;
    block_list_remove(&index->spans, swarm->mem, at, 1);
    swarm->touched += index->spans.moved - moved;
    if (remove_number(index->late, &index->late_count, gone.no) ||
        remove_number(index->loose, &index->loose_count, gone.no)) {
        return;
    }
    index->pyramid.spans--;
    if (!renew(swarm, index, gone.start_ns, at)) {
        lane_index_drop(swarm->mem, lane);
    }
}

void lane_index_corrected(struct swarm *swarm, struct lane *lane, size_t at)
{
    struct lane_index *index = lane->index;
    if (index == NULL || at >= index->spans.count) {
        return;
    }
    struct lane_span *span = lane_index_at(index, at);
    int64_t former_ns = span->start_ns;
    *span = sum_up(swarm_span(swarm, span->no), span->no);
    bool good = renew(swarm, index, former_ns, at);
    if (span->start_ns >> index->pyramid.shift != former_ns >> index->pyramid.shift) {
        good = good && renew(swarm, index, span->start_ns, at);
    }
    if (!good) {
        lane_index_drop(swarm->mem, lane);
    }
}

static int64_t start_of(const void *ctx, size_t place)
{
    const struct lane_index *index = ctx;
    return lane_index_at(index, place)->start_ns;
}

size_t lane_index_first_from(const struct lane_index *index, int64_t at_ns)
{
    return sorted_first(index->spans.count, at_ns, start_of, index);
}

void lane_index_drop(const struct mem *mem, struct lane *lane)
{
    struct lane_index *index = lane->index;
    if (index != NULL) {
        pyramid_release(&index->pyramid);
        block_list_release(&index->spans, mem);
        mem_free(mem, index->late, index->late_cap * sizeof *index->late);
        mem_free(mem, index->loose, index->loose_cap * sizeof *index->loose);
        mem_free(mem, index, sizeof *index);
        lane->index = NULL;
    }
}
