/* What is said between two settlings is told in order of time, whatever order it was said in: a file gives the end of an answer behind the next
   question. The rows that spans take and the sub-spans of requests follow from the order of the events. */
#include "core/correlate/witness_private.h"

#include <math.h>
#include <stdlib.h>

/* At one time: what ends, what begins, what does both. */
enum phase { ENDS, BEGINS, ENDS_AT_ONCE };

struct moment {
    double ms;
    uint32_t place; /* of the call */
    uint8_t phase, depth;
};

/* What lies in what, where times do not say. */
static const uint8_t depths[] = {
    [TOLD_TURN] = 0, [TOLD_REQUEST] = 1, [TOLD_TOOL] = 2, [TOLD_WAIT] = 3};

static int in_order(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->ms < y->ms || x->ms > y->ms) {
        return x->ms < y->ms ? -1 : 1;
    }
    if (x->phase != y->phase) {
        return x->phase < y->phase ? -1 : 1;
    }
    if (x->depth != y->depth) {
        return (x->depth < y->depth) == (x->phase == BEGINS) ? -1 : 1;
    }
    return (x->place > y->place) - (x->place < y->place);
}

bool witness_queue_call(struct witness *witness, struct call *call)
{
    if (call->queued || call->changed == 0) {
        return true;
    }
    if (!mem_reserve(witness->mem, &witness->queue, &witness->queue_cap, witness->queue_count + 1,
                     sizeof *witness->queue)) {
        witness->unsettled = witness->retry = true;
        return false;
    }
    witness->queue[witness->queue_count++] = (uint32_t)(call - witness->calls);
    call->queued = witness->unsettled = true;
    return true;
}

/* The moments of the queue. Returns how many. */
static size_t list_moments(struct witness *witness, struct moment *moments)
{
    size_t count = 0;
    for (size_t i = 0; i < witness->queue_count; i++) {
        struct call *call = &witness->calls[witness->queue[i]];
        double end_ms;
        if (!call->used || !call->queued || !witness_can_tell(witness, call)) {
            call->queued = false;
            continue;
        }
        bool ends = witness_end_of(witness, call, &end_ms), begins = call->begin_no == 0;
        struct moment moment = {call->start_ms.value, witness->queue[i], BEGINS,
                                depths[call->kind]};
        call->queued = false;
        if (begins || !ends) {
            moments[count++] = moment;
        }
        if (ends) {
            moment.phase = end_ms > moment.ms ? ENDS : ENDS_AT_ONCE;
            moment.ms = end_ms;
            moments[count++] = moment;
        }
    }
    return count;
}

bool witness_tell_queue(struct witness *witness)
{
    size_t most = witness->queue_count * 2, count;
    bool good = true;
    if (most == 0) {
        return true;
    }
    struct moment *moments = mem_alloc(witness->mem, most * sizeof *moments);
    if (moments == NULL) {
        return false;
    }
    count = list_moments(witness, moments);
    witness->queue_count = 0;
    if (count > 1) {
        qsort(moments, count, sizeof *moments, in_order);
    }
    for (size_t i = 0; i < count; i++) {
        struct call *call = &witness->calls[moments[i].place];
        /* Of those that fail the others are told nevertheless; settle tries again. */
        good = (moments[i].phase == BEGINS ? witness_tell_begin(witness, call)
                                           : witness_tell_call(witness, call)) &&
               good;
    }
    mem_free(witness->mem, moments, most * sizeof *moments);
    return good;
}
