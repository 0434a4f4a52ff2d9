/* Derives spans, markers and the state of agents from events: the one path of live feeds, opened
   files and deriving again. It looks only at an event and at the spans that earlier events left
   open. span_pair.c decides which end closes which begin. */
#include "core/model/swarm_private.h"

#include "core/base/time_ns.h"

#include <math.h>
#include <string.h>

/* An event on its way into the model. */
struct arrival {
    struct event_store *store;
    uint64_t number; /* in the store */
    const struct event *event;
    agent_no row; /* NO_AGENT: none */
};

static void count_open(struct swarm *swarm, agent_no agent, uint8_t kind, int by)
{
    uint32_t *open = &swarm->rows.agents[agent].open_by_kind[kind];
    *open = (uint32_t)((int64_t)*open + by);
}

/* ---- phases ---- */

/* The seed appends phases just before the end of their request, so they wait with the agent
   until that end claims them. They cannot wait with their track: in a document by swarmtop a
   phase that is longer than its request is on another thread. */
static void add_phase(struct swarm *swarm, struct agent *agent, span_no no)
{
    if (agent->first_phase == NO_SPAN) {
        agent->first_phase = no;
    } else {
        swarm_edit_span(swarm, agent->last_phase)->next_phase = no;
    }
    agent->last_phase = no;
}

/* ---- begins ---- */

uint8_t derive_kind(struct swarm *swarm, intern_id name, intern_id cat)
{
    size_t at = ((name * 2654435761u ^ cat * 40503u) >> 3) % KIND_CACHE;
    if (!swarm->kinds[at].known || swarm->kinds[at].name != name || swarm->kinds[at].cat != cat) {
        swarm->kinds[at].name = name;
        swarm->kinds[at].cat = cat;
        swarm->kinds[at].kind =
            (uint8_t)span_kind_of(swarm_text(swarm, name), swarm_text(swarm, cat));
        swarm->kinds[at].known = true;
    }
    return swarm->kinds[at].kind;
}

uint8_t derive_event_kind(struct swarm *swarm, const struct event *event)
{
    session_no session = swarm->rows.tracks[event->track].track.session;
    bool agents = (swarm->rows.sessions[session].session.flags & SESSION_AGENTS) != 0;
    return agents ? derive_kind(swarm, event->name, event->cat) : SPAN_OTHER;
}

static struct span new_span(struct swarm *swarm, const struct arrival *in, uint64_t begin_no)
{
    const struct event *event = in->event;
    int64_t at = swarm_event_ns(swarm, event);
    return (struct span){
        .start_ns = at,
        .end_ns = at,
        .begin_no = begin_no,
        .name = event->name,
        .cat = event->cat,
        .agent = in->row,
        .track = event->track,
        .parent = NO_SPAN,
        .next_phase = NO_SPAN,
        .kind = derive_event_kind(swarm, event),
    };
}

/* Takes the span into the model; NO_SPAN: out of memory. */
static span_no add_span(struct swarm *swarm, const struct span *span)
{
    span_no no = swarm_new_span(swarm, span);
    if (no == NO_SPAN) {
        return NO_SPAN;
    }
    swarm_note_row(swarm, span->agent);
    if (!lane_place(swarm, &swarm->rows.agents[span->agent], no)) {
        swarm_free_span(swarm, no);
        return NO_SPAN;
    }
    if (span_is_phase(span->kind)) {
        add_phase(swarm, &swarm->rows.agents[span->agent], no);
    } else {
        agent_state_note_time(&swarm->rows.agents[span->agent], span->start_ns, span->end_ns);
    }
    return no;
}

static bool open_span(struct swarm *swarm, span_no no)
{
    const struct span *span = swarm_edit_span(swarm, no);
    if (!swarm_set_in_flight(swarm, no, true)) {
        return false;
    }
    count_open(swarm, span->agent, span->kind, 1);
    return stats_count_open(swarm, span, 1);
}

static bool push_open(struct swarm *swarm, span_no no)
{
    if (!open_span(swarm, no)) {
        return false;
    }
    span_pair_push_open(swarm, no);
    return true;
}

bool derive_open(struct swarm *swarm, const struct span *span)
{
    span_no no = add_span(swarm, span);
    return no != NO_SPAN && push_open(swarm, no);
}

