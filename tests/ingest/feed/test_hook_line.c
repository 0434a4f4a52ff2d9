/* A hook's payload on its way to the feed: as it is where that is possible, cut where it is too large or too deep, and always a line that the
   feed takes. */
#include "ingest/feed/hook_line.h"
#include "tests/support/failing_mem.h"
#include "tests/support/rig.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1 << 20 };

static struct strbuf line;

static int setup(void **state)
{
    (void)state;
    strbuf_init(&line, &mem_libc, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    strbuf_release(&line);
    return 0;
}

/* Builds it; the payload's value in it. */
static struct json_value build(const char *payload, size_t len)
{
    struct json_value value;
    strbuf_clear(&line);
    assert_true(hook_line_build((struct slice){payload, len}, 1.5, (struct slice){NULL, 0},
                                (struct slice){NULL, 0}, LINE_MAX_BYTES, &line));
    assert_true(line.len <= LINE_MAX_BYTES);
    assert_int_equal(line.data[line.len - 1], '\n');
    assert_null(memchr(line.data, '\n', line.len - 1));
    assert_true(json_check(line.data, line.len - 1, 64, &value, NULL));
    return json_get(value, "payload");
}

TEST_WITH(a_payload_goes_as_it_is, setup, teardown)
{
    static const char payload[] = "{\"a\":[1,{\"b\":\"\\n\\ud83d\"}]}";
    build(payload, sizeof payload - 1);
    assert_string_equal(line.data, "{\"op\":\"claude_hook\",\"t\":1.5,\"payload\":"
                                   "{\"a\":[1,{\"b\":\"\\n\\ud83d\"}]}}\n");
}

TEST_WITH(another_client_is_named, setup, teardown)
{
    assert_true(hook_line_build((struct slice){"{}", 2}, 1.5, (struct slice){NULL, 0},
                                (struct slice){"my \"c\"", 6}, LINE_MAX_BYTES, &line));
    assert_string_equal(line.data,
                        "{\"op\":\"hook\",\"client\":\"my \\\"c\\\"\",\"t\":1.5,\"payload\":{}}\n");
}

TEST_WITH(what_was_printed_prettily_becomes_one_line, setup, teardown)
{
    static const char payload[] = "\n{\r\n \"a\": [\n1 ] }\n\n";
    build(payload, sizeof payload - 1);
    assert_string_equal(line.data,
                        "{\"op\":\"claude_hook\",\"t\":1.5,\"payload\":{   \"a\": [ 1 ] }}\n");
}

TEST_WITH(what_is_no_object_is_no_line, setup, teardown)
{
    static const char *const wrong[] = {"",       "x", "[]",    "7",           "null",
                                        "\"{}\"", "{", "{} {}", "{\"a\":\x01}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        strbuf_clear(&line);
        assert_false(hook_line_build((struct slice){wrong[i], strlen(wrong[i])}, 1,
                                     (struct slice){NULL, 0}, (struct slice){NULL, 0},
                                     LINE_MAX_BYTES, &line));
    }
}

/* Appends `n` times. */
static void add_times(struct strbuf *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        strbuf_adds(out, text);
    }
}

TEST_WITH(a_large_one_loses_its_bulk_and_keeps_what_it_is_about, setup, teardown)
{
    struct strbuf payload;
    strbuf_init(&payload, &mem_libc, 0);
    strbuf_adds(&payload, "{\"hook_event_name\":\"PostToolUse\",\"prompt\":\"");
    add_times(&payload, "x", 1000);
    strbuf_adds(&payload, "\",\"tool_input\":{\"command\":\"");
    add_times(&payload, "\xc3\xa9", 1000000);
    strbuf_adds(&payload, "\"},\"tool_response\":{\"agentId\":\"a1\",\"content\":[{\"text\":\"");
    add_times(&payload, "\\n", 1000000);
    strbuf_adds(&payload, "\"}]},\"tool_use_id\":\"t1\",\"duration_ms\":215}");
    struct json_value value = build(payload.data, payload.len);
    assert_true(line.len < 2000);
    assert_true(json_string_is(json_get(value, "hook_event_name"), "PostToolUse"));
    assert_true(json_string_is(json_get(value, "tool_use_id"), "t1"));
    assert_true(json_string_is(json_get(json_get(value, "tool_response"), "agentId"), "a1"));
    assert_int_equal((int)json_get_number(json_get(value, "duration_ms")), 215);
    /* Cut between characters; a prompt would have another length. */
    assert_int_equal(json_get(json_get(value, "tool_input"), "command").len, 202);
    assert_int_equal(json_get(value, "prompt").type, JSON_TYPE_NONE);
    strbuf_release(&payload);
}

