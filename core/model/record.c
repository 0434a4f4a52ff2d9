/* Records live in blocks, by number; a list in order of arrival leads from the oldest to the
   newest, which is the order in which the cap drops them. */
#include "core/model/record.h"

#include "core/model/swarm_private.h"

enum { RECORDS_PER_BLOCK = 1024 };

struct record *swarm_record(const struct swarm *swarm, record_no record)
{
    return &swarm->records.blocks[record / RECORDS_PER_BLOCK][record % RECORDS_PER_BLOCK];
}

/* A free number; NO_RECORD: out of memory. */
static record_no take_number(struct swarm *swarm)
{
    struct record_table *table = &swarm->records;
    if (table->free != NO_RECORD) {
        record_no number = table->free;
        table->free = swarm_record(swarm, number)->newer;
        return number;
    }
    size_t block = table->end / RECORDS_PER_BLOCK;
    if (block == table->block_count) {
        if (!mem_reserve(swarm->mem, &table->blocks, &table->block_cap, block + 1,
                         sizeof(struct record *))) {
            return NO_RECORD;
        }
        table->blocks[block] = mem_alloc(swarm->mem, RECORDS_PER_BLOCK * sizeof(struct record));
        if (table->blocks[block] == NULL) {
            return NO_RECORD;
        }
        table->block_count++;
    }
    return table->end++;
}

static void free_number(struct swarm *swarm, record_no number)
{
    struct record *record = swarm_record(swarm, number);
    *record = (struct record){.newer = swarm->records.free};
    swarm->records.free = number;
}

record_no swarm_record_new(struct swarm *swarm, enum call_kind kind)
{
    struct record_table *table = &swarm->records;
    record_no number = take_number(swarm);
    if (number == NO_RECORD) {
        return NO_RECORD;
    }
    *swarm_record(swarm, number) = (struct record){
        .session = NO_SESSION,
        .agent = NO_AGENT,
        .track = NO_TRACK,
        .kind = (uint8_t)kind,
        .used = true,
        .start_ms = (double)NAN,
        .end_ms = (double)NAN,
        .arrival = event_store_end(swarm->pools[POOL_LIVE].store),
        .span = NO_SPAN,
        .older = table->newest,
        .newer = NO_RECORD,
        .first_key = NO_RECORD,
        .parent = NO_RECORD,
        .first_child = NO_RECORD,
        .last_ms = (double)NAN,
    };
    if (table->newest != NO_RECORD) {
        swarm_record(swarm, table->newest)->newer = number;
    } else {
        table->oldest = number;
    }
    table->newest = number;
    table->event_count++;
    return number;
}

void swarm_record_move(struct swarm *swarm, record_no number, session_no session)
{
    struct record *record = swarm_record(swarm, number);
    if (record->session != NO_SESSION) {
        swarm->rows.sessions[record->session].session.event_count -= record->shown_events;
    }
    record->session = session;
    if (session != NO_SESSION) {
        swarm->rows.sessions[session].session.event_count += record->shown_events;
    }
}

static void free_claim(struct swarm *swarm, struct record *record)
{
    mem_free(swarm->mem, record->claim,
             record->claim == NULL ? 0 : RECORD_CLAIM * sizeof *record->claim);
    record->claim = NULL;
}

bool swarm_record_claim(struct swarm *swarm, record_no number, const double claim[RECORD_CLAIM])
{
    struct record *record = swarm_record(swarm, number);
    double most = 0;
    for (int i = 0; claim != NULL && i < RECORD_CLAIM; i++) {
        most = fmax(most, claim[i]);
    }
    if (most <= 0) {
        free_claim(swarm, record);
        return true;
    }
    if (record->claim == NULL) {
        record->claim = mem_alloc(swarm->mem, RECORD_CLAIM * sizeof *record->claim);
    }
    if (record->claim == NULL) {
        return false;
    }
    memcpy(record->claim, claim, RECORD_CLAIM * sizeof *record->claim);
    return true;
}

static void free_parts(struct swarm *swarm, struct record *record)
{
    facts_release(&record->facts, swarm->mem);
    mem_free(swarm->mem, record->counted, record->counted == NULL ? 0 : sizeof *record->counted);
    free_claim(swarm, record);
}

void swarm_record_drop(struct swarm *swarm, record_no number)
{
    struct record_table *table = &swarm->records;
    struct record *record = swarm_record(swarm, number);
    record_span_remove(swarm, number);
    request_progress_drop(swarm, record_begin_no(number));
    if (record->older != NO_RECORD) {
        swarm_record(swarm, record->older)->newer = record->newer;
    } else {
        table->oldest = record->newer;
    }
    if (record->newer != NO_RECORD) {
        swarm_record(swarm, record->newer)->older = record->older;
    } else {
        table->newest = record->older;
    }
    table->event_count -= record_weight(record);
    free_parts(swarm, record);
    free_number(swarm, number);
}

