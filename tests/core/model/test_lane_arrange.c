/* The lanes of a thread: its spans lie below those that enclose them, in whatever order they came. */
#include "tests/support/model.h"
#include "tests/support/support.h"

#include "core/query/name_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nested {
    const char *name;
    int from, to;
    unsigned lane;
    int self;
};

static void add(struct model *model, const struct nested *span)
{
    char text[200];
    snprintf(text, sizeof text,
             "{\"ph\":\"X\",\"name\":\"%s\",\"ts\":%d,\"dur\":%d,\"pid\":1,\"tid\":1}", span->name,
             span->from, span->to - span->from);
    assert_true(model_events(model, text));
}

static void assert_lanes(struct model *model, const struct nested *spans, size_t count)
{
    struct swarm_metrics metrics;
    assert_true(swarm_arrange(model->swarm));
    assert_true(metrics_compute(model->swarm, 0, &metrics));
    assert_int_equal(metrics.name_count, count);
    for (size_t i = 0; i < count; i++) {
        const struct span *span = swarm_span(model->swarm, model_span(model, spans[i].name, 0));
        if (span->lane != spans[i].lane) {
            fail_msg("%s: lane %u, not %u", spans[i].name, span->lane, spans[i].lane);
        }
        for (size_t k = 0; k < count; k++) {
            const struct name_metrics *name = &metrics.names[k];
            if (strcmp(swarm_text(model->swarm, name->name), spans[i].name) == 0) {
                assert_int_equal(name->count, 1);
                assert_int_equal(name->total_ns, (spans[i].to - spans[i].from) * 1000);
                assert_int_equal(name->self_ns, spans[i].self * 1000);
            }
        }
    }
    metrics_release(&metrics);
}

static const struct nested tree[] = {
    {"a1", 5, 20, 2, 15}, {"a2", 25, 38, 2, 13}, {"a", 0, 40, 1, 12},     {"b1", 55, 60, 2, 5},
    {"b", 50, 90, 1, 35}, {"c", 92, 98, 1, 6},   {"main", 0, 100, 0, 14}, {"next", 100, 110, 0, 10},
};
enum { TREE = sizeof tree / sizeof *tree };

TEST(spans_lie_below_what_encloses_them_in_any_order)
{
    unsigned seed = 1;
    for (int round = 0; round < 200; round++) {
        struct model model;
        size_t order[TREE];
        for (size_t i = 0; i < TREE; i++) {
            order[i] = i;
        }
        for (size_t i = TREE; round > 0 && i-- > 1;) {
            seed = seed * 1103515245 + 12345;
            size_t k = (seed >> 16) % (i + 1), kept = order[i];
            order[i] = order[k];
            order[k] = kept;
        }
        assert_true(model_init(&model, &mem_libc) && model_open_trace(&model, "t"));
        for (size_t i = 0; i < TREE; i++) {
            add(&model, &tree[order[i]]);
            if (round % 3 == 0) {
                assert_true(swarm_arrange(model.swarm)); /* also piece by piece */
            }
        }
        assert_lanes(&model, tree, TREE);
        model_release(&model);
    }
}

TEST(what_overlaps_in_part_has_lanes_of_its_own)
{
    static const struct nested spans[] = {
        {"c", 12, 13, 2, 1}, {"b", 5, 15, 1, 9}, {"a", 0, 10, 0, 5}};
    struct model model;
    assert_true(model_init(&model, &mem_libc) && model_open_trace(&model, "t"));
    for (size_t i = 0; i < 3; i++) {
        add(&model, &spans[i]);
    }
    assert_lanes(&model, spans, 3);
    model_release(&model);
}

TEST(a_begin_that_still_runs_is_above_what_it_encloses)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc) && model_open_trace(&model, "t"));
    assert_true(model_events(&model,
                             "{\"ph\":\"X\",\"name\":\"x\",\"ts\":5,\"dur\":5,\"pid\":1,\"tid\":1} "
                             "{\"ph\":\"B\",\"name\":\"b\",\"ts\":0,\"pid\":1,\"tid\":1}"));
    assert_true(swarm_arrange(model.swarm));
    assert_int_equal(swarm_span(model.swarm, model_span(&model, "b", 0))->lane, 0);
    assert_int_equal(swarm_span(model.swarm, model_span(&model, "x", 0))->lane, 1);
    assert_true(model_events(&model, "{\"ph\":\"E\",\"ts\":20,\"pid\":1,\"tid\":1}"));
    assert_int_equal(swarm_span(model.swarm, model_span(&model, "b", 0))->end_ns,
                     MODEL_START_NS + 20000);
    model_release(&model);
}
