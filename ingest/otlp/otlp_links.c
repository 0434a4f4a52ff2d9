/* Agents that run in the background have a trace of their own. A link leads to the span that
   started them: the one that the producer calls the invoker, else the first whose span is known.
   The agent is below that span's agent and, where it names no session, in its session.

   Links may lead to spans that come later, so agents whose link is open wait in a short list. */
#include "ingest/otlp/otlp_reader_private.h"

#include <string.h>

enum { LINKS_LOOKED_AT = 64 };

static bool is_known(const struct otlp_tree *tree, const struct otlp_id *id)
{
    uint32_t at = otlp_tree_find(tree, id);
    return at != OTLP_NO_NODE && (tree->nodes[at].flags & (NODE_KNOWN | NODE_OPEN)) != 0;
}

static bool is_invoker(const struct otlp_link *link)
{
    const struct otlp_value *kind = otlp_attribute(&link->attributes, "qwen-code.link.kind");
    return kind != NULL && slice_is(otlp_value_text(kind), "invoker");
}

/* Notes the targets that may start the agent; of several without an invoker any may. */
static void note_targets(const struct otlp_span *span, struct otlp_link_wait *wait)
{
    size_t count = span->link_count < LINKS_LOOKED_AT ? span->link_count : LINKS_LOOKED_AT;
    for (size_t i = 0; i < count; i++) {
        if (is_invoker(&span->links[i])) {
            wait->targets[0] = span->links[i].to;
            wait->count = 1;
            return;
        }
        if (wait->count < OTLP_LINK_TARGETS) {
            wait->targets[wait->count++] = span->links[i].to;
        }
    }
}

struct otlp_id otlp_link_parent(struct otlp_reader *reader, const struct otlp_span *span)
{
    struct otlp_link_wait wait = {.child = span->id};
    note_targets(span, &wait);
    struct otlp_id parent = wait.targets[0];
    for (size_t i = wait.count; i-- > 0;) {
        parent = is_known(&reader->tree, &wait.targets[i]) ? wait.targets[i] : parent;
    }
    if (reader->wait_count == OTLP_LINK_WAITS) { /* the oldest is given up */
        otlp_note_forgotten(reader, LIMIT_LINKS);
        memmove(reader->waits, reader->waits + 1, (OTLP_LINK_WAITS - 1) * sizeof *reader->waits);
        reader->wait_count--;
    }
    reader->waits[reader->wait_count++] = wait;
    return parent;
}

/* Returns the node of the first target that is known; OTLP_NO_NODE: none is. */
static uint32_t target_of(const struct otlp_tree *tree, const struct otlp_link_wait *wait)
{
    for (size_t i = 0; i < wait->count; i++) {
        if (is_known(tree, &wait->targets[i])) {
            return otlp_tree_find(tree, &wait->targets[i]);
        }
    }
    return OTLP_NO_NODE;
}

void otlp_adopt_sessions(struct otlp_reader *reader)
{
    for (size_t i = 0; i < reader->wait_count; i++) {
        uint32_t child = otlp_tree_find(&reader->tree, &reader->waits[i].child);
        uint32_t target = target_of(&reader->tree, &reader->waits[i]);
        if (child != OTLP_NO_NODE && target != OTLP_NO_NODE) {
            otlp_adopt_session(reader, child, target);
        }
    }
}

static void send_parent(struct otlp_reader *reader, uint32_t child, uint32_t target)
{
    char room[OTLP_ID_TEXT], parent_room[OTLP_ID_TEXT];
    const struct otlp_node *nodes = reader->tree.nodes;
    struct update update = otlp_update(reader, UPDATE_CALL, otlp_session_of(reader, NULL, child));
    update.kind = CALL_SPAN;
    update.id = otlp_call_id(&nodes[child].id, room);
    update_text(&update, FIELD_PARENT_ID, otlp_call_id(&nodes[target].id, parent_room));
    otlp_send(reader, &update);
}

void otlp_settle_links(struct otlp_reader *reader)
{
    size_t kept = 0;
    for (size_t i = 0; i < reader->wait_count; i++) {
        struct otlp_link_wait *wait = &reader->waits[i];
        uint32_t child = otlp_tree_find(&reader->tree, &wait->child);
        uint32_t target = child == OTLP_NO_NODE ? OTLP_NO_NODE : target_of(&reader->tree, wait);
        if (target != OTLP_NO_NODE) {
            otlp_adopt_session(reader, child, target);
        }
        if (target != OTLP_NO_NODE && !wait->placed) {
            wait->placed = true;
            otlp_tree_move(&reader->tree, child, target);
            send_parent(reader, child, target);
            otlp_place_agent(reader, child, otlp_session_of(reader, NULL, child));
        }
        bool done = child == OTLP_NO_NODE ||
                    (wait->placed && otlp_tree_trace(&reader->tree, child)->session != INTERN_NONE);
        if (!done) {
            reader->waits[kept++] = *wait;
        }
    }
    reader->wait_count = kept;
}
