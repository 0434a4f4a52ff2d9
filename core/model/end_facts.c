/* Walks the args once; each fact is a row of a table. This runs for each end of each span, and
   again when spans are derived again. So it is a reduced copy of the walk of json_read.h: keys
   are found by length, and only a key with an escape is decoded. Other values are skipped. */
#include "core/model/end_facts.h"

#include "core/base/word.h"
#include "core/model/span.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Facts that are no numbers follow the numbers. */
enum { FACT_MODEL = FACTS, FACT_SUCCESS, FACT_EVICTED, FACT_INCOMPLETE, FACT_OUTCOME, ALL_FACTS };

static const struct row {
    const char *key;
    uint8_t len, next; /* next: a row with a key of that length; 0: none */
} rows[] = {
#define ROW(key, next)             \
    {                              \
        key, sizeof(key) - 1, next \
    }
    [FACT_DURATION_MS] = ROW("duration_ms", 0),
    [FACT_TTFT_MS] = ROW("ttft_ms", FACT_TTLT_MS),
    [FACT_TTLT_MS] = ROW("ttlt_ms", FACT_SUCCESS),
    [FACT_ITPS] = ROW("itps", 0),
    [FACT_SETUP_MS] = ROW("request_setup_ms", 0),
    [FACT_PROMPT_TOKENS] = ROW("prompt_tokens", FACT_OUTPUT_TOKENS),
    [FACT_OUTPUT_TOKENS] = ROW("output_tokens", FACT_ATTEMPTS),
    [FACT_CACHE_READ_TOKENS] = ROW("cache_read_tokens", 0),
    [FACT_CACHE_CREATION_TOKENS] = ROW("cache_creation_tokens", 0),
    [FACT_ATTEMPTS] = ROW("attempt_count", 0),
    [FACT_CONTEXT_WINDOW] = ROW("context_window", FACT_THOUGHT_TOKENS),
    [FACT_THOUGHT_TOKENS] = ROW("thought_tokens", 0),
    [FACT_MODEL] = ROW("model", 0),
    [FACT_SUCCESS] = ROW("success", FACT_EVICTED),
    [FACT_EVICTED] = ROW("evicted", FACT_OUTCOME),
    [FACT_INCOMPLETE] = ROW("incomplete", 0),
    [FACT_OUTCOME] = ROW("outcome", 0),
};
static_assert(sizeof rows / sizeof *rows == ALL_FACTS, "a row for each fact");

/* The first row with a key of that length, + 1; 0: no such row. */
static const uint8_t first_by_len[] = {
    [4] = FACT_ITPS + 1,
    [5] = FACT_MODEL + 1,
    [7] = FACT_TTFT_MS + 1,
    [10] = FACT_INCOMPLETE + 1,
    [11] = FACT_DURATION_MS + 1,
    [13] = FACT_PROMPT_TOKENS + 1,
    [14] = FACT_CONTEXT_WINDOW + 1,
    [16] = FACT_SETUP_MS + 1,
    [17] = FACT_CACHE_READ_TOKENS + 1,
    [21] = FACT_CACHE_CREATION_TOKENS + 1,
};

/* Whether the key is one that is spelt with escapes, and then which. ALL_FACTS: none of them. */
static unsigned escaped_row(const char *key, size_t len)
{
    struct json_value quoted = {JSON_TYPE_STRING, key - 1, len + 2};
    unsigned row = 0;
    if (memchr(key, '\\', len) == NULL) {
        return ALL_FACTS;
    }
    while (row < ALL_FACTS && !json_string_is(quoted, rows[row].key)) {
        row++;
    }
    return row;
}

static inline uint32_t load_4(const char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Keys of 4 to 24 bytes, as those of all rows are. */
static inline bool is_key(const char *key, const char *of_row, size_t len)
{
    if (len < 8) {
        return load_4(key) == load_4(of_row) && load_4(key + len - 4) == load_4(of_row + len - 4);
    }
    return word_load(key) == word_load(of_row) &&
           word_load(key + len - 8) == word_load(of_row + len - 8) &&
           (len <= 16 || word_load(key + 8) == word_load(of_row + 8));
}

/* The row of a key; ALL_FACTS: none. */
static inline unsigned row_of(const char *key, size_t len, bool plain)
{
    unsigned row = len < sizeof first_by_len ? first_by_len[len] : 0;
    if (row > 0) {
        row--;
        do {
            if (is_key(key, rows[row].key, len)) {
                return row;
            }
            row = rows[row].next;
        } while (row > 0);
    }
    return plain ? ALL_FACTS : escaped_row(key, len);
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
    case FACT_OUTCOME:
        out->outcome = json_string_is(value, "refused")       ? OUTCOME_REFUSED
                       : json_string_is(value, "interrupted") ? OUTCOME_INTERRUPTED
                                                              : OUTCOME_NONE;
        set_flag(out, SPAN_STOPPED, out->outcome != OUTCOME_NONE);
        break;
    case ALL_FACTS: break;
    default:
        out->numbers[row] = value.type == JSON_TYPE_NUMBER ? json_get_number(value) : (double)NAN;
    }
}

