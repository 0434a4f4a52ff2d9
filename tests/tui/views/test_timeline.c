/* Property: at every zoom, a lane's cells equal those computed from each of its spans. Spans arrive
   in order or late, stay open, are swept and end, and the oldest events are dropped. */
#include "core/query/query.h"

#include "tests/support/model.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLS = 60, MAX_PHASES = 16 };

/* ---- the reference ---- */

/* Returns the phase of a closed request: an attempt that failed, or the latest phase that contains
   the time. Outside its phases it is a request, but for gaps of less than 1 us. One
   that runs waits. */
static enum span_kind phase_at(const struct swarm *swarm, const struct span *request, int64_t at_ns)
{
    const struct span *winner = NULL, *before = NULL, *phase;
    int64_t next_ns = request->end_ns;
    if (request->next_phase == NO_SPAN && (request->flags & (SPAN_OPEN | SPAN_STALE)) != 0) {
        return SPAN_FIRST_TOKEN;
    }
    for (span_no no = request->next_phase; (phase = swarm_span(swarm, no)) != NULL;
         no = phase->next_phase) {
        bool holds = phase->start_ns <= at_ns && at_ns < phase->end_ns;
        if (holds && phase->kind == SPAN_RETRY) {
            return SPAN_RETRY;
        }
        winner = holds && (winner == NULL || phase->start_ns >= winner->start_ns) ? phase : winner;
        bool ended = phase->end_ns <= at_ns;
        before = ended && (before == NULL || phase->end_ns >= before->end_ns) ? phase : before;
        next_ns = phase->start_ns > at_ns && phase->start_ns < next_ns ? phase->start_ns : next_ns;
    }
    if (winner != NULL) {
        return (enum span_kind)winner->kind;
    }
    bool gap = before != NULL && next_ns - before->end_ns < 1000;
    return gap ? (enum span_kind)before->kind : SPAN_REQUEST;
}

/* Returns the first time after `at_ns`, at most `to_ns`, at which a phase begins or ends. */
static int64_t next_change(const struct swarm *swarm, const struct span *request, int64_t at_ns,
                           int64_t to_ns)
{
    const struct span *phase;
    for (span_no no = request->next_phase; (phase = swarm_span(swarm, no)) != NULL;
         no = phase->next_phase) {
        to_ns = phase->start_ns > at_ns && phase->start_ns < to_ns ? phase->start_ns : to_ns;
        to_ns = phase->end_ns > at_ns && phase->end_ns < to_ns ? phase->end_ns : to_ns;
    }
    return to_ns;
}

static void weigh(const struct swarm *swarm, const struct span *span, int64_t from_ns,
                  int64_t to_ns, int64_t *weights)
{
    if (span->kind != SPAN_REQUEST) {
        weights[span->kind] += to_ns - from_ns;
        return;
    }
    while (from_ns < to_ns) {
        int64_t until = next_change(swarm, span, from_ns, to_ns);
        weights[phase_at(swarm, span, from_ns)] += until - from_ns;
        from_ns = until;
    }
}

/* Selects some spans, as a filter would. */
static bool is_some(void *ctx, span_no no)
{
    const unsigned *of = ctx;
    return *of == 0 || no % 3 != *of % 3;
}

static struct timeline_cell reference(const struct swarm *swarm, const struct lane *lane,
                                      int64_t from_ns, int64_t to_ns, int64_t local_ns,
                                      unsigned some)
{
    struct timeline_cell cell = {.kind = SPAN_KINDS, .span = NO_SPAN};
    int64_t weights[SPAN_KINDS] = {0}, heavy_ns = 0, most = 0, all = 0;
    span_no heavy = NO_SPAN;
    unsigned count = 0;
    bool error = false;
    for (size_t i = 0; i < lane->spans.count; i++) {
        const struct span *span = swarm_span(swarm, spans_at(&lane->spans, i));
        int64_t start = span->start_ns, end = swarm_span_end_ns(swarm, span, local_ns);
        end = end > start ? end : start + 1;
        int64_t a = start > from_ns ? start : from_ns, b = end < to_ns ? end : to_ns;
        if (a >= b || !is_some(&some, spans_at(&lane->spans, i))) {
            continue;
        }
        count++;
        error |= (span->flags & SPAN_ERROR) != 0;
        weigh(swarm, span, a, b, weights);
        if (b - a > heavy_ns || (b - a == heavy_ns && spans_at(&lane->spans, i) < heavy)) {
            heavy_ns = b - a;
            heavy = spans_at(&lane->spans, i);
        }
    }
    for (uint8_t kind = 0; kind < SPAN_KINDS; kind++) {
        all += weights[kind];
        if (weights[kind] > most) {
            most = weights[kind];
            cell.kind = kind;
        }
    }
    if (count == 0) {
        return cell;
    }
    double fill = (double)all / (double)(to_ns - from_ns) * 255;
    cell.fill = fill < 1 ? 1 : fill > 255 ? 255 : (uint8_t)fill;
    const struct span *span = swarm_span(swarm, heavy);
    if (span->kind == cell.kind || (span->kind == SPAN_REQUEST && span_is_phase(cell.kind))) {
        bool open = (span->flags & (SPAN_OPEN | SPAN_STALE)) != 0;
        int64_t end = swarm_span_end_ns(swarm, span, local_ns);
        cell.span = heavy;
        cell.flags |= (span->flags & (SPAN_EVICTED | SPAN_INCOMPLETE | SPAN_LOST_BEGIN)) != 0
                          ? CELL_HATCHED
                          : 0;
        cell.flags |= span->start_ns >= from_ns ? CELL_START : 0;
        cell.flags |= !open && end <= to_ns ? CELL_END : 0;
        cell.flags |= open ? CELL_OPEN : 0;
    }
    cell.flags |= (uint8_t)((error ? CELL_ERROR : 0) | (count > 1 ? CELL_MANY : 0));
    return cell;
}

