/* The state of an agent depends on its open spans alone. They are ranked: waits for a person first,
   then work, then other waits. The rank of each state is in a table. Among spans of one rank the
   longest running one determines the state. */
#include "core/query/query_private.h"

#include "core/base/time_ns.h"

#include "core/model/record.h"
#include "core/model/stats.h"

#include <assert.h>
#include <string.h>

static const char *const state_names[] = {
    [STATE_WAIT] = "wait",       [STATE_RETRY] = "retry",        [STATE_SAMPLING] = "sampling",
    [STATE_TOOL] = "tool",       [STATE_TOOL_OR_USER] = "tool?", [STATE_AGENTS] = "agents",
    [STATE_USER] = "user",       [STATE_IDLE] = "idle",          [STATE_DONE] = "done",
    [STATE_ERROR] = "error",     [STATE_STALE] = "stale",        [STATE_GONE] = "gone",
    [STATE_UNKNOWN] = "unknown",
};
static_assert(sizeof state_names / sizeof *state_names == STATES, "a name for each state");

const char *query_state_name(enum agent_state state)
{
    assert(state < STATES);
    return state_names[state];
}

const char *query_state_key(enum agent_state state)
{
    return query_state_name(state == STATE_TOOL_OR_USER ? STATE_TOOL : state);
}

const char *query_state_text(const struct swarm *swarm, agent_no agent, enum agent_state state)
{
    const struct agent *of = swarm_agent(swarm, agent);
    const struct session *session = of == NULL ? NULL : swarm_session(swarm, of->session);
    bool blind = session != NULL && (session->flags & SESSION_NOT_LIVE) != 0 &&
                 (session->flags & (SESSION_ENDED | SESSION_FINISHED)) == 0;
    return state == STATE_IDLE && blind ? "no live source" : query_state_name(state);
}

enum outcome query_outcome(const struct swarm *swarm, const struct span *span)
{
    struct end_facts facts = {.outcome = OUTCOME_NONE};
    if ((span->flags & SPAN_STOPPED) != 0) {
        span_end_facts(swarm, span, &facts);
    }
    return (enum outcome)facts.outcome;
}

bool query_rests(enum agent_state state)
{
    return state == STATE_IDLE || state == STATE_DONE || state == STATE_ERROR ||
           state == STATE_GONE || state == STATE_UNKNOWN;
}

/* A higher rank has precedence. */
static const uint8_t open_ranks[STATES] = {
    [STATE_USER] = 7,         [STATE_RETRY] = 6, [STATE_SAMPLING] = 5, [STATE_WAIT] = 4,
    [STATE_TOOL_OR_USER] = 3, [STATE_TOOL] = 2,  [STATE_AGENTS] = 1,
};

static enum agent_state request_state(const struct request_progress *live, int64_t now_ns)
{
    if (live == NULL) {
        return STATE_WAIT;
    }
    if (query_is_retrying(live, now_ns)) {
        return STATE_RETRY;
    }
    return query_sampling_since(live) != INT64_MIN ? STATE_SAMPLING : STATE_WAIT;
}

/* A command that runs reports itself after this time, or is known to take long. */
#define ASKS_AFTER_NS INT64_C(10000000000)

/* A hook or telemetry of the call shows when a person is asked, so what it reports is the tool. */
static bool may_wait(const struct swarm *swarm, const struct span *span, int64_t now_ns)
{
    const struct record *record = span->kind == SPAN_TOOL && (span->flags & SPAN_OPEN) != 0 &&
                                          now_ns - span->start_ns >= ASKS_AFTER_NS
                                      ? swarm_span_record(swarm, span)
                                      : NULL;
    const struct fact *name = record == NULL ? NULL : facts_get(&record->facts, FIELD_NAME);
    return record != NULL && facts_bool(&record->facts, FIELD_MAY_ASK) == TRI_TRUE &&
           (name == NULL || name->precedence <= PRECEDENCE_FILES);
}

bool query_may_wait(const struct swarm *swarm, const struct span *span, int64_t local_ns)
{
    session_no session = swarm_agent(swarm, span->agent)->session;
    return may_wait(swarm, span, swarm_session_now(swarm, session, local_ns));
}

/* Returns the state that an open span implies. */
static enum agent_state span_state(const struct swarm *swarm, const struct span *span,
                                   const struct request_progress *live, int64_t now_ns)
{
    switch ((enum span_kind)span->kind) {
    case SPAN_USER: return STATE_USER;
    case SPAN_REQUEST: return request_state(live, now_ns);
    case SPAN_AGENT_CALL: return STATE_AGENTS;
    case SPAN_TOOL: return may_wait(swarm, span, now_ns) ? STATE_TOOL_OR_USER : STATE_TOOL;
    case SPAN_SETUP:
    case SPAN_RETRY:
    case SPAN_FIRST_TOKEN:
    case SPAN_SAMPLING:
    case SPAN_INTERACTION:
    case SPAN_OTHER:
    case SPAN_KINDS: break;
    }
    return STATE_TOOL;
}

