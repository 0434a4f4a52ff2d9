/* Tests trace files that are read to their end: their events, their metadata, and their errors. */
#include "tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    rig_init(rig);
    rig_start_hub(rig, (struct hub_options){.follow = false});
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    rig_release(*state);
    free(*state);
    return 0;
}

/* Writes the text to a file of that name and reads it to its end. */
static struct source_status read_text(struct rig *rig, const char *name, const char *text)
{
    const char *path = support_path(support_tmpdir(), name);
    support_write_file(path, text, strlen(text));
    size_t index = rig_add(rig, path);
    rig_until_finished(rig);
    return hub_source(rig->hub, index);
}

/* A document of ours that was cut has no metadata, and is read without them all the same. */
TEST_WITH(what_a_document_of_ours_has_for_other_viewers_is_left_out, setup, teardown)
{
    struct rig *rig = *state;
    struct source_status status = read_text(
        rig, "trace-y.json",
        "{\"traceEvents\":[{\"name\":\"Tool: A\",\"cat\":\"tool\",\"ph\":\"B\",\"ts\":1000,\"pid\":1,\"tid\":5,\"args\":{}},"
        "{\"name\":\"x\",\"cat\":\"swarmtop\",\"ph\":\"s\",\"ts\":1000,\"pid\":1,\"tid\":5,\"id\":\"1f\"},"
        "{\"id\":\"1f\",\"bp\":\"e\",\"tid\":5,\"pid\":1,\"ts\":2000,\"ph\":\"f\",\"cat\":\"swarmtop\",\"name\":\"x\"},"
        "{\"name\":\"y\",\"cat\":\"swarmtop\",\"ph\":\"C\",\"ts\":2000,\"pid\":1,\"args\":{\"n\":1}},"
        "{\"name\":\"y\",\"cat\":\"swarmtop\",\"ph\":\"i\",\"ts\":2000,\"pid\":1,\"tid\":5},"
        "{\"name\":\"y\",\"cat\":\"other\",\"ph\":\"C\",\"ts\":2000,\"pid\":1,\"args\":{\"n\":1}},"
        "{\"name\":\"Tool: A\",\"cat\":\"tool\",\"ph\":\"E\",\"ts\":9000,\"pid\":1,\"tid\":5,\"args\":{}}");
    assert_int_equal(status.events, 4);
    assert_int_equal(swarm_counter_count(rig->model.swarm), 1);
    assert_int_equal(swarm_marker_count(rig->model.swarm), 1);
}

TEST_WITH(the_seeds_document_is_a_session_of_agents, setup, teardown)
{
    struct rig *rig = *state;
    struct source_status status = read_text(
        rig, "trace-x.json",
        "{\"traceEvents\":[{\"name\":\"process_name\",\"cat\":\"__metadata\",\"ph\":\"M\",\"ts\":0,\"pid\":1,\"tid\":0,\"args\":{\"name\":\"main\"}},"
        "{\"name\":\"Tool: A\",\"cat\":\"tool\",\"ph\":\"B\",\"ts\":1000,\"pid\":1,\"tid\":5,\"args\":{}},"
        "{\"name\":\"Tool: A\",\"cat\":\"tool\",\"ph\":\"E\",\"ts\":9000,\"pid\":1,\"tid\":5,\"args\":{}}],"
        "\"metadata\":{\"session_id\":\"abc\",\"trace_start_time\":\"2025-10-09T08:53:20.000Z\",\"agent_count\":3,"
        "\"total_event_count\":3,\"mine\":{\"k\":[1]}},\"other\":7}");
    assert_int_equal(status.state, SOURCE_FINISHED);
    assert_int_equal(status.events, 3);
    const struct session *session = rig_session(rig, "abc");
    assert_non_null(session);
    assert_int_equal(session->pool, POOL_FILES);
    assert_int_equal(session->start_ns, MODEL_START_NS);
    assert_int_equal(session->clock_ns, model_ns(9));
    assert_int_equal(session->registrations, 3);
    assert_int_equal(session->flags, SESSION_AGENTS | SESSION_HAS_START | SESSION_FINISHED);
    assert_string_equal(session->extra.data, "\"other\":7");
    assert_string_equal(session->metadata_extra.data, "\"mine\":{\"k\":[1]}");
    agent_no main = model_agent(&rig->model, "main");
    assert_int_not_equal(swarm_agent(rig->model.swarm, main)->flags & AGENT_MAIN, 0);
    assert_false(hub_failed(rig->hub));
}

