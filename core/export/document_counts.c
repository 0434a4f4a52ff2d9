/* Calls of one state need no list of those that are open: they come in order of their starts, so a
   state lasts until the greatest end that came so far. Changes are listed until there are too many,
   then summed up by stretches, so the memory does not grow with the document. */
#include "core/export/document_counts.h"

#include <stdlib.h>

/* The state that a call of each kind puts its agent in. */
static const uint8_t states[SPAN_KINDS] = {
    [SPAN_OTHER] = COUNT_STATES,      [SPAN_INTERACTION] = COUNT_STATES,
    [SPAN_REQUEST] = COUNT_REQUEST,   [SPAN_SETUP] = COUNT_STATES,
    [SPAN_RETRY] = COUNT_STATES,      [SPAN_FIRST_TOKEN] = COUNT_STATES,
    [SPAN_SAMPLING] = COUNT_STATES,   [SPAN_TOOL] = COUNT_TOOL,
    [SPAN_AGENT_CALL] = COUNT_AGENTS, [SPAN_USER] = COUNT_USER,
};

static void begin_agent(struct document_counts *counts)
{
    counts->any = false;
    counts->state = COUNT_STATES;
    for (size_t i = 0; i < COUNT_IDLE; i++) {
        counts->until_ns[i] = INT64_MIN;
    }
}

bool document_counts_session(const struct document_counts *counts, const struct session *session)
{
    return session != NULL && ((session->flags & SESSION_HAS_START) != 0) == counts->has_start;
}

bool document_counts_init(struct document_counts *counts, const struct swarm *swarm, bool has_start)
{
    *counts = (struct document_counts){
        .mem = swarm_mem(swarm), .has_start = has_start, .from_ns = INT64_MAX, .to_ns = INT64_MIN};
    for (size_t i = 0; i < swarm_agent_count(swarm); i++) {
        const struct agent *agent = swarm_agent(swarm, (agent_no)i);
        if (agent->first_ns <= agent->last_ns &&
            document_counts_session(counts, swarm_session(swarm, agent->session))) {
            counts->from_ns = agent->first_ns < counts->from_ns ? agent->first_ns : counts->from_ns;
            counts->to_ns = agent->last_ns > counts->to_ns ? agent->last_ns : counts->to_ns;
        }
    }
    counts->changes = mem_zalloc(counts->mem, COUNT_CHANGES, sizeof *counts->changes);
    begin_agent(counts);
    return counts->changes != NULL;
}

void document_counts_release(struct document_counts *counts)
{
    mem_free(counts->mem, counts->changes,
             counts->changes == NULL ? 0 : COUNT_CHANGES * sizeof *counts->changes);
    mem_free(counts->mem, counts->stretches,
             counts->stretches == NULL ? 0 : COUNT_CHANGES * sizeof *counts->stretches);
}

/* ---- changes ---- */

static void add(int32_t agents[COUNT_STATES], const struct count_change *change)
{
    if (change->from != COUNT_STATES) {
        agents[change->from]--;
    }
    if (change->to != COUNT_STATES) {
        agents[change->to]++;
    }
}

static void add_to_stretch(struct document_counts *counts, const struct count_change *change)
{
    int64_t at_ns = change->at_ns > counts->from_ns ? change->at_ns : counts->from_ns;
    uint64_t place = ((uint64_t)at_ns - (uint64_t)counts->from_ns) / (uint64_t)counts->step_ns;
    add(counts->stretches[place < COUNT_CHANGES ? place : COUNT_CHANGES - 1], change);
}

/* Stretches begin at whole multiples of their length, so that they stay where they are as a
   document grows. */
static void use_stretches(struct document_counts *counts)
{
    uint64_t length = (uint64_t)counts->to_ns - (uint64_t)counts->from_ns;
    counts->stretches = mem_zalloc(counts->mem, COUNT_CHANGES, sizeof *counts->stretches);
    counts->failed |= counts->stretches == NULL;
    counts->step_ns = 1;
    while (length / (uint64_t)counts->step_ns >= COUNT_CHANGES - 1) {
        counts->step_ns *= 2;
    }
    int64_t rest = counts->from_ns % counts->step_ns;
    counts->from_ns -= rest < 0 ? rest + counts->step_ns : rest;
    for (size_t i = 0; counts->stretches != NULL && i < counts->change_count; i++) {
        add_to_stretch(counts, &counts->changes[i]);
    }
    counts->change_count = SIZE_MAX;
}

