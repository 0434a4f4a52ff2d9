/* Calls by kind: the fields of the update that a span of each kind gives, ids that join it with
   other sources, the parts of a tool's call, and marks. */
#include "ingest/otlp/otlp_reader_private.h"

#include "ingest/otlp/otlp_args.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ATTEMPTS_MAX = 64 };

static struct otlp_node *node_at(struct otlp_reader *reader, uint32_t node)
{
    return &reader->tree.nodes[node];
}

/* ---- what an update has ---- */

void otlp_put_outcome(struct otlp_reader *reader, const struct otlp_item *item, bool tool,
                      struct update *update)
{
    bool whole = !tool || reader->ingest->content;
    strbuf_clear(&reader->scratch);
    struct slice error = otlp_figures_error(item, whole, &reader->scratch);
    reader->failed |= reader->scratch.failed;
    if (error.bytes == NULL) {
        update_bool(update, FIELD_SUCCESS, isnan(item->end_ms) ? TRI_UNSET : TRI_TRUE);
        return;
    }
    update_bool(update, FIELD_SUCCESS, TRI_FALSE);
    if (item->producer != OTLP_CLAUDE || whole) {
        update_text(update, FIELD_ERROR, error);
        return;
    }
    /* Its files have a better class of the error: an exit code. */
    struct update inferred = *update;
    inferred.present = 0;
    inferred.precedence = PRECEDENCE_INFERRED;
    update_text(&inferred, FIELD_ERROR, error);
    otlp_send(reader, &inferred);
}

static void put_args(struct otlp_reader *reader, const struct otlp_item *item, enum otlp_kind kind,
                     struct update *update)
{
    strbuf_clear(&reader->args);
    update_number(
        update, FIELD_INPUT_HASH,
        otlp_args(item, &item->span->attributes, kind, reader->ingest->content, &reader->args));
    reader->failed |= reader->args.failed;
    update_text(update, FIELD_ARGS,
                (struct slice){reader->args.data, reader->args.failed ? 0 : reader->args.len});
}

struct slice otlp_last_part(struct slice text)
{
    size_t at = text.len;
    while (at > 0 && text.bytes[at - 1] != '.' && text.bytes[at - 1] != ':') {
        at--;
    }
    return (struct slice){text.bytes == NULL ? NULL : text.bytes + at, text.len - at};
}

/* An id that only one call of the session has becomes one more id of it. Some gateways answer every
   request with the same. */
static void put_alias(struct otlp_reader *reader, uint32_t node, struct slice id,
                      struct update *update)
{
    const struct otlp_id *span = &node_at(reader, node)->id;
    uint64_t hash = otlp_hash(otlp_hash(3, update->session_id), id);
    uint64_t own = otlp_hash(hash, (struct slice){(const char *)span, sizeof *span});
    if (id.bytes != NULL && (otlp_is_noted(reader, own) || otlp_is_new(reader, hash))) {
        (void)otlp_is_new(reader, own);
        update_text(update, FIELD_ALIAS, id);
    }
}

/* Sets the id under which a log was sent, where it has no id of the span. Returns whether there is
   one. */
static bool put_pair(struct otlp_reader *reader, const struct otlp_item *item, bool tool,
                     struct update *update, char room[CALL_PAIR_ID])
{
    if (item->producer != OTLP_GEMINI || isnan(item->end_ms)) {
        return false;
    }
    struct slice group = {NULL, 0};
    if (update_has(update, FIELD_PARENT_ID)) {
        group = update->values[FIELD_PARENT_ID].text;
    }
    struct slice pair =
        otlp_pair_of(reader, item, tool, update->session_id, update->id, group, room);
    update_text(update, FIELD_ALIAS, pair);
    return pair.bytes != NULL;
}

/* ---- calls by kind ---- */

/* Claude Code's span has the attempts of its last round; files have those of all rounds. */
static void send_attempts(struct otlp_reader *reader, const struct update *of,
                          const double *attempts, size_t count)
{
    struct update update = *of;
    update.present = 0;
    update.precedence = PRECEDENCE_INFERRED;
    update_times(&update, FIELD_ATTEMPTS, attempts, count);
    if (count > 0) {
        otlp_send(reader, &update);
    }
}

