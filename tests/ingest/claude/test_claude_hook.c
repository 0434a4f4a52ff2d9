/* What Claude Code's hooks say: each event, what is hostile, and the captured ones against what the API that they worked with knows. The
   witness keeps what it is told (said_witness.h). */
#include "core/base/json_text.h"
#include "ingest/claude/claude_hook.h"
#include "tests/support/failing_mem.h"
#include "tests/support/rig.h"
#include "tests/support/said_witness.h"

/* A payload, `'` for `"`. Returns what take said. */
static const char *take(struct rig *rig, double ms, const char *payload)
{
    char *text = strdup(payload);
    for (char *at = text; (at = strchr(at, '\'')) != NULL;)
        *at = '"';
    struct json_value value;
    assert_true(json_check(text, strlen(text), 64, &value, NULL));
    const char *wrong = claude_hook_take(&rig->ingest, value, MODEL_START_MS + ms, rig->now_ns);
    free(text);
    return wrong;
}

/* The same of session S, with these members. */
static void hook(struct rig *rig, double ms, const char *event, const char *members)
{
    char text[4096];
    snprintf(text, sizeof text,
             "{'session_id':'S','cwd':'/home/dev/api-server','hook_event_name':'%s'%s%s}", event,
             *members != '\0' ? "," : "", members);
    const char *wrong = take(rig, ms, text);
    if (wrong != NULL)
        fail_msg("%s: %s", event, wrong);
}

#define BASH(id, command) \
    "'tool_name':'Bash','tool_input':{'command':'" command "'},'tool_use_id':'" id "'"
#define BASH_ASKED(command) "'tool_name':'Bash','tool_input':{'command':'" command "'}"

static const struct said *need(char kind, const char *id)
{
    const struct said *said = said_find(kind, id, 0);
    if (said == NULL)
        fail_msg("nothing was said of %c %s", kind, id);
    return said;
}

/* Within a microsecond; NAN: was not said. */
static void at(struct said_number number, double ms)
{
    if (isnan(ms) ? !isnan(number.value) : !(fabs(number.value - MODEL_START_MS - ms) < 1e-3))
        fail_msg("said is %f, not %f", number.value - MODEL_START_MS, ms);
}

static void is(struct said_text said, const char *text)
{
    assert_string_equal(said.rank < 0 ? "(unsaid)" : said.text, text);
}

/* ---- events ---- */

RIG_TEST(a_tool_lasts_as_long_as_it_says)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "make test"));
    const struct said *tool = need('t', "t1");
    is(tool->name, "Bash");
    is(tool->args, "{\"command\":\"make test\"}");
    at(tool->start, 0);
    at(tool->end, NAN);
    hook(*state, 800, "PostToolUse", BASH("t1", "make test") ",'duration_ms':748");
    at(tool->end, 748);
    assert_true(tool->success.value > 0);
    is(tool->error, "(unsaid)");
    is(need('s', "S")->name, "api-server");
}

RIG_TEST(a_tool_that_was_held_up_ends_when_that_is_said)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "x"));
    hook(*state, 5000, "PostToolUse", BASH("t1", "x") ",'duration_ms':748");
    at(need('t', "t1")->start, 0);
    at(need('t', "t1")->end, 5000);
}

RIG_TEST(a_tool_whose_beginning_was_not_seen_began_that_long_ago)
{
    hook(*state, 800, "PostToolUse", BASH("t1", "x") ",'duration_ms':700");
    at(need('t', "t1")->start, 100);
    at(need('t', "t1")->end, 800);
    hook(*state, 900, "PostToolUse", BASH("t2", "x") ",'duration_ms':'soon'");
    at(need('t', "t2")->start, NAN);
    at(need('t', "t2")->end, 900);
}

RIG_TEST(a_failure_says_why_in_a_line)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "x"));
    hook(*state, 10, "PostToolUseFailure", BASH("t1", "x") ",'error':'Exit code 3\\nsecret'");
    is(need('t', "t1")->error, "Exit code 3");
    assert_true(need('t', "t1")->success.value < 1);
    hook(*state, 20, "PostToolUseFailure", BASH("t2", "x") ",'is_interrupt':true");
    is(need('t', "t2")->error, "interrupted");
}

