/* Spans that are unusual, and what must not happen to them. */
#include "core/model/record.h"
#include "core/query/query.h"
#include "ingest/otlp/otlp_attributes.h"
#include "tests/support/otlp_reading.h"

#include "core/query/query.h"

#include <stdlib.h>
#include <string.h>

#define SPAN(id, parent, name, kind, attributes, more)                                    \
    "{'traceId':'0000000000000000000000000000aaaa','spanId':'00000000000000" id           \
    "','parentSpanId':'" parent "','name':'" name "','kind':" #kind                       \
    ",'startTimeUnixNano':'1795903200000000000','endTimeUnixNano':'1795903201000000000'," \
    "'attributes':[" attributes "]" more "}"
#define TEXT(key, value) "{'key':'" key "','value':{'stringValue':'" value "'}}"
#define BODY(spans)      "{'resourceSpans':[{'scopeSpans':[{'spans':[" spans "]}]}]}"

static void take(struct otlp_rig *otlp, const char *text)
{
    char *body = strdup(text);
    assert_non_null(body);
    for (char *at = body; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    otlp_rig_take(otlp, OTLP_TRACES, OTLP_JSON, body, strlen(body));
    free(body);
}

static void check(struct otlp_rig *otlp, const char *expected)
{
    json_t *reading = otlp_reading(&otlp->rig), *want;
    char *text = strdup(expected);
    json_error_t error;
    for (char *at = text; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    want = json_loads(text, 0, &error);
    assert_non_null(want);
    char *differs = otlp_reading_differs(reading, want);
    if (differs != NULL) {
        fail_msg("%s", differs);
    }
    json_decref(want);
    json_decref(reading);
    free(text);
}

/* OpenCode has a session for each sub-agent. The call's result names it, whichever comes first. */
TEST(a_call_names_the_session_that_it_started)
{
    static const char head[] =
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":"
        "{\"stringValue\":\"opencode\"}}]},\"scopeSpans\":[{\"spans\":[";
    static const char call[] =
        "{\"traceId\":\"0000000000000000000000000000aaaa\",\"spanId\":\"0000000000000001\",\"name\":"
        "\"ai.toolCall\",\"startTimeUnixNano\":\"1795903200000000000\",\"endTimeUnixNano\":"
        "\"1795903203000000000\",\"attributes\":["
        "{\"key\":\"ai.operationId\",\"value\":{\"stringValue\":\"ai.toolCall\"}},"
        "{\"key\":\"ai.toolCall.name\",\"value\":{\"stringValue\":\"task\"}},"
        "{\"key\":\"ai.toolCall.id\",\"value\":{\"stringValue\":\"toolu_1\"}},"
        "{\"key\":\"session.id\",\"value\":{\"stringValue\":\"ses_1\"}},"
        "{\"key\":\"ai.toolCall.args\",\"value\":{\"stringValue\":\"{\\\"description\\\":\\\"Helper A\\\","
        "\\\"prompt\\\":\\\"go\\\",\\\"subagent_type\\\":\\\"general\\\"}\"}},"
        "{\"key\":\"ai.toolCall.result\",\"value\":{\"stringValue\":\"{\\\"title\\\":\\\"Helper A\\\","
        "\\\"metadata\\\":{\\\"parentSessionId\\\":\\\"ses_1\\\",\\\"sessionId\\\":\\\"ses_2\\\"}}\"}}]}";
    static const char request[] =
        "{\"traceId\":\"0000000000000000000000000000bbbb\",\"spanId\":\"0000000000000002\",\"name\":"
        "\"ai.streamText.doStream\",\"startTimeUnixNano\":\"1795903201000000000\",\"endTimeUnixNano\":"
        "\"1795903202000000000\",\"attributes\":["
        "{\"key\":\"ai.operationId\",\"value\":{\"stringValue\":\"ai.streamText.doStream\"}},"
        "{\"key\":\"session.id\",\"value\":{\"stringValue\":\"ses_2\"}}]}";
    static const char tail[] = "]}]}]}";
    for (int i = 0; i < 2; i++) {
        struct otlp_rig otlp;
        char body[4096];
        struct strbuf title;
        otlp_rig_init(&otlp);
        strbuf_init(&title, &mem_libc, 0);
        for (int k = 0; k < 2; k++) {
            snprintf(body, sizeof body, "%s%s%s", head, i == k ? call : request, tail);
            otlp_rig_take(&otlp, OTLP_TRACES, OTLP_JSON, body, strlen(body));
        }
        const struct swarm *swarm = otlp.rig.model.swarm;
        session_no child = swarm_find_session(swarm, "ses_2", 5);
        query_session_title(swarm, child, &title);
        assert_string_equal(title.data, "general");
        size_t count;
        struct tree_row *rows = query_tree(swarm, &count);
        assert_int_equal(count, 2);
        assert_int_equal(rows[1].parent, rows[0].agent);
        assert_int_equal(swarm_agent(swarm, rows[1].agent)->session, child);
        mem_free(&mem_libc, rows, count * sizeof *rows);
        strbuf_release(&title);
        otlp_rig_release(&otlp);
    }
}

#define QWEN(list, scope, item)                                                          \
    "{\"" list "\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":" \
    "{\"stringValue\":\"qwen-code\"}}]},\"" scope "\":[{" item "}]}]}"
#define QWEN_TEXT(key, value) "{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" value "\"}}"
#define QWEN_IDS                                        \
    "\"traceId\":\"0000000000000000000000000000aaaa\"," \
    "\"spanId\":\"0000000000000002\","

/* While a sub-agent of Qwen Code runs, its turn is known by its first request alone. */
TEST(a_turn_that_began_before_is_on_the_row_of_its_agent)
{
    static const char log[] = QWEN(
        "resourceLogs", "scopeLogs",
        "\"logRecords\":[{" QWEN_IDS
        "\"timeUnixNano\":\"1795903200000000000\",\"attributes\":[" QWEN_TEXT("session.id", "s") "," QWEN_TEXT(
            "event.name",
            "qwen-code.api_request") "," QWEN_TEXT("prompt_id",
                                                   "s#Explore-t1#0") "," QWEN_TEXT("subagent_name",
                                                                                   "Explore") "]}]");
    static const char span[] =
        QWEN("resourceSpans", "scopeSpans",
             "\"spans\":[{" QWEN_IDS
             "\"parentSpanId\":\"0000000000000001\",\"name\":\"qwen-code.llm_request\","
             "\"startTimeUnixNano\":\"1795903200000000000\",\"endTimeUnixNano\":"
             "\"1795903201000000000\",\"attributes\":[" QWEN_TEXT("session.id", "s") "]}]");
    struct otlp_rig otlp;
    struct strbuf title;
    otlp_rig_init(&otlp);
    strbuf_init(&title, &mem_libc, 0);
    otlp_rig_take(&otlp, OTLP_LOGS, OTLP_JSON, log, strlen(log));
    assert_true(correlator_flush(otlp.rig.model.correlator));
    const struct swarm *swarm = otlp.rig.model.swarm;
    assert_int_equal(swarm_span(swarm, swarm_first_in_flight(swarm))->kind, SPAN_REQUEST);
    otlp_rig_take(&otlp, OTLP_TRACES, OTLP_JSON, span, strlen(span));
    assert_true(correlator_flush(otlp.rig.model.correlator));
    const struct span *turn = swarm_span(swarm, swarm_first_in_flight(swarm));
    assert_int_equal(turn->kind, SPAN_INTERACTION);
    query_agent_title(swarm, turn->agent, &title);
    assert_string_equal(title.data, "Explore");
    strbuf_release(&title);
    otlp_rig_release(&otlp);
}

static void keep_line(void *ctx, const char *line, size_t len)
{
    strbuf_add(ctx, line, len);
}

/* Takes a span in whose attributes stands a character many times. */
static void take_long(struct otlp_rig *otlp, const char *before, char c, size_t count,
                      const char *after)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, 0);
    strbuf_adds(&text, "{'resourceSpans':[{'scopeSpans':[{'spans':[{'traceId':"
                       "'0000000000000000000000000000aaaa','spanId':'0000000000000001','name':'t',"
                       "'startTimeUnixNano':'1795903200000000000','endTimeUnixNano':"
                       "'1795903201000000000','status':{'code':2,'message':'Exit code 1'},"
                       "'attributes':[");
    strbuf_adds(&text, before);
    for (size_t i = 0; i < count; i++) {
        strbuf_addc(&text, c);
    }
    strbuf_adds(&text, after);
    strbuf_adds(&text, "}]}]}]}]}");
    assert_false(text.failed);
    take(otlp, text.data);
    strbuf_release(&text);
}

/* Both of an error's texts have a class; neither may move the other. */
TEST(an_error_of_any_length_has_a_class)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take_long(&otlp,
              TEXT("gen_ai.operation.name", "execute_tool") ",{'key':'error','value':"
                                                            "{'stringValue':'Exit code ",
              '7', 300000, "'}");
    check(&otlp, "{'tools':[{'error':'Exit code 7777777777'}]}");
    otlp_rig_release(&otlp);
}

