/* Builds the tree of agents. Every agent has its id as a key; a main agent also has its session's
   id. These keys, sorted, are the index for parents, which are searched in the child's own session
   first. A process that was registered twice under one id has two keys; the later one before the
   child is used. The tree consists of links in one array of nodes and is written out without
   recursion. In a trace without agents, threads are below the rows of their processes. */
#include "core/query/query_private.h"

#include <stdlib.h>
#include <string.h>

struct agent_key {
    intern_id id;
    session_no session;
    agent_no agent;
};

struct tree_link {
    agent_no parent;
    agent_no first_child, next_sibling;
    uint32_t visit; /* cut_cycles: the walk that visited it; 0: none */
};

struct agent_tree {
    const struct swarm *swarm;
    struct agent_key *keys;
    size_t key_count;
    struct tree_link *nodes; /* indexed by agent_no */
    agent_no *order;         /* rows by sort index, then appearance */
    size_t agent_count, row_count;
    size_t processes; /* rows of processes, of all traces without agents */
};

/* Sorts; agents mostly appear in order already, and this runs for every frame. */
static void sort(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    const char *at = items;
    for (size_t i = 1; i < count; i++) {
        if (compare(at + (i - 1) * size, at + i * size) > 0) {
            qsort(items, count, size, compare);
            return;
        }
    }
}

/* ---- parents ---- */

static int by_key(const void *a, const void *b)
{
    const struct agent_key *x = a, *y = b;
    if (x->id != y->id) {
        return x->id < y->id ? -1 : 1;
    }
    if (x->session != y->session) {
        return x->session < y->session ? -1 : 1;
    }
    return (x->agent > y->agent) - (x->agent < y->agent);
}

static void add_key(struct agent_tree *tree, intern_id id, agent_no number)
{
    if (id != INTERN_NONE) {
        session_no session = swarm_agent(tree->swarm, number)->session;
        tree->keys[tree->key_count++] = (struct agent_key){id, session, number};
    }
}

static void gather_keys(struct agent_tree *tree)
{
    for (size_t i = 0; i < tree->row_count; i++) {
        agent_no number = tree->order[i];
        const struct agent *agent = swarm_agent(tree->swarm, number);
        const struct session *session = swarm_session(tree->swarm, agent->session);
        add_key(tree, agent->agent_id, number);
        if ((agent->flags & AGENT_MAIN) != 0 && session != NULL && session->id != agent->agent_id) {
            add_key(tree, session->id, number);
        }
    }
    sort(tree->keys, tree->key_count, sizeof *tree->keys, by_key);
}