/* ---- comparing ---- */

static void compare_lane(const struct swarm *swarm, agent_no agent, unsigned number, unsigned zoom,
                         int64_t at_ns, int64_t local_ns, unsigned some)
{
    struct span_predicate predicate = {.holds = is_some, .ctx = &some};
    const struct lane *lane = &swarm_agent(swarm, agent)->lanes[number];
    struct timeline_cell cells[COLS];
    int64_t col_ns = (int64_t)1 << zoom, t0_ns = (at_ns >> zoom << zoom) - COLS / 3 * col_ns;
    query_lane(swarm, agent, number, t0_ns, col_ns, COLS, local_ns, some == 0 ? NULL : &predicate,
               cells);
    for (int i = 0; i < COLS; i++) {
        int64_t from_ns = t0_ns + i * col_ns;
        struct timeline_cell want =
            reference(swarm, lane, from_ns, from_ns + col_ns, local_ns, some);
        if (cells[i].kind != want.kind || cells[i].flags != want.flags ||
            cells[i].fill != want.fill || cells[i].span != want.span) {
            fail_msg(
                "agent %u lane %u (%zu spans) zoom %u column %d: kind %u flags %u span %u, not "
                "%u %u %u",
                agent, number, lane->spans.count, zoom, i, cells[i].kind, cells[i].flags,
                cells[i].span, want.kind, want.flags, want.span);
        }
    }
}

/* Compares some lanes at a few zooms and random positions. */
static void compare(const struct swarm *swarm, uint64_t *seed, int64_t local_ns)
{
    int64_t from_ns, to_ns;
    if (!query_extent(swarm, local_ns, &from_ns, &to_ns)) {
        return;
    }
    for (agent_no agent = 0; agent < swarm_agent_count(swarm); agent++) {
        for (unsigned lane = 0; lane < swarm_agent(swarm, agent)->lane_count && lane < 3; lane++) {
            unsigned zoom = 10 + (unsigned)support_random_below(seed, 36);
            uint64_t range = (uint64_t)(to_ns - from_ns) + 1;
            int64_t at = from_ns + (int64_t)(support_random_below(seed, 1u << 20) * (range >> 20));
            compare_lane(swarm, agent, lane, zoom, at, local_ns,
                         (unsigned)support_random_below(seed, 3));
        }
    }
}

static void compare_every_zoom(const struct swarm *swarm, int64_t at_ns, int64_t local_ns)
{
    for (agent_no agent = 0; agent < swarm_agent_count(swarm); agent++) {
        for (unsigned lane = 0; lane < swarm_agent(swarm, agent)->lane_count && lane < 3; lane++) {
            for (unsigned zoom = 10; zoom <= 45; zoom++) {
                compare_lane(swarm, agent, lane, zoom, at_ns, local_ns, zoom % 3);
            }
        }
    }
}

/* ---- histories ---- */

struct history {
    struct model model;
    uint64_t seed;
    double now_ms;
    unsigned numbers;
    char open[8][16]; /* span ids; "": free */
    bool is_request[8];
};

static struct op_context at(const struct history *h)
{
    return model_at(&h->model, h->now_ms, NULL);
}

static void begin_one(struct history *h, size_t slot)
{
    struct op_context context = at(h);
    snprintf(h->open[slot], sizeof h->open[slot], "s%u", ++h->numbers);
    h->is_request[slot] = support_random_below(&h->seed, 2) == 0;
    if (h->is_request[slot]) {
        struct start_llm_request_op op = {.span_id = model_text(h->open[slot]),
                                          .model = model_text("m"),
                                          .prompt_tokens = (double)NAN};
        assert_int_equal(tracer_start_llm_request(h->model.tracer, &context, &op), TRACER_OK);
        return;
    }
    struct slice tool = model_text(support_random_below(&h->seed, 4) == 0 ? "Task" : "Bash");
    assert_int_equal(tracer_start_tool(h->model.tracer, &context, model_text(h->open[slot]), tool,
                                       model_text(NULL)),
                     TRACER_OK);
}

