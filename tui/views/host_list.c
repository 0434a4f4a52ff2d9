/* A session's host is an interned text, so hosts are compared by number. */
#include "tui/views/host_list.h"

#include "core/base/u64map.h"
#include "core/query/clients.h"

#include <string.h>

/* One table instead of a switch: the group of each state. */
static const uint8_t groups[STATES] = {
    [STATE_WAIT] = HOST_WORKS,      [STATE_RETRY] = HOST_WORKS,       [STATE_SAMPLING] = HOST_WORKS,
    [STATE_TOOL] = HOST_WORKS,      [STATE_TOOL_OR_USER] = HOST_USER, [STATE_AGENTS] = HOST_WORKS,
    [STATE_USER] = HOST_USER,       [STATE_IDLE] = HOST_RESTS,        [STATE_DONE] = HOST_RESTS,
    [STATE_ERROR] = HOST_TROUBLE,   [STATE_STALE] = HOST_TROUBLE,     [STATE_GONE] = HOST_TROUBLE,
    [STATE_UNKNOWN] = HOST_TROUBLE,
};

/* The places of the rows. Agents of a session follow each other in the tree, so the row of the last
   agent is mostly that of the next. */
struct host_index {
    struct u64map places; /* by host */
    session_no session;   /* of the last agent; NO_SESSION: none yet */
    size_t place;         /* of its row */
};

/* Returns the host's row, made at its first agent; NULL: out of memory. */
static struct host_row *row_of(struct host_list *list, struct u64map *index, intern_id host)
{
    uint32_t at = u64map_get(index, host);
    if (at != U64MAP_NONE) {
        return &list->rows[at];
    }
    if (!mem_reserve(list->mem, &list->rows, &list->cap, list->count + 1, sizeof *list->rows) ||
        !u64map_put(index, host, (uint32_t)list->count)) {
        return NULL;
    }
    list->rows[list->count] = (struct host_row){.host = host};
    return &list->rows[list->count++];
}

static bool take(struct host_list *list, struct host_index *index, const struct swarm *swarm,
                 const struct stalled *stalled, const struct tree_node *node)
{
    const struct agent *agent = swarm_agent(swarm, node->agent);
    if (agent == NULL || (agent->flags & AGENT_GROUP) != 0) {
        return true;
    }
    if (agent->session != index->session) {
        intern_id host = clients_host_of_session(swarm, agent->session);
        struct host_row *found = row_of(list, &index->places, host);
        if (found == NULL) {
            return false;
        }
        index->session = agent->session;
        index->place = (size_t)(found - list->rows);
    }
    struct host_row *row = &list->rows[index->place];
    row->agents++;
    if (node->matches) {
        row->matching++;
        row->states[node->status.state]++;
        struct stalled_agent trouble = stalled_of(stalled, node->agent);
        row->stalled += groups[node->status.state] == HOST_WORKS &&
                        (trouble.calls > 0 || trouble.loop != NO_SPAN);
    }
    return true;
}

bool host_list_make(const struct swarm *swarm, const struct row_list *tree,
                    const struct stalled *stalled, const struct mem *mem, struct host_list *out)
{
    struct host_index index = {.session = NO_SESSION};
    bool ok = true;
    *out = (struct host_list){.mem = mem};
    u64map_init(&index.places, mem);
    for (size_t i = 0; i < tree->node_count && ok; i++) {
        ok = take(out, &index, swarm, stalled, &tree->nodes[i]);
    }
    u64map_release(&index.places);
    if (!ok) {
        host_list_release(out);
    }
    return ok;
}

void host_list_release(struct host_list *list)
{
    mem_free(list->mem, list->rows, list->cap * sizeof *list->rows);
    *list = (struct host_list){.mem = list->mem};
}

uint32_t host_count(const struct host_row *row, enum host_count group)
{
    uint32_t count = group == HOST_TROUBLE ? row->stalled : 0;
    for (int state = 0; state < STATES; state++) {
        count += groups[state] == group ? row->states[state] : 0;
    }
    return group == HOST_WORKS ? count - row->stalled : count;
}

void host_bar(const struct host_row *row, int cols, int cells[STATES])
{
    int present = 0, left = cols;
    memset(cells, 0, STATES * sizeof cells[0]);
    for (int state = 0; state < STATES; state++) {
        present += row->states[state] > 0;
    }
    if (present == 0 || cols < present) {
        return;
    }
    /* One cell for each that is present; the rest by the largest quotient, one cell at a time. */
    for (int state = 0; state < STATES; state++) {
        cells[state] = row->states[state] > 0;
        left -= cells[state];
    }
    for (; left > 0; left--) {
        int best = -1;
        for (int state = 0; state < STATES; state++) {
            if (cells[state] > 0 &&
                (best < 0 || (uint64_t)row->states[state] * (uint64_t)(cells[best] + 1) >
                                 (uint64_t)row->states[best] * (uint64_t)(cells[state] + 1))) {
                best = state;
            }
        }
        cells[best]++;
    }
}