/* Returns the index of the first key not before (id, session, 0). */
static size_t find_key(const struct agent_tree *tree, intern_id id, session_no session)
{
    struct agent_key key = {id, session, 0};
    size_t low = 0, high = tree->key_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_key(&tree->keys[middle], &key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Chooses among the keys of one id from `at`, in `session` (NO_SESSION: any). */
static agent_no pick_key(const struct agent_tree *tree, size_t at, intern_id id, session_no session,
                         agent_no child)
{
    agent_no picked = NO_AGENT;
    for (; at < tree->key_count && tree->keys[at].id == id; at++) {
        const struct agent_key *key = &tree->keys[at];
        if (session != NO_SESSION && key->session != session) {
            break;
        }
        if (key->agent != child && (picked == NO_AGENT || key->agent < child)) {
            picked = key->agent;
        }
    }
    return picked;
}

/* Returns true if the row of a process without spans of its own is worth a line: it has a name, or
   sets its threads apart from those of another. */
static bool shows_process(const struct agent_tree *tree, const struct agent *row)
{
    return tree->processes > 1 || row->name != INTERN_NONE || row->description != INTERN_NONE ||
           row->mark_first_ns <= row->mark_last_ns;
}

static agent_no find_parent(const struct agent_tree *tree, agent_no child)
{
    const struct agent *agent = swarm_agent(tree->swarm, child);
    const struct session *session = swarm_session(tree->swarm, agent->session);
    if (agent->process_row != NO_AGENT) {
        return shows_process(tree, swarm_agent(tree->swarm, agent->process_row))
                   ? agent->process_row
                   : NO_AGENT;
    }
    if (agent->parent_id == INTERN_NONE || session == NULL ||
        (session->flags & SESSION_AGENTS) == 0) {
        return NO_AGENT;
    }
    size_t at = find_key(tree, agent->parent_id, agent->session);
    agent_no parent = pick_key(tree, at, agent->parent_id, agent->session, child);
    if (parent != NO_AGENT) {
        return parent;
    }
    at = find_key(tree, agent->parent_id, 0);
    return pick_key(tree, at, agent->parent_id, NO_SESSION, child);
}

/* Each walk from an agent to its ancestors marks its nodes. A walk that meets its own mark has
   found a cycle and cuts it at the first member. */
static void cut_cycles(struct agent_tree *tree)
{
    for (size_t i = 0; i < tree->agent_count; i++) {
        uint32_t walk = (uint32_t)i + 1;
        agent_no at = (agent_no)i;
        while (at != NO_AGENT && tree->nodes[at].visit == 0) {
            tree->nodes[at].visit = walk;
            at = tree->nodes[at].parent;
        }
        if (at == NO_AGENT || tree->nodes[at].visit != walk) {
            continue;
        }
        agent_no first = at;
        for (agent_no next = tree->nodes[at].parent; next != at; next = tree->nodes[next].parent) {
            first = next < first ? next : first;
        }
        tree->nodes[first].parent = NO_AGENT;
    }
}

/* ---- rows ---- */

struct sort_key {
    size_t group;  /* sessions of agents are one group, each other session is one after it */
    unsigned rank; /* in a process, threads come before async spans */
    int64_t sort_index;
    agent_no agent;
};

static int by_sort_index(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    if (x->group != y->group) {
        return x->group < y->group ? -1 : 1;
    }
    if (x->rank != y->rank) {
        return x->rank < y->rank ? -1 : 1;
    }
    if (x->sort_index != y->sort_index) {
        return x->sort_index < y->sort_index ? -1 : 1;
    }
    return (x->agent > y->agent) - (x->agent < y->agent);
}

static struct sort_key sort_key_of(const struct swarm *swarm, agent_no number)
{
    const struct agent *agent = swarm_agent(swarm, number);
    const struct session *session = swarm_session(swarm, agent->session);
    bool threads = session != NULL && (session->flags & SESSION_AGENTS) == 0;
    return (struct sort_key){.group = threads ? (size_t)agent->session + 1 : 0,
                             .rank = (agent->flags & AGENT_ASYNC) != 0,
                             .sort_index = agent->sort_index,
                             .agent = number};
}

static bool sort_rows(struct agent_tree *tree)
{
    const struct mem *mem = swarm_mem(tree->swarm);
    struct sort_key *keys = mem_zalloc(mem, tree->agent_count, sizeof *keys);
    if (keys == NULL) {
        return false;
    }
    for (size_t i = 0; i < tree->agent_count; i++) {
        const struct agent *agent = swarm_agent(tree->swarm, (agent_no)i);
        tree->processes += (agent->flags & (AGENT_PROCESS | AGENT_DEAD)) == AGENT_PROCESS;
    }
    for (size_t i = 0; i < tree->agent_count; i++) {
        const struct agent *agent = swarm_agent(tree->swarm, (agent_no)i);
        bool shown = (agent->flags & AGENT_PROCESS) == 0 || shows_process(tree, agent);
        if ((agent->flags & AGENT_DEAD) == 0 && shown) {
            keys[tree->row_count++] = sort_key_of(tree->swarm, (agent_no)i);
        }
    }
    sort(keys, tree->row_count, sizeof *keys, by_sort_index);
    for (size_t i = 0; i < tree->row_count; i++) {
        tree->order[i] = keys[i].agent;
    }
    mem_free(mem, keys, tree->agent_count * sizeof *keys);
    return true;
}

/* Links the rows into lists of children in their order; returns the first root. */
static agent_no link_children(struct agent_tree *tree)
{
    agent_no root = NO_AGENT;
    for (size_t i = tree->row_count; i-- > 0;) {
        agent_no number = tree->order[i];
        agent_no parent = tree->nodes[number].parent;
        agent_no *list = parent == NO_AGENT ? &root : &tree->nodes[parent].first_child;
        tree->nodes[number].next_sibling = *list;
        *list = number;
    }
    return root;
}

static void write_rows(const struct agent_tree *tree, agent_no root, struct tree_row *rows)
{
    uint32_t depth = 0;
    agent_no at = root;
    for (size_t i = 0; i < tree->row_count; i++) {
        const struct tree_link *node = &tree->nodes[at];
        rows[i] = (struct tree_row){.agent = at,
                                    .parent = node->parent,
                                    .depth = depth,
                                    .last = node->next_sibling == NO_AGENT};
        if (node->first_child != NO_AGENT) {
            at = node->first_child;
            depth++;
            continue;
        }
        while (at != NO_AGENT && tree->nodes[at].next_sibling == NO_AGENT) {
            at = tree->nodes[at].parent;
            depth--;
        }
        at = at == NO_AGENT ? NO_AGENT : tree->nodes[at].next_sibling;
    }
}

/* From last to first, each row adds itself and its descendants to its parent's row; `visit` then
   holds the index of an agent's row. */
static void count_descendants(struct agent_tree *tree, struct tree_row *rows)
{
    for (size_t i = 0; i < tree->row_count; i++) {
        tree->nodes[rows[i].agent].visit = (uint32_t)i;
    }
    for (size_t i = tree->row_count; i-- > 0;) {
        if (rows[i].parent != NO_AGENT) {
            rows[tree->nodes[rows[i].parent].visit].descendants += rows[i].descendants + 1;
        }
    }
}

static bool build(struct agent_tree *tree)
{
    const struct mem *mem = swarm_mem(tree->swarm);
    tree->nodes = mem_zalloc(mem, tree->agent_count, sizeof *tree->nodes);
    tree->order = mem_zalloc(mem, tree->agent_count, sizeof *tree->order);
    tree->keys = mem_zalloc(mem, 2 * tree->agent_count, sizeof *tree->keys);
    if (tree->nodes == NULL || tree->order == NULL || tree->keys == NULL || !sort_rows(tree)) {
        return false;
    }
    gather_keys(tree);
    for (size_t i = 0; i < tree->agent_count; i++) {
        bool dead = (swarm_agent(tree->swarm, (agent_no)i)->flags & AGENT_DEAD) != 0;
        agent_no parent = dead ? NO_AGENT : find_parent(tree, (agent_no)i);
        tree->nodes[i] = (struct tree_link){parent, NO_AGENT, NO_AGENT, 0};
    }
    cut_cycles(tree);
    return true;
}

struct tree_row *query_tree(const struct swarm *swarm, size_t *count)
{
    const struct mem *mem = swarm_mem(swarm);
    struct agent_tree tree = {.swarm = swarm, .agent_count = swarm_agent_count(swarm)};
    struct tree_row *rows = NULL;
    *count = 0;
    if (tree.agent_count == 0) {
        return NULL;
    }
    bool good = build(&tree);
    if (good && tree.row_count > 0) {
        rows = mem_zalloc(mem, tree.row_count, sizeof *rows);
    }
    if (rows != NULL) {
        write_rows(&tree, link_children(&tree), rows);
        count_descendants(&tree, rows);
    }
    *count = good ? tree.row_count : tree.agent_count;
    mem_free(mem, tree.nodes, tree.agent_count * sizeof *tree.nodes);
    mem_free(mem, tree.order, tree.agent_count * sizeof *tree.order);
    mem_free(mem, tree.keys, 2 * tree.agent_count * sizeof *tree.keys);
    return rows;
}
