/* Facts of calls (tools, requests, waits, turns), merged into what is known of the call. */
#include "core/correlate/witness_private.h"

#include <math.h>
#include <string.h>

/* What all facts of calls have. */
struct call_fact {
    enum told_kind kind;
    struct slice id;
    double start_ms, end_ms;
};

/* ---- the table ---- */

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ at[i]) * 1099511628211ULL;
    }
    return hash;
}

static uint64_t key_of(const struct known_session *session, const struct call_fact *fact)
{
    uint32_t whose[2] = {session->id, fact->kind};
    uint64_t hash = mix(14695981039346656037ULL, whose, sizeof whose);
    return mix(hash, fact->id.bytes, fact->id.len);
}

void witness_free_call(struct witness *witness, struct call *call)
{
    for (unsigned i = 0; i < LONG_TEXTS; i++) {
        witness_drop_draft(witness, call, i);
    }
    if (call->request != NULL) {
        mem_free(witness->mem, call->request->attempts,
                 call->request->attempt_cap * sizeof *call->request->attempts);
        mem_free(witness->mem, call->request, sizeof *call->request);
    }
    *call = (struct call){.used = false};
}

static uint32_t place_for_call(struct witness *witness)
{
    uint32_t place = witness->free_call;
    if (place != NO_PLACE) {
        return place;
    }
    if (witness->call_count == NO_PLACE ||
        !mem_reserve(witness->mem, &witness->calls, &witness->call_cap, witness->call_count + 1,
                     sizeof *witness->calls)) {
        return NO_PLACE;
    }
    place = (uint32_t)witness->call_count++;
    witness->calls[place] = (struct call){.next = witness->free_call};
    witness->free_call = place;
    return place;
}

static struct request_numbers *new_request(struct witness *witness)
{
    struct request_numbers *request = mem_zalloc(witness->mem, 1, sizeof *request);
    for (size_t i = 0; request != NULL && i < NUMBERS; i++) {
        request->numbers[i].value = (double)NAN;
    }
    return request;
}

static struct call *new_call(struct witness *witness, const struct known_session *session,
                             uint64_t key, enum told_kind kind)
{
    uint32_t place = place_for_call(witness);
    if (place == NO_PLACE) {
        return NULL;
    }
    struct request_numbers *request = NULL;
    if (kind == TOLD_REQUEST) {
        request = new_request(witness);
        if (request == NULL) {
            return NULL;
        }
    }
    if (!u64map_put(&witness->call_by_key, key, place)) {
        mem_free(witness->mem, request, request == NULL ? 0 : sizeof *request);
        return NULL;
    }
    struct call *call = &witness->calls[place];
    witness->free_call = call->next;
    *call = (struct call){
        .key = key,
        .start_ms = {.value = (double)NAN},
        .end_ms = {.value = (double)NAN},
        .prompt_length = {.value = (double)NAN},
        .session = (uint32_t)(session - witness->sessions),
        .prev = NO_PLACE,
        .next = NO_PLACE,
        .request = request,
        .kind = (uint8_t)kind,
        .changed = CHANGED_BEGIN | CHANGED_END,
        .used = true,
    };
    return call;
}

/* ---- fields ---- */

/* (Words that do not hold count too: no word unsays that the agent was at work.) */
static void merge_agent(struct witness *witness, const struct known_session *session,
                        struct call *call, const struct witness_place *place, uint32_t agent)
{
    /* The main agent is whose a call is that nobody is named for. */
    text_weight weight =
        agent == 0 ? 0 : weight_of(witness_text(witness, session->agents[agent].id), place->rank);
    if (weight > call->agent_weight) {
        call->agent_weight = weight;
        call->changed |= call->agent != agent ? CHANGED_BEGIN : 0;
        call->agent = agent;
    }
}

