/* Agents. One run of an agent is a span. A run without an agent above it is a turn of the session's
   main agent, which is called by its name. Any other has a row, whose id is its span's. While
   nobody knows what is above a run it has a row too: it is live, and most runs of that kind have an
   agent above them.

   A CLIENT span directly around an INTERNAL one of the same agent is the same run. */
#include "ingest/otlp/otlp_reader_private.h"

#include "core/base/mask.h"
#include "core/base/utf8.h"

#include <string.h>

/* INSIDE_MAX: spans below a run that are looked at for the same run. SAME_MAX: runs in each other
   that are the same. PLACE_COST: the steps that placing an agent counts for. */
enum { INSIDE_MAX = 512, SAME_MAX = 4, PLACE_COST = 16, NAME_BYTES = 200 };

static struct slice text_of(const struct otlp_reader *reader, intern_id id)
{
    size_t len;
    if (id == INTERN_NONE) {
        return (struct slice){NULL, 0};
    }
    const char *text = intern_text(swarm_names(reader->ingest->swarm), id, &len);
    return (struct slice){text, len};
}

static bool is_agent(const struct otlp_node *node)
{
    return node->kind == OTLP_AGENT || node->kind == OTLP_WORKFLOW;
}

/* Returns the nearest agent above the node; OTLP_NO_NODE: none is known. *whole is set if all that
   is above it is known, and is no turn or tool of the main agent: a run in these is another's. */
static uint32_t agent_above(const struct otlp_tree *tree, uint32_t node, bool *whole)
{
    uint32_t at = tree->nodes[node].parent;
    bool called = false;
    for (unsigned depth = 0; at != OTLP_NO_NODE && depth < OTLP_TREE_DEPTH; depth++) {
        const struct otlp_node *above = &tree->nodes[at];
        if ((above->flags & (NODE_KNOWN | NODE_OPEN)) == 0) {
            *whole = tree->nodes[node].remote && !called; /* all of what its process sends */
            return OTLP_NO_NODE;
        }
        if (is_agent(above)) {
            return at;
        }
        called |= above->kind == OTLP_INTERACTION || above->kind == OTLP_TOOL;
        node = at;
        at = above->parent;
    }
    *whole = at == OTLP_NO_NODE && !called;
    return OTLP_NO_NODE;
}

/* Returns the node of the same run: around it, or inside it; OTLP_NO_NODE: none. */
static uint32_t same_run(const struct otlp_tree *tree, uint32_t at)
{
    const struct otlp_node *node = &tree->nodes[at];
    const struct otlp_node *around =
        node->parent == OTLP_NO_NODE ? NULL : &tree->nodes[node->parent];
    if (around != NULL && is_agent(around) && (around->flags & NODE_CLIENT) != 0 &&
        around->name == node->name) {
        return node->parent;
    }
    unsigned left = INSIDE_MAX;
    for (uint32_t in = node->first_child;
         (node->flags & NODE_CLIENT) != 0 && in != OTLP_NO_NODE && left-- > 0;
         in = tree->nodes[in].next) {
        const struct otlp_node *inside = &tree->nodes[in];
        /* One whose row is decided: else it will get this one's. */
        if (is_agent(inside) && (inside->flags & (NODE_ROW | NODE_DECIDING)) == NODE_ROW &&
            inside->name == node->name) {
            return in;
        }
    }
    return OTLP_NO_NODE;
}

/* Decides on the row of an agent's run, and on those of the agents above it. */
static void decide(struct otlp_reader *reader, uint32_t at, unsigned depth);

static void choose_row(struct otlp_reader *reader, uint32_t at, unsigned depth)
{
    struct otlp_tree *tree = &reader->tree;
    bool whole = true;
    char room[OTLP_ID_TEXT];
    uint32_t same = same_run(tree, at);
    if (same != OTLP_NO_NODE) {
        decide(reader, same, depth + 1);
        tree->nodes[at].agent = tree->nodes[same].agent;
        return;
    }
    uint32_t above = agent_above(tree, at, &whole);
    if (above == OTLP_NO_NODE && whole) {
        return; /* the main agent's */
    }
    if (above != OTLP_NO_NODE && tree->nodes[at].kind == OTLP_WORKFLOW) {
        tree->nodes[at].kind = OTLP_STRUCTURE;
        return;
    }
    if (tree->nodes[at].agent == INTERN_NONE) {
        struct slice id = otlp_call_id(&tree->nodes[at].id, room);
        intern_id agent = intern_put(swarm_names(reader->ingest->swarm), id.bytes, id.len);
        reader->failed |= agent == INTERN_FAILED;
        tree->nodes[at].agent = agent == INTERN_FAILED ? INTERN_NONE : agent;
    }
}

