/* Every allocation fails once, in everything that decodes: no crash, no leak, and what was not refused is in the model. */
#include "ingest/decoder.h"
#include "tests/support/failing_mem.h"
#include "tests/support/rig.h"

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

/* Decodes the text with so many allocations; whether all went well. With `staged`, as a document that is followed, twice. */
static bool decode(const char *text, size_t len, long allow, bool staged_pass)
{
    struct failing_mem state = {.allow = -1};
    struct mem mem = failing_mem(&state);
    struct rig rig;
    assert_true(rig_init_with(&rig, &mem));
    state.allow = allow;
    struct trace_load load;
    struct staged staged;
    struct taken taken;
    trace_load_init(&load, &rig.tally, "in", "in");
    staged_init(&staged, &mem);
    taken_init(&taken, &mem);
    bool good = true;
    for (int pass = 0; pass < (staged_pass ? 2 : 1) && good; pass++) {
        struct decoder_options options = {.tally = &rig.tally,
                                          .where = "in",
                                          .session_id = "in",
                                          .max_line_bytes = 1 << 16,
                                          .max_event_bytes = 1 << 16,
                                          .staged = staged_pass ? &staged : NULL,
                                          .load = &load};
        struct decoder *decoder = decoder_new(&options);
        good = decoder != NULL;
        staged_clear(&staged);
        trace_load_clear_members(&load);
        for (size_t at = 0; at < len && good; at += 50)
            good = decoder_push(decoder, text + at, len - at < 50 ? len - at : 50);
        if (decoder != NULL)
            decoder_finish(decoder, SESSION_FINISHED);
        if (staged_pass && good)
            good = staged_commit(&staged, &taken, &load);
        else if (good && load.document != 0)
            good = trace_load_end(&load);
        decoder_free(decoder);
    }
    good = good && rig_logged(&rig, "out of memory") == NULL;
    state.allow = -1;
    taken_release(&taken);
    staged_release(&staged);
    trace_load_release(&load);
    rig_release(&rig);
    assert_int_equal(state.live_blocks, 0);
    return good;
}

/* Until it went well three times in a row: a failure that only loses a line's notice counts as well. */
static void fail_each(const char *text, size_t len, bool staged)
{
    long allow = 0;
    for (int good = 0; good < 3; allow++) {
        good = decode(text, len, allow, staged) ? good + 1 : 0;
        assert_true(allow < 100000);
    }
    for (long all = allow; all < allow + 50; all++)
        decode(text, len, all, staged);
    assert_true(decode(text, len, -1, staged));
}

static void a_feed(void **state)
{
    (void)state;
    fail_each(feed_text, sizeof feed_text - 1, false);
}

static void a_document(void **state)
{
    (void)state;
    fail_each(document_text, sizeof document_text - 1, false);
}

static void a_document_that_is_followed(void **state)
{
    (void)state;
    fail_each(document_text, sizeof document_text - 1, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_feed),
        cmocka_unit_test(a_document),
        cmocka_unit_test(a_document_that_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