#define NUMBER(key, value) "{'key':'" key "','value':{'intValue':" value "}}"

/* Newer versions report the prompt under two names, which count differently. */
TEST(a_prompt_of_two_names_counts_once)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take(
        &otlp,
        "{'resourceSpans':[{'resource':{'attributes':[" TEXT("service.name", "claude-code") "]},'scopeSpans':[{'scope':{'name':'com.anthropic.claude_code.tracing'},'spans':[" SPAN(
            "01", "", "claude_code.llm_request", 1,
            TEXT("span.type", "llm_request") "," TEXT("model", "m") "," NUMBER("input_tokens", "4") "," NUMBER(
                "cache_creation_tokens",
                "12035") "," NUMBER("gen_ai.usage.input_tokens",
                                    "12039") "," NUMBER("gen_ai.usage.cache_write.input_tokens",
                                                        "12035") "," NUMBER("output_tokens", "9"),
            "") "]}]}]}");
    check(&otlp, "{'requests':[{'prompt':12039,'cache_creation':12035,'output':9}]}");
    otlp_rig_release(&otlp);
}

#define AGENT(id, parent, name, kind)            \
    SPAN(id, parent, "invoke_agent " name, kind, \
         TEXT("gen_ai.operation.name", "invoke_agent") "," TEXT("gen_ai.agent.name", name), "")