static void note_due(int64_t *due_ns, int64_t at_ns)
{
    *due_ns = at_ns < *due_ns ? at_ns : *due_ns;
}

/* Notes when the state that the span implies may become another. */
static void note_span_due(const struct span *span, int64_t now_ns, int64_t *due_ns)
{
    if (span->kind == SPAN_REQUEST) {
        note_due(due_ns, INT64_MIN);
    } else if (span->kind == SPAN_TOOL && now_ns - span->start_ns < ASKS_AFTER_NS) {
        note_due(due_ns, time_ns_add(span->start_ns, ASKS_AFTER_NS));
    }
}

/* Lets the span determine the state if it outranks the present one. */
static void consider(const struct swarm *swarm, span_no no, int64_t now_ns,
                     struct agent_status *status, int64_t *due_ns)
{
    const struct span *span = swarm_span(swarm, no);
    if (span == NULL || (span->flags & SPAN_OPEN) == 0) {
        return;
    }
    const struct request_progress *live =
        span->kind == SPAN_REQUEST ? query_live(swarm, span) : NULL;
    enum agent_state state = span_state(swarm, span, live, now_ns);
    note_span_due(span, now_ns, due_ns);
    bool higher = status->span == NO_SPAN || open_ranks[state] > open_ranks[status->state];
    bool older =
        status->span != NO_SPAN && state == status->state && span->start_ns < status->since_ns;
    if (higher || older) {
        bool says = state == STATE_RETRY || state == STATE_SAMPLING;
        *status = (struct agent_status){state, span->start_ns, no, says ? live : NULL};
    }
}

/* Finds the swept span that runs longest, of questions alone if `asks`. Returns false if there is
   none. */
static bool find_swept(const struct swarm *swarm, agent_no agent, bool asks,
                       struct agent_status *status)
{
    bool found = false;
    for (span_no no = swarm_first_in_flight(swarm); no != NO_SPAN;
         no = swarm_next_in_flight(swarm, no)) {
        const struct span *span = swarm_span(swarm, no);
        if (span->agent == agent && (span->flags & SPAN_STALE) != 0 &&
            (!asks || span_still_asks(span)) && (!found || span->start_ns < status->since_ns)) {
            enum agent_state state = asks ? STATE_USER : STATE_STALE;
            *status = (struct agent_status){state, span->start_ns, no, NULL};
            found = true;
        }
    }
    return found;
}

bool query_asks(const struct swarm *swarm, agent_no number)
{
    const struct agent *agent = swarm_agent(swarm, number);
    struct agent_status status;
    return agent->open_by_kind[SPAN_USER] > 0 ||
           (agent->stale_open > 0 && find_swept(swarm, number, true, &status));
}

/* The next sign of a turn comes within this time of the last one. */
#define PAUSE_NS INT64_C(3000000000)

/* Returns whether no source reports the agent's requests, as hooks do not: while its turn runs, and
   nothing else does, a request does. The document prints agents that updates reported. */
static bool hides_requests(const struct swarm *swarm, const struct agent *agent)
{
    const struct session *session = swarm_session(swarm, agent->session);
    return (agent->flags & AGENT_PRINTED) != 0 && (agent->flags & AGENT_GROUP) == 0 &&
           session != NULL && (session->flags & SESSION_REQUESTS) == 0;
}

/* Between the end of a tool and the next request, or of a request and its tool, a turn is not over.
 */
static bool pauses(const struct swarm *swarm, const struct agent *agent, const struct span *last,
                   int64_t local_ns, int64_t *due_ns)
{
    const struct session *session = swarm_session(swarm, agent->session);
    if (session == NULL || (session->flags & (SESSION_ENDED | SESSION_FINISHED)) != 0 ||
        (agent->flags & AGENT_UNREGISTERED) != 0 ||
        (last != NULL && (last->flags & SPAN_STOPPED) != 0)) {
        return false;
    }
    if (last == NULL && (agent->flags & AGENT_MAIN) == 0) {
        return hides_requests(swarm, agent);
    }
    bool sub_agent = (agent->flags & AGENT_MAIN) == 0 && last != NULL &&
                     (last->kind == SPAN_TOOL || last->kind == SPAN_AGENT_CALL);
    int64_t now_ns = swarm_session_now(swarm, agent->session, local_ns);
    bool recent = last != NULL && now_ns - agent->idle_since_ns < PAUSE_NS;
    if (recent) {
        note_due(due_ns, time_ns_add(agent->idle_since_ns, PAUSE_NS));
    }
    return (agent->open_by_kind[SPAN_INTERACTION] > 0 || sub_agent) &&
           (recent || hides_requests(swarm, agent));
}

