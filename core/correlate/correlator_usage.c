/* Tokens that an agent's run claims. Producers report the usage of a run as the sum of the requests
   in it, so it counts only while no request below the run has usage of its own. A request that
   comes later takes the claim back.

   A run may lie in another one. If the outer one claims no less than those in it, it includes
   them: it counts what they leave. Otherwise it counts all.

   The tree of calls as it is decides how much a claim counts, so no order of updates matters. Each
   change below a run puts the runs above it on a list, the inner one first. A flush works the list
   out: a run takes over what an inner one on the list comes to, and one that counts nothing has
   those above it count nothing. So a change costs at most one walk over BELOW_MAX calls that comes
   to something and one that does not, however many runs lie in each other.

   Under a cap a run that began before the end of a call that was dropped counts nothing from then
   on, if it is worked out again: the tokens may be those of calls that it no longer has. */
#include "core/correlate/correlator_private.h"

/* ABOVE_MAX: levels below a run, BELOW_MAX: calls below it. One with more of them counts nothing.
   The levels also cut cycles. */
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

/* The run's claim is worked out at the next flush. False: out of memory. */
static bool put_claim(struct correlator *correlator, record_no number)
{
    struct usage_list *list = &correlator->usage;
    struct record *record = swarm_record(correlator->swarm, number);
    if (record->claim_at == 0) {
        if (!mem_reserve(correlator->mem, &list->claims, &list->cap, list->count + 1,
                         sizeof *list->claims)) {
            return false;
        }
        list->claims[list->count++] = (struct usage_claim){.record = number};
        record->claim_at = (uint32_t)list->count;
    }
    return true;
}

bool correlator_usage_note(struct correlator *correlator, record_no number)
{
    const struct record *record = swarm_record(correlator->swarm, number);
    bool claims = is_claim(record);
    correlator->claims |= claims;
    if (!correlator->claims) {
        return true;
    }
    if ((claims || record->claim != NULL) && !put_claim(correlator, number)) {
        return false;
    }
    record_no at = record->parent;
    /* One level more than is summed: that there is one more matters too. */
    for (int i = 0; i <= ABOVE_MAX && at != NO_RECORD; i++) {
        const struct record *above = swarm_record(correlator->swarm, at);
        correlator->usage.work++;
        if (is_claim(above) && !put_claim(correlator, at)) {
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

static bool sum_below(struct correlator *correlator, record_no number, int level,
                      struct usage_sum *sum);

/* The cap may have dropped calls below the run: their tokens were counted, or those of calls that
   they had below them. */
static bool may_have_lost(const struct correlator *correlator, const struct record *record)
{
    return facts_number(&record->facts, FIELD_START_MS) <=
           registry_find(correlator->tracer, record->session)->forgotten_ms;
}

/* Adds what the call at that level below a run comes to. False: the run counts nothing, since a
   request has usage, or there are too many calls to know. */
static bool add_call(struct correlator *correlator, record_no number, int level,
                     struct usage_sum *sum)
{
    const struct record *record = swarm_record(correlator->swarm, number);
    const struct usage_claim *known =
        record->claim_at == 0 ? NULL : &correlator->usage.claims[record->claim_at - 1];
    struct usage_sum inside = {.calls = sum->calls + 1, .levels = level};
    double own[RECORD_CLAIM];
    correlator->usage.work++;
    if (known != NULL && known->state == CLAIM_COUNTS) {
        inside = known->sum;
        inside.calls += sum->calls + 1;
        inside.levels += level;
    } else if (inside.calls > BELOW_MAX || level > ABOVE_MAX ||
               (record->kind == CALL_REQUEST && has_usage(record)) ||
               (is_claim(record) && may_have_lost(correlator, record)) ||
               !sum_below(correlator, number, level, &inside)) {
        return false;
    } else if (is_claim(record)) {
        count_claim(record, inside.tokens, own);
    }
    sum->calls = inside.calls;
    sum->levels = inside.levels > sum->levels ? inside.levels : sum->levels;
    for (int i = 0; i < RECORD_CLAIM; i++) {
        sum->tokens[i] += inside.tokens[i];
    }
    return sum->calls <= BELOW_MAX && sum->levels <= ABOVE_MAX;
}

/* Adds what the calls below one at that level come to. False as above. */
static bool sum_below(struct correlator *correlator, record_no number, int level,
                      struct usage_sum *sum)
{
    const struct swarm *swarm = correlator->swarm;
    for (record_no no = swarm_record(swarm, number)->first_child; no != NO_RECORD;
         no = swarm_record(swarm, no)->links[LIST_CHILDREN].next) {
        if (!add_call(correlator, no, level + 1, sum)) {
            return false;
        }
    }
    return true;
}

/* A run that counts nothing has the runs above it count nothing. */
static void note_nothing(struct correlator *correlator, record_no number)
{
    record_no at = number;
    for (int i = 0; i <= ABOVE_MAX && at != NO_RECORD; i++) {
        const struct record *record = swarm_record(correlator->swarm, at);
        correlator->usage.work++;
        if (record->claim_at != 0) {
            correlator->usage.claims[record->claim_at - 1].state = CLAIM_NOTHING;
        }
        at = record->parent;
    }
}

/* Sets what the run counts; NULL: nothing. It is shown again if that is something else now. False:
   out of memory. */
static bool set_claim(struct correlator *correlator, record_no number, const double *claim)
{
    const double *was = swarm_record(correlator->swarm, number)->claim;
    double most = 0;
    for (int i = 0; claim != NULL && i < RECORD_CLAIM; i++) {
        most = fmax(most, claim[i]);
    }
    bool same =
        was == NULL ? most <= 0 : most > 0 && memcmp(was, claim, RECORD_CLAIM * sizeof *claim) == 0;
    return same || (correlator_call_queue(correlator, number) &&
                    swarm_record_claim(correlator->swarm, number, claim));
}

/* False: out of memory. */
static bool work_out(struct correlator *correlator, struct usage_claim *claim)
{
    record_no number = claim->record;
    const struct record *record = swarm_record(correlator->swarm, number);
    double own[RECORD_CLAIM];
    if (!is_claim(record) || claim->state == CLAIM_NOTHING) {
        return set_claim(correlator, number, NULL);
    }
    claim->sum = (struct usage_sum){0};
    if (may_have_lost(correlator, record) || !sum_below(correlator, number, 0, &claim->sum)) {
        note_nothing(correlator, number);
        return set_claim(correlator, number, NULL);
    }
    count_claim(record, claim->sum.tokens, own);
    claim->state = CLAIM_COUNTS;
    return set_claim(correlator, number, own);
}

/* Whether the run is still on its place in the list: a record that was dropped is not, nor the next
   one of its number. */
static bool is_listed(const struct correlator *correlator, size_t index)
{
    return swarm_record(correlator->swarm, correlator->usage.claims[index].record)->claim_at ==
           index + 1;
}

bool correlator_usage_flush(struct correlator *correlator)
{
    struct usage_list *list = &correlator->usage;
    bool good = true;
    for (size_t i = 0; i < list->count; i++) {
        list->claims[i].state = CLAIM_UNKNOWN;
    }
    for (size_t i = 0; i < list->count && good; i++) {
        good = !is_listed(correlator, i) || work_out(correlator, &list->claims[i]);
    }
    for (size_t i = 0; i < list->count && good; i++) {
        if (is_listed(correlator, i)) {
            swarm_record(correlator->swarm, list->claims[i].record)->claim_at = 0;
        }
    }
    list->count = good ? 0 : list->count;
    return good;
}
