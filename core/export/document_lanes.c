/* A thread of the document is a stack: a span that begins on it ends before the spans open at
   its begin. Each track is spread over as few stacks (lanes) as first-fit finds; the first lane
   keeps the track's tid. An agent's spans come in order of start, merged from its rows in the
   model, its interactions, and its requests' phases. Each goes to the first lane whose innermost
   open span encloses it in time and may have it as a child (may_nest): a request has its phases, a
   tool its waits, so parallel calls are visible beside each other.

   Among equal times the order of events in the document decides, as it does for readers: an end
   written before a begin of the same time is earlier. A complete event (X) has no position for
   its end, so it adapts: it ends before spans that begin then and inside spans that end then.
   Perfetto sorts the events of one time if there is an X at all: ends, then X, the longest first,
   then begins. So a span lies in another that begins with it only where both orders agree.

   Async spans are paired by id and keep their thread. A span whose begin was dropped is written as
   one complete event. Ends that close nothing would close any span of their thread, so they share
   a lane after all others. */
#include "core/export/document_lanes.h"

#include "core/export/document_order.h"

#include <stdlib.h>

/* A span that is open on a lane. */
struct frame {
    int64_t start_ns;
    int64_t end_ns; /* INT64_MAX: it has no end */
    uint64_t end_no;
    span_no request; /* the request that it is or belongs to; NO_SPAN: none */
    uint8_t kind;    /* enum span_kind */
    bool complete;   /* X */
};

enum { LANES_PER_BLOCK = 64 };

struct stack {
    struct frame *frames;
    size_t count, cap;
    int64_t since_ns; /* a span that begins before (since_ns, since_no) is too late for this lane */
    uint64_t since_no;
    int64_t until_ns; /* before this it takes no span but waits and phases */
};

struct track_lanes {
    struct stack *lanes;
    size_t count, cap;
    int64_t *blocks; /* the least until_ns of LANES_PER_BLOCK lanes each */
    size_t block_cap;
    size_t last_tool;    /* lane of the tool that began last: a wait is its, if it can be */
    bool orphans;        /* it has ends that close nothing: on the lane after the last */
    size_t first_thread; /* index in `threads` of its lane 1, if it has several lanes */
};

struct document_lanes {
    const struct swarm *swarm;
    const struct document_options *options;
    const struct document_records *records;
    struct document_counts *counts;
    const struct mem *mem;
    struct track_lanes *tracks; /* by track_no */
    size_t track_count;
    uint16_t *lane_of; /* by span_no - first_span; 0: the first lane */
    span_no first_span;
    size_t span_count;
    struct lane_thread *threads;
    size_t thread_count, thread_cap;
};

/* ---- stacks ---- */

static bool has_ended(const struct document_lanes *lanes, const struct frame *top,
                      const struct span *span)
{
    if (top->end_ns != span->start_ns) {
        return top->end_ns < span->start_ns;
    }
    return top->complete || top->end_no < document_begin_place(lanes->records, span);
}

static bool encloses(const struct document_lanes *lanes, const struct frame *top,
                     const struct span *span)
{
    if (top->end_ns != span_traced_end_ns(span)) {
        return top->end_ns > span_traced_end_ns(span);
    }
    return top->complete || document_is_complete(lanes->records, span) ||
           (span->flags & SPAN_OPEN) != 0 || document_end_place(lanes->records, span) < top->end_no;
}

/* Returns true if a span of the kind `inner` may be a child of one of the kind `outer`. Calls of an
   agent that overlap run at once, even if one lies within the other in time: they are siblings. */
static bool may_nest(uint8_t outer, uint8_t inner)
{
    switch ((enum span_kind)outer) {
    case SPAN_INTERACTION:
    case SPAN_OTHER: return true;
    case SPAN_TOOL:
    case SPAN_AGENT_CALL: return inner == SPAN_USER;
    case SPAN_REQUEST:
    case SPAN_SETUP:
    case SPAN_RETRY:
    case SPAN_FIRST_TOKEN:
    case SPAN_SAMPLING: return span_is_phase(inner);
    case SPAN_USER:
    case SPAN_KINDS: break;
    }
    return false;
}

