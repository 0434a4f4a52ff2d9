/* The parts of a critical path. */
#ifndef CORE_ANALYSIS_PATH_PART_H
#define CORE_ANALYSIS_PATH_PART_H

#include "core/model/span.h"

enum path_part {
    PART_SETUP,
    PART_RETRY,
    PART_FIRST_TOKEN,
    PART_SAMPLING,
    PART_REQUEST, /* of requests whose phases are unknown */
    PART_TOOL,
    PART_WAIT,     /* for a person */
    PART_OVERHEAD, /* nothing ran: the client's own time */
    PART_IDLE,     /* nothing ran, and nothing was asked for: until a person wrote again */
    PATH_PARTS
};

struct path_part_row {
    const char *key;  /* in `report --json` */
    const char *name; /* for people */
};
extern const struct path_part_row path_parts[PATH_PARTS];

/* The part of the time that a call of that kind took: of a request's phase, a tool, a wait. */
enum path_part path_part_of(enum span_kind kind);

#endif
