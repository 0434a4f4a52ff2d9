/* Transcripts, line by line, to records: requests and their attempts, answers in blocks, tools,
   interactions; lines that are broken, unknown, out of order, cut anywhere. */
#include "ingest/claude/claude_line.h"
#include "ingest/claude/claude_transcript.h"
#include "tests/support/failing_mem.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(s)   "\"timestamp\":\"2025-10-09T08:53:" s "Z\"" /* 20.000 is MODEL_START_MS */
#define HERE    "\"sessionId\":\"s\",\"cwd\":\"/home/dev/api-server\",\"gitBranch\":\"fix-auth\""
#define LINE(t) "{\"type\":\"" t "\","

#define PROMPT(s, id)                                                          \
    LINE("user")                                                               \
    "\"promptId\":\"" id                                                       \
    "\",\"message\":{\"role\":\"user\",\"content\":\"Do it\"},\"uuid\":\"u\"," \
    "" AT(s) "," HERE "}\n"
#define ASK(s, id, digest)                                                                        \
    LINE("api-request")                                                                           \
    "\"id\":\"" id "\"," AT(                                                                      \
        s) ",\"querySource\":\"sdk\",\"params\":{\"model\":\"opus\"},\"requestDigest\":\"" digest \
           "\"}\n"
#define USAGE                                                                                          \
    "\"usage\":{\"input_tokens\":4,\"cache_creation_input_tokens\":10,\"cache_read_input_tokens\":20," \
    "\"output_tokens\":7}"
#define BLOCK(s, ref, stop, content, more)                                         \
    LINE("assistant")                                                              \
    "\"message\":{\"id\":\"m-" ref "\",\"model\":\"opus-5\",\"content\":[" content \
    "],\"stop_reason\":\"" stop "\"," USAGE "},\"requestId\":\"req-" ref           \
    "\",\"requestRef\":\"" ref "\"," AT(s) more "}\n"
#define TEXT "{\"type\":\"text\",\"text\":\"hello\"}"
#define TOOL(id, name, input) \
    "{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"" name "\",\"input\":{" input "}}"
#define RESULT(s, id, content, more)                                                         \
    LINE("user")                                                                             \
    "\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":" \
    "\"" id "\"," content "}]}," AT(s) more "}\n"
#define API_ERROR(s)                                                                            \
    LINE("system")                                                                              \
    "\"subtype\":\"api_error\",\"error\":{\"message\":\"529 {}\",\"status\":529,\"formatted\":" \
    "\"529 Overloaded\"},\"retryInMs\":529.5,\"retryAttempt\":1,\"maxRetries\":10," AT(s) "}\n"
#define FAILED(s)                                                                              \
    LINE("assistant")                                                                          \
    "\"message\":{\"id\":\"x\",\"model\":\"<synthetic>\",\"content\":[" TEXT                   \
    "],\"stop_reason\":\"stop_sequence\",\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}," \
    "\"error\":\"server_error\",\"isApiErrorMessage\":true,\"apiErrorStatus\":529,"            \
    "\"apiErrorType\":\"overloaded_error\"," AT(s) "}\n"
#define INTERRUPTED(s)                                                                    \
    LINE("user")                                                                          \
    "\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"[Request " \
    "interrupted by user]\"}]},\"uuid\":\"i\"," AT(s) "}\n"

/* An answer that has only begun. */
#define PARTIAL(s, ref)                                                           \
    LINE("assistant")                                                             \
    "\"message\":{\"id\":\"m-" ref "\",\"model\":\"opus-5\",\"content\":[" TEXT   \
    "],\"stop_reason\":null,\"usage\":{\"input_tokens\":4,\"output_tokens\":1}}," \
    "\"requestRef\":\"" ref "\"," AT(s) "}\n"
/* A later line of an answer, with fewer tokens. */
#define FEWER(s, ref)                                                                                 \
    LINE("assistant")                                                                                 \
    "\"message\":{\"id\":\"m-" ref "\",\"model\":\"opus-5\",\"content\":[" TEXT                       \
    "],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":1,\"cache_creation_input_tokens\":2," \
    "\"cache_read_input_tokens\":3,\"output_tokens\":4}},\"requestId\":\"req-" ref                    \
    "\",\"requestRef\":\"" ref "\"," AT(s) "}\n"
#define REFUSED(outcome, error)                                                            \
    "{'t':{'end_ms':1000,'error':'" error "','of':'s/','outcome':'" outcome "','success':" \
    "false}}"

struct reader {
    struct rig rig;
    struct claude_transcript *transcript;
};

static void begin_again(struct reader *r, const char *agent_id, bool content)
{
    struct claude_transcript_options options = {
        .counters = &r->rig.counters,
        .where = "t.jsonl",
        .source = "claude:",
        .session_id = model_text("s"),
        .agent_id = agent_id != NULL ? model_text(agent_id) : (struct slice){NULL, 0},
        .max_line_bytes = 1 << 16,
        .content = content,
    };
    r->transcript = claude_transcript_new(&options);
    assert_non_null(r->transcript);
}

static void begin(struct reader *r, const char *agent_id, bool content)
{
    rig_init(&r->rig);
    begin_again(r, agent_id, content);
}

