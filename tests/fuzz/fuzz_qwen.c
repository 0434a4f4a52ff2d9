/* Anything as a chat of Qwen Code, all at once and in pieces: no crash, and the same model both
   times. */
#include "ingest/qwen/qwen_chat.h"
#include "tests/fuzz/fuzz_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tree_client client = {
    .reader_size = sizeof(struct qwen_chat),
    .begin = qwen_chat_begin,
    .take = qwen_chat_take,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_tree(&client, "/f/chats/s.jsonl", QWEN_CHAT, data, size);
}
