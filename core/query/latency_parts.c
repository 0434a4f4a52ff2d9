/* Queueing is what the phases before the first token's have: metrics count them apart, as set-up
   and retries. */
#include "core/query/latency_parts.h"

#include "core/model/request_sample.h"

#include <math.h>

const struct latency_row latency_rows[LATENCY_PARTS] = {
    [LATENCY_QUEUEING] = {"queueing", "queueing", "queueing_ms", true},
    [LATENCY_PREFILL] = {"prefill", "TTFT", "ttft_ms", true},
    [LATENCY_DECODE] = {"decode", "OTPS", "otps", false},
};

void latency_parts_of(const struct swarm *swarm, const struct span *request,
                      const struct end_facts *facts, double out[LATENCY_PARTS])
{
    struct request_sample sample;
    request_sample_make(swarm, request, facts, &sample);
    out[LATENCY_QUEUEING] = request->next_phase == NO_SPAN
                                ? (double)NAN
                                : sample.phase_ms[SPAN_SETUP] + sample.phase_ms[SPAN_RETRY];
    out[LATENCY_PREFILL] = sample.quantities[OF_TTFT];
    out[LATENCY_DECODE] = sample.quantities[OF_OTPS];
}

bool latency_retried(const struct swarm *swarm, const struct span *request)
{
    const struct span *phase;
    for (span_no no = request->next_phase; no != NO_SPAN && (phase = swarm_span(swarm, no)) != NULL;
         no = phase->next_phase) {
        if (phase->kind == SPAN_RETRY) {
            return true;
        }
    }
    return false;
}
