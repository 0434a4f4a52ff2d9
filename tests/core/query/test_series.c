/* Figures over time. */
#include "core/query/series.h"

#include "tests/support/model.h"
#include "tests/support/support.h"

#include <stdio.h>

TEST(a_request_counts_in_the_stretch_that_it_ends_in)
{
    static const struct {
        double t0_ms;
        size_t count, point; /* point: where it counts; `count` if nowhere */
    } rows[] = {{0, 10, 10}, {0, 11, 10}, {100, 10, 9}, {950, 4, 0}, {1000, 4, 0}, {1001, 4, 4}};
    struct model model;
    const struct model_span request = {1, "API Call", "api", 0, 1000, NULL, "{\"success\":true}"};
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_file(&model, "s") && model_add(&model, &request));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct series series;
        assert_true(series_compute(model.swarm, model_ns(2000), model_ns(rows[i].t0_ms), 100000000,
                                   rows[i].count, NULL, &series));
        for (size_t k = 0; k < rows[i].count; k++) {
            assert_int_equal(series.points[k].requests, k == rows[i].point);
        }
        series_release(&series);
    }
    model_release(&model);
}

/* Each model has two requests and counts once. */
TEST(models_beyond_the_greatest_number_are_counted)
{
    struct model model;
    struct series series;
    assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
    for (int i = 0; i < 2 * (MODEL_SERIES_MAX + 3); i++) {
        char args[60];
        snprintf(args, sizeof args, "{\"model\":\"m%d\",\"success\":true}",
                 i % (MODEL_SERIES_MAX + 3));
        const struct model_span request = {1, "API Call", "api", 10 * i, 10 * i + 5, NULL, args};
        assert_true(model_add(&model, &request));
    }
    assert_true(
        series_compute(model.swarm, model_ns(2000), model_ns(0), 100000000, 10, NULL, &series));
    assert_int_equal(series.models.count, MODEL_SERIES_MAX);
    assert_int_equal(series.models.left_out, 3);
    series_release(&series);
    model_release(&model);
}
