/* How much sooner a turn would have ended had one kind of call cost nothing: the graph runs again
   with those calls at length 0 and the gaps between calls as they were (doc/WHY.md). */
#ifndef CORE_ANALYSIS_WHAT_IF_H
#define CORE_ANALYSIS_WHAT_IF_H

#include "core/analysis/critical_path.h"

/* A kind of call: a part of the path, or for PART_TOOL the tools of one name. */
struct what_if_kind {
    uint8_t part;   /* enum path_part, but neither PART_OVERHEAD nor PART_IDLE */
    intern_id name; /* of a tool's span; else INTERN_NONE */
};

struct what_if {
    struct what_if_kind kind;
    int64_t saves_ns;
};

/* The kinds that a list has at most: those that take the most of the path. */
enum { WHAT_IF_MAX = 20 };

/* Returns the turn's length with that kind at length 0, in *out_ns. False: out of memory. */
bool what_if_length(const struct call_graph *graph, struct what_if_kind kind, int64_t *out_ns);
/* Sets out[] to the kinds on the path that would save time, most first, and *count to their number.
   A kind that is not on the path saves nothing. False: out of memory. */
bool what_if_list(const struct call_graph *graph, const struct critical_path *path,
                  struct what_if out[WHAT_IF_MAX], size_t *count);
/* Sets out to the kind's name in `report --json`: a part's key, or `tool NAME`. */
void what_if_key(const struct swarm *swarm, struct what_if_kind kind, struct strbuf *out);

#endif
