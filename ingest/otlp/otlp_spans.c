/* Spans, two passes over a request. The first notes each span in the tree, so that the second knows
   of a span's parents whatever the order in which they lie. The second sends updates. A span that
   came before is passed over.

   A call's parent is named by its span's id; the correlator puts the call on the row of the nearest
   call above it that has an agent, whenever that comes. */
#include "ingest/otlp/otlp_reader_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct otlp_id no_id;

static struct otlp_node *node_at(struct otlp_reader *reader, uint32_t node)
{
    return &reader->tree.nodes[node];
}

/* ---- begins that are sent ahead (Logfire) ---- */

static uint8_t hex_digit(char c)
{
    return (uint8_t)(c >= '0' && c <= '9'   ? c - '0'
                     : c >= 'a' && c <= 'f' ? c - 'a' + 10
                     : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                            : 16);
}

/* False: the text is no span's id. */
static bool read_span_id(struct slice text, uint8_t id[OTLP_SPAN_ID_BYTES])
{
    if (text.len != 2 * OTLP_SPAN_ID_BYTES) {
        return false;
    }
    for (size_t i = 0; i < OTLP_SPAN_ID_BYTES; i++) {
        uint8_t high = hex_digit(text.bytes[2 * i]), low = hex_digit(text.bytes[2 * i + 1]);
        if (high > 15 || low > 15) {
            return false;
        }
        id[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Sets the ids of the span and of its parent. A pending span stands for the one that it names as
   its parent. */
static void ids_of(const struct otlp_span *span, bool pending, struct otlp_id *id,
                   struct otlp_id *parent)
{
    *id = span->id;
    *parent = no_id;
    memcpy(parent->trace, span->id.trace, sizeof parent->trace);
    memcpy(parent->span, span->parent, sizeof parent->span);
    if (pending) {
        const struct otlp_value *above =
            otlp_attribute(&span->attributes, "logfire.pending_parent_id");
        memcpy(id->span, span->parent, sizeof id->span);
        if (above == NULL || !read_span_id(otlp_value_text(above), parent->span)) {
            memset(parent->span, 0, sizeof parent->span);
        }
    }
}

static bool has_span(const struct otlp_id *id)
{
    return memcmp(id->span, no_id.span, sizeof id->span) != 0;
}

/* ---- the first pass ---- */

static bool is_link_parent(const struct otlp_node *node, const struct otlp_span *span)
{
    return node->kind == OTLP_AGENT && span->link_count > 0;
}

/* Notes the tool's call id, for the wait that holds it up. */
static void note_call(struct otlp_node *node, const struct otlp_found *found)
{
    struct slice call = otlp_found_text(found, MEANS_TOOL_CALL_ID);
    if (call.len > 0 && call.len < sizeof node->call) {
        memcpy(node->call, call.bytes, call.len);
        node->call[call.len] = '\0';
    }
}

static struct otlp_item item_of(const struct otlp_reader *reader, const struct otlp_span *span)
{
    return (struct otlp_item){
        .producer = reader->producer,
        .scope = span->scope,
        .span = span,
        .found = &reader->found,
        .start_ms = span->start_ns == 0 ? (double)NAN : (double)span->start_ns / 1e6,
        .end_ms = span->end_ns == 0 ? (double)NAN : (double)span->end_ns / 1e6,
    };
}

/* Returns the agent that the span names, if it is one of Gemini. */
static struct slice gemini_agent(const struct otlp_reader *reader)
{
    return reader->producer == OTLP_GEMINI ? otlp_gemini_agent(&reader->found)
                                           : (struct slice){NULL, 0};
}

/* Notes the span. Returns its node; OTLP_NO_NODE: there is nothing to do with it. */
static uint32_t note(struct otlp_reader *reader, const struct otlp_span *span)
{
    struct otlp_id id, parent;
    otlp_enter_scope(reader, span->scope);
    otlp_found_fill(&reader->found, &reader->names, &span->attributes);
    bool pending = otlp_found_is(&reader->found, MEANS_LOGFIRE_TYPE, "pending_span");
    enum otlp_kind kind = otlp_kind_of(
        reader->producer, span->scope == NULL ? (struct slice){NULL, 0} : span->scope->name,
        span->name, &reader->found);
    bool http = otlp_is_http(span, kind);
    if (kind == OTLP_NO_SPAN && !http) {
        otlp_note_step(reader, span);
        return OTLP_NO_NODE;
    }
    ids_of(span, pending, &id, &parent);
    uint32_t at = otlp_tree_put(&reader->tree, &id);
    if (at == OTLP_NO_NODE) {
        reader->failed |= has_span(&id);
        return at;
    }
    if ((node_at(reader, at)->flags & NODE_KNOWN) != 0 ||
        (pending && (node_at(reader, at)->flags & NODE_OPEN) != 0)) {
        return OTLP_NO_NODE;
    }
    node_at(reader, at)->kind = (uint8_t)kind;
    node_at(reader, at)->flags |=
        (uint16_t)((pending ? NODE_OPEN : 0) | (span->kind == OTLP_CLIENT ? NODE_CLIENT : 0) |
                   (http ? NODE_HTTP : 0) |
                   (otlp_found_value(&reader->found, MEANS_KIND_MCP, NULL) != NULL ? NODE_MCP : 0));
    if (kind == OTLP_TOOL) {
        note_call(node_at(reader, at), &reader->found);
    }
    if (!has_span(&parent)) {
        struct otlp_trace *trace = otlp_tree_trace(&reader->tree, at);
        trace->rooted |= !pending;
        if (is_link_parent(node_at(reader, at), span)) {
            parent = otlp_link_parent(reader, span);
            trace->linked |= memcmp(parent.trace, id.trace, sizeof id.trace) != 0;
        } else {
            parent = no_id;
        }
    }
    uint32_t above = otlp_tree_put(&reader->tree, &parent);
    if (above != OTLP_NO_NODE) {
        otlp_tree_link(&reader->tree, at, above);
    }
    otlp_note_remote(reader, span, at);
    if (kind == OTLP_NO_SPAN) {
        return at;
    }
    struct otlp_item item = item_of(reader, span);
    otlp_note_agent(reader, &item, at);
    if (kind == OTLP_REQUEST && above != OTLP_NO_NODE &&
        (node_at(reader, above)->flags & NODE_ROW) == 0) {
        otlp_own_agent(reader, above, (struct slice){NULL, 0}, gemini_agent(reader));
    }
    otlp_note_session(reader, &reader->found, at, above == OTLP_NO_NODE);
    return at;
}

/* ---- the second pass ---- */

/* An agent that a tool's call started. */
static void link_child(struct otlp_reader *reader, struct slice session, uint32_t node,
                       struct slice agent)
{
    char room[OTLP_ID_TEXT];
    uint32_t at = node_at(reader, node)->parent;
    if (at != OTLP_NO_NODE && node_at(reader, at)->kind == OTLP_EXECUTION) {
        at = node_at(reader, at)->parent;
    }
    if (at == OTLP_NO_NODE || agent.bytes == NULL || node_at(reader, at)->kind != OTLP_TOOL) {
        return;
    }
    struct slice id = otlp_call_id(&node_at(reader, at)->id, room);
    if (otlp_is_new(reader, otlp_hash(otlp_hash(4, id), agent))) {
        struct update update = otlp_update(reader, UPDATE_CALL, session);
        update.kind = CALL_TOOL;
        update.id = id;
        update_text(&update, FIELD_CHILD_AGENT_ID, agent);
        otlp_send(reader, &update);
    }
}

/* Gemini's requests and tools name their agent; the run around a request is that agent's. */
static void put_gemini_agent(struct otlp_reader *reader, const struct otlp_item *item,
                             uint32_t node, struct update *update)
{
    struct slice agent = otlp_gemini_agent(item->found);
    if (agent.bytes != NULL) {
        update->agent_id = agent;
        otlp_send_agent(reader, update->session_id, agent, (struct slice){NULL, 0},
                        (struct slice){NULL, 0});
    }
    if (node_at(reader, node)->kind == OTLP_REQUEST) {
        otlp_own_agent(reader, node_at(reader, node)->parent, update->session_id, agent);
    }
}

/* Sets the agent where the producer has ids for agents. */
static void put_agent(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node,
                      struct update *update)
{
    struct slice agent = otlp_found_text(item->found, MEANS_AGENT_ID);
    if (item->producer == OTLP_GEMINI) {
        put_gemini_agent(reader, item, node, update);
        return;
    }
    if (agent.bytes == NULL || item->producer == OTLP_ANY) {
        return; /* of others it is the id of a kind of agent */
    }
    struct slice source = otlp_found_text(item->found, MEANS_QUERY_SOURCE);
    struct slice type =
        slice_begins(source, "agent") ? otlp_last_part(source) : (struct slice){NULL, 0};
    update->agent_id = agent;
    otlp_send_agent(reader, update->session_id, agent, type,
                    otlp_found_text(item->found, MEANS_PARENT_AGENT_ID));
}

/* If memory ran out, the sender will try again. */
static void forget_failed(struct otlp_reader *reader, uint32_t node)
{
    if (reader->failed) {
        node_at(reader, node)->flags &= (uint16_t)~NODE_KNOWN;
    }
}

static void take(struct otlp_reader *reader, const struct otlp_span *span, uint32_t node)
{
    char room[OTLP_ID_TEXT], parent_room[OTLP_ID_TEXT];
    otlp_enter_scope(reader, span->scope);
    otlp_found_fill(&reader->found, &reader->names, &span->attributes);
    bool http = (node_at(reader, node)->flags & NODE_HTTP) != 0;
    if (http && otlp_take_http(reader, span, node)) {
        forget_failed(reader, node);
        return;
    }
    struct otlp_item item = item_of(reader, span);
    bool pending = (node_at(reader, node)->flags & NODE_OPEN) != 0 &&
                   otlp_found_is(&reader->found, MEANS_LOGFIRE_TYPE, "pending_span");
    enum otlp_kind kind = (enum otlp_kind)node_at(reader, node)->kind;
    item.end_ms = pending ? (double)NAN : item.end_ms < item.start_ms ? item.start_ms : item.end_ms;
    struct update update =
        otlp_update(reader, UPDATE_CALL, otlp_session_of(reader, &reader->found, node));
    update.kind = CALL_SPAN;
    update.precedence = http ? PRECEDENCE_INFERRED : update.precedence; /* its request's hold */
    update.id = otlp_call_id(&node_at(reader, node)->id, room);
    uint32_t above = node_at(reader, node)->parent;
    bool guessed = above != OTLP_NO_NODE && span->link_count > 1 &&
                   memcmp(span->parent, no_id.span, sizeof span->parent) == 0 &&
                   (node_at(reader, above)->flags & (NODE_KNOWN | NODE_OPEN)) == 0;
    if (above != OTLP_NO_NODE && !guessed) {
        update_text(&update, FIELD_PARENT_ID,
                    otlp_call_id(&node_at(reader, above)->id, parent_room));
    }
    update_number(&update, FIELD_START_MS, item.start_ms);
    update_number(&update, FIELD_END_MS, kind == OTLP_INSTANT ? item.start_ms : item.end_ms);
    put_agent(reader, &item, node, &update);
    if (!pending) {
        node_at(reader, node)->flags =
            (uint16_t)((node_at(reader, node)->flags | NODE_KNOWN) & ~NODE_OPEN);
    }
    otlp_take_call(reader, &item, node, &update);
    if (kind == OTLP_STRUCTURE && !http) {
        otlp_take_between(reader, node, update.session_id);
    }
    link_child(reader, update.session_id, node, update.agent_id);
    otlp_place_agents(reader, node, update.session_id);
    forget_failed(reader, node);
}

/* Takes so many spans that the tree remembers all of them and their parents. */
static void take_some(struct otlp_reader *reader, const struct otlp_span *spans, size_t count,
                      uint32_t *nodes)
{
    for (size_t i = 0; i < count; i++) {
        nodes[i] = note(reader, &spans[i]);
        if (nodes[i] != OTLP_NO_NODE) {
            struct otlp_trace *trace = otlp_tree_trace(&reader->tree, nodes[i]);
            trace->last_ms = fmax(trace->last_ms, (double)spans[i].end_ns / 1e6);
            otlp_note_arrival(reader, nodes[i]);
        }
    }
    otlp_adopt_sessions(reader);
    for (size_t i = 0; i < count; i++) {
        if (nodes[i] != OTLP_NO_NODE) {
            otlp_settle_trace(reader, otlp_tree_trace(&reader->tree, nodes[i]));
        }
    }
    otlp_adopt_sessions(reader); /* of traces that have their process's */
    for (size_t i = 0; i < count && !reader->failed; i++) {
        bool again =
            nodes[i] != OTLP_NO_NODE && (node_at(reader, nodes[i])->flags & NODE_KNOWN) != 0;
        if (nodes[i] != OTLP_NO_NODE && !again) {
            take(reader, &spans[i], nodes[i]);
        }
    }
    otlp_settle_links(reader);
    for (size_t i = 0; i < count; i++) {
        if (nodes[i] != OTLP_NO_NODE) {
            otlp_show_begun(reader, &spans[i], nodes[i]);
        }
    }
}

void otlp_take_spans(struct otlp_reader *reader, const struct otlp_batch *batch)
{
    enum { SOME = OTLP_NODES_MAX / 8, STEPS = 1 << 16, STEPS_A_SPAN = 64, LINK_STEPS = 1 << 22 };
    reader->tree.steps_left = LINK_STEPS;
    reader->steps_left = STEPS + batch->span_count * STEPS_A_SPAN;
    size_t room = batch->span_count < SOME ? batch->span_count : SOME;
    uint32_t *nodes = mem_alloc(reader->ingest->mem, (room + 1) * sizeof *nodes);
    if (nodes == NULL) {
        reader->failed = true;
        return;
    }
    for (size_t i = 0; i < batch->span_count && !reader->failed; i += SOME) {
        size_t left = batch->span_count - i;
        take_some(reader, batch->spans + i, left < SOME ? left : SOME, nodes);
    }
    otlp_end_begun(reader);
    mem_free(reader->ingest->mem, nodes, (room + 1) * sizeof *nodes);
}
