/* Anything as a chat of Gemini CLI or of its sub-agent, all at once and in pieces: no crash, and
   the same model both times. */
#include "ingest/gemini/gemini_chat.h"
#include "tests/fuzz/fuzz_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tree_client client = {
    .reader_size = sizeof(struct gemini_chat),
    .begin = gemini_chat_begin,
    .end = gemini_chat_end,
    .take = gemini_chat_take,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool agent = size > 1 && data[1] == ' ';
    return fuzz_tree(&client, agent ? "/f/tmp/p/chats/s/a.jsonl" : "/f/tmp/p/chats/session-s.jsonl",
                     agent ? GEMINI_AGENT : GEMINI_CHAT, data, size);
}