RIG_TEST(the_argument_that_tells_most_is_kept_in_part)
{
    static const struct {
        const char *input, *args;
    } cases[] = {
        {"{'file_path':'/a','content':'secret'}", "{\"file_path\":\"/a\"}"},
        {"{'path':'src','pattern':'TODO'}", "{\"path\":\"src\"}"},
        {"{'pattern':'TODO'}", "{\"pattern\":\"TODO\"}"},
        {"{'url':'http://x','prompt':'secret'}", "{\"url\":\"http://x\"}"},
        {"{'description':'Look','prompt':'secret','subagent_type':'Explore'}",
         "{\"subagent_type\":\"Explore\",\"description\":\"Look\"}"},
        {"{'command':7,'url':''}", "(unsaid)"},
        {"{'todos':[{'content':'x'}]}", "(unsaid)"},
        {"'x'", "(unsaid)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char members[300], id[8];
        snprintf(id, sizeof id, "t%zu", i);
        snprintf(members, sizeof members, "'tool_name':'T','tool_use_id':'%s','tool_input':%s", id,
                 cases[i].input);
        hook(*state, 0, "PreToolUse", members);
        is(need('t', id)->args, cases[i].args);
    }
    char long_one[700], wanted[300];
    snprintf(
        long_one, sizeof long_one,
        "'tool_name':'Bash','tool_use_id':'long','tool_input':{'command':'%0199d\xc3\xa9 more'}",
        0);
    snprintf(wanted, sizeof wanted, "{\"command\":\"%0199d\"}", 0);
    hook(*state, 0, "PreToolUse", long_one);
    is(need('t', "long")->args, wanted);
}

RIG_TEST(a_permission_is_waited_for_until_the_call_runs)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "make"));
    hook(*state, 1, "PreToolUse", BASH("t2", "rm x"));
    hook(*state, 100, "PermissionRequest", BASH_ASKED("rm x"));
    const struct said *wait = need('w', "t2");
    is(wait->name, "Permission: Bash");
    at(wait->start, 100);
    hook(*state, 6100, "Notification", "'notification_type':'permission_prompt'");
    /* What another call does is nothing to it. */
    hook(*state, 7000, "PostToolUse", BASH("t1", "make") ",'duration_ms':6950");
    at(wait->end, NAN);
    hook(*state, 8500, "PostToolUse", BASH("t2", "rm x") ",'duration_ms':200");
    at(wait->end, 8300);
    is(wait->decision, "accept");
    at(need('t', "t2")->start, 1);
    at(need('t', "t2")->end, 8500);
    assert_null(said_find('w', "", 1));
}

RIG_TEST(equal_calls_are_asked_about_one_after_the_other)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "x"));
    hook(*state, 1, "PreToolUse", BASH("t2", "x"));
    hook(*state, 10, "PermissionRequest", BASH_ASKED("x"));
    hook(*state, 20, "PermissionRequest", BASH_ASKED("x"));
    at(need('w', "t1")->start, 10);
    at(need('w', "t2")->start, 20);
}

RIG_TEST(a_permission_of_a_call_that_nobody_told_of_ends_with_it)
{
    hook(*state, 0, "PermissionRequest", BASH_ASKED("x"));
    at(need('w', "permission:")->start, 0);
    hook(*state, 500, "PostToolUse", BASH("t1", "x") ",'duration_ms':100");
    at(need('w', "permission:")->end, 400);
    at(need('t', "t1")->start, 400);
}

RIG_TEST(a_notification_alone_is_a_wait_that_began_before)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "x"));
    hook(*state, 6200, "Notification", "'notification_type':'permission_prompt'");
    at(need('w', "t1")->start, 200);
    hook(*state, 9000, "PostToolUse", BASH("t1", "x") ",'duration_ms':50");
    at(need('w', "t1")->end, 8950);
}

