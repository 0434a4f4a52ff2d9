/* The end of an API Call, read in one walk over its args: every figure is a row of a table, by the name
   that the seed's endLLMRequestPerfettoSpan gives it. And what a request adds to the figures. */
#include "core/figures_private.h"

#include <math.h>
#include <string.h>

#define ROW(key, field)                                             \
    {                                                               \
        key, sizeof(key) - 1, offsetof(struct request_facts, field) \
    }

/* `model` and `success`, which are no numbers, come first. */
enum { MODEL, SUCCESS, NUMBERS };

static const struct row {
    const char *key;
    size_t len, offset;
} rows[] = {
    [MODEL] = ROW("model", model),
    [SUCCESS] = ROW("success", success),
    [NUMBERS] = ROW("ttft_ms", ttft_ms),
    ROW("ttlt_ms", ttlt_ms),
    ROW("itps", itps),
    ROW("request_setup_ms", setup_ms),
    ROW("prompt_tokens", prompt_tokens),
    ROW("output_tokens", output_tokens),
    ROW("cache_read_tokens", cache_read_tokens),
    ROW("cache_creation_tokens", cache_creation_tokens),
};

enum { ROWS = sizeof rows / sizeof *rows };

/* ROWS: none of them. Bytes are compared, and only a key that has an escape is decoded: this runs for
   every key of every request. */
static size_t find_row(struct json_value key)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (key.len == rows[i].len + 2 && memcmp(key.raw + 1, rows[i].key, rows[i].len) == 0) {
            return i;
        }
    }
    if (memchr(key.raw, '\\', key.len) == NULL) {
        return ROWS;
    }
    size_t i = 0;
    while (i < ROWS && !json_string_is(key, rows[i].key)) {
        i++;
    }
    return i;
}

static void take_member(struct request_facts *out, const struct json_member *member)
{
    size_t row = find_row(member->key);
    enum json_type type = member->value.type;
    if (row == MODEL) {
        out->model = member->value;
    } else if (row == SUCCESS) {
        bool said = type == JSON_TYPE_TRUE || type == JSON_TYPE_FALSE;
        out->success = said ? type == JSON_TYPE_TRUE : -1;
    } else if (row < ROWS) {
        double number = type == JSON_TYPE_NUMBER ? json_get_number(member->value) : (double)NAN;
        memcpy((char *)out + rows[row].offset, &number, sizeof number);
    }
}

void figures_request_facts(struct slice args, struct request_facts *out)
{
    const double none = (double)NAN;
    *out = (struct request_facts){none, none, none, none, none, none, none, none, none, {0}, -1};
    if (args.len == 0 || args.bytes[0] != '{') {
        return;
    }
    struct json_walk walk = json_walk((struct json_value){JSON_TYPE_OBJECT, args.bytes, args.len});
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        take_member(out, &member);
    }
    double setup_ms = out->setup_ms > 0 ? out->setup_ms : 0;
    double sampling_ms = out->ttlt_ms - out->ttft_ms - setup_ms;
    if (sampling_ms > 0) {
        out->otps = out->output_tokens / (sampling_ms / 1000);
    }
}

/* ---- what it adds ---- */

static double to_ms(int64_t ns)
{
    return (double)ns / 1e6;
}

static int64_t overlap_ns(const struct span *a, const struct span *b)
{
    int64_t from = a->start_ns > b->start_ns ? a->start_ns : b->start_ns;
    int64_t to = a->end_ns < b->end_ns ? a->end_ns : b->end_ns;
    return to > from ? to - from : 0;
}

/* Set-up counts without the attempts in it, and the request itself without its phases. */
static void take_phases(const struct swarm *swarm, const struct span *request,
                        struct request_sample *sample)
{
    const struct span *setup = NULL, *phase;
    double rest_ms = sample->ms;
    for (span_no no = request->next_phase; no != NO_SPAN && (phase = swarm_span(swarm, no)) != NULL;
         no = phase->next_phase) {
        double inside_ms = to_ms(overlap_ns(phase, request));
        sample->phase_ms[phase->kind] += to_ms(phase->end_ns - phase->start_ns);
        if (phase->kind == SPAN_SETUP) {
            setup = phase;
        } else if (phase->kind == SPAN_RETRY) {
            sample->retries++;
            double shared_ms = setup == NULL ? 0 : to_ms(overlap_ns(phase, setup));
            sample->phase_ms[SPAN_SETUP] -= shared_ms;
            inside_ms -= shared_ms;
        }
        rest_ms -= inside_ms;
    }
    if (sample->phase_ms[SPAN_SETUP] < 0) {
        sample->phase_ms[SPAN_SETUP] = 0;
    }
    sample->phase_ms[SPAN_REQUEST] = rest_ms > 0 ? rest_ms : 0;
}

static void take_facts(const struct request_facts *facts, struct request_sample *sample)
{
    const double quantities[QUANTITIES] = {
        [OF_TTFT] = facts->ttft_ms,
        [OF_TTLT] = facts->ttlt_ms,
        [OF_ITPS] = facts->itps,
        [OF_OTPS] = facts->otps,
        [OF_SETUP] = facts->setup_ms > 0 ? facts->setup_ms : (double)NAN,
        [OF_REQUEST] = sample->ms,
    };
    const double tokens[TOKENS] = {
        [TOKENS_PROMPT] = facts->prompt_tokens,
        [TOKENS_OUTPUT] = facts->output_tokens,
        [TOKENS_CACHE_READ] = facts->cache_read_tokens,
        [TOKENS_CACHE_CREATION] = facts->cache_creation_tokens,
    };
    memcpy(sample->quantities, quantities, sizeof quantities);
    memcpy(sample->tokens, tokens, sizeof tokens);
}

struct json_value request_sample_read(const struct swarm *swarm, const struct span *span,
                                      int64_t end_ns, struct request_sample *out)
{
    struct request_facts facts;
    *out = (struct request_sample){
        .open = (span->flags & SPAN_OPEN) != 0,
        .failed = (span->flags & SPAN_ERROR) != 0,
        .ms = to_ms(end_ns - span->start_ns),
    };
    figures_request_facts(swarm_span_args(swarm, span), &facts);
    take_facts(&facts, out);
    take_phases(swarm, span, out);
    return facts.model;
}
