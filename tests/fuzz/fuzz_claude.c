/* Anything as a transcript, all at once and in pieces, and as the small files beside it: no crash, and the same model both times. */
#include "ingest/claude/claude_meta.h"
#include "ingest/claude/claude_registry.h"
#include "ingest/claude/claude_transcript.h"
#include "tests/fuzz/fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fuzz_metrics run(const char *bytes, size_t len, size_t chunk, bool content)
{
    struct fuzz_model model;
    fuzz_model_init(&model);
    struct claude_transcript_options options = {
        .counters = &model.counters,
        .where = "fuzz",
        .source = "fuzz",
        .session_id = {"s", 1},
        .max_line_bytes = 4000,
        .content = content,
    };
    struct claude_transcript *transcript = claude_transcript_new(&options);
    for (size_t at = 0; at < len; at += chunk) {
        fuzz_require(
            claude_transcript_push(transcript, bytes + at, len - at < chunk ? len - at : chunk));
    }
    fuzz_require(claude_transcript_finish(transcript));
    fuzz_require(correlator_flush(model.ingest.correlator));
    claude_transcript_free(transcript);
    struct fuzz_metrics metrics = fuzz_metrics_of(&model);
    fuzz_model_release(&model);
    return metrics;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const char *bytes = (const char *)data + 1;
    struct claude_process process;
    struct claude_meta meta;
    (void)claude_process_read(&mem_libc, bytes, size - 1, &process);
    (void)claude_meta_read(&mem_libc, bytes, size - 1, &meta);
    bool content = data[0] >= 128;
    fuzz_require_same(run(bytes, size - 1, size, content),
                      run(bytes, size - 1, 1 + data[0] % 32u, content));
    return 0;
}
