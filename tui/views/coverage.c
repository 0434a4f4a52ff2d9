/* Many clients report the time to the first token of some requests only. A median of 2 in 19 looks
   like one of 19, so the reader sees both numbers. A request that failed has no such times; its
   absence alone is not worth a remark. */
#include "tui/views/coverage.h"

#include <stdio.h>

static bool is_partial(const struct metrics *metrics, const struct summary *summary)
{
    return summary->count > 0 && summary->count + metrics->failed < metrics->requests;
}

void coverage_text(const struct metrics *metrics, const struct summary *summary,
                   char out[COVERAGE_BYTES])
{
    out[0] = '\0';
    if (is_partial(metrics, summary)) {
        snprintf(out, COVERAGE_BYTES, " (%llu of %llu)", (unsigned long long)summary->count,
                 (unsigned long long)metrics->requests);
    }
}

void coverage_short(const struct metrics *metrics, const struct summary *summary,
                    char out[COVERAGE_BYTES])
{
    out[0] = '\0';
    if (is_partial(metrics, summary)) {
        snprintf(out, COVERAGE_BYTES, "%llu/%llu", (unsigned long long)summary->count,
                 (unsigned long long)metrics->requests);
    }
}
