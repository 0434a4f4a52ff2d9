/* core/derive, core/lane, core/swarm_append: which end closes which span, which lane a span takes, what eviction leaves. */
#include "tests/support/support.h"

#include "core/query/query.h"
#include "core/tracer/print.h"
#include "tests/support/failing_mem.h"
#include "tests/support/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct model opened(const char *events)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc));
    assert_true(model_open_file(&model, "s"));
    assert_true(model_events(&model, events));
    return model;
}

static const struct span *span_called(const struct model *model, const char *name, unsigned n)
{
    const struct span *span = swarm_span(model->swarm, model_span(model, name, n));
    assert_non_null(span);
    return span;
}

static double start_ms(const struct span *span)
{
    return (double)(span->start_ns - MODEL_START_NS) / 1e6;
}

static double end_ms(const struct span *span)
{
    return (double)(span->end_ns - MODEL_START_NS) / 1e6;
}

#define B(name, cat, ts, args)                                             \
    " {\"ph\":\"B\",\"name\":\"" name "\",\"cat\":\"" cat "\",\"ts\":" #ts \
    ",\"pid\":1,\"tid\":1,\"args\":" args "}"
#define E(name, cat, ts, args)                                             \
    " {\"ph\":\"E\",\"name\":\"" name "\",\"cat\":\"" cat "\",\"ts\":" #ts \
    ",\"pid\":1,\"tid\":1,\"args\":" args "}"

TEST(an_end_closes_the_span_whose_args_it_repeats)
{
    struct model model =
        opened(B("Tool: Bash", "tool", 0, "{\"command\":\"a\"}")
                   B("Tool: Bash", "tool", 1000, "{\"command\":\"b\"}")
                       E("Tool: Bash", "tool", 2000, "{\"command\":\"a\",\"success\":true}")
                           E("Tool: Bash", "tool", 3000, "{\"success\":true,\"command\":\"b\"}"));
    assert_true(end_ms(span_called(&model, "Tool: Bash", 0)) == 2);
    assert_true(end_ms(span_called(&model, "Tool: Bash", 1)) == 3);
    model_release(&model);
}

TEST(its_duration_tells_two_calls_with_the_same_args_apart)
{
    struct model model = opened(B("Tool: Bash", "tool", 0, "{}") B("Tool: Bash", "tool", 1000, "{}")
                                    E("Tool: Bash", "tool", 2000, "{\"duration_ms\":2}")
                                        E("Tool: Bash", "tool", 3000, "{\"duration_ms\":2}"));
    assert_true(end_ms(span_called(&model, "Tool: Bash", 0)) == 2);
    assert_true(end_ms(span_called(&model, "Tool: Bash", 1)) == 3);
    model_release(&model);
}

TEST(its_duration_outweighs_args_that_the_end_overrides)
{
    struct model model =
        opened(B("API Call", "api", 0, "{\"prompt_tokens\":1}")
                   B("API Call", "api", 1000, "{\"prompt_tokens\":2}")
                       E("API Call", "api", 2000, "{\"prompt_tokens\":9,\"duration_ms\":2}")
                           E("API Call", "api", 5000, "{\"prompt_tokens\":8,\"duration_ms\":4}"));
    assert_true(end_ms(span_called(&model, "API Call", 0)) == 2);
    assert_true(end_ms(span_called(&model, "API Call", 1)) == 5);
    model_release(&model);
}

TEST(else_the_innermost_of_its_name)
{
    struct model model = opened(B("x", "c", 0, "{\"k\":1}") B("x", "c", 1000, "{\"k\":2}") B(
        "y", "c", 1500, "{}") E("x", "c", 2000, "{}") E("x", "other", 3000, "{}"));
    assert_true(end_ms(span_called(&model, "x", 1)) == 2);
    assert_true(end_ms(span_called(&model, "x", 0)) == 3);
    assert_true((span_called(&model, "y", 0)->flags & SPAN_OPEN) != 0);
    model_release(&model);
}

