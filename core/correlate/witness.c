/* What witnesses say is merged field by field, and each merge is a least upper bound: the greater rank, then the value that the order of the field
   prefers. So neither order nor repetition matters, and nothing is kept of who lost. What follows from the merged fields (how a call ends that
   nobody has ended, whether a session is over) is a function of them alone, worked out anew where one of them changes (witness_tell.c).

   A call is found by a hash of its session, kind and id: should two of them ever meet, they are taken for one. Its texts are not kept where an
   event has them. */
#include "core/correlate/witness_private.h"

#include <math.h>
#include <string.h>

struct witness *witness_new(struct swarm *swarm, struct tracer *tracer)
{
    struct witness *witness = mem_zalloc(swarm_mem(swarm), 1, sizeof *witness);
    if (witness == NULL) {
        return NULL;
    }
    witness->swarm = swarm;
    witness->tracer = tracer;
    witness->mem = swarm_mem(swarm);
    witness->free_call = NO_PLACE;
    witness->first_event = event_store_first_appended(swarm_store(swarm, POOL_LIVE));
    u64map_init(&witness->session_by_id, witness->mem);
    u64map_init(&witness->call_by_key, witness->mem);
    tracer_set_closer(tracer, witness_close, witness);
    return witness;
}

static void free_session(struct witness *witness, struct known_session *session)
{
    u64map_release(&session->agent_by_id);
    mem_free(witness->mem, session->agents, session->agent_cap * sizeof *session->agents);
    mem_free(witness->mem, session->ends, session->end_cap * sizeof *session->ends);
}

void witness_free(struct witness *witness)
{
    if (witness == NULL) {
        return;
    }
    tracer_set_closer(witness->tracer, NULL, NULL);
    for (size_t i = 0; i < witness->call_count; i++) {
        if (witness->calls[i].used) {
            witness_free_call(witness, &witness->calls[i]);
        }
    }
    for (size_t i = 0; i < witness->session_count; i++) {
        free_session(witness, &witness->sessions[i]);
    }
    mem_free(witness->mem, witness->calls, witness->call_cap * sizeof *witness->calls);
    mem_free(witness->mem, witness->sessions, witness->session_cap * sizeof *witness->sessions);
    mem_free(witness->mem, witness->queue, witness->queue_cap * sizeof *witness->queue);
    u64map_release(&witness->session_by_id);
    u64map_release(&witness->call_by_key);
    mem_free(witness->mem, witness, sizeof *witness);
}

/* ---- what holds of two words ---- */

bool said_time(double ms)
{
    /* A time that cannot be one is not said, so that no slip draws a session from 1970 on. */
    return ms > 0 && ms < 9e12;
}

static bool merge(struct said_number *value, double said, enum witness_rank rank, bool better)
{
    uint8_t weight = (uint8_t)(rank + 1);
    if (weight < value->rank || (weight == value->rank && !better)) {
        return false;
    }
    bool changed = value->rank == 0 || fabs(value->value - said) > 0;
    *value = (struct said_number){said, weight};
    return changed;
}

bool merge_least(struct said_number *value, double said, enum witness_rank rank)
{
    return said_time(said) && merge(value, said, rank, said < value->value);
}

bool merge_greatest(struct said_number *value, double said, enum witness_rank rank)
{
    return !isnan(said) && merge(value, said, rank, said > value->value);
}

text_weight weight_of(struct slice text, enum witness_rank rank)
{
    const uint64_t longest = (1 << 28) - 1;
    uint64_t hash = 14695981039346656037ULL;
    if (text.len == 0) {
        return 0;
    }
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.bytes[i]) * 1099511628211ULL;
    }
    uint64_t len = text.len < longest ? text.len : longest;
    return (uint64_t)(rank + 1) << 60 | len << 32 | (uint32_t)(hash ^ hash >> 32);
}

bool merge_text(struct witness *witness, struct said_text *text, struct slice said,
                enum witness_rank rank, bool *changed)
{
    text_weight weight = weight_of(said, rank);
    if (weight <= text->weight) {
        return true;
    }
    intern_id id = intern_put(swarm_names(witness->swarm), said.bytes, said.len);
    if (id == INTERN_FAILED) {
        return false;
    }
    *changed |= text->weight == 0 || text->text != id;
    *text = (struct said_text){weight, id};
    return true;
}

struct slice witness_text(const struct witness *witness, intern_id id)
{
    return id == INTERN_NONE ? (struct slice){NULL, 0} : swarm_text_slice(witness->swarm, id);
}

/* ---- after a batch ---- */

static bool settle_session(struct witness *witness, struct known_session *session)
{
    if (session->number == NO_SESSION) {
        return true;
    }
    if (session->first_ms < tracer_start_of(witness->tracer, session->number)) {
        tracer_tell_start(witness->tracer, session->number, session->first_ms);
    }
    if (!witness_tell_session(witness, session) ||
        (session->recheck && !witness_recheck(witness, session))) {
        return false;
    }
    if (session->derive && !swarm_rederive_session(witness->swarm, session->number)) {
        return false;
    }
    session->recheck = session->derive = false;
    return true;
}

/* What could not be told for lack of memory. */
static bool tell_again(struct witness *witness)
{
    for (size_t i = 0; i < witness->call_count; i++) {
        if (witness->calls[i].used && !witness_tell_call(witness, &witness->calls[i])) {
            return false;
        }
    }
    return true;
}

bool witness_settle(struct witness *witness)
{
    uint64_t first = event_store_first_appended(swarm_store(witness->swarm, POOL_LIVE));
    if (first != witness->first_event) {
        witness->first_event = first;
        witness_forget(witness);
    }
    if (!witness->unsettled) {
        return true;
    }
    witness->retry |= !witness_tell_queue(witness);
    if (witness->retry && !tell_again(witness)) {
        return false;
    }
    witness->retry = false;
    for (size_t i = 0; i < witness->session_count; i++) {
        if (!settle_session(witness, &witness->sessions[i])) {
            return false;
        }
    }
    witness->unsettled = false;
    return true;
}
