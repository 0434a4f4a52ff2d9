/* Operations from the words of a command line: what `emit` builds, and what it refuses. */
#include "ingest/feed/emit.h"
#include "ingest/feed/feed_ops.h"
#include "tests/support/rig.h"

#include <math.h>
#include <string.h>

enum { WORDS = 6, WORD_BYTES = 32 };

/* Not const, as the words of a command line are not. */
static struct {
    const char *op;
    char words[WORDS][WORD_BYTES];
    const char *line;  /* NULL: refused */
    const char *error; /* of a refused one */
} cases[] = {
    {"end_session", {""}, "{\"op\":\"end_session\",\"t\":1.5,\"session_id\":\"shell\"}\n", NULL},
    {"start_tool",
     {"span_id=x", "tool_name=B\"ash"},
     "{\"op\":\"start_tool\",\"t\":1.5,\"session_id\":\"shell\",\"span_id\":\"x\",\"tool_name\":\"B\\\"ash\"}\n",
     NULL},
    {"start_tool",
     {"span_id=1", "tool_name=true", "t=7", "session_id=q"},
     "{\"op\":\"start_tool\",\"t\":7,\"session_id\":\"q\",\"span_id\":\"1\",\"tool_name\":\"true\"}\n",
     NULL},
    {"start_tool",
     {"span_id=x", "tool_name=a", "tool_name=b=c"},
     "{\"op\":\"start_tool\",\"t\":1.5,\"session_id\":\"shell\",\"span_id\":\"x\",\"tool_name\":\"b=c\"}\n",
     NULL},
    {"start_tool",
     {"span_id=x", "tool_name=a", "args.n=1", "args.s=ls -l", "args.b=true", "args.e="},
     "{\"op\":\"start_tool\",\"t\":1.5,\"session_id\":\"shell\",\"span_id\":\"x\",\"tool_name\":\"a\","
     "\"args\":{\"n\":1,\"s\":\"ls -l\",\"b\":true,\"e\":\"\"}}\n",
     NULL},
    {"start_tool",
     {"span_id=x", "tool_name=a", "args.n=\"5\"", "args.l=[5]", "args.o={}", "args.t=null"},
     "{\"op\":\"start_tool\",\"t\":1.5,\"session_id\":\"shell\",\"span_id\":\"x\",\"tool_name\":\"a\","
     "\"args\":{\"n\":\"\\\"5\\\"\",\"l\":\"[5]\",\"o\":\"{}\",\"t\":null}}\n",
     NULL},
    {"start_tool",
     {"span_id=x", "tool_name=a", "args={\"k\":[1]}", "args.a.b=null"},
     "{\"op\":\"start_tool\",\"t\":1.5,\"session_id\":\"shell\",\"span_id\":\"x\",\"tool_name\":\"a\","
     "\"args\":{\"k\":[1],\"a.b\":null}}\n",
     NULL},
    {"counter",
     {"name=n", "values.a=1", "values.b=2.5"},
     "{\"op\":\"counter\",\"t\":1.5,\"session_id\":\"shell\",\"name\":\"n\",\"values\":{\"a\":1,\"b\":2.5}}\n",
     NULL},
    {"end_llm_request",
     {"span_id=x", "success=false", "attempt_start_times=1,2"},
     "{\"op\":\"end_llm_request\",\"t\":1.5,\"session_id\":\"shell\",\"span_id\":\"x\",\"attempt_start_times\":[1,2],\"success\":false}\n",
     NULL},
    {"end_llm_request",
     {"span_id=x", "attempt_start_times=[]", "ttft_ms=1e2"},
     "{\"op\":\"end_llm_request\",\"t\":1.5,\"session_id\":\"shell\",\"span_id\":\"x\",\"ttft_ms\":1e2,\"attempt_start_times\":[]}\n",
     NULL},
    {"log",
     {"message=\xff"},
     "{\"op\":\"log\",\"t\":1.5,\"session_id\":\"shell\",\"message\":\"\xef\xbf\xbd\"}\n",
     NULL},
    {"update_call",
     {"kind=tool", "id=1", "start_ms=1760000000000", "success=true", "args.n=1", "name=Bash"},
     "{\"op\":\"update_call\",\"t\":1.5,\"session_id\":\"shell\",\"kind\":\"tool\",\"id\":\"1\","
     "\"start_ms\":1760000000000,\"name\":\"Bash\",\"args\":{\"n\":1},\"success\":true}\n",
     NULL},
    {"update_call",
     {"kind=request", "id=r", "retry.attempt=2", "outcome=ended", "precedence=3", "by=me"},
     "{\"op\":\"update_call\",\"t\":1.5,\"session_id\":\"shell\",\"kind\":\"request\",\"id\":\"r\","
     "\"by\":\"me\",\"precedence\":3,\"outcome\":\"ended\",\"retry\":{\"attempt\":2}}\n",
     NULL},
    {"update_session",
     {"session_id=7", "pid=12", "alive=false"},
     "{\"op\":\"update_session\",\"t\":1.5,\"session_id\":\"7\",\"pid\":12,\"alive\":false}\n",
     NULL},
    {"update_call", {"id=r"}, NULL, "update_call: kind is missing"},
    {"update_call",
     {"kind=x", "id=r"},
     NULL,
     "update_call: kind is not a kind: request, tool, wait, interaction or span"},
    {"update_call",
     {"kind=tool", "id=r", "start_ms=12x"},
     NULL,
     "update_call: start_ms is not a time in Unix milliseconds"},
    {"update_agent", {"agent_id=a", "cwd=/"}, NULL, "update_agent: no such field: cwd=/"},
    {"frobnicate", {""}, NULL, "frobnicate: no such operation"},
    {"start_tool", {"span_id=x"}, NULL, "start_tool: tool_name is missing"},
    {"start_tool",
     {"span_id=x", "tool_name=a", "model=m"},
     NULL,
     "start_tool: no such field: model=m"},
    {"start_tool", {"span_id=x", "tool_name=a", "op=m"}, NULL, "start_tool: no such field: op=m"},
    {"start_tool",
     {"span_id=x", "tool_name.k=a"},
     NULL,
     "start_tool: no such field: tool_name.k=a"},
    {"start_tool", {"span_id"}, NULL, "start_tool: not KEY=VALUE: span_id"},
    {"start_tool", {"=x"}, NULL, "start_tool: not KEY=VALUE: =x"},
    {"start_tool",
     {"span_id=x", "tool_name=a", "args=[1]"},
     NULL,
     "start_tool: not a JSON object: args=[1]"},
    {"start_tool",
     {"span_id=x", "tool_name=a", "t=soon"},
     NULL,
     "start_tool: t is not a time in Unix milliseconds"},
    {"end_llm_request",
     {"span_id=x", "ttft_ms=fast"},
     NULL,
     "end_llm_request: ttft_ms is not a number"},
    {"end_llm_request",
     {"span_id=x", "ttft_ms=1e400"},
     NULL,
     "end_llm_request: ttft_ms is not a number"},
    {"end_llm_request",
     {"span_id=x", "success=yes"},
     NULL,
     "end_llm_request: success is not true or false"},
    {"end_llm_request",
     {"span_id=x", "attempt_start_times=1,,2"},
     NULL,
     "end_llm_request: attempt_start_times is not an array of numbers"},
    {"end_llm_request",
     {"span_id=x", "attempt_start_times=a"},
     NULL,
     "end_llm_request: attempt_start_times is not an array of numbers"},
    {"counter", {"name=n"}, NULL, "counter: values is missing"},
    {"counter", {"name=n", "values.a=x"}, NULL, "counter: values is not an object of numbers"},
    {"progress",
     {"span_id=x", "output_tokens=many"},
     NULL,
     "progress: output_tokens is not a number"},
};