TEST_WITH(a_session_without_an_id_is_called_by_its_file, setup, teardown)
{
    struct rig *rig = *state;
    read_text(rig, "my-trace.json", "[{\"ph\":\"i\",\"ts\":1,\"pid\":1,\"tid\":1,\"name\":\"a\"}]");
    const struct session *session = rig_session(rig, "my-trace");
    assert_non_null(session);
    assert_int_equal(session->flags & SESSION_HAS_START, 0);
    assert_int_equal(session->start_ns, 0);
}

TEST_WITH(all_phases_and_string_ids_are_kept, setup, teardown)
{
    struct rig *rig = *state;
    rig_add(rig, support_tests("traces/phases.json"));
    rig_until_finished(rig);
    assert_false(hub_failed(rig->hub));
    assert_int_equal(rig_events(rig), 12);
    char *dump = rig_dump(rig);
    assert_non_null(strstr(dump, "X 0.25 10.5 \"web\"/\"io\" |complete"));
    assert_non_null(strstr(dump, "{\"a\":1,\"b\":12345678901234567890}"));
    assert_non_null(strstr(dump, "f 10 nan 1/2 |flow |z |7 | |\"bp\":\"e\""));
    assert_non_null(strstr(dump, "{\"emoji\":\"\\ud83d\"}"));
    free(dump);
    span_no complete = model_span(&rig->model, "complete", 0);
    assert_int_equal(swarm_span(rig->model.swarm, complete)->end_ns, 10750);
}

TEST_WITH(what_clang_writes_opens, setup, teardown)
{
    struct rig *rig = *state;
    rig_add(rig, support_tests("traces/clang.json"));
    rig_until_finished(rig);
    assert_false(hub_failed(rig->hub));
    const struct session *session = rig_session(rig, "clang");
    assert_int_equal(session->event_count, 3);
    assert_int_equal(session->start_ns, (int64_t)1795426561166122 * 1000);
    assert_non_null(strstr(session->extra.data, "\"beginningOfTime\":1795426561166122"));
}

TEST_WITH(what_node_writes_opens, setup, teardown)
{
    struct rig *rig = *state;
    rig_add(rig, support_tests("traces/node.json"));
    rig_until_finished(rig);
    assert_false(hub_failed(rig->hub));
    assert_int_equal(rig_session(rig, "node")->event_count, 6);
}

/* The tools themselves, where they are installed. */
TEST_WITH(what_the_tools_of_this_machine_write_opens, setup, teardown)
{
    struct rig *rig = *state;
    const char *dir = support_tmpdir();
    char command[600];
    snprintf(
        command, sizeof command,
        "cd '%s' && echo 'int main(void){return 0;}' >c1.c && clang -ftime-trace -c c1.c -o c1.o >/dev/null 2>&1;"
        "cd '%s' && node --trace-events-enabled -e 0 >/dev/null 2>&1;"
        "cd '%s' && test -s c1.json -o -s node_trace.1.log",
        dir, dir, dir);
    if (system(command) != 0) {
        skip();
    }
    static const char *const names[] = {"c1.json", "node_trace.1.log"};
    for (size_t i = 0; i < 2; i++) {
        const char *path = support_path(dir, names[i]);
        if (access(path, R_OK) == 0) {
            rig_add(rig, path);
        }
    }
    rig_until_finished(rig);
    for (size_t i = 0; i < hub_source_count(rig->hub); i++) {
        assert_int_equal(hub_source(rig->hub, i).bad, 0);
        assert_true(hub_source(rig->hub, i).events > 5);
    }
    assert_false(hub_failed(rig->hub));
}

