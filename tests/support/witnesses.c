#include "tests/support/witnesses.h"

#include "core/query/figures.h"
#include "core/query/query.h"
#include "tests/support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct witness_place at_place(enum witness_rank rank, const char *agent_id)
{
    return (struct witness_place){.session_id = model_text("s"),
                                  .agent_id = model_text(agent_id),
                                  .rank = rank,
                                  .local_ns = MODEL_START_NS};
}

double at_ms(double ms)
{
    return MODEL_START_MS + ms;
}

struct witness_tool_fact tool_fact(double start, double end, const char *name, const char *args)
{
    return (struct witness_tool_fact){.name = model_text(name),
                                      .args_json = model_text(args),
                                      .start_ms = at_ms(start),
                                      .end_ms = at_ms(end)};
}

struct witness_request_fact request_fact(double start, double end)
{
    return (struct witness_request_fact){.start_ms = at_ms(start),
                                         .end_ms = at_ms(end),
                                         .ttft_ms = UNKNOWN,
                                         .prompt_tokens = UNKNOWN,
                                         .output_tokens = UNKNOWN,
                                         .cache_read_tokens = UNKNOWN,
                                         .cache_creation_tokens = UNKNOWN,
                                         .retry_attempt = UNKNOWN,
                                         .retry_in_ms = UNKNOWN,
                                         .retry_said_ms = UNKNOWN};
}

/* ---- the picture ---- */

struct lines {
    char **texts;
    size_t count, cap;
};

static void add_line(struct lines *lines, struct strbuf *line)
{
    assert_false(line->failed);
    assert_true(
        mem_reserve(&mem_libc, &lines->texts, &lines->cap, lines->count + 1, sizeof *lines->texts));
    lines->texts[lines->count++] = line->data;
    strbuf_init(line, &mem_libc, 0);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void describe_span(const struct swarm *swarm, const struct span *span, unsigned with,
                          struct lines *lines)
{
    struct strbuf line;
    strbuf_init(&line, &mem_libc, 0);
    const struct span *owner = span->parent == NO_SPAN ? NULL : swarm_span(swarm, span->parent);
    struct slice args = swarm_span_args(swarm, span);
    bool live = (with & WITH_LIVE) != 0;
    const struct agent *agent = swarm_agent(swarm, span->agent);
    strbuf_addf(&line, "%s/%s %s", swarm_text(swarm, swarm_session(swarm, agent->session)->id),
                (with & WITHOUT_ROWS) != 0 ? "" : swarm_text(swarm, agent->agent_id),
                span_kind_word((enum span_kind)span->kind));
    strbuf_addf(&line, " %s %lld..%lld flags %d", swarm_text(swarm, span->name),
                (long long)(span->start_ns - MODEL_START_NS),
                (span->flags & SPAN_OPEN) != 0 ? -1LL : (long long)(span->end_ns - MODEL_START_NS),
                live ? span->flags : span->flags & ~SPAN_STALE);
    strbuf_addf(&line, " of %lld %.*s", owner == NULL ? -1LL : (long long)owner->start_ns,
                (int)args.len, args.bytes == NULL ? "" : args.bytes);
    add_line(lines, &line);
}

static void describe_sessions(const struct swarm *swarm, struct lines *lines)
{
    for (size_t i = 0; i < swarm_session_count(swarm); i++) {
        struct strbuf line;
        strbuf_init(&line, &mem_libc, 0);
        const struct session *session = swarm_session(swarm, (session_no)i);
        strbuf_addf(&line, "session %s %s from %s at %lld..%lld flags %d",
                    swarm_text(swarm, session->id), swarm_text(swarm, session->name),
                    swarm_text(swarm, session->source), (long long)session->start_ns,
                    (long long)session->clock_ns, session->flags);
        add_line(lines, &line);
    }
}

static void describe_rows(const struct swarm *swarm, bool live, struct lines *lines)
{
    size_t count;
    struct tree_row *rows = query_tree(swarm, &count);
    for (size_t i = 0; i < count; i++) {
        struct strbuf line;
        strbuf_init(&line, &mem_libc, 0);
        const struct agent *agent = swarm_agent(swarm, rows[i].agent);
        strbuf_addf(&line, "row %s of %s depth %u: ", swarm_text(swarm, agent->agent_id),
                    swarm_text(swarm, agent->parent_id), rows[i].depth);
        query_agent_title(swarm, rows[i].agent, &line);
        strbuf_addf(&line, " (%s) flags %d, %lld..%lld", swarm_text(swarm, agent->description),
                    live ? agent->flags : agent->flags & AGENT_MAIN, (long long)agent->first_ns,
                    (long long)agent->last_ns);
        add_line(lines, &line);
    }
    mem_free(&mem_libc, rows, count * sizeof *rows);
}

static void describe_figures(const struct swarm *swarm, struct strbuf *out)
{
    struct swarm_figures figures;
    assert_true(figures_compute(swarm, 0, &figures));
    const struct figures *all = &figures.totals;
    strbuf_addf(out, "%llu %llu %.6f %.6f %.6f %.6f %.6f %.6f\n", (unsigned long long)all->requests,
                (unsigned long long)figures.spans.closed, all->busy_ms, all->idle_ms, all->parallel,
                all->api_ms, all->tool_ms, all->ttft_ms.p50);
    figures_release(&figures);
}

char *witnesses_describe(const struct swarm *swarm, unsigned with)
{
    bool live = (with & WITH_LIVE) != 0;
    struct lines lines = {0};
    struct strbuf out;
    strbuf_init(&out, &mem_libc, 0);
    strbuf_adds(&out, "spans:\n"); /* there may be none */
    if ((with & WITHOUT_ROWS) == 0) {
        describe_rows(swarm, live, &lines);
    }
    if (live) {
        describe_sessions(swarm, &lines);
    }
    for (span_no no = swarm_span_begin(swarm); no < swarm_span_end(swarm); no++) {
        const struct span *span = swarm_span(swarm, no);
        if (span != NULL) {
            describe_span(swarm, span, with, &lines);
        }
    }
    qsort(lines.texts, lines.count, sizeof *lines.texts, by_text);
    for (size_t i = 0; i < lines.count; i++) {
        strbuf_addf(&out, "%s\n", lines.texts[i]);
        free(lines.texts[i]);
    }
    free(lines.texts);
    if ((with & WITH_FIGURES) != 0) {
        describe_figures(swarm, &out);
    }
    return out.data;
}