/* Reads a number of few digits with at most one point, as nearly all are. False: another
   spelling. */
static inline bool take_plain_number(const char **at, double *out)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
    const char *p = *at, *point = NULL;
    uint64_t digits = 0;
    for (; (unsigned char)(*p - '0') < 10 || (*p == '.' && point == NULL); p++) {
        if (*p == '.') {
            point = p;
        } else {
            digits = digits * 10 + (uint64_t)(*p - '0');
        }
    }
    size_t fraction = point == NULL ? 0 : (size_t)(p - point) - 1;
    if (p == *at || p - *at > 15 || fraction > 7 || (*p != ',' && *p != '}')) {
        return false;
    }
    *out = (double)digits / powers[fraction];
    *at = p;
    return true;
}

/* Returns the quote that ends the string that begins at `at`, which is after its opening quote.
   The text is checked. */
static inline const char *end_of_string(const char *at, const char *end, bool *plain)
{
    const char *quote = text_near_quote(at, end);
    if (quote != NULL) {
        return quote;
    }
    for (;;) {
        bool high = false;
        at = text_skip_plain(at, end, &high);
        if (*at == '"') {
            return at;
        }
        *plain = false;
        at += 2;
    }
}

/* Reads a member of a checked object without white space, from the quote of its key to the end
   of its value. NULL: use the careful walk. */
static inline const char *take_member(const char *at, const char *end, struct end_facts *out)
{
    bool plain = true, ignored = true;
    const char *key = at + 1, *quote = end_of_string(key, end, &plain);
    if (quote[1] != ':') {
        return NULL;
    }
    unsigned row = row_of(key, (size_t)(quote - key), plain);
    at = quote + 2;
    if (row < FACTS && take_plain_number(&at, &out->numbers[row])) {
        return at;
    }
    struct json_value value = {.raw = at};
    if (*at == '"') {
        value.type = JSON_TYPE_STRING;
        at = end_of_string(at + 1, end, &ignored) + 1;
    } else if (*at == '{' || *at == '[' || *at == ' ' || *at == '\n') {
        return NULL;
    } else {
        value.type = *at == 't'   ? JSON_TYPE_TRUE
                     : *at == 'f' ? JSON_TYPE_FALSE
                     : *at == 'n' ? JSON_TYPE_NULL
                                  : JSON_TYPE_NUMBER;
        while (at < end && *at != ',' && *at != '}' && *at > ' ') {
            at++;
        }
    }
    value.len = (size_t)(at - value.raw);
    take(out, row, value);
    return at;
}

/* From a member on, white space and containers included. */
static void walk_members(const char *at, const char *end, struct end_facts *out)
{
    struct json_walk walk = {at, end};
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        bool plain = memchr(member.key.raw, '\\', member.key.len) == NULL;
        take(out, row_of(member.key.raw + 1, member.key.len - 2, plain), member.value);
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
    const char *at = args.bytes + 1, *end = args.bytes + args.len - 1;
    while (at < end && *at == '"') {
        const char *behind = take_member(at, end, out);
        if (behind == NULL) {
            break;
        }
        at = behind + (*behind == ',');
    }
    walk_members(at, end, out);
    /* A decision of a person or a rule is no error. */
    set_flag(out, SPAN_ERROR, (out->flags & (SPAN_ERROR | SPAN_STOPPED)) == SPAN_ERROR);
}

double otps_of(double tokens, double sampling_ms)
{
    bool enough = tokens >= OTPS_TOKENS_MIN && sampling_ms >= OTPS_SAMPLING_MIN_MS;
    return enough ? tokens / (sampling_ms / 1000) : (double)NAN;
}

double end_facts_otps(const struct end_facts *facts)
{
    double setup_ms = facts->numbers[FACT_SETUP_MS] > 0 ? facts->numbers[FACT_SETUP_MS] : 0;
    double sampling_ms = facts->numbers[FACT_TTLT_MS] - facts->numbers[FACT_TTFT_MS] - setup_ms;
    double thoughts = facts->numbers[FACT_THOUGHT_TOKENS];
    return otps_of(facts->numbers[FACT_OUTPUT_TOKENS] + (thoughts > 0 ? thoughts : 0), sampling_ms);
}
