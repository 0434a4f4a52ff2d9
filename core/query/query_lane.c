/* Computes the columns of a lane. If the columns align with the buckets of the lane's pyramid, each
   column is a sum. It adds one or two buckets and the span that crosses their edges. Otherwise one
   sweep from left to right reads the spans themselves.

   In each column every span adds its time to the weight of its kind; a request adds the time of
   each of its phases. The column shows the heaviest kind. Its span is the one that fills most of
   the column, if that is of the same kind. */
#include "core/query/query_private.h"

#include "core/model/lane_index.h"

#include <string.h>

enum { MAX_ACTIVE = 64 };

/* A lane, and those of its spans that may extend into any column: the open one, and swept ones that
   continue. */
struct lane_view {
    const struct swarm *swarm;
    const struct lane *lane;
    const struct lane_index *index;         /* NULL: none */
    const struct span_predicate *predicate; /* NULL: all */
    int64_t local_ns;
    span_no apart[MAX_ACTIVE];
    size_t apart_count;
};

/* The contents of one column. */
struct lane_column {
    int64_t from_ns, to_ns;
    int64_t weights[SPAN_KINDS];
    int64_t heavy_ns;
    span_no heavy;
    uint8_t heavy_kind;
    uint8_t heavy_flags; /* flags of the cell that shows it */
    unsigned count;
    bool error;
};

/* Returns a span of the model in its present state. */
static struct lane_span look_at(const struct lane_view *view, span_no no)
{
    const struct span *span = swarm_span(view->swarm, no);
    return (struct lane_span){
        .start_ns = span->start_ns,
        .end_ns = swarm_span_end_ns(view->swarm, span, view->local_ns),
        .no = no,
        .kind = span->kind,
        .flags = span->flags,
    };
}

/* Returns the span at an index of the lane, possibly in `room`; NULL if it was removed. */
static inline const struct lane_span *span_at(const struct lane_view *view, size_t at,
                                              struct lane_span *room)
{
    if (view->index != NULL && at < view->index->spans.count) {
        return lane_index_at(view->index, at);
    }
    if (swarm_span(view->swarm, spans_at(&view->lane->spans, at)) == NULL) {
        return NULL;
    }
    *room = look_at(view, spans_at(&view->lane->spans, at));
    return room;
}

static size_t first_from(const struct lane_view *view, int64_t at_ns)
{
    size_t at = view->index == NULL ? 0 : lane_index_first_from(view->index, at_ns);
    return view->index != NULL && at < view->index->spans.count
               ? at
               : query_first_from(view->swarm, view->lane, at_ns);
}

static void weigh_request(const struct lane_view *view, struct lane_column *column, span_no no,
                          int64_t from_ns, int64_t to_ns)
{
    const struct span *request = swarm_span(view->swarm, no);
    while (from_ns < to_ns) {
        int64_t until;
        enum span_kind kind = query_phase_at(view->swarm, request, from_ns, &until);
        until = until < to_ns ? until : to_ns;
        column->weights[kind] += until - from_ns;
        from_ns = until;
    }
}

/* Returns true if the span is heavier; among equal ones the first to appear is. */
static bool is_heavier(const struct lane_column *column, span_no no, int64_t ns)
{
    return no != NO_SPAN &&
           (ns > column->heavy_ns || (ns == column->heavy_ns && no < column->heavy));
}

static uint8_t span_flags(const struct lane_column *column, const struct lane_span *span)
{
    bool open = (span->flags & (SPAN_OPEN | SPAN_STALE)) != 0;
    bool asks = span->kind == SPAN_USER && (span->flags & SPAN_STALE) != 0;
    bool hatched =
        !asks &&
        (span->flags & (SPAN_EVICTED | SPAN_INCOMPLETE | SPAN_LOST_BEGIN | SPAN_STOPPED)) != 0;
    bool starts = span->start_ns >= column->from_ns;
    bool ends = !open && span->end_ns <= column->to_ns;
    return (uint8_t)((hatched ? CELL_HATCHED : 0) | (starts ? CELL_START : 0) |
                     (ends ? CELL_END : 0) | (open ? CELL_OPEN : 0));
}

