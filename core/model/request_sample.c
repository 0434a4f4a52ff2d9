/* A sample joins two sources: the numbers that the request's end reports, and the times of its
   phases (request_phase.h). */
#include "core/model/request_sample.h"

#include "core/model/prices.h"
#include "core/model/request_phase.h"

#include <math.h>
#include <string.h>

#define ATTEMPTS_MAX 1e6 /* a document may hold any number */

static const double rounding_ms = 1e-3; /* of a phase: times in us are doubles of the epoch */

static double to_ms(int64_t ns)
{
    return (double)ns / 1e6;
}

/* Each moment counts for one phase, as it does in a critical path. */
static void take_phases(const struct swarm *swarm, const struct span *request,
                        struct request_sample *sample)
{
    const struct span *phase;
    if (request->next_phase == NO_SPAN) { /* even if the sweep has closed what still waits */
        sample->phase_ms[SPAN_REQUEST] = sample->ms;
        return;
    }
    for (span_no no = request->next_phase; no != NO_SPAN && (phase = swarm_span(swarm, no)) != NULL;
         no = phase->next_phase) {
        sample->retries += phase->kind == SPAN_RETRY;
    }
    for (int64_t at = request->start_ns, until; at < request->end_ns; at = until) {
        enum span_kind kind = query_known_phase_at(swarm, request, at, &until);
        until = until < request->end_ns ? until : request->end_ns;
        sample->phase_ms[kind] += to_ms(until - at);
    }
    if (sample->phase_ms[SPAN_REQUEST] < rounding_ms) {
        sample->phase_ms[SPAN_REQUEST] = 0;
    }
}

static void take_cost(const struct swarm *swarm, const struct end_facts *facts,
                      double tokens[TOKENS])
{
    const struct prices *prices = swarm_prices(swarm);
    struct slice model = facts->model_text;
    tokens[TOKENS_COST] = tokens[TOKENS_CACHE_COST] = (double)NAN;
    if (prices == NULL || prices->count == 0) {
        return;
    }
    if (model.bytes == NULL && facts->model.type == JSON_TYPE_STRING) {
        model = (struct slice){facts->model.raw + 1, facts->model.len - 2};
    }
    const struct price *price = model.len == 0 ? NULL : prices_find(prices, model);
    struct priced_tokens of = {.prompt = tokens[TOKENS_PROMPT],
                               .output = tokens[TOKENS_OUTPUT],
                               .cache_read = tokens[TOKENS_CACHE_READ],
                               .cache_creation = tokens[TOKENS_CACHE_CREATION]};
    if (price == NULL) {
        return;
    }
    tokens[TOKENS_COST] = prices_cost(price, &of);
    if (!isnan(of.cache_read) || !isnan(of.cache_creation)) {
        of.prompt = of.output = 0;
        tokens[TOKENS_CACHE_COST] = prices_cost(price, &of);
    }
}

void request_sample_tokens(const struct swarm *swarm, const struct end_facts *facts,
                           double tokens[TOKENS])
{
    tokens[TOKENS_PROMPT] = facts->numbers[FACT_PROMPT_TOKENS];
    tokens[TOKENS_OUTPUT] = facts->numbers[FACT_OUTPUT_TOKENS];
    tokens[TOKENS_CACHE_READ] = facts->numbers[FACT_CACHE_READ_TOKENS];
    tokens[TOKENS_CACHE_CREATION] = facts->numbers[FACT_CACHE_CREATION_TOKENS];
    tokens[TOKENS_COMPACTIONS] = (double)NAN;
    take_cost(swarm, facts, tokens);
}

static void take_facts(const struct swarm *swarm, const struct end_facts *facts,
                       struct request_sample *sample)
{
    const double *numbers = facts->numbers;
    const double quantities[QUANTITIES] = {
        [OF_TTFT] = numbers[FACT_TTFT_MS],
        [OF_TTLT] = numbers[FACT_TTLT_MS],
        [OF_ITPS] = numbers[FACT_ITPS],
        [OF_OTPS] = end_facts_otps(facts),
        [OF_SETUP] = numbers[FACT_SETUP_MS] > 0 ? numbers[FACT_SETUP_MS] : (double)NAN,
        [OF_REQUEST] = sample->ms,
    };
    memcpy(sample->quantities, quantities, sizeof quantities);
    request_sample_tokens(swarm, facts, sample->tokens);
}

void request_sample_make(const struct swarm *swarm, const struct span *span,
                         const struct end_facts *facts, struct request_sample *out)
{
    *out = (struct request_sample){
        .failed = (span->flags & SPAN_ERROR) != 0,
        .ms = to_ms(span->end_ns - span->start_ns),
    };
    take_facts(swarm, facts, out);
    take_phases(swarm, span, out);
    /* Attempts are phases only where a set-up has them. */
    if (facts->numbers[FACT_ATTEMPTS] - 1 > (double)out->retries &&
        facts->numbers[FACT_ATTEMPTS] <= ATTEMPTS_MAX) {
        out->retries = (uint64_t)facts->numbers[FACT_ATTEMPTS] - 1;
    }
}