static void end(struct reader *r)
{
    claude_transcript_free(r->transcript);
    rig_release(&r->rig);
}

static void push(struct reader *r, const char *text)
{
    assert_true(claude_transcript_push(r->transcript, text, strlen(text)));
}

static void check(const struct reader *r, const char *kind, const char *want)
{
    records_check(&r->rig.model, kind, want, NULL);
}

/* ---- what lines say ---- */

static const struct {
    const char *name, *lines, *kind, *want;
} cases[] = {
    {"a session is called by its directory and branch", PROMPT("20.000", "p"), "sessions", "{}"},
    {"it is told of with the first thing that happens",
     PROMPT("20.000", "p") ASK("20.100", "r", "d"), "sessions",
     "{'s':{'name':'api-server ⎇ fix-auth','start_ms':0}}"},
    {"a request is seen as soon as it begins", ASK("20.100", "r", "d"), "requests",
     "{'r':{'attempt_start_times':[100],'model':'opus','of':'s/','query_source':'sdk','start_ms':100}}"},
    {"an answer ends with its last block and counts once",
     ASK("20.100", "r", "d") BLOCK("21.000", "r", "end_turn", TEXT, ",\"apiBlockIndex\":0")
         BLOCK("22.000", "r", "end_turn", TEXT, ",\"apiBlockIndex\":1"),
     "requests",
     "{'r':{'attempt_start_times':[100],'cache_creation_tokens':10,'end_ms':2000,'message_id':'m-r','model':'opus-5','of':'s/',"
     "'output_tokens':7,'prompt_tokens':34,'cache_read_tokens':20,'query_source':'sdk','start_ms':100,'success':true}}"},
    {"its tokens are the most that a line of it has",
     ASK("20.100", "r", "d") BLOCK("21.000", "r", "end_turn", TEXT, ",\"apiBlockIndex\":0")
         FEWER("22.000", "r"),
     "requests",
     "{'r':{'attempt_start_times':[100],'cache_creation_tokens':10,'end_ms':2000,'message_id':'m-r','model':'opus-5','of':'s/',"
     "'output_tokens':7,'prompt_tokens':34,'cache_read_tokens':20,'query_source':'sdk','start_ms':100,'success':true}}"},
    {"a first block that was measured tells when the first token came",
     ASK("20.100", "r", "d") BLOCK("21.500", "r", "tool_use", TEXT,
                                   ",\"apiBlockIndex\":0,\"thinkingDurationMs\":1000")
         BLOCK("22.000", "r", "tool_use", TEXT, ",\"apiBlockIndex\":1,\"toolInputStreamMs\":100"),
     "requests",
     "{'r':{'attempt_start_times':[100],'cache_creation_tokens':10,'end_ms':2000,'message_id':'m-r','model':'opus-5','of':'s/',"
     "'output_tokens':7,'prompt_tokens':34,'cache_read_tokens':20,'query_source':'sdk','start_ms':100,'success':true,'ttft_ms':400}}"},
    {"the same digest again is another attempt, and so is what is asked before an answer",
     ASK("20.000", "a", "d") API_ERROR("20.100") ASK("20.700", "b", "d") ASK("21.000", "c", "e")
         BLOCK("21.500", "c", "end_turn", TEXT, ",\"apiBlockIndex\":0,\"toolInputStreamMs\":300"),
     "requests",
     "{'a':{'attempt_start_times':[0,700,1000],'cache_creation_tokens':10,'end_ms':1500,'message_id':'m-c',"
     "'model':'opus-5','of':'s/','output_tokens':7,'prompt_tokens':34,'cache_read_tokens':20,'retry':{'attempt':1,"
     "'at_ms':100,'error':'529 Overloaded','in_ms':529.5,'max_attempts':10},'query_source':'sdk','start_ms':0,'success':true,'ttft_ms':200}}"},
    {"a request fails for good", ASK("20.000", "a", "d") FAILED("20.100"), "requests",
     "{'a':{'attempt_start_times':[0],'end_ms':100,'error':'529 overloaded_error','model':'opus','of':'s/',"
     "'query_source':'sdk','start_ms':0,'success':false}}"},
    {"what is interrupted has no answer",
     PROMPT("19.000", "p") ASK("20.000", "a", "d") INTERRUPTED("20.300") ASK("21.000", "b", "e"),
     "requests",
     "{'a':{'attempt_start_times':[0],'end_ms':300,'error':'interrupted','model':'opus','of':'s/','outcome':'interrupted',"
     "'query_source':'sdk','start_ms':0,'success':false},"
     "'b':{'attempt_start_times':[1000],'model':'opus','of':'s/','query_source':'sdk','start_ms':1000}}"},
    {"nor is an answer that was cut off a success of one token",
     PROMPT("19.000", "p") ASK("20.000", "a", "d") PARTIAL("20.200", "a") INTERRUPTED("20.300"),
     "requests",
     "{'a':{'attempt_start_times':[0],'end_ms':200,'error':'interrupted','message_id':'m-a','model':'opus-5','of':'s/',"
     "'outcome':'interrupted','prompt_tokens':4,'query_source':'sdk','start_ms':0,'success':false}}"},
    {"a tool without a result ends where its turn was interrupted",
     PROMPT("19.000", "p") ASK("20.000", "a", "d")
         BLOCK("21.000", "a", "tool_use", TOOL("t", "Bash", ""), "") INTERRUPTED("22.000")
             PROMPT("50.000", "q") ASK("51.000", "b", "e"),
     "tools",
     "{'t':{'args':'{}','end_ms':2000,'name':'Bash','of':'s/','outcome':'interrupted','start_ms':1000}}"},
    {"or where another prompt came",
     PROMPT("19.000", "p") ASK("20.000", "a", "d")
         BLOCK("21.000", "a", "tool_use", TOOL("t", "Bash", ""), "") PROMPT("30.000", "q")
             ASK("31.000", "b", "e"),
     "tools",
     "{'t':{'args':'{}','end_ms':10000,'name':'Bash','of':'s/','outcome':'interrupted','start_ms':1000}}"},
    {"or where its turn ended",
     PROMPT("19.000", "p") ASK("20.000", "a", "d")
         BLOCK("21.000", "a", "tool_use", TOOL("t", "Bash", ""), "") ASK("24.000", "b", "e")
             BLOCK("25.000", "b", "end_turn", TEXT, ""),
     "tools",
     "{'t':{'args':'{}','end_ms':5000,'name':'Bash','of':'s/','outcome':'incomplete','start_ms':1000,"
     "'state':'incomplete'}}"},
    {"unless its result comes after all",
     PROMPT("19.000", "p") ASK("20.000", "a", "d")
         BLOCK("21.000", "a", "tool_use", TOOL("t", "Bash", ""), "") PROMPT("30.000", "q")
             ASK("31.000", "b", "e") RESULT("23.000", "t", "\"content\":\"\"", ""),
     "tools",
     "{'t':{'args':'{}','end_ms':3000,'name':'Bash','of':'s/','outcome':'interrupted','start_ms':1000,"
     "'success':true}}"},
    {"a refused tool did not fail",
     RESULT("21.000", "t", "\"content\":\"No\",\"is_error\":true",
            ",\"toolUseResult\":\"User rejected tool use\",\"toolDenialKind\":\"user-rejected\","
            "\"toolDenialBeforeRun\":true"),
     "tools", REFUSED("refused", "User rejected tool use")},
    {"nor one that a rule refused",
     RESULT("21.000", "t", "\"content\":\"No\",\"is_error\":true",
            ",\"toolUseResult\":\"Error: No\",\"toolDenialKind\":\"permission-rule\""),
     "tools", REFUSED("refused", "error")},
    {"nor one that a rule of an older client refused",
     RESULT(
         "21.000", "t",
         "\"content\":\"Permission to use Bash with command ls has been denied.\",\"is_error\":true",
         ""),
     "tools", REFUSED("refused", "Permission to use")},
    {"nor one of an older client",
     RESULT("21.000", "t", "\"content\":\"No\",\"is_error\":true",
            ",\"toolUseResult\":\"User rejected tool use\""),
     "tools", REFUSED("refused", "User rejected tool use")},
    {"nor one that was stopped while it ran",
     RESULT("21.000", "t", "\"content\":\"No\",\"is_error\":true",
            ",\"toolUseResult\":\"User rejected tool use\",\"toolDenialKind\":\"user-rejected\""),
     "tools", REFUSED("interrupted", "User rejected tool use")},
    {"a question is a wait for as long as it lasts",
     BLOCK("21.000", "a", "tool_use", TOOL("t", "AskUserQuestion", ""), "")
         RESULT("28.000", "t", "\"content\":\"Yes\"", ""),
     "waits", "{'wait:t':{'end_ms':8000,'of':'s/','start_ms':1000,'context':'Question'}}"},
    {"an answer may stand before the line of its request",
     BLOCK("21.000", "r", "end_turn", TEXT, "") ASK("20.100", "r", "d"), "requests",
     "{'r':{'attempt_start_times':[100],'cache_creation_tokens':10,'end_ms':1000,'message_id':'m-r','model':'opus-5','of':'s/',"
     "'output_tokens':7,'prompt_tokens':34,'cache_read_tokens':20,'query_source':'sdk','start_ms':100,'success':true}}"},
    {"clients that tell of no beginnings: the line before says when",
     PROMPT("20.000", "p") BLOCK("21.000", "r", "end_turn", TEXT, ""), "requests",
     "{'r':{'cache_creation_tokens':10,'end_ms':1000,'message_id':'m-r','model':'opus-5','of':'s/',"
     "'output_tokens':7,'prompt_tokens':34,'cache_read_tokens':20,'start_ms':0,'success':true}}"},
    {"a tool runs from its block to its result",
     BLOCK("20.000", "r", "tool_use", TOOL("t", "Bash", "\"description\":\"d\",\"command\":\"ls\""),
           "") RESULT("21.000", "t", "\"content\":\"secret\",\"is_error\":false", ""),
     "tools",
     "{'t':{'args':'{\\'command\\':\\'ls\\'}','end_ms':1000,'name':'Bash','of':'s/','start_ms':0,"
     "'success':true}}"},
    {"its result may come first",
     RESULT("21.000", "t", "\"content\":\"\"", "")
         BLOCK("20.000", "r", "tool_use", TOOL("t", "Bash", ""), ""),
     "tools",
     "{'t':{'args':'{}','end_ms':1000,'name':'Bash','of':'s/','start_ms':0,'success':true}}"},
    {"an error is its first line",
     RESULT("21.000", "t", "\"is_error\":true,\"content\":\"x\"",
            ",\"toolUseResult\":\"Error: Exit code 3\\nprivate\""),
     "tools", "{'t':{'end_ms':1000,'error':'Exit code 3','of':'s/','success':false}}"},
    {"without the client's tags",
     RESULT(
         "21.000", "t",
         "\"is_error\":true,\"content\":[{\"type\":\"text\",\"text\":\"<tool_use_error>Error: No "
         "such tool</tool_use_error>\"}]",
         ""),
     "tools", "{'t':{'end_ms':1000,'error':'No such tool','of':'s/','success':false}}"},
    {"of an agent's call its type is kept too, and no prompt",
     BLOCK("20.000", "r", "tool_use",
           TOOL("t", "Agent",
                "\"prompt\":\"long\",\"description\":\"d\",\"subagent_type\":\"Explore\""),
           ""),
     "tools",
     "{'t':{'args':'{\\'subagent_type\\':\\'Explore\\',\\'description\\':\\'d\\'}','name':'Agent',"
     "'input_hash':23664,'of':'s/','start_ms':0}}"},
    {"a turn is a prompt and its last line",
     PROMPT("20.000", "p") ASK("20.100", "r", "d") BLOCK("21.000", "r", "end_turn", TEXT, "")
         LINE("system") "\"subtype\":\"stop_hook_summary\"," AT("21.500") "}\n",
     "interactions", "{'p':{'end_ms':1500,'prompt_length':5,'of':'s/','start_ms':0}}"},
    {"a prompt that nothing follows is no turn", PROMPT("20.000", "p"), "interactions", "{}"},
    {"a summary of what was before is no prompt",
     PROMPT("20.000", "p") ASK("20.100", "r", "d") BLOCK("21.000", "r", "tool_use", TEXT, "")
         LINE("user") "\"promptId\":\"q\",\"isCompactSummary\":true,\"message\":{\"role\":\"user\","
                      "\"content\":\"It was about…\"},\"uuid\":\"v\"," AT("25.000") "}\n" ASK(
                          "25.100", "t", "e"),
     "interactions", "{'p':{'prompt_length':5,'of':'s/','start_ms':0}}"},
    {"one that begins ends the one before",
     PROMPT("20.000", "p") ASK("20.100", "r", "d") BLOCK("21.000", "r", "tool_use", TEXT, "")
         PROMPT("25.000", "q") ASK("25.100", "t", "e"),
     "interactions",
     "{'p':{'end_ms':1000,'prompt_length':5,'of':'s/','start_ms':0},'q':{'prompt_length':5,'of':'s/','start_ms':5000}}"},
};