static void change(struct document_counts *counts, int64_t at_ns, uint8_t to)
{
    struct count_change changed = {at_ns, counts->state, to};
    counts->state = to;
    if (changed.from == to) {
        return;
    }
    if (counts->change_count == COUNT_CHANGES) {
        use_stretches(counts);
    }
    if (counts->change_count < COUNT_CHANGES) {
        counts->changes[counts->change_count++] = changed;
    } else if (counts->stretches != NULL) {
        add_to_stretch(counts, &changed);
    }
}

/* ---- one agent ---- */

/* The state of the most important call that runs after a moment; `rest`: none does. */
static uint8_t state_after(const struct document_counts *counts, int64_t at_ns, uint8_t rest)
{
    for (uint8_t state = 0; state < COUNT_IDLE; state++) {
        if (counts->until_ns[state] > at_ns) {
            return state;
        }
    }
    return rest;
}

/* The calls so far end one after the other, up to a moment. */
static void advance(struct document_counts *counts, int64_t to_ns, uint8_t rest)
{
    while (counts->state < COUNT_IDLE && counts->until_ns[counts->state] <= to_ns &&
           counts->until_ns[counts->state] != INT64_MAX) {
        int64_t at_ns = counts->until_ns[counts->state];
        change(counts, at_ns, state_after(counts, at_ns, rest));
    }
}

void document_counts_take(struct document_counts *counts, const struct span *span)
{
    uint8_t state = states[span->kind];
    int64_t end_ns = (span->flags & SPAN_OPEN) != 0 ? INT64_MAX : span->end_ns;
    if (state == COUNT_STATES || (span->flags & SPAN_ASYNC) != 0) {
        return;
    }
    counts->agents += !counts->any;
    counts->any = true;
    advance(counts, span->start_ns, COUNT_IDLE);
    if (end_ns > counts->until_ns[state]) {
        counts->until_ns[state] = end_ns;
    }
    change(counts, span->start_ns, state_after(counts, span->start_ns, COUNT_IDLE));
}

void document_counts_end_agent(struct document_counts *counts, bool main_agent)
{
    int64_t last_ns = INT64_MIN;
    uint8_t rest = main_agent ? COUNT_IDLE : COUNT_STATES;
    advance(counts, INT64_MAX, rest);
    for (size_t i = 0; i < COUNT_IDLE; i++) {
        last_ns = counts->until_ns[i] > last_ns ? counts->until_ns[i] : last_ns;
    }
    if (counts->state == COUNT_IDLE) { /* its last call took no time */
        change(counts, last_ns, rest);
    }
    begin_agent(counts);
}

/* ---- samples ---- */

static int by_time(const void *a, const void *b)
{
    const struct count_change *x = a, *y = b;
    return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

bool document_counts_finish(struct document_counts *counts)
{
    if (counts->change_count != SIZE_MAX) {
        qsort(counts->changes, counts->change_count, sizeof *counts->changes, by_time);
    }
    return !counts->failed;
}

/* Adds the changes of the next moment, or stretch. Returns it. */
static int64_t take_moment(struct document_counts *counts, int32_t by[COUNT_STATES])
{
    if (counts->change_count == SIZE_MAX) {
        for (size_t i = 0; i < COUNT_STATES; i++) {
            by[i] = counts->stretches[counts->next][i];
        }
        return counts->from_ns + (int64_t)counts->next++ * counts->step_ns;
    }
    int64_t at_ns = counts->changes[counts->next].at_ns;
    while (counts->next < counts->change_count && counts->changes[counts->next].at_ns == at_ns) {
        add(by, &counts->changes[counts->next++]);
    }
    return at_ns;
}

int64_t document_counts_next(struct document_counts *counts)
{
    size_t end = counts->change_count == SIZE_MAX ? COUNT_CHANGES : counts->change_count;
    while (counts->agents >= 2 && counts->next < end) {
        int32_t by[COUNT_STATES] = {0};
        bool changes = false;
        int64_t at_ns = take_moment(counts, by);
        for (size_t i = 0; i < COUNT_STATES; i++) {
            counts->now[i] += by[i];
            changes |= by[i] != 0;
        }
        if (changes) {
            return at_ns;
        }
    }
    return INT64_MAX;
}
