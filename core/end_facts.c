/* One walk over the args; each fact is a row of a table. This runs for every end of every span: keys are told apart by their length, and
   only one that has an escape is decoded. */
#include "core/end_facts.h"

#include "core/span.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Behind the numbers. */
enum { FACT_MODEL = FACTS, FACT_SUCCESS, FACT_EVICTED, FACT_INCOMPLETE, ALL_FACTS };

static const struct row {
    const char *key;
    uint8_t len, next; /* next: a row with a key of that length; 0: none */
} rows[] = {
#define ROW(key, next) {key, sizeof(key) - 1, next}
    [FACT_DURATION_MS] = ROW("duration_ms", 0),
    [FACT_TTFT_MS] = ROW("ttft_ms", FACT_TTLT_MS),
    [FACT_TTLT_MS] = ROW("ttlt_ms", FACT_SUCCESS),
    [FACT_ITPS] = ROW("itps", 0),
    [FACT_SETUP_MS] = ROW("request_setup_ms", 0),
    [FACT_PROMPT_TOKENS] = ROW("prompt_tokens", FACT_OUTPUT_TOKENS),
    [FACT_OUTPUT_TOKENS] = ROW("output_tokens", 0),
    [FACT_CACHE_READ_TOKENS] = ROW("cache_read_tokens", 0),
    [FACT_CACHE_CREATION_TOKENS] = ROW("cache_creation_tokens", 0),
    [FACT_MODEL] = ROW("model", 0),
    [FACT_SUCCESS] = ROW("success", FACT_EVICTED),
    [FACT_EVICTED] = ROW("evicted", 0),
    [FACT_INCOMPLETE] = ROW("incomplete", 0),
};
static_assert(sizeof rows / sizeof *rows == ALL_FACTS, "a row for each fact");

/* The first row with a key of that length, + 1; 0: there is none. */
static const uint8_t first_by_len[] = {
    [4] = FACT_ITPS + 1,
    [5] = FACT_MODEL + 1,
    [7] = FACT_TTFT_MS + 1,
    [10] = FACT_INCOMPLETE + 1,
    [11] = FACT_DURATION_MS + 1,
    [13] = FACT_PROMPT_TOKENS + 1,
    [16] = FACT_SETUP_MS + 1,
    [17] = FACT_CACHE_READ_TOKENS + 1,
    [21] = FACT_CACHE_CREATION_TOKENS + 1,
};

/* ALL_FACTS: none of them. */
static unsigned row_of(struct json_value key)
{
    size_t len = key.len - 2;
    unsigned row = len < sizeof first_by_len ? first_by_len[len] : 0;
    if (row > 0) {
        row--;
        do {
            if (memcmp(key.raw + 1, rows[row].key, len) == 0) {
                return row;
            }
            row = rows[row].next;
        } while (row > 0);
    }
    if (memchr(key.raw, '\\', key.len) == NULL) {
        return ALL_FACTS;
    }
    row = 0;
    while (row < ALL_FACTS && !json_string_is(key, rows[row].key)) {
        row++;
    }
    return row;
}

static void set_flag(struct end_facts *out, uint8_t flag, bool set)
{
    out->flags = (uint8_t)(set ? out->flags | flag : out->flags & ~flag);
}

static void take(struct end_facts *out, unsigned row, struct json_value value)
{
    bool boolean = value.type == JSON_TYPE_TRUE || value.type == JSON_TYPE_FALSE;
    switch (row) {
    case FACT_MODEL: out->model = value; break;
    case FACT_SUCCESS:
        out->success = boolean ? value.type == JSON_TYPE_TRUE : -1;
        set_flag(out, SPAN_ERROR, value.type == JSON_TYPE_FALSE);
        break;
    case FACT_EVICTED: set_flag(out, SPAN_EVICTED, value.type == JSON_TYPE_TRUE); break;
    case FACT_INCOMPLETE: set_flag(out, SPAN_INCOMPLETE, value.type == JSON_TYPE_TRUE); break;
    case ALL_FACTS: break;
    default:
        out->numbers[row] =
            value.type == JSON_TYPE_NUMBER ? json_get_number(value) : (double)NAN;
    }
}

void end_facts_read(struct slice args, struct end_facts *out)
{
    *out = (struct end_facts){.success = -1};
    for (size_t i = 0; i < FACTS; i++) {
        out->numbers[i] = (double)NAN;
    }
    if (args.len == 0 || args.bytes[0] != '{') {
        return;
    }
    struct json_walk walk = json_walk((struct json_value){JSON_TYPE_OBJECT, args.bytes, args.len});
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        take(out, row_of(member.key), member.value);
    }
}

double end_facts_otps(const struct end_facts *facts)
{
    double setup_ms = facts->numbers[FACT_SETUP_MS] > 0 ? facts->numbers[FACT_SETUP_MS] : 0;
    double sampling_ms =
        facts->numbers[FACT_TTLT_MS] - facts->numbers[FACT_TTFT_MS] - setup_ms;
    return sampling_ms > 0 ? facts->numbers[FACT_OUTPUT_TOKENS] / (sampling_ms / 1000)
                           : (double)NAN;
}