/* Notes the time of a begin or an end of the track. Phases of requests are written late, so in a
   trace of agents only a begin counts that an end before it may have meant. */
static void note_order(struct swarm *swarm, const struct event *event, int64_t at_ns)
{
    struct track_slot *slot = &swarm->rows.tracks[event->track];
    bool agents = (swarm->rows.sessions[slot->track.session].session.flags & SESSION_AGENTS) != 0;
    if (at_ns >= slot->paired_ns) {
        slot->paired_ns = at_ns;
    } else if (!agents) {
        swarm_note_late(swarm, event->track);
    }
}

static bool derive_begin(struct swarm *swarm, const struct arrival *in)
{
    const struct event *event = in->event;
    if (swarm->rows.sessions[swarm->rows.tracks[event->track].track.session].session.pool ==
            POOL_FILES &&
        event_is_lost_begin(event)) {
        return true; /* its end states all that is known of the span */
    }
    struct span span = new_span(swarm, in, in->number);
    span.flags = SPAN_OPEN;
    note_order(swarm, event, span.start_ns);
    if (span.start_ns <= swarm->rows.tracks[event->track].orphan_ns && !span_is_phase(span.kind)) {
        swarm_note_late(swarm, event->track);
    }
    span_no no = add_span(swarm, &span);
    if (no == NO_SPAN || !push_open(swarm, no)) {
        return false;
    }
    event_store_set_span(in->store, in->number, no);
    return true;
}

static bool derive_complete(struct swarm *swarm, const struct arrival *in)
{
    const struct event *event = in->event;
    struct span span = new_span(swarm, in, in->number);
    span.end_ns = swarm_event_end_ns(swarm, event);
    struct end_facts facts;
    end_facts_read(event->args, &facts);
    span.end_no = in->number;
    span.flags = (uint8_t)(facts.flags | (event_is_lost_begin(event) ? SPAN_LOST_BEGIN : 0));
    span_no no = add_span(swarm, &span);
    if (no == NO_SPAN) {
        return false;
    }
    event_store_set_span(in->store, in->number, no);
    return span_end_apply(swarm, no, &facts);
}

/* ---- ends ---- */

static bool close_span(struct swarm *swarm, span_no no, int64_t at_ns, uint64_t number,
                       const struct end_facts *facts)
{
    uint8_t flags = facts->flags;
    struct span *span = swarm_edit_span(swarm, no);
    span->end_ns = at_ns > span->start_ns ? at_ns : span->start_ns;
    span->end_no = number;
    span->flags = (uint8_t)((span->flags & ~SPAN_OPEN) | flags);
    count_open(swarm, span->agent, span->kind, -1);
    swarm_note_row(swarm, span->agent);
    struct swept_open *swept =
        (flags & SPAN_EVICTED) != 0 ? swept_open_find(swarm, span->begin_no) : NULL;
    if (swept != NULL && swept->end_ns == INT64_MAX) {
        span->flags |= SPAN_STALE;
        swarm->rows.agents[span->agent].stale_open++;
    } else {
        (void)swarm_set_in_flight(swarm, no, false);
    }
    lane_close(swarm, &swarm->rows.agents[span->agent], no);
    return stats_count_open(swarm, span, -1) && span_end_apply(swarm, no, facts);
}

/* Handles an end without an open begin. It makes a span if its begin was dropped and its
   duration is known; else it counts as an orphan end. */
static bool recover(struct swarm *swarm, const struct arrival *in, const struct end_facts *facts)
{
    const struct event *event = in->event;
    struct session_slot *slot =
        &swarm->rows.sessions[swarm->rows.tracks[event->track].track.session];
    struct span span = new_span(swarm, in, 0);
    double duration_ms = facts->numbers[FACT_DURATION_MS];
    bool known = duration_ms >= 0 && duration_ms < 1e12 && event->name != INTERN_NONE;
    span.start_ns -= known ? time_ns_from_ms(duration_ms) : 0;
    if (!known || span.start_ns > swarm_truncated_ns(swarm, &slot->session)) {
        struct track_slot *track = &swarm->rows.tracks[event->track];
        track->orphan_ns = span.end_ns > track->orphan_ns ? span.end_ns : track->orphan_ns;
        slot->session.orphan_ends++;
        return true;
    }
    span.end_no = in->number;
    span.flags = (uint8_t)(facts->flags | SPAN_LOST_BEGIN);
    span_no no = add_span(swarm, &span);
    if (no == NO_SPAN) {
        return false;
    }
    event_store_set_span(in->store, in->number, no);
    return span_end_apply(swarm, no, facts);
}