static void decide(struct otlp_reader *reader, uint32_t at, unsigned depth)
{
    struct otlp_tree *tree = &reader->tree;
    if ((tree->nodes[at].flags & NODE_ROW) != 0 || depth > OTLP_TREE_DEPTH) {
        return;
    }
    tree->nodes[at].flags |= NODE_ROW | NODE_DECIDING;
    choose_row(reader, at, depth);
    tree->nodes[at].flags &= (uint16_t)~NODE_DECIDING;
}

/* Returns the row of the nearest other agent above; bytes NULL: the main agent's, or none is known.
   Spans that are the same run are few: a chain of more is not followed. */
static struct slice parent_row(struct otlp_reader *reader, uint32_t at)
{
    bool whole = true;
    intern_id own = reader->tree.nodes[at].agent, row = own;
    for (unsigned depth = 0; row == own && depth < SAME_MAX; depth++) {
        at = agent_above(&reader->tree, at, &whole);
        if (at == OTLP_NO_NODE) {
            return (struct slice){NULL, 0};
        }
        decide(reader, at, 0);
        row = reader->tree.nodes[at].agent;
    }
    return row == own ? (struct slice){NULL, 0} : text_of(reader, row);
}

static struct update agent_update(const struct otlp_reader *reader, struct slice session,
                                  struct slice agent)
{
    struct update update = otlp_update(reader, UPDATE_AGENT, session);
    update.agent_id = agent;
    return update;
}

/* Whether the text is "#", a number, and perhaps "-" and another number. */
static bool is_turn(struct slice text)
{
    size_t digits = 0;
    for (size_t i = 1; i < text.len; i++) {
        bool digit = text.bytes[i] >= '0' && text.bytes[i] <= '9';
        if (!digit && !(text.bytes[i] == '-' && digits > 0)) {
            return false;
        }
        digits += digit;
    }
    return digits > 0;
}

struct slice otlp_gemini_agent(const struct otlp_found *found)
{
    struct slice id = otlp_found_text(found, MEANS_PROMPT_ID);
    if (id.bytes == NULL) {
        id = otlp_found_text(found, MEANS_TOOL_CALL_ID);
    }
    const char *hash = id.len == 0 ? NULL : memchr(id.bytes, '#', id.len);
    size_t len = hash == NULL ? 0 : (size_t)(hash - id.bytes);
    /* The main agent's prompts are SESSION########NUMBER. */
    return len > 0 && is_turn((struct slice){hash, id.len - len}) ? (struct slice){id.bytes, len}
                                                                  : (struct slice){NULL, 0};
}

/* The name of the agent whose run the span is. Gemini's is the client's own. */
static struct slice agent_name(const struct otlp_item *item)
{
    struct slice name = item->producer == OTLP_GEMINI
                            ? (struct slice){NULL, 0}
                            : otlp_found_text(item->found, MEANS_AGENT_NAME);
    static const char *const prefixes[] = {"agent_run [", "invoke_agent "};
    static const char *const suffixes[] = {".agent", ".workflow", "]"};
    if (name.bytes != NULL) {
        return name;
    }
    name = item->span->name;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t len = strlen(prefixes[i]);
        if (slice_begins(name, prefixes[i]) && name.len > len) {
            name = (struct slice){name.bytes + len, name.len - len};
        }
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t len = strlen(suffixes[i]);
        if (name.len > len && memcmp(name.bytes + name.len - len, suffixes[i], len) == 0) {
            name.len -= len;
        }
    }
    return name;
}