static void take_heavy(struct lane_column *column, const struct lane_span *span, int64_t ns)
{
    if (is_heavier(column, span->no, ns)) {
        column->heavy_ns = ns;
        column->heavy = span->no;
        column->heavy_kind = span->kind;
        column->heavy_flags = span_flags(column, span);
    }
}

/* Adds a span. A span without length counts as one nanosecond, so that an otherwise empty column
   shows it. */
static inline void add_span(const struct lane_view *view, struct lane_column *column,
                            const struct lane_span *span)
{
    int64_t from = span->start_ns > column->from_ns ? span->start_ns : column->from_ns;
    int64_t to = span->end_ns < column->to_ns ? span->end_ns : column->to_ns;
    to = to > from ? to : from + 1;
    column->count++;
    column->error |= (span->flags & SPAN_ERROR) != 0;
    if (span->kind == SPAN_REQUEST) {
        weigh_request(view, column, span->no, from, to);
    } else {
        column->weights[span->kind] += to - from;
    }
    take_heavy(column, span, to - from);
}

/* Returns true if a part of the span lies in the column; one without length lies where it
   begins. */
static bool is_in(const struct lane_span *span, const struct lane_column *column)
{
    return span->start_ns < column->to_ns &&
           (span->end_ns > column->from_ns || span->start_ns >= column->from_ns);
}

static bool is_apart(const struct lane_view *view, span_no no)
{
    for (size_t i = 0; i < view->apart_count; i++) {
        if (view->apart[i] == no) {
            return true;
        }
    }
    return false;
}

static bool is_chosen(const struct lane_view *view, span_no no)
{
    return span_predicate_holds(view->predicate, no);
}

static void add_apart(const struct lane_view *view, struct lane_column *column)
{
    for (size_t i = 0; i < view->apart_count; i++) {
        struct lane_span span = look_at(view, view->apart[i]);
        if (is_in(&span, column) && is_chosen(view, span.no)) {
            add_span(view, column, &span);
        }
    }
}

/* ---- cells ---- */

static bool is_of_kind(uint8_t span_kind, uint8_t kind)
{
    return span_kind == kind || (span_kind == SPAN_REQUEST && span_is_phase(kind));
}

static uint8_t fill_of(int64_t part_ns, int64_t all_ns)
{
    double share = (double)part_ns / (double)all_ns * 255;
    return share < 1 ? 1 : share > 255 ? 255 : (uint8_t)share;
}

static struct timeline_cell make_cell(const struct lane_column *column)
{
    struct timeline_cell cell = {.kind = SPAN_KINDS, .span = NO_SPAN};
    int64_t most = 0, all = 0;
    for (uint8_t kind = 0; kind < SPAN_KINDS; kind++) {
        all += column->weights[kind];
        if (column->weights[kind] > most) {
            most = column->weights[kind];
            cell.kind = kind;
        }
    }
    if (column->heavy != NO_SPAN && is_of_kind(column->heavy_kind, cell.kind)) {
        cell.span = column->heavy;
        cell.flags = column->heavy_flags;
    }
    if (cell.kind < SPAN_KINDS) {
        cell.fill = fill_of(all, column->to_ns - column->from_ns);
        cell.flags |=
            (uint8_t)((column->error ? CELL_ERROR : 0) | (column->count > 1 ? CELL_MANY : 0));
    }
    return cell;
}

static struct lane_column column_at(int64_t t0_ns, int64_t col_ns, size_t i)
{
    return (struct lane_column){.from_ns = t0_ns + (int64_t)i * col_ns,
                                .to_ns = t0_ns + (int64_t)(i + 1) * col_ns,
                                .heavy = NO_SPAN};
}

/* ---- by sweeping ---- */

/* `next` is the first span that has not begun; `active` are those that began and extend into later
   columns. That is usually one span, but more if spans overlap. */
struct lane_sweep {
    const struct lane_view *view;
    size_t next;
    struct lane_span active[MAX_ACTIVE];
    size_t active_count;
};

