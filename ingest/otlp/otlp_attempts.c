/* OpenCode has a span for each attempt of a request, and none for the request itself. Attempts of
   one message lie below one span: its processor, then LLM.run, the SDK's own span, the attempt.
   That span may come last, or never; its id is known by those below it.

   Attempts are joined where one of them failed. A failed one is sent as inferred, so a good one
   decides the outcome. */
#include "ingest/otlp/otlp_reader_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIBLINGS_MAX = 64, STEP_DEPTH = 3 };

static struct otlp_node *node_at(struct otlp_reader *reader, uint32_t node)
{
    return &reader->tree.nodes[node];
}

/* Returns the node of the message's attempts; OTLP_NO_NODE: it is not known yet. */
static uint32_t step_above(struct otlp_reader *reader, uint32_t node)
{
    for (unsigned depth = 0; node != OTLP_NO_NODE && depth <= STEP_DEPTH; depth++) {
        if ((node_at(reader, node)->flags & NODE_STEP) != 0) {
            return node;
        }
        node = node_at(reader, node)->parent;
    }
    return OTLP_NO_NODE;
}

/* A mark upwards, so that no attempt looks at all others of its message. */
static void mark_failed(struct otlp_reader *reader, uint32_t node)
{
    for (unsigned depth = 0; node != OTLP_NO_NODE && depth <= STEP_DEPTH; depth++) {
        node_at(reader, node)->flags |= NODE_FAILED;
        node = node_at(reader, node)->parent;
    }
}

static void send_alias(struct otlp_reader *reader, uint32_t node, struct slice alias)
{
    char room[OTLP_ID_TEXT];
    struct update update = otlp_update(
        reader, UPDATE_CALL, swarm_text_slice(reader->ingest->swarm, node_at(reader, node)->name));
    update.kind = CALL_REQUEST;
    update.id = otlp_call_id(&node_at(reader, node)->id, room);
    update_text(&update, FIELD_ALIAS, alias);
    otlp_send(reader, &update);
    /* It is sent once. */
    node_at(reader, node)->flags &= (uint16_t)~NODE_ATTEMPT;
}

static void join_below(struct otlp_reader *reader, uint32_t node, struct slice alias,
                       unsigned depth)
{
    unsigned left = SIBLINGS_MAX;
    if ((node_at(reader, node)->flags & NODE_ATTEMPT) != 0) {
        send_alias(reader, node, alias);
    }
    for (uint32_t in = node_at(reader, node)->first_child;
         depth < STEP_DEPTH && in != OTLP_NO_NODE && left-- > 0; in = node_at(reader, in)->next) {
        join_below(reader, in, alias, depth + 1);
    }
}

/* Joins the attempts at and below `node` with their message's, if one of these failed; the first
   time all of the message's. */
static void join(struct otlp_reader *reader, uint32_t node)
{
    char id_room[OTLP_ID_TEXT], room[OTLP_ID_TEXT + 16];
    uint32_t step = step_above(reader, node);
    if (step == OTLP_NO_NODE || (node_at(reader, step)->flags & NODE_FAILED) == 0) {
        return;
    }
    struct slice id = otlp_call_id(&node_at(reader, step)->id, id_room);
    int len = snprintf(room, sizeof room, "attempts:%.*s", (int)id.len, id.bytes);
    bool is_first = (node_at(reader, step)->flags & NODE_JOINED) == 0;
    node_at(reader, step)->flags |= NODE_JOINED;
    join_below(reader, is_first ? step : node, (struct slice){room, (size_t)len}, 0);
}

void otlp_note_step(struct otlp_reader *reader, const struct otlp_span *span)
{
    static const struct otlp_id no_id;
    struct otlp_id parent = span->id;
    memcpy(parent.span, span->parent, sizeof parent.span);
    bool is_run = slice_is(span->name, "LLM.run");
    if (reader->producer != OTLP_OPENCODE || (!is_run && !slice_begins(span->name, "ai.")) ||
        memcmp(parent.span, no_id.span, sizeof parent.span) == 0) {
        return;
    }
    uint32_t at = otlp_tree_put(&reader->tree, &span->id);
    uint32_t above = at == OTLP_NO_NODE ? at : otlp_tree_put(&reader->tree, &parent);
    if (above == OTLP_NO_NODE) {
        reader->failed = true;
        return;
    }
    otlp_tree_link(&reader->tree, at, above);
    node_at(reader, at)->kind = OTLP_NO_SPAN;
    node_at(reader, above)->flags |= is_run ? NODE_STEP : 0;
    if ((node_at(reader, at)->flags & NODE_FAILED) != 0) {
        mark_failed(reader, above); /* attempts may have come before */
    }
    join(reader, at);
}

void otlp_take_attempt(struct otlp_reader *reader, uint32_t node, const struct update *update,
                       bool failed)
{
    intern_id session = intern_put(swarm_names(reader->ingest->swarm), update->session_id.bytes,
                                   update->session_id.len);
    struct update times = *update;
    times.present = 0;
    times.precedence = PRECEDENCE_TELEMETRY;
    if (session == INTERN_FAILED) {
        reader->failed = true;
        return;
    }
    double start_ms =
        update_has(update, FIELD_START_MS) ? update->values[FIELD_START_MS].number : (double)NAN;
    update_times(&times, FIELD_ATTEMPTS, &start_ms, isnan(start_ms) ? 0u : 1u);
    otlp_send(reader, &times);
    node_at(reader, node)->name = session;
    node_at(reader, node)->flags |= NODE_ATTEMPT;
    if (failed) {
        mark_failed(reader, node);
    }
    join(reader, node);
}