TEST(lines_are_facts)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reader r;
        begin(&r, NULL, false);
        push(&r, cases[i].lines);
        records_check(&r.rig.model, cases[i].kind, cases[i].want, cases[i].name);
        assert_int_equal(r.rig.counters.bad, 0);
        end(&r);
    }
}

/* What a person types while an answer is on its way is no interruption: only another request is. */
TEST(a_prompt_alone_interrupts_nothing)
{
    struct reader r;
    begin(&r, NULL, false);
    push(&r, PROMPT("20.000", "p") ASK("20.100", "a", "d") PROMPT("20.500", "q"));
    push(&r, BLOCK("21.000", "a", "end_turn", TEXT, "") ASK("21.100", "b", "e"));
    push(&r, PROMPT("22.000", "x") ASK("22.100", "c", "f"));
    check(
        &r, "interactions",
        "{'p':{'end_ms':1000,'prompt_length':5,'of':'s/','start_ms':0},'q':{'end_ms':1100,'prompt_length':5,'of':'s/',"
        "'start_ms':500},'x':{'prompt_length':5,'of':'s/','start_ms':2000}}");
    const struct record *a = records_find(&r.rig.model, CALL_REQUEST, "a", 0);
    const struct record *b = records_find(&r.rig.model, CALL_REQUEST, "b", 0);
    assert_int_equal(facts_bool(&a->facts, FIELD_SUCCESS), TRI_TRUE);
    assert_int_equal(facts_bool(&b->facts, FIELD_SUCCESS), TRI_FALSE);
    end(&r);
}

