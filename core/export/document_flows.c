/* Which agent a call started is asked of call_children.h, so that the arrows are those of the
   critical path. The id of an arrow is made of the ids of the session and the agents and of the
   call's begin: documents that are joined do not connect each other's arrows, and a document that
   is opened and written again has the same ones. Perfetto reads it as a hexadecimal number. */
#include "core/export/document_flows.h"

#include "core/analysis/call_children.h"

#include "core/base/hash.h"
#include "core/base/sorted.h"

#include <stdlib.h>
#include <string.h>

struct finding {
    struct document_flows *flows;
    const struct swarm *swarm;
    const struct document_options *options;
    const struct document_records *records;
    struct call_children children;
    struct strbuf text;
};

/* A call, the agent that it started, and that one's calls while it ran. */
struct start {
    span_no call;
    agent_no child;
    span_no first, last; /* NO_SPAN: none, or unknown */
    bool worked;         /* before the call */
};

/* ---- the sub-agent's calls ---- */

struct span_list {
    const struct swarm *swarm;
    const struct block_list *spans;
};

static int64_t start_at(const void *ctx, size_t place)
{
    const struct span_list *list = ctx;
    const struct span *span = swarm_span(list->swarm, spans_at(list->spans, place));
    return span == NULL ? INT64_MIN : span->start_ns;
}

static int64_t traced_end_ns(const struct span *span)
{
    return (span->flags & SPAN_OPEN) != 0 ? INT64_MAX : span->end_ns;
}

/* The list's calls from a moment on: takes the first of them if it is earlier than what is known.
   Returns whether one of those before runs beyond the moment. */
static bool take_first(const struct swarm *swarm, const struct block_list *spans, int64_t from_ns,
                       span_no *first)
{
    struct span_list list = {swarm, spans};
    size_t at = sorted_first(spans->count, from_ns, start_at, &list);
    if (at < spans->count) {
        span_no no = spans_at(spans, at);
        if (*first == NO_SPAN || start_at(&list, at) < swarm_span(swarm, *first)->start_ns) {
            *first = no;
        }
    }
    const struct span *before = at == 0 ? NULL : swarm_span(swarm, spans_at(spans, at - 1));
    return before != NULL && traced_end_ns(before) > from_ns + CALL_CHILDREN_CLOCKS_NS;
}

/* The same for the call that begins last before a moment: takes it if it ends later. */
static void take_last(const struct swarm *swarm, const struct block_list *spans, int64_t to_ns,
                      span_no *last)
{
    struct span_list list = {swarm, spans};
    size_t at = sorted_first(spans->count, to_ns, start_at, &list);
    const struct span *span = at == 0 ? NULL : swarm_span(swarm, spans_at(spans, at - 1));
    if (span != NULL &&
        (*last == NO_SPAN || traced_end_ns(span) > traced_end_ns(swarm_span(swarm, *last)))) {
        *last = spans_at(spans, at - 1);
    }
}

/* Finds the first and the last call of the agent within the call's time, which is longer by
   CALL_CHILDREN_CLOCKS_NS. */
static void find_ends(const struct finding *finding, struct start *start)
{
    const struct swarm *swarm = finding->swarm;
    const struct agent *child = swarm_agent(swarm, start->child);
    const struct span *call = swarm_span(swarm, start->call);
    int64_t from_ns = call->start_ns - CALL_CHILDREN_CLOCKS_NS;
    bool ran = false;
    for (size_t i = 0; i < child->lane_count; i++) {
        ran |= take_first(swarm, &child->lanes[i].spans, from_ns, &start->first);
        if ((call->flags & SPAN_OPEN) == 0) {
            take_last(swarm, &child->lanes[i].spans, call->end_ns, &start->last);
        }
    }
    for (size_t i = 0; i < child->lane_count && start->first != NO_SPAN; i++) {
        const struct block_list *spans = &child->lanes[i].spans;
        struct span_list list = {swarm, spans};
        start->worked |= spans->count > 0 && start_at(&list, 0) < from_ns;
    }
    if (ran) { /* it did not begin with this call, but the call waits for it */
        start->first = NO_SPAN;
    }
    if (start->last != NO_SPAN && swarm_span(swarm, start->last)->start_ns < from_ns) {
        start->last = NO_SPAN;
    }
}

/* ---- arrows ---- */