/* Drops from the stack what ended before the span. */
static bool fits(const struct document_lanes *lanes, struct stack *stack, const struct span *span)
{
    /* Only a phase that begins before its request can be late. */
    if (span->start_ns < stack->since_ns ||
        (span->start_ns == stack->since_ns && span->parent != NO_SPAN &&
         document_begin_place(lanes->records, span) < stack->since_no)) {
        return false;
    }
    while (stack->count > 0 && has_ended(lanes, &stack->frames[stack->count - 1], span)) {
        const struct frame *ended = &stack->frames[--stack->count];
        stack->since_ns = ended->end_ns;
        stack->since_no = ended->complete ? 0 : ended->end_no;
    }
    if (stack->count == 0) {
        return true;
    }
    const struct frame *top = &stack->frames[stack->count - 1];
    bool sorted_before = top->start_ns == span->start_ns && !top->complete &&
                         document_is_complete(lanes->records, span) &&
                         span->end_ns > span->start_ns;
    return may_nest(top->kind, span->kind) && encloses(lanes, top, span) && !sorted_before &&
           (top->request == NO_SPAN || top->request == span->parent);
}

static bool push(struct document_lanes *lanes, struct stack *stack, const struct span *span,
                 span_no no)
{
    if (!mem_reserve(lanes->mem, &stack->frames, &stack->cap, stack->count + 1,
                     sizeof *stack->frames)) {
        return false;
    }
    stack->since_ns = span->start_ns;
    stack->since_no = document_begin_place(lanes->records, span);
    stack->frames[stack->count++] = (struct frame){
        .start_ns = span->start_ns,
        .end_ns = span_traced_end_ns(span),
        .end_no = document_end_place(lanes->records, span),
        .request = span->kind == SPAN_REQUEST ? no : span->parent,
        .kind = span->kind,
        .complete = document_is_complete(lanes->records, span),
    };
    return true;
}

/* ---- the first lane that a span fits ---- */

/* A call on top of a lane keeps it from all other calls until it ends, and there may be as many
   such lanes as calls that overlap. So each block of lanes has the earliest time at which one of
   them may take a call: most lanes are passed over. */
static void note_top(struct track_lanes *track, size_t lane)
{
    struct stack *stack = &track->lanes[lane];
    const struct frame *top = &stack->frames[stack->count - 1];
    size_t first = lane / LANES_PER_BLOCK * LANES_PER_BLOCK;
    int64_t earliest_ns = INT64_MAX;
    bool takes_calls = top->kind == SPAN_INTERACTION || top->kind == SPAN_OTHER;
    stack->until_ns = takes_calls ? INT64_MIN : top->end_ns;
    for (size_t i = first; i < track->count && i < first + LANES_PER_BLOCK; i++) {
        earliest_ns =
            track->lanes[i].until_ns < earliest_ns ? track->lanes[i].until_ns : earliest_ns;
    }
    track->blocks[lane / LANES_PER_BLOCK] = earliest_ns;
}

/* Returns the first lane from `lane` on that the span may fit. */
static size_t skip_kept(const struct track_lanes *track, size_t lane, const struct span *span)
{
    if (span->kind == SPAN_USER || span_is_phase(span->kind)) {
        return lane; /* it may lie in a call */
    }
    while (lane < track->count) {
        if (lane % LANES_PER_BLOCK == 0 && track->blocks[lane / LANES_PER_BLOCK] > span->start_ns) {
            lane += LANES_PER_BLOCK;
        } else if (track->lanes[lane].until_ns > span->start_ns) {
            lane++;
        } else {
            return lane;
        }
    }
    return lane;
}

/* Returns a lane for the span, new if it fits none. The last of UINT16_MAX lanes takes all
   further spans. */
static struct stack *choose(struct document_lanes *lanes, struct track_lanes *track,
                            const struct span *span, size_t prefer)
{
    if (prefer < track->count && fits(lanes, &track->lanes[prefer], span)) {
        return &track->lanes[prefer];
    }
    for (size_t i = skip_kept(track, 0, span); i < track->count;
         i = skip_kept(track, i + 1, span)) {
        if (fits(lanes, &track->lanes[i], span)) {
            return &track->lanes[i];
        }
    }
    if (track->count > UINT16_MAX) {
        return &track->lanes[UINT16_MAX];
    }
    if (!mem_reserve(lanes->mem, &track->lanes, &track->cap, track->count + 1,
                     sizeof *track->lanes) ||
        !mem_reserve(lanes->mem, &track->blocks, &track->block_cap,
                     track->count / LANES_PER_BLOCK + 1, sizeof *track->blocks)) {
        return NULL;
    }
    track->lanes[track->count] = (struct stack){.since_ns = INT64_MIN, .until_ns = INT64_MIN};
    return &track->lanes[track->count++];
}