/* Whether the span of a request failed that others know more of. */
static bool has_failed(struct otlp_reader *reader, const struct otlp_item *item)
{
    if (item->producer == OTLP_CLAUDE) {
        return otlp_found_truth(item->found, MEANS_SUCCESS) == 0;
    }
    strbuf_clear(&reader->scratch);
    bool failed = item->producer == OTLP_OPENCODE &&
                  otlp_figures_error(item, true, &reader->scratch).bytes != NULL;
    reader->failed |= reader->scratch.failed;
    return failed;
}

static void take_request(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node,
                         struct update *update)
{
    double attempts[ATTEMPTS_MAX];
    size_t count = otlp_figures_attempts(item, attempts, ATTEMPTS_MAX);
    double setup_ms = otlp_found_number(item->found, MEANS_SETUP);
    bool bad = false;
    char room[CALL_PAIR_ID];
    bool failed = has_failed(reader, item);
    if (failed) {
        /* Claude Code's files have all rounds of attempts and the API's status, the span its last
           round. OpenCode's span is one attempt. */
        update->precedence = PRECEDENCE_INFERRED;
    }
    update->kind = CALL_REQUEST;
    update_text(update, FIELD_MODEL, otlp_found_text(item->found, MEANS_MODEL));
    update_text(update, FIELD_QUERY_SOURCE, otlp_found_text(item->found, MEANS_QUERY_SOURCE));
    otlp_figures_tokens(item, update);
    double ttft_ms = otlp_figures_ttft(item, &bad);
    update_number(update, FIELD_TTFT_MS, ttft_ms);
    otlp_count_ttft(reader, bad);
    /* Qwen Code reports how many attempts there were and when the last one began. */
    if (count == 0 && otlp_found_number(item->found, MEANS_ATTEMPT) >= 2 && setup_ms > 0 &&
        !isnan(item->start_ms)) {
        attempts[count++] = item->start_ms;
        attempts[count++] = item->start_ms + setup_ms;
    }
    if (item->producer == OTLP_CLAUDE) {
        send_attempts(reader, update, attempts, count);
    } else {
        update_times(update, FIELD_ATTEMPTS, attempts, count);
    }
    update_number(update, FIELD_SETUP_MS, setup_ms);
    otlp_put_outcome(reader, item, false, update);
    if (item->producer == OTLP_CLAUDE) {
        put_alias(reader, node, otlp_found_text(item->found, MEANS_REQUEST_ID), update);
    }
    (void)put_pair(reader, item, false, update, room);
    otlp_send(reader, update);
    otlp_take_http_attempts(reader, node, update, ttft_ms,
                            count > 0 || item->producer == OTLP_OPENCODE);
    if (item->producer == OTLP_OPENCODE) {
        otlp_take_attempt(reader, node, update, failed);
    }
}

static struct slice tool_name(const struct otlp_item *item)
{
    static const char prefix[] = "opencode.tool ";
    struct slice name = otlp_found_text(item->found, MEANS_TOOL_NAME);
    if (name.bytes == NULL) {
        const struct otlp_value *entity =
            otlp_attribute(&item->span->attributes, "traceloop.entity.name");
        name = entity == NULL ? name : otlp_value_text(entity);
    }
    if (name.bytes == NULL) {
        name = item->span->name;
        if (slice_begins(name, prefix)) {
            name = (struct slice){name.bytes + sizeof prefix - 1, name.len - (sizeof prefix - 1)};
        }
    }
    return name;
}

/* Sends one more id of the call of `node`: that of another span, which is a part of it. */
static void send_part(struct otlp_reader *reader, struct slice session, uint32_t node,
                      uint32_t part)
{
    char room[OTLP_ID_TEXT], part_room[OTLP_ID_TEXT];
    struct update update = otlp_update(reader, UPDATE_CALL, session);
    update.kind = CALL_TOOL;
    update.id = otlp_call_id(&node_at(reader, node)->id, room);
    update_text(&update, FIELD_ALIAS, otlp_call_id(&node_at(reader, part)->id, part_room));
    otlp_send(reader, &update);
}

