#include "core/analysis/stalled.h"

#include "core/analysis/loops.h"
#include "core/model/request_phase.h"
#include "core/query/usual_durations.h"

enum {
    ENOUGH = 20, /* samples of which a p95 is more than a guess */
    TIMES = 3,   /* the p95 */
    LEAST_MS = 30000,
    TOOL_MS = 600000,
    REQUEST_MS = 300000
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

bool stalled_call(const struct swarm *swarm, const struct swarm_metrics *metrics,
                  const struct span *span, int64_t local_ns)
{
    const struct agent *agent = swarm_agent(swarm, span->agent);
    bool call = span->kind == SPAN_TOOL || span->kind == SPAN_REQUEST;
    if (!call || (span->flags & SPAN_STALE) != 0 || !works(swarm, agent)) {
        return false;
    }
    bool asks = agent->open_by_kind[SPAN_USER] > 0 || query_may_wait(swarm, span, local_ns);
    if (span->kind == SPAN_TOOL && asks) {
        return false;
    }
    int64_t since = span->kind == SPAN_REQUEST ? quiet_since(swarm, span) : span->start_ns;
    int64_t quiet_ns = swarm_span_end_ns(swarm, span, local_ns) - since;
    return (double)quiet_ns / 1e6 >= limit_ms(swarm, metrics, span);
}

static void note(const struct swarm *swarm, const struct swarm_metrics *metrics, int64_t local_ns,
                 span_no number, struct stalled *out)
{
    const struct span *span = swarm_span(swarm, number);
    if (span == NULL || !stalled_call(swarm, metrics, span, local_ns)) {
        return;
    }
    struct stalled_agent *agent = &out->agents[span->agent];
    const struct span *first = swarm_span(swarm, agent->call);
    if (first == NULL || span->start_ns < first->start_ns) {
        agent->call = number;
    }
    agent->calls++;
    out->calls++;
}

bool stalled_make(const struct swarm *swarm, const struct swarm_metrics *metrics, int64_t local_ns,
                  const struct mem *mem, struct stalled *out)
{
    *out = (struct stalled){.mem = mem, .agent_count = swarm_agent_count(swarm)};
    if (!mem_zalloc_items(mem, &out->agents, out->agent_count, sizeof *out->agents)) {
        return false;
    }
    for (size_t i = 0; i < out->agent_count; i++) {
        bool alive = works(swarm, swarm_agent(swarm, (agent_no)i));
        out->agents[i].call = NO_SPAN;
        out->agents[i].loop = alive ? loop_of(swarm, (agent_no)i) : NO_SPAN;
        out->loops += out->agents[i].loop != NO_SPAN;
    }
    for (span_no no = swarm_first_in_flight(swarm); no != NO_SPAN;
         no = swarm_next_in_flight(swarm, no)) {
        note(swarm, metrics, local_ns, no, out);
    }
    return true;
}

bool stalled_copy(const struct stalled *from, const struct mem *mem, struct stalled *out)
{
    size_t agents = from->agents == NULL ? 0 : from->agent_count;
    *out = (struct stalled){mem, NULL, agents, from->calls, from->loops};
    return mem_copy_items(mem, &out->agents, from->agents, agents, sizeof *out->agents);
}

void stalled_release(struct stalled *stalled)
{
    mem_free(stalled->mem, stalled->agents,
             stalled->agents == NULL ? 0 : stalled->agent_count * sizeof *stalled->agents);
    *stalled = (struct stalled){.mem = stalled->mem};
}

struct stalled_agent stalled_of(const struct stalled *stalled, agent_no agent)
{
    return stalled->agents != NULL && agent < stalled->agent_count
               ? stalled->agents[agent]
               : (struct stalled_agent){0, NO_SPAN, NO_SPAN};
}
