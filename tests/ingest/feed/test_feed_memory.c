/* Every allocation fails once, in everything that decodes: no crash, no leak, and what was not refused is in the model. */
#include "ingest/trace/version.h"
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
    for (size_t at = 0; at < len; at += 50)
        pipe_push(&pipe, text + at, len - at < 50 ? len - at : 50);
    bool good = pipe_finish(&pipe);
    pipe_release(&pipe);
    return good;
}

/* One version of the file; where `trail` has one, going on from that. */
static bool read_version(struct rig *rig, struct version *version, const char *path,
                         struct trail *trail, bool first)
{
    struct reading_options options = {.mem = rig->intake.mem,
                                      .path = path,
                                      .max_event_bytes = 1 << 16,
                                      .follows = true,
                                      .verify = true,
                                      .former = first ? NULL : trail};
    struct reading *reading = reading_new(&options);
    struct batch batch;
    enum reading_state state = reading == NULL ? READING_FAILED : READING_GOES_ON;
    batch_init(&batch, rig->intake.mem);
    version_begin(version, first, true);
    while (state == READING_GOES_ON) {
        state = reading_step(reading, &batch);
        version_look(version, reading);
        if (state != READING_FAILED && !version_take(version, &batch))
            state = READING_FAILED;
    }
    bool good = state == READING_ENDED && reading_complete(reading) && version_commit(version);
    if (good) {
        trail_release(trail);
        reading_take_trail(reading, trail);
        good = !trail->failed;
    }
    batch_release(&batch);
    reading_free(reading);
    return good;
}

/* As a document that is followed, and grows. */
static bool follow(struct rig *rig, const char *text, size_t len)
{
    static const char more[] = ",{\"ph\":\"i\",\"ts\":4,\"pid\":1,\"name\":\"more\"}",
                      end[] = "],\"metadata\"";
    const char *path = support_path(support_tmpdir(), "followed.json");
    size_t at = (size_t)(strstr(text, end) - text);
    struct loading_options options = {
        .tally = &rig->tally, .where = "in", .session_id = "in", .max_line_bytes = 1 << 16};
    struct strbuf longer;
    struct loading loading;
    struct trail trail;
    struct version version;
    strbuf_init(&longer, &mem_libc, 0);
    strbuf_add(&longer, text, at);
    strbuf_adds(&longer, more);
    strbuf_add(&longer, text + at, len - at);
    trail_init(&trail, rig->intake.mem);
    loading_init(&loading, &options);
    version_init(&version, &loading);
    support_write_file(path, text, len);
    bool good = read_version(rig, &version, path, &trail, true);
    support_write_file(path, longer.data, longer.len);
    good = good && read_version(rig, &version, path, &trail, false);
    assert_true(!good || rig_events(rig) == 4);
    version_release(&version);
    trail_release(&trail);
    loading_release(&loading);
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

/* Until it went well three times in a row: a failure that only loses a line's notice counts as well. */
static void fail_each(attempt *tried, const char *text, size_t len)
{
    long allow = 0;
    for (int good = 0; good < 3; allow++) {
        good = try(tried, text, len, allow) ? good + 1 : 0;
        assert_true(allow < 100000);
    }
    for (long all = allow; all < allow + 50; all++)
        try(tried, text, len, all);
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