static bool place(struct document_lanes *lanes, span_no no)
{
    const struct span *span = swarm_span(lanes->swarm, no);
    struct track_lanes *track = &lanes->tracks[span->track];
    size_t prefer = span->kind == SPAN_USER ? track->last_tool : 0;
    if (span->parent != NO_SPAN && span->parent >= lanes->first_span) {
        prefer = lanes->lane_of[span->parent - lanes->first_span];
    }
    struct stack *stack = choose(lanes, track, span, prefer);
    if (stack == NULL || !push(lanes, stack, span, no)) {
        return false;
    }
    size_t lane = (size_t)(stack - track->lanes);
    note_top(track, lane);
    lanes->lane_of[no - lanes->first_span] = (uint16_t)lane;
    if (span->kind == SPAN_TOOL || span->kind == SPAN_AGENT_CALL) {
        track->last_tool = lane;
    }
    return true;
}

static bool place_agent(struct document_lanes *lanes, struct span_order *order,
                        const struct agent *agent)
{
    span_no no;
    bool counts =
        document_counts_session(lanes->counts, swarm_session(lanes->swarm, agent->session));
    if (!span_order_begin(order, agent)) {
        return false;
    }
    do {
        if (!span_order_next(order, &no)) {
            return false;
        }
        const struct span *span = no == NO_SPAN ? NULL : swarm_span(lanes->swarm, no);
        if (span != NULL && document_range_holds(lanes->options, span)) {
            if (counts) {
                document_counts_take(lanes->counts, span);
            }
            if (!place(lanes, no)) {
                return false;
            }
        }
    } while (no != NO_SPAN);
    document_counts_end_agent(lanes->counts, (agent->flags & AGENT_MAIN) != 0);
    return true;
}

/* If rows are threads, an extra thread would be an extra row in the re-opened document. */
static bool is_of_agents(const struct swarm *swarm, const struct agent *agent)
{
    const struct session *session = swarm_session(swarm, agent->session);
    return session != NULL && (session->flags & SESSION_AGENTS) != 0;
}

static bool place_all(struct document_lanes *lanes)
{
    session_no only = lanes->options->only;
    struct span_order order;
    bool good = true;
    span_order_init(&order, lanes->swarm, lanes->records);
    for (size_t i = 0; good && i < swarm_agent_count(lanes->swarm); i++) {
        const struct agent *agent = swarm_agent(lanes->swarm, (agent_no)i);
        if ((only == NO_SESSION || agent->session == only) && is_of_agents(lanes->swarm, agent)) {
            good = place_agent(lanes, &order, agent);
        }
    }
    span_order_release(&order);
    return good && document_counts_finish(lanes->counts);
}

/* ---- ends that close nothing ---- */

static bool has_orphans(const struct document_lanes *lanes, enum swarm_pool pool)
{
    uint64_t orphans = 0;
    for (size_t i = 0; i < swarm_session_count(lanes->swarm); i++) {
        const struct session *session = swarm_session(lanes->swarm, (session_no)i);
        orphans += session != NULL && session->pool == pool ? session->orphan_ends : 0;
    }
    return orphans > 0;
}

static void mark_orphans(struct document_lanes *lanes, enum swarm_pool pool)
{
    const struct event_store *store = swarm_store(lanes->swarm, pool);
    struct event event;
    if (!has_orphans(lanes, pool)) {
        return;
    }
    for (uint64_t no = event_store_first(store); no < event_store_end(store); no++) {
        if (swarm_event(lanes->swarm, pool, no, &event) && event.ph == 'E' &&
            swarm_event_span(lanes->swarm, pool, no) == NO_SPAN &&
            document_range_has(lanes->options, swarm_event_ns(lanes->swarm, &event))) {
            lanes->tracks[event.track].orphans |= lanes->tracks[event.track].count > 0;
        }
    }
}

/* ---- threads ---- */

static int by_session_and_track(const void *a, const void *b)
{
    const struct lane_thread *x = a, *y = b;
    if (x->session != y->session) {
        return x->session < y->session ? -1 : 1;
    }
    if (x->track != y->track) {
        return x->track < y->track ? -1 : 1;
    }
    return (x->lane > y->lane) - (x->lane < y->lane);
}

