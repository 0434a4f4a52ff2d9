/* The parts of the timeline that are kept between frames. */
#include "tui/views/timeline_cache.h"

#include "tests/support/model.h"
#include "tests/support/support.h"

/* Compactions whose events the model has dropped leave the list, which would else grow for good. */
TEST(dropped_compactions_leave_the_list)
{
    const struct swarm_config config = {{40, 40}, NULL};
    struct model model;
    struct timeline_cache *cache = timeline_cache_new(&mem_libc);
    const span_no *spans;
    size_t count = 0, most = 0;
    assert_non_null(cache);
    assert_true(model_init_with(&model, &mem_libc, &config));
    assert_true(model_open_file(&model, "s"));
    for (int i = 0; i < 400; i++) {
        const struct model_span span = {1, "compact", "", 10 * i, 10 * i + 5, NULL, NULL};
        assert_true(model_add(&model, &span));
        assert_true(timeline_cache_compactions(cache, model.swarm, &spans, &count));
        most = count > most ? count : most;
    }
    assert_true(swarm_span_begin(model.swarm) > 0);
    assert_true(count > 0 && spans[0] >= swarm_span_begin(model.swarm));
    assert_true(most <= 100);
    timeline_cache_free(cache);
    model_release(&model);
}
