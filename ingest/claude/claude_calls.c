/* A list of calls, and two tables by attempt. What is open is among the newest: no more than these are looked at when an attempt
   begins. */
#include "ingest/claude/claude_calls.h"

#include <math.h>

enum { NEWEST = 8 };

void claude_calls_init(struct claude_calls *calls, const struct mem *mem)
{
    *calls = (struct claude_calls){.mem = mem};
    u64map_init(&calls->by_id, mem);
    u64map_init(&calls->began, mem);
}

void claude_calls_release(struct claude_calls *calls)
{
    u64map_release(&calls->by_id);
    u64map_release(&calls->began);
    mem_free(calls->mem, calls->calls, calls->cap * sizeof *calls->calls);
    mem_free(calls->mem, calls->times, calls->time_cap * sizeof *calls->times);
}

static uint32_t new_call(struct claude_calls *calls, intern_id id)
{
    const double none = (double)NAN;
    uint32_t number = (uint32_t)calls->count;
    if (!mem_reserve(calls->mem, &calls->calls, &calls->cap, calls->count + 1,
                     sizeof *calls->calls) ||
        !u64map_put(&calls->by_id, id, number))
        return CLAUDE_NO_CALL;
    calls->count++;
    calls->calls[number] = (struct claude_call){
        .id = id,
        .start_ms = none,
        .last_ms = none,
        .end_ms = none,
        .ttft_ms = none,
        .prompt = none,
        .output = none,
        .read = none,
        .creation = none,
    };
    return number;
}

/* The newest open call; with `like`, the newest that it is an attempt of. */
static uint32_t find_open(const struct claude_calls *calls, const struct claude_attempt *like)
{
    size_t last = calls->count > NEWEST ? calls->count - NEWEST : 0;
    for (size_t i = calls->count; i-- > last;) {
        const struct claude_call *call = &calls->calls[i];
        if (call->open && (like == NULL || call->source == like->source ||
                           (like->digest != INTERN_NONE && call->digest == like->digest)))
            return (uint32_t)i;
    }
    return CLAUDE_NO_CALL;
}

uint32_t claude_calls_open(const struct claude_calls *calls)
{
    return find_open(calls, NULL);
}

uint32_t claude_calls_of(struct claude_calls *calls, intern_id id)
{
    uint32_t known = u64map_get(&calls->by_id, id), open = find_open(calls, NULL);
    if (known != U64MAP_NONE)
        return known;
    if (open == CLAUDE_NO_CALL)
        return new_call(calls, id);
    return u64map_put(&calls->by_id, id, open) ? open : CLAUDE_NO_CALL;
}

double claude_calls_began(const struct claude_calls *calls, intern_id id)
{
    uint32_t at = u64map_get(&calls->began, id);
    return at == U64MAP_NONE ? (double)NAN : calls->times[at];
}

static bool note_began(struct claude_calls *calls, const struct claude_attempt *attempt)
{
    if (!mem_reserve(calls->mem, &calls->times, &calls->time_cap, calls->time_count + 1,
                     sizeof *calls->times) ||
        !u64map_put(&calls->began, attempt->id, (uint32_t)calls->time_count))
        return false;
    calls->times[calls->time_count++] = attempt->at_ms;
    return true;
}

static void take_attempt(struct claude_call *call, const struct claude_attempt *attempt)
{
    if (!(call->start_ms <= attempt->at_ms))
        call->start_ms = attempt->at_ms;
    if (!(call->last_ms >= attempt->at_ms))
        call->last_ms = attempt->at_ms;
    call->source = attempt->source;
    call->digest = attempt->digest;
    if (attempt->model != INTERN_NONE && (call->model == INTERN_NONE || call->open))
        call->model = attempt->model;
    call->changed = true;
}

uint32_t claude_calls_attempt(struct claude_calls *calls, const struct claude_attempt *attempt,
                              bool *again)
{
    uint32_t number = u64map_get(&calls->by_id, attempt->id);
    *again = u64map_get(&calls->began, attempt->id) != U64MAP_NONE;
    if (*again)
        return number;
    bool answered = number != U64MAP_NONE; /* before it was told of: the lines are out of order */
    uint32_t open = answered ? CLAUDE_NO_CALL : find_open(calls, attempt);
    if (open != CLAUDE_NO_CALL) {
        number = open;
        if (!u64map_put(&calls->by_id, attempt->id, number))
            return CLAUDE_NO_CALL;
    } else if (!answered) {
        number = new_call(calls, attempt->id);
    }
    if (number == CLAUDE_NO_CALL || !note_began(calls, attempt))
        return CLAUDE_NO_CALL;
    take_attempt(&calls->calls[number], attempt);
    calls->calls[number].open |= !answered;
    return number;
}
