/* The shape of an API request: its phases and rates, worked out from its times and tokens. The
   printer of its events and the model's metrics both ask here. Source of the formulas: the seed's
   endLLMRequestPerfettoSpan. */
#ifndef CORE_MODEL_REQUEST_H
#define CORE_MODEL_REQUEST_H

#include "core/model/span.h"

#include <stdbool.h>

/* Times are µs from the session's origin, durations ms; NAN: unknown. */
struct request_shape {
    double start_us, end_us;
    double setup_ms; /* as reported; phases want more than 0 */
    double ttft_ms, ttlt_ms;
    double prompt_tokens, output_tokens, cache_read_tokens, cache_creation_tokens;
    double thought_tokens; /* beside the output */
    const double
        *attempts; /* epoch ms, borrowed; NULL: none reported, which is not an empty list */
    size_t attempt_count;
    /* Set by request_shape_rates: */
    double itps, otps, cache_hit_rate_pct;
};

struct request_phase {
    enum span_kind kind; /* SPAN_SETUP, SPAN_RETRY, SPAN_FIRST_TOKEN or SPAN_SAMPLING */
    unsigned attempt;    /* SPAN_RETRY: the one that failed, from 1 */
    double from_us, to_us;
};

/* Sets itps, otps and cache_hit_rate_pct, rounded to hundredths as JavaScript's Math.round does. */
void request_shape_rates(struct request_shape *shape);
/* The phase `index` of those it has, in the order in which they begin in the document; the retries
   after the set-up lie inside it. False: it has no such phase. */
bool request_shape_phase(const struct request_shape *shape, size_t index,
                         struct request_phase *out);
/* "Request Setup" …; a retry's is made of its number, in `room`. Borrowed. */
enum { PHASE_NAME_MAX = 48 };
const char *request_phase_name(const struct request_phase *phase, char room[PHASE_NAME_MAX]);
/* "api,setup" … */
const char *request_phase_cat(enum span_kind kind);

#endif
