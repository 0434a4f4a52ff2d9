/* Anything as a Codex rollout, all at once and in pieces: no crash, and the same model both times. */
#include "ingest/codex/codex_thread.h"
#include "tests/fuzz/fuzz_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tree_client client = {
    .reader_size = sizeof(struct codex_thread),
    .begin = codex_thread_begin,
    .end = codex_thread_end,
    .take = codex_thread_take,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_tree(&client, "/f/rollout-01a2241d-65dc-7d31-945a-195717ecb7f7.jsonl", 0, data,
                     size);
}
