/* Anything as a file: gzip, documents, arrays, lines; taken at once, taken in pieces, and as versions of a document that is followed. */
#include "ingest/trace/unpack.h"
#include "ingest/trace/version.h"
#include "tests/fuzz/fuzz_model.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void init_loading(struct loading *loading, struct fuzz_model *model)
{
    struct loading_options options = {.counters = &model->counters,
                                      .where = "fuzz",
                                      .session_id = "fuzz",
                                      .max_line_bytes = 1000,
                                      .recorded = true};
    fuzz_model_init(model);
    loading_init(loading, &options);
}

struct pipe {
    struct decoder *decoder;
    struct loading *loading;
    struct batch batch;
};

static bool take(void *ctx, const char *bytes, size_t len)
{
    struct pipe *pipe = ctx;
    return decoder_push(pipe->decoder, bytes, len, &pipe->batch) &&
           loading_take(pipe->loading, &pipe->batch);
}

/* As from a pipe. */
static struct fuzz_figures run(const char *bytes, size_t len, size_t chunk)
{
    struct fuzz_model model;
    struct loading loading;
    struct unpack unpack;
    struct decoder_options options = {.mem = &mem_libc, .max_event_bytes = 1000};
    struct pipe pipe = {.decoder = decoder_new(&options), .loading = &loading};
    batch_init(&pipe.batch, &mem_libc);
    init_loading(&loading, &model);
    unpack_init(&unpack, &mem_libc, take, &pipe);
    for (size_t at = 0; at < len; at += chunk)
        if (unpack_push(&unpack, bytes + at, len - at < chunk ? len - at : chunk) != NULL)
            break;
    (void)unpack_finish(&unpack);
    decoder_finish(pipe.decoder, &pipe.batch);
    (void)loading_take(&loading, &pipe.batch);
    loading_finish(&loading, SESSION_FINISHED);
    if (loading.load.document != 0)
        fuzz_require(loading_end_document(&loading));
    decoder_free(pipe.decoder);
    unpack_release(&unpack);
    batch_release(&pipe.batch);
    loading_release(&loading);
    struct fuzz_figures figures = fuzz_figures_of(&model);
    fuzz_model_release(&model);
    return figures;
}

static void put_file(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    fuzz_require(file != NULL && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

static enum reading_state read_version(struct version *version, const char *path,
                                       struct trail *trail, bool *has_trail)
{
    struct reading_options options = {.mem = &mem_libc,
                                      .path = path,
                                      .max_event_bytes = 1000,
                                      .follows = true,
                                      .former = *has_trail ? trail : NULL};
    struct reading *reading = reading_new(&options);
    struct batch batch;
    enum reading_state state = READING_GOES_ON;
    batch_init(&batch, &mem_libc);
    version_begin(version, !*has_trail, true);
    while (state == READING_GOES_ON) {
        state = reading_step(reading, &batch);
        version_look(version, reading);
        fuzz_require(version_take(version, &batch));
    }
    if (state == READING_ENDED && reading_complete(reading) &&
        reading_shape(reading) != SCAN_LINES) {
        fuzz_require(version_commit(version));
        trail_release(trail);
        reading_take_trail(reading, trail);
        *has_trail = true;
    }
    version_drop(version);
    batch_release(&batch);
    reading_free(reading);
    return state;
}

/* A beginning of the bytes as the first version, all of them as the second. */
static void follow(const char *bytes, size_t len, size_t first)
{
    static char path[64];
    struct fuzz_model model;
    struct loading loading;
    struct version version;
    struct trail trail;
    bool has_trail = false;
    if (path[0] == '\0')
        snprintf(path, sizeof path, "/tmp/fuzz_scan.%ld", (long)getpid());
    init_loading(&loading, &model);
    version_init(&version, &loading);
    trail_init(&trail, &mem_libc);
    put_file(path, bytes, first);
    (void)read_version(&version, path, &trail, &has_trail);
    put_file(path, bytes, len);
    if (read_version(&version, path, &trail, &has_trail) == READING_OTHER) {
        has_trail = false;
        (void)read_version(&version, path, &trail, &has_trail);
    }
    unlink(path);
    trail_release(&trail);
    version_release(&version);
    loading_release(&loading);
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
