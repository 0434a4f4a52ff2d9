#include "core/analysis/reasons.h"

#include <stdlib.h>

/* The time of one kind in one turn. */
struct share {
    struct what_if_kind kind;
    int64_t ns;
    size_t turn; /* its place in the list of turns */
};

struct shares {
    const struct mem *mem;
    struct share *list;
    size_t count, cap;
};

static int compare_kinds(struct what_if_kind a, struct what_if_kind b)
{
    if (a.part != b.part) {
        return a.part < b.part ? -1 : 1;
    }
    return (a.name > b.name) - (a.name < b.name);
}

static int by_kind(const void *a, const void *b)
{
    const struct share *x = a, *y = b;
    int order = compare_kinds(x->kind, y->kind);
    return order != 0 ? order : (x->turn > y->turn) - (x->turn < y->turn);
}

static struct what_if_kind kind_of(const struct swarm *swarm, const struct path_piece *piece)
{
    const struct span *span = piece->part == PART_TOOL ? swarm_span(swarm, piece->span) : NULL;
    return (struct what_if_kind){piece->part, span == NULL ? INTERN_NONE : span->name};
}

/* Sums the shares from `first` on that are of one kind and turn. */
static void sum_shares(struct shares *shares, size_t first)
{
    size_t kept = first;
    if (shares->count <= first) {
        return;
    }
    qsort(&shares->list[first], shares->count - first, sizeof *shares->list, by_kind);
    for (size_t i = first + 1; i < shares->count; i++) {
        if (by_kind(&shares->list[kept], &shares->list[i]) == 0) {
            shares->list[kept].ns += shares->list[i].ns;
        } else {
            shares->list[++kept] = shares->list[i];
        }
    }
    shares->count = kept + 1;
}

static bool put_path(struct shares *shares, const struct swarm *swarm,
                     const struct critical_path *path, size_t turn)
{
    size_t first = shares->count;
    if (!mem_reserve(shares->mem, &shares->list, &shares->cap, first + path->piece_count,
                     sizeof *shares->list)) {
        return false;
    }
    for (size_t i = 0; i < path->piece_count; i++) {
        const struct path_piece *piece = &path->pieces[i];
        shares->list[shares->count++] =
            (struct share){kind_of(swarm, piece), piece->end_ns - piece->start_ns, turn};
    }
    sum_shares(shares, first);
    return true;
}

static bool put_turn(struct shares *shares, const struct swarm *swarm,
                     const struct call_children *children, const struct turn *turns, size_t turn,
                     int64_t local_ns)
{
    struct call_graph graph;
    struct critical_path path = {.mem = shares->mem};
    bool good = call_graph_build(&graph, swarm, children, &turns[turn], local_ns) &&
                critical_path_find(&graph, &path) && put_path(shares, swarm, &path, turn);
    critical_path_release(&path);
    call_graph_release(&graph);
    return good;
}

/* ---- the list ---- */

static int by_time(const void *a, const void *b)
{
    const struct reason *x = a, *y = b;
    if (x->ns != y->ns) {
        return x->ns > y->ns ? -1 : 1;
    }
    return compare_kinds(x->kind, y->kind);
}

static void add_share(struct reason *reason, const struct share *share, const struct turn *turns)
{
    reason->kind = share->kind;
    reason->ns += share->ns;
    reason->turns++;
    if (reason->turns == 1 || share->ns > reason->longest_ns) {
        reason->longest = turns[share->turn];
        reason->longest_ns = share->ns;
    }
}

/* Makes a reason of each kind. */
static bool list_reasons(struct reasons *reasons, struct shares *shares, const struct turn *turns)
{
    size_t kinds = 0;
    if (shares->count == 0) {
        return true;
    }
    qsort(shares->list, shares->count, sizeof *shares->list, by_kind);
    for (size_t i = 0; i < shares->count; i++) {
        kinds += i == 0 || compare_kinds(shares->list[i - 1].kind, shares->list[i].kind) != 0;
    }
    reasons->list = mem_zalloc(reasons->mem, kinds, sizeof *reasons->list);
    reasons->cap = reasons->list == NULL ? 0 : kinds;
    for (size_t i = 0; reasons->list != NULL && i < shares->count; i++) {
        bool same = i > 0 && compare_kinds(shares->list[i - 1].kind, shares->list[i].kind) == 0;
        reasons->count += !same;
        add_share(&reasons->list[reasons->count - 1], &shares->list[i], turns);
    }
    if (reasons->count > 0) {
        qsort(reasons->list, reasons->count, sizeof *reasons->list, by_time);
    }
    return reasons->list != NULL;
}

bool reasons_make(struct reasons *reasons, const struct swarm *swarm, int64_t local_ns,
                  reasons_agent_fn *counts, const void *ctx)
{
    struct call_children children;
    struct shares shares = {.mem = swarm_mem(swarm)};
    size_t count = 0;
    struct turn *turns = NULL;
    *reasons = (struct reasons){.mem = swarm_mem(swarm)};
    bool good = call_children_init(&children, swarm);
    if (good) {
        turns = turns_list(swarm, &children, local_ns, &count);
        good = turns != NULL || count == 0;
    }
    for (size_t i = 0; good && i < count; i++) {
        if (!turns[i].called && counts(ctx, turns[i].agent)) {
            good = put_turn(&shares, swarm, &children, turns, i, local_ns);
            reasons->total_ns += turns[i].end_ns - turns[i].start_ns;
            reasons->turn_count++;
        }
    }
    good = good && list_reasons(reasons, &shares, turns);
    mem_free(shares.mem, shares.list, shares.cap * sizeof *shares.list);
    mem_free(swarm_mem(swarm), turns, turns == NULL ? 0 : count * sizeof *turns);
    call_children_release(&children);
    return good;
}

void reasons_release(struct reasons *reasons)
{
    mem_free(reasons->mem, reasons->list, reasons->cap * sizeof *reasons->list);
}
