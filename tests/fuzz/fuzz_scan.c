/* Anything as a file: gzip, documents, arrays, lines; taken at once, taken in pieces, and as
   versions of a document that is followed. */
#include "ingest/trace/importer.h"
#include "ingest/trace/read_job.h"
#include "ingest/trace/unpack.h"
#include "tests/fuzz/fuzz_model.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void init_importer(struct importer *importer, struct fuzz_model *model)
{
    struct importer_options options = {.counters = &model->counters,
                                       .where = "fuzz",
                                       .session_id = "fuzz",
                                       .max_line_bytes = 1000,
                                       .recorded = true};
    fuzz_model_init(model);
    importer_init(importer, &options);
}

/* As from a pipe. */
static struct fuzz_metrics run(const char *bytes, size_t len, size_t chunk)
{
    struct fuzz_model model;
    struct importer importer;
    struct batch batch;
    struct decoder *decoder = decoder_new(&mem_libc, 1000, NULL);
    struct unpack *unpack = unpack_new(&mem_libc);
    bool good = true;
    batch_init(&batch, &mem_libc);
    init_importer(&importer, &model);
    bool ended = false;
    for (size_t at = 0; good && !ended; at += chunk) {
        struct slice plain;
        size_t begin = at < len ? at : len;
        size_t count = len - begin < chunk ? len - begin : chunk;
        unpack_feed(unpack, bytes + begin, count);
        ended = count == 0;
        while (good && unpack_next(unpack, &plain)) {
            good = decoder_push(decoder, plain.bytes, plain.len, &batch) &&
                   importer_take(&importer, NULL, &batch);
        }
        good = good && unpack_error(unpack) == NULL;
    }
    decoder_finish(decoder, &batch);
    (void)importer_take(&importer, NULL, &batch);
    importer_finish(&importer);
    if (importer.trace.document != 0) {
        fuzz_require(importer_end_document(&importer));
    }
    decoder_free(decoder);
    unpack_free(unpack);
    batch_release(&batch);
    importer_release(&importer);
    struct fuzz_metrics metrics = fuzz_metrics_of(&model);
    fuzz_model_release(&model);
    return metrics;
}

static void put_file(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    fuzz_require(file != NULL && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

static enum read_state read_version(struct importer *importer, const char *path,
                                    struct fingerprint *former, bool continues)
{
    continues = continues && former->end > 0;
    struct read_options options = {.mem = &mem_libc,
                                   .path = path,
                                   .max_event_bytes = 1000,
                                   .follows = true,
                                   .former = continues ? former : NULL};
    struct read_job *job = read_job_new(&options);
    struct batch batch;
    struct read_report report = {.state = READ_MORE};
    batch_init(&batch, &mem_libc);
    importer_begin(importer, !continues, true);
    while (report.state == READ_MORE) {
        report = read_job_step(job, &batch);
        fuzz_require(importer_take(importer, &report, &batch));
    }
    if (report.state == READ_ENDED && report.complete) {
        fuzz_require(report.shape == SCAN_LINES || importer_commit(importer));
        fingerprint_release(former);
        read_job_take_fingerprint(job, former);
    }
    importer_drop(importer);
    batch_release(&batch);
    read_job_free(job);
    return report.state;
}

/* A beginning of the bytes as the first version, all of them as the second. */
static void follow(const char *bytes, size_t len, size_t first)
{
    static char path[64];
    struct fuzz_model model;
    struct importer importer;
    struct fingerprint former;
    if (path[0] == '\0') {
        snprintf(path, sizeof path, "/tmp/fuzz_scan.%ld", (long)getpid());
    }
    init_importer(&importer, &model);
    fingerprint_init(&former, &mem_libc);
    put_file(path, bytes, first);
    (void)read_version(&importer, path, &former, true);
    put_file(path, bytes, len);
    if (read_version(&importer, path, &former, true) == READ_OTHER) {
        (void)read_version(&importer, path, &former, false);
    }
    unlink(path);
    fingerprint_release(&former);
    importer_release(&importer);
    fuzz_model_release(&model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) {
        return 0;
    }
    const char *bytes = (const char *)data + 2;
    size_t len = size - 2;
    fuzz_require_same(run(bytes, len, size), run(bytes, len, 1 + data[0] % 32u));
    follow(bytes, len, len * data[1] / 256);
    return 0;
}