TEST(with_content_inputs_and_results_are_kept_whole)
{
    struct reader r;
    begin(&r, NULL, true);
    push(&r, BLOCK("20.000", "r", "tool_use", TOOL("t", "Bash", "\"command\":\"ls\",\"x\":1"), ""));
    push(&r,
         RESULT("21.000", "t", "\"content\":[{\"type\":\"text\",\"text\":\"a \\\"b\\\"\"}]", ""));
    check(&r, "tools",
          "{'t':{'args':'{\\'command\\':\\'ls\\',\\'result\\':\\'a \\\\\\'b\\\\\\'\\',\\'x\\':1}',"
          "'end_ms':1000,'name':'Bash','of':'s/','start_ms':0,'success':true}}");
    end(&r);
    begin(&r, NULL, true);
    push(&r, PROMPT("20.000", "p") ASK("20.100", "r", "d"));
    check(
        &r, "interactions",
        "{'p':{'args':'{\\'user_prompt\\':\\'Do it\\'}','of':'s/','prompt_length':5,'start_ms':0}}");
    end(&r);
}

TEST(a_sub_agent_begins_with_its_first_line)
{
    struct reader r;
    begin(&r, "a1", false);
    push(&r, PROMPT("20.000", "p") ASK("20.100", "r", "d"));
    push(&r, BLOCK("21.000", "r", "end_turn", TOOL("t", "Read", "\"file_path\":\"/x\""), ""));
    check(&r, "agents", "{'s/':{},'s/a1':{'parent':'s'}}");
    check(&r, "sessions", "{'s':{'start_ms':0}}");
    check(&r, "interactions", "{}"); /* the turn is its parent's */
    check(&r, "tools",
          "{'t':{'args':'{\\'file_path\\':\\'/x\\'}','name':'Read','of':'s/a1','start_ms':1000}}");
    end(&r);
}