RIG_TEST(what_was_refused_has_no_end_but_what_comes_next)
{
    hook(*state, 0, "UserPromptSubmit", "'prompt':'h\xc3\xa9llo','prompt_id':'p1'");
    hook(*state, 10, "PreToolUse", BASH("t1", "rm x"));
    hook(*state, 20, "PreToolUse", BASH("t2", "sub") ",'agent_id':'a1','agent_type':'Explore'");
    hook(*state, 100, "PermissionRequest", BASH_ASKED("rm x"));
    hook(*state, 5000, "UserPromptSubmit", "'prompt':'no','prompt_id':'p2'");
    at(need('w', "t1")->end, 5000);
    is(need('w', "t1")->decision, "reject");
    is(need('t', "t1")->error, "rejected");
    at(need('t', "t1")->end, 5000);
    /* The transcript knows better when. */
    assert_int_equal(need('t', "t1")->end.rank, WITNESS_GUESS);
    assert_int_equal(need('w', "t1")->end.rank, WITNESS_GUESS);
    at(need('u', "p1")->start, 0);
    at(need('u', "p1")->end, 5000);
    assert_true(need('u', "p1")->length.value > 4 && need('u', "p1")->length.value < 6);
    at(need('u', "p2")->end, NAN);
    /* A sub-agent goes on. */
    at(need('t', "t2")->end, NAN);
    hook(*state, 6000, "Stop", "'prompt_id':'p2'");
    at(need('u', "p2")->end, 6000);
    assert_int_equal(need('u', "p2")->end.rank, WITNESS_HOOKS);
    hook(*state, 7000, "SubagentStop", "'agent_id':'a1','agent_type':'Explore'");
    at(need('t', "t2")->end, 7000);
    at(need('a', "a1")->end, 7000);
}

RIG_TEST(an_idle_session_waits_for_a_prompt)
{
    hook(*state, 0, "UserPromptSubmit", "'prompt':'x','prompt_id':'p1'");
    hook(*state, 10, "PreToolUse", BASH("t1", "rm x"));
    hook(*state, 20, "PermissionRequest", BASH_ASKED("rm x"));
    hook(*state, 65000, "Notification", "'notification_type':'idle_prompt','prompt_id':'p1'");
    /* It has been idle for a minute. */
    at(need('w', "t1")->end, 5000);
    at(need('u', "p1")->end, 5000);
    at(need('w', "idle:")->start, 65000);
    hook(*state, 70000, "UserPromptSubmit", "'prompt':'x','prompt_id':'p2'");
    at(need('w', "idle:")->end, 70000);
    is(need('w', "idle:")->decision, "(unsaid)");
}

RIG_TEST(a_batch_shows_which_of_its_calls_never_ran)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "x"));
    hook(*state, 1, "PreToolUse", BASH("t2", "y"));
    hook(*state, 50, "PostToolUse", BASH("t1", "x") ",'duration_ms':20");
    hook(*state, 60, "PostToolBatch", "'tool_calls':[{'tool_use_id':'t1'},{'tool_use_id':'t2'},7]");
    at(need('t', "t1")->end, 20);
    at(need('t', "t2")->end, 60);
    hook(*state, 70, "PreToolUse", BASH("t3", "z"));
    hook(*state, 80, "PermissionDenied", BASH("t3", "z"));
    at(need('t', "t3")->end, 80);
    assert_int_equal(need('t', "t3")->end.rank, WITNESS_HOOKS);
}

RIG_TEST(a_server_that_asks_is_waited_for)
{
    hook(*state, 0, "Elicitation", "'prompt_id':'p'");
    hook(*state, 90, "ElicitationResult", "'action':'decline'");
    at(need('w', "elicitation:")->end, 90);
    is(need('w', "elicitation:")->decision, "decline");
}

#define AGENT(id, type, about)                                                             \
    "'tool_name':'Agent','tool_use_id':'" id "','tool_input':{'subagent_type':'" type "'," \
    "'description':'" about "','prompt':'secret'}"