static bool merge_interned(struct witness *witness, struct call *call, unsigned which,
                           struct slice said, enum witness_rank rank, enum changed what)
{
    struct said_text text = {call->weights[which], call->texts[which]};
    bool changed = false;
    if (!merge_text(witness, &text, said, rank, &changed)) {
        return false;
    }
    call->weights[which] = text.weight;
    call->texts[which] = text.text;
    call->changed |= changed ? (uint8_t)what : 0;
    return true;
}

static bool merge_long(struct witness *witness, struct call *call, unsigned which,
                       struct slice said, enum witness_rank rank, enum changed what)
{
    text_weight weight = weight_of(said, rank), bytes = ((uint64_t)1 << 60) - 1;
    if (weight <= call->long_weights[which]) {
        return true;
    }
    /* The same text from a better witness: the length and the hash are the text's own. */
    if ((weight & bytes) == (call->long_weights[which] & bytes)) {
        call->long_weights[which] = weight;
        return true;
    }
    if (call->draft == NULL) {
        call->draft = mem_zalloc(witness->mem, 1, sizeof *call->draft);
    }
    char *copy = call->draft == NULL ? NULL : mem_alloc(witness->mem, said.len);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, said.bytes, said.len);
    mem_free(witness->mem, call->draft->texts[which].bytes, call->draft->texts[which].len);
    call->draft->texts[which].bytes = copy;
    call->draft->texts[which].len = said.len;
    call->long_weights[which] = weight;
    call->changed |= (uint8_t)what;
    return true;
}

static void merge_success(struct call *call, enum tristate said, enum witness_rank rank)
{
    uint8_t weight = (uint8_t)(rank + 1);
    bool better = said == NO && call->success == YES;
    if (said == UNSAID || weight < call->success_rank ||
        (weight == call->success_rank && !better)) {
        return;
    }
    /* None said is success. */
    call->changed |= (said == NO) != (call->success == NO) ? CHANGED_END : 0;
    call->success = (uint8_t)said;
    call->success_rank = weight;
}

static void merge_times(struct witness *witness, struct call *call, const struct call_fact *fact,
                        enum witness_rank rank)
{
    if (merge_least(&call->start_ms, fact->start_ms, rank)) {
        call->changed |= CHANGED_BEGIN;
    }
    if (said_time(fact->end_ms) && merge_greatest(&call->end_ms, fact->end_ms, rank)) {
        call->changed |= CHANGED_END;
        witness_unlink_call(witness, call);
    }
}

/* ---- facts ---- */

/* The call that the fact is of, with its times and its agent. NULL and *good: it is forgotten. */
static struct call *begin_fact(struct witness *witness, const struct witness_place *place,
                               const struct call_fact *fact, bool *good)
{
    *good = false;
    struct known_session *session = witness_find_session(witness, place);
    if (session == NULL) {
        return NULL;
    }
    uint64_t key = key_of(session, fact);
    uint32_t at = u64map_get(&witness->call_by_key, key);
    if (at == U64MAP_NONE && witness_is_forgotten(session, fact->start_ms, fact->end_ms)) {
        *good = true;
        return NULL;
    }
    if (!witness_note_times(witness, session, place, fact->start_ms, fact->end_ms)) {
        return NULL;
    }
    uint32_t agent = witness_find_agent(witness, session, place->agent_id);
    if (agent == NO_PLACE) {
        return NULL;
    }
    witness_note_agent(witness, session, agent, fact->start_ms);
    struct call *call =
        at != U64MAP_NONE ? &witness->calls[at] : new_call(witness, session, key, fact->kind);
    if (call != NULL) {
        *good = true;
        merge_agent(witness, session, call, place, agent);
        merge_times(witness, call, fact, place->rank);
    }
    return call;
}

static bool end_fact(struct witness *witness, struct call *call, bool good)
{
    return witness_queue_call(witness, call) && good;
}

