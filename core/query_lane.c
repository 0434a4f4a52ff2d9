/* A lane as columns, in one sweep from left to right. `next` is the first span that has not begun yet;
   `active` are the spans that began and reach into later columns: one as a rule, more only where the
   sweep closed spans that went on. For each column every span in it adds its time to the weight of its
   kind; a request adds that of each of its phases. The heaviest kind is what the column shows. */
#include "core/query_private.h"

#include <string.h>

enum { MAX_ACTIVE = 64 };

struct sweep {
    const struct swarm *swarm;
    const struct lane *lane;
    int64_t local_ns;
    size_t next; /* in lane->spans */
    span_no active[MAX_ACTIVE];
    size_t active_count;
};

/* What is in one column. */
struct column {
    int64_t from_ns, to_ns;
    int64_t weights[SPAN_KINDS];
    int64_t heaviest[SPAN_KINDS]; /* of one span */
    span_no spans[SPAN_KINDS];    /* that one */
    unsigned count;
    bool error;
};

static void weigh(struct column *column, uint8_t kind, span_no no, int64_t ns)
{
    if (column->weights[kind] == 0 || ns > column->heaviest[kind]) {
        column->heaviest[kind] = ns;
        column->spans[kind] = no;
    }
    column->weights[kind] += ns;
}

static void weigh_request(const struct sweep *sweep, struct column *column, span_no no,
                          int64_t from_ns, int64_t to_ns)
{
    const struct span *span = swarm_span(sweep->swarm, no);
    while (from_ns < to_ns) {
        int64_t until;
        enum span_kind kind = query_phase_at(sweep->swarm, span, from_ns, &until);
        until = until < to_ns ? until : to_ns;
        weigh(column, (uint8_t)kind, no, until - from_ns);
        from_ns = until;
    }
}

/* A span of no length counts as one nanosecond, so that it is seen where nothing else is. */
static void add_span(const struct sweep *sweep, struct column *column, span_no no, int64_t end_ns)
{
    const struct span *span = swarm_span(sweep->swarm, no);
    int64_t from = span->start_ns > column->from_ns ? span->start_ns : column->from_ns;
    int64_t to = end_ns < column->to_ns ? end_ns : column->to_ns;
    to = to > from ? to : from + 1;
    column->count++;
    column->error |= (span->flags & SPAN_ERROR) != 0;
    if (span->kind == SPAN_REQUEST) {
        weigh_request(sweep, column, no, from, to);
    } else {
        weigh(column, span->kind, no, to - from);
    }
}

/* Of too many, the one that ends first is let go. */
static void activate(struct sweep *sweep, span_no no)
{
    if (sweep->active_count < MAX_ACTIVE) {
        sweep->active[sweep->active_count++] = no;
        return;
    }
    const struct swarm *swarm = sweep->swarm;
    size_t first = 0;
    int64_t first_end = INT64_MAX;
    for (size_t i = 0; i < MAX_ACTIVE; i++) {
        const struct span *span = swarm_span(swarm, sweep->active[i]);
        int64_t end = swarm_span_end_ns(swarm, span, sweep->local_ns);
        if (end < first_end) {
            first = i;
            first_end = end;
        }
    }
    if (swarm_span_end_ns(swarm, swarm_span(swarm, no), sweep->local_ns) > first_end) {
        sweep->active[first] = no;
    }
}

/* Finds the spans that began before t0 and reach beyond it: the one before, if any, and swept ones that
   lie a few further back. */
static void begin_sweep(struct sweep *sweep, int64_t t0_ns)
{
    const struct lane *lane = sweep->lane;
    sweep->next = query_first_from(sweep->swarm, lane, t0_ns);
    size_t back = sweep->next > MAX_ACTIVE ? sweep->next - MAX_ACTIVE : 0;
    bool open_seen = false;
    for (size_t i = back; i < sweep->next; i++) {
        const struct span *span = swarm_span(sweep->swarm, lane->spans[i]);
        if (span != NULL && swarm_span_end_ns(sweep->swarm, span, sweep->local_ns) > t0_ns) {
            open_seen |= lane->spans[i] == lane->open;
            activate(sweep, lane->spans[i]);
        }
    }
    const struct span *open = lane->open == NO_SPAN ? NULL : swarm_span(sweep->swarm, lane->open);
    if (open != NULL && !open_seen && open->start_ns < t0_ns &&
        swarm_span_end_ns(sweep->swarm, open, sweep->local_ns) > t0_ns) {
        activate(sweep, lane->open);
    }
}

