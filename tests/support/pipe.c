#include "tests/support/pipe.h"

enum { MAX_BYTES = 1 << 20 };

void pipe_init(struct pipe *pipe, struct rig *rig)
{
    const struct mem *mem = rig->ingest.mem;
    struct importer_options options = {.counters = &rig->counters,
                                       .where = "in",
                                       .session_id = "in",
                                       .max_line_bytes = MAX_BYTES,
                                       .recorded = true};
    *pipe = (struct pipe){
        .rig = rig, .decoder = decoder_new(mem, MAX_BYTES, NULL), .unpack = unpack_new(mem)};
    pipe->failed = pipe->decoder == NULL || pipe->unpack == NULL;
    batch_init(&pipe->batch, mem);
    importer_init(&pipe->importer, &options);
}

void pipe_release(struct pipe *pipe)
{
    unpack_free(pipe->unpack);
    decoder_free(pipe->decoder);
    importer_release(&pipe->importer);
    batch_release(&pipe->batch);
}

bool pipe_push(struct pipe *pipe, const char *bytes, size_t len)
{
    struct slice plain;
    if (!pipe->failed && pipe->wrong == NULL) {
        unpack_feed(pipe->unpack, bytes, len);
        while (!pipe->failed && unpack_next(pipe->unpack, &plain)) {
            pipe->failed = !decoder_push(pipe->decoder, plain.bytes, plain.len, &pipe->batch) ||
                           !importer_take(&pipe->importer, NULL, &pipe->batch);
        }
        pipe->wrong = unpack_error(pipe->unpack);
    }
    return !pipe->failed && pipe->wrong == NULL;
}

bool pipe_finish(struct pipe *pipe)
{
    (void)pipe_push(pipe, "", 0);
    if (!pipe->failed) {
        decoder_finish(pipe->decoder, &pipe->batch);
        pipe->failed = !importer_take(&pipe->importer, NULL, &pipe->batch);
    }
    importer_finish(&pipe->importer);
    if (!pipe->failed && pipe->importer.trace.document != 0) {
        pipe->failed = !importer_end_document(&pipe->importer);
    }
    return !pipe->failed;
}
