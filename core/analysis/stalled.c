#include "core/analysis/stalled.h"

#include "core/analysis/background.h"
#include "core/analysis/loops.h"
#include "core/model/request_phase.h"
#include "core/query/usual_durations.h"

enum {
    ENOUGH = 20, /* samples of which a p95 is more than a guess */
    TIMES = 3,   /* the p95 */
    LEAST_MS = 30000,
    TOOL_MS = 600000,
    REQUEST_MS = 300000,
    REST_MS = REQUEST_MS /* an unseen request may run meanwhile */
};

static double limit_ms(const struct swarm *swarm, const struct swarm_metrics *metrics,
                       const struct span *span)
{
    const struct summary *usual = usual_durations(swarm, metrics, span);
    if (usual == NULL || usual->count < ENOUGH) {
        return span->kind == SPAN_REQUEST ? REQUEST_MS : TOOL_MS;
    }
    return TIMES * usual->p95 > LEAST_MS ? TIMES * usual->p95 : LEAST_MS;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Returns since when nothing has come of a request; in the future while an attempt is announced. */
static int64_t quiet_since(const struct swarm *swarm, const struct span *request)
{
    const struct request_progress *live = query_live(swarm, request);
    int64_t since = request->start_ns;
    if (live == NULL) {
        return since;
    }
    since = later(since, live->first_token_ns);
    if (live->output_tokens > 0) {
        since = later(since, live->progress_ns);
    }
    if (live->attempt > 0) {
        since = later(since, later(live->attempt_ns, live->retry_at_ns));
    }
    return since;
}

/* Returns whether the agent's calls may continue: after its end nothing stalls or loops. */
static bool works(const struct swarm *swarm, const struct agent *agent)
{
    const struct session *session = swarm_session(swarm, agent->session);
    const unsigned lost = AGENT_DEAD | AGENT_GONE | AGENT_UNKNOWN | AGENT_GROUP;
    return query_is_agent(agent) && (agent->flags & lost) == 0 && session != NULL &&
           (session->flags & SESSION_ENDED) == 0;
}

static bool waits_in_vain(const struct swarm *swarm, const struct held_up *held,
                          const struct span *span, span_no call)
{
    int64_t rest_ns = held == NULL ? -1 : held_up_rest_ns(held, span->agent, call);
    return rest_ns >= REST_MS * INT64_C(1000000) && (span->flags & SPAN_STALE) == 0 &&
           works(swarm, swarm_agent(swarm, span->agent));
}

bool stalled_call(const struct swarm *swarm, const struct swarm_metrics *metrics,
                  const struct held_up *held, span_no number, int64_t local_ns)
{
    const struct span *span = swarm_span(swarm, number);
    if (span == NULL || span->kind == SPAN_AGENT_CALL) {
        return span != NULL && waits_in_vain(swarm, held, span, number);
    }
    const struct agent *agent = swarm_agent(swarm, span->agent);
    bool call = span->kind == SPAN_TOOL || span->kind == SPAN_REQUEST;
    /* No limit is less, so that most calls need no further look. */
    int64_t runs_ns = swarm_span_end_ns(swarm, span, local_ns) - span->start_ns;
    if (!call || runs_ns < LEAST_MS * INT64_C(1000000) || (span->flags & SPAN_STALE) != 0 ||
        !works(swarm, agent)) {
        return false;
    }
    if (span->kind == SPAN_TOOL &&
        (query_asks(swarm, span->agent) || query_may_wait(swarm, span, local_ns))) {
        return false;
    }
    int64_t since = span->kind == SPAN_REQUEST ? quiet_since(swarm, span) : span->start_ns;
    int64_t quiet_ns = swarm_span_end_ns(swarm, span, local_ns) - since;
    return (double)quiet_ns / 1e6 >= limit_ms(swarm, metrics, span) &&
           !call_is_in_background(swarm, span);
}

/* Returns what is noted of the agent, made at its first trouble. NULL: out of memory. */
static struct stalled_agent *make_agent(struct stalled *out, agent_no agent)
{
    if (out->index[agent] == 0) {
        if (!mem_reserve(out->mem, &out->agents, &out->cap, out->count + 1, sizeof *out->agents)) {
            return NULL;
        }
        out->agents[out->count++] = (struct stalled_agent){0, NO_SPAN, NO_SPAN};
        out->index[agent] = (uint32_t)out->count;
    }
    return &out->agents[out->index[agent] - 1];
}

/* Notes a call that has stalled. */
static bool note_call(const struct swarm *swarm, span_no number, const struct span *span,
                      struct stalled *out)
{
    struct stalled_agent *agent = make_agent(out, span->agent);
    if (agent == NULL) {
        return false;
    }
    const struct span *first = swarm_span(swarm, agent->call);
    if (first == NULL || span->start_ns < first->start_ns) {
        agent->call = number;
    }
    agent->calls++;
    out->calls++;
    return true;
}

static bool note_loops(const struct loops_kept *loops, struct stalled *out)
{
    bool good = true;
    for (size_t i = 0; good && loops->loop_count > 0 && i < loops->agent_count; i++) {
        struct stalled_agent *agent =
            loops->loops[i] == NO_SPAN ? NULL : make_agent(out, (agent_no)i);
        if (agent != NULL) {
            agent->loop = loops->loops[i];
            out->loops++;
        }
        good = agent != NULL || loops->loops[i] == NO_SPAN;
    }
    return good;
}

bool stalled_make_kept(const struct swarm *swarm, const struct swarm_metrics *metrics,
                       const struct held_up *held, int64_t local_ns, struct loops_kept *kept,
                       const struct mem *mem, struct stalled *out)
{
    *out = (struct stalled){.mem = mem, .agent_count = swarm_agent_count(swarm)};
    if (!mem_zalloc_items(mem, &out->index, out->agent_count, sizeof *out->index) ||
        !loops_keep(kept, swarm, works, mem) || !note_loops(kept, out)) {
        return false;
    }
    bool good = true;
    for (span_no no = swarm_first_in_flight(swarm); good && no != NO_SPAN;
         no = swarm_next_in_flight(swarm, no)) {
        good = !stalled_call(swarm, metrics, held, no, local_ns) ||
               note_call(swarm, no, swarm_span(swarm, no), out);
    }
    return good;
}

bool stalled_make(const struct swarm *swarm, const struct swarm_metrics *metrics, int64_t local_ns,
                  const struct mem *mem, struct stalled *out)
{
    struct loops_kept own = {.swarm = NULL};
    struct held_up held;
    *out = (struct stalled){.mem = mem};
    bool good = held_up_make(swarm, metrics, local_ns, NULL, mem, &held) &&
                stalled_make_kept(swarm, metrics, &held, local_ns, &own, mem, out);
    held_up_release(&held);
    loops_kept_release(&own);
    return good;
}

bool stalled_copy(const struct stalled *from, const struct mem *mem, struct stalled *out)
{
    size_t agents = from->index == NULL ? 0 : from->agent_count;
    *out = (struct stalled){
        .mem = mem, .agent_count = agents, .calls = from->calls, .loops = from->loops};
    if (!mem_copy_items(mem, &out->index, from->index, agents, sizeof *out->index) ||
        !mem_copy_items(mem, &out->agents, from->agents, from->count, sizeof *out->agents)) {
        return false;
    }
    out->count = out->cap = from->count;
    return true;
}

void stalled_release(struct stalled *stalled)
{
    mem_free(stalled->mem, stalled->index,
             stalled->index == NULL ? 0 : stalled->agent_count * sizeof *stalled->index);
    mem_free(stalled->mem, stalled->agents, stalled->cap * sizeof *stalled->agents);
    *stalled = (struct stalled){.mem = stalled->mem};
}

struct stalled_agent stalled_of(const struct stalled *stalled, agent_no agent)
{
    uint32_t place =
        stalled->index != NULL && agent < stalled->agent_count ? stalled->index[agent] : 0;
    return place != 0 ? stalled->agents[place - 1] : (struct stalled_agent){0, NO_SPAN, NO_SPAN};
}
