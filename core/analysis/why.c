#include "core/analysis/why.h"

static bool make(struct why *why, const struct swarm *swarm, const struct call_children *children,
                 int64_t local_ns)
{
    struct call_graph graph;
    bool good = call_graph_build(&graph, swarm, children, &why->turn, local_ns) &&
                critical_path_find(&graph, &why->path) &&
                what_if_list(&graph, &why->path, why->what_if, &why->what_if_count);
    call_graph_release(&graph);
    why->step_count = good ? critical_path_longest(&why->path, why->steps, WHY_STEPS) : 0;
    return good;
}

bool why_make(struct why *why, const struct swarm *swarm, const struct call_children *children,
              const struct turn *turn, int64_t local_ns)
{
    struct call_children found;
    *why = (struct why){.turn = *turn, .path = {.mem = swarm_mem(swarm)}};
    if (children != NULL) {
        return make(why, swarm, children, local_ns);
    }
    bool good = call_children_init(&found, swarm);
    found.past = turn->past;
    good = good && make(why, swarm, &found, local_ns);
    call_children_release(&found);
    return good;
}

void why_release(struct why *why)
{
    critical_path_release(&why->path);
}
