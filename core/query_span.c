/* Finding spans in lanes, which are sorted by start. Spans of a lane do not overlap, but for those that
   the sweep closed and that went on: where they are looked for, it is among the last few before a place. */
#include "core/query_private.h"

enum { LOOK_BACK = 64 };

/* A span that has gone counts as one of long ago. */
static int64_t start_of(const struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_span(swarm, no);
    return span == NULL ? INT64_MIN : span->start_ns;
}

size_t query_first_from(const struct swarm *swarm, const struct lane *lane, int64_t at_ns)
{
    size_t low = 0, high = lane->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (start_of(swarm, lane->spans[middle]) < at_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* How many before a place may still go on there. Only what is live is swept. */
static size_t look_back(const struct swarm *swarm, const struct agent *agent,
                        const struct lane *lane)
{
    bool live = swarm_session(swarm, agent->session)->pool == POOL_LIVE;
    return live || lane->overlaps ? LOOK_BACK : 1;
}

static bool holds_span(const struct swarm *swarm, const struct agent *agent,
                       const struct lane *lane, int64_t t0_ns, int64_t t1_ns, int64_t local_ns)
{
    size_t at = query_first_from(swarm, lane, t0_ns);
    if (at < lane->count && start_of(swarm, lane->spans[at]) < t1_ns) {
        return true;
    }
    if (lane->open != NO_SPAN && start_of(swarm, lane->open) < t1_ns) {
        const struct span *open = swarm_span(swarm, lane->open);
        return open != NULL && swarm_span_end_ns(swarm, open, local_ns) > t0_ns;
    }
    size_t most = look_back(swarm, agent, lane);
    for (size_t back = 0; back < most && back < at; back++) {
        const struct span *span = swarm_span(swarm, lane->spans[at - 1 - back]);
        if (span != NULL && swarm_span_end_ns(swarm, span, local_ns) > t0_ns) {
            return true;
        }
    }
    return false;
}

unsigned query_lanes_in(const struct swarm *swarm, agent_no number, int64_t t0_ns, int64_t t1_ns,
                        int64_t local_ns)
{
    const struct agent *agent = swarm_agent(swarm, number);
    size_t count = agent->lane_count;
    while (count > 1 &&
           !holds_span(swarm, agent, &agent->lanes[count - 1], t0_ns, t1_ns, local_ns)) {
        count--;
    }
    return count > 1 ? (unsigned)count : 1;
}

static span_no nearer(const struct swarm *swarm, span_no before, span_no after, int64_t at_ns)
{
    if (before == NO_SPAN || after == NO_SPAN) {
        return before == NO_SPAN ? after : before;
    }
    const struct span *earlier = swarm_span(swarm, before);
    int64_t gone = at_ns - ((earlier->flags & SPAN_OPEN) != 0 ? at_ns : earlier->end_ns);
    return start_of(swarm, after) - at_ns < gone ? after : before;
}

span_no query_span_at(const struct swarm *swarm, agent_no number, unsigned lane_number,
                      int64_t at_ns, int direction)
{
    const struct agent *agent = swarm_agent(swarm, number);
    if (lane_number >= agent->lane_count) {
        return NO_SPAN;
    }
    const struct lane *lane = &agent->lanes[lane_number];
    size_t at = query_first_from(swarm, lane, at_ns);
    span_no after = at < lane->count ? lane->spans[at] : NO_SPAN;
    span_no before = at > 0 ? lane->spans[at - 1] : NO_SPAN;
    const struct span *earlier = before == NO_SPAN ? NULL : swarm_span(swarm, before);
    if (after != NO_SPAN && start_of(swarm, after) == at_ns) {
        return after;
    }
    if (earlier == NULL) {
        return direction < 0 ? NO_SPAN : after;
    }
    bool covers = (earlier->flags & (SPAN_OPEN | SPAN_STALE)) != 0 || earlier->end_ns > at_ns;
    if (covers || direction < 0) {
        return before;
    }
    return direction > 0 ? after : nearer(swarm, before, after, at_ns);
}

/* ---- stepping ---- */

/* Spans in order of their start; those of one start in order of appearance. */
static bool comes_before(const struct swarm *swarm, span_no a, span_no b)
{
    int64_t a_start = start_of(swarm, a), b_start = start_of(swarm, b);
    return a_start != b_start ? a_start < b_start : a < b;
}

/* How many of the lane's spans come before `from`, or, `after`, not after it. */
static size_t count_before(const struct swarm *swarm, const struct lane *lane, span_no from,
                           bool after)
{
    size_t low = 0, high = lane->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        span_no at = lane->spans[middle];
        if (comes_before(swarm, at, from) || (after && at == from)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The lane's next span after `from` in the direction; its first or last, where `from` is NO_SPAN. */
static span_no step_in_lane(const struct swarm *swarm, const struct lane *lane, span_no from,
                            int direction)
{
    if (lane->count == 0) {
        return NO_SPAN;
    }
    if (from == NO_SPAN) {
        return lane->spans[direction < 0 ? lane->count - 1 : 0];
    }
    size_t at = count_before(swarm, lane, from, direction >= 0);
    if (direction < 0) {
        return at > 0 ? lane->spans[at - 1] : NO_SPAN;
    }
    return at < lane->count ? lane->spans[at] : NO_SPAN;
}

span_no query_span_step(const struct swarm *swarm, agent_no number, span_no from, int direction)
{
    const struct agent *agent = swarm_agent(swarm, number);
    span_no best = NO_SPAN;
    if (from != NO_SPAN && swarm_span(swarm, from) == NULL) {
        from = NO_SPAN;
    }
    for (size_t i = 0; i < agent->lane_count; i++) {
        span_no candidate = step_in_lane(swarm, &agent->lanes[i], from, direction);
        if (candidate != NO_SPAN &&
            (best == NO_SPAN || (direction < 0 ? comes_before(swarm, best, candidate)
                                               : comes_before(swarm, candidate, best)))) {
            best = candidate;
        }
    }
    return best;
}