/* Returns when the agent's last call ended; without any, its last turn; INT64_MIN: unknown. */
static int64_t rests_since(const struct swarm *swarm, const struct agent *agent)
{
    const struct span *turn =
        agent->envelopes.count == 0
            ? NULL
            : swarm_span(swarm, spans_at(&agent->envelopes, agent->envelopes.count - 1));
    return agent->idle_since_ns == INT64_MIN && turn != NULL && (turn->flags & SPAN_OPEN) == 0
               ? turn->end_ns
               : agent->idle_since_ns;
}

/* Returns when the pause began: with the last call, or with the turn. */
static int64_t pause_since(const struct swarm *swarm, const struct agent *agent)
{
    const struct span *turn =
        agent->envelopes.count == 0
            ? NULL
            : swarm_span(swarm, spans_at(&agent->envelopes, agent->envelopes.count - 1));
    return turn != NULL && turn->start_ns > agent->idle_since_ns ? turn->start_ns
                                                                 : agent->idle_since_ns;
}

static struct agent_status quiet_status(const struct swarm *swarm, agent_no number,
                                        int64_t local_ns, int64_t *due_ns)
{
    const struct agent *agent = swarm_agent(swarm, number);
    const struct session *session = swarm_session(swarm, agent->session);
    const struct span *last =
        agent->last_ended == NO_SPAN ? NULL : swarm_span(swarm, agent->last_ended);
    struct agent_status status = {STATE_IDLE, rests_since(swarm, agent), NO_SPAN, NULL};
    if (agent->stale_open > 0) {
        status = (struct agent_status){STATE_STALE, INT64_MIN, NO_SPAN, NULL};
        (void)find_swept(swarm, number, false, &status);
    } else if (pauses(swarm, agent, last, local_ns, due_ns)) {
        status.state = STATE_WAIT;
        status.since_ns = pause_since(swarm, agent);
    } else if (last != NULL && (last->flags & SPAN_ERROR) != 0) {
        status.state = STATE_ERROR;
        status.span = agent->last_ended;
    } else if ((agent->flags & AGENT_UNREGISTERED) != 0 || session == NULL ||
               (session->flags & (SESSION_ENDED | SESSION_FINISHED)) != 0) {
        status.state = STATE_DONE;
    }
    return status;
}

struct agent_status query_status_until(const struct swarm *swarm, agent_no number, int64_t local_ns,
                                       int64_t *due_ns)
{
    const struct agent *agent = swarm_agent(swarm, number);
    *due_ns = INT64_MAX;
    if ((agent->flags & (AGENT_GONE | AGENT_UNKNOWN)) != 0) {
        enum agent_state lost = (agent->flags & AGENT_GONE) != 0 ? STATE_GONE : STATE_UNKNOWN;
        return (struct agent_status){lost, rests_since(swarm, agent), NO_SPAN, NULL};
    }
    struct agent_status status = {STATE_IDLE, INT64_MIN, NO_SPAN, NULL};
    int64_t now = swarm_session_now(swarm, agent->session, local_ns);
    for (size_t i = 0; i < agent->lane_count; i++) {
        consider(swarm, agent->lanes[i].open, now, &status, due_ns);
    }
    if (agent->stale_open > 0 && (status.span == NO_SPAN || status.state != STATE_USER)) {
        (void)find_swept(swarm, number, true, &status);
    }
    return status.span != NO_SPAN ? status : quiet_status(swarm, number, local_ns, due_ns);
}

struct agent_status query_status(const struct swarm *swarm, agent_no number, int64_t local_ns)
{
    int64_t due_ns;
    return query_status_until(swarm, number, local_ns, &due_ns);
}

/* ---- in flight ---- */

static int64_t running_ns(const struct swarm *swarm, span_no no, int64_t local_ns)
{
    const struct span *span = swarm_span(swarm, no);
    return swarm_span_end_ns(swarm, span, local_ns) - span->start_ns;
}

/* Inserts the span among the `held` ones in order, if its position is before `max`. */
static void hold(const struct swarm *swarm, int64_t local_ns, span_no no, span_no *out, size_t held,
                 size_t max)
{
    int64_t running = running_ns(swarm, no, local_ns);
    size_t low = 0, high = held;
    /* Spans in flight come in order of appearance, so most have run less than those before. */
    if (held > 0 && running_ns(swarm, out[held - 1], local_ns) >= running && out[held - 1] < no) {
        low = held;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t other = running_ns(swarm, out[middle], local_ns);
        if (other > running || (other == running && out[middle] < no)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < max) {
        size_t last = held < max ? held : max - 1;
        memmove(out + low + 1, out + low, (last - low) * sizeof *out);
        out[low] = no;
    }
}

size_t query_in_flight(const struct swarm *swarm, int64_t local_ns, span_no *out, size_t max)
{
    size_t count = 0;
    for (span_no no = swarm_first_in_flight(swarm); no != NO_SPAN;
         no = swarm_next_in_flight(swarm, no)) {
        if (!span_is_phase(swarm_span(swarm, no)->kind)) {
            if (max > 0) {
                hold(swarm, local_ns, no, out, count < max ? count : max, max);
            }
            count++;
        }
    }
    return count;
}