RIG_TEST(an_agents_parent_is_guessed_where_it_can_be_one_alone_and_known_at_its_end)
{
    hook(*state, 0, "PreToolUse", AGENT("g1", "Explore", "Look") ",'agent_id':'a0'");
    hook(*state, 10, "SubagentStart", "'agent_id':'a1','agent_type':'Explore'");
    const struct said *agent = need('a', "a1");
    is(agent->name, "Explore");
    is(agent->parent, "a0");
    is(agent->description, "Look");
    at(agent->start, 10);
    /* Two of a type: whose is whose? */
    hook(*state, 20, "PreToolUse", AGENT("g2", "Explore", "Two"));
    hook(*state, 21, "PreToolUse", AGENT("g3", "Explore", "Three"));
    hook(*state, 30, "SubagentStart", "'agent_id':'a2','agent_type':'Explore'");
    is(need('a', "a2")->description, "(unsaid)");
    hook(*state, 40, "PostToolUse",
         AGENT("g3", "Explore", "Three") ",'tool_response':{'agentId':'a2'}");
    is(need('a', "a2")->description, "Three");
    is(need('a', "a2")->parent, "S");
    assert_int_equal(need('a', "a2")->parent.rank, WITNESS_HOOKS);
}

RIG_TEST(a_session_begins_and_ends)
{
    hook(*state, 0, "SessionStart", "'source':'startup'");
    at(need('s', "S")->start, 0);
    hook(*state, 5, "PreToolUse", BASH("t1", "x"));
    hook(*state, 10, "SessionEnd", "'reason':'other'");
    at(need('s', "S")->end, 10);
    assert_false(need('s', "S")->gone);
    assert_non_null(rig_logged(*state, "session ended: other"));
    /* Its calls are forgotten: they were closed with it. */
    hook(*state, 20, "UserPromptSubmit", "'prompt':'x'");
    at(need('t', "t1")->end, NAN);
    /* One that goes on began before. */
    assert_null(
        take(*state, 30, "{'session_id':'R','hook_event_name':'SessionStart','source':'resume'}"));
    at(need('s', "R")->start, NAN);
    hook(*state, 40, "StopFailure", "'error':'server_error'");
    assert_non_null(rig_logged(*state, "the turn failed: server_error"));
}

RIG_TEST(a_hook_that_is_sent_twice_makes_nothing_new)
{
    static const struct {
        double ms;
        const char *event, *members;
    } events[] = {
        {0, "SessionStart", "'source':'startup'"},
        {5, "UserPromptSubmit", "'prompt':'x','prompt_id':'p1'"},
        {10, "PreToolUse", BASH("t1", "x")},
        {20, "PermissionRequest", BASH_ASKED("x")},
        {900, "PostToolUse", BASH("t1", "x") ",'duration_ms':100"},
        {1000, "PreToolUse", BASH("t2", "x")},
        {1300, "PostToolUse", BASH("t2", "x") ",'duration_ms':250"},
        {1400, "Stop", "'prompt_id':'p1'"},
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        hook(*state, events[i].ms, events[i].event, events[i].members);
        size_t count = said_witness->count;
        hook(*state, events[i].ms + 3, events[i].event, events[i].members);
        assert_int_equal(said_witness->count, count);
    }
    at(need('t', "t1")->start, 10);
    at(need('w', "t1")->start, 20);
    at(need('w', "t1")->end, 800);
    at(need('t', "t2")->end, 1250);
}

