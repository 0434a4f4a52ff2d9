/* Parents that have not come. A child that has ended shows that its parent began before it and
   still runs: a span without a name of its own stands for the parent until that comes.

   Some parents never come: the caller in another process sends nothing (a gateway that is not
   instrumented, or is towards somebody else), or the sender died. A span whose parent lies in
   another process is a root of what is seen, as far as nothing of that process has come: no span
   stands for the caller, and the trace has the session of its process. Nobody knows of other
   parents; they are given up after a time. A parent that comes later still gets its children.

   Source of the flags: opentelemetry-proto, trace.proto, enum SpanFlags. A server's span has its
   parent in another process, where the sender is too old for flags: semantic conventions,
   SpanKind. */
#include "ingest/otlp/otlp_reader_private.h"

#include <string.h>

static struct otlp_node *node_at(struct otlp_reader *reader, uint32_t node)
{
    return &reader->tree.nodes[node];
}

/* ---- parents in other processes ---- */

static bool is_remote(const struct otlp_span *span)
{
    bool known = (span->flags & OTLP_FLAG_HAS_REMOTE) != 0;
    return known ? (span->flags & OTLP_FLAG_REMOTE) != 0
                 : span->kind == OTLP_SERVER || span->kind == OTLP_CONSUMER;
}

/* Returns what distinguishes the scope's process; not 0. */
static uint64_t process_of(const struct otlp_reader *reader)
{
    static const enum otlp_meaning parts[] = {MEANS_SERVICE, MEANS_SESSION_OF_PROCESS, MEANS_HOST};
    uint64_t hash = 14;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        hash = otlp_hash(hash, otlp_found_text(&reader->resource, parts[i]));
    }
    return hash | 1;
}

void otlp_note_remote(struct otlp_reader *reader, const struct otlp_span *span, uint32_t node)
{
    uint32_t above = node_at(reader, node)->parent;
    node_at(reader, node)->remote = above != OTLP_NO_NODE && is_remote(span);
    if (node_at(reader, node)->remote &&
        (node_at(reader, above)->flags & (NODE_KNOWN | NODE_OPEN)) == 0) {
        otlp_tree_trace(&reader->tree, node)->entered = process_of(reader);
    }
}

/* ---- spans that stand for them ---- */

/* Whether the parent of the process's spans will come no more, as the last one of these came. */
static bool is_complete(const struct otlp_trace *trace, uint64_t process)
{
    return trace->rooted || trace->entered == process;
}

void otlp_show_begun(struct otlp_reader *reader, const struct otlp_span *span, uint32_t node)
{
    static const char name[] = "began before";
    char room[OTLP_ID_TEXT];
    uint32_t above = node_at(reader, node)->parent;
    otlp_enter_scope(reader, span->scope);
    const uint8_t seen = NODE_KNOWN | NODE_OPEN | NODE_BEGAN;
    bool in_tool =
        node_at(reader, node)->kind == OTLP_WAIT || node_at(reader, node)->kind == OTLP_EXECUTION;
    if (above == OTLP_NO_NODE || (node_at(reader, above)->flags & seen) != 0 ||
        node_at(reader, node)->kind == OTLP_STRUCTURE ||
        node_at(reader, node)->kind == OTLP_NO_SPAN || reader->producer == OTLP_OPENCODE ||
        node_at(reader, node)->remote ||
        (is_complete(otlp_tree_trace(&reader->tree, node), process_of(reader)) && !in_tool)) {
        return; /* a tool's call may be open by a log: otlp_end_begun closes it */
    }
    otlp_found_fill(&reader->found, &reader->names, &span->attributes);
    if (reader->producer == OTLP_CLAUDE && !in_tool &&
        otlp_found_value(&reader->found, MEANS_AGENT_ID, NULL) != NULL) {
        return; /* the execution of the call that started the agent, which is shown itself */
    }
    struct update update =
        otlp_update(reader, UPDATE_CALL, otlp_session_of(reader, &reader->found, node));
    /* Requests of these lie in a turn of their agent, and Qwen's tools too. */
    bool in_turn = reader->producer == OTLP_QWEN ||
                   (reader->producer == OTLP_GEMINI && node_at(reader, node)->kind == OTLP_REQUEST);
    update.kind = in_tool ? CALL_TOOL : in_turn ? CALL_INTERACTION : CALL_SPAN;
    update.precedence = PRECEDENCE_INFERRED;
    update.id = otlp_call_id(&node_at(reader, above)->id, room);
    intern_id agent = node_at(reader, reader->producer == OTLP_GEMINI ? above : node)->agent;
    if (in_turn && node_at(reader, node)->kind == OTLP_REQUEST && agent != INTERN_NONE) {
        update.agent_id = swarm_text_slice(reader->ingest->swarm, agent);
    }
    if (!in_tool) { /* a log may know the tool's name */
        update_text(&update, FIELD_NAME, (struct slice){name, sizeof name - 1});
    }
    update_number(&update, FIELD_START_MS, (double)span->start_ns / 1e6);
    otlp_send(reader, &update);
    node_at(reader, above)->flags |= NODE_BEGAN;
    if (reader->began_count == OTLP_BEGAN_MAX) { /* the oldest is left to the sweep */
        otlp_note_forgotten(reader, LIMIT_BEGINS);
        memmove(reader->began, reader->began + 1, (OTLP_BEGAN_MAX - 1) * sizeof *reader->began);
        reader->began_count--;
    }
    reader->began[reader->began_count++] =
        (struct otlp_begin){.id = node_at(reader, above)->id, .process = process_of(reader)};
}

