/* Anything as a file: gzip, documents, arrays, lines; taken at once, taken in pieces, and as versions of a document that is followed. */
#include "ingest/decoder.h"
#include "tests/fuzz/fuzz_model.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct decoder *new_decoder(struct fuzz_model *model, struct trace_load *load,
                                   struct staged *staged)
{
    struct decoder_options options = {
        .tally = &model->tally,
        .where = "fuzz",
        .session_id = "fuzz",
        .max_line_bytes = 1000,
        .max_event_bytes = 1000,
        .recorded = true,
        .staged = staged,
        .load = load,
    };
    return decoder_new(&options);
}

static void push(struct decoder *decoder, const char *bytes, size_t len, size_t chunk)
{
    for (size_t at = 0; at < len; at += chunk)
        if (!decoder_push(decoder, bytes + at, len - at < chunk ? len - at : chunk))
            return;
}

static struct fuzz_figures run(const char *bytes, size_t len, size_t chunk)
{
    struct fuzz_model model;
    struct trace_load load;
    fuzz_model_init(&model);
    trace_load_init(&load, &model.tally, "fuzz", "fuzz");
    struct decoder *decoder = new_decoder(&model, &load, NULL);
    push(decoder, bytes, len, chunk);
    decoder_finish(decoder, SESSION_FINISHED);
    if (load.document != 0)
        fuzz_require(trace_load_end(&load));
    decoder_free(decoder);
    trace_load_release(&load);
    struct fuzz_figures figures = fuzz_figures_of(&model);
    fuzz_model_release(&model);
    return figures;
}

/* A beginning of the bytes as the first version, all of them as the second. */
static void follow(const char *bytes, size_t len, size_t first)
{
    struct fuzz_model model;
    struct trace_load load;
    struct staged staged;
    struct taken taken;
    fuzz_model_init(&model);
    trace_load_init(&load, &model.tally, "fuzz", "fuzz");
    staged_init(&staged, &mem_libc);
    taken_init(&taken, &mem_libc);
    for (int version = 0; version < 2; version++) {
        struct decoder *decoder = new_decoder(&model, &load, &staged);
        staged_clear(&staged);
        trace_load_clear_members(&load);
        push(decoder, bytes, version == 0 ? first : len, 64);
        if (decoder_complete(decoder) && decoder_shape(decoder) != SCAN_LINES)
            fuzz_require(staged_commit(&staged, &taken, &load));
        decoder_rest(decoder, SESSION_FINISHED);
        decoder_free(decoder);
    }
    taken_release(&taken);
    staged_release(&staged);
    trace_load_release(&load);
    fuzz_model_release(&model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const char *bytes = (const char *)data + 2;
    size_t len = size - 2;
    fuzz_require_same(run(bytes, len, size), run(bytes, len, 1 + data[0] % 32u));
    follow(bytes, len, len * data[1] / 256);
    return 0;
}
