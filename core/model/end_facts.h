/* What the args of a span's end say that the model needs, read out once (the seed's endLLMRequestPerfettoSpan and the like). */
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
    FACTS
};

struct end_facts {
    double numbers[FACTS];   /* NAN: not said */
    struct json_value model; /* borrowed from the args; type JSON_TYPE_NONE: not said */
    struct slice model_text; /* the same as plain text, of a record; bytes NULL: not reported */
    int8_t success;          /* 1, 0, -1: not said */
    uint8_t flags;           /* SPAN_EVICTED, SPAN_INCOMPLETE, SPAN_ERROR */
};

/* `args` is a raw, checked value, or none. */
void end_facts_read(struct slice args, struct end_facts *out);
/* Output tokens over the time of sampling alone (ttlt - ttft - set-up), a second; NAN: cannot be known. */
double end_facts_otps(const struct end_facts *facts);

#endif