static uint64_t hash_text(const struct swarm *swarm, uint64_t hash, intern_id id)
{
    struct slice text = swarm_text_slice(swarm, id);
    return hash_number(hash_bytes(hash, text.bytes, text.len), 0x100);
}

static uint64_t hash_agent(const struct swarm *swarm, uint64_t hash, agent_no number)
{
    const struct agent *agent = swarm_agent(swarm, number);
    const struct session *session = swarm_session(swarm, agent->session);
    hash = hash_text(swarm, hash, session->id);
    return hash_text(swarm, hash, agent->agent_id != INTERN_NONE ? agent->agent_id : agent->pid);
}

static uint64_t id_of(const struct swarm *swarm, const struct start *start, bool back)
{
    const struct span *call = swarm_span(swarm, start->call);
    uint64_t hash = hash_agent(swarm, HASH_SEED, call->agent);
    hash = hash_agent(swarm, hash, start->child);
    hash = hash_bytes(hash, &call->start_ns, sizeof call->start_ns);
    return hash_number(hash, back);
}

static bool put_moment(struct finding *finding, const struct flow_moment *moment)
{
    struct document_flows *flows = finding->flows;
    const struct span *span = swarm_span(finding->swarm, moment->span);
    session_no session = swarm_get_track(finding->swarm, span->track)->session;
    bool files = swarm_session(finding->swarm, session)->pool == POOL_FILES;
    if (!mem_reserve(flows->mem, &flows->moments, &flows->cap, flows->count + 1,
                     sizeof *flows->moments)) {
        return false;
    }
    struct flow_moment *put = &flows->moments[flows->count++];
    *put = *moment;
    put->list = span_is_record(span) ? FLOW_MOMENTS : files ? FLOW_FILES : FLOW_LIVE;
    put->key = span_is_record(span) ? finding->records->begin_ranks[(uint32_t)span->begin_no]
                                    : span->begin_no;
    return true;
}

/* Whether the document has the whole span. */
static bool is_whole(const struct finding *finding, span_no no)
{
    const struct span *span = no == NO_SPAN ? NULL : swarm_span(finding->swarm, no);
    return span != NULL && (span->flags & (SPAN_LOST_BEGIN | SPAN_ASYNC)) == 0 &&
           span->begin_no != 0 && document_range_holds(finding->options, span);
}

/* The begin of an arrow comes before its end, and each lies within its span. */
static bool put_arrow(struct finding *finding, const struct start *start, bool back,
                      const int64_t at_ns[2])
{
    span_no from = back ? start->last : start->call, to = back ? start->call : start->first;
    uint64_t id = id_of(finding->swarm, start, back);
    struct flow_moment begin = {.ph = 's', .back = back, .span = from, .at_ns = at_ns[0], .id = id};
    struct flow_moment end = {.ph = 'f', .back = back, .span = to, .at_ns = at_ns[1], .id = id};
    return put_moment(finding, &begin) && put_moment(finding, &end);
}

/* Returns where the arrow to the first call begins: with the Agent call, or with the last moment of
   one that had ended before the sub-agent began to work. INT64_MIN: nowhere. */
static int64_t there_from(const struct start *start, const struct span *call, int64_t to_ns)
{
    const uint8_t unknown = SPAN_EVICTED | SPAN_INCOMPLETE;
    if (to_ns < traced_end_ns(call)) {
        return call->start_ns;
    }
    bool known = (call->flags & unknown) == 0 && call->end_ns > call->start_ns;
    return known && !start->worked ? call->end_ns - 1 : INT64_MIN;
}

/* To the begin of the first call, or a nanosecond after the Agent call where clocks differ. */
static bool put_there(struct finding *finding, const struct start *start)
{
    if (!is_whole(finding, start->first)) {
        return true;
    }
    const struct span *call = swarm_span(finding->swarm, start->call);
    const struct span *first = swarm_span(finding->swarm, start->first);
    int64_t to_ns = first->start_ns > call->start_ns ? first->start_ns : call->start_ns + 1;
    int64_t from_ns = there_from(start, call, to_ns);
    bool within = to_ns < traced_end_ns(first) && from_ns != INT64_MIN;
    return !within || put_arrow(finding, start, false, (int64_t[2]){from_ns, to_ns});
}