/* Adds an active span; if the list is full, drops the one that ends first. */
static void activate(struct lane_sweep *sweep, const struct lane_span *span)
{
    if (sweep->active_count < MAX_ACTIVE) {
        sweep->active[sweep->active_count++] = *span;
        return;
    }
    size_t first = 0;
    for (size_t i = 1; i < MAX_ACTIVE; i++) {
        first = sweep->active[i].end_ns < sweep->active[first].end_ns ? i : first;
    }
    if (span->end_ns > sweep->active[first].end_ns) {
        sweep->active[first] = *span;
    }
}

/* Begins with the spans from `first` on. Finds what began before t0 and reaches beyond it: the span
   before, or, where they overlap, some that lie a little further back. */
static void begin_sweep(struct lane_sweep *sweep, int64_t t0_ns, size_t first)
{
    const struct lane_view *view = sweep->view;
    size_t next = first_from(view, t0_ns);
    sweep->next = next > first ? next : first;
    size_t back = sweep->next > MAX_ACTIVE ? sweep->next - MAX_ACTIVE : 0;
    back = back > first ? back : first;
    for (size_t i = back; i < sweep->next; i++) {
        struct lane_span room;
        const struct lane_span *span = span_at(view, i, &room);
        if (span != NULL && span->end_ns > t0_ns && !is_apart(view, span->no) &&
            is_chosen(view, span->no)) {
            activate(sweep, span);
        }
    }
}

static void add_active(struct lane_sweep *sweep, struct lane_column *column)
{
    size_t kept = 0;
    for (size_t i = 0; i < sweep->active_count; i++) {
        struct lane_span span = sweep->active[i];
        if (span.end_ns > column->from_ns) {
            add_span(sweep->view, column, &span);
        }
        if (span.end_ns > column->to_ns) {
            sweep->active[kept++] = span;
        }
    }
    sweep->active_count = kept;
}

static void add_beginning(struct lane_sweep *sweep, struct lane_column *column)
{
    const struct lane_view *view = sweep->view;
    for (; sweep->next < view->lane->spans.count; sweep->next++) {
        struct lane_span room;
        const struct lane_span *span = span_at(view, sweep->next, &room);
        if (span == NULL || is_apart(view, span->no)) {
            continue;
        }
        if (span->start_ns >= column->to_ns) {
            return;
        }
        if (!is_chosen(view, span->no)) {
            continue;
        }
        add_span(view, column, span);
        if (span->end_ns > column->to_ns) {
            activate(sweep, span);
        }
    }
}

static void sweep_columns(const struct lane_view *view, int64_t t0_ns, int64_t col_ns, size_t cols,
                          struct timeline_cell *out)
{
    struct lane_sweep sweep = {.view = view};
    begin_sweep(&sweep, t0_ns, 0);
    for (size_t i = 0; i < cols; i++) {
        struct lane_column column = column_at(t0_ns, col_ns, i);
        add_active(&sweep, &column);
        add_beginning(&sweep, &column);
        add_apart(view, &column);
        out[i] = make_cell(&column);
    }
}

/* ---- by the pyramid ---- */

struct pyramid_walk {
    const struct lane_view *view;
    const struct pyramid_level *level;
    unsigned shift;
    size_t next; /* of the level's buckets */
    struct lane_span
        current; /* the span that extends into the next column; its no is NO_SPAN: none */
};

static void reach(struct pyramid_walk *climb, const struct lane_span *span, int64_t into_ns)
{
    climb->current.no = NO_SPAN;
    if (span->no != NO_SPAN && span->end_ns > into_ns) {
        climb->current = *span;
    }
}

static void begin_climb(struct pyramid_walk *climb, int level, int64_t t0_ns)
{
    const struct pyramid *pyramid = &climb->view->index->pyramid;
    climb->level = &pyramid->levels[level];
    climb->shift = pyramid->shift + 2 * (unsigned)level;
    climb->next = pyramid_find(pyramid, level, t0_ns >> climb->shift);
    climb->current.no = NO_SPAN;
    if (climb->next > 0) {
        reach(climb, &pyramid_bucket_at(climb->level, climb->next - 1)->last, t0_ns);
    }
}