TEST_WITH(a_document_of_ours_opens_to_its_sessions, setup, teardown)
{
    struct rig *rig = *state;
    rig_take(
        rig,
        "{\"op\":\"hello\",\"t\":1760000000000.25,\"session_id\":\"one\",\"name\":\"First\"}\n"
        "{\"op\":\"register_agent\",\"t\":1760000000001,\"agent_id\":\"a\",\"agent_name\":\"helper\"}\n"
        "{\"op\":\"start_tool\",\"t\":1760000000010,\"agent_id\":\"a\",\"span_id\":\"x\",\"tool_name\":\"Bash\"}\n"
        "{\"op\":\"end_tool\",\"t\":1760000000020,\"span_id\":\"x\"}\n"
        "{\"op\":\"hello\",\"t\":1760000005000,\"session_id\":\"two\"}\n"
        "{\"op\":\"start_tool\",\"t\":1760000005010,\"span_id\":\"y\",\"tool_name\":\"Read\"}\n"
        "{\"op\":\"end_tool\",\"t\":1760000005020,\"span_id\":\"y\"}\n");
    char *document = model_export(rig->model.swarm, TRACKS_AGENT);
    struct rig again;
    rig_init(&again);
    rig_start_hub(&again, (struct hub_options){.follow = false});
    read_text(&again, "ours.json", document);
    assert_false(hub_failed(again.hub));
    assert_int_equal(rig_live_sessions(&again), 2);
    const struct session *one = rig_session(&again, "one"), *two = rig_session(&again, "two");
    assert_int_equal(one->start_ns, MODEL_START_NS + 250000);
    assert_int_equal(two->start_ns, model_ns(5000));
    assert_string_equal(swarm_text(again.model.swarm, one->name), "First");
    const struct agent *helper =
        swarm_agent(again.model.swarm, model_agent(&again.model, "helper"));
    assert_string_equal(swarm_text(again.model.swarm, helper->agent_id), "a");
    const struct span *read =
        swarm_span(again.model.swarm, model_span(&again.model, "Tool: Read", 0));
    assert_int_equal(read->start_ns, model_ns(5010));
    assert_int_equal(swarm_agent(again.model.swarm, read->agent)->session,
                     rig_session_no(&again, "two"));
    /* And once more, written from there. */
    char *second = model_export(again.model.swarm, TRACKS_AGENT);
    assert_string_equal(second, document);
    free(second);
    free(document);
    rig_release(&again);
}

TEST_WITH(a_file_of_feed_lines_is_a_feed, setup, teardown)
{
    struct rig *rig = *state;
    struct source_status status = read_text(
        rig, "rec.ndjson",
        "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"s\"}\nbad\n"
        "{\"op\":\"start_tool\",\"t\":1760000000010,\"span_id\":\"x\",\"tool_name\":\"A\"}");
    assert_int_equal(status.events, 2);
    assert_int_equal(status.bad, 1);
    assert_int_equal(status.state, SOURCE_FINISHED);
    assert_int_equal(rig_session(rig, "s")->pool, POOL_LIVE);
    assert_int_not_equal(rig_session(rig, "s")->flags & SESSION_FINISHED, 0);
}

TEST_WITH(a_file_of_raw_lines_has_a_session_by_its_name, setup, teardown)
{
    struct rig *rig = *state;
    read_text(
        rig, "raw.ndjson",
        "{\"ph\":\"i\",\"ts\":1,\"name\":\"a\"}\n{\"ph\":\"i\",\"ts\":2000,\"name\":\"b\"}\n");
    const struct session *session = rig_session(rig, "raw");
    assert_int_equal(session->event_count, 2);
    assert_int_equal(session->flags & SESSION_HAS_START, 0);
    assert_int_equal(session->clock_ns, 2000000);
}

/* ---- what is wrong ---- */

TEST_WITH(a_file_that_is_not_there_is_an_error, setup, teardown)
{
    struct rig *rig = *state;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    assert_false(hub_add(rig->hub, "/nowhere/trace.json", &error));
    assert_string_equal(error.data,
                        "/nowhere/trace.json: cannot be read: No such file or directory");
    assert_true(hub_failed(rig->hub));
    assert_true(hub_finished(rig->hub));
    strbuf_release(&error);
}

TEST_WITH(a_document_cut_off_keeps_what_came_and_says_where, setup, teardown)
{
    struct rig *rig = *state;
    struct source_status status = read_text(
        rig, "cut.json", "{\"traceEvents\":[\n{\"ph\":\"i\",\"ts\":1,\"name\":\"a\"},\n{\"ag");
    assert_int_equal(status.state, SOURCE_FAILED);
    assert_non_null(
        strstr(status.error, "cut.json: line 3: not JSON: unexpected end near '{\"ag'"));
    assert_true(hub_failed(rig->hub));
    assert_int_equal(rig_events(rig), 1);
}