TEST(a_session_that_has_a_name_is_called_by_it)
{
    struct reader r;
    begin(&r, NULL, false);
    claude_transcript_set_name(r.transcript, model_text("release"), false);
    push(&r, PROMPT("20.000", "p") ASK("20.100", "r", "d"));
    check(&r, "sessions", "{'s':{'name':'release','start_ms':0}}");
    end(&r);
    begin(&r, NULL, false);
    claude_transcript_set_name(r.transcript, model_text("api-46"), true);
    push(&r, PROMPT("20.000", "p") ASK("20.100", "r", "d"));
    check(&r, "sessions", "{'s':{'name':'api-46 ⎇ fix-auth','start_ms':0}}");
    end(&r);
}

TEST(a_title_that_a_person_gave_stays)
{
    struct reader r;
    begin(&r, NULL, false);
    push(&r, PROMPT("20.000", "p") ASK("20.100", "r", "d"));
    push(&r, LINE("ai-title") "\"aiTitle\":\"made up\"}\n");
    check(&r, "sessions", "{'s':{'name':'made up','start_ms':0}}");
    push(&r, ASK("21.000", "q", "e") LINE("custom-title") "\"customTitle\":\"given\"}\n");
    check(&r, "sessions", "{'s':{'name':'given','start_ms':0}}");
    push(&r, ASK("22.000", "u", "f") LINE("ai-title") "\"aiTitle\":\"made up again\"}\n");
    check(&r, "sessions", "{'s':{'name':'given','start_ms':0}}");
    end(&r);
}

/* Lines without a time of their own have that of the line before: titles share a moment. */
TEST(a_title_that_a_person_gave_replaces_another_of_its_moment)
{
    static const char *const ways[] = {
        LINE("ai-title") "\"aiTitle\":\"zzz longer\"}\n" LINE(
            "custom-title") "\"customTitle\":\"a\"}\n",
        LINE("custom-title") "\"customTitle\":\"a\"}\n" LINE(
            "ai-title") "\"aiTitle\":\"zzz longer\"}\n",
        LINE("agent-name") "\"agentName\":\"zzz\"}\n" LINE(
            "custom-title") "\"customTitle\":\"a\"}\n",
        LINE("custom-title") "\"customTitle\":\"zzz\"}\n" LINE(
            "custom-title") "\"customTitle\":\"a\"}\n",
        LINE("ai-title") "\"aiTitle\":\"zzz\"}\n" LINE("ai-title") "\"aiTitle\":\"a\"}\n",
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct reader r;
        begin(&r, NULL, false);
        push(&r, PROMPT("20.000", "p") ASK("20.100", "r", "d"));
        push(&r, ways[i]);
        check(&r, "sessions", "{'s':{'name':'a','start_ms':0}}");
        end(&r);
    }
}

TEST(a_long_argument_is_cut_between_characters)
{
    struct reader r;
    char text[2000], input[1000] = "\"command\":\"";
    for (int i = 0; i < 80; i++) {
        strcat(input, "\xe2\x8e\x87");
    }
    strcat(input, "\"");
    snprintf(text, sizeof text,
             LINE("assistant") "\"message\":{\"id\":\"m\",\"model\":\"o\",\"content\":[" TOOL(
                 "t", "Bash", "%s") "]}," AT("20.000") "}\n",
             input);
    begin(&r, NULL, false);
    push(&r, text);
    json_t *all = records_of(&r.rig.model), *tool = json_object_get(all, "tools");
    json_t *args = json_object_get(json_object_get(tool, "t"), "args");
    assert_int_equal(json_string_length(args),
                     strlen("{\"command\":\"\",\"cut\":\"of 240 bytes, 0123456789abcdef\"}") + 198);
    json_decref(all);
    end(&r);
}

/* ---- what is wrong with lines ---- */

TEST(unknown_types_are_counted_and_left_alone)
{
    struct reader r;
    begin(&r, NULL, false);
    push(&r, LINE("news") AT("20.000") "}\n{\"type\":7}\n{}\n\n" LINE("attachment") "\"x\":1}\n");
    struct slice type = {NULL, 0};
    assert_int_equal(claude_transcript_unknown(r.transcript, &type), 3);
    assert_memory_equal(type.bytes, "news", type.len);
    assert_int_equal(r.rig.counters.bad, 0);
    push(&r, LINE("api-request-later") "\"id\":\"x\"}\n");
    assert_int_equal(claude_transcript_unknown(r.transcript, &type), 4);
    assert_int_equal(records_count(&r.rig.model), 0);
    end(&r);
}