/* Ends a span whose begin was dropped. The span becomes what a re-opened file derives from its
   end. Only the lanes still differ, until swarm_relane. */
static bool end_kept(struct swarm *swarm, const struct arrival *in, struct end_facts *facts,
                     span_no no)
{
    const struct span kept = *swarm_edit_span(swarm, no);
    count_open(swarm, kept.agent, kept.kind, -1);
    swarm_note_row(swarm, kept.agent);
    (void)stats_count_open(swarm, &kept, -1);
    lane_remove(swarm, &swarm->rows.agents[kept.agent], no);
    swarm_free_span(swarm, no);
    orphan_open_remove(swarm, &kept);
    swarm->open.relane_due = true;
    double *duration_ms = &facts->numbers[FACT_DURATION_MS];
    if (isnan(*duration_ms)) {
        *duration_ms = (double)(swarm_event_ns(swarm, in->event) - kept.start_ns) / 1e6;
    }
    return recover(swarm, in, facts);
}

static bool derive_end(struct swarm *swarm, const struct arrival *in)
{
    const struct event *event = in->event;
    struct end_facts facts;
    end_facts_read(event->args, &facts);
    note_order(swarm, event, swarm_event_ns(swarm, event));
    span_no no = span_pair_find_begin(swarm, event, facts.numbers[FACT_DURATION_MS]);
    if (no == NO_SPAN) {
        return recover(swarm, in, &facts);
    }
    span_pair_take_open(swarm, no);
    struct span *span = swarm_edit_span(swarm, no);
    if ((span->flags & SPAN_LOST_BEGIN) != 0) {
        return end_kept(swarm, in, &facts, no);
    }
    event_store_set_span(in->store, in->number, no);
    return close_span(swarm, no, swarm_event_ns(swarm, event), in->number, &facts);
}

/* ---- async spans ---- */

static bool derive_async_begin(struct swarm *swarm, const struct arrival *in)
{
    const struct event *event = in->event;
    struct span span = new_span(swarm, in, in->number);
    span.flags = SPAN_OPEN | SPAN_ASYNC;
    if (span.start_ns <=
        swarm->rows.sessions[swarm->rows.tracks[event->track].track.session].async_orphan_ns) {
        swarm_note_late(swarm, event->track);
    }
    span_no no = add_span(swarm, &span);
    if (no == NO_SPAN || !open_span(swarm, no) || !async_pair_push_open(swarm, no, event)) {
        return false;
    }
    event_store_set_span(in->store, in->number, no);
    return true;
}

static bool derive_async_end(struct swarm *swarm, const struct arrival *in)
{
    const struct event *event = in->event;
    struct session_slot *slot =
        &swarm->rows.sessions[swarm->rows.tracks[event->track].track.session];
    int64_t at_ns = swarm_event_ns(swarm, event);
    span_no no;
    if (!async_pair_take_begin(swarm, event, &no)) {
        return false;
    }
    if (no == NO_SPAN) {
        slot->async_orphan_ns = at_ns > slot->async_orphan_ns ? at_ns : slot->async_orphan_ns;
        slot->session.orphan_ends++;
        return true;
    }
    if (swarm_edit_span(swarm, no)->start_ns > at_ns) {
        swarm_note_late(swarm, event->track);
    }
    struct end_facts facts;
    end_facts_read(event->args, &facts);
    event_store_set_span(in->store, in->number, no);
    return close_span(swarm, no, at_ns, in->number, &facts);
}

/* ---- instants ---- */

static bool note_truncation(struct swarm *swarm, const struct event *event, int64_t at_ns)
{
    struct session *session =
        &swarm->rows.sessions[swarm->rows.tracks[event->track].track.session].session;
    struct json_value args = slice_object(event->args);
    struct json_value total = {0};
    if (args.type != JSON_TYPE_NONE) {
        total = json_get(args, "total_dropped_events");
        total = total.type == JSON_TYPE_NUMBER ? total : json_get(args, "dropped_events");
    }
    double count = total.type == JSON_TYPE_NUMBER ? json_get_number(total) : 0;
    session->dropped = count > 0 && count < 1e18 ? (uint64_t)count : 0;
    return swarm_note_truncated(swarm, session, at_ns);
}