static void add_bucket(const struct lane_view *view, struct lane_column *column,
                       const struct pyramid_bucket *bucket, unsigned shift)
{
    for (size_t i = 0; i < SPAN_KINDS; i++) {
        column->weights[i] += bucket->weights[i];
    }
    column->count += bucket->count;
    column->error |= bucket->error;
    if (is_heavier(column, bucket->heavy, bucket->heavy_ns)) {
        struct lane_span heavy = {
            /* Anywhere in the bucket, and so in the column. */
            .start_ns = column->from_ns, .end_ns = column->to_ns,      .no = bucket->heavy,
            .kind = bucket->heavy_kind,  .flags = bucket->heavy_flags,
        };
        take_heavy(column, &heavy, bucket->heavy_ns);
    }
    if (bucket->last.end_ns > (bucket->key + 1) << shift) {
        add_span(view, column, &bucket->last);
    }
}

static void climb_columns(const struct lane_view *view, int level, int64_t t0_ns, int64_t col_ns,
                          size_t cols, struct timeline_cell *out)
{
    struct pyramid_walk climb = {.view = view};
    /* The last few closed spans are not in the pyramid yet. */
    struct lane_sweep tail = {.view = view};
    begin_climb(&climb, level, t0_ns);
    begin_sweep(&tail, t0_ns, view->index->spans.count);
    for (size_t i = 0; i < cols; i++) {
        struct lane_column column = column_at(t0_ns, col_ns, i);
        struct lane_span last = climb.current;
        if (last.no != NO_SPAN) {
            add_span(view, &column, &last);
        }
        for (; climb.next < climb.level->buckets.count; climb.next++) {
            const struct pyramid_bucket *bucket = pyramid_bucket_at(climb.level, climb.next);
            if (bucket->key >= column.to_ns >> climb.shift) {
                break;
            }
            add_bucket(view, &column, bucket, climb.shift);
            last = bucket->last;
        }
        reach(&climb, &last, column.to_ns);
        add_active(&tail, &column);
        add_beginning(&tail, &column);
        add_apart(view, &column);
        out[i] = make_cell(&column);
    }
}

/* ---- a lane ---- */

/* Returns the exponent of a power of two that divides t0 and is the column's width; -1 if there is
   no such power. */
static int zoom_of(int64_t t0_ns, int64_t col_ns)
{
    bool aligned = col_ns > 0 && (col_ns & (col_ns - 1)) == 0 && (t0_ns & (col_ns - 1)) == 0;
    return aligned ? __builtin_ctzll((unsigned long long)col_ns) : -1;
}

static struct lane_view make_lane_view(const struct swarm *swarm, struct lane *lane,
                                       int64_t local_ns)
{
    struct lane_view view = {.swarm = swarm, .lane = lane, .local_ns = local_ns};
    view.index = lane_index_sync(swarm, lane);
    if (lane->open != NO_SPAN) {
        view.apart[view.apart_count++] = lane->open;
    }
    for (size_t i = 0; view.index != NULL && i < view.index->loose_count; i++) {
        view.apart[view.apart_count++] = view.index->loose[i];
    }
    return view;
}

void query_lane(const struct swarm *swarm, agent_no number, unsigned lane, int64_t t0_ns,
                int64_t col_ns, size_t cols, int64_t local_ns,
                const struct span_predicate *predicate, struct timeline_cell *out)
{
    const struct agent *agent = swarm_agent(swarm, number);
    if (lane >= agent->lane_count) {
        for (size_t i = 0; i < cols; i++) {
            out[i] = (struct timeline_cell){.kind = SPAN_KINDS, .span = NO_SPAN};
        }
        return;
    }
    /* Only queries use the index, so the model remains unchanged. */
    struct lane_view view = make_lane_view(swarm, &agent->lanes[lane], local_ns);
    view.predicate = predicate;
    /* A pyramid holds sums over all spans, so a predicate needs a sweep. */
    int zoom = view.index == NULL || predicate != NULL ? -1 : zoom_of(t0_ns, col_ns);
    int level = zoom < 0 ? -1 : pyramid_level_for(&view.index->pyramid, (unsigned)zoom);
    if (level < 0) {
        sweep_columns(&view, t0_ns, col_ns, cols, out);
    } else {
        climb_columns(&view, level, t0_ns, col_ns, cols, out);
    }
}