TEST(bulk_is_skipped_without_being_read)
{
    static const struct {
        const char *text;
        bool bulk;
    } rows[] = {
        {"{\"type\":\"api-request-blob\",", true},
        {"{\"type\": \"api-request-shape\", ", true},
        {" { \"type\" : \"api-request-blob\"", true},
        {"{\"type\":\"api-request\"", false},
        {"{\"type\":\"api-request-blobs\"", false},
        {"{\"x\":\"api-request-blob\"", false},
        {"{\"type\"", false},
        {"", false},
    };
    struct reader r;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(claude_line_is_bulk(rows[i].text, strlen(rows[i].text)), rows[i].bulk);
    }
    begin(&r, NULL, false);
    push(&r, "{\"type\":\"api-request-blob\",\"no JSON at all\n");
    assert_int_equal(r.rig.counters.bad, 0);
    end(&r);
}

TEST(hostile_lines_are_counted_and_harm_nothing)
{
    static const char *const lines[] = {
        "nonsense\n",
        "{\"type\":\"user\"\n",
        "{\"type\":\"user\",\"x\":\"\xff\"}\n",
    };
    /* These are JSON, and say nothing that can be understood. */
    static const char *const odd[] = {
        "[1]\n",
        LINE("user") AT("20.000") "}\n",
        LINE("user") AT("20.000") ",\"message\":[]}\n",
        LINE("user")
            AT("20.000") ",\"message\":{\"content\":[1,null,{\"type\":\"tool_result\"}]}}\n",
        LINE("assistant") AT("20.000") ",\"message\":{\"content\":[{\"type\":\"tool_use\"}]}}\n",
        LINE("assistant") AT("20.000") ",\"message\":7,\"requestRef\":{}}\n",
        LINE("assistant") "\"timestamp\":\"tomorrow\",\"requestRef\":\"r\"}\n",
        LINE("api-request") AT("20.000") ",\"id\":\"\"}\n",
        LINE("api-request") "\"id\":\"r\",\"timestamp\":1}\n",
        LINE("system") "\"subtype\":\"api_error\",\"error\":\"e\",\"retryAttempt\":-1}\n",
        LINE("cost-state") "\"totalCostUSD\":\"free\"}\n",
    };
    struct reader r;
    begin(&r, NULL, false);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        push(&r, lines[i]);
    }
    assert_int_equal(r.rig.counters.bad, sizeof lines / sizeof *lines);
    assert_non_null(rig_logged(&r.rig, "t.jsonl: line 3: not JSON"));
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        push(&r, odd[i]);
    }
    assert_int_equal(r.rig.counters.bad, sizeof lines / sizeof *lines + 3);
    assert_non_null(rig_logged(&r.rig, "it has no timestamp"));
    check(&r, "tools", "{}");
    check(&r, "requests", "{}");
    end(&r);
}

TEST(a_line_that_is_too_long_is_one_that_is_lost)
{
    struct reader r;
    char *text = calloc(1, 1 << 17);
    memset(text, ' ', (1 << 17) - 2);
    text[(1 << 17) - 2] = '\n';
    begin(&r, NULL, false);
    push(&r, text);
    push(&r, ASK("20.100", "r", "d"));
    assert_int_equal(r.rig.counters.bad, 1);
    assert_non_null(records_find(&r.rig.model, CALL_REQUEST, "r", 0));
    assert_null(records_find(&r.rig.model, CALL_REQUEST, "", 1));
    free(text);
    end(&r);
}

TEST(a_last_line_without_its_end_is_taken_if_it_is_whole)
{
    static const char whole[] = ASK("20.100", "r", "d");
    for (int i = 0; i < 2; i++) {
        struct reader r;
        begin(&r, NULL, false);
        assert_true(claude_transcript_push(r.transcript, whole, sizeof whole - 2 - (size_t)i));
        assert_true(claude_transcript_finish(r.transcript));
        assert_int_equal(r.rig.counters.bad, i);
        end(&r);
    }
}

/* ---- how it stands ---- */

TEST(it_is_busy_until_all_has_ended)
{
    struct reader r;
    begin(&r, NULL, false);
    push(&r, PROMPT("20.000", "p"));
    assert_false(claude_transcript_is_busy(r.transcript));
    push(&r, ASK("20.100", "r", "d"));
    assert_true(claude_transcript_is_busy(r.transcript));
    push(&r, BLOCK("21.000", "r", "tool_use", TOOL("t", "Bash", ""), ""));
    push(&r, RESULT("22.000", "t", "\"content\":\"\"", ""));
    assert_true(claude_transcript_is_busy(r.transcript));
    assert_true(claude_transcript_idle(r.transcript, MODEL_START_MS + 2500));
    assert_false(claude_transcript_is_busy(r.transcript));
    check(&r, "interactions", "{'p':{'end_ms':2500,'prompt_length':5,'of':'s/','start_ms':0}}");
    assert_false(claude_transcript_has_ended(r.transcript));
    push(&r, LINE("cost-state") "\"totalCostUSD\":0.1}\n");
    assert_true(claude_transcript_has_ended(r.transcript));
    assert_true(claude_transcript_last_ms(r.transcript) >= MODEL_START_MS + 2000);
    end(&r);
}

