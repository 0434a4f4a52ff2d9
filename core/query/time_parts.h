/* The parts of the time: setup, retries … idle, as `report`, `report --json`, the statistics view
   and the panel of a range all show them. */
#ifndef CORE_TIME_PARTS_H
#define CORE_TIME_PARTS_H

#include "core/query/metrics.h"

struct time_part {
    const char *key;  /* in `report --json` */
    const char *name; /* for people */
    uint8_t kind;     /* the kind of span whose time it is; SPAN_KINDS: idle */
};

enum { TIME_PARTS = 8 };

/* The name of metrics.agent_wait_ms, which is shown apart. */
#define TIME_APART "waits for sub-agents"

/* In the order in which they are shown. Requests of unknown phases are a part of their own; waits
   for sub-agents are left out, since the work is the sub-agent's (metrics.agent_wait_ms). */
extern const struct time_part time_parts[TIME_PARTS];

/* Returns the milliseconds of the part, 0 or more. */
double time_part_ms(const struct metrics *metrics, size_t part);

#endif