RIG_TEST(what_is_unknown_means_nothing)
{
    hook(*state, 0, "WorktreeCreate", "'x':1");
    hook(*state, 0, "NotYetInvented", "'tool_use_id':7");
    hook(*state, 0, "Notification", "'notification_type':'auth_success'");
    hook(*state, 0, "Notification", "");
    assert_null(said_find('t', "", 0));
    assert_null(said_find('w', "", 0));
    static const struct {
        const char *payload, *wrong;
    } cases[] = {
        {"[]", "not an object"},
        {"{}", "hook_event_name is missing"},
        {"{'hook_event_name':7}", "hook_event_name is missing"},
        {"{'hook_event_name':'Stop'}", "session_id is no id"},
        {"{'hook_event_name':'Stop','session_id':''}", "session_id is no id"},
        {"{'hook_event_name':'Stop','session_id':{}}", "session_id is no id"},
        {"{'hook_event_name':'PreToolUse','session_id':'S'}", "tool_use_id or tool_name"},
        {"{'hook_event_name':'PostToolUse','session_id':'S','tool_use_id':[]}", "tool_use_id"},
        {"{'hook_event_name':'SubagentStart','session_id':'S'}", "agent_id is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wrong = take(*state, 0, cases[i].payload);
        if (wrong == NULL || strstr(wrong, cases[i].wrong) == NULL)
            fail_msg("%s: %s", cases[i].payload, wrong == NULL ? "taken" : wrong);
    }
}

/* ---- hostile ones ---- */

static const char whole[] =
    "{\"session_id\":\"S\",\"cwd\":\"/x/y\",\"agent_id\":\"a\",\"agent_type\":\"T\",\"hook_event_name\":"
    "\"PostToolUse\",\"tool_name\":\"Agent\",\"tool_input\":{\"command\":\"c\",\"description\":\"d\"},"
    "\"tool_use_id\":\"t\",\"duration_ms\":215,\"tool_response\":{\"agentId\":\"b\"},\"error\":\"e\"}";

RIG_TEST(any_prefix_and_mutation_of_a_payload_does_no_harm)
{
    struct rig *rig = *state;
    static const char others[] = {'"', '{', '}', '[', ']', ',', ':', '0', '-', 'x', '\\', ' ', 'e'};
    char text[sizeof whole];
    for (size_t len = 0; len < sizeof whole; len++) {
        struct json_value value;
        /* In a block of its own size, so that ASan sees what reads beyond. */
        char *copy = malloc(len + (len == 0));
        memcpy(copy, whole, len);
        if (json_check(copy, len, 64, &value, NULL))
            claude_hook_take(&rig->ingest, value, MODEL_START_MS, rig->now_ns);
        free(copy);
    }
    for (size_t i = 0; i < sizeof whole - 1; i++)
        for (size_t k = 0; k < sizeof others; k++) {
            struct json_value value;
            memcpy(text, whole, sizeof text);
            text[i] = others[k];
            /* What is kept of them is no matter here, and bounded. */
            said_witness->count = 0;
            if (json_check(text, sizeof text - 1, 64, &value, NULL))
                claude_hook_take(&rig->ingest, value, MODEL_START_MS, rig->now_ns);
        }
}

/* Every member in turn is of every other type. */
RIG_TEST(a_member_of_another_type_is_not_there)
{
    struct rig *rig = *state;
    static const char *const events[] = {"PreToolUse",
                                         "PostToolUse",
                                         "PostToolUseFailure",
                                         "PostToolBatch",
                                         "PermissionRequest",
                                         "PermissionDenied",
                                         "Notification",
                                         "Elicitation",
                                         "ElicitationResult",
                                         "UserPromptSubmit",
                                         "Stop",
                                         "StopFailure",
                                         "SubagentStart",
                                         "SubagentStop",
                                         "SessionStart",
                                         "SessionEnd"};
    static const char *const members[] = {
        "agent_id",    "agent_type",        "cwd",       "tool_name",  "tool_input",
        "tool_use_id", "tool_response",     "error",     "prompt",     "reason",
        "source",      "notification_type", "prompt_id", "tool_calls", "duration_ms"};
    static const char *const values[] = {"null",   "true", "-1e400",
                                         "''",     "'x'",  "[]",
                                         "[[{}]]", "{}",   "{'command':{'a':[1]},'agentId':7}"};
    for (size_t e = 0; e < sizeof events / sizeof events[0]; e++)
        for (size_t m = 0; m < sizeof members / sizeof members[0]; m++)
            for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
                char text[600];
                snprintf(text, sizeof text,
                         "{'session_id':'S','hook_event_name':'%s','tool_name':'T','tool_use_id':"
                         "'t','agent_id':'a','%s':%s}",
                         events[e], members[m], values[v]);
                take(rig, 0, text);
            }
}

