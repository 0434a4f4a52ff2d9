#include "core/analysis/call_children.h"

#include "core/analysis/call_matches.h"
#include "core/tracer/print.h"

#include "core/base/json_read.h"
#include "core/base/sorted.h"

enum { ARGS_MAX_BYTES = 65536, STEPS_BACK_MAX = 64 };

struct span_list {
    const struct swarm *swarm;
    const struct block_list *spans;
};

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
    *children = (struct call_children){.mem = mem, .swarm = swarm, .agent_count = room};
    u64map_init(&children->by_id, mem);
    children->first = mem_zalloc(mem, room, sizeof *children->first);
    children->next = mem_zalloc(mem, room, sizeof *children->next);
    children->parent = mem_zalloc(mem, room, sizeof *children->parent);
    children->matched_ns = mem_zalloc(mem, room, sizeof *children->matched_ns);
    children->matches = mem_zalloc(mem, 1, sizeof *children->matches);
    bool good = children->first != NULL && children->next != NULL && children->parent != NULL &&
                children->matched_ns != NULL && children->matches != NULL;
    if (children->matches != NULL) {
        u64map_init(children->matches, mem);
    }
    for (size_t i = 0; good && i < count; i++) {
        children->matched_ns[i] = INT64_MAX;
        good = put_agent(children, (agent_no)i);
    }
    return good && put_parents(children);
}

static void free_list(const struct call_children *children, agent_no *list)
{
    mem_free(children->mem, list, list == NULL ? 0 : children->agent_count * sizeof *list);
}

void call_children_release(struct call_children *children)
{
    free_list(children, children->first);
    free_list(children, children->next);
    free_list(children, children->parent);
    u64map_release(&children->by_id);
    const struct mem *mem = children->mem;
    if (children->matches != NULL) {
        u64map_release(children->matches);
        mem_free(mem, children->matches, sizeof *children->matches);
    }
    mem_free(mem, children->matched_ns,
             children->matched_ns == NULL ? 0
                                          : children->agent_count * sizeof *children->matched_ns);
}

/* ---- kept ---- */

#define KEPT_NS INT64_C(1000000000)

static bool is_fresh(const struct call_children_kept *kept, const struct swarm *swarm,
                     int64_t local_ns)
{
    return kept->revision == swarm_revision(swarm) && local_ns >= kept->local_ns &&
           local_ns - kept->local_ns < KEPT_NS;
}

static void forget_matches(struct call_children *children)
{
    u64map_clear(children->matches);
    for (size_t i = 0; i < children->agent_count; i++) {
        children->matched_ns[i] = INT64_MAX;
    }
}

const struct call_children *call_children_keep(struct call_children_kept *kept,
                                               const struct swarm *swarm, int64_t local_ns)
{
    bool same = kept->swarm == swarm && kept->structure == swarm_structure(swarm), good = true;
    if (same && is_fresh(kept, swarm, local_ns)) {
        return &kept->children;
    }
    if (same) {
        forget_matches(&kept->children);
    } else {
        call_children_kept_release(kept);
        good = call_children_init(&kept->children, swarm);
    }
    kept->swarm = swarm;
    kept->structure = swarm_structure(swarm);
    kept->revision = swarm_revision(swarm);
    kept->local_ns = local_ns;
    kept->made++;
    if (!good) {
        call_children_kept_release(kept);
    }
    return good ? &kept->children : NULL;
}