TEST(an_end_without_a_name_closes_the_innermost)
{
    struct model model = opened(B("x", "c", 0, "{}") B(
        "y", "c", 1000, "{}") " {\"ph\":\"E\",\"ts\":2000,\"pid\":1,\"tid\":1}");
    assert_true(end_ms(span_called(&model, "y", 0)) == 2);
    assert_true((span_called(&model, "x", 0)->flags & SPAN_OPEN) != 0);
    model_release(&model);
}

TEST(other_ends_are_orphans_and_counted)
{
    struct model model = opened(B("x", "c", 0, "{}") E(
        "z", "c", 1000,
        "{\"duration_ms\":5}") " {\"ph\":\"e\",\"cat\":\"c\",\"id\":\"1\",\"ts\":2000,\"pid\":1,\"tid\":1}"
                               " {\"ph\":\"E\",\"name\":\"x\",\"ts\":2000,\"pid\":1,\"tid\":2}");
    assert_int_equal(swarm_session(model.swarm, model.session)->orphan_ends, 3);
    assert_true((span_called(&model, "x", 0)->flags & SPAN_OPEN) != 0);
    model_release(&model);
}

TEST(async_spans_pair_by_category_scope_and_id)
{
#define ASYNC(ph, ts, id, more)                                    \
    " {\"ph\":\"" ph "\",\"name\":\"a\",\"cat\":\"c\",\"ts\":" #ts \
    ",\"pid\":1,\"tid\":1,\"id\":" id more "}"
    struct model model = opened(
        ASYNC("b", 0, "\"0x1\"", "") ASYNC("b", 1000, "\"0x2\"", "")
            ASYNC("b", 1500, "\"0x1\"", ",\"scope\":\"s\"") ASYNC("e", 2000, "\"0x1\"", "")
                ASYNC("e", 3000, "\"0x1\"", ",\"scope\":\"s\"") ASYNC("e", 4000, "\"0x2\"", ""));
    assert_true(end_ms(span_called(&model, "a", 0)) == 2);
    assert_true(end_ms(span_called(&model, "a", 1)) == 4);
    assert_true(end_ms(span_called(&model, "a", 2)) == 3);
    model_release(&model);
}

TEST(times_keep_their_fractions_and_ids_may_be_texts)
{
    struct model model = opened(
        " {\"ph\":\"X\",\"name\":\"x\",\"ts\":0.5,\"dur\":1.25,\"pid\":\"main\",\"tid\":\"worker 1\"}");
    const struct span *span = span_called(&model, "x", 0);
    assert_int_equal(span->start_ns - MODEL_START_NS, 500);
    assert_int_equal(span->end_ns - MODEL_START_NS, 1750);
    assert_string_equal(swarm_text(model.swarm, swarm_get_track(model.swarm, span->track)->pid),
                        "\"main\"");
    model_release(&model);
}

TEST(a_sort_index_that_no_integer_holds_is_none)
{
    static const char *const numbers[] = {"1e300", "-1e300", "1e16", "7"};
    for (size_t i = 0; i < 4; i++) {
        struct model model;
        char line[200];
        snprintf(line, sizeof line,
                 "{\"name\":\"process_sort_index\",\"ph\":\"M\",\"pid\":1,"
                 "\"args\":{\"sort_index\":%s}}",
                 numbers[i]);
        assert_true(model_init(&model, &mem_libc));
        assert_true(model_open_file(&model, "s"));
        assert_true(model_name(&model, 1, "main") && model_events(&model, line));
        assert_int_equal(swarm_agent(model.swarm, 0)->sort_index, i == 3 ? 7 : 0);
        model_release(&model);
    }
}

TEST(a_span_that_ends_before_it_begins_has_no_length)
{
    struct model model;
    const struct model_span span = {1, "Tool: A", "tool", 20, 10, NULL, NULL};
    assert_true(model_init(&model, &mem_libc));
    model_hello(&model, "s", NULL);
    assert_true(model_add(&model, &span));
    const struct span *made = swarm_span(model.swarm, model_span(&model, "Tool: A", 0));
    assert_int_equal(made->start_ns, model_ns(20));
    assert_int_equal(made->end_ns, model_ns(20));
    model_release(&model);
}