bool witness_tool(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_tool_fact *fact)
{
    struct call_fact of = {TOLD_TOOL, id, fact->start_ms, fact->end_ms};
    bool good;
    struct call *call = begin_fact(witness, place, &of, &good);
    if (call == NULL) {
        return good;
    }
    good = merge_interned(witness, call, TOOL_NAME, fact->name, place->rank, CHANGED_BEGIN) &&
           merge_long(witness, call, TOOL_ARGS, fact->args_json, place->rank, CHANGED_BEGIN) &&
           merge_long(witness, call, CALL_ERROR, fact->error, place->rank, CHANGED_END);
    merge_success(call, fact->success, place->rank);
    return end_fact(witness, call, good);
}

/* ---- requests ---- */

static bool has_attempt(const struct request_numbers *request, double ms)
{
    for (uint32_t i = 0; i < request->attempt_count; i++) {
        if (!(fabs(request->attempts[i] - ms) > 0)) {
            return true;
        }
    }
    return false;
}

static bool add_attempt(struct witness *witness, struct request_numbers *request, double ms)
{
    if (!said_time(ms) || has_attempt(request, ms)) {
        return true;
    }
    if (!mem_reserve(witness->mem, &request->attempts, &request->attempt_cap,
                     request->attempt_count + (size_t)1, sizeof *request->attempts)) {
        return false;
    }
    uint32_t i = request->attempt_count++;
    for (; i > 0 && request->attempts[i - 1] > ms; i--) {
        request->attempts[i] = request->attempts[i - 1];
    }
    request->attempts[i] = ms;
    return true;
}

static bool merge_attempts(struct witness *witness, struct call *call,
                           const struct witness_request_fact *fact, enum witness_rank rank)
{
    struct request_numbers *request = call->request;
    uint8_t weight = (uint8_t)(rank + 1);
    if (fact->attempt_count == 0 || weight < request->attempt_rank) {
        return true;
    }
    uint32_t before = request->attempt_count;
    if (weight > request->attempt_rank) {
        before = UINT32_MAX;
        request->attempt_count = 0;
        request->attempt_rank = weight;
    }
    bool good = true;
    for (size_t i = 0; good && i < fact->attempt_count; i++) {
        good = add_attempt(witness, request, fact->attempt_ms[i]);
    }
    call->changed |= request->attempt_count != before ? CHANGED_END : 0;
    return good;
}

static double first_attempt(const struct witness_request_fact *fact)
{
    double first = (double)NAN;
    for (size_t i = 0; i < fact->attempt_count; i++) {
        double ms = fact->attempt_ms[i];
        first = said_time(ms) && !(ms >= first) ? ms : first;
    }
    return first;
}

static void merge_numbers(struct call *call, const struct witness_request_fact *fact,
                          enum witness_rank rank)
{
    const double said[NUMBERS] = {
        [TTFT_MS] = fact->ttft_ms,
        [PROMPT_TOKENS] = fact->prompt_tokens,
        [OUTPUT_TOKENS] = fact->output_tokens,
        [CACHE_READ] = fact->cache_read_tokens,
        [CACHE_CREATION] = fact->cache_creation_tokens,
    };
    for (size_t i = 0; i < NUMBERS; i++) {
        if (merge_greatest(&call->request->numbers[i], said[i], rank)) {
            call->changed |= CHANGED_END;
        }
    }
}

/* INT64_MIN: no time that can be one. */
static int64_t time_ns(double ms)
{
    return said_time(ms) ? (int64_t)(ms * 1e6) : INT64_MIN;
}

