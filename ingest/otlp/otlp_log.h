/* A log that is being taken: shared by otlp_logs.c and otlp_codex.c. */
#ifndef INGEST_OTLP_LOG_H
#define INGEST_OTLP_LOG_H

#include "core/model/swarm_edit.h"
#include "ingest/otlp/otlp_reader_private.h"

struct otlp_log_event {
    struct otlp_reader *reader;
    const struct otlp_log *log;
    struct otlp_item item;
    struct slice session;
    struct slice call; /* the id of the span that it belongs to; bytes NULL: none */
    uint32_t node;     /* of that span; OTLP_NO_NODE: none */
    uint64_t hash;
    char id_room[OTLP_ID_TEXT], hash_room[OTLP_ID_TEXT], pair_room[CALL_PAIR_ID];
};

struct update otlp_log_update(const struct otlp_log_event *e, enum update_op op,
                              enum precedence precedence);
/* Returns the id of a call that has none of its own, borrowed from `room`. */
struct slice otlp_hash_id(uint64_t hash, char room[OTLP_ID_TEXT]);
/* Sends the figures of a request, and its times with the precedence given. */
void otlp_log_request(struct otlp_log_event *e, struct slice id, enum precedence times);

/* ---- otlp_codex.c ---- */

void otlp_codex_prompt(struct otlp_log_event *e);
void otlp_codex_request(struct otlp_log_event *e);
void otlp_codex_event(struct otlp_log_event *e);
/* Corrects the outcome of a tool of Codex by the exit code in its output. */
void otlp_codex_outcome(const struct otlp_log_event *e, struct update *update);
/* Pairs what came until then, by the local clock. Returns whether anything still waits. */
bool otlp_codex_settle(struct otlp_reader *reader, int64_t until_ns);
/* Marks the names that are in use. */
void otlp_codex_mark(const struct otlp_reader *reader, struct name_marks *marks);

#endif