TEST(overlapping_spans_take_lanes_of_their_own)
{
    struct model model = opened(
        B("Tool: a", "tool", 0, "{}") B("Tool: b", "tool", 1000, "{}") E(
            "Tool: a", "tool", 2000, "{}") B("Tool: c", "tool", 3000, "{}") E("Tool: b", "tool",
                                                                              4000, "{}")
            E("Tool: c", "tool", 5000,
              "{}") " {\"ph\":\"X\",\"cat\":\"tool\",\"name\":\"Tool: late\",\"ts\":2000,\"dur\":1000,\"pid\":1,\"tid\":1}"
                    " {\"ph\":\"X\",\"cat\":\"tool\",\"name\":\"Tool: later\",\"ts\":2500,\"dur\":1000,\"pid\":1,\"tid\":1}");
    assert_int_equal(span_called(&model, "Tool: a", 0)->lane, 0);
    assert_int_equal(span_called(&model, "Tool: b", 0)->lane, 1);
    assert_int_equal(span_called(&model, "Tool: c", 0)->lane, 0);
    assert_int_equal(span_called(&model, "Tool: late", 0)->lane, 0); /* the gap is just as long */
    assert_int_equal(span_called(&model, "Tool: later", 0)->lane, 2);
    model_release(&model);
}

TEST(phases_belong_to_the_request_that_ends_behind_them)
{
    struct model model = opened(
        B("API Call", "api", 0, "{\"model\":\"m\"}") B("Interaction", "interaction", 0, "{}")
            B("First Token", "api,ttft", 0, "{}") E("First Token", "api,ttft", 1000, "{}")
                B("Sampling", "api,sampling", 1000, "{}") E("Sampling", "api,sampling", 3000, "{}")
                    E("API Call", "api", 3000, "{\"model\":\"m\"}"));
    span_no request = model_span(&model, "API Call", 0),
            first = model_span(&model, "First Token", 0);
    assert_int_equal(swarm_span(model.swarm, request)->next_phase, first);
    assert_int_equal(swarm_span(model.swarm, first)->parent, request);
    assert_int_equal(swarm_span(model.swarm, first)->next_phase, model_span(&model, "Sampling", 0));
    const struct agent *agent = swarm_agent(model.swarm, span_called(&model, "API Call", 0)->agent);
    assert_int_equal(agent->lane_count, 1);
    assert_int_equal(agent->lanes[0].spans.count, 1);
    assert_int_equal(agent->envelopes.count, 1);
    model_release(&model);
}

static size_t count_rows(const struct swarm *swarm)
{
    size_t count;
    struct tree_row *rows = query_tree(swarm, &count);
    mem_free(&mem_libc, rows, count * sizeof *rows);
    return count;
}

TEST(a_trace_of_threads_has_a_row_a_thread_and_one_of_agents_a_row_a_process)
{
    struct model model;
    assert_true(model_init(&model, &mem_libc) && model_open_trace(&model, "t"));
    assert_true(model_events(
        &model, " {\"ph\":\"X\",\"name\":\"x\",\"ts\":0,\"dur\":1,\"pid\":1,\"tid\":1}"
                " {\"ph\":\"X\",\"name\":\"x\",\"ts\":0,\"dur\":1,\"pid\":1,\"tid\":2}"));
    assert_int_equal(count_rows(model.swarm), 2);
    /* Other producers have categories of these names too. */
    assert_true(model_events(
        &model, B("API Call", "api", 5,
                  "{}") " {\"ph\":\"X\",\"name\":\"y\",\"cat\":\"tool,build\",\"ts\":0,"
                        "\"dur\":1,\"pid\":1,\"tid\":2}"));
    assert_int_equal(count_rows(model.swarm), 2);
    assert_int_equal(span_called(&model, "y", 0)->kind, SPAN_OTHER);
    /* The seed's metadata is an agent's: the rows are made again. */
    assert_true(model_events(&model, " {\"ph\":\"M\",\"name\":\"parent_agent\",\"pid\":1,\"tid\":0,"
                                     "\"args\":{\"parent_agent_id\":\"s\"}}"));
    size_t count;
    struct tree_row *rows = query_tree(model.swarm, &count);
    assert_int_equal(count, 2); /* the parent's row, and the agent */
    assert_int_equal(span_called(&model, "x", 1)->agent, rows[1].agent);
    assert_int_equal(span_called(&model, "y", 0)->kind, SPAN_TOOL);
    mem_free(&mem_libc, rows, count * sizeof *rows);
    model_release(&model);
}

