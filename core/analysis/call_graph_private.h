/* Functions shared by the call_graph*.c files; private to them. */
#ifndef CORE_ANALYSIS_CALL_GRAPH_PRIVATE_H
#define CORE_ANALYSIS_CALL_GRAPH_PRIVATE_H

#include "core/analysis/call_graph.h"

/* Sources' clocks differ by up to this: a call that ends so late after another has begun counts as
   ended before it. */
#define GRAPH_CLOCKS_NS INT64_C(50000000)

/* Finds requests of a run that ran beside its agent's other ones (call_graph_sides.c). False: out
   of memory. */
bool call_graph_find_sides(struct call_graph *graph, uint32_t run);
/* Finds what the calls of a run and its end waited for (call_graph_link.c). False: out of
   memory. */
bool call_graph_link(struct call_graph *graph, uint32_t run);

#endif
