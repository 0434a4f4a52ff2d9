/* Corrects the span of a record in place: the effects of the old span are removed, then those of
   the new one are added. The number stays, so a cursor on the span does too. A span leaves its
   lane only if it would overlap there. */
#include "core/model/lane_index.h"
#include "core/model/record.h"
#include "core/model/swarm_private.h"

#include "core/base/time_ns.h"

/* ---- names ---- */

/* False: out of memory. */
static bool name_span(struct swarm *swarm, const struct record *record, struct span *span)
{
    return span_call_name(swarm->names, swarm->mem, (enum call_kind)record->kind,
                          facts_text(&record->facts, FIELD_NAME), &span->name, &span->cat);
}

/* ---- phases ---- */

static void free_phases(struct swarm *swarm, struct span *request)
{
    for (span_no no = request->next_phase; no != NO_SPAN;) {
        span_no next = swarm_edit_span(swarm, no)->next_phase;
        swarm_free_span(swarm, no);
        no = next;
    }
    request->next_phase = NO_SPAN;
}

/* Sets the start and end of a phase of a request, in the seed's order: the set-up ends after the
   retries inside it. */
static void place_phase(const struct request_shape *shape, size_t index,
                        const struct request_phase *phase, struct span *span)
{
    uint64_t begin = 4 * (index + 1), end = begin + 1;
    if (phase->kind == SPAN_SETUP && shape->attempt_count > 1) {
        end = 4 * shape->attempt_count + 2;
    }
    span->begin_no |= (begin & 0xffff) << 32;
    span->end_no |= (end & 0xffff) << 32;
}

static bool add_phase(struct swarm *swarm, span_no request, const struct request_shape *shape,
                      size_t index, const struct request_phase *phase, span_no *last)
{
    int64_t origin_ns =
        swarm->rows.sessions[swarm->rows.agents[swarm_edit_span(swarm, request)->agent].session]
            .session.origin_ns;
    const struct span *of = swarm_edit_span(swarm, request);
    char room[PHASE_NAME_MAX];
    const char *name = request_phase_name(phase, room), *cat = request_phase_cat(phase->kind);
    struct span span = {
        .start_ns = origin_ns + time_ns_from_us(phase->from_us),
        .end_ns = origin_ns + time_ns_from_us(phase->to_us),
        .begin_no = of->begin_no,
        .end_no = of->end_no,
        .name = intern_put(swarm->names, name, strlen(name)),
        .cat = intern_put(swarm->names, cat, strlen(cat)),
        .agent = of->agent,
        .track = of->track,
        .parent = request,
        .next_phase = NO_SPAN,
        .lane = of->lane,
        .kind = (uint8_t)phase->kind,
    };
    span.end_ns = span.end_ns < span.start_ns ? span.start_ns : span.end_ns;
    place_phase(shape, index, phase, &span);
    if (span.name == INTERN_FAILED || span.cat == INTERN_FAILED) {
        return false;
    }
    span_no no = swarm_new_span(swarm, &span);
    if (no == NO_SPAN) {
        return false;
    }
    const struct end_facts nothing = {.success = -1};
    swarm_edit_span(swarm, *last)->next_phase = no;
    *last = no;
    return stats_add_span(swarm, swarm_edit_span(swarm, no), &nothing);
}

static bool add_phases(struct swarm *swarm, const struct record *record)
{
    if (record->kind != CALL_REQUEST || record->state != RECORD_ENDED) {
        return true;
    }
    int64_t origin_ns = swarm->rows.sessions[record->session].session.origin_ns;
    struct request_shape shape;
    struct request_phase phase;
    span_no last = record->span;
    bool good = true;
    record_shape(record, origin_ns, &shape);
    for (size_t i = 0; good && request_shape_phase(&shape, i, &phase); i++) {
        good = add_phase(swarm, record->span, &shape, i, &phase, &last);
    }
    return good;
}

static uint32_t count_phases(const struct swarm *swarm, const struct span *request)
{
    uint32_t count = 0;
    for (span_no no = request->next_phase; no != NO_SPAN;
         no = swarm_edit_span(swarm, no)->next_phase) {
        count++;
    }
    return count;
}

/* ---- removing and adding ---- */

/* Keeps the facts that the statistics counted of a request, since the record's facts may differ
   when it is removed. Without memory the session is counted again then. */
static void keep_counted(struct swarm *swarm, struct record *record, const struct end_facts *facts)
{
    record->counted_outcome = facts->outcome;
    record->counted_claim = record->claim != NULL;
    if (record->kind != CALL_REQUEST && record->claim == NULL) {
        mem_free(swarm->mem, record->counted,
                 record->counted == NULL ? 0 : sizeof *record->counted);
        record->counted = NULL;
        return;
    }
    if (record->counted == NULL) {
        record->counted = mem_alloc(swarm->mem, sizeof *record->counted);
    }
    if (record->counted != NULL) {
        intern_id model = stats_model_name(&swarm->stats, facts);
        *record->counted = *facts;
        record->counted->model_text = stats_model_text(&swarm->stats, model);
    }
}