static void end_begin(struct otlp_reader *reader, const struct otlp_begin *begin, uint32_t node)
{
    char room[OTLP_ID_TEXT];
    struct update update = otlp_update(reader, UPDATE_CALL, otlp_session_of(reader, NULL, node));
    update.kind = CALL_SPAN;
    update.precedence = PRECEDENCE_INFERRED;
    update.id = otlp_call_id(&begin->id, room);
    update_number(&update, FIELD_END_MS, otlp_tree_trace(&reader->tree, node)->last_ms);
    update_number(&update, FIELD_OUTCOME, OUTCOME_INCOMPLETE);
    otlp_send(reader, &update);
}

void otlp_end_begun(struct otlp_reader *reader)
{
    size_t kept = 0;
    for (size_t i = 0; i < reader->began_count; i++) {
        uint32_t node = otlp_tree_find(&reader->tree, &reader->began[i].id);
        if (node == OTLP_NO_NODE || (node_at(reader, node)->flags & NODE_KNOWN) != 0) {
            continue;
        }
        const struct otlp_trace *trace = otlp_tree_trace(&reader->tree, node);
        if (is_complete(trace, reader->began[i].process) || trace->given_up) {
            end_begin(reader, &reader->began[i], node);
        } else {
            reader->began[kept++] = reader->began[i];
        }
    }
    reader->began_count = kept;
}

/* ---- parents that are given up ---- */

void otlp_note_arrival(struct otlp_reader *reader, uint32_t node)
{
    struct otlp_trace *trace = otlp_tree_trace(&reader->tree, node);
    int64_t now_ns = ingest_ctx_now(reader->ingest);
    trace->came_ns = now_ns;
    trace->given_up = false;
    reader->next_give_up_ns = now_ns < reader->next_give_up_ns ? now_ns : reader->next_give_up_ns;
}

bool otlp_give_up(struct otlp_reader *reader, int64_t until_ns, bool ends)
{
    struct otlp_tree *tree = &reader->tree;
    bool any = false;
    if (until_ns < reader->next_give_up_ns) {
        return reader->next_give_up_ns != INT64_MAX;
    }
    reader->next_give_up_ns = INT64_MAX;
    for (uint32_t i = 0; i < tree->trace_count; i++) {
        struct otlp_trace *trace = &tree->traces[i];
        if (!trace->used || trace->rooted || trace->given_up) {
            continue;
        }
        if (trace->came_ns <= until_ns) {
            trace->given_up = any = true;
            otlp_settle_trace(reader, trace);
        } else if (trace->came_ns < reader->next_give_up_ns) {
            reader->next_give_up_ns = trace->came_ns;
        }
    }
    if (any && ends) {
        otlp_end_begun(reader);
    }
    reader->ingest->changed |= any;
    return reader->next_give_up_ns != INT64_MAX;
}
