/* The places of Gemini CLI's files. The client leaves no sign of its process: a session has ended
   once its chat is quiet. */
#include "ingest/gemini/gemini_source.h"

#include "ingest/gemini/gemini_chat.h"

#include <math.h>
#include <string.h>

enum { TOP, PROJECTS, PROJECT, CHATS, AGENT_FILES };

static const struct tree_place places[] = {
    {.level = TOP, .prefix = "tmp", .suffix = "", .next = PROJECTS},
    {.level = PROJECTS, .prefix = "", .suffix = "", .next = PROJECT},
    {.level = PROJECT, .prefix = "chats", .suffix = "", .next = CHATS},
    {.level = CHATS, .prefix = "session-", .suffix = ".jsonl", .kind = GEMINI_CHAT},
    {.level = CHATS,
     .prefix = "session-",
     .suffix = ".json",
     .kind = GEMINI_WHOLE,
     .document = true},
    {.level = CHATS, .prefix = "", .suffix = "", .next = AGENT_FILES},
    {.level = AGENT_FILES, .prefix = "", .suffix = ".jsonl", .kind = GEMINI_AGENT},
    {.prefix = NULL},
};

static void conclude(struct tree_file *file, uint64_t now_ms, bool last)
{
    struct gemini_chat *chat = file->reader;
    (void)now_ms;
    if (file->kind != GEMINI_AGENT && chat->announced) {
        struct slice session = {chat->session, strlen(chat->session)};
        transcript_tree_end_quiet(file, &chat->quiet, session, chat->last_ms,
                                  !isnan(chat->asked_ms), last);
        file->at_rest = chat->quiet.ended;
    }
}

static const struct tree_client gemini_client = {
    .places = places,
    .needs = "tmp",
    .reader_size = sizeof(struct gemini_chat),
    .begin = gemini_chat_begin,
    .end = gemini_chat_end,
    .take = gemini_chat_take,
    .conclude = conclude,
};

static bool open_gemini(struct source *source, struct strbuf *error)
{
    return transcript_tree_open(source, &gemini_client, error);
}

const struct source_ops gemini_source_ops = TRANSCRIPT_TREE_OPS(open_gemini);