void call_children_kept_release(struct call_children_kept *kept)
{
    if (kept->swarm != NULL) {
        call_children_release(&kept->children);
    }
    kept->swarm = NULL;
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

/* The unnamed calls and the sub-agents of one caller. */
struct gathered {
    const struct call_children *children;
    agent_no caller;
    int64_t local_ns;
    struct match_call *calls;
    size_t call_count, call_cap;
    struct match_agent *agents;
    size_t agent_count, agent_cap;
    struct u64map named; /* agents that calls name */
    struct strbuf *text;
};

static int64_t start_at(const void *ctx, size_t place)
{
    const struct span_list *list = ctx;
    const struct span *span = swarm_span(list->swarm, spans_at(list->spans, place));
    return span == NULL ? INT64_MIN : span->start_ns;
}

static int64_t end_at(const struct gathered *gathered, const struct span_list *list, size_t place)
{
    const struct span *span = swarm_span(list->swarm, spans_at(list->spans, place));
    return span == NULL
               ? INT64_MIN
               : past_span_end_ns(gathered->children->past, list->swarm, span, gathered->local_ns);
}

/* Returns the place of the lane's first span that runs at the time or begins after it. */
static size_t first_that_runs(const struct gathered *gathered, const struct lane *lane,
                              int64_t from_ns)
{
    struct span_list list = {gathered->children->swarm, &lane->spans};
    size_t at = lane->overlaps ? 0 : sorted_first(lane->spans.count, from_ns, start_at, &list);
    while (at > 0 && end_at(gathered, &list, at - 1) >= from_ns) {
        at--;
    }
    return at;
}

/* Returns a time at or before `from_ns` that no Agent call of the caller runs across: calls before
   it and calls after it compete for no agent. */
static int64_t quiet_before(const struct gathered *gathered, int64_t from_ns)
{
    const struct swarm *swarm = gathered->children->swarm;
    const struct agent *caller = swarm_agent(swarm, gathered->caller);
    for (int i = 0; i < STEPS_BACK_MAX; i++) {
        int64_t before_ns = from_ns;
        for (size_t k = 0; k < caller->lane_count; k++) {
            const struct lane *lane = &caller->lanes[k];
            size_t at = first_that_runs(gathered, lane, from_ns - CALL_CHILDREN_CLOCKS_NS);
            const struct span *span =
                at < lane->spans.count ? swarm_span(swarm, spans_at(&lane->spans, at)) : NULL;
            if (span != NULL && span->kind == SPAN_AGENT_CALL && span->start_ns < before_ns) {
                before_ns = span->start_ns;
            }
        }
        if (before_ns == from_ns) {
            return from_ns;
        }
        from_ns = before_ns;
    }
    return INT64_MIN + CALL_CHILDREN_CLOCKS_NS;
}

static intern_id arg_of(const struct gathered *gathered, struct json_value args, const char *key)
{
    /* Reading the table of names changes nothing. */
    struct intern *names = swarm_names((struct swarm *)(uintptr_t)gathered->children->swarm);
    struct json_value value = json_get(args, key);
    if (value.type != JSON_TYPE_STRING) {
        return INTERN_NONE;
    }
    strbuf_clear(gathered->text);
    json_get_string(value, gathered->text);
    return gathered->text->failed || gathered->text->len == 0
               ? INTERN_NONE
               : intern_find(names, gathered->text->data, gathered->text->len);
}

static bool put_call(struct gathered *gathered, span_no no, const struct span *span)
{
    const struct call_children *children = gathered->children;
    struct slice id = query_child_id(children->swarm, span, gathered->text);
    if (id.len > 0) {
        agent_no agent = by_id(children, swarm_agent(children->swarm, span->agent)->session, id);
        return agent == NO_AGENT || u64map_put(&gathered->named, agent, 1);
    }
    if (!mem_reserve(swarm_mem(children->swarm), &gathered->calls, &gathered->call_cap,
                     gathered->call_count + 1, sizeof *gathered->calls)) {
        return false;
    }
    struct slice raw = print_span_args(children->swarm, span);
    struct json_value args = {.type = JSON_TYPE_NONE};
    if (raw.bytes != NULL && raw.len <= ARGS_MAX_BYTES) {
        args = json_value_of(raw.bytes, raw.len);
    }
    gathered->calls[gathered->call_count++] = (struct match_call){
        .span = no,
        .start_ns = span->start_ns,
        .end_ns = past_span_end_ns(children->past, children->swarm, span, gathered->local_ns),
        .description = arg_of(gathered, args, "description"),
        .names = {arg_of(gathered, args, "name"), arg_of(gathered, args, "subagent_type")},
    };
    return true;
}

static bool put_calls(struct gathered *gathered, int64_t from_ns)
{
    const struct swarm *swarm = gathered->children->swarm;
    const struct agent *caller = swarm_agent(swarm, gathered->caller);
    for (size_t i = 0; i < caller->lane_count; i++) {
        const struct lane *lane = &caller->lanes[i];
        for (size_t k = first_that_runs(gathered, lane, from_ns); k < lane->spans.count; k++) {
            span_no no = spans_at(&lane->spans, k);
            const struct span *span = swarm_span(swarm, no);
            if (span != NULL && span->kind == SPAN_AGENT_CALL && !put_call(gathered, no, span)) {
                return false;
            }
        }
    }
    return true;
}

static bool put_children(struct gathered *gathered, int64_t from_ns)
{
    const struct call_children *children = gathered->children;
    for (agent_no no = children->first[gathered->caller]; no != NO_AGENT; no = children->next[no]) {
        const struct agent *agent = swarm_agent(children->swarm, no);
        if (agent->first_ns > agent->last_ns ||
            agent->first_ns < from_ns - CALL_CHILDREN_CLOCKS_NS ||
            u64map_get(&gathered->named, no) != U64MAP_NONE) {
            continue;
        }
        if (!mem_reserve(swarm_mem(children->swarm), &gathered->agents, &gathered->agent_cap,
                         gathered->agent_count + 1, sizeof *gathered->agents)) {
            return false;
        }
        gathered->agents[gathered->agent_count++] =
            (struct match_agent){.agent = no, .began_ns = agent->first_ns};
    }
    return true;
}

/* Matches the caller's calls from a time on. False: out of memory. */
static bool match(const struct call_children *children, agent_no caller, int64_t from_ns,
                  int64_t local_ns, struct strbuf *text)
{
    const struct mem *mem = swarm_mem(children->swarm);
    struct gathered gathered = {
        .children = children, .caller = caller, .local_ns = local_ns, .text = text};
    u64map_init(&gathered.named, mem);
    if (from_ns > INT64_MIN + CALL_CHILDREN_CLOCKS_NS) {
        from_ns = quiet_before(&gathered, from_ns);
    }
    bool good = put_calls(&gathered, from_ns) && put_children(&gathered, from_ns) &&
                call_matches_find(gathered.calls, gathered.call_count, gathered.agents,
                                  gathered.agent_count, children->swarm, children->matches);
    children->matched_ns[caller] = from_ns;
    u64map_release(&gathered.named);
    mem_free(mem, gathered.calls, gathered.call_cap * sizeof *gathered.calls);
    mem_free(mem, gathered.agents, gathered.agent_cap * sizeof *gathered.agents);
    return good;
}

/* The calls from the first question on are matched at once; one before them has all matched. */
static agent_no by_times(const struct call_children *children, span_no call, int64_t local_ns,
                         struct strbuf *text)
{
    const struct span *span = swarm_span(children->swarm, call);
    int64_t matched_ns = children->matched_ns[span->agent];
    if (children->first[span->agent] == NO_AGENT) {
        return NO_AGENT;
    }
    if (span->start_ns < matched_ns) {
        int64_t from_ns =
            matched_ns == INT64_MAX ? span->start_ns : INT64_MIN + CALL_CHILDREN_CLOCKS_NS;
        if (!match(children, span->agent, from_ns, local_ns, text)) {
            text->failed = true;
            return NO_AGENT;
        }
    }
    uint32_t agent = u64map_get(children->matches, call);
    return agent == U64MAP_NONE ? NO_AGENT : (agent_no)agent;
}

agent_no call_children_of(const struct call_children *children, span_no number, int64_t local_ns,
                          struct strbuf *text)
{
    const struct span *call = swarm_span(children->swarm, number);
    session_no session = swarm_agent(children->swarm, call->agent)->session;
    struct slice id = query_child_id(children->swarm, call, text);
    if (id.len > 0) {
        return by_id(children, session, id);
    }
    return call->kind == SPAN_AGENT_CALL ? by_times(children, number, local_ns, text) : NO_AGENT;
}