static struct slice wait_id(struct slice call, char *room, size_t size)
{
    int len = snprintf(room, size, "wait:%.*s", (int)call.len, call.bytes);
    return (struct slice){room, (size_t)len < size ? (size_t)len : size - 1};
}

/* Files and hooks call a wait after the call that it holds up. */
static void send_wait_alias(struct otlp_reader *reader, struct slice session, uint32_t tool)
{
    char id_room[OTLP_ID_TEXT], room[OTLP_ID_TEXT + 8], alias_room[OTLP_CALL_BYTES + 8];
    const struct otlp_node *node = node_at(reader, tool);
    if (node->call[0] == '\0' || (node->flags & NODE_WAITED) == 0 ||
        (node->flags & NODE_KNOWN) == 0) {
        return;
    }
    struct update update = otlp_update(reader, UPDATE_CALL, session);
    update.kind = CALL_WAIT;
    update.id = wait_id(otlp_call_id(&node->id, id_room), room, sizeof room);
    update_text(
        &update, FIELD_ALIAS,
        wait_id((struct slice){node->call, strlen(node->call)}, alias_room, sizeof alias_room));
    otlp_send(reader, &update);
}

static void take_tool(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node,
                      struct update *update)
{
    uint32_t above = node_at(reader, node)->parent;
    struct slice name = tool_name(item), session = update->session_id;
    char room[CALL_PAIR_ID];
    update->kind = CALL_TOOL;
    if (slice_begins(name, "(merged")) {
        return; /* a sum of calls that have spans of their own */
    }
    update_text(update, FIELD_NAME, name);
    if (item->producer == OTLP_CLAUDE) {
        /* Its span has no outcome: a part of it, the execution, does. */
        update_bool(update, FIELD_SUCCESS, TRI_UNSET);
    } else {
        otlp_put_outcome(reader, item, true, update);
    }
    if (item->producer == OTLP_OPENCODE) { /* it has two spans for each call */
        update_text(update, FIELD_ALIAS, otlp_found_text(item->found, MEANS_TOOL_CALL_ID));
    } else if (item->producer == OTLP_CLAUDE || item->producer == OTLP_QWEN ||
               item->producer == OTLP_GEMINI) {
        put_alias(reader, node, otlp_found_text(item->found, MEANS_TOOL_CALL_ID), update);
    }
    otlp_send(reader, update);
    struct update pair = *update;
    if (put_pair(reader, item, true, &pair, room)) {
        pair.present = (uint64_t)1 << FIELD_ALIAS;
        otlp_send(reader, &pair);
    }
    otlp_take_child(reader, &item->span->attributes, item->producer, name, update);
    send_wait_alias(reader, session, node);
    if ((node_at(reader, node)->flags & NODE_MCP) != 0 && above != OTLP_NO_NODE &&
        node_at(reader, above)->kind == OTLP_TOOL &&
        (node_at(reader, above)->flags & NODE_KNOWN) != 0) {
        send_part(reader, session, above, node);
    }
    for (uint32_t in = node_at(reader, node)->first_child; in != OTLP_NO_NODE;
         in = node_at(reader, in)->next) {
        const uint8_t part = NODE_MCP | NODE_KNOWN;
        if ((node_at(reader, in)->flags & part) == part && node_at(reader, in)->kind == OTLP_TOOL) {
            send_part(reader, session, node, in);
        }
    }
}

/* The execution of a tool's call reports its outcome, as the call's own span does not. Calls below
   the execution are below the call. */
static void take_execution(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node,
                           const struct update *update)
{
    char room[OTLP_ID_TEXT], part_room[OTLP_ID_TEXT];
    uint32_t above = node_at(reader, node)->parent;
    if (above == OTLP_NO_NODE) {
        return;
    }
    struct update tool = otlp_update(reader, UPDATE_CALL, update->session_id);
    tool.kind = CALL_TOOL;
    tool.id = otlp_call_id(&node_at(reader, above)->id, room);
    update_text(&tool, FIELD_ALIAS, otlp_call_id(&node_at(reader, node)->id, part_room));
    otlp_put_outcome(reader, item, true, &tool);
    otlp_send(reader, &tool);
}

