/* A list of requests, and two maps by attempt id. An open request is among the newest, so a search
   looks at the last few only. */
#include "ingest/claude/claude_request_table.h"

#include <math.h>

enum { NEWEST = 8 };

void claude_request_table_init(struct claude_request_table *table, const struct mem *mem)
{
    *table = (struct claude_request_table){.mem = mem};
    u64map_init(&table->by_id, mem);
    u64map_init(&table->began, mem);
}

void claude_request_table_release(struct claude_request_table *table)
{
    u64map_release(&table->by_id);
    u64map_release(&table->began);
    mem_free(table->mem, table->items, table->cap * sizeof *table->items);
    mem_free(table->mem, table->times, table->time_cap * sizeof *table->times);
}

uint32_t claude_request_table_add(struct claude_request_table *table, intern_id id)
{
    const double none = (double)NAN;
    uint32_t number = (uint32_t)table->count;
    if (!mem_reserve(table->mem, &table->items, &table->cap, table->count + 1,
                     sizeof *table->items) ||
        !u64map_put(&table->by_id, id, number)) {
        return CLAUDE_NO_REQUEST;
    }
    table->count++;
    table->items[number] = (struct claude_request){
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

/* Returns the newest open request; with `like`, the newest that the attempt can belong to. */
static uint32_t find_open(const struct claude_request_table *table,
                          const struct claude_attempt *like)
{
    size_t last = table->count > NEWEST ? table->count - NEWEST : 0;
    for (size_t i = table->count; i-- > last;) {
        const struct claude_request *request = &table->items[i];
        if (request->open && (like == NULL || request->source == like->source ||
                              (like->digest != INTERN_NONE && request->digest == like->digest))) {
            return (uint32_t)i;
        }
    }
    return CLAUDE_NO_REQUEST;
}

uint32_t claude_request_table_find(const struct claude_request_table *table, intern_id id)
{
    uint32_t at = u64map_get(&table->by_id, id);
    return at == U64MAP_NONE ? CLAUDE_NO_REQUEST : at;
}

bool claude_request_table_alias(struct claude_request_table *table, uint32_t request, intern_id id)
{
    return u64map_put(&table->by_id, id, request);
}

uint32_t claude_request_table_open(const struct claude_request_table *table)
{
    return find_open(table, NULL);
}

uint32_t claude_request_table_of_answer(struct claude_request_table *table, intern_id id)
{
    uint32_t known = u64map_get(&table->by_id, id), open = find_open(table, NULL);
    if (known != U64MAP_NONE) {
        return known;
    }
    if (open == CLAUDE_NO_REQUEST) {
        return claude_request_table_add(table, id);
    }
    return u64map_put(&table->by_id, id, open) ? open : CLAUDE_NO_REQUEST;
}

double claude_request_table_attempt_ms(const struct claude_request_table *table, intern_id id)
{
    uint32_t at = u64map_get(&table->began, id);
    return at == U64MAP_NONE ? (double)NAN : table->times[at];
}

static bool note_began(struct claude_request_table *table, const struct claude_attempt *attempt)
{
    if (!mem_reserve(table->mem, &table->times, &table->time_cap, table->time_count + 1,
                     sizeof *table->times) ||
        !u64map_put(&table->began, attempt->id, (uint32_t)table->time_count)) {
        return false;
    }
    table->times[table->time_count++] = attempt->at_ms;
    return true;
}

static void take_attempt(struct claude_request *request, const struct claude_attempt *attempt)
{
    if (request->inferred || !(request->start_ms <= attempt->at_ms)) {
        request->start_ms = attempt->at_ms;
    }
    if (!(request->last_ms >= attempt->at_ms)) {
        request->last_ms = attempt->at_ms;
    }
    request->inferred = false;
    request->source = attempt->source;
    request->digest = attempt->digest;
    if (attempt->model != INTERN_NONE) {
        request->asked = attempt->model;
    }
    request->changed = true;
}

uint32_t claude_request_table_add_attempt(struct claude_request_table *table,
                                          const struct claude_attempt *attempt, bool *again)
{
    uint32_t number = u64map_get(&table->by_id, attempt->id);
    *again = u64map_get(&table->began, attempt->id) != U64MAP_NONE;
    if (*again) {
        return number;
    }
    bool answered = number != U64MAP_NONE; /* its answer came first: lines are out of order */
    uint32_t open = answered ? CLAUDE_NO_REQUEST : find_open(table, attempt);
    if (open != CLAUDE_NO_REQUEST) {
        number = open;
        if (!u64map_put(&table->by_id, attempt->id, number)) {
            return CLAUDE_NO_REQUEST;
        }
    } else if (!answered) {
        number = claude_request_table_add(table, attempt->id);
    }
    if (number == CLAUDE_NO_REQUEST || !note_began(table, attempt)) {
        return CLAUDE_NO_REQUEST;
    }
    take_attempt(&table->items[number], attempt);
    table->items[number].open |= !answered;
    return number;
}