TEST(a_person_is_asked_about_the_call_that_began_first)
{
    struct reader r;
    begin(&r, NULL, false);
    assert_false(claude_transcript_wait(r.transcript, MODEL_START_MS, model_text("permission")));
    push(&r, BLOCK("20.000", "r", "tool_use",
                   TOOL("a", "Agent", "") "," TOOL("t", "Bash", "") "," TOOL("u", "Bash", ""), ""));
    assert_true(
        claude_transcript_wait(r.transcript, MODEL_START_MS + 100, model_text("permission")));
    claude_transcript_waited(r.transcript, MODEL_START_MS + 900);
    assert_true(
        claude_transcript_wait(r.transcript, MODEL_START_MS + 950, model_text("permission")));
    push(&r,
         RESULT("21.000", "t", "\"content\":\"\"",
                ",\"permissionDecision\":{\"decision\":\"accept\",\"source\":\"user_temporary\"}"));
    push(&r, RESULT("22.000", "u", "\"content\":\"\",\"is_error\":true",
                    ",\"toolUseResult\":\"User rejected tool use\""));
    check(
        &r, "waits",
        "{'wait:t':{'decision':'accept','end_ms':900,'of':'s/','decision_source':'user_temporary','start_ms':100,"
        "'context':'permission'},"
        "'wait:u':{'decision':'reject','end_ms':2000,'of':'s/','decision_source':'user_reject','start_ms':950,"
        "'context':'permission'}}");
    end(&r);
}

TEST(a_tool_that_runs_alone_starts_when_the_ones_before_it_have_ended)
{
    struct reader r;
    begin(&r, NULL, false);
    push(&r, BLOCK("20.000", "r", "tool_use", TOOL("a", "Bash", "") "," TOOL("b", "Read", ""), ""));
    push(&r,
         BLOCK("20.100", "r", "tool_use", TOOL("c", "Write", "") "," TOOL("d", "Bash", ""), ""));
    records_check(&r.rig.model, "tools",
                  "{'a':{'name':'Bash','of':'s/','args':'{}','start_ms':0},"
                  "'b':{'name':'Read','of':'s/','args':'{}','start_ms':0}}",
                  NULL);
    /* A person is asked about the one that runs. */
    assert_true(
        claude_transcript_wait(r.transcript, MODEL_START_MS + 200, model_text("permission")));
    claude_transcript_waited(r.transcript, MODEL_START_MS + 2500);
    push(&r, RESULT("22.000", "b", "\"content\":\"\"", ""));
    push(&r, RESULT("23.000", "a", "\"content\":\"\"", ""));
    push(&r, RESULT("24.000", "c", "\"content\":\"\"", ""));
    check(&r, "tools",
          "{'a':{'end_ms':3000,'name':'Bash','of':'s/','args':'{}','start_ms':0,'success':true},"
          "'b':{'end_ms':2000,'name':'Read','of':'s/','args':'{}','start_ms':0,'success':true},"
          "'c':{'end_ms':4000,'name':'Write','of':'s/','args':'{}','start_ms':3000,'success':true},"
          "'d':{'name':'Bash','of':'s/','args':'{}','start_ms':4000}}");
    end(&r);
}

TEST(a_tool_that_a_person_stopped_was_not_refused)
{
    struct reader r;
    begin(&r, NULL, false);
    push(&r, BLOCK("20.000", "r", "tool_use", TOOL("t", "Bash", "") "," TOOL("u", "Bash", ""), ""));
    push(&r, RESULT("21.000", "t", "\"content\":\"\",\"is_error\":true",
                    ",\"toolDenialKind\":\"user-rejected\""));
    check(&r, "waits", "{}");
    push(&r, RESULT("22.000", "u", "\"content\":\"\",\"is_error\":true",
                    ",\"toolDenialKind\":\"user-rejected\",\"toolDenialBeforeRun\":true"));
    check(
        &r, "waits",
        "{'wait:u':{'decision':'reject','decision_source':'user_reject','end_ms':2000,'of':'s/'}}");
    end(&r);
}

TEST(a_question_ends_with_the_turn)
{
    struct reader r;
    begin(&r, NULL, false);
    push(&r, BLOCK("20.000", "r", "tool_use", TOOL("q", "AskUserQuestion", ""), ""));
    assert_true(claude_transcript_idle(r.transcript, MODEL_START_MS + 3000));
    check(&r, "waits", "{'wait:q':{'context':'Question','end_ms':3000,'of':'s/','start_ms':0}}");
    end(&r);
}

/* ---- pieces ---- */