static void uncount(struct swarm *swarm, const struct record *record, const struct span *span)
{
    struct end_facts nothing;
    end_facts_read((struct slice){NULL, 0}, &nothing);
    nothing.outcome = record->counted_outcome;
    bool kept = span->kind == SPAN_REQUEST || record->counted_claim || record->counted != NULL;
    const struct end_facts *facts = kept ? record->counted : &nothing;
    if (facts == NULL) {
        (void)stats_mark(swarm, swarm->rows.agents[span->agent].session);
    } else {
        stats_remove_span(swarm, span, facts);
    }
}

/* Removes the effects of the span; its number stays. With `keeps_place` it also stays in its lane,
   where lane_corrected() follows, and its agent's times stay as they were. */
static void take_out(struct swarm *swarm, struct record *record, bool keeps_place)
{
    span_no no = record->span;
    struct span *span = swarm_edit_span(swarm, no);
    struct agent *agent = &swarm->rows.agents[span->agent];
    if (!record->placed) {
        free_phases(swarm, span);
        return;
    }
    record->placed = false;
    bool rests = agent_state_rests_on(agent, no, span);
    if (!keeps_place) {
        lane_remove(swarm, agent, no);
    }
    if ((span->flags & SPAN_OPEN) != 0) {
        agent->open_by_kind[span->kind]--;
        (void)stats_count_open(swarm, span, -1);
    } else {
        uncount(swarm, record, span);
    }
    free_phases(swarm, span);
    agent->stale_open -= (span->flags & SPAN_STALE) != 0;
    (void)swarm_set_in_flight(swarm, no, false);
    if ((span->flags & SPAN_ERROR) != 0) {
        span_end_unlist_error(swarm, no);
    }
    if (rests && !keeps_place) {
        agent_state_refresh(swarm, span->agent);
    }
}

static bool derive_span(struct swarm *swarm, struct record *record, bool open, bool stale,
                        bool keeps_place)
{
    span_no no = record->span;
    const struct span *span = swarm_edit_span(swarm, no);
    struct end_facts facts;
    if ((!keeps_place && !lane_place(swarm, &swarm->rows.agents[span->agent], no)) ||
        ((open || stale) && !swarm_set_in_flight(swarm, no, true)) || !add_phases(swarm, record)) {
        return false;
    }
    if (keeps_place) {
        lane_corrected(swarm, &swarm->rows.agents[span->agent], no);
    }
    if (open) {
        return stats_count_open(swarm, span, 1);
    }
    record_end_facts(record, &facts);
    keep_counted(swarm, record, &facts);
    return span_end_apply(swarm, no, &facts);
}

/* False: out of memory; take_out may follow. */
static bool take_in(struct swarm *swarm, struct record *record, bool keeps_place)
{
    const struct span *span = swarm_edit_span(swarm, record->span);
    struct agent *agent = &swarm->rows.agents[span->agent];
    bool open = (span->flags & SPAN_OPEN) != 0, stale = (span->flags & SPAN_STALE) != 0;
    if (open) {
        agent_state_note_time(agent, span->start_ns, span->start_ns);
        agent->open_by_kind[span->kind]++;
    }
    agent->stale_open += stale;
    record->placed = true;
    if (!derive_span(swarm, record, open, stale, keeps_place)) {
        /* Half of it may have been counted. */
        (void)stats_mark(swarm, agent->session);
        return false;
    }
    return true;
}

/* The span as the record has it. False: out of memory. */
static bool make_span(struct swarm *swarm, record_no number, struct span *out)
{
    const struct record *record = swarm_record(swarm, number);
    bool open = record->state == RECORD_OPEN;
    *out = (struct span){
        .start_ns = record_ns(record->start_ms),
        .begin_no = record_begin_no(number),
        .end_no = open ? 0 : record_end_no(number),
        .agent = record->agent,
        .track = record->track,
        .parent = NO_SPAN,
        .next_phase = NO_SPAN,
        .flags = record_end_flags(record),
    };
    out->end_ns = open ? out->start_ns : record_ns(record->end_ms);
    out->end_ns = out->end_ns < out->start_ns ? out->start_ns : out->end_ns;
    out->flags |= open ? SPAN_OPEN : 0;
    out->flags |= record->state == RECORD_EVICTED && record->in_flight ? SPAN_STALE : 0;
    if (!name_span(swarm, record, out)) {
        return false;
    }
    out->kind = derive_kind(swarm, out->name, out->cat);
    return true;
}

