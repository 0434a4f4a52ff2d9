/* Texts of a model, for tests that compare two: what it holds and what it shows. Nothing in them depends on the memory or on the
   numbers that spans and agents happen to have. */
#include "core/query/metrics.h"
#include "core/query/query.h"
#include "tests/support/model.h"
#include "tests/support/support.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- what it holds ---- */

static void dump_event(const struct swarm *swarm, const struct event *event, FILE *out)
{
    const struct track *track = swarm_get_track(swarm, event->track);
    fprintf(out, "  %c %.17g %.17g %s/%s", event->ph, event->ts_us, event->dur_us,
            swarm_text(swarm, track->pid), swarm_text(swarm, track->tid));
    const struct slice parts[] = {swarm_text_slice(swarm, event->name),
                                  swarm_text_slice(swarm, event->cat), event->id, event->args,
                                  event->extra};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        fputs(" |", out);
        if (parts[i].len > 0) {
            fwrite(parts[i].bytes, 1, parts[i].len, out);
        }
    }
    fputc('\n', out);
}

static void dump_session(const struct swarm *swarm, session_no number, FILE *out)
{
    const struct session *session = swarm_session(swarm, number);
    fprintf(out,
            "session %s name %s pool %d flags %d start %" PRId64 " origin %" PRId64
            " clock %" PRId64 " registrations %u orphans %" PRIu64 "\n extra %s\n metadata %s\n",
            swarm_text(swarm, session->id), swarm_text(swarm, session->name), session->pool,
            session->flags & (SESSION_AGENTS | SESSION_HAS_START | SESSION_ENDED),
            session->start_ns, session->origin_ns, session->clock_ns, session->registrations,
            session->orphan_ends, session->extra.data != NULL ? session->extra.data : "",
            session->metadata_extra.data != NULL ? session->metadata_extra.data : "");
    struct event event;
    for (uint64_t i = 0; swarm_metadata(swarm, number, i, &event); i++) {
        dump_event(swarm, &event, out);
    }
    const struct event_store *store = swarm_store(swarm, (enum swarm_pool)session->pool);
    for (uint64_t no = event_store_first(store); no < event_store_end(store); no++) {
        if (event_store_get(store, no, &event) &&
            swarm_get_track(swarm, event.track)->session == number) {
            dump_event(swarm, &event, out);
        }
    }
}

char *model_dump(const struct swarm *swarm)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        if (swarm_session(swarm, (session_no)i) != NULL) {
            dump_session(swarm, (session_no)i, out);
        }
    }
    fclose(out);
    return text;
}

/* ---- what it shows ---- */

static void describe_agent(const struct swarm *swarm, agent_no number, uint32_t depth,
                           struct strbuf *out)
{
    const struct agent *agent = swarm_agent(swarm, number);
    query_agent_title(swarm, number, out);
    strbuf_addf(out, " depth %u of %s in %s, %zu lanes\n", depth,
                swarm_text(swarm, agent->agent_id),
                swarm_text(swarm, swarm_session(swarm, agent->session)->id), agent->lane_count);
    for (size_t lane = 0; lane < agent->lane_count; lane++) {
        for (size_t i = 0; i < agent->lanes[lane].spans.count; i++) {
            const struct span *span = swarm_span(swarm, spans_at(&agent->lanes[lane].spans, i));
            strbuf_addf(out, "  %zu %s %lld %lld %d\n", lane, swarm_text(swarm, span->name),
                        (long long)span->start_ns, (long long)span->end_ns, span->flags);
            for (span_no no = span->next_phase; no != NO_SPAN;
                 no = swarm_span(swarm, no)->next_phase) {
                const struct span *phase = swarm_span(swarm, no);
                strbuf_addf(out, "    %s %lld %lld\n", swarm_text(swarm, phase->name),
                            (long long)phase->start_ns, (long long)phase->end_ns);
            }
        }
    }
    strbuf_addf(out, "  %zu envelopes\n", agent->envelopes.count);
}

static void describe_metrics(const struct swarm *swarm, struct strbuf *out)
{
    struct swarm_metrics metrics;
    assert_true(metrics_compute(swarm, 0, &metrics));
    const struct metrics *all = &metrics.totals;
    strbuf_addf(out, "%llu %llu %.17g %.17g %.17g %.17g %.17g %.17g\n",
                (unsigned long long)all->requests, (unsigned long long)metrics.spans.closed,
                all->busy_ms, all->idle_ms, all->parallel, all->api_ms, all->tool_ms,
                all->ttft_ms.p50);
    metrics_release(&metrics);
}

char *model_describe(const struct swarm *swarm)
{
    struct strbuf out;
    size_t count;
    strbuf_init(&out, &mem_libc, 0);
    struct tree_row *rows = query_tree(swarm, &count);
    for (size_t i = 0; i < count; i++) {
        describe_agent(swarm, rows[i].agent, rows[i].depth, &out);
    }
    mem_free(swarm_mem(swarm), rows, count * sizeof *rows);
    for (size_t i = 0; i < swarm_marker_count(swarm); i++) {
        const struct marker *marker = swarm_marker(swarm, i);
        strbuf_addf(&out, "%s %lld\n", swarm_text(swarm, marker->name), (long long)marker->at_ns);
    }
    describe_metrics(swarm, &out);
    return out.data;
}