static const char story[] =
    PROMPT("20.000", "p") ASK("20.100", "a", "d") API_ERROR("20.200") ASK("20.700", "b", "d")
        BLOCK("21.500", "b", "tool_use", TEXT, ",\"apiBlockIndex\":0,\"thinkingDurationMs\":300")
            BLOCK("22.000", "b", "tool_use", TOOL("t", "Bash", "\"command\":\"ls\""), "")
                RESULT("22.100", "t", "\"content\":\"\"", "") "nonsense\r\n" BLOCK(
                    "22.500", "b", "tool_use", TOOL("u", "Read", ""), "")
                    LINE("api-request-blob") "\"message\":\"long\"}\n" PROMPT("25.000", "q")
                        ASK("25.100", "c", "e") FAILED("25.300") LINE("cost-state") "\"x\":1}\n";

static char *all_of(struct reader *r)
{
    json_t *all = records_of(&r->rig.model);
    char *text = json_dumps(all, JSON_SORT_KEYS);
    json_decref(all);
    return text;
}

TEST(pieces_of_any_size_give_the_same)
{
    struct reader whole;
    begin(&whole, NULL, false);
    push(&whole, story);
    assert_true(claude_transcript_finish(whole.transcript));
    char *want = all_of(&whole);
    for (size_t piece = 1; piece < 400; piece += piece < 20 ? 1 : 37) {
        struct reader r;
        begin(&r, NULL, false);
        for (size_t at = 0; at < sizeof story - 1; at += piece) {
            size_t left = sizeof story - 1 - at;
            assert_true(
                claude_transcript_push(r.transcript, story + at, left < piece ? left : piece));
        }
        assert_true(claude_transcript_finish(r.transcript));
        char *text = all_of(&r);
        assert_string_equal(text, want);
        assert_int_equal(r.rig.counters.bad, whole.rig.counters.bad);
        assert_int_equal(r.rig.counters.events, whole.rig.counters.events);
        free(text);
        end(&r);
    }
    free(want);
    end(&whole);
}

/* What version 2.1.332 has added, and what the next one might. */
TEST(members_of_newer_versions_change_nothing)
{
    static const char added[] =
        ",\"thread\":\"main\",\"echoWireToolInputs\":true,\"sentAtMs\":1760000000000,"
        "\"rowSource\":\"typed\",\"modelNotNamed\":true,\"futureMember\":{\"id\":\"x\"}}\n";
    struct reader whole, r;
    begin(&whole, NULL, false);
    push(&whole, story);
    assert_true(claude_transcript_finish(whole.transcript));
    begin(&r, NULL, false);
    for (const char *at = story, *stop; (stop = strchr(at, '\n')) != NULL; at = stop + 1) {
        struct strbuf line;
        size_t len = (size_t)(stop - at);
        strbuf_init(&line, &mem_libc, 0);
        bool object = len > 1 && stop[-1] == '}';
        strbuf_add(&line, at, object ? len - 1 : len + 1);
        strbuf_adds(&line, object ? added : "");
        push(&r, line.data);
        strbuf_release(&line);
    }
    assert_true(claude_transcript_finish(r.transcript));
    char *want = all_of(&whole), *text = all_of(&r);
    assert_string_equal(text, want);
    assert_int_equal(r.rig.counters.bad, whole.rig.counters.bad);
    free(want);
    free(text);
    end(&r);
    end(&whole);
}

TEST(what_is_read_twice_is_said_once)
{
    struct reader r;
    begin(&r, NULL, false);
    push(&r, story);
    char *once = all_of(&r);
    claude_transcript_free(r.transcript);
    begin_again(&r, NULL, false);
    push(&r, story);
    char *again = all_of(&r);
    assert_string_equal(again, once);
    free(once);
    free(again);
    end(&r);
}

/* Whatever comes: no crash, no leak. */
TEST(bytes_that_were_changed_harm_nothing)
{
    uint64_t seed = 11;
    for (int round = 0; round < 300; round++) {
        struct reader r;
        char text[sizeof story];
        memcpy(text, story, sizeof story);
        for (uint64_t i = 0, n = 1 + support_random_below(&seed, 30); i < n; i++) {
            text[support_random_below(&seed, sizeof story - 1)] =
                (char)("\"{}[],:\\\n 0x"[support_random_below(&seed, 12)]);
        }
        begin(&r, NULL, round % 2 == 0);
        assert_true(claude_transcript_push(r.transcript, text, sizeof story - 1));
        assert_true(claude_transcript_finish(r.transcript));
        end(&r);
    }
}

TEST(a_lack_of_memory_is_an_error_and_no_leak)
{
    bool whole = false;
    for (long allow = 0; !whole; allow++) {
        struct failing_mem failing = {.allow = allow};
        struct mem mem = failing_mem(&failing);
        struct reader r;
        if (rig_init_with(&r.rig, &mem)) {
            struct claude_transcript_options options = {
                .counters = &r.rig.counters,
                .where = "t.jsonl",
                .source = "claude:",
                .session_id = model_text("s"),
                .max_line_bytes = 1 << 16,
                .content = allow % 2 == 0,
            };
            r.transcript = claude_transcript_new(&options);
            whole = r.transcript != NULL &&
                    claude_transcript_push(r.transcript, story, sizeof story - 1) &&
                    claude_transcript_finish(r.transcript);
            whole &= failing.calls <= (size_t)allow;
            claude_transcript_free(r.transcript);
        }
        rig_release(&r.rig);
        assert_int_equal(failing.live_blocks, 0);
    }
}
