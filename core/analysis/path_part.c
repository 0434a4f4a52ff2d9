#include "core/analysis/path_part.h"

const struct path_part_row path_parts[PATH_PARTS] = {
    [PART_SETUP] = {"setup", "set-up"},
    [PART_RETRY] = {"retry", "retries"},
    [PART_FIRST_TOKEN] = {"first_token", "first tokens"},
    [PART_SAMPLING] = {"sampling", "sampling"},
    [PART_REQUEST] = {"request", "requests"},
    [PART_TOOL] = {"tool", "tools"},
    [PART_WAIT] = {"wait", "waits for people"},
    [PART_OVERHEAD] = {"overhead", "overhead"},
    [PART_IDLE] = {"idle", "idle"},
};

enum path_part path_part_of(enum span_kind kind)
{
    switch (kind) {
    case SPAN_SETUP: return PART_SETUP;
    case SPAN_RETRY: return PART_RETRY;
    case SPAN_FIRST_TOKEN: return PART_FIRST_TOKEN;
    case SPAN_SAMPLING: return PART_SAMPLING;
    case SPAN_REQUEST: return PART_REQUEST;
    case SPAN_TOOL:
    case SPAN_AGENT_CALL: return PART_TOOL;
    case SPAN_USER: return PART_WAIT;
    case SPAN_OTHER:
    case SPAN_INTERACTION:
    case SPAN_KINDS: break;
    }
    return PART_OVERHEAD;
}
