/* Nodes and traces are two rings: a new one replaces the oldest. Ids are random, or made
   up by hand; a hash of all their bytes finds them, and the bytes are compared. */
#include "ingest/otlp/otlp_tree.h"

#include <string.h>
#include <xxhash.h>

static uint64_t hash_of(const void *id, size_t len)
{
    return XXH3_64bits(id, len);
}

bool otlp_tree_init(struct otlp_tree *tree, const struct mem *mem)
{
    *tree = (struct otlp_tree){.mem = mem};
    u64map_init(&tree->node_by_id, mem);
    u64map_init(&tree->trace_by_id, mem);
    return true;
}

void otlp_tree_release(struct otlp_tree *tree)
{
    mem_free(tree->mem, tree->nodes, tree->node_count * sizeof *tree->nodes);
    mem_free(tree->mem, tree->traces, tree->trace_count * sizeof *tree->traces);
    u64map_release(&tree->node_by_id);
    u64map_release(&tree->trace_by_id);
}

/* ---- traces ---- */

/* Doubles a ring that is full, up to its maximum. If out of memory, a ring that has some room stays
   as it is; false: it has none. */
static bool grow(const struct mem *mem, void *items_ptr, uint32_t *count, uint32_t next,
                 uint32_t max, size_t size)
{
    void **items = items_ptr;
    if (next < *count || *count == max) {
        return *count > 0;
    }
    uint32_t want = *count == 0 ? 64 : *count * 2;
    void *grown = mem->resize(mem->ctx, *items, *count * size, want * size);
    if (grown == NULL) {
        return *count > 0;
    }
    memset((char *)grown + *count * size, 0, (want - *count) * size);
    *items = grown;
    *count = want;
    return true;
}

static uint32_t put_trace(struct otlp_tree *tree, const uint8_t *id)
{
    uint64_t hash = hash_of(id, OTLP_TRACE_ID_BYTES);
    uint32_t at = u64map_get(&tree->trace_by_id, hash);
    if (at != U64MAP_NONE && memcmp(tree->traces[at].id, id, OTLP_TRACE_ID_BYTES) == 0) {
        return at;
    }
    if (!grow(tree->mem, &tree->traces, &tree->trace_count, tree->next_trace, OTLP_TRACES_MAX,
              sizeof *tree->traces)) {
        return OTLP_NO_NODE;
    }
    at = tree->next_trace % tree->trace_count;
    struct otlp_trace *trace = &tree->traces[at];
    if (!u64map_put(&tree->trace_by_id, hash, at)) {
        return OTLP_NO_NODE;
    }
    if (trace->used) {
        tree->forgotten_traces++;
        uint64_t old = hash_of(trace->id, sizeof trace->id);
        if (old != hash && u64map_get(&tree->trace_by_id, old) == at) {
            u64map_remove(&tree->trace_by_id, old);
        }
    }
    *trace = (struct otlp_trace){.used = true};
    memcpy(trace->id, id, sizeof trace->id);
    tree->next_trace = at + 1;
    return at;
}

struct otlp_trace *otlp_tree_trace(struct otlp_tree *tree, uint32_t at)
{
    struct otlp_node *node = &tree->nodes[at];
    struct otlp_trace *trace = &tree->traces[node->trace];
    if (memcmp(trace->id, node->id.trace, sizeof trace->id) != 0) { /* it was forgotten */
        uint32_t again = put_trace(tree, node->id.trace);
        if (again != OTLP_NO_NODE) {
            tree->nodes[at].trace = again;
            trace = &tree->traces[again];
        }
    }
    return trace;
}

/* ---- nodes ---- */

static void unlink_child(struct otlp_tree *tree, uint32_t at)
{
    struct otlp_node *node = &tree->nodes[at];
    if (node->parent == OTLP_NO_NODE) {
        return;
    }
    if (node->prev != OTLP_NO_NODE) {
        tree->nodes[node->prev].next = node->next;
    } else {
        tree->nodes[node->parent].first_child = node->next;
    }
    if (node->next != OTLP_NO_NODE) {
        tree->nodes[node->next].prev = node->prev;
    }
    node->parent = node->next = node->prev = OTLP_NO_NODE;
}