/* An open span gets its end where it is: what happens most needs no taking out. */
static bool close_open(struct swarm *swarm, struct record *record, const struct span *now)
{
    struct span *span = swarm_edit_span(swarm, record->span);
    struct agent *agent = &swarm->rows.agents[span->agent];
    struct end_facts facts;
    agent->open_by_kind[span->kind]--;
    bool good = stats_count_open(swarm, span, -1);
    span->end_ns = now->end_ns;
    span->end_no = now->end_no;
    span->flags = now->flags;
    if ((span->flags & SPAN_STALE) == 0) {
        (void)swarm_set_in_flight(swarm, record->span, false);
    } else {
        agent->stale_open++;
    }
    lane_close(swarm, agent, record->span);
    record_end_facts(record, &facts);
    keep_counted(swarm, record, &facts);
    good = add_phases(swarm, record) && span_end_apply(swarm, record->span, &facts) && good;
    if (!good) {
        (void)stats_mark(swarm, agent->session);
    }
    return good;
}

/* Counts the events that the record would print against the cap. */
static void count_events(struct swarm *swarm, struct record *record)
{
    const struct span *span = record->span == NO_SPAN ? NULL : swarm_edit_span(swarm, record->span);
    uint32_t shown = 0;
    if (span != NULL) {
        shown = (span->flags & SPAN_OPEN) != 0 ? 1 : 2 + 2 * count_phases(swarm, span);
    }
    swarm->records.event_count -= record_weight(record);
    if (record->session != NO_SESSION) {
        uint64_t *count = &swarm->rows.sessions[record->session].session.event_count;
        *count = *count - record->shown_events + shown;
    }
    record->shown_events = shown;
    swarm->records.event_count += record_weight(record);
}

void record_span_remove(struct swarm *swarm, record_no number)
{
    struct record *record = swarm_record(swarm, number);
    if (record->span != NO_SPAN) {
        swarm_note_row(swarm, swarm_edit_span(swarm, record->span)->agent);
        take_out(swarm, record, false);
        swarm_free_span(swarm, record->span);
        record->span = NO_SPAN;
        count_events(swarm, record);
        swarm_note_work(swarm);
    }
}

static bool correct(struct swarm *swarm, struct record *record, const struct span *now)
{
    struct span *span = swarm_edit_span(swarm, record->span);
    uint16_t lane = span->lane;
    bool opened_before = (span->flags & SPAN_OPEN) != 0;
    bool stays = record->placed && span->start_ns == now->start_ns && span->agent == now->agent &&
                 span->name == now->name && span->cat == now->cat;
    if (opened_before && stays && (now->flags & SPAN_OPEN) != 0) {
        return true;
    }
    if (opened_before && stays) {
        return close_open(swarm, record, now);
    }
    bool same_agent = span->agent == now->agent;
    swarm->open.relane_due = true;
    struct agent *agent = &swarm->rows.agents[span->agent];
    bool keeps_place = record->placed && lane_keeps(swarm, agent, record->span, now);
    bool rests = agent_state_rests_on(agent, record->span, span);
    take_out(swarm, record, keeps_place);
    uint32_t inflight = span->inflight;
    *span = *now;
    span->inflight = inflight;
    span->lane = same_agent ? lane : 0;
    if (keeps_place && rests) {
        agent_state_refresh(swarm, span->agent);
    }
    return take_in(swarm, record, keeps_place);
}

bool record_span_again(struct swarm *swarm, record_no number)
{
    struct record *record = swarm_record(swarm, number);
    struct span *span = swarm_edit_span(swarm, record->span);
    span->lane = 0;
    bool good = take_in(swarm, record, false);
    if (!good) {
        take_out(swarm, record, false);
    }
    count_events(swarm, record);
    return good;
}

/* A cache of what ended spans are must drop this one. */
static void note_correction(struct swarm *swarm, span_no no)
{
    if (no != NO_SPAN && (swarm_edit_span(swarm, no)->flags & SPAN_OPEN) == 0) {
        swarm->corrected.last[swarm->corrected.count++ % CORRECTIONS_KEPT] = no;
    }
}

bool swarm_record_changed(struct swarm *swarm, record_no number)
{
    struct record *record = swarm_record(swarm, number);
    struct span now;
    bool good;
    swarm_note_work(swarm);
    note_correction(swarm, record->span);
    if (record->span != NO_SPAN) {
        swarm_note_row(swarm, swarm_edit_span(swarm, record->span)->agent);
    }
    if (record->state == RECORD_HIDDEN || record->agent == NO_AGENT) {
        record_span_remove(swarm, number);
        return true;
    }
    if (!make_span(swarm, number, &now)) {
        return false;
    }
    swarm_note_row(swarm, now.agent);
    if (record->span == NO_SPAN) {
        record->span = swarm_new_span(swarm, &now);
        good = record->span != NO_SPAN && take_in(swarm, record, false);
    } else {
        good = correct(swarm, record, &now);
    }
    if (!good && record->span != NO_SPAN) {
        /* Removes a partial span; the caller tries again. */
        record_span_remove(swarm, number);
    }
    count_events(swarm, record);
    return good;
}