#define CHAT(id, parent)        \
    SPAN(id, parent, "chat", 3, \
         TEXT("gen_ai.operation.name", "chat") "," TEXT("gen_ai.request.model", "m"), "")

/* Each row is one span of an agent "boss" and what it is read as. */
TEST(signs_that_are_like_those_of_a_client_are_read_as_what_they_are)
{
#define TOOL(attributes)                                                                \
    SPAN("02", "0000000000000001", "read", 1,                                           \
         TEXT("gen_ai.operation.name", "execute_tool") "," TEXT("gen_ai.tool.name",     \
                                                                "read") "," attributes, \
         "")
    static const struct {
        const char *service, *span, *reading;
    } rows[] = {
        {"svc", TOOL(TEXT("tool.error", "no such file")), "{'tools':[{'error':'error'}]}"},
        {"svc", TOOL(TEXT("error", "false")), "{'tools':[{'error':null}]}"},
        {"svc", TOOL(TEXT("tool.error", "x") ",{'key':'success','value':{'boolValue':true}}"),
         "{'tools':[{'error':null}]}"},
        {"svc", TOOL(TEXT("agent_id", "asst_1")), "{'agents':['boss'],'tools':[{'agent':'boss'}]}"},
        {"codexplorer", TOOL(TEXT("a", "b")), "{'tools':[{'name':'read'}]}"},
        {"codex_cli_rs", TOOL(TEXT("a", "b")), "{'tools':[]}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct otlp_rig otlp;
        char body[4000];
        otlp_rig_init(&otlp);
        snprintf(body, sizeof body,
                 "{'resourceSpans':[{'resource':{'attributes':[{'key':'service.name','value':{"
                 "'stringValue':'%s'}}]},'scopeSpans':[{'spans':[%s,%s]}]}]}",
                 rows[i].service, AGENT("01", "", "boss", 1), rows[i].span);
        take(&otlp, body);
        print_message("  %s\n", rows[i].reading);
        check(&otlp, rows[i].reading);
        otlp_rig_release(&otlp);
    }
}

/* A CLIENT span around an INTERNAL one is the same run, whichever comes first in a request. */
TEST(a_run_of_a_sub_agent_has_one_row_in_any_order)
{
    static const char *const orders[] = {
        BODY(CHAT("04", "0000000000000003") "," AGENT("03", "0000000000000002", "rev", 1) "," AGENT(
            "02", "0000000000000001", "rev", 3) "," AGENT("01", "", "boss", 1)),
        BODY(AGENT("01", "", "boss", 1) "," AGENT("02", "0000000000000001", "rev", 3) "," AGENT(
            "03", "0000000000000002", "rev", 1) "," CHAT("04", "0000000000000003")),
    };
    for (size_t i = 0; i < 2; i++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take(&otlp, orders[i]);
        check(&otlp, "{'agents':['boss','rev'],'parent':{'rev':'boss'},"
                     "'requests':[{'agent':'rev','model':'m'}]}");
        otlp_rig_release(&otlp);
    }
}

#define SECRETS                                                                                                               \
    BODY(SPAN(                                                                                                                \
        "01", "", "chain", 1,                                                                                                 \
        TEXT("retrieval.documents.0.document.content", "SECRET") "," TEXT("request_data", "SECRET") "," TEXT(                 \
            "mlflow.spanInputs",                                                                                              \
            "the SECRET") "," TEXT("gen_ai.prompt.0.content",                                                                 \
                                   "SECRET") "," TEXT("input.value",                                                          \
                                                      "SECRET") "," TEXT("gen_ai.input.messages",                             \
                                                                         "SECRET") ",{'key':'odd','value':{'arrayValue':"     \
                                                                                   "{'values':[{'stringValue':'SECRET'}]}}}", \
        ",'status':{'code':2,'message':'SECRET of a file'}"))

/* Texts of results lie in many attributes; without --content none is kept. */
TEST(no_content_is_kept_unasked)
{
    for (unsigned content = 0; content < 2; content++) {
        struct otlp_rig otlp;
        struct strbuf feed;
        otlp_rig_init(&otlp);
        strbuf_init(&feed, &mem_libc, 0);
        otlp.rig.ingest.content = content == 1;
        otlp.rig.ingest.tap = (struct ingest_tap){keep_line, &feed};
        take(&otlp, SECRETS);
        assert_true(feed.len > 0);
        assert_true((strstr(feed.data, "SECRET") != NULL) == (content == 1));
        strbuf_release(&feed);
        otlp_rig_release(&otlp);
    }
}

/* Keys of dots, and thousands of attributes: no work that grows faster than the request. */
TEST(a_long_key_is_passed_over)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take_long(&otlp, "{'key':'", '.', 1 << 20, "','value':{'intValue':1}");
    check(&otlp, "{'other':['t']}");
    otlp_rig_release(&otlp);
}