static void forget(struct otlp_tree *tree, uint32_t at)
{
    struct otlp_node *node = &tree->nodes[at];
    uint64_t hash = hash_of(&node->id, sizeof node->id);
    unlink_child(tree, at);
    while (node->first_child != OTLP_NO_NODE) {
        unlink_child(tree, node->first_child);
    }
    if (u64map_get(&tree->node_by_id, hash) == at) {
        u64map_remove(&tree->node_by_id, hash);
    }
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    size_t i = 0;
    while (i < len && bytes[i] == 0) {
        i++;
    }
    return i == len;
}

uint32_t otlp_tree_find(const struct otlp_tree *tree, const struct otlp_id *id)
{
    uint32_t at = u64map_get(&tree->node_by_id, hash_of(id, sizeof *id));
    return at != U64MAP_NONE && memcmp(&tree->nodes[at].id, id, sizeof *id) == 0 ? at
                                                                                 : OTLP_NO_NODE;
}

uint32_t otlp_tree_put(struct otlp_tree *tree, const struct otlp_id *id)
{
    uint32_t at = otlp_tree_find(tree, id);
    if (at != OTLP_NO_NODE || is_zero(id->span, sizeof id->span) ||
        is_zero(id->trace, sizeof id->trace)) {
        return at;
    }
    uint32_t trace = put_trace(tree, id->trace);
    if (trace == OTLP_NO_NODE || !grow(tree->mem, &tree->nodes, &tree->node_count, tree->next_node,
                                       OTLP_NODES_MAX, sizeof *tree->nodes)) {
        return OTLP_NO_NODE;
    }
    at = tree->next_node % tree->node_count;
    struct otlp_node *node = &tree->nodes[at];
    if (!is_zero(node->id.trace, sizeof node->id.trace)) {
        tree->forgotten_nodes++;
        forget(tree, at);
    }
    *node = (struct otlp_node){.parent = OTLP_NO_NODE,
                               .first_child = OTLP_NO_NODE,
                               .next = OTLP_NO_NODE,
                               .prev = OTLP_NO_NODE};
    if (!u64map_put(&tree->node_by_id, hash_of(id, sizeof *id), at)) {
        return OTLP_NO_NODE;
    }
    node->id = *id;
    node->trace = trace;
    tree->next_node = at + 1;
    return at;
}

/* Whether the node lies in the other one, or is it. Unless that is certain after so many steps as
   are left, it counts as such. */
static bool lies_in(struct otlp_tree *tree, uint32_t at, uint32_t other)
{
    if (tree->nodes[other].first_child == OTLP_NO_NODE) {
        return at == other;
    }
    for (unsigned depth = 0; at != OTLP_NO_NODE && at != other; depth++) {
        if (depth >= OTLP_TREE_DEPTH && tree->steps_left-- == 0) {
            tree->steps_left = 0;
            return true;
        }
        at = tree->nodes[at].parent;
    }
    return at == other;
}

void otlp_tree_link(struct otlp_tree *tree, uint32_t child, uint32_t parent)
{
    if (tree->nodes[child].parent != OTLP_NO_NODE || lies_in(tree, parent, child)) {
        return;
    }
    struct otlp_node *node = &tree->nodes[child], *of = &tree->nodes[parent];
    node->parent = parent;
    node->next = of->first_child;
    if (of->first_child != OTLP_NO_NODE) {
        tree->nodes[of->first_child].prev = child;
    }
    of->first_child = child;
}

void otlp_tree_move(struct otlp_tree *tree, uint32_t child, uint32_t parent)
{
    if (tree->nodes[child].parent != parent) {
        unlink_child(tree, child);
        otlp_tree_link(tree, child, parent);
    }
}
