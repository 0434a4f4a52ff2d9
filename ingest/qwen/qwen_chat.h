/* Lines of Qwen Code's chats: bytes in, updates out. A session's chat has exact reports of all its
   requests and tools, those of sub-agents too, each written at its end; a sub-agent's own file, and
   the calls in answers, show what runs meanwhile. Seen in version 0.24. */
#ifndef INGEST_QWEN_CHAT_H
#define INGEST_QWEN_CHAT_H

#include "ingest/client_value.h"
#include "ingest/transcript_tree.h"

enum qwen_kind { QWEN_CHAT, QWEN_AGENT, QWEN_META, QWEN_RUNTIME };

struct qwen_chat {
    struct tree_file *file;           /* borrowed */
    char prompt[CLIENT_ID_BYTES + 1]; /* the id of the open interaction; "": none */
    double asked_ms;                  /* since then the model may be working; NAN: it does not */
    unsigned requests;                /* how often it began to */
    bool reported;                    /* the answer was, and its line is still to come */
    unsigned calls;                   /* tools without a result yet */
    bool cancelled;                   /* all results of the answer's tools so far are refusals */
};

/* For struct tree_client. */
bool qwen_chat_begin(struct tree_file *file);
void qwen_chat_take(struct tree_file *file, struct json_value line);
bool qwen_chat_is_busy(const struct tree_file *file);

/* ---- for the files of this room ---- */

/* Sends that the request which the model worked on has ended, and is the one whose report has that
   id; bytes NULL: unknown. */
void qwen_chat_answered(struct qwen_chat *chat, double at_ms, struct slice report);
/* Writes the id by which a request's report and the answer in a sub-agent's file are joined: the
   file has no other. An agent's prompts only grow. */
struct slice qwen_usage_id(struct slice agent, double input, double output, char *room,
                           size_t size);
/* Returns whether a request has a usage by which it can be joined. */
static inline bool qwen_has_usage(double input, double output)
{
    return input > 0 && output > 0;
}
enum { QWEN_USAGE_ID_BYTES = CLIENT_ID_BYTES + 60 };

/* qwen_event.c: a report of the client about itself (ui_telemetry). */
void qwen_event_take(struct qwen_chat *chat, struct json_value event);

#endif
