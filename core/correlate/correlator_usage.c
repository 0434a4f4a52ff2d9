/* Tokens that an agent's run claims. Producers report the usage of a run as the sum of the requests
   in it, so it counts only while no request below the run has usage of its own. A request that
   comes later takes the claim back.

   A run may lie in another one. If the outer one claims no less than those in it, it includes
   them: it counts what they leave. Otherwise it counts all.

   The tree of calls as it is decides how much a claim counts, so no order of updates matters. It is
   worked out when the run is shown; each change below the run has it shown again. */
#include "core/correlate/correlator_private.h"

/* ABOVE_MAX: calls above each other that are looked at; also cuts cycles. BELOW_MAX: calls below a
   run; one with more calls and no usage among the first of them counts nothing. */
enum { ABOVE_MAX = 256, BELOW_MAX = 4096 };

static const enum update_field token_fields[RECORD_CLAIM] = {
    FIELD_PROMPT_TOKENS, FIELD_OUTPUT_TOKENS, FIELD_CACHE_READ_TOKENS, FIELD_CACHE_CREATION_TOKENS};

static bool has_usage(const struct record *record)
{
    return !isnan(facts_number(&record->facts, FIELD_PROMPT_TOKENS)) ||
           !isnan(facts_number(&record->facts, FIELD_OUTPUT_TOKENS));
}

static bool is_claim(const struct record *record)
{
    return record->kind == CALL_INTERACTION && has_usage(record);
}

/* ---- what changes it ---- */

bool correlator_usage_note(struct correlator *correlator, record_no number)
{
    const struct record *record = swarm_record(correlator->swarm, number);
    correlator->claims |= is_claim(record);
    if (!correlator->claims) {
        return true;
    }
    record_no at = record->parent;
    for (int i = 0; i < ABOVE_MAX && at != NO_RECORD; i++) {
        const struct record *above = swarm_record(correlator->swarm, at);
        if (is_claim(above) && !correlator_call_queue(correlator, at)) {
            return false;
        }
        at = above->parent;
    }
    return true;
}

/* ---- what it counts ---- */

/* Sets `own` to what the run counts, if those in it count `inside`; adds it to `inside`. */
static void count_claim(const struct record *record, double inside[RECORD_CLAIM],
                        double own[RECORD_CLAIM])
{
    bool includes = true;
    for (int i = 0; i < RECORD_CLAIM; i++) {
        own[i] = facts_number(&record->facts, token_fields[i]);
        includes &= isnan(own[i]) || own[i] >= inside[i];
    }
    for (int i = 0; i < RECORD_CLAIM; i++) {
        own[i] -= includes ? inside[i] : 0;
        inside[i] += isnan(own[i]) ? 0 : own[i];
    }
}

/* Adds what the runs below the call count. False: a request below it has usage, or there are too
   many calls to know. */
static bool sum_below(const struct correlator *correlator, record_no number, int depth, int *left,
                      double sum[RECORD_CLAIM])
{
    const struct swarm *swarm = correlator->swarm;
    const struct record *child;
    for (record_no no = swarm_record(swarm, number)->first_child; no != NO_RECORD;
         no = child->links[LIST_CHILDREN].next) {
        double inside[RECORD_CLAIM] = {0}, own[RECORD_CLAIM];
        child = swarm_record(swarm, no);
        if (--*left < 0 || depth > ABOVE_MAX || (child->kind == CALL_REQUEST && has_usage(child)) ||
            !sum_below(correlator, no, depth + 1, left, inside)) {
            return false;
        }
        if (is_claim(child)) {
            count_claim(child, inside, own);
        }
        for (int i = 0; i < RECORD_CLAIM; i++) {
            sum[i] += inside[i];
        }
    }
    return true;
}

bool correlator_usage_show(struct correlator *correlator, record_no number)
{
    const struct record *record = swarm_record(correlator->swarm, number);
    double inside[RECORD_CLAIM] = {0}, own[RECORD_CLAIM];
    int left = BELOW_MAX;
    if (!is_claim(record) || !sum_below(correlator, number, 0, &left, inside)) {
        return swarm_record_claim(correlator->swarm, number, NULL);
    }
    count_claim(record, inside, own);
    return swarm_record_claim(correlator->swarm, number, own);
}
