/* One table: a part is the time of spans of one kind, or idle time. Time inside requests comes from
   their phases, so that no part counts a moment of a request twice. */
#include "core/query/time_parts.h"

const struct time_part time_parts[TIME_PARTS] = {
    {"setup", "setup", SPAN_SETUP},
    {"retry", "retries", SPAN_RETRY},
    {"first_token", "first token", SPAN_FIRST_TOKEN},
    {"sampling", "sampling", SPAN_SAMPLING},
    {"request", "requests", SPAN_REQUEST},
    {"tool", "tools", SPAN_TOOL},
    {"wait", "people", SPAN_USER},
    {"idle", "idle", SPAN_KINDS},
};

double time_part_ms(const struct metrics *metrics, size_t part)
{
    uint8_t kind = time_parts[part].kind;
    double ms = kind == SPAN_TOOL    ? metrics->tool_ms
                : kind == SPAN_USER  ? metrics->user_wait_ms
                : kind == SPAN_KINDS ? metrics->idle_ms
                                     : metrics->phase_ms[kind];
    return ms > 0 ? ms : 0;
}