/* What is seen of it while it runs. */
static bool show_live(struct witness *witness, const struct witness_place *place,
                      const struct call *call, const struct witness_request_fact *fact)
{
    const struct request_numbers *request = call->request;
    bool retries = fact->retry_attempt > 0;
    double ttft_ms = request->numbers[TTFT_MS].value;
    if (call->end_ms.rank > 0 || (!retries && isnan(ttft_ms))) {
        return true;
    }
    if (call->begin_no == 0 && !witness_tell_queue(witness)) {
        witness->unsettled = witness->retry = true;
        return false;
    }
    if (call->begin_no == 0 || call->told != TOLD_OPEN) {
        return true;
    }
    struct live_request *live = swarm_live_request_edit(witness->swarm, call->begin_no);
    if (live == NULL) {
        return false;
    }
    if (retries) {
        intern_id why = fact->error.bytes == NULL ? INTERN_NONE
                                                  : intern_put(swarm_names(witness->swarm),
                                                               fact->error.bytes, fact->error.len);
        double at_ms =
            said_time(fact->retry_said_ms) ? fact->retry_said_ms : (double)place->local_ns / 1e6;
        live->attempt = fact->retry_attempt < 1e9 ? (uint32_t)fact->retry_attempt : 0;
        live->attempt_ns = time_ns(at_ms);
        live->retry_at_ns = time_ns(at_ms + fact->retry_in_ms);
        live->error = why == INTERN_FAILED ? INTERN_NONE : why;
        live->first_token_ns = INT64_MIN;
    } else {
        double from_ms = request->attempt_count > 0 ? request->attempts[request->attempt_count - 1]
                                                    : call->start_ms.value;
        live->first_token_ns = time_ns(from_ms + ttft_ms);
    }
    return true;
}

bool witness_request(struct witness *witness, const struct witness_place *place, struct slice id,
                     const struct witness_request_fact *fact)
{
    double start_ms = said_time(fact->start_ms) ? fact->start_ms : first_attempt(fact);
    struct call_fact of = {TOLD_REQUEST, id, start_ms, fact->end_ms};
    bool good;
    struct call *call = begin_fact(witness, place, &of, &good);
    if (call == NULL) {
        return good;
    }
    /* The error of an attempt is not yet that of the request. */
    struct slice error = fact->retry_attempt > 0 ? (struct slice){NULL, 0} : fact->error;
    good =
        merge_interned(witness, call, REQUEST_MODEL, fact->model, place->rank, CHANGED_BEGIN) &&
        merge_interned(witness, call, REQUEST_QUERY_SOURCE, fact->query_source, place->rank,
                       CHANGED_BEGIN) &&
        merge_long(witness, call, REQUEST_MESSAGE_ID, fact->message_id, place->rank, CHANGED_END) &&
        merge_long(witness, call, CALL_ERROR, error, place->rank, CHANGED_END) &&
        merge_attempts(witness, call, fact, place->rank);
    merge_success(call, fact->success, place->rank);
    merge_numbers(call, fact, place->rank);
    return end_fact(witness, call, good) && show_live(witness, place, call, fact);
}

/* ---- waits and turns ---- */

bool witness_wait(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_wait_fact *fact)
{
    struct call_fact of = {TOLD_WAIT, id, fact->start_ms, fact->end_ms};
    bool good;
    struct call *call = begin_fact(witness, place, &of, &good);
    if (call == NULL) {
        return good;
    }
    good = merge_interned(witness, call, WAIT_WHAT, fact->what, place->rank, CHANGED_BEGIN) &&
           merge_interned(witness, call, WAIT_DECISION, fact->decision, place->rank, CHANGED_END) &&
           merge_interned(witness, call, WAIT_SOURCE, fact->source, place->rank, CHANGED_END);
    return end_fact(witness, call, good);
}

bool witness_turn(struct witness *witness, const struct witness_place *place, struct slice id,
                  const struct witness_turn_fact *fact)
{
    struct call_fact of = {TOLD_TURN, id, fact->start_ms, fact->end_ms};
    bool good;
    struct call *call = begin_fact(witness, place, &of, &good);
    if (call == NULL) {
        return good;
    }
    if (merge_greatest(&call->prompt_length, fact->prompt_length, place->rank)) {
        call->changed |= CHANGED_BEGIN;
    }
    return end_fact(witness, call, good);
}
