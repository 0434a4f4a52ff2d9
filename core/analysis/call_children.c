#include "core/analysis/call_children.h"

#include "core/tracer/print.h"

#include "core/base/json_read.h"

#include <string.h>

/* Sources' clocks differ by this much. */
#define CLOCKS_NS INT64_C(50000000)

enum { ARGS_MAX_BYTES = 65536 };

static uint64_t key_of(session_no session, intern_id id)
{
    return (uint64_t)session << 32 | id;
}

static bool put_id(struct call_children *children, session_no session, intern_id id, agent_no agent)
{
    return id == INTERN_NONE || u64map_put(&children->by_id, key_of(session, id), agent);
}

static bool put_agent(struct call_children *children, agent_no no)
{
    const struct agent *agent = swarm_agent(children->swarm, no);
    const struct session *session = swarm_session(children->swarm, agent->session);
    children->first[no] = children->next[no] = children->parent[no] = NO_AGENT;
    if ((agent->flags & AGENT_DEAD) != 0 || !query_is_agent(agent)) {
        return true;
    }
    bool main_agent = (agent->flags & AGENT_MAIN) != 0 && session != NULL;
    return put_id(children, agent->session, agent->agent_id, no) &&
           (!main_agent || put_id(children, agent->session, session->id, no));
}

/* False: out of memory. */
static bool put_parents(struct call_children *children)
{
    size_t count;
    struct tree_row *rows = query_tree(children->swarm, &count);
    if (rows == NULL) {
        return count == 0;
    }
    for (size_t i = count; i-- > 0;) {
        agent_no agent = rows[i].agent, parent = rows[i].parent;
        children->parent[agent] = parent;
        if (parent != NO_AGENT) {
            children->next[agent] = children->first[parent];
            children->first[parent] = agent;
        }
    }
    mem_free(swarm_mem(children->swarm), rows, count * sizeof *rows);
    return true;
}

bool call_children_init(struct call_children *children, const struct swarm *swarm)
{
    const struct mem *mem = swarm_mem(swarm);
    size_t count = swarm_agent_count(swarm), room = count > 0 ? count : 1;
    *children = (struct call_children){.swarm = swarm, .agent_count = room};
    u64map_init(&children->by_id, mem);
    children->first = mem_zalloc(mem, room, sizeof *children->first);
    children->next = mem_zalloc(mem, room, sizeof *children->next);
    children->parent = mem_zalloc(mem, room, sizeof *children->parent);
    bool good = children->first != NULL && children->next != NULL && children->parent != NULL;
    for (size_t i = 0; good && i < count; i++) {
        good = put_agent(children, (agent_no)i);
    }
    return good && put_parents(children);
}

static void free_list(const struct call_children *children, agent_no *list)
{
    mem_free(swarm_mem(children->swarm), list,
             list == NULL ? 0 : children->agent_count * sizeof *list);
}

void call_children_release(struct call_children *children)
{
    free_list(children, children->first);
    free_list(children, children->next);
    free_list(children, children->parent);
    u64map_release(&children->by_id);
}

/* ---- by id ---- */

static agent_no agent_of(const struct call_children *children, session_no session, intern_id id)
{
    uint32_t agent = u64map_get(&children->by_id, key_of(session, id));
    return agent == U64MAP_NONE ? NO_AGENT : (agent_no)agent;
}

/* The agent of that id in the caller's session, else the main agent of the session of that id. */
static agent_no by_id(const struct call_children *children, session_no session, struct slice id)
{
    /* Reading the table of names changes nothing. */
    struct intern *names = swarm_names((struct swarm *)(uintptr_t)children->swarm);
    intern_id name = intern_find(names, id.bytes, id.len);
    if (name == INTERN_NONE) {
        return NO_AGENT;
    }
    agent_no agent = agent_of(children, session, name);
    session_no other = agent == NO_AGENT ? swarm_session_of(children->swarm, name) : NO_SESSION;
    return other == NO_SESSION ? agent : agent_of(children, other, name);
}

/* ---- by times and texts ---- */

static bool arg_is(const struct call_children *children, struct json_value args, const char *key,
                   intern_id name, struct strbuf *text)
{
    struct json_value value = json_get(args, key);
    struct slice want = swarm_text_slice(children->swarm, name);
    strbuf_clear(text);
    if (value.type != JSON_TYPE_STRING || name == INTERN_NONE) {
        return false;
    }
    json_get_string(value, text);
    return !text->failed && text->len == want.len && memcmp(text->data, want.bytes, want.len) == 0;
}

/* Returns how much of the agent the arguments describe. */
static int likeness(const struct call_children *children, struct json_value args,
                    const struct agent *agent, struct strbuf *text)
{
    return 2 * arg_is(children, args, "description", agent->description, text) +
           (arg_is(children, args, "name", agent->name, text) ||
            arg_is(children, args, "subagent_type", agent->name, text));
}

static agent_no by_times(const struct call_children *children, const struct span *call,
                         int64_t end_ns, struct strbuf *text)
{
    struct slice raw = print_span_args(children->swarm, call);
    struct json_value args = {.type = JSON_TYPE_NONE};
    if (raw.bytes != NULL && raw.len <= ARGS_MAX_BYTES) {
        args = json_value_of(raw.bytes, raw.len);
    }
    agent_no best = NO_AGENT;
    int best_likeness = 0;
    int64_t best_ns = 0;
    for (agent_no no = children->first[call->agent]; no != NO_AGENT; no = children->next[no]) {
        const struct agent *agent = swarm_agent(children->swarm, no);
        int64_t began = agent->first_ns;
        if (began > agent->last_ns || began < call->start_ns - CLOCKS_NS || began > end_ns) {
            continue;
        }
        int like = likeness(children, args, agent, text);
        if (best == NO_AGENT || like > best_likeness ||
            (like == best_likeness && began < best_ns)) {
            best = no;
            best_likeness = like;
            best_ns = began;
        }
    }
    return best;
}

agent_no call_children_of(const struct call_children *children, const struct span *call,
                          int64_t local_ns, struct strbuf *text)
{
    session_no session = swarm_agent(children->swarm, call->agent)->session;
    struct slice id = query_child_id(children->swarm, call, text);
    if (id.len > 0) {
        return by_id(children, session, id);
    }
    if (call->kind != SPAN_AGENT_CALL) {
        return NO_AGENT;
    }
    return by_times(children, call, swarm_span_end_ns(children->swarm, call, local_ns), text);
}
