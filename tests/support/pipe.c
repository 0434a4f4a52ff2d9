#include "tests/support/pipe.h"

#include "ingest/trace/decoder.h"

enum { MAX_BYTES = 1 << 20 };

static bool take(void *ctx, const char *bytes, size_t len)
{
    struct pipe *pipe = ctx;
    pipe->failed |= !decoder_push(pipe->decoder, bytes, len, &pipe->batch) ||
                    !loading_take(&pipe->loading, &pipe->batch);
    return !pipe->failed;
}

void pipe_init(struct pipe *pipe, struct rig *rig)
{
    const struct mem *mem = rig->ingest.mem;
    struct decoder_options decoder = {.mem = mem, .max_event_bytes = MAX_BYTES};
    struct loading_options loading = {.counters = &rig->counters,
                                      .where = "in",
                                      .session_id = "in",
                                      .max_line_bytes = MAX_BYTES,
                                      .recorded = true};
    *pipe = (struct pipe){.rig = rig, .decoder = decoder_new(&decoder)};
    pipe->failed = pipe->decoder == NULL;
    batch_init(&pipe->batch, mem);
    loading_init(&pipe->loading, &loading);
    unpack_init(&pipe->unpack, mem, take, pipe);
}

void pipe_release(struct pipe *pipe)
{
    unpack_release(&pipe->unpack);
    decoder_free(pipe->decoder);
    loading_release(&pipe->loading);
    batch_release(&pipe->batch);
}

bool pipe_push(struct pipe *pipe, const char *bytes, size_t len)
{
    if (!pipe->failed && pipe->wrong == NULL) {
        pipe->wrong = unpack_push(&pipe->unpack, bytes, len);
    }
    return !pipe->failed && pipe->wrong == NULL;
}

bool pipe_finish(struct pipe *pipe)
{
    const char *wrong = pipe->failed ? NULL : unpack_finish(&pipe->unpack);
    pipe->wrong = pipe->wrong != NULL ? pipe->wrong : wrong;
    if (!pipe->failed) {
        decoder_finish(pipe->decoder, &pipe->batch);
        pipe->failed = !loading_take(&pipe->loading, &pipe->batch);
    }
    loading_finish(&pipe->loading, SESSION_FINISHED);
    if (!pipe->failed && pipe->loading.load.document != 0) {
        pipe->failed = !loading_end_document(&pipe->loading);
    }
    return !pipe->failed;
}