void otlp_note_decision(struct otlp_reader *reader, uint32_t node, struct slice id,
                        struct update *update)
{
    struct otlp_node *wait = node_at(reader, node);
    if (wait->call[0] == '\0' && id.len < sizeof wait->call) {
        memcpy(wait->call, id.bytes, id.len);
        wait->call[id.len] = '\0';
    }
    if (wait->kind == OTLP_WAIT && wait->parent != OTLP_NO_NODE) {
        const struct otlp_id *tool = &node_at(reader, wait->parent)->id;
        update_text(update, FIELD_ALIAS, otlp_call_id(tool, reader->decision_room));
    }
}

/* A log has named the call that the node's span is a part of, before that span came. */
static void join_decision(struct otlp_reader *reader, uint32_t node, struct slice session)
{
    const struct otlp_node *wait = node_at(reader, node);
    char room[OTLP_ID_TEXT];
    if (wait->call[0] == '\0' || wait->parent == OTLP_NO_NODE) {
        return;
    }
    struct update update = otlp_update(reader, UPDATE_CALL, session);
    update.kind = CALL_TOOL;
    update.id = otlp_call_id(&node_at(reader, wait->parent)->id, room);
    update_text(&update, FIELD_ALIAS, (struct slice){wait->call, strlen(wait->call)});
    otlp_send(reader, &update);
}

static void take_wait(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node,
                      const struct update *update)
{
    char id_room[OTLP_ID_TEXT], room[OTLP_ID_TEXT + 8];
    struct slice source = otlp_found_text(item->found, MEANS_DECISION_SOURCE);
    struct slice decision = otlp_found_text(item->found, MEANS_DECISION);
    uint32_t tool = node_at(reader, node)->parent;
    join_decision(reader, node, update->session_id);
    if (!slice_begins(source, "user")) {
        return; /* a rule or a hook decided: nobody was asked */
    }
    struct update wait = *update;
    wait.kind = CALL_WAIT;
    update_text(&wait, FIELD_CONTEXT, (struct slice){"Permission", 10});
    update_text(&wait, FIELD_DECISION, decision);
    update_text(&wait, FIELD_DECISION_SOURCE, source);
    if (tool != OTLP_NO_NODE) {
        wait.id = wait_id(otlp_call_id(&node_at(reader, tool)->id, id_room), room, sizeof room);
        node_at(reader, tool)->flags |= NODE_WAITED;
    }
    otlp_send(reader, &wait);
    if (tool != OTLP_NO_NODE) {
        send_wait_alias(reader, update->session_id, tool);
        if (slice_is(decision, "reject")) {
            struct update call = otlp_update(reader, UPDATE_CALL, update->session_id);
            char tool_room[OTLP_ID_TEXT];
            call.kind = CALL_TOOL;
            call.id = otlp_call_id(&node_at(reader, tool)->id, tool_room);
            update_number(&call, FIELD_OUTCOME, OUTCOME_REFUSED);
            otlp_send(reader, &call);
        }
    }
}

static void take_other(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node,
                       struct update *update)
{
    switch ((enum otlp_kind)node_at(reader, node)->kind) {
    case OTLP_INTERACTION:
        update->kind = CALL_INTERACTION;
        update->agent_id = (struct slice){NULL, 0};
        update_number(update, FIELD_PROMPT_LENGTH,
                      otlp_found_number(item->found, MEANS_PROMPT_LENGTH));
        break;
    case OTLP_AGENT:
    case OTLP_WORKFLOW: otlp_take_agent(reader, item, node, update); break;
    case OTLP_STRUCTURE:
    case OTLP_OTHER:
    case OTLP_INSTANT:
    case OTLP_NO_SPAN:
    case OTLP_REQUEST:
    case OTLP_TOOL:
    case OTLP_EXECUTION:
    case OTLP_WAIT:
    default: update_text(update, FIELD_NAME, item->span->name); break;
    }
    if (update->kind == CALL_INTERACTION) { /* a claim: the correlator knows whether it counts */
        otlp_figures_tokens(item, update);
    }
    otlp_put_outcome(reader, item, true, update);
    otlp_send(reader, update);
}