TEST_WITH(a_bad_event_loses_itself_alone, setup, teardown)
{
    struct rig *rig = *state;
    struct source_status status = read_text(
        rig, "bad.json",
        "{\"traceEvents\":[{\"ph\":\"i\",\"ts\":1,\"name\":\"a\"},\n{\"ph\" \"i\"},\n{\"ph\":\"i\"},\n"
        "{\"ph\":\"i\",\"ts\":2,\"name\":\"b\"}],\"metadata\":{\"session_id\":\"m\"}}");
    assert_int_equal(status.bad, 2);
    assert_int_equal(rig_session(rig, "m")->event_count, 2);
    assert_true(hub_failed(rig->hub));
    assert_non_null(rig_logged(rig, "bad.json: line 2: not JSON"));
    assert_non_null(rig_logged(rig, "bad.json: line 3: ts is missing"));
}

TEST_WITH(a_file_that_is_no_trace_is_an_error, setup, teardown)
{
    struct rig *rig = *state;
    struct source_status status =
        read_text(rig, "notes.json", "Dear diary,\ntoday I wrote a trace.\n");
    assert_int_equal(status.state, SOURCE_FAILED);
    assert_int_equal(status.bad, 2);
    assert_int_equal(rig_live_sessions(rig), 0);
}

TEST_WITH(an_object_that_is_no_trace_is_an_error, setup, teardown)
{
    struct rig *rig = *state;
    assert_int_equal(
        read_text(rig, "package.json", "{\n  \"name\": \"x\",\n  \"version\": 1\n}\n").state,
        SOURCE_FAILED);
}

TEST_WITH(metadata_that_is_nonsense_does_no_harm, setup, teardown)
{
    struct rig *rig = *state;
    read_text(
        rig, "nonsense.json",
        "{\"metadata\":{\"session_id\":5,\"trace_start_time\":\"yesterday\",\"agent_count\":1e300,\"swarmtop\":{"
        "\"sessions\":[7,{\"id\":3,\"start\":9,\"start_ns\":\"x\",\"pids\":[\"a\",1e300,{}]},{\"id\":\"q\",\"pids\":7}],"
        "\"agents\":[null,{\"pid\":1e300},{\"pid\":\"1\"},{\"pid\":1,\"agent_id\":4,\"session_id\":\"zz\"}]}},"
        "\"beginningOfTime\":-1e300,\"traceEvents\":[{\"ph\":\"i\",\"ts\":1,\"pid\":1,\"tid\":1,\"name\":\"a\"}]}");
    assert_int_equal(rig_events(rig), 1);
}

/* ---- directories, and which files are read ---- */

TEST_WITH(a_directory_is_all_traces_in_it, setup, teardown)
{
    struct rig *rig = *state;
    const char *dir = support_tmpdir();
    static const char text[] = "[{\"ph\":\"i\",\"ts\":1,\"pid\":1,\"tid\":1,\"name\":\"a\"}]";
    static const char *const names[] = {"b.json",    "a.jsonl",      "c.ndjson",
                                        "notes.txt", ".hidden.json", "x.json.tmp"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        support_write_file(support_path(dir, names[i]), text, sizeof text - 1);
    }
    rig_add(rig, dir);
    rig_until_finished(rig);
    assert_int_equal(rig_live_sessions(rig), 3);
    assert_true(hub_reads(rig->hub, support_path(dir, "b.json")));
    assert_false(hub_reads(rig->hub, support_path(dir, "notes.txt")));
}

TEST_WITH(hub_reads_knows_a_file_by_any_name, setup, teardown)
{
    struct rig *rig = *state;
    const char *dir = support_tmpdir();
    const char *path = support_path(dir, "t.json"), *name = support_path(dir, "link");
    support_write_file(path, "[]", 2);
    assert_int_equal(symlink(path, name), 0);
    rig_add(rig, path);
    assert_true(hub_reads(rig->hub, path));
    assert_true(hub_reads(rig->hub, name));
    assert_false(hub_reads(rig->hub, support_path(dir, "other")));
    rig_until_finished(rig);
    assert_true(hub_reads(rig->hub, name));
}
