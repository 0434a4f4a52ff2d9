/* Anything as a feed, all at once and in pieces: no crash, and the same model both times. */
#include "ingest/feed/feed.h"
#include "tests/fuzz/fuzz_model.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fuzz_metrics run(const char *bytes, size_t len, size_t chunk)
{
    struct fuzz_model model;
    fuzz_model_init(&model);
    struct feed_options options = {
        .counters = &model.counters, .where = "fuzz", .source = "fuzz", .max_line_bytes = 1000};
    struct feed *feed = feed_new(&options);
    for (size_t at = 0; at < len; at += chunk)
        fuzz_require(feed_push(feed, bytes + at, len - at < chunk ? len - at : chunk));
    feed_finish(feed, SESSION_DISCONNECTED);
    feed_free(feed);
    struct fuzz_metrics metrics = fuzz_metrics_of(&model);
    fuzz_model_release(&model);
    return metrics;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    fuzz_require_same(run(bytes, size - 1, size), run(bytes, size - 1, 1 + data[0] % 32u));
    return 0;
}
