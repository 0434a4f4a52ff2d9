/* The wall clock is set, back and ahead, and the machine sleeps, while calls are open. The local
   clock only runs, also during sleep. */
#include "core/query/query.h"
#include "tests/support/processes.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000000)

static const int64_t steps_ns[] = {3600 * S, -3600 * S, 40 * 86400 * S, -40 * 86400 * S, S / 2};

static void feed_line(struct rig *rig, struct feed *feed, const char *line)
{
    rig_push(feed, line);
    rig->now_ns += S;
}

static int64_t duration_ns(const struct rig *rig, span_no no)
{
    const struct span *span = swarm_span(rig->model.swarm, no);
    assert_non_null(span);
    assert_int_equal(span->flags & (SPAN_OPEN | SPAN_EVICTED | SPAN_STALE), 0);
    return span->end_ns - span->start_ns;
}

/* Lines without a time have that of their arrival, by a clock that nobody sets. */
TEST(a_feed_without_times_has_true_spans_while_the_clock_is_set)
{
    for (size_t i = 0; i < sizeof steps_ns / sizeof *steps_ns; i++) {
        struct rig rig;
        rig_init(&rig);
        struct feed *feed = rig_feed(&rig);
        feed_line(&rig, feed, "{\"op\":\"hello\",\"session_id\":\"s\",\"name\":\"s\"}\n");
        feed_line(&rig, feed, "{\"op\":\"start_tool\",\"span_id\":\"a\",\"tool_name\":\"Bash\"}\n");
        rig.ahead_ns += steps_ns[i];
        feed_line(&rig, feed, "{\"op\":\"start_tool\",\"span_id\":\"b\",\"tool_name\":\"Read\"}\n");
        feed_line(&rig, feed, "{\"op\":\"end_tool\",\"span_id\":\"a\"}\n");
        rig.ahead_ns -= 2 * steps_ns[i];
        feed_line(&rig, feed, "{\"op\":\"end_tool\",\"span_id\":\"b\"}\n");
        assert_int_equal(duration_ns(&rig, 0), 2 * S);
        assert_int_equal(duration_ns(&rig, 1), 2 * S);
        assert_int_equal(swarm_session_now(rig.model.swarm, 0, rig.now_ns), MODEL_START_NS + 5 * S);
        feed_free(feed);
        rig_release(&rig);
    }
}

/* ---- hooks, which have the wall clock's time ---- */

static void hook(struct rig *rig, const char *event)
{
    char text[300];
    struct json_value payload, from = {.type = JSON_TYPE_NONE};
    struct strbuf sender;
    int len = snprintf(text, sizeof text,
                       "{\"session_id\":\"S\",\"hook_event_name\":\"%s\",\"tool_name\":\"Bash\","
                       "\"tool_use_id\":\"t\",\"tool_input\":{\"command\":\"make\"}}",
                       event);
    assert_true(json_check(text, (size_t)len, 64, &payload, NULL));
    strbuf_init(&sender, &mem_libc, 0);
    client_processes_print(rig->ingest.processes.proc, 100, &sender);
    assert_true(json_check(sender.data, sender.len, 64, &from, NULL));
    struct hook_arrival arrival = {.t_ms = (double)(rig->now_ns + rig->ahead_ns) / 1e6,
                                   .local_ns = rig->now_ns,
                                   .sender = from};
    rig->ingest.wall_ns = NULL;
    assert_null(hook_take(&rig->ingest, "claude", payload, &arrival));
    assert_true(correlator_flush(rig->model.correlator));
    strbuf_release(&sender);
}

static void pass(struct rig *rig, int64_t ns)
{
    rig->now_ns += ns;
    assert_true(client_processes_look(&rig->ingest));
    assert_true(correlator_flush(rig->model.correlator));
}

/* A laptop sleeps for a night in the middle of a command, and wakes up. */
TEST(a_call_of_a_process_that_lives_survives_a_night)
{
    struct rig rig;
    rig_init(&rig);
    const char *proc = processes_new();
    rig.ingest.processes.proc = proc;
    processes_start(proc, 100, 1, 7, "claude", NULL);
    hook(&rig, "UserPromptSubmit");
    hook(&rig, "PreToolUse");
    pass(&rig, S);
    pass(&rig, 8 * 3600 * S);
    struct agent_status status = query_status(rig.model.swarm, 0, rig.now_ns);
    assert_int_equal(status.state, STATE_TOOL);
    assert_int_equal(rig.now_ns - status.since_ns, 8 * 3600 * S + S);
    hook(&rig, "PostToolUse");
    const struct record *tool = records_find(&rig.model, CALL_TOOL, "t", 0);
    assert_int_equal(tool->state, RECORD_ENDED);
    assert_true(tool->end_ms - tool->start_ms > 8 * 3600e3);
    /* It dies while the machine sleeps. */
    hook(&rig, "UserPromptSubmit");
    pass(&rig, S);
    processes_end(proc, 100);
    pass(&rig, 8 * 3600 * S);
    assert_int_equal(query_status(rig.model.swarm, 0, rig.now_ns).state, STATE_GONE);
    rig_release(&rig);
}

/* The process lived all that time, so its call ends with it, not when calls usually get stale. */
TEST(a_call_ends_with_its_process_after_hours)
{
    struct rig rig;
    rig_init(&rig);
    const char *proc = processes_new();
    rig.ingest.processes.proc = proc;
    processes_start(proc, 100, 1, 7, "claude", NULL);
    hook(&rig, "UserPromptSubmit");
    hook(&rig, "PreToolUse");
    pass(&rig, S);
    pass(&rig, 2 * 3600 * S);
    processes_end(proc, 100);
    pass(&rig, S);
    assert_int_equal(query_status(rig.model.swarm, 0, rig.now_ns).state, STATE_GONE);
    const struct record *tool = records_find(&rig.model, CALL_TOOL, "t", 0);
    assert_int_equal(tool->state, RECORD_INCOMPLETE);
    assert_true(tool->end_ms - tool->start_ms > 2 * 3600e3);
    rig_release(&rig);
}

/* The wall clock is set in mid-call: no call is shorter than nothing, and none is swept. */
TEST(hooks_make_no_negative_span_while_the_clock_is_set)
{
    for (size_t i = 0; i < sizeof steps_ns / sizeof *steps_ns; i++) {
        struct rig rig;
        rig_init(&rig);
        const char *proc = processes_new();
        rig.ingest.processes.proc = proc;
        processes_start(proc, 100, 1, 7, "claude", NULL);
        hook(&rig, "UserPromptSubmit");
        hook(&rig, "PreToolUse");
        pass(&rig, 2 * S);
        rig.ahead_ns += steps_ns[i];
        assert_int_equal(query_status(rig.model.swarm, 0, rig.now_ns).state, STATE_TOOL);
        hook(&rig, "PostToolUse");
        pass(&rig, S);
        const struct record *tool = records_find(&rig.model, CALL_TOOL, "t", 0);
        assert_int_equal(tool->state, RECORD_ENDED);
        assert_true(tool->end_ms >= tool->start_ms);
        assert_int_not_equal(query_status(rig.model.swarm, 0, rig.now_ns).state, STATE_STALE);
        rig_release(&rig);
    }
}