/* Notes a run's name, and the id that only some producers have for it. */
static void note_names(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node)
{
    struct intern *names = swarm_names(reader->ingest->swarm);
    struct slice name = agent_name(item), own = {NULL, 0};
    const struct otlp_value *id = otlp_attribute(&item->span->attributes, "gen_ai.agent.id");
    if (id == NULL) { /* its logs have this one */
        id = otlp_attribute(&item->span->attributes, "qwen-code.subagent.id");
    }
    if (item->producer == OTLP_QWEN && id != NULL) {
        own = otlp_value_text(id);
    }
    name.len = name.len == 0 ? 0 : mask_cut(name.bytes, name.len, NAME_BYTES);
    own.len = own.len == 0 ? 0 : utf8_cut(own.bytes, own.len, NAME_BYTES);
    intern_id name_id = intern_put(names, name.bytes == NULL ? "" : name.bytes, name.len);
    intern_id own_id = own.bytes == NULL ? INTERN_NONE : intern_put(names, own.bytes, own.len);
    reader->failed |= name_id == INTERN_FAILED || own_id == INTERN_FAILED;
    if (reader->tree.nodes[node].name == INTERN_NONE) { /* a log may have named it */
        reader->tree.nodes[node].name = name_id == INTERN_FAILED ? INTERN_NONE : name_id;
    }
    if (own_id != INTERN_NONE && own_id != INTERN_FAILED) {
        reader->tree.nodes[node].agent = own_id;
    }
}

void otlp_note_agent(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node)
{
    if (is_agent(&reader->tree.nodes[node]) && (reader->tree.nodes[node].flags & NODE_ROW) == 0) {
        note_names(reader, item, node);
    }
}

void otlp_name_agent(struct otlp_reader *reader, uint32_t node, struct slice session,
                     struct slice name)
{
    struct otlp_node *of = &reader->tree.nodes[node];
    intern_id id = name.bytes == NULL
                       ? INTERN_NONE
                       : intern_put(swarm_names(reader->ingest->swarm), name.bytes, name.len);
    reader->failed |= id == INTERN_FAILED;
    if (id == INTERN_NONE || id == INTERN_FAILED) {
        return;
    }
    of->name = id;
    if ((of->flags & NODE_ROW) != 0 && of->agent != INTERN_NONE) {
        struct update agent = agent_update(reader, session, text_of(reader, of->agent));
        update_text(&agent, FIELD_TYPE, name);
        otlp_send(reader, &agent);
    }
}

/* Gives the run the producer's own id of its agent. The row that was made for its span is that
   one's, too. */
static void put_own_id(struct otlp_reader *reader, uint32_t at, struct slice session,
                       struct slice own)
{
    struct otlp_node *run = &reader->tree.nodes[at];
    intern_id was = run->agent, id;
    id = intern_put(swarm_names(reader->ingest->swarm), own.bytes, own.len);
    if (id == INTERN_FAILED || id == was) {
        reader->failed |= id == INTERN_FAILED;
        return;
    }
    run->agent = id;
    if ((run->flags & NODE_ROW) != 0 && was != INTERN_NONE) {
        struct update agent = agent_update(reader, session, own);
        update_text(&agent, FIELD_ALIAS, text_of(reader, was));
        otlp_send(reader, &agent);
    }
}

void otlp_own_agent(struct otlp_reader *reader, uint32_t node, struct slice session,
                    struct slice own)
{
    own.len = own.len == 0 ? 0 : utf8_cut(own.bytes, own.len, NAME_BYTES);
    if (node != OTLP_NO_NODE && own.len > 0) {
        put_own_id(reader, node, session, own);
    }
}

void otlp_take_agent(struct otlp_reader *reader, const struct otlp_item *item, uint32_t node,
                     struct update *update)
{
    decide(reader, node, 0);
    if (!is_agent(&reader->tree.nodes[node])) {
        update_text(update, FIELD_NAME, item->span->name);
        return;
    }
    struct slice row = text_of(reader, reader->tree.nodes[node].agent);
    struct slice name = text_of(reader, reader->tree.nodes[node].name);
    struct update agent = agent_update(reader, update->session_id, row);
    update->kind = CALL_INTERACTION;
    update->agent_id = row;
    bool entered = row.bytes == NULL && reader->tree.nodes[node].remote; /* a caller may come */
    if (item->producer == OTLP_GEMINI || entered) { /* Gemini's log has a better one */
        struct update named = agent;
        named.precedence = PRECEDENCE_INFERRED;
        update_text(&named, FIELD_TYPE, name);
        otlp_send(reader, &named);
    } else {
        update_text(&agent, FIELD_TYPE, name);
    }
    if (row.bytes != NULL) {
        update_text(&agent, FIELD_PARENT_AGENT_ID, parent_row(reader, node));
        update_number(&agent, FIELD_START_MS, item->start_ms);
        update_number(&agent, FIELD_END_MS, item->end_ms);
    }
    if (agent.present != 0) {
        otlp_send(reader, &agent);
    }
}

