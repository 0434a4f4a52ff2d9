/* Lanes are the rows of an agent. A new span takes the lowest free lane. That depends on the
   order of events alone, so a live feed and its re-opened file have the same lanes. The spans of
   a lane are sorted by start; most arrive in order, late ones are inserted. Phases and
   interactions take no lane: a phase is drawn in its request, and an interaction is an envelope
   around all else. */
#include "core/base/sorted.h"
#include "core/model/lane_index.h"
#include "core/model/swarm_private.h"

#include <string.h>

/* Spans by number, in order of their starts. */
struct starts {
    const struct swarm *swarm;
    const struct block_list *spans;
};

static int64_t start_of(const void *ctx, size_t place)
{
    const struct starts *starts = ctx;
    return swarm_edit_span(starts->swarm, spans_at(starts->spans, place))->start_ns;
}

/* The place of the first of `spans` that starts after `start_ns`. */
static size_t upper_bound(const struct swarm *swarm, const struct block_list *spans,
                          int64_t start_ns)
{
    struct starts starts = {swarm, spans};
    return start_ns == INT64_MAX ? spans->count
                                 : sorted_first(spans->count, start_ns + 1, start_of, &starts);
}

size_t lane_first_after(const struct swarm *swarm, const struct lane *lane, int64_t at_ns)
{
    return upper_bound(swarm, &lane->spans, at_ns);
}

/* *place: where it is. */
static bool insert(struct swarm *swarm, struct block_list *spans, span_no span, size_t *place)
{
    uint64_t moved = spans->moved;
    size_t at = upper_bound(swarm, spans, swarm_edit_span(swarm, span)->start_ns);
    span_no *item = block_list_insert(spans, swarm->mem, at);
    if (item == NULL) {
        return false;
    }
    *item = span;
    *place = at;
    swarm->touched += spans->moved - moved;
    return true;
}

/* Whether nothing in the lane meets the span; one without an end meets all that starts later. */
static bool fits(const struct swarm *swarm, const struct lane *lane, const struct span *span)
{
    bool open = (span->flags & SPAN_OPEN) != 0;
    if (lane->open != NO_SPAN &&
        (open || swarm_edit_span(swarm, lane->open)->start_ns < span->end_ns)) {
        return false;
    }
    if (span->start_ns >= lane->last_end_ns) {
        return true;
    }
    /* A parent that is written after its children, as many producers do, meets the last of them. */
    const struct span *last =
        lane->spans.count == 0
            ? NULL
            : swarm_edit_span(swarm, spans_at(&lane->spans, lane->spans.count - 1));
    if (last != NULL && (open || last->start_ns < span->end_ns) &&
        ((last->flags & SPAN_OPEN) != 0 || last->end_ns > span->start_ns)) {
        return false;
    }
    size_t at = upper_bound(swarm, &lane->spans, span->start_ns);
    if (at < lane->spans.count &&
        (open || swarm_edit_span(swarm, spans_at(&lane->spans, at))->start_ns < span->end_ns)) {
        return false;
    }
    if (at > 0) {
        const struct span *before = swarm_edit_span(swarm, spans_at(&lane->spans, at - 1));
        return (before->flags & SPAN_OPEN) == 0 && before->end_ns <= span->start_ns;
    }
    return true;
}

struct lane *lane_add(struct swarm *swarm, struct agent *agent)
{
    if (!mem_reserve(swarm->mem, &agent->lanes, &agent->lane_cap, agent->lane_count + 1,
                     sizeof *agent->lanes)) {
        return NULL;
    }
    struct lane *lane = &agent->lanes[agent->lane_count++];
    *lane = (struct lane){.open = NO_SPAN, .last_end_ns = INT64_MIN};
    block_list_init(&lane->spans, sizeof(span_no));
    return lane;
}

/* The first lane that may have room. A span without an end has none where another one is open; a
   thousand calls at once are common, and so these are counted. */
static size_t first_to_try(struct agent *agent, const struct span *span)
{
    if ((span->flags & SPAN_OPEN) == 0 ||
        (agent->flags & (AGENT_THREAD | AGENT_UNSETTLED)) == AGENT_THREAD) {
        return 0;
    }
    while (agent->busy_lanes < agent->lane_count && agent->busy_lanes + 1 < MAX_LANES &&
           agent->lanes[agent->busy_lanes].open != NO_SPAN) {
        agent->busy_lanes++;
    }
    return agent->busy_lanes;
}

