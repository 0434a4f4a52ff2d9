/* Lines of Gemini CLI's chats: bytes in, updates out. An answer is written when it has ended, and
   once more, with the same id, when all tools that it called have ended: the first is the end of
   the request, the second has the tools. So a tool that runs is not visible. Seen in version
   0.61. */
#ifndef INGEST_GEMINI_CHAT_H
#define INGEST_GEMINI_CHAT_H

#include "core/base/intern.h"
#include "ingest/client_value.h"
#include "ingest/transcript_tree.h"

enum gemini_kind {
    GEMINI_CHAT,
    GEMINI_AGENT,
    GEMINI_WHOLE /* of older versions: the chat is one document, rewritten as a whole each time */
};

struct gemini_chat {
    struct tree_file *file;           /* borrowed */
    char prompt[CLIENT_ID_BYTES + 1]; /* the id of the open interaction; "": none */
    struct intern *messages;          /* ids of those that were taken */
    double asked_ms;                  /* since then the model may be working; NAN: it does not */
    unsigned requests;                /* how often it began to */
    bool rewrites;                    /* its history is being written again */
};

/* For struct tree_client. */
bool gemini_chat_begin(struct tree_file *file);
void gemini_chat_end(struct tree_file *file);
void gemini_chat_take(struct tree_file *file, struct json_value line);
bool gemini_chat_is_busy(const struct tree_file *file);

/* ---- for the files of this room ---- */

/* gemini_tools.c: the calls of an answer, which was written at `at_ms`. Returns when the last one
   ended; NAN: it has none. */
double gemini_tools_take(struct gemini_chat *chat, struct json_value calls, double at_ms);

#endif