/* A time to first token that cannot be is left out, and the log has how many there were. */
TEST(times_to_first_token_that_cannot_be_are_reported)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
#define TIMED(id, ttft)                                                                         \
    SPAN(id, "", "chat", 3,                                                                     \
         TEXT("gen_ai.operation.name", "chat") ",{'key':'gen_ai.response.time_to_first_chunk'," \
                                               "'value':{'doubleValue':" ttft "}}",             \
         "")
    take(&otlp, BODY(TIMED("01", "-0.5")));
    take(&otlp, BODY(TIMED("01", "-0.5") "," TIMED("02", "1.2") "," TIMED("03", "0.9")));
    check(&otlp, "{'requests':[{'ttft_ms':null},{'ttft_ms':null},{'ttft_ms':900}]}");
    assert_non_null(rig_logged(&otlp.rig, "longer than its request (1 so far)"));
    for (char id[] = "10"; id[1] <= '8'; id[1]++) {
        char body[1000];
        snprintf(body, sizeof body, BODY(TIMED("%s", "9")), id);
        take(&otlp, body);
    }
    assert_null(rig_logged(&otlp.rig, "(11 so far)"));
    assert_non_null(rig_logged(&otlp.rig, "(10 so far)"));
    otlp_rig_release(&otlp);
}

