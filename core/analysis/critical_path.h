/* The critical path of a turn: the calls that decided when it ended (doc/WHY.md). Its pieces cover
   the turn without gaps and overlaps, so they sum to its length exactly. */
#ifndef CORE_ANALYSIS_CRITICAL_PATH_H
#define CORE_ANALYSIS_CRITICAL_PATH_H

#include "core/analysis/call_graph.h"
#include "core/analysis/path_part.h"

struct path_piece {
    int64_t start_ns, end_ns;
    span_no span;   /* the call; NO_SPAN: of none */
    agent_no agent; /* the time is of its run */
    uint8_t part;   /* enum path_part */
};

/* A call on the path, from the first to the last moment of it that is. A call that waits for its
   sub-agent is on the path with that agent's calls. */
struct path_call {
    span_no span;
    int64_t start_ns, end_ns;
};

struct critical_path {
    const struct mem *mem;
    struct path_piece *pieces; /* in order of time */
    size_t piece_count, piece_cap;
    struct path_call *calls; /* in order of spans, each once */
    size_t call_count, call_cap;
    int64_t part_ns[PATH_PARTS]; /* they sum to the turn's length */
    /* The sub-agents that started in the turn, nested ones too, each once: at first those off the
       path, which have no piece of it; then those without a piece that work while the turn runs,
       since the turn may still wait for them. */
    agent_no *agents;
    size_t agent_count, off_path_count, running_count, agent_cap;
};

/* Finds the path through the graph. False: out of memory; release it all the same. */
bool critical_path_find(const struct call_graph *graph, struct critical_path *out);
void critical_path_release(struct critical_path *path);
/* Returns the span's stretch on the path; NULL: it is not on it. */
const struct path_call *critical_path_of_span(const struct critical_path *path, span_no span);
/* Sets steps[] to the longest pieces, the earlier one first of two as long. Returns their number,
   at most `max`. */
size_t critical_path_longest(const struct critical_path *path, const struct path_piece **steps,
                             size_t max);
/* Returns the time of the path that is in requests. */
int64_t critical_path_request_ns(const struct critical_path *path);

#endif
