#include "tui/cmd/report_waits.h"

bool report_waits_make(const struct report *report, struct report_waits *out)
{
    const struct mem *mem = report->metrics->mem;
    bool held =
        held_up_make(report->swarm, report_all(report), report->local_ns, NULL, mem, &out->held);
    bool stalled =
        stalled_make(report->swarm, report_all(report), report->local_ns, mem, &out->stalled);
    return held && stalled;
}

void report_waits_release(struct report_waits *waits)
{
    held_up_release(&waits->held);
    stalled_release(&waits->stalled);
}

/* The kinds of calls, as the feed names them. */
static enum call_kind kind_of(const struct span *span)
{
    return span->kind == SPAN_REQUEST ? CALL_REQUEST
           : span->kind == SPAN_USER  ? CALL_WAIT
                                      : CALL_TOOL;
}

static json_t *make_step(struct json_writer *w, const struct report *r,
                         const struct held_up_step *step, bool retries)
{
    const struct span *span = swarm_span(r->swarm, step->call);
    json_t *object = json_object();
    json_writer_put_agent(w, object, r->swarm, step->agent);
    if (span != NULL) {
        int64_t age_ns = swarm_span_end_ns(r->swarm, span, r->local_ns) - span->start_ns;
        json_writer_put_text(w, object, "kind", retries ? "retry" : call_kind_word(kind_of(span)));
        json_writer_put_text(w, object, "name", span_short_name(swarm_text(r->swarm, span->name)));
        json_writer_put_number(w, object, "age_ms", (double)age_ns / 1e6);
    }
    return object;
}

void report_waits_put_held(struct json_writer *w, const struct report *report,
                           const struct report_waits *waits, agent_no agent, json_t *object)
{
    struct held_up_chain chain;
    held_up_chain(&waits->held, agent, &chain);
    if (chain.count == 0) {
        return;
    }
    json_t *held = json_object(), *path = json_array();
    for (size_t i = 0; i < chain.count; i++) {
        bool retries = i + 1 == chain.count && chain.retry.attempt > 0;
        json_t *step = make_step(w, report, &chain.steps[i], retries);
        w->out->failed |= json_array_append_new(path, step) != 0;
    }
    json_writer_put(w, held, "path", path);
    json_writer_put_number(w, held, "age_ms", (double)chain.age_ns / 1e6);
    json_writer_put_number(w, held, "p95_ms", chain.p95_ms);
    json_writer_put(w, object, "held_up_by", held);
}

/* Threads of other traces and the rows of groups make no calls that could stall. */
static bool has_calls(const struct swarm *swarm, agent_no number)
{
    const struct agent *agent = swarm_agent(swarm, number);
    return agent != NULL && query_is_agent(agent) &&
           (agent->flags & (AGENT_DEAD | AGENT_GROUP)) == 0;
}

void report_waits_put_stalled(struct json_writer *w, const struct report *report,
                              const struct report_waits *waits, agent_no agent, json_t *object)
{
    size_t from = agent == NO_AGENT ? 0 : agent;
    size_t to = agent == NO_AGENT ? waits->stalled.agent_count : from + 1;
    uint64_t calls = 0, loops = 0;
    bool known = false;
    for (size_t i = from; i < to; i++) {
        if (!has_calls(report->swarm, (agent_no)i) ||
            (agent == NO_AGENT && !report_matches(report, (agent_no)i))) {
            continue;
        }
        struct stalled_agent of = stalled_of(&waits->stalled, (agent_no)i);
        known = true;
        calls += of.calls;
        loops += of.loop != NO_SPAN;
    }
    if (known) {
        json_writer_put_count(w, object, "stalled", calls);
        json_writer_put_count(w, object, "loops", loops);
    }
}