static struct lane *choose(struct swarm *swarm, struct agent *agent, const struct span *span,
                           size_t *number)
{
    /* A span that is corrected stays where it was, if it fits there still. */
    if (span->lane > 0 && span->lane < agent->lane_count &&
        fits(swarm, &agent->lanes[span->lane], span)) {
        *number = span->lane;
        return &agent->lanes[span->lane];
    }
    for (size_t i = first_to_try(agent, span); i < agent->lane_count; i++) {
        bool free = fits(swarm, &agent->lanes[i], span);
        if (!free && (agent->flags & (AGENT_THREAD | AGENT_UNSETTLED)) == AGENT_THREAD &&
            lane_disorders(swarm, &agent->lanes[i], span)) {
            agent->flags |= AGENT_UNSETTLED;
        }
        if (free || i + 1 == MAX_LANES) {
            agent->lanes[i].overlaps |= !free;
            *number = i;
            return &agent->lanes[i];
        }
    }
    *number = agent->lane_count;
    return lane_add(swarm, agent);
}

/* The lane has no open span any more. */
static void set_free(struct agent *agent, size_t number)
{
    agent->lanes[number].open = NO_SPAN;
    agent->busy_lanes = number < agent->busy_lanes ? number : agent->busy_lanes;
}

static void extend(struct lane *lane, int64_t end_ns)
{
    lane->last_end_ns = end_ns > lane->last_end_ns ? end_ns : lane->last_end_ns;
}

bool lane_place(struct swarm *swarm, struct agent *agent, span_no span)
{
    struct span *placed = swarm_edit_span(swarm, span);
    size_t place;
    if (span_is_phase(placed->kind)) {
        return true;
    }
    if (placed->kind == SPAN_INTERACTION) {
        return insert(swarm, &agent->envelopes, span, &place);
    }
    size_t number;
    struct lane *lane = choose(swarm, agent, placed, &number);
    if (lane == NULL || !insert(swarm, &lane->spans, span, &place)) {
        return false;
    }
    lane_index_inserted(swarm, lane, place);
    placed->lane = (uint16_t)number;
    if ((placed->flags & SPAN_OPEN) != 0) {
        lane->open = span;
        extend(lane, placed->start_ns);
    } else {
        extend(lane, placed->end_ns);
    }
    return true;
}

void lane_close(struct swarm *swarm, struct agent *agent, span_no span)
{
    const struct span *closed = swarm_edit_span(swarm, span);
    if (span_is_phase(closed->kind) || closed->kind == SPAN_INTERACTION) {
        return;
    }
    struct lane *lane = &agent->lanes[closed->lane];
    if (lane->open == span) {
        set_free(agent, closed->lane);
    }
    extend(lane, closed->end_ns);
    /* One that began with it and still runs encloses it after all. */
    span_no below = closed->lane + 1u < agent->lane_count ? lane[1].open : NO_SPAN;
    if ((agent->flags & AGENT_THREAD) != 0 && below != NO_SPAN &&
        swarm_edit_span(swarm, below)->start_ns <= closed->start_ns) {
        agent->flags |= AGENT_UNSETTLED;
    }
}

/* The place of the span in a list by start; its count: it is not there. */
static size_t place_of(const struct swarm *swarm, const struct block_list *spans, span_no span)
{
    size_t at = upper_bound(swarm, spans, swarm_edit_span(swarm, span)->start_ns);
    while (at > 0) {
        if (spans_at(spans, --at) == span) {
            return at;
        }
    }
    return spans->count;
}

/* Recomputes the lane's end after its last span was removed. */
static void shrink(const struct swarm *swarm, struct lane *lane)
{
    if (lane->spans.count == 0) {
        lane->last_end_ns = INT64_MIN;
        return;
    }
    const struct span *last = swarm_edit_span(swarm, spans_at(&lane->spans, lane->spans.count - 1));
    if (!lane->overlaps) {
        lane->last_end_ns = (last->flags & SPAN_OPEN) != 0 ? last->start_ns : last->end_ns;
    }
}

