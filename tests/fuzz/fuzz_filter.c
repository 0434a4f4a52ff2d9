/* Anything as a filter. What is refused has a reason; what is taken gives each agent and span the
   same answer when asked at once and in the two steps of the screen. */
#include "core/query/filter.h"
#include "tests/fuzz/fuzz_swarm.h"

enum { SPANS = 32 }; /* more than there are */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct filter *filter, const struct swarm *swarm, int64_t now_ns)
{
    for (size_t i = 0; i < swarm_agent_count(swarm); i++) {
        (void)filter_matches_agent(filter, swarm, (agent_no)i, now_ns);
    }
    for (size_t i = 0; i < SPANS; i++) {
        const struct span *span = swarm_span(swarm, (span_no)i);
        uint64_t left = 0;
        if (span == NULL || span->agent == NO_AGENT) {
            continue;
        }
        bool matches = filter_matches_span(filter, swarm, (span_no)i, now_ns);
        bool may = filter_ask_agent(filter, swarm, span->agent, now_ns, &left);
        fuzz_require(matches == (may && filter_ask_span(filter, left, swarm, (span_no)i, now_ns)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_model model;
    struct strbuf error;
    if (model.swarm == NULL) {
        fuzz_swarm_init(&model);
    }
    /* In a block of its own size, so that a read beyond it is seen. */
    char *text = malloc(size + (size == 0));
    memcpy(text, data, size);
    strbuf_init(&error, &mem_libc, 0);
    (void)filter_is_beginning(text, size);
    struct filter *filter = filter_new(&mem_libc, text, size, &error);
    fuzz_require((filter == NULL) == (error.len > 0));
    if (filter != NULL) {
        ask(filter, model.swarm, fuzz_now(NULL) + 10000 * (int64_t)1000000);
        (void)filter_matches_line(filter, model.swarm, 0, fuzz_now(NULL), text, size);
        fuzz_require(!filter_is_empty(filter) ||
                     filter_matches_line(filter, model.swarm, NO_AGENT, 0, "x", 1));
    }
    filter_free(filter);
    strbuf_release(&error);
    free(text);
    return 0;
}
