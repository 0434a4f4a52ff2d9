/* Anything as a feed, all at once and in pieces: no crash, and the same model both times. Whatever
   came before, the last line is taken. What the model was given is recorded, and the recording
   gives the same model. */
#include "core/export/document.h"
#include "ingest/feed/feed.h"
#include "tests/fuzz/fuzz_model.h"

#include <string.h>

#define LAST "\n{\"op\":\"log\",\"session_id\":\"last\",\"message\":\"the last line\"}\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void record(void *ctx, const char *line, size_t len)
{
    strbuf_add(ctx, line, len);
}

static bool put(void *ctx, const char *bytes, size_t len)
{
    strbuf_add(ctx, bytes, len);
    return true;
}

static bool is_logged(const struct event_log *log, const char *text)
{
    for (size_t i = 0; i < event_log_count(log); i++) {
        const struct log_entry *entry = event_log_get(log, i);
        if (entry->len == strlen(text) && memcmp(entry->text, text, entry->len) == 0) {
            return true;
        }
    }
    return false;
}

/* `recording` and `document` may be NULL. */
static struct fuzz_metrics run(const char *bytes, size_t len, size_t chunk,
                               struct strbuf *recording, struct strbuf *document)
{
    const struct document_options all = {
        .only = NO_SESSION, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
    struct fuzz_model model;
    fuzz_model_init(&model);
    if (recording != NULL) {
        model.ingest.tap = (struct ingest_tap){record, recording};
    }
    /* A recorded line is longer by the session's id and a time. */
    struct feed_options options = {.counters = &model.counters,
                                   .where = "fuzz",
                                   .source = "fuzz",
                                   .max_line_bytes =
                                       recording == NULL && document != NULL ? 8000 : 1000};
    struct feed *feed = feed_new(&options);
    for (size_t at = 0; at < len; at += chunk) {
        fuzz_require(feed_push(feed, bytes + at, len - at < chunk ? len - at : chunk));
    }
    fuzz_require(feed_push(feed, LAST, sizeof LAST - 1));
    fuzz_require(is_logged(model.log, "the last line"));
    feed_finish(feed, SESSION_DISCONNECTED);
    feed_free(feed);
    if (document != NULL) {
        fuzz_require(correlator_flush(model.correlator));
        fuzz_require(document_write(model.swarm, &all, put, document, NULL));
    }
    struct fuzz_metrics metrics = fuzz_metrics_of(&model);
    fuzz_model_release(&model);
    return metrics;
}

static void require_same(const struct strbuf *a, const struct strbuf *b)
{
    fuzz_require(a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const char *bytes = (const char *)data + 1;
    size_t chunk = 1 + data[0] % 32u;
    struct strbuf recording, document, again;
    strbuf_init(&recording, &mem_libc, 0);
    strbuf_init(&document, &mem_libc, 0);
    strbuf_init(&again, &mem_libc, 0);
    fuzz_require_same(run(bytes, size - 1, size, &recording, &document),
                      run(bytes, size - 1, chunk, NULL, NULL));
    (void)run(recording.data, recording.len, recording.len, NULL, &again);
    require_same(&document, &again);
    strbuf_release(&recording);
    strbuf_release(&document);
    strbuf_release(&again);
    return 0;
}
