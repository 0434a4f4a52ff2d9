/* The few values that the model needs from the args of a span's end, read once (the seed's
   endLLMRequestPerfettoSpan and its relatives). */
#ifndef CORE_END_FACTS_H
#define CORE_END_FACTS_H

#include "core/trace/event.h"

enum end_fact {
    FACT_DURATION_MS,
    FACT_TTFT_MS,
    FACT_TTLT_MS,
    FACT_ITPS,
    FACT_SETUP_MS,
    FACT_PROMPT_TOKENS,
    FACT_OUTPUT_TOKENS,
    FACT_CACHE_READ_TOKENS,
    FACT_CACHE_CREATION_TOKENS,
    FACT_ATTEMPTS,
    FACT_CONTEXT_WINDOW,
    FACT_THOUGHT_TOKENS, /* sampled, too, by a client that counts them beside the output */
    FACTS
};

struct end_facts {
    double numbers[FACTS];   /* NAN: not reported */
    struct json_value model; /* borrowed from the args; type JSON_TYPE_NONE: not reported */
    struct slice model_text; /* the same as plain text, of a record; bytes NULL: not reported */
    int8_t success;          /* 1, 0, -1: not reported */
    uint8_t flags;           /* SPAN_EVICTED, SPAN_INCOMPLETE, SPAN_ERROR, SPAN_STOPPED */
    uint8_t outcome;         /* OUTCOME_REFUSED or OUTCOME_INTERRUPTED with SPAN_STOPPED; else 0 */
};

/* (The model is borrowed for as long as the args are: event_store.h.)
   Reads `args`, a raw, checked value or no bytes. */
void end_facts_read(struct slice args, struct end_facts *out);
/* Returns output tokens per second of sampling. NAN: unknown, or too few tokens in too short a time
   to be a rate. */
enum { OTPS_TOKENS_MIN = 10, OTPS_SAMPLING_MIN_MS = 500 };
double otps_of(double tokens, double sampling_ms);
/* Returns that rate of a request: its sampling is ttlt - ttft - set-up. Thoughts that are counted
   beside the output are sampled with it. */
double end_facts_otps(const struct end_facts *facts);

#endif