TEST_WITH(one_that_is_large_by_numbers_of_things_is_cut_too, setup, teardown)
{
    struct strbuf payload;
    strbuf_init(&payload, &mem_libc, 0);
    strbuf_adds(&payload, "{\"tool_use_id\":\"t1\",\"tool_response\":[0");
    for (int i = 0; i < 300; i++) {
        strbuf_adds(&payload, ",[0");
        add_times(&payload, ",\"0123456789abcdef0123456789abcdef0123456789\"", 300);
        strbuf_adds(&payload, "]");
    }
    strbuf_adds(&payload, "]");
    for (int i = 0; i < 1000; i++) {
        strbuf_addf(&payload, ",\"k%d\":%d", i, i);
    }
    strbuf_adds(&payload, "}");
    struct json_value value = build(payload.data, payload.len);
    assert_true(json_string_is(json_get(value, "tool_use_id"), "t1"));
    strbuf_release(&payload);
}

TEST_WITH(one_that_is_nested_too_deep_for_the_feed_is_flattened, setup, teardown)
{
    struct strbuf payload;
    strbuf_init(&payload, &mem_libc, 0);
    for (size_t depth = 60; depth < 70; depth++) {
        strbuf_clear(&payload);
        strbuf_adds(&payload, "{\"tool_use_id\":\"t1\",\"tool_input\":");
        add_times(&payload, "[", depth);
        add_times(&payload, "]", depth);
        strbuf_adds(&payload, "}");
        struct json_value value = build(payload.data, payload.len);
        assert_true(json_string_is(json_get(value, "tool_use_id"), "t1"));
    }
    strbuf_release(&payload);
}

TEST_WITH(every_limit_is_kept, setup, teardown)
{
    static const char payload[] =
        "{\"session_id\":\"S\",\"tool_input\":{\"command\":[\"x\",{\"y\":[1]}]},\"tool_use_id\":\"t1\"}";
    for (size_t max = 0; max < 200; max++) {
        struct json_value value;
        strbuf_clear(&line);
        if (!hook_line_build((struct slice){payload, sizeof payload - 1}, 1.5,
                             (struct slice){NULL, 0}, (struct slice){NULL, 0}, max, &line)) {
            continue;
        }
        assert_true(line.len <= max);
        assert_true(json_check(line.data, line.len - 1, 64, &value, NULL));
    }
}

TEST_WITH(a_lack_of_memory_is_no_line, setup, teardown)
{
    static const char payload[] = "{\"session_id\":\"S\",\"tool_input\":{\"command\":\"x\"}}";
    bool done = false;
    for (long allow = 0; !done; allow++) {
        struct failing_mem fails = {.allow = allow};
        struct mem mem = failing_mem(&fails);
        struct strbuf out;
        strbuf_init(&out, &mem, 0);
        done = hook_line_build((struct slice){payload, sizeof payload - 1}, 1.5,
                               (struct slice){NULL, 0}, (struct slice){NULL, 0}, 60, &out) ||
               fails.calls <= (size_t)allow;
        strbuf_release(&out);
        assert_int_equal(fails.live_blocks, 0);
    }
}

TEST_WITH(the_feed_takes_it, setup, teardown)
{
    struct rig rig;
    static const char payload[] = "{\"session_id\":\"S\",\"hook_event_name\":\"PreToolUse\","
                                  "\"tool_name\":\"T\",\"tool_use_id\":\"t1\"}";
    rig_init(&rig);
    build(payload, sizeof payload - 1);
    rig_take(&rig, line.data);
    assert_int_equal(rig.counters.events, 1);
    rig_take(&rig, "{\"op\":\"claude_hook\"}\n{\"op\":\"claude_hook\",\"payload\":[]}\n"
                   "{\"op\":\"claude_hook\",\"payload\":{}}\n");
    assert_int_equal(rig.counters.bad, 3);
    assert_non_null(rig_logged(&rig, "claude_hook: payload is missing"));
    assert_non_null(rig_logged(&rig, "hook: hook_event_name is missing"));
    rig_release(&rig);
}
