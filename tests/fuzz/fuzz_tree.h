/* Gives bytes to a client of transcript_tree.h without a source, all at once and in pieces, and
   requires the same model both times. */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

#include "ingest/transcript_tree.h"
#include "tests/fuzz/fuzz_model.h"

static inline struct fuzz_metrics fuzz_tree_run(const struct tree_client *client, const char *path,
                                                unsigned kind, const char *bytes, size_t len,
                                                size_t chunk, bool content)
{
    struct fuzz_model model;
    fuzz_model_init(&model);
    char spec[] = "fuzz:", name[200];
    snprintf(name, sizeof name, "%s", path);
    struct transcript_tree tree = {.client = client, .content = content, .max_line_bytes = 4000};
    tree.dir.source.counters = model.counters;
    tree.dir.source.spec = spec;
    fuzz_require(client_sessions_init(&tree.sessions, &model.ingest, 0));
    struct tree_file file = {.tree = &tree, .kind = kind, .file = {.path = name}};
    file.reader = mem_zalloc(&mem_libc, 1, client->reader_size);
    fuzz_require(file.reader != NULL && tree_file_begin(&file));
    for (size_t at = 0; at < len; at += chunk) {
        tree_file_push(&file, bytes + at, len - at < chunk ? len - at : chunk, false);
    }
    tree_file_finish(&file);
    client_sessions_conclude(&tree.sessions, true);
    fuzz_require(!tree.dir.failed && correlator_flush(model.ingest.correlator));
    tree_file_end(&file);
    client_sessions_release(&tree.sessions);
    mem_free(&mem_libc, file.reader, client->reader_size);
    model.counters = tree.dir.source.counters;
    struct fuzz_metrics metrics = fuzz_metrics_of(&model);
    fuzz_model_release(&model);
    return metrics;
}

static inline int fuzz_tree(const struct tree_client *client, const char *path, unsigned kind,
                            const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const char *bytes = (const char *)data + 1;
    bool content = data[0] >= 128;
    fuzz_require_same(
        fuzz_tree_run(client, path, kind, bytes, size - 1, size, content),
        fuzz_tree_run(client, path, kind, bytes, size - 1, 1 + data[0] % 32u, content));
    return 0;
}

#endif