/* ---- marks ---- */

/* A compaction of the conversation: a mark, or a range where its end is known. */
static void send_compaction(struct otlp_reader *reader, const struct update *of, double start_ms,
                            double end_ms)
{
    char room[OTLP_ID_TEXT + 16];
    struct update update = otlp_update(reader, UPDATE_CALL, of->session_id);
    int len = snprintf(room, sizeof room, "compact:%.*s", (int)of->id.len, of->id.bytes);
    update.kind = CALL_SPAN;
    update.id = (struct slice){room, (size_t)len};
    update_text(&update, FIELD_PARENT_ID, of->id);
    update_text(&update, FIELD_NAME, (struct slice){"compact", 7});
    update_number(&update, FIELD_START_MS, start_ms);
    update_number(&update, FIELD_END_MS, end_ms);
    otlp_send(reader, &update);
}

/* Something that happened to the session within the span: its name is the event's last part. */
static void send_mark(struct otlp_reader *reader, const struct update *of, struct slice name,
                      double at_ms)
{
    char room[OTLP_ID_TEXT + 64];
    struct update update = otlp_update(reader, UPDATE_CALL, of->session_id);
    struct slice part = otlp_last_part(name);
    int len = snprintf(room, sizeof room, "%.*s:%.3f:%.*s", (int)(part.len < 24 ? part.len : 24),
                       part.bytes, at_ms, (int)of->id.len, of->id.bytes);
    update.kind = CALL_SPAN;
    update.id = (struct slice){room, (size_t)len < sizeof room ? (size_t)len : sizeof room - 1};
    update_text(&update, FIELD_PARENT_ID, of->id);
    update_text(&update, FIELD_NAME, part);
    update_number(&update, FIELD_START_MS, at_ms);
    update_number(&update, FIELD_END_MS, at_ms);
    otlp_send(reader, &update);
}

static void take_marks(struct otlp_reader *reader, const struct otlp_item *item,
                       const struct update *update)
{
    double start_ms = (double)NAN, end_ms = (double)NAN;
    if (otlp_found_truth(item->found, MEANS_COMPACTED) == 1) {
        start_ms = end_ms = item->start_ms;
    }
    for (size_t i = 0; i < item->span->event_count; i++) {
        const struct otlp_event *event = &item->span->events[i];
        double at_ms = (double)event->time_ns / 1e6;
        if (slice_is(event->name, "github.copilot.session.compaction_start")) {
            start_ms = at_ms;
        } else if (slice_is(event->name, "github.copilot.session.compaction_complete")) {
            end_ms = at_ms;
        } else if (slice_begins(event->name, "github.copilot.")) {
            send_mark(reader, update, event->name, at_ms);
        }
    }
    if (!isnan(start_ms)) {
        send_compaction(reader, update, start_ms, isnan(end_ms) ? start_ms : end_ms);
    }
}

/* ---- all kinds ---- */

void otlp_take_call(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node,
                    struct update *update)
{
    put_args(reader, item, (enum otlp_kind)node_at(reader, node)->kind, update);
    switch ((enum otlp_kind)node_at(reader, node)->kind) {
    case OTLP_REQUEST: take_request(reader, item, node, update); break;
    case OTLP_TOOL: take_tool(reader, item, node, update); break;
    case OTLP_EXECUTION: take_execution(reader, item, node, update); break;
    case OTLP_WAIT: take_wait(reader, item, node, update); break;
    case OTLP_STRUCTURE:
    case OTLP_OTHER:
    case OTLP_AGENT:
    case OTLP_WORKFLOW:
    case OTLP_INTERACTION:
    case OTLP_INSTANT:
    case OTLP_NO_SPAN:
    default: take_other(reader, item, node, update); break;
    }
    take_marks(reader, item, update);
}
