/* Every allocation fails once, in everything that decodes: no crash, no leak, and what was not refused is in the model. */
#include "ingest/trace/importer.h"
#include "ingest/trace/read_job.h"
#include "tests/support/failing_mem.h"
#include "tests/support/pipe.h"

#include <stdlib.h>
#include <string.h>

static const char feed_text[] =
    "{\"op\":\"hello\",\"t\":1760000000000,\"session_id\":\"s\",\"name\":\"n\"}\n"
    "{\"op\":\"register_agent\",\"agent_id\":\"a\",\"agent_name\":\"A\\u0041\"}\n"
    "{\"op\":\"start_llm_request\",\"agent_id\":\"a\",\"span_id\":\"r\",\"model\":\"m\"}\n"
    "{\"op\":\"end_llm_request\",\"span_id\":\"r\",\"ttft_ms\":5,\"attempt_start_times\":[1,2,3]}\n"
    "{\"op\":\"frob\"}\nbad\n{\"ph\":\"i\",\"ts\":5,\"name\":\"raw\",\"q\":1}\n"
    "{\"op\":\"start_tool\",\"session_id\":\"other\",\"span_id\":\"t\",\"tool_name\":\"T\",\"args\":[]}\n"
    "{\"op\":\"log\",\"message\":\"m\"}\n{\"op\":\"end_session\"}";

static const char document_text[] =
    "{\"k\":1,\"traceEvents\":[{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"args\":{\"name\":\"main\"}},"
    "{\"ph\":\"B\",\"ts\":1,\"pid\":1,\"tid\":1,\"name\":\"a\",\"q\":2},{\"ph\" 1},{\"ph\":\"E\",\"ts\":2,\"pid\":1,\"tid\":1},"
    "{\"ph\":\"i\",\"ts\":3,\"pid\":2,\"tid\":1,\"name\":\"i\"}],\"metadata\":{\"session_id\":\"s\",\"own\":1,"
    "\"trace_start_time\":\"2025-10-09T08:53:20.000Z\",\"swarmtop\":{\"sessions\":[{\"id\":\"s\",\"name\":\"S\","
    "\"start\":\"2025-10-09T08:53:20.000Z\",\"pids\":[1]},{\"id\":\"t\",\"start\":\"2025-10-09T08:53:21.000Z\",\"pids\":[2]}],"
    "\"agents\":[{\"pid\":1,\"agent_id\":\"s\",\"session_id\":\"s\",\"name\":\"main\"}]}}}";

static const char followed_text[] =
    "{\"k\":1,\"traceEvents\":[{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"args\":{\"name\":\"main\"}},"
    "{\"ph\":\"B\",\"ts\":1,\"pid\":1,\"tid\":1,\"name\":\"a\",\"q\":2},{\"ph\":\"E\",\"ts\":2,\"pid\":1,\"tid\":1},"
    "{\"ph\":\"i\",\"ts\":3,\"pid\":2,\"tid\":1,\"name\":\"i\\u0041\"}],\"metadata\":{\"session_id\":\"s\",\"own\":1,"
    "\"trace_start_time\":\"2025-10-09T08:53:20.000Z\"}}";

/* What is tried, with memory that fails; false: it did. */
typedef bool attempt(struct rig *rig, const char *text, size_t len);

/* In pieces of 50 bytes, as from a pipe. */
static bool decode(struct rig *rig, const char *text, size_t len)
{
    struct pipe pipe;
    pipe_init(&pipe, rig);
    for (size_t at = 0; at < len; at += 50) {
        pipe_push(&pipe, text + at, len - at < 50 ? len - at : 50);
    }
    bool good = pipe_finish(&pipe);
    pipe_release(&pipe);
    return good;
}

/* Reads one version of the file, which continues the former one unless it is the first. */
static bool read_version(struct rig *rig, struct importer *importer, const char *path,
                         struct fingerprint *former, bool first)
{
    struct read_options options = {.mem = rig->ingest.mem,
                                   .path = path,
                                   .max_event_bytes = 1 << 16,
                                   .follows = true,
                                   .verify = true,
                                   .former = first ? NULL : former};
    struct read_job *job = read_job_new(&options);
    struct batch batch;
    struct read_report report = {.state = job == NULL ? READ_FAILED : READ_MORE};
    batch_init(&batch, rig->ingest.mem);
    importer_begin(importer, first, true);
    while (report.state == READ_MORE) {
        report = read_job_step(job, &batch);
        if (report.state != READ_FAILED && !importer_take(importer, &report, &batch)) {
            report.state = READ_FAILED;
        }
    }
    bool good = report.state == READ_ENDED && report.complete && importer_commit(importer);
    if (good) {
        fingerprint_release(former);
        read_job_take_fingerprint(job, former);
        good = !former->failed;
    }
    batch_release(&batch);
    read_job_free(job);
    return good;
}

/* As a document that is followed, and grows. */
static bool follow(struct rig *rig, const char *text, size_t len)
{
    static const char more[] = ",{\"ph\":\"i\",\"ts\":4,\"pid\":1,\"name\":\"more\"}",
                      end[] = "],\"metadata\"";
    const char *path = support_path(support_tmpdir(), "followed.json");
    size_t at = (size_t)(strstr(text, end) - text);
    struct importer_options options = {
        .counters = &rig->counters, .where = "in", .session_id = "in", .max_line_bytes = 1 << 16};
    struct strbuf longer;
    struct importer importer;
    struct fingerprint former;
    strbuf_init(&longer, &mem_libc, 0);
    strbuf_add(&longer, text, at);
    strbuf_adds(&longer, more);
    strbuf_add(&longer, text + at, len - at);
    fingerprint_init(&former, rig->ingest.mem);
    importer_init(&importer, &options);
    support_write_file(path, text, len);
    bool good = read_version(rig, &importer, path, &former, true);
    support_write_file(path, longer.data, longer.len);
    good = good && read_version(rig, &importer, path, &former, false);
    assert_true(!good || rig_events(rig) == 4);
    fingerprint_release(&former);
    importer_release(&importer);
    strbuf_release(&longer);
    return good;
}

/* With so many allocations; whether all went well. */
static bool try(attempt *tried, const char *text, size_t len, long allow)
{
    struct failing_mem state = {.allow = -1};
    struct mem mem = failing_mem(&state);
    struct rig rig;
    assert_true(rig_init_with(&rig, &mem));
    state.allow = allow;
    bool good = tried(&rig, text, len) && rig_logged(&rig, "out of memory") == NULL;
    state.allow = -1;
    rig_release(&rig);
    assert_int_equal(state.live_blocks, 0);
    return good;
}

/* Until it went well three times in a row: a failure that only loses a line's entry counts as well. */
static void fail_each(attempt *tried, const char *text, size_t len)
{
    long allow = 0;
    for (int good = 0; good < 3; allow++) {
        good = try(tried, text, len, allow) ? good + 1 : 0;
        assert_true(allow < 100000);
    }
    for (long all = allow; all < allow + 50; all++) {
        try(tried, text, len, all);
    }
    assert_true(try(tried, text, len, -1));
}

TEST(a_feed)
{
    fail_each(decode, feed_text, sizeof feed_text - 1);
}

TEST(a_document)
{
    fail_each(decode, document_text, sizeof document_text - 1);
}

TEST(a_document_that_is_followed)
{
    fail_each(follow, followed_text, sizeof followed_text - 1);
}