/* Whether the row is one that was made for a span, not the producer's own. */
static bool is_of_span(struct slice row)
{
    return row.len == 2 * sizeof(struct otlp_id) + 1 && row.bytes[2 * OTLP_SPAN_ID_BYTES] == '/';
}

/* Nothing is above the run: it is a turn of the main agent, and so is all on its row. */
static bool join_main(struct otlp_reader *reader, uint32_t at, struct slice session,
                      struct slice row)
{
    bool whole = true;
    if (!is_of_span(row) || reader->tree.nodes[at].kind != OTLP_AGENT ||
        agent_above(&reader->tree, at, &whole) != OTLP_NO_NODE || !whole) {
        return false;
    }
    struct update agent = agent_update(reader, session, (struct slice){NULL, 0});
    update_text(&agent, FIELD_ALIAS, row);
    otlp_send(reader, &agent);
    reader->tree.nodes[at].agent = INTERN_NONE;
    return true;
}

/* A run that was the main agent's, as far as was known, has got an agent above it. */
static void leave_main(struct otlp_reader *reader, uint32_t at, struct slice session)
{
    struct otlp_node *node = &reader->tree.nodes[at];
    char room[OTLP_ID_TEXT];
    node->flags &= (uint16_t)~NODE_ROW;
    decide(reader, at, 0);
    struct slice row = text_of(reader, node->agent);
    if (row.bytes == NULL) {
        return;
    }
    struct update agent = agent_update(reader, session, row);
    update_text(&agent, FIELD_TYPE, text_of(reader, node->name));
    otlp_send(reader, &agent);
    struct update run = otlp_update(reader, UPDATE_CALL, session);
    run.kind = CALL_INTERACTION;
    run.id = otlp_call_id(&node->id, room);
    run.agent_id = row;
    otlp_send(reader, &run);
}

void otlp_place_agent(struct otlp_reader *reader, uint32_t at, struct slice session)
{
    const struct otlp_node *node = &reader->tree.nodes[at];
    if ((node->flags & NODE_ROW) != 0 && node->agent == INTERN_NONE && is_agent(node)) {
        leave_main(reader, at, session);
    }
    struct slice row = text_of(reader, node->agent);
    if ((node->flags & NODE_ROW) == 0 || row.bytes == NULL || join_main(reader, at, session, row)) {
        return;
    }
    struct update agent = agent_update(reader, session, row);
    struct slice parent = parent_row(reader, at);
    if (parent.bytes != NULL) {
        update_text(&agent, FIELD_PARENT_AGENT_ID, parent);
        otlp_send(reader, &agent);
    }
}

void otlp_place_agents(struct otlp_reader *reader, uint32_t top, struct slice session)
{
    struct otlp_tree *tree = &reader->tree;
    uint32_t at = tree->nodes[top].first_child;
    while (at != OTLP_NO_NODE && reader->steps_left > 0) {
        reader->steps_left--;
        bool agent = is_agent(&tree->nodes[at]) && (tree->nodes[at].flags & NODE_KNOWN) != 0;
        if (agent) {
            otlp_place_agent(reader, at, session);
            reader->steps_left -= reader->steps_left < PLACE_COST ? reader->steps_left : PLACE_COST;
        }
        uint32_t next = agent ? OTLP_NO_NODE : tree->nodes[at].first_child;
        while (next == OTLP_NO_NODE && at != top) {
            next = tree->nodes[at].next;
            at = next == OTLP_NO_NODE ? tree->nodes[at].parent : at;
        }
        at = at == top && next == OTLP_NO_NODE ? OTLP_NO_NODE : next;
    }
}

void otlp_send_agent(struct otlp_reader *reader, struct slice session, struct slice agent,
                     struct slice type, struct slice parent)
{
    uint64_t hash = otlp_hash(otlp_hash(2, session), agent);
    hash = otlp_hash(hash + (type.bytes != NULL) + 2u * (parent.bytes != NULL), agent);
    if (agent.bytes == NULL || !otlp_is_new(reader, hash)) {
        return;
    }
    struct update update = agent_update(reader, session, agent);
    update_text(&update, FIELD_TYPE, type);
    update_text(&update, FIELD_PARENT_AGENT_ID, parent);
    otlp_send(reader, &update);
}
