/* What may be forgotten. A call whose events the cap has dropped cannot be told otherwise any more, so nothing is kept of it; that it was there follows from the
   time: what is said of a call that nobody knows, and that had ended by the time up to which the session's calls were forgotten, is not heard. */
#include "core/correlate/witness_private.h"

#include <math.h>

static const double apart_ms = 2000; /* what the clocks of witnesses may differ by */

static void forget(struct witness *witness, struct call *call)
{
    u64map_remove(&witness->call_by_key, call->key);
    witness_unlink_call(witness, call);
    witness_free_call(witness, call);
    call->next = witness->free_call;
    witness->free_call = (uint32_t)(call - witness->calls);
}

static double end_of(const struct call *call)
{
    return call->end_ms.rank > 0 ? call->end_ms.value : call->start_ms.value;
}

void witness_forget(struct witness *witness)
{
    for (size_t i = 0; i < witness->call_count; i++) {
        struct call *call = &witness->calls[i];
        if (call->used && call->told != TOLD_OPEN && call->end_no < witness->first_event) {
            struct known_session *session = &witness->sessions[call->session];
            session->forgotten_ms = fmax(session->forgotten_ms, end_of(call));
            forget(witness, call);
        }
    }
    /* Those that still wait for their start would have been dropped with the others. */
    for (size_t i = 0; i < witness->call_count; i++) {
        struct call *call = &witness->calls[i];
        if (call->used && call->begin_no == 0 && call->end_ms.rank > 0 &&
            call->end_ms.value <= witness->sessions[call->session].forgotten_ms) {
            forget(witness, call);
        }
    }
}

bool witness_is_forgotten(const struct known_session *session, double start_ms, double end_ms)
{
    double until_ms = session->forgotten_ms;
    if (said_time(start_ms) && !(start_ms <= until_ms)) {
        return false;
    }
    /* Of a call that was forgotten others may have said a later end. */
    return said_time(end_ms) ? end_ms <= until_ms + apart_ms : start_ms <= until_ms;
}