static bool list_threads(struct document_lanes *lanes)
{
    for (size_t i = 0; i < lanes->track_count; i++) {
        size_t count = lanes->tracks[i].count + lanes->tracks[i].orphans;
        if (count < 2) {
            continue;
        }
        if (!mem_reserve(lanes->mem, &lanes->threads, &lanes->thread_cap,
                         lanes->thread_count + count, sizeof *lanes->threads)) {
            return false;
        }
        session_no session = swarm_get_track(lanes->swarm, (track_no)i)->session;
        for (size_t k = 0; k < count; k++) {
            lanes->threads[lanes->thread_count++] = (struct lane_thread){
                .session = session, .track = (track_no)i, .lane = (uint32_t)k + 1};
        }
    }
    if (lanes->thread_count == 0) {
        return true;
    }
    qsort(lanes->threads, lanes->thread_count, sizeof *lanes->threads, by_session_and_track);
    for (size_t i = lanes->thread_count; i-- > 0;) {
        lanes->tracks[lanes->threads[i].track].first_thread = i;
    }
    return document_number_threads(lanes->swarm, lanes->threads, lanes->thread_count);
}

bool document_lanes_orphan_tid(const struct document_lanes *lanes, track_no track, int64_t *tid)
{
    if (track >= lanes->track_count || !lanes->tracks[track].orphans) {
        return false;
    }
    *tid = lanes->threads[lanes->tracks[track].first_thread + lanes->tracks[track].count].tid;
    return true;
}

bool document_lanes_tid(const struct document_lanes *lanes, span_no span, int64_t *tid)
{
    if (span == NO_SPAN || span < lanes->first_span ||
        span - lanes->first_span >= lanes->span_count) {
        return false;
    }
    uint16_t lane = lanes->lane_of[span - lanes->first_span];
    if (lane == 0) {
        return false;
    }
    const struct track_lanes *track = &lanes->tracks[swarm_span(lanes->swarm, span)->track];
    *tid = lanes->threads[track->first_thread + lane].tid;
    return true;
}

const struct lane_thread *document_lanes_threads(const struct document_lanes *lanes, size_t *count)
{
    *count = lanes->thread_count;
    return lanes->threads;
}

/* ---- all together ---- */

struct document_lanes *document_lanes_new(const struct swarm *swarm,
                                          const struct document_options *options,
                                          const struct document_records *records,
                                          struct document_counts *counts)
{
    const struct mem *mem = swarm_mem(swarm);
    struct document_lanes *lanes = mem_zalloc(mem, 1, sizeof *lanes);
    if (lanes == NULL) {
        return NULL;
    }
    lanes->swarm = swarm;
    lanes->options = options;
    lanes->records = records;
    lanes->counts = counts;
    lanes->mem = mem;
    lanes->first_span = swarm_span_begin(swarm);
    lanes->span_count = swarm_span_end(swarm) - lanes->first_span;
    lanes->track_count = swarm_track_count(swarm);
    if (lanes->span_count == 0) {
        lanes->track_count = 0;
        return lanes;
    }
    lanes->tracks = mem_zalloc(mem, lanes->track_count, sizeof *lanes->tracks);
    lanes->lane_of = mem_zalloc(mem, lanes->span_count, sizeof *lanes->lane_of);
    bool good = lanes->tracks != NULL && lanes->lane_of != NULL && place_all(lanes);
    if (good) {
        mark_orphans(lanes, POOL_LIVE);
        mark_orphans(lanes, POOL_FILES);
    }
    if (!good || !list_threads(lanes)) {
        document_lanes_free(lanes);
        return NULL;
    }
    return lanes;
}

static void free_track(const struct mem *mem, struct track_lanes *track)
{
    for (size_t i = 0; i < track->count; i++) {
        struct stack *stack = &track->lanes[i];
        mem_free(mem, stack->frames, stack->cap * sizeof *stack->frames);
    }
    mem_free(mem, track->lanes, track->cap * sizeof *track->lanes);
    mem_free(mem, track->blocks, track->block_cap * sizeof *track->blocks);
}

void document_lanes_free(struct document_lanes *lanes)
{
    if (lanes == NULL) {
        return;
    }
    const struct mem *mem = lanes->mem;
    for (size_t i = 0; lanes->tracks != NULL && i < lanes->track_count; i++) {
        free_track(mem, &lanes->tracks[i]);
    }
    mem_free(mem, lanes->tracks, lanes->track_count * sizeof *lanes->tracks);
    mem_free(mem, lanes->lane_of, lanes->span_count * sizeof *lanes->lane_of);
    mem_free(mem, lanes->threads, lanes->thread_cap * sizeof *lanes->threads);
    mem_free(mem, lanes, sizeof *lanes);
}
