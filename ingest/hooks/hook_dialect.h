/* The hooks of one client: their names, and which facts they report. Clients have taken over each
   other's hooks: a payload is a JSON object with the event's name, its session and its subject. The
   differences are data here. */
#ifndef INGEST_HOOK_DIALECT_H
#define INGEST_HOOK_DIALECT_H

#include "ingest/ingest_ctx.h"

struct hook_event;

/* An event that is about to be taken. */
struct hook_event_row {
    const char *name;
    bool (*take)(struct hook_event *e); /* false: out of memory */
    /* It opens no session: it may be of one that nothing else reports. */
    bool opens_none;
};

/* Waits for a person and the ends of sessions are always reported. */
enum {
    HOOK_REPORTS_TOOLS = 1, /* their ids are those of the client's files and telemetry */
    HOOK_REPORTS_TURNS = 2, /* so are those of its turns */
    HOOK_REPORTS_AGENTS = 4
};

struct hook_dialect {
    const char *by; /* the source, for people */
    unsigned reports;
    /* Hooks arrive late, so a client's files may know better about all but waits. */
    enum precedence precedence;
    /* The names of members: older ones follow, ends with NULL. */
    const char *const *event, *const *session, *const *turn, *const *call;
    bool shares_ids; /* calls have the ids that its files give them (call_owners_id) */
    bool unanswered; /* no event reports that a person has allowed a call */
    bool args;       /* the inputs of tools are spelt as in its files */
    double permission_ms, idle_ms;     /* so long after what they report notifications are sent */
    const struct hook_event_row *rows; /* ends with name NULL */
    const char *const *unused;         /* events that change nothing here; ends with NULL */
};

/* The rows of the table of clients (ingest/sources.h). */
extern const struct hook_client claude_hook_client, codex_hook_client, qwen_hook_client,
    gemini_hook_client;

/* Is hook_client's take: takes one payload; |arrival->t_ms| <= INGEST_TIME_MAX_MS. Its memory of
   earlier payloads belongs to the context, whatever source they came from. The caller calls
   correlator_flush once an iteration. */
const char *hook_payload_take(const struct hook_client *client, struct ingest_ctx *ingest,
                              struct json_value payload, const struct hook_arrival *arrival);
/* Is its asked_ms. */
double hook_payload_asked_ms(const struct hook_client *client, struct ingest_ctx *ingest,
                             struct slice session_id, struct slice call_id);
/* Is its note_answer. */
bool hook_payload_note_answer(const struct hook_client *client, struct ingest_ctx *ingest,
                              const struct hook_answer *answer);
/* Is its note_tool_end. */
bool hook_payload_note_tool_end(const struct hook_client *client, struct ingest_ctx *ingest,
                                const struct hook_tool_end *end);
/* Is its look. */
bool hook_payload_look(const struct hook_client *client, struct ingest_ctx *ingest);
/* Is its free_state. */
void hook_payload_free(void *state);

#endif
