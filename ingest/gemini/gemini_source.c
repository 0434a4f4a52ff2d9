/* The places of Gemini CLI's files. */
#include "ingest/gemini/gemini_source.h"

#include "ingest/gemini/gemini_chat.h"

enum { TOP, PROJECTS, PROJECT, CHATS, AGENT_FILES };

static const char *const times[] = {"timestamp", "lastUpdated", NULL};

static const struct tree_place places[] = {
    {.level = TOP, .prefix = "tmp", .suffix = "", .next = PROJECTS},
    {.level = PROJECTS, .prefix = "", .suffix = "", .next = PROJECT},
    {.level = PROJECT, .prefix = "chats", .suffix = "", .next = CHATS},
    {.level = CHATS, .prefix = "session-", .suffix = ".jsonl", .kind = GEMINI_CHAT, .times = times},
    {.level = CHATS,
     .prefix = "session-",
     .suffix = ".json",
     .kind = GEMINI_WHOLE,
     .document = true,
     .times = times},
    {.level = CHATS, .prefix = "", .suffix = "", .next = AGENT_FILES},
    {.level = AGENT_FILES,
     .prefix = "",
     .suffix = ".jsonl",
     .kind = GEMINI_AGENT,
     .times = times,
     .part = true},
    {.prefix = NULL},
};

static const struct tree_client gemini_client = {
    .places = places,
    .reader_size = sizeof(struct gemini_chat),
    .begin = gemini_chat_begin,
    .end = gemini_chat_end,
    .take = gemini_chat_take,
    .is_busy = gemini_chat_is_busy,
};

static bool open_gemini(struct source *source, struct strbuf *error)
{
    return transcript_tree_open(source, &gemini_client, error);
}

const struct source_ops gemini_source_ops = TRANSCRIPT_TREE_OPS(open_gemini);