#define SESSION(id) TEXT("session.id", id)
#define PROCESS(id) "'resource':{'attributes':[" TEXT("service.instance.id", id) "]},"
#define FROM(process, spans) \
    "{'resourceSpans':[{" PROCESS(process) "'scopeSpans':[{'spans':[" spans "]}]}]}"
#define TRACE(trace, id, parent, name, attributes, links)                                     \
    "{'traceId':'000000000000000000000000000000" trace "','spanId':'00000000000000" id        \
    "','parentSpanId':'" parent "','name':'" name "','kind':1,'startTimeUnixNano':"           \
    "'1795903200000000000','endTimeUnixNano':'1795903201000000000','attributes':[" attributes \
    "],'links':[" links "]}"
#define LINK(trace, id) \
    "{'traceId':'000000000000000000000000000000" trace "','spanId':'00000000000000" id "'}"
#define RUN(name) TEXT("gen_ai.operation.name", "invoke_agent") "," TEXT("gen_ai.agent.name", name)

static void check_sessions(struct otlp_rig *otlp, const char *expected)
{
    json_t *reading = otlp_reading(&otlp->rig);
    char *sessions = json_dumps(json_object_get(reading, "sessions"), JSON_COMPACT);
    for (char *at = sessions; (at = strchr(at, '"')) != NULL;) {
        *at = '\'';
    }
    assert_string_equal(sessions, expected);
    free(sessions);
    json_decref(reading);
}

/* A process stands in for a session until one is named, in whatever order. */
TEST(a_session_that_is_named_late_has_all_of_its_trace)
{
    static const char *const root = FROM("p1", TRACE("01", "01", "", "root", "", ""));
    static const char *const late =
        FROM("p2", TRACE("01", "02", "0000000000000001", "t",
                         SESSION("s1") "," TEXT("gen_ai.tool.name", "x"), ""));
    for (int order = 0; order < 2; order++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take(&otlp, order == 0 ? root : late);
        take(&otlp, order == 0 ? late : root);
        check_sessions(&otlp, "['s1']");
        check(&otlp, "{'tools':[{'name':'x'}],'other':['root']}");
        otlp_rig_release(&otlp);
    }
}

/* Two sessions of one process, both named after their roots came, stay two. */
TEST(sessions_of_one_process_that_are_named_late_stay_apart)
{
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    take(&otlp, FROM("p1", TRACE("01", "01", "", "root", "", "")));
    take(&otlp, FROM("p2", TRACE("01", "02", "0000000000000001", "t", SESSION("s1"), "")));
    take(&otlp, FROM("p1", TRACE("02", "03", "", "root", "", "")));
    take(&otlp, FROM("p2", TRACE("02", "04", "0000000000000003", "t", SESSION("s2"), "")));
    take(&otlp, FROM("p2", TRACE("02", "05", "0000000000000003", "t", "", "")));
    check_sessions(&otlp, "['s1','s2']");
    otlp_rig_release(&otlp);
}