RIG_TEST(open_calls_are_bounded)
{
    struct rig *rig = *state;
    for (int i = 0; i < 5000; i++) {
        char members[100];
        snprintf(members, sizeof members, "'tool_name':'T','tool_use_id':'t%d'", i);
        said_witness->count = 0;
        hook(rig, i, "PreToolUse", members);
    }
    assert_non_null(rig_logged(rig, "more calls are open than can be remembered"));
    for (int i = 0; i < 3000; i++) {
        char text[100];
        snprintf(text, sizeof text, "{'session_id':'s%d','hook_event_name':'Stop'}", i);
        said_witness->count = 0;
        assert_null(take(rig, 0, text));
    }
}

TEST(out_of_memory_is_said_and_nothing_is_left)
{
    bool done = false;
    for (long allow = 0; !done; allow++) {
        struct rig *rig = calloc(1, sizeof *rig);
        rig_init(rig);
        said_witness->allow = allow;
        const char *first = take(rig, 0,
                                 "{'session_id':'S','hook_event_name':'PreToolUse',"
                                 "'tool_name':'T','tool_use_id':'t'}");
        const char *second =
            take(rig, 9, "{'session_id':'S','hook_event_name':'Stop','prompt_id':'p'}");
        done = first == NULL && second == NULL;
        if (!done)
            assert_non_null(strstr(second == NULL ? first : second, "out of memory"));
        rig_release(rig);
        free(rig);
    }
}

TEST(each_allocation_may_fail)
{
    bool done = false;
    for (long allow = 0; !done; allow++) {
        struct rig *rig = calloc(1, sizeof *rig);
        struct failing_mem fails = {.allow = -1};
        struct mem mem = failing_mem(&fails);
        assert_true(rig_init_with(rig, &mem));
        fails.allow = allow;
        for (int i = 0; i < 40; i++) {
            char members[200];
            snprintf(members, sizeof members,
                     "{'session_id':'S%d','hook_event_name':'PreToolUse','tool_name':'T',"
                     "'tool_use_id':'t','tool_input':{'command':'x'}}",
                     i % 20);
            const char *wrong = take(rig, i, members);
            assert_true(wrong == NULL || strstr(wrong, "out of memory") != NULL);
        }
        done = fails.allow > 0;
        fails.allow = -1;
        rig_release(rig);
        assert_int_equal(fails.live_blocks, 0);
        free(rig);
    }
}

/* ---- the captured ones ---- */

/* Replays a sample's hooks at their times. */
static void replay(struct rig *rig, const char *sample)
{
    char rel[64];
    snprintf(rel, sizeof rel, "samples/claude/%s/hooks.jsonl", sample);
    char *text = support_read_file(support_data(rel), NULL);
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        struct json_value value;
        assert_true(json_check(line, (size_t)(end - line), 64, &value, NULL));
        const char *wrong =
            claude_hook_take(&rig->ingest, json_get(value, "payload"),
                             json_get_number(json_get(value, "t")) / 1e6, rig->now_ns);
        if (wrong != NULL)
            fail_msg("%s: %s", sample, wrong);
    }
    free(text);
}

static unsigned count_tools(const char *session, const char *agent, const char *tool)
{
    unsigned count = 0;
    for (size_t i = 0; i < said_witness->count; i++) {
        const struct said *said = &said_witness->all[i];
        count += said->kind == 't' && strcmp(said->session, session) == 0 &&
                 strcmp(said->agent, agent) == 0 && strcmp(said->name.text, tool) == 0;
    }
    return count;
}

static void decode(struct json_value value, char *out)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, SAID_TEXT);
    json_get_string(value, &text);
    snprintf(out, SAID_TEXT, "%s", text.len > 0 ? text.data : "");
    strbuf_release(&text);
}

/* Calls that the model asked for and that were never run have no hook (tests/data/README.md). */
static const struct {
    const char *script, *tool;
    unsigned wanted, seen;
} known[] = {
    {"sub-write", "Write", 1, 0}, {"chaos", "NoSuchTool", 1, 0}, {"chaos", "Read", 1, 0},
    {"chaos", "Bash", 3, 3},      {"solo", "Glob", 1, 0},
};