/* A process is worth a line from its first mark on. */
static void note_mark(struct swarm *swarm, agent_no row, int64_t at_ns)
{
    struct agent *agent = &swarm->rows.agents[row];
    bool first = agent->mark_first_ns > agent->mark_last_ns;
    swarm->revision += first && (agent->flags & AGENT_PROCESS) != 0;
    swarm_note_row(swarm, row);
    agent->mark_first_ns = at_ns < agent->mark_first_ns ? at_ns : agent->mark_first_ns;
    agent->mark_last_ns = at_ns > agent->mark_last_ns ? at_ns : agent->mark_last_ns;
    agent_state_note_time(agent, at_ns, at_ns);
}

/* The marker of dropped events. Its pid and tid belong to no agent, so it makes no row. */
static bool is_truncation(const struct swarm *swarm, const struct event *event)
{
    return event->name == swarm->known.trace_truncated && (event->ph == 'i' || event->ph == 'I');
}

static bool derive_instant(struct swarm *swarm, const struct arrival *in)
{
    const struct event *event = in->event;
    struct marker *marker = swarm_new_marker(swarm);
    if (marker == NULL) {
        return false;
    }
    *marker = (struct marker){
        .at_ns = swarm_event_ns(swarm, event),
        .event = in->number,
        .session = swarm->rows.tracks[event->track].track.session,
        .track = event->track,
        .agent = NO_AGENT,
        .name = event->name,
        .cat = event->cat,
        .truncated = is_truncation(swarm, event),
    };
    if (marker->truncated) {
        return note_truncation(swarm, event, marker->at_ns);
    }
    marker->agent = in->row;
    note_mark(swarm, marker->agent, marker->at_ns);
    return true;
}

static bool derive_counter(struct swarm *swarm, const struct arrival *in)
{
    const struct event *event = in->event;
    if (!mem_reserve(swarm->mem, &swarm->lists.counters, &swarm->lists.counter_cap,
                     swarm->lists.counter_count + 1, sizeof *swarm->lists.counters)) {
        return false;
    }
    swarm->lists.counters[swarm->lists.counter_count++] = (struct counter_sample){
        .at_ns = swarm_event_ns(swarm, event),
        .event = in->number,
        .session = swarm->rows.tracks[event->track].track.session,
        .agent = in->row,
    };
    if ((swarm->rows.agents[in->row].flags & AGENT_PROCESS) != 0) {
        note_mark(swarm, in->row, swarm_event_ns(swarm, event));
    }
    return true;
}

/* ---- one event ---- */

static bool derive_known(struct swarm *swarm, const struct arrival *in)
{
    switch (in->event->ph) {
    case 'B': return derive_begin(swarm, in);
    case 'E': return derive_end(swarm, in);
    case 'X': return derive_complete(swarm, in);
    case 'b':
    case 'S': return derive_async_begin(swarm, in);
    case 'e':
    case 'F': return derive_async_end(swarm, in);
    case 'T': /* a step of an async span */
    case 'p':
    case 'n':
    case 'R':
    case 'i':
    case 'I': return derive_instant(swarm, in);
    case 'C': return derive_counter(swarm, in);
    default: return true; /* flows and the rest are kept for the export */
    }
}

bool derive_event(struct swarm *swarm, enum swarm_pool pool, uint64_t number,
                  const struct event *event)
{
    session_no session = swarm->rows.tracks[event->track].track.session;
    struct session *of = &swarm->rows.sessions[session].session;
    if (isnan(event->ts_us)) {
        return true;
    }
    struct arrival in = {swarm->pools[pool].store, number, event, NO_AGENT};
    if (!is_truncation(swarm, event) && !swarm_make_row(swarm, event, &in.row)) {
        return false;
    }
    if (pool == POOL_FILES) {
        int64_t at = swarm_event_end_ns(swarm, event);
        of->clock_ns = at > of->clock_ns ? at : of->clock_ns;
    }
    return derive_known(swarm, &in);
}
