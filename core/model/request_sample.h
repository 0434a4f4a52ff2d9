/* One closed request, as the metrics count it. Times in milliseconds, rates per second. */
#ifndef CORE_REQUEST_SAMPLE_H
#define CORE_REQUEST_SAMPLE_H

#include "core/model/end_facts.h"
#include "core/model/swarm.h"

enum acc_quantity { OF_TTFT, OF_TTLT, OF_ITPS, OF_OTPS, OF_SETUP, OF_REQUEST, QUANTITIES };
/* Sums that are whole numbers: tokens of requests, their estimated cost in billionths of a dollar,
   the cache's part of it, and how often a conversation was compacted. */
enum acc_token {
    TOKENS_PROMPT,
    TOKENS_OUTPUT,
    TOKENS_CACHE_READ,
    TOKENS_CACHE_CREATION,
    TOKENS_COST,
    TOKENS_CACHE_COST,
    TOKENS_COMPACTIONS,
    TOKENS
};

struct request_sample {
    bool failed;
    uint64_t retries;
    double ms;
    double phase_ms[SPAN_KINDS];
    double tokens[TOKENS];         /* NAN: not reported */
    double quantities[QUANTITIES]; /* NAN: not reported */
};

/* Sets `tokens` to those of the facts, and their cost where the swarm has a price of the model. */
void request_sample_tokens(const struct swarm *swarm, const struct end_facts *facts,
                           double tokens[TOKENS]);
/* Sets *out from a closed request, the facts of its end, and its phases. */
void request_sample_make(const struct swarm *swarm, const struct span *span,
                         const struct end_facts *facts, struct request_sample *out);

#endif