void lane_remove(struct swarm *swarm, struct agent *agent, span_no span)
{
    const struct span *gone = swarm_edit_span(swarm, span);
    if (span_is_phase(gone->kind)) {
        return;
    }
    bool envelope = gone->kind == SPAN_INTERACTION;
    if (!envelope && gone->lane >= agent->lane_count) {
        return; /* there was no memory for its lane */
    }
    struct lane *lane = envelope ? NULL : &agent->lanes[gone->lane];
    struct block_list *spans = envelope ? &agent->envelopes : &lane->spans;
    size_t at = place_of(swarm, spans, span);
    if (at == spans->count) {
        return;
    }
    if (lane != NULL) {
        lane_index_remove(swarm, lane, at);
    }
    uint64_t moved = spans->moved;
    block_list_remove(spans, swarm->mem, at, 1);
    swarm->touched += spans->moved - moved;
    if (lane != NULL) {
        if (lane->open == span) {
            set_free(agent, gone->lane);
        }
        shrink(swarm, lane);
    }
}

/* ---- corrections in place ---- */

/* Whether the span as it is `now` is still between its neighbours in a list by start. */
static bool is_in_order(const struct swarm *swarm, const struct block_list *spans, size_t at,
                        const struct span *now)
{
    struct starts starts = {swarm, spans};
    return (at == 0 || start_of(&starts, at - 1) <= now->start_ns) &&
           (at + 1 == spans->count || start_of(&starts, at + 1) >= now->start_ns);
}

/* Whether it meets neither of them. */
static bool is_apart(const struct swarm *swarm, const struct lane *lane, size_t at,
                     const struct span *now)
{
    if (lane->overlaps) {
        return false;
    }
    if (at > 0) {
        const struct span *before = swarm_edit_span(swarm, spans_at(&lane->spans, at - 1));
        if ((before->flags & SPAN_OPEN) != 0 || before->end_ns > now->start_ns) {
            return false;
        }
    }
    return at + 1 == lane->spans.count ||
           swarm_edit_span(swarm, spans_at(&lane->spans, at + 1))->start_ns >= now->end_ns;
}

bool lane_keeps(struct swarm *swarm, struct agent *agent, span_no no, const struct span *now)
{
    const struct span *span = swarm_edit_span(swarm, no);
    bool envelope = span->kind == SPAN_INTERACTION;
    if (((span->flags | now->flags) & SPAN_OPEN) != 0 || span->agent != now->agent ||
        envelope != (now->kind == SPAN_INTERACTION) || span_is_phase(span->kind) ||
        span_is_phase(now->kind) || (!envelope && span->lane >= agent->lane_count)) {
        return false;
    }
    struct lane *lane = envelope ? NULL : &agent->lanes[span->lane];
    const struct block_list *spans = envelope ? &agent->envelopes : &lane->spans;
    size_t at = place_of(swarm, spans, no);
    if (at == spans->count || !is_in_order(swarm, spans, at, now) ||
        (!envelope && !is_apart(swarm, lane, at, now))) {
        return false;
    }
    if (!envelope) {
        lane_index_settle(swarm, lane, at);
    }
    return true;
}

void lane_corrected(struct swarm *swarm, struct agent *agent, span_no no)
{
    const struct span *span = swarm_edit_span(swarm, no);
    swarm->touched++;
    if (span->kind == SPAN_INTERACTION) {
        return;
    }
    struct lane *lane = &agent->lanes[span->lane];
    lane_index_corrected(swarm, lane, place_of(swarm, &lane->spans, no));
    shrink(swarm, lane);
}

void lane_reset(struct swarm *swarm, struct agent *agent)
{
    for (size_t i = 0; i < agent->lane_count; i++) {
        lane_index_drop(swarm->mem, &agent->lanes[i]);
        block_list_release(&agent->lanes[i].spans, swarm->mem);
    }
    mem_free(swarm->mem, agent->lanes, agent->lane_cap * sizeof *agent->lanes);
    block_list_release(&agent->envelopes, swarm->mem);
    agent->lanes = NULL;
    agent->lane_count = agent->lane_cap = agent->busy_lanes = 0;
}
