/* Feeds any bytes as payloads, one a line: to the hooks' decoder, as each client's, and through the line that `swarmtop
   hook` makes of each, with a small limit. It must not crash, and the feed must take each line. */
#include "ingest/feed/feed.h"
#include "ingest/feed/hook_line.h"
#include "tests/fuzz/fuzz_model.h"

#include <string.h>

enum { LINE_BYTES = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a block of its own size, so that a read beyond it is seen. */
static void take(struct fuzz_model *model, struct feed *feed, const char *bytes, size_t len,
                 double t_ms)
{
    struct strbuf line;
    struct json_value value;
    char *copy = malloc(len + (len == 0));
    memcpy(copy, bytes, len);
    if (json_check(copy, len, 64, &value, NULL)) {
        for (const struct hook_client *const *client = source_hook_clients; *client != NULL;
             client++) {
            struct hook_tool_end end = {{"s", 1}, {"t", 1}, json_get(value, "tool_input"), t_ms};
            hook_take(&model->ingest, (*client)->name, value,
                      &(struct hook_arrival){.t_ms = t_ms, .local_ns = fuzz_now(NULL)});
            hook_note_tool_end(&model->ingest, (*client)->name, &end);
        }
    }
    strbuf_init(&line, &mem_libc, 0);
    uint64_t taken = model->counters.events + model->counters.bad;
    if (hook_line_build((struct slice){copy, len}, t_ms, (struct slice){NULL, 0},
                        (struct slice){NULL, 0}, LINE_BYTES, &line)) {
        fuzz_require(line.len <= LINE_BYTES && feed_push(feed, line.data, line.len));
        fuzz_require(model->counters.events + model->counters.bad == taken + 1);
    }
    strbuf_release(&line);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_model model;
    fuzz_model_init(&model);
    struct feed_options options = {.counters = &model.counters,
                                   .where = "fuzz",
                                   .source = "fuzz",
                                   .max_line_bytes = LINE_BYTES};
    struct feed *feed = feed_new(&options);
    const char *at = (const char *)data, *end = at + size;
    double t_ms = 1760000000000;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        take(&model, feed, at, (size_t)(stop - at), t_ms);
        t_ms += 700;
        at = stop + (stop < end);
    }
    fuzz_require(correlator_flush(model.ingest.correlator));
    feed_finish(feed, SESSION_DISCONNECTED);
    feed_free(feed);
    fuzz_model_release(&model);
    return 0;
}