/* The span that started a background agent is one of several links, and may come after it. */
TEST(an_agent_is_below_the_link_that_is_known)
{
    static const char *const boss =
        FROM("p1", TRACE("01", "01", "", "boss", RUN("boss") "," SESSION("s1"),
                         "") "," TRACE("01", "02", "0000000000000001", "lead", RUN("lead"), ""));
    static const char *const agent =
        FROM("p1", TRACE("02", "11", "", "worker", RUN("worker"),
                         LINK("09", "99") "," LINK("01", "02") "," LINK(
                             "09", "98")) "," TRACE("02", "12", "0000000000000011", "x",
                                                    TEXT("gen_ai.tool.name", "x"), ""));
    for (int order = 0; order < 2; order++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        take(&otlp, order == 0 ? boss : agent);
        take(&otlp, order == 0 ? agent : boss);
        check_sessions(&otlp, "['s1']");
        check(&otlp, "{'agents':['boss','lead','worker'],'parent':{'lead':'boss','worker':'lead'},"
                     "'tools':[{'agent':'worker'}]}");
        otlp_rig_release(&otlp);
    }
}

/* A parent of hundreds of agents that comes last has all of them. */
TEST(many_agents_get_to_know_their_parent)
{
    enum { WORKERS = 700 };
    struct otlp_rig otlp;
    otlp_rig_init(&otlp);
    for (unsigned i = 0; i < WORKERS; i++) {
        char body[1000], id[20];
        snprintf(body, sizeof body, "%s",
                 FROM("p1", TRACE("01", "ff", "0000000000000001", "w", RUN("w"), "")));
        snprintf(id, sizeof id, "%016x", i + 16);
        memcpy(strstr(body, "00000000000000ff"), id, 16);
        take(&otlp, body);
    }
    take(&otlp, FROM("p1", TRACE("01", "02", "", "top", RUN("top"), "") "," TRACE(
                               "01", "01", "0000000000000002", "boss", RUN("boss"), "")));
    const struct swarm *swarm = otlp.rig.model.swarm;
    size_t count, below = 0;
    assert_true(correlator_flush(otlp.rig.model.correlator));
    struct tree_row *rows = query_tree(swarm, &count);
    for (size_t i = 0; i < count; i++) {
        const struct agent *parent =
            rows[i].parent == NO_AGENT ? NULL : swarm_agent(swarm, rows[i].parent);
        below += parent != NULL && slice_is(swarm_text_slice(swarm, parent->name), "boss");
    }
    mem_free(otlp.rig.ingest.mem, rows, count * sizeof *rows);
    assert_int_equal(below, WORKERS);
    otlp_rig_release(&otlp);
}

#define LOG(time, name, attributes)                                                      \
    "{'timeUnixNano':'" time "','attributes':[" TEXT("event.name", name) "," TEXT(       \
        "session.id", "c1") "," TEXT("prompt.id", "p1") "," NUMBER("duration_ms", "500") \
        attributes "]}"