static void add_active(struct sweep *sweep, struct column *column)
{
    size_t kept = 0;
    for (size_t i = 0; i < sweep->active_count; i++) {
        span_no no = sweep->active[i];
        int64_t end =
            swarm_span_end_ns(sweep->swarm, swarm_span(sweep->swarm, no), sweep->local_ns);
        if (end > column->from_ns) {
            add_span(sweep, column, no, end);
        }
        if (end > column->to_ns) {
            sweep->active[kept++] = no;
        }
    }
    sweep->active_count = kept;
}

static void add_beginning(struct sweep *sweep, struct column *column)
{
    const struct lane *lane = sweep->lane;
    for (; sweep->next < lane->count; sweep->next++) {
        span_no no = lane->spans[sweep->next];
        const struct span *span = swarm_span(sweep->swarm, no);
        if (span == NULL) {
            continue;
        }
        if (span->start_ns >= column->to_ns) {
            return;
        }
        int64_t end = swarm_span_end_ns(sweep->swarm, span, sweep->local_ns);
        add_span(sweep, column, no, end);
        if (end > column->to_ns) {
            activate(sweep, no);
        }
    }
}

static uint8_t cell_flags(const struct sweep *sweep, const struct column *column, span_no no)
{
    const struct span *span = swarm_span(sweep->swarm, no);
    int64_t end = swarm_span_end_ns(sweep->swarm, span, sweep->local_ns);
    bool open = (span->flags & (SPAN_OPEN | SPAN_STALE)) != 0;
    bool hatched = (span->flags & (SPAN_EVICTED | SPAN_INCOMPLETE | SPAN_LOST_BEGIN)) != 0;
    bool starts = span->start_ns >= column->from_ns;
    bool ends = !open && end <= column->to_ns;
    return (uint8_t)((column->error ? CELL_ERROR : 0) | (hatched ? CELL_HATCHED : 0) |
                     (starts ? CELL_START : 0) | (ends ? CELL_END : 0) | (open ? CELL_OPEN : 0) |
                     (column->count > 1 ? CELL_MANY : 0));
}

static struct timeline_cell make_cell(const struct sweep *sweep, const struct column *column)
{
    struct timeline_cell cell = {.kind = SPAN_KINDS, .span = NO_SPAN};
    int64_t most = 0;
    for (uint8_t kind = 0; kind < SPAN_KINDS; kind++) {
        if (column->weights[kind] > most) {
            most = column->weights[kind];
            cell.kind = kind;
            cell.span = column->spans[kind];
        }
    }
    if (cell.span != NO_SPAN) {
        cell.flags = cell_flags(sweep, column, cell.span);
    }
    return cell;
}

void query_lane(const struct swarm *swarm, agent_no number, unsigned lane, int64_t t0_ns,
                int64_t col_ns, size_t cols, int64_t local_ns, struct timeline_cell *out)
{
    const struct agent *agent = swarm_agent(swarm, number);
    struct timeline_cell empty = {.kind = SPAN_KINDS, .span = NO_SPAN};
    if (lane >= agent->lane_count) {
        for (size_t i = 0; i < cols; i++) {
            out[i] = empty;
        }
        return;
    }
    struct sweep sweep = {.swarm = swarm, .lane = &agent->lanes[lane], .local_ns = local_ns};
    begin_sweep(&sweep, t0_ns);
    for (size_t i = 0; i < cols; i++) {
        struct column column = {.from_ns = t0_ns + (int64_t)i * col_ns,
                                .to_ns = t0_ns + (int64_t)(i + 1) * col_ns};
        add_active(&sweep, &column);
        add_beginning(&sweep, &column);
        out[i] = column.count == 0 ? empty : make_cell(&sweep, &column);
    }
}