void records_init(struct swarm *swarm)
{
    u64map_init(&swarm->spans.forwards, swarm->mem);
    swarm->records =
        (struct record_table){.free = NO_RECORD, .oldest = NO_RECORD, .newest = NO_RECORD};
}

void records_release(struct swarm *swarm)
{
    struct record_table *table = &swarm->records;
    for (record_no no = 0; no < table->end; no++) {
        struct record *record = swarm_record(swarm, no);
        if (record->used) {
            free_parts(swarm, record);
        }
    }
    u64map_release(&swarm->spans.forwards);
    for (size_t i = 0; i < table->block_count; i++) {
        mem_free(swarm->mem, table->blocks[i], RECORDS_PER_BLOCK * sizeof(struct record));
    }
    mem_free(swarm->mem, table->blocks, table->block_cap * sizeof(struct record *));
}

record_no swarm_record_end(const struct swarm *swarm)
{
    return swarm->records.end;
}

record_no swarm_record_oldest(const struct swarm *swarm)
{
    return swarm->records.oldest;
}

void swarm_on_record_drop(struct swarm *swarm, void (*dropped)(void *ctx, record_no record),
                          void *ctx)
{
    swarm->records.dropped = dropped;
    swarm->records.dropped_ctx = ctx;
}

bool swarm_forward_span(struct swarm *swarm, span_no from, span_no to)
{
    return u64map_put(&swarm->spans.forwards, from, to);
}

const struct record *swarm_span_record(const struct swarm *swarm, const struct span *span)
{
    return span_is_record(span) ? swarm_record(swarm, (record_no)span->begin_no) : NULL;
}

/* ---- what a record comes to ---- */

/* Whole and fractional milliseconds apart: their product with a million would be off by hundreds of
   nanoseconds in a double. */
int64_t record_ns(double ms)
{
    double whole = floor(ms);
    if (!(whole > -9e12)) {
        return INT64_MIN / 2;
    }
    if (whole > 9e12) {
        return INT64_MAX / 2;
    }
    return (int64_t)whole * 1000000 + (int64_t)llround((ms - whole) * 1e6);
}

static double us_since(int64_t origin_ns, double ms)
{
    return (double)(record_ns(ms) - origin_ns) / 1000;
}

void record_shape(const struct record *record, int64_t origin_ns, struct request_shape *out)
{
    const struct facts *facts = &record->facts;
    bool ended = record->state == RECORD_ENDED;
    *out = (struct request_shape){
        .start_us = us_since(origin_ns, record->start_ms),
        .end_us = isnan(record->end_ms) ? (double)NAN : us_since(origin_ns, record->end_ms),
        .setup_ms = facts_number(facts, FIELD_SETUP_MS),
        .ttft_ms = facts_number(facts, FIELD_TTFT_MS),
        .ttlt_ms = facts_number(facts, FIELD_TTLT_MS),
        .prompt_tokens = facts_number(facts, FIELD_PROMPT_TOKENS),
        .output_tokens = facts_number(facts, FIELD_OUTPUT_TOKENS),
        .cache_read_tokens = facts_number(facts, FIELD_CACHE_READ_TOKENS),
        .cache_creation_tokens = facts_number(facts, FIELD_CACHE_CREATION_TOKENS),
        .thought_tokens = facts_number(facts, FIELD_THOUGHT_TOKENS),
    };
    const double *attempts;
    size_t count = facts_times(facts, FIELD_ATTEMPTS, &attempts);
    if (count > 1) {
        out->attempts = attempts;
        out->attempt_count = count;
        if (isnan(out->setup_ms)) {
            out->setup_ms = attempts[count - 1] - attempts[0];
        }
    }
    if (isnan(out->ttlt_ms) && ended && facts_bool(facts, FIELD_SUCCESS) != TRI_FALSE) {
        out->ttlt_ms = record->end_ms - record->start_ms;
    }
    request_shape_rates(out);
}

static void take_request(const struct record *record, struct end_facts *out)
{
    struct request_shape shape;
    record_shape(record, record_ns(record->start_ms), &shape);
    out->numbers[FACT_TTFT_MS] = shape.ttft_ms;
    out->numbers[FACT_TTLT_MS] = shape.ttlt_ms;
    out->numbers[FACT_ITPS] = shape.itps;
    out->numbers[FACT_SETUP_MS] = shape.setup_ms;
    out->numbers[FACT_PROMPT_TOKENS] = shape.prompt_tokens;
    out->numbers[FACT_OUTPUT_TOKENS] = shape.output_tokens;
    out->numbers[FACT_CACHE_READ_TOKENS] = shape.cache_read_tokens;
    out->numbers[FACT_CACHE_CREATION_TOKENS] = shape.cache_creation_tokens;
    out->numbers[FACT_THOUGHT_TOKENS] = shape.thought_tokens;
    out->numbers[FACT_CONTEXT_WINDOW] = facts_number(&record->facts, FIELD_CONTEXT_WINDOW);
    if (shape.attempts != NULL) {
        out->numbers[FACT_ATTEMPTS] = (double)shape.attempt_count;
    }
}