static unsigned expected(struct json_value agent, const char *tool, unsigned wanted)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (json_string_is(json_get(agent, "script"), known[i].script) &&
            strcmp(known[i].tool, tool) == 0 && known[i].wanted == wanted)
            return known[i].seen;
    return wanted;
}

static void check_agent(const char *session, const char *name, struct json_value agent)
{
    bool main = strcmp(name, "main") == 0;
    struct json_walk walk = json_walk(json_get(agent, "tools"));
    struct json_member tool;
    char text[SAID_TEXT];
    while (json_next_member(&walk, &tool)) {
        decode(tool.key, text);
        unsigned wanted = expected(agent, text, (unsigned)json_get_number(tool.value));
        unsigned seen = count_tools(session, main ? "" : name, text);
        if (seen != wanted)
            fail_msg("%s of %s in %s: %u, not %u", text, name, session, seen, wanted);
    }
    if (main)
        return;
    decode(json_get(agent, "parent"), text);
    const struct said *said = need('a', name);
    bool of_main = strcmp(text, "main") == 0;
    if (said->parent.rank >= 0 || !of_main)
        is(said->parent, of_main ? session : text);
}

RIG_TEST(the_samples_hooks_give_the_tools_of_each_agent)
{
    static const char *const samples[] = {"solo-json", "swarm-json", "concurrent-pb",
                                          "dead",      "abort",      "tui-perm"};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char rel[64], session[SAID_TEXT], name[SAID_TEXT];
        said_witness->count = 0;
        replay(*state, samples[i]);
        snprintf(rel, sizeof rel, "samples/claude/%s/expected.json", samples[i]);
        size_t len;
        char *text = support_read_file(support_data(rel), &len);
        struct json_value all;
        assert_true(json_check(text, len, 64, &all, NULL));
        struct json_walk walk = json_walk(all);
        struct json_member member, agent;
        while (json_next_member(&walk, &member)) {
            decode(member.key, session);
            struct json_walk agents = json_walk(member.value);
            while (json_next_member(&agents, &agent)) {
                decode(agent.key, name);
                check_agent(session, name, agent.value);
            }
        }
        free(text);
    }
}

/* Against what telemetry says of the same: claude_code.tool.blocked_on_user of the sample. */
RIG_TEST(the_waits_of_tui_perm_are_as_long_as_they_were)
{
    static const double blocked[] = {8555, 8689};
    replay(*state, "tui-perm");
    for (unsigned i = 0; i < 2; i++) {
        const struct said *wait = said_find('w', "", i);
        assert_non_null(wait);
        double ms = wait->end.value - wait->start.value;
        if (!(fabs(ms - blocked[i]) < 250))
            fail_msg("wait %u: %f ms, not %f", i, ms, blocked[i]);
        is(wait->decision, "accept");
    }
    /* The third was refused; the session ended before anything more was said of it. */
    const struct said *refused = said_find('w', "", 2);
    assert_non_null(refused);
    assert_true(isnan(refused->end.value));
    assert_null(said_find('w', "", 3));
    assert_true(need('s', "")->end.value > 0);
}

RIG_TEST(the_tools_of_swarm_json_last_as_long_as_they_say)
{
    replay(*state, "swarm-json");
    unsigned ended = 0, failed = 0, turns = 0;
    for (size_t i = 0; i < said_witness->count; i++) {
        const struct said *said = &said_witness->all[i];
        ended += said->kind == 't' && said->end.value > said->start.value;
        failed += said->kind == 't' && said->success.value < 1;
        turns += said->kind == 'u' && said->end.value > said->start.value;
    }
    assert_int_equal(ended, 17);
    assert_int_equal(failed, 2);
    assert_int_equal(turns, 2);
    /* A nested agent's parent is known while it runs. */
    is(need('a', "ab06685a1f4666ae5")->parent, "a8b18248cc4ffbad6");
    is(need('a', "ab06685a1f4666ae5")->description, "Nested helper");
}