/* Without traces no span reports how long an interaction was. */
TEST(an_interaction_that_only_logs_report_ends)
{
    static const char *const logs[] = {
        LOG("1795903200000000000", "user_prompt", ""),
        LOG("1795903201000000000", "api_request", "," TEXT("request_id", "r1")),
        LOG("1795903203000000000", "tool_result",
            "," TEXT("tool_use_id", "t1") "," TEXT("tool_name", "Bash")),
        LOG("1795903207000000000", "api_request", "," TEXT("request_id", "r2")),
    };
    for (unsigned order = 0; order < 2; order++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        for (unsigned i = 0; i < 4; i++) {
            char body[2000];
            snprintf(body, sizeof body,
                     "{'resourceLogs':[{'resource':{'attributes':[" TEXT(
                         "service.name", "claude-code") "]},'scopeLogs':[{'logRecords':[%s]}]}]}",
                     logs[order == 0 ? i : 3 - i]);
            for (char *at = body; (at = strchr(at, '\'')) != NULL;) {
                *at = '"';
            }
            otlp_rig_take(&otlp, OTLP_LOGS, OTLP_JSON, body, strlen(body));
        }
        check(&otlp, "{'requests':[{},{}],'tools':[{'name':'Bash'}],'open':0}");
        const struct swarm *swarm = otlp.rig.model.swarm;
        double end_ms = 0;
        for (record_no no = 0; no < swarm_record_end(swarm); no++) {
            const struct record *record = swarm_record(swarm, no);
            end_ms = record->used && record->kind == CALL_INTERACTION ? record->end_ms : end_ms;
        }
        assert_true(end_ms > 1795903206999.0 && end_ms < 1795903207001.0);
        otlp_rig_release(&otlp);
    }
}

#define GEMINI(list, scopes, items, item)            \
    "{'" list "':[{'resource':{'attributes':[" TEXT( \
        "service.name", "gemini-cli") "]},'" scopes "':[{'" items "':[{" item "}]}]}]}"
#define GEMINI_SPAN                                                                           \
    GEMINI("resourceSpans", "scopeSpans", "spans",                                            \
           "'traceId':'%032x','spanId':'%016x','name':'tool_call','startTimeUnixNano':"       \
           "'1795903200900000000','endTimeUnixNano':'179590320%d000000','attributes':[" TEXT( \
               "gen_ai.operation.name",                                                       \
               "tool_call") "," TEXT("gen_ai.tool.name",                                      \
                                     "read_file") "," TEXT("gen_ai.conversation.id", "%s") "]")
#define GEMINI_LOG                                                                                 \
    GEMINI(                                                                                        \
        "resourceLogs", "scopeLogs", "logRecords",                                                 \
        "'timeUnixNano':'179590320%d000000','attributes':[" TEXT(                                  \
            "event.name",                                                                          \
            "gemini_cli.tool_call") "," TEXT("function_name",                                      \
                                             "read_file") "," TEXT("session.id",                   \
                                                                   "%s") "," NUMBER("duration_ms", \
                                                                                    "100") "]")

/* Gemini's logs name no span of a tool's call: the tool, the session and the time are what both
   have. Two sessions use one tool at almost the same time. */
TEST(calls_of_two_sessions_of_gemini_are_not_exchanged)
{
    static const struct {
        bool span;
        const char *session;
        int end_ms;
    } rows[] = {{false, "a", 1000}, {true, "b", 1500}, {true, "a", 1001}, {false, "b", 1501}};
    for (unsigned order = 0; order < 2; order++) {
        struct otlp_rig otlp;
        otlp_rig_init(&otlp);
        for (unsigned i = 0; i < 4; i++) {
            unsigned at = order == 0 ? i : 3 - i;
            char body[2000];
            if (rows[at].span) {
                snprintf(body, sizeof body, GEMINI_SPAN, at + 1, at + 1, rows[at].end_ms,
                         rows[at].session);
            } else {
                snprintf(body, sizeof body, GEMINI_LOG, rows[at].end_ms, rows[at].session);
            }
            for (char *quote = body; (quote = strchr(quote, '\'')) != NULL;) {
                *quote = '"';
            }
            otlp_rig_take(&otlp, rows[at].span ? OTLP_TRACES : OTLP_LOGS, OTLP_JSON, body,
                          strlen(body));
        }
        check(&otlp, "{'tools':[{'name':'read_file'},{'name':'read_file'}],'open':0}");
        otlp_rig_release(&otlp);
    }
}