static void end_one(struct history *h, size_t slot)
{
    struct op_context context = at(h);
    if (h->is_request[slot]) {
        struct end_llm_request_op op = {
            .span_id = model_text(h->open[slot]),
            .ttft_ms = (double)support_random_below(&h->seed, 500),
            .ttlt_ms = (double)(500 + support_random_below(&h->seed, 3000)),
            .prompt_tokens = (double)NAN,
            .output_tokens = 10,
            .cache_read_tokens = (double)NAN,
            .cache_creation_tokens = (double)NAN,
            .request_setup_ms = (double)support_random_below(&h->seed, 90),
            .success = support_random_below(&h->seed, 9) != 0 ? TRI_TRUE : TRI_FALSE};
        (void)tracer_end_llm_request(h->model.tracer, &context, &op);
    } else {
        struct end_tool_op op = {.span_id = model_text(h->open[slot]),
                                 .success =
                                     support_random_below(&h->seed, 9) != 0 ? TRI_TRUE : TRI_FALSE,
                                 .result_tokens = (double)NAN};
        (void)tracer_end_tool(h->model.tracer, &context, &op);
    }
    h->open[slot][0] = '\0';
}

/* Adds an ended span among those that came before. */
static void add_late(struct history *h)
{
    char text[200];
    double back_ms = (double)support_random_below(&h->seed, 20000);
    double from_ms = h->now_ms > back_ms ? h->now_ms - back_ms : 0;
    snprintf(
        text, sizeof text,
        "{\"name\":\"Tool: X\",\"cat\":\"tool\",\"ph\":\"X\",\"ts\":%.0f,\"dur\":%llu,\"pid\":1,\"tid\":3343801,"
        "\"args\":{\"success\":%s}}",
        from_ms * 1000, (unsigned long long)support_random_below(&h->seed, 2000000),
        support_random_below(&h->seed, 5) == 0 ? "false" : "true");
    assert_true(model_events(&h->model, text));
}

static void step(struct history *h)
{
    size_t slot = support_random_below(&h->seed, 4);
    /* Bursts, pauses, and sometimes half an hour, after which open spans are swept. */
    uint64_t rest = support_random_below(&h->seed, 1000);
    h->now_ms += rest == 0   ? 2000000
                 : rest < 20 ? 60000
                             : (double)support_random_below(&h->seed, 400);
    if (support_random_below(&h->seed, 12) == 0) {
        add_late(h);
    } else if (h->open[slot][0] == '\0') {
        begin_one(h, slot);
    } else if (support_random_below(&h->seed, 200) != 0) {
        end_one(h, slot);
    }
}

static void run(uint64_t seed, size_t max_events, int steps)
{
    struct history h = {.seed = seed};
    struct swarm_config config = {.max_events = {max_events, 0}};
    h.model.swarm = swarm_new(&mem_libc, &config);
    h.model.tracer = tracer_new(h.model.swarm);
    model_hello(&h.model, "s", "s");
    for (int i = 0; i < steps; i++) {
        step(&h);
        if (support_random_below(&h.seed, 60) == 0) {
            compare(h.model.swarm, &h.seed, model_ns(h.now_ms + 300));
        }
    }
    compare_every_zoom(h.model.swarm, model_ns(h.now_ms), model_ns(h.now_ms + 1000));
    compare_every_zoom(h.model.swarm, model_ns(h.now_ms / 2), model_ns(h.now_ms + 1000));
    model_release(&h.model);
}

TEST(cells_are_what_looking_at_each_span_gives)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        run(seed, 0, 4000);
    }
}

TEST(and_while_the_oldest_events_are_dropped)
{
    for (uint64_t seed = 21; seed <= 28; seed++) {
        run(seed, 3000, 6000);
    }
}

/* Sparse for weeks, then dense: the finest buckets must follow. */
TEST(and_when_their_density_changes)
{
    struct model model;
    uint64_t seed = 5;
    double at_ms = 0;
    assert_true(model_init(&model, &mem_libc) && model_open_file(&model, "s"));
    for (int i = 0; i < 6000; i++) {
        bool sparse = i / 1000 % 2 == 0;
        double gap_ms = sparse ? (double)support_random_below(&seed, 3000000)
                               : (double)support_random_below(&seed, 3);
        struct model_span span = {1,    "Tool: A", "tool", at_ms + gap_ms, at_ms + gap_ms + 1,
                                  NULL, NULL};
        assert_true(model_add(&model, &span));
        at_ms += gap_ms + 1;
        if (i % 500 == 499) {
            compare_every_zoom(model.swarm, model_ns(at_ms), model_ns(at_ms));
        }
    }
    compare_every_zoom(model.swarm, model_ns(at_ms / 3), model_ns(at_ms));
    model_release(&model);
}
