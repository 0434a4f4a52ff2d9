/* Queries over all lanes of an agent: its activity, and its last request. */
#include "core/query/query_private.h"

bool query_activity(const struct swarm *swarm, agent_no number, int64_t t0_ns, int64_t col_ns,
                    size_t cols, int64_t local_ns, struct timeline_cell *out)
{
    const struct agent *agent = swarm_agent(swarm, number);
    const struct mem *mem = swarm_mem(swarm);
    struct timeline_cell *cells = mem_zalloc(mem, cols, sizeof *cells);
    if (cells == NULL) {
        return false;
    }
    for (size_t i = 0; i < cols; i++) {
        out[i] = (struct timeline_cell){.kind = SPAN_KINDS, .span = NO_SPAN};
    }
    for (size_t lane = 0; lane < agent->lane_count; lane++) {
        query_lane(swarm, number, (unsigned)lane, t0_ns, col_ns, cols, local_ns, NULL, cells);
        for (size_t i = 0; i < cols; i++) {
            bool works = cells[i].kind < SPAN_KINDS && cells[i].kind != SPAN_AGENT_CALL;
            if (works && cells[i].fill > out[i].fill) {
                out[i] = cells[i];
                out[i].span = NO_SPAN;
            }
        }
    }
    mem_free(mem, cells, cols * sizeof *cells);
    return true;
}

span_no query_last_request(const struct swarm *swarm, agent_no number)
{
    const struct agent *agent = swarm_agent(swarm, number);
    span_no last = NO_SPAN;
    int64_t last_ns = INT64_MIN;
    for (size_t lane = 0; lane < agent->lane_count; lane++) {
        const struct lane *in = &agent->lanes[lane];
        for (size_t i = in->spans.count; i-- > 0;) {
            const struct span *span = swarm_span(swarm, spans_at(&in->spans, i));
            if (span == NULL || (span->flags & SPAN_OPEN) != 0) {
                continue;
            }
            /* The spans of a lane do not overlap: those before it have ended earlier. */
            if (span->end_ns <= last_ns && !in->overlaps) {
                break;
            }
            if (span->kind != SPAN_REQUEST) {
                continue;
            }
            if (span->end_ns > last_ns) {
                last = spans_at(&in->spans, i);
                last_ns = span->end_ns;
            }
            break;
        }
    }
    return last;
}
