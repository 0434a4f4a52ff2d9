/* Finds spans in lanes, which are sorted by start. Spans of a lane do not overlap, except those
   that the sweep closed and that continue. So searches also read the last few spans before a
   position. */
#include "core/base/sorted.h"
#include "core/query/query_private.h"

enum { LOOK_BACK = 64 };

/* Returns the start of a span; a removed span counts as long past. */
static int64_t start_of(const struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_span(swarm, no);
    return span == NULL ? INT64_MIN : span->start_ns;
}

struct lane_starts {
    const struct swarm *swarm;
    const struct lane *lane;
};

static int64_t start_in_lane(const void *ctx, size_t place)
{
    const struct lane_starts *starts = ctx;
    return start_of(starts->swarm, spans_at(&starts->lane->spans, place));
}

size_t query_first_from(const struct swarm *swarm, const struct lane *lane, int64_t at_ns)
{
    struct lane_starts starts = {swarm, lane};
    return sorted_first(lane->spans.count, at_ns, start_in_lane, &starts);
}

/* Returns how many spans before a position may continue there. Only live sessions are swept. */
static size_t look_back(const struct swarm *swarm, const struct agent *agent,
                        const struct lane *lane)
{
    bool live = swarm_session(swarm, agent->session)->pool == POOL_LIVE;
    return live || lane->overlaps ? LOOK_BACK : 1;
}

struct lane_stretch {
    int64_t from_ns, to_ns, local_ns;
    const struct span_predicate *predicate;
};

static bool is_chosen(const struct lane_stretch *stretch, span_no no)
{
    return span_predicate_holds(stretch->predicate, no);
}

/* Returns true if the span extends into the stretch. */
static bool reaches(const struct swarm *swarm, const struct lane_stretch *stretch, span_no no)
{
    const struct span *span = swarm_span(swarm, no);
    return span != NULL && swarm_span_end_ns(swarm, span, stretch->local_ns) > stretch->from_ns &&
           is_chosen(stretch, no);
}

static bool holds_span(const struct swarm *swarm, const struct agent *agent,
                       const struct lane *lane, const struct lane_stretch *stretch)
{
    size_t at = query_first_from(swarm, lane, stretch->from_ns);
    for (size_t i = at;
         i < lane->spans.count && start_of(swarm, spans_at(&lane->spans, i)) < stretch->to_ns;
         i++) {
        if (is_chosen(stretch, spans_at(&lane->spans, i))) {
            return true;
        }
    }
    if (lane->open != NO_SPAN && start_of(swarm, lane->open) < stretch->to_ns &&
        reaches(swarm, stretch, lane->open)) {
        return true;
    }
    size_t most = look_back(swarm, agent, lane);
    for (size_t back = 0; back < most && back < at; back++) {
        if (reaches(swarm, stretch, spans_at(&lane->spans, at - 1 - back))) {
            return true;
        }
    }
    return false;
}

unsigned query_lanes_in(const struct swarm *swarm, agent_no number, int64_t t0_ns, int64_t t1_ns,
                        int64_t local_ns, const struct span_predicate *predicate)
{
    const struct agent *agent = swarm_agent(swarm, number);
    const struct lane_stretch stretch = {t0_ns, t1_ns, local_ns, predicate};
    size_t count = agent->lane_count;
    while (count > 1 && !holds_span(swarm, agent, &agent->lanes[count - 1], &stretch)) {
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
    span_no after = at < lane->spans.count ? spans_at(&lane->spans, at) : NO_SPAN;
    span_no before = at > 0 ? spans_at(&lane->spans, at - 1) : NO_SPAN;
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

/* Orders spans by start, then by appearance. */
static bool comes_before(const struct swarm *swarm, span_no a, span_no b)
{
    int64_t a_start = start_of(swarm, a), b_start = start_of(swarm, b);
    return a_start != b_start ? a_start < b_start : a < b;
}

/* Returns how many of the lane's spans come before `from`; with `after`, `from` itself is
   included. */
static size_t count_before(const struct swarm *swarm, const struct lane *lane, span_no from,
                           bool after)
{
    size_t low = 0, high = lane->spans.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        span_no at = spans_at(&lane->spans, middle);
        if (comes_before(swarm, at, from) || (after && at == from)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Returns the lane's next span after `from` in the direction; if `from` is NO_SPAN, its first or
   last. */
static span_no step_in_lane(const struct swarm *swarm, const struct lane *lane, span_no from,
                            int direction)
{
    if (lane->spans.count == 0) {
        return NO_SPAN;
    }
    if (from == NO_SPAN) {
        return spans_at(&lane->spans, direction < 0 ? lane->spans.count - 1 : 0);
    }
    size_t at = count_before(swarm, lane, from, direction >= 0);
    if (direction < 0) {
        return at > 0 ? spans_at(&lane->spans, at - 1) : NO_SPAN;
    }
    return at < lane->spans.count ? spans_at(&lane->spans, at) : NO_SPAN;
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

/* ---- searching ---- */

struct span_position {
    int64_t start_ns;
    span_no span;
};

static bool is_before(struct span_position a, struct span_position b)
{
    return a.start_ns != b.start_ns ? a.start_ns < b.start_ns : a.span < b.span;
}

/* Returns how many of the lane's spans precede the place; one at the place is not counted. */
static size_t place_in(const struct swarm *swarm, const struct lane *lane,
                       struct span_position place)
{
    size_t low = 0, high = lane->spans.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        span_no no = spans_at(&lane->spans, middle);
        if (is_before((struct span_position){start_of(swarm, no), no}, place)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Returns the lane's nearest matching span if it is nearer than `best`, else `best`. */
static struct span_position search_lane(const struct swarm *swarm, const struct lane *lane,
                                        struct span_position from, int direction,
                                        struct span_position best,
                                        const struct span_predicate *predicate)
{
    size_t at = place_in(swarm, lane, from);
    bool itself = at < lane->spans.count && spans_at(&lane->spans, at) == from.span &&
                  start_of(swarm, from.span) == from.start_ns;
    if (direction > 0 && itself) {
        at++;
    }
    while (direction > 0 ? at < lane->spans.count : at > 0) {
        span_no no = spans_at(&lane->spans, direction > 0 ? at : at - 1);
        struct span_position here = {start_of(swarm, no), no};
        if (best.span != NO_SPAN &&
            !(direction > 0 ? is_before(here, best) : is_before(best, here))) {
            return best;
        }
        if (swarm_span(swarm, no) != NULL && predicate->holds(predicate->ctx, no)) {
            return here;
        }
        at += direction > 0 ? 1 : (size_t)-1;
    }
    return best;
}

span_no query_span_search(const struct swarm *swarm, agent_no number, int64_t at_ns, span_no span,
                          int direction, const struct span_predicate *predicate)
{
    const struct agent *agent = swarm_agent(swarm, number);
    struct span_position best = {0, NO_SPAN}, from = {at_ns, span};
    for (size_t i = 0; i < agent->lane_count; i++) {
        best = search_lane(swarm, &agent->lanes[i], from, direction, best, predicate);
    }
    return best.span;
}

enum span_kind query_request_phase(const struct swarm *swarm, const struct span *span,
                                   int64_t local_ns)
{
    session_no session = swarm_agent(swarm, span->agent)->session;
    const struct request_progress *live = query_live(swarm, span);
    int64_t now = swarm_session_now(swarm, session, local_ns);
    if (live != NULL && query_is_retrying(live, now)) {
        return SPAN_RETRY;
    }
    int64_t until;
    return query_phase_at(swarm, span, now, &until);
}