/* Back from the last call, the nanosecond before the ends: a slice does not hold its end. */
static bool put_back(struct finding *finding, const struct start *start)
{
    const uint8_t unknown = SPAN_OPEN | SPAN_EVICTED | SPAN_INCOMPLETE;
    const struct span *call = swarm_span(finding->swarm, start->call);
    if ((call->flags & unknown) != 0 || !is_whole(finding, start->last)) {
        return true;
    }
    const struct span *last = swarm_span(finding->swarm, start->last);
    int64_t to_ns = call->end_ns - 1, from_ns = last->end_ns - 1;
    from_ns = from_ns < to_ns ? from_ns : to_ns - 1;
    bool waited =
        (last->flags & unknown) == 0 && last->end_ns <= call->end_ns + CALL_CHILDREN_CLOCKS_NS;
    bool within = from_ns >= last->start_ns && from_ns >= call->start_ns;
    return !waited || !within || put_arrow(finding, start, true, (int64_t[2]){from_ns, to_ns});
}

/* The local time at which the session's clock is as it was read last. */
static int64_t clock_time(const struct session *session)
{
    return (session->flags & SESSION_OF_WALL) != 0 ? session->clock_ns - session->ahead_ns
                                                   : INT64_MIN;
}

static bool take_call(struct finding *finding, span_no no, const struct span *call)
{
    const struct agent *agent = swarm_agent(finding->swarm, call->agent);
    const struct session *session = swarm_session(finding->swarm, agent->session);
    session_no only = finding->options->only;
    if (session == NULL || !is_whole(finding, no)) {
        return true;
    }
    struct start start = {no, NO_AGENT, NO_SPAN, NO_SPAN, false};
    start.child = call_children_of(&finding->children, no, clock_time(session), &finding->text);
    if (finding->text.failed || start.child == NO_AGENT || start.child == call->agent) {
        return !finding->text.failed;
    }
    session_no of = swarm_agent(finding->swarm, start.child)->session;
    bool in = (only == NO_SESSION || (only == agent->session && only == of)) &&
              swarm_session(finding->swarm, of) != NULL;
    if (!in) {
        return true;
    }
    find_ends(finding, &start);
    return put_there(finding, &start) && put_back(finding, &start);
}

/* ---- all ---- */

static int by_key(const void *a, const void *b)
{
    const struct flow_moment *x = a, *y = b;
    if (x->list != y->list) {
        return x->list < y->list ? -1 : 1;
    }
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    return (x->id > y->id) - (x->id < y->id);
}

static bool find_all(struct finding *finding)
{
    span_no end = swarm_span_end(finding->swarm);
    bool begun = false, good = true;
    for (span_no no = swarm_span_begin(finding->swarm); good && no < end; no++) {
        const struct span *span = swarm_own_span(finding->swarm, no);
        if (span == NULL || span->kind != SPAN_AGENT_CALL) {
            continue;
        }
        good = begun || call_children_init(&finding->children, finding->swarm);
        begun = true;
        good = good && take_call(finding, no, span);
    }
    if (begun) {
        call_children_release(&finding->children);
    }
    return good;
}

bool document_flows_init(struct document_flows *flows, const struct swarm *swarm,
                         const struct document_options *options,
                         const struct document_records *records)
{
    *flows = (struct document_flows){.mem = swarm_mem(swarm)};
    struct finding finding = {
        .flows = flows, .swarm = swarm, .options = options, .records = records};
    strbuf_init(&finding.text, flows->mem, 0);
    bool good = find_all(&finding);
    strbuf_release(&finding.text);
    if (flows->count > 0) {
        qsort(flows->moments, flows->count, sizeof *flows->moments, by_key);
    }
    for (size_t list = 0; list < 3; list++) {
        while (flows->next[list] < flows->count && flows->moments[flows->next[list]].list < list) {
            flows->next[list]++;
        }
    }
    return good;
}

void document_flows_release(struct document_flows *flows)
{
    mem_free(flows->mem, flows->moments, flows->cap * sizeof *flows->moments);
    flows->moments = NULL;
    flows->cap = flows->count = 0;
}

const struct flow_moment *document_flows_next(struct document_flows *flows, enum flow_list list,
                                              uint64_t key)
{
    size_t next = flows->next[list];
    if (next == flows->count || flows->moments[next].list != list ||
        flows->moments[next].key > key) {
        return NULL;
    }
    flows->next[list]++;
    return &flows->moments[next];
}
