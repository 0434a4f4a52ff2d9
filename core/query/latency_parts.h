/* The parts of a request's latency, which differ in who can do something about them: queueing
   (set-up and failed attempts: limits, the network), prefill (the time to the first token: the
   model and the length of the prompt), decode (the rate of sampling: the model). */
#ifndef CORE_LATENCY_PARTS_H
#define CORE_LATENCY_PARTS_H

#include "core/model/end_facts.h"
#include "core/model/swarm.h"

enum latency_part { LATENCY_QUEUEING, LATENCY_PREFILL, LATENCY_DECODE, LATENCY_PARTS };

/* How a part is measured. */
struct latency_row {
    const char *word;   /* "prefill" */
    const char *figure; /* for people: "TTFT" */
    const char *key;    /* of the figure in `report --json`: "ttft_ms" */
    bool ms;            /* a time, which is worse the greater; else a rate, worse the less */
};
extern const struct latency_row latency_rows[LATENCY_PARTS];

/* Sets the figures of an ended request, from the facts of its end and from its phases. NAN: not
   known. Queueing is known where phases are: without a set-up it took no time. */
void latency_parts_of(const struct swarm *swarm, const struct span *request,
                      const struct end_facts *facts, double out[LATENCY_PARTS]);
/* Returns true if an attempt of the ended request failed, so that it was made again. */
bool latency_retried(const struct swarm *swarm, const struct span *request);

#endif