TEST(words_make_a_line_or_an_error_that_names_what_is_wrong)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct strbuf line, error;
        strbuf_init(&line, &mem_libc, 0);
        strbuf_init(&error, &mem_libc, 0);
        char *words[WORDS];
        size_t count = 0;
        for (; count < WORDS && cases[i].words[count][0] != '\0'; count++) {
            words[count] = cases[i].words[count];
        }
        bool good = emit_build(cases[i].op, words, count, "shell", 1.5, &line, &error);
        if (cases[i].line != NULL) {
            if (!good) {
                fail_msg("case %zu: %s", i, error.data);
            }
            assert_string_equal(line.data, cases[i].line);
        } else {
            assert_false(good);
            assert_string_equal(error.data, cases[i].error);
        }
        strbuf_release(&line);
        strbuf_release(&error);
    }
}

TEST(without_session_and_time_there_are_none)
{
    struct strbuf line, error;
    strbuf_init(&line, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    assert_true(emit_build("end_session", NULL, 0, NULL, NAN, &line, &error));
    assert_string_equal(line.data, "{\"op\":\"end_session\"}\n");
    strbuf_release(&line);
    strbuf_release(&error);
}

TEST(what_is_built_is_what_a_feed_takes)
{
    struct rig rig;
    struct strbuf line, error;
    char words[3][WORD_BYTES] = {"span_id=x", "tool_name=Bash", "args.command=make test"};
    char *pairs[] = {words[0], words[1], words[2]};
    rig_init(&rig);
    strbuf_init(&line, &mem_libc, 0);
    strbuf_init(&error, &mem_libc, 0);
    assert_true(emit_build("start_tool", pairs, 3, "shell", MODEL_START_MS, &line, &error));
    rig_take(&rig, line.data);
    assert_int_equal(rig.counters.bad, 0);
    assert_int_equal(rig_session(&rig, "shell")->event_count, 1);
    strbuf_release(&line);
    strbuf_release(&error);
    rig_release(&rig);
}

TEST(help_names_every_operation_and_field)
{
    struct strbuf help;
    strbuf_init(&help, &mem_libc, 0);
    emit_help(&help);
    for (size_t i = 0; i < feed_op_count; i++) {
        assert_non_null(strstr(help.data, feed_ops[i].name));
    }
    for (int i = OP_T; i < FEED_FIELDS; i++) {
        assert_non_null(strstr(help.data, feed_fields[i].name));
    }
    strbuf_release(&help);
}