static void take_claim(const struct record *record, struct end_facts *out)
{
    static const enum end_fact facts[RECORD_CLAIM] = {
        FACT_PROMPT_TOKENS, FACT_OUTPUT_TOKENS, FACT_CACHE_READ_TOKENS, FACT_CACHE_CREATION_TOKENS};
    for (int i = 0; i < RECORD_CLAIM; i++) {
        out->numbers[facts[i]] = record->claim[i];
    }
}

enum outcome record_outcome(const struct record *record)
{
    const struct fact *outcome = facts_get(&record->facts, FIELD_OUTCOME);
    const struct fact *end = facts_get(&record->facts, FIELD_END_MS);
    if (outcome == NULL || end == NULL) {
        return OUTCOME_NONE;
    }
    /* One that was inferred goes with the inferred end. */
    bool holds =
        outcome->precedence > PRECEDENCE_INFERRED || end->precedence == PRECEDENCE_INFERRED;
    return holds ? (enum outcome)(int)outcome->number : OUTCOME_NONE;
}

static void take_outcome(const struct record *record, struct end_facts *out)
{
    enum outcome outcome = record_outcome(record);
    if (outcome == OUTCOME_REFUSED || outcome == OUTCOME_INTERRUPTED) {
        out->outcome = (uint8_t)outcome;
        out->flags = SPAN_STOPPED;
    }
}

/* Sets success, flags and outcome. */
static void take_flags(const struct record *record, struct end_facts *out)
{
    bool has_success =
        record->kind == CALL_REQUEST || record->kind == CALL_TOOL ||
        (record->kind == CALL_SPAN && facts_bool(&record->facts, FIELD_SUCCESS) != TRI_UNSET);
    switch ((enum record_state)record->state) {
    case RECORD_ENDED:
        if (has_success) {
            bool failed = facts_bool(&record->facts, FIELD_SUCCESS) == TRI_FALSE;
            out->success = !failed;
            out->flags = failed ? SPAN_ERROR : 0;
        }
        take_outcome(record, out);
        break;
    case RECORD_INCOMPLETE: out->flags = SPAN_INCOMPLETE; break;
    case RECORD_EVICTED: out->flags = SPAN_EVICTED; break;
    case RECORD_OPEN:
    case RECORD_HIDDEN: break;
    }
}

uint8_t record_end_flags(const struct record *record)
{
    struct end_facts facts = {.success = -1};
    take_flags(record, &facts);
    return facts.flags;
}

void record_end_facts(const struct record *record, struct end_facts *out)
{
    *out = (struct end_facts){.success = -1};
    for (size_t i = 0; i < FACTS; i++) {
        out->numbers[i] = (double)NAN;
    }
    out->model_text = facts_text(&record->facts, FIELD_MODEL);
    if (!isnan(record->end_ms)) {
        out->numbers[FACT_DURATION_MS] =
            (double)(record_ns(record->end_ms) - record_ns(record->start_ms)) / 1e6;
    }
    take_flags(record, out);
    if (record->state == RECORD_ENDED && record->kind == CALL_REQUEST) {
        take_request(record, out);
    } else if (record->state == RECORD_ENDED && record->claim != NULL) {
        take_claim(record, out);
    }
}

/* ---- order ---- */

/* Returns the depth of nesting, which orders calls of equal times. */
static int depth_of(const struct record *record)
{
    static const uint8_t depths[CALL_KINDS] = {
        [CALL_INTERACTION] = 0, [CALL_SPAN] = 1, [CALL_REQUEST] = 2,
        [CALL_TOOL] = 3,        [CALL_WAIT] = 4,
    };
    return depths[record->kind];
}

static int compare_numbers(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare_ids(const struct record *a, const struct record *b)
{
    size_t len = a->id.len < b->id.len ? a->id.len : b->id.len;
    int order = len == 0 ? 0 : memcmp(a->id.bytes, b->id.bytes, len);
    if (order != 0) {
        return order;
    }
    if (a->id.len != b->id.len) {
        return a->id.len < b->id.len ? -1 : 1;
    }
    return (a->session > b->session) - (a->session < b->session);
}

static double end_or_never(const struct record *record)
{
    return isnan(record->end_ms) ? (double)INFINITY : record->end_ms;
}

int record_compare_begins(const struct record *a, const struct record *b)
{
    int order = compare_numbers(a->start_ms, b->start_ms);
    order = order != 0 ? order : depth_of(a) - depth_of(b);
    order = order != 0 ? order : compare_numbers(end_or_never(b), end_or_never(a));
    return order != 0 ? order : compare_ids(a, b);
}

int record_compare_ends(const struct record *a, const struct record *b)
{
    int order = compare_numbers(end_or_never(a), end_or_never(b));
    order = order != 0 ? order : depth_of(b) - depth_of(a);
    order = order != 0 ? order : compare_numbers(b->start_ms, a->start_ms);
    return order != 0 ? order : -compare_ids(a, b);
}