TEST(a_thread_whose_id_is_the_hash_of_its_name_is_an_agents)
{
    static const struct {
        const char *event;
        bool agents;
    } rows[] = {
        {"{\"ph\":\"M\",\"cat\":\"__metadata\",\"name\":\"thread_name\",\"pid\":1,\"tid\":3343801,"
         "\"args\":{\"name\":\"main\"}}",
         true},
        {"{\"ph\":\"M\",\"cat\":\"__metadata\",\"name\":\"thread_name\",\"pid\":1,\"tid\":7,"
         "\"args\":{\"name\":\"main\"}}",
         false},
        {"{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":97,\"args\":{\"name\":\"a\"}}",
         false},
        {"{\"ph\":\"M\",\"name\":\"parent_agent\",\"pid\":1,\"tid\":0,"
         "\"args\":{\"parent_agent_id\":7}}",
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model model;
        assert_true(model_init(&model, &mem_libc) && model_open_trace(&model, "t"));
        assert_true(model_events(&model, rows[i].event));
        assert_int_equal(query_has_agents(model.swarm), rows[i].agents);
        model_release(&model);
    }
}

/* ---- eviction ---- */

static struct model capped(size_t cap)
{
    struct model model;
    struct swarm_config config = {.max_events = {cap, 0}};
    assert_true(model_init_with(&model, &mem_libc, &config));
    model_hello(&model, "s", "main");
    return model;
}

static void instant(struct model *model, double ms)
{
    struct op_context at = model_at(model, ms, NULL);
    assert_int_equal(
        tracer_instant(model->tracer, &at, model_text("i"), model_text("x"), (struct slice){0}),
        TRACER_OK);
}

static void tool(struct model *model, double ms, const char *span_id, bool start)
{
    struct op_context at = model_at(model, ms, NULL);
    if (start) {
        assert_int_equal(tracer_start_tool(model->tracer, &at, model_text(span_id),
                                           model_text("Bash"),
                                           model_text("{\"command\":\"make\"}")),
                         TRACER_OK);
    } else {
        struct end_tool_op op = {.span_id = model_text(span_id), .result_tokens = (double)NAN};
        assert_int_equal(tracer_end_tool(model->tracer, &at, &op), TRACER_OK);
    }
}

TEST(the_cap_drops_exactly_half_at_the_moment_it_is_reached)
{
    struct model model = capped(10);
    const struct event_store *store = swarm_store(model.swarm, POOL_LIVE);
    for (int i = 1; i <= 9; i++) {
        instant(&model, i);
    }
    assert_int_equal(event_store_count(store), 9);
    instant(&model, 10);
    assert_int_equal(event_store_count(store), 6); /* five and the marker */
    struct event marker;
    assert_true(event_store_get(store, event_store_first(store), &marker));
    assert_string_equal(swarm_text(model.swarm, marker.name), "trace_truncated");
    assert_true(marker.ts_us == 5000);
    assert_int_equal(marker.args.len, strlen("{\"dropped_events\":5}"));
    assert_memory_equal(marker.args.bytes, "{\"dropped_events\":5}", marker.args.len);
    for (int i = 11; i <= 14; i++) {
        instant(&model, i);
    }
    assert_true(event_store_get(store, event_store_first(store), &marker));
    const char *second = "{\"dropped_events\":5,\"total_dropped_events\":9}";
    assert_int_equal(marker.args.len, strlen(second));
    assert_memory_equal(marker.args.bytes, second, marker.args.len);
    assert_int_equal(swarm_session(model.swarm, model.session)->dropped, 9);
    model_release(&model);
}

TEST(an_open_span_whose_begin_is_dropped_stays_and_gets_its_end)
{
    struct model model = capped(10);
    tool(&model, 1, "t", true);
    for (int i = 2; i <= 10; i++) {
        instant(&model, i);
    }
    const struct span *span = span_called(&model, "Tool: Bash", 0);
    assert_int_equal(span->flags & (SPAN_OPEN | SPAN_LOST_BEGIN), SPAN_OPEN | SPAN_LOST_BEGIN);
    struct slice args = print_span_args(model.swarm, span);
    assert_non_null(memmem(args.bytes, args.len, "make", 4)); /* what it runs is still known */
    assert_int_equal(swarm_agent(model.swarm, span->agent)->open_by_kind[SPAN_TOOL], 1);
    tool(&model, 20, "t", false);
    span = span_called(&model, "Tool: Bash", 0);
    assert_int_equal(span->flags & (SPAN_OPEN | SPAN_LOST_BEGIN), SPAN_LOST_BEGIN);
    assert_true(start_ms(span) == 1 && end_ms(span) == 20);
    assert_int_equal(swarm_agent(model.swarm, span->agent)->open_by_kind[SPAN_TOOL], 0);
    model_release(&model);
}

/* What a picture is made of, as text. */
static char *picture(const struct model *model)
{
    size_t size;
    char *text;
    FILE *out = open_memstream(&text, &size);
    for (span_no no = swarm_span_begin(model->swarm); no < swarm_span_end(model->swarm); no++) {
        const struct span *span = swarm_span(model->swarm, no);
        if (span != NULL) {
            fprintf(out, "%s %lld %lld kind %u flags %u lane %u %s\n",
                    swarm_text(model->swarm, span->name), (long long)span->start_ns,
                    (long long)span->end_ns, span->kind, span->flags, span->lane,
                    swarm_text(model->swarm, swarm_agent(model->swarm, span->agent)->name));
        }
    }
    fprintf(out, "orphans %llu dropped %llu\n",
            (unsigned long long)swarm_session(model->swarm, model->session)->orphan_ends,
            (unsigned long long)swarm_session(model->swarm, model->session)->dropped);
    fclose(out);
    return text;
}

static int by_line(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Spans appear in another order where some begins are lost. */
static void sort_lines(char *text)
{
    char *lines[4096], *copy = strdup(text), *save = NULL;
    size_t count = 0;
    for (char *line = strtok_r(copy, "\n", &save); line != NULL && count < 4096;
         line = strtok_r(NULL, "\n", &save)) {
        lines[count++] = line;
    }
    qsort(lines, count, sizeof *lines, by_line);
    char *at = text;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(lines[i]);
        memcpy(at, lines[i], len);
        at[len] = '\n';
        at += len + 1;
    }
    free(copy);
}

static void a_random_life(struct model *model, uint64_t seed)
{
    bool open[8] = {false};
    double ms = 0;
    for (int step = 0; step < 120; step++) {
        ms += (int)support_random_below(&seed, 50);
        int n = (int)support_random_below(&seed, 8);
        char id[8];
        snprintf(id, sizeof id, "t%d", n);
        if ((int)support_random_below(&seed, 4) == 0) {
            instant(model, ms);
        } else if (n < 6) {
            tool(model, ms, id, !open[n]);
            open[n] = !open[n];
        } else {
            struct op_context at = model_at(model, ms, NULL);
            struct start_llm_request_op start = {
                .span_id = model_text(id), .model = model_text("m"), .prompt_tokens = 10};
            struct end_llm_request_op end = {.span_id = model_text(id),
                                             .ttft_ms = 3,
                                             .ttlt_ms = 9,
                                             .prompt_tokens = (double)NAN,
                                             .output_tokens = 4,
                                             .cache_read_tokens = (double)NAN,
                                             .cache_creation_tokens = (double)NAN,
                                             .request_setup_ms = 1};
            assert_int_equal(open[n] ? tracer_end_llm_request(model->tracer, &at, &end)
                                     : tracer_start_llm_request(model->tracer, &at, &start),
                             TRACER_OK);
            open[n] = !open[n];
        }
    }
    assert_true(correlator_close(model->correlator, INT64_MIN, NULL, NULL));
}

TEST(a_live_model_is_the_model_of_its_document_even_after_evictions)
{
    for (unsigned seed = 1; seed <= 60; seed++) {
        for (int tracks = TRACKS_LANE; tracks <= TRACKS_AGENT; tracks++) {
            struct model live = capped(seed % 3 == 0 ? 0 : 20 + seed);
            a_random_life(&live, seed);
            char *document = model_export(live.swarm, (enum document_tracks)tracks);
            struct model again;
            assert_true(model_init(&again, &mem_libc));
            assert_true(model_open(&again, document));
            char *want = picture(&live), *got = picture(&again);
            sort_lines(want);
            sort_lines(got);
            assert_string_equal(got, want);
            free(want);
            free(got);
            free(document);
            model_release(&again);
            model_release(&live);
        }
    }
}

TEST(deriving_again_changes_nothing)
{
    struct model model = capped(0);
    a_random_life(&model, 5);
    char *before = picture(&model);
    assert_true(swarm_rederive(model.swarm, POOL_LIVE));
    char *after = picture(&model);
    assert_string_equal(after, before);
    free(before);
    free(after);
    model_release(&model);
}

/* The first event of a session may show that its rows are agents: nothing is derived again. */
TEST(many_sessions_of_agents_derive_nothing_again)
{
    struct model model;
    char id[16];
    assert_true(model_init(&model, &mem_libc));
    for (unsigned i = 0; i < 50; i++) {
        snprintf(id, sizeof id, "s%u", i);
        assert_true(model_open_file(&model, id));
        assert_true(model_events(&model, B("Tool: Bash", "tool", 0, "{}")
                                             E("Tool: Bash", "tool", 1000, "{}")));
    }
    assert_int_equal(swarm_touched(model.swarm), 0);
    assert_int_equal(swarm_agent_count(model.swarm), 50);
    model_release(&model);
}

TEST(memory_is_bounded_under_a_cap)
{
    struct model model = capped(1000);
    for (int i = 0; i < 3000; i++) {
        instant(&model, i);
    }
    size_t first = event_store_bytes(swarm_store(model.swarm, POOL_LIVE));
    for (int i = 3000; i < 20000; i++) {
        instant(&model, i);
    }
    assert_true(event_store_bytes(swarm_store(model.swarm, POOL_LIVE)) <= first * 2);
    assert_true(swarm_marker_count(model.swarm) <= 1000);
    model_release(&model);
}

TEST(a_dropped_document_leaves_nothing)
{
    struct model model = opened(B("Tool: a", "tool", 0, "{}"));
    const struct session *session = swarm_session(model.swarm, model.session);
    uint32_t document = session->document;
    assert_true(swarm_drop_document(model.swarm, document));
    assert_null(swarm_session(model.swarm, model.session));
    assert_int_equal(event_store_count(swarm_store(model.swarm, POOL_FILES)), 0);
    assert_int_equal(swarm_first_in_flight(model.swarm), NO_SPAN);
    size_t count;
    assert_null(query_tree(model.swarm, &count));
    assert_int_equal(count, 0);
    model_release(&model);
}

TEST(every_lack_of_memory_is_survived)
{
    bool done = false;
    for (long allow = 0; !done; allow += 1 + allow / 40) {
        struct failing_mem failing = {.allow = allow};
        struct mem mem = failing_mem(&failing);
        struct model model;
        done =
            model_init(&model, &mem) && model_open_file(&model, "s") &&
            model_events(
                &model,
                B("Tool: a", "tool", 0, "{\"x\":1}") B("Tool: b", "tool", 1, "{}") E(
                    "Tool: a", "tool", 2,
                    "{\"x\":1}") " {\"ph\":\"i\",\"name\":\"n\",\"ts\":3,\"pid\":2,\"tid\":\"t\"}" B("API Call",
                                                                                                     "api",
                                                                                                     4,
                                                                                                     "{}"));
        model_release(&model);
        assert_int_equal(failing.live_blocks, 0);
    }
}
