/* Corrections of spans in the middle of a lane: its index is the one made from scratch, and the work
   does not grow with the lane. */
#include "core/model/lane_index.h"

#include "core/query/metrics.h"
#include "tests/support/support.h"
#include "tests/support/updates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVERY_MS = 10, LENGTH_MS = 6 };

static struct update nth_call(unsigned number, double start, double end)
{
    static char id[16];
    snprintf(id, sizeof id, "t%u", number);
    struct update update = number % 3 == 0 ? request_update(id, start, end)
                                           : tool_update(id, start, end, "Bash", NULL);
    return update;
}

static struct model model_of(unsigned calls)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    for (unsigned i = 0; i < calls; i++) {
        double start = (double)i * EVERY_MS;
        struct update update = nth_call(i, start, start + LENGTH_MS);
        update_number(&update, FIELD_TTFT_MS, 2);
        model_update(&model, &update);
    }
    model_flush(&model);
    return model;
}

static struct lane *first_lane(const struct model *model)
{
    return &swarm_agent(model->swarm, 0)->lanes[0];
}

/* Asks for the lane and the metrics, as a frame does. */
static void look(const struct model *model)
{
    struct swarm_metrics metrics;
    assert_non_null(lane_index_sync(model->swarm, first_lane(model)));
    assert_true(metrics_compute_totals(model->swarm, MODEL_START_NS, &metrics));
    metrics_release(&metrics);
}

/* ---- the index made from scratch ---- */

static void assert_same_bucket(const struct pyramid_bucket *a, const struct pyramid_bucket *b)
{
    assert_true(a->key == b->key);
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        assert_true(a->weights[i] == b->weights[i]);
    }
    assert_true(a->heavy_ns == b->heavy_ns && a->heavy == b->heavy);
    assert_true(a->heavy == NO_SPAN || a->heavy_kind == b->heavy_kind);
    assert_true(a->heavy == NO_SPAN || a->heavy_flags == b->heavy_flags);
    assert_true(a->count == b->count && a->error == b->error);
    assert_true(a->last.no == b->last.no && a->last.start_ns == b->last.start_ns &&
                a->last.end_ns == b->last.end_ns && a->last.kind == b->last.kind &&
                a->last.flags == b->last.flags);
}

static void assert_same_pyramid(const struct pyramid *a, const struct pyramid *b)
{
    assert_int_equal(a->shift, b->shift);
    assert_int_equal(a->level_count, b->level_count);
    assert_int_equal(a->spans, b->spans);
    for (unsigned i = 0; i < a->level_count; i++) {
        assert_int_equal(a->levels[i].buckets.count, b->levels[i].buckets.count);
        for (size_t k = 0; k < a->levels[i].buckets.count; k++) {
            assert_same_bucket(pyramid_bucket_at(&a->levels[i], k),
                               pyramid_bucket_at(&b->levels[i], k));
        }
    }
}

static void assert_as_from_scratch(const struct model *model)
{
    const struct lane_index *index = lane_index_sync(model->swarm, first_lane(model));
    struct lane lane = *first_lane(model);
    lane.index = NULL;
    const struct lane_index *made = lane_index_sync(model->swarm, &lane);
    assert_non_null(index);
    assert_non_null(made);
    assert_int_equal(index->spans.count, made->spans.count);
    for (size_t i = 0; i < made->spans.count; i++) {
        assert_int_equal(lane_index_at(index, i)->no, lane_index_at(made, i)->no);
        assert_true(lane_index_at(index, i)->start_ns == lane_index_at(made, i)->start_ns);
        assert_true(lane_index_at(index, i)->end_ns == lane_index_at(made, i)->end_ns);
    }
    assert_same_pyramid(&index->pyramid, &made->pyramid);
    lane_index_drop(&mem_libc, &lane);
}

static unsigned below(uint64_t *seed, unsigned count)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((*seed >> 33) % count);
}

/* Some keep their place, some reach over their neighbours and leave the lane, some come back. */
TEST(after_corrections_the_index_is_the_one_made_from_scratch)
{
    enum { CALLS = 2000, CORRECTED = 1900, ROUNDS = 300 };
    struct model model = model_of(CALLS);
    uint64_t seed = 7;
    look(&model);
    const struct lane_index *index = first_lane(&model)->index;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i <= round % 3; i++) {
            unsigned number = below(&seed, CORRECTED);
            double start = (double)number * EVERY_MS - below(&seed, 4);
            double end = start + 1 + below(&seed, round % 5 == 0 ? 3 * EVERY_MS : EVERY_MS - 1);
            struct update update = nth_call(number, start, end);
            update.precedence = (enum precedence)below(&seed, PRECEDENCES);
            update_bool(&update, FIELD_SUCCESS, below(&seed, 5) == 0 ? TRI_FALSE : TRI_TRUE);
            model_update(&model, &update);
            model_flush(&model);
        }
        assert_as_from_scratch(&model);
    }
    /* It was never dropped. */
    assert_ptr_equal(first_lane(&model)->index, index);
    model_release(&model);
}

/* ---- the work ---- */

/* What is corrected: how many calls earlier one began than was known, and whether it failed. */
struct correction {
    unsigned earlier;
    bool failed;
};

/* The most nodes that one of 20 corrections in the middle of a session touches. */
static uint64_t touched_by(const struct correction *correction, unsigned calls)
{
    struct model model = model_of(calls);
    look(&model);
    uint64_t most = 0;
    for (unsigned i = 1; i <= 20; i++) {
        uint64_t before = swarm_touched(model.swarm);
        unsigned number = calls / 2 + 7 * i;
        double start = (double)(number - correction->earlier) * EVERY_MS;
        struct update update = nth_call(number, start, start + LENGTH_MS + 1);
        update_bool(&update, FIELD_SUCCESS, correction->failed ? TRI_FALSE : TRI_TRUE);
        model_update(&model, &update);
        model_flush(&model);
        look(&model);
        uint64_t touched = swarm_touched(model.swarm) - before;
        assert_true(touched > 0);
        most = touched > most ? touched : most;
    }
    model_release(&model);
    return most;
}

TEST(a_correction_touches_no_more_nodes_than_a_logarithm)
{
    static const struct correction longer = {0, false}, failed = {0, true};
    uint64_t few = touched_by(&longer, 1000), many = touched_by(&longer, 100000);
    assert_true(few < 300);
    assert_true(many <= few + 100);
    few = touched_by(&failed, 1000);
    many = touched_by(&failed, 100000);
    assert_true(many <= few + 100);
}

/* It takes another place in each list then: a part of a block moves, never the rest of the list. */
TEST(a_call_that_began_earlier_moves_no_more_than_a_block)
{
    static const struct correction earlier = {400, true};
    uint64_t few = touched_by(&earlier, 1000), many = touched_by(&earlier, 100000);
    assert_true(many <= few + 2000);
}
