/* Hooks of clients other than Claude Code, made up: which waits for a person and which tools a story of
   hooks leaves. Times are in ms, texts have ' for ". */
#include "ingest/source.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOOKS_MAX = 16 };

static const struct story {
    const char *name, *client;
    struct {
        double ms;
        const char *members;
    } hooks[HOOKS_MAX];
    /* In their order: "WHAT START-END DECISION", and "ID END OUTCOME"; "-": unknown. */
    const char *waits, *tools;
} stories[] = {
#define SHELL(command) "'tool_name':'run_shell_command','tool_input':{'command':'" command "'}"
#define IDS(id)        ",'tool_use_id':'x" id "','tool_call_id':'" id "'"
#define IDLE           "'hook_event_name':'Notification','notification_type':'idle_prompt'"
    {.name = "the prompt is waited for twice",
     .client = "qwen",
     .hooks = {{0, "'hook_event_name':'UserPromptSubmit','prompt_id':'p0'"},
               {5000, "'hook_event_name':'Stop'"},
               {6000, IDLE},
               {6030, IDLE},
               {10000, "'hook_event_name':'UserPromptSubmit','prompt_id':'p1'"},
               {600000, "'hook_event_name':'Stop'"},
               {601000, IDLE},
               {610000, "'hook_event_name':'UserPromptSubmit','prompt_id':'p2'"}},
     .waits = "Prompt 6000-10000 -\nPrompt 601000-610000 -\n",
     .tools = ""},
    {.name = "the same command is allowed twice",
     .client = "qwen",
     .hooks = {{20, "'hook_event_name':'PermissionRequest'," SHELL("npm test")},
               {25, "'hook_event_name':'PermissionRequest'," SHELL("npm test")},
               {5000, "'hook_event_name':'PreToolUse'," SHELL("npm test") IDS("c1")},
               {6000, "'hook_event_name':'PostToolUse'," SHELL("npm test") IDS("c1")},
               {300000, "'hook_event_name':'PermissionRequest'," SHELL("npm test")},
               {305000, "'hook_event_name':'PreToolUse'," SHELL("npm test") IDS("c2")},
               {310000, "'hook_event_name':'PostToolUse'," SHELL("npm test") IDS("c2")}},
     .waits = "Permission: run_shell_command 20-5000 accept\n"
              "Permission: run_shell_command 300000-305000 accept\n",
     .tools = "c1 6000 -\nc2 310000 -\n"},
    {.name = "a batch is told of before the ends of its calls",
     .client = "qwen",
     .hooks = {{10, "'hook_event_name':'PreToolUse'," SHELL("ls") IDS("c1")},
               {11, "'hook_event_name':'PreToolUse'," SHELL("false") IDS("c2")},
               {12, "'hook_event_name':'PreToolUse'," SHELL("rm") IDS("c3")},
               {900,
                "'hook_event_name':'PostToolBatch','tool_calls':["
                "{" SHELL(
                    "ls") ",'tool_call_id':'c1','status':'success'},"
                          "{" SHELL(
                              "false") ",'tool_call_id':'c2','status':'error'},"
                                       "{" SHELL(
                                           "rm") ",'tool_call_id':'c3','status':'cancelled'}]"},
               {920, "'hook_event_name':'PostToolUse'," SHELL("ls") IDS("c1")},
               {921, "'hook_event_name':'PostToolUseFailure'," SHELL("false") IDS("c2")}},
     .waits = "",
     .tools = "c1 920 -\nc2 921 -\nc3 900 refused\n"},

#define ASKED(command)                                                                 \
    "'hook_event_name':'Notification','notification_type':'ToolPermission','details':" \
    "{'type':'exec','command':'" command "'}"
    {.name = "only notifications have hooks",
     .client = "gemini",
     .hooks = {{0, "'hook_event_name':'BeforeAgent','prompt':'a'"},
               {1000, ASKED("ls")},
               {1030, ASKED("ls")},
               {2000, "'hook_event_name':'AfterAgent'"},
               {600000, "'hook_event_name':'BeforeAgent','prompt':'b'"},
               {601000, ASKED("ls")},
               {602000, "'hook_event_name':'AfterAgent'"}},
     .waits = "Permission 1000-2000 -\nPermission 601000-602000 -\n",
     .tools = ""},
    {.name = "a notification and the end of its tool have hooks",
     .client = "gemini",
     .hooks = {{1000, ASKED("ls")},
               {1300, ASKED("rm")},
               {3000, "'hook_event_name':'AfterTool'," SHELL("ls")},
               {9000, "'hook_event_name':'AfterTool'," SHELL("rm")}},
     .waits = "Permission 1000-3000 accept\nPermission 1300-9000 accept\n",
     .tools = ""},
    {.name = "each hook is sent twice",
     .client = "gemini",
     .hooks = {{1000, "'hook_event_name':'BeforeTool'," SHELL("make")},
               {1001, "'hook_event_name':'BeforeTool'," SHELL("ls")},
               {1030, "'hook_event_name':'BeforeTool'," SHELL("ls")},
               {1031, "'hook_event_name':'BeforeTool'," SHELL("make")},
               {1100, ASKED("ls")},
               {1130, ASKED("ls")},
               {5000, "'hook_event_name':'AfterTool'," SHELL("ls")},
               {5030, "'hook_event_name':'AfterTool'," SHELL("ls")},
               {6000, ASKED("make")},
               {6030, ASKED("make")},
               {8000, "'hook_event_name':'AfterTool'," SHELL("make")},
               {8030, "'hook_event_name':'AfterTool'," SHELL("make")},
               {9000, "'hook_event_name':'SessionEnd','reason':'exit'"},
               {9001, "'hook_event_name':'SessionEnd','reason':'exit'"}},
     .waits = "Permission: run_shell_command 1100-5000 accept\n"
              "Permission: run_shell_command 6000-8000 accept\n",
     .tools = ""},

#define BASH(command) "'turn_id':'t','tool_name':'Bash','tool_input':{'command':'" command "'}"
#define BASH_ASKED(command)                                                   \
    "'hook_event_name':'PermissionRequest','turn_id':'t','tool_name':'Bash'," \
    "'tool_input':{'command':'" command "','description':'leave'}"
    {.name = "the older of two commands needs a permission",
     .client = "codex",
     .hooks = {{1000, "'hook_event_name':'PreToolUse','tool_use_id':'k1'," BASH("npm test")},
               {1010, "'hook_event_name':'PreToolUse','tool_use_id':'k2'," BASH("ls")},
               {1100, BASH_ASKED("npm test")},
               {1105, BASH_ASKED("npm test")},
               {2000, "'hook_event_name':'PostToolUse','tool_use_id':'k2'," BASH("ls")},
               {90000, "'hook_event_name':'PostToolUse','tool_use_id':'k1'," BASH("npm test")}},
     .waits = "Permission: Bash 1100-90000 accept\n",
     .tools = "k1 90000 -\nk2 2000 -\n"},
    {.name = "the permission request overtakes the call",
     .client = "codex",
     .hooks = {{1000, BASH_ASKED("make")},
               {1005, "'hook_event_name':'PreToolUse','tool_use_id':'k1'," BASH("make")},
               {4000, "'hook_event_name':'PostToolUse','tool_use_id':'k1'," BASH("make")}},
     .waits = "Permission: Bash 1000-4000 accept\n",
     .tools = "k1 4000 -\n"},
};

static void take(struct rig *rig, const char *client, double ms, const char *members)
{
    char text[2048];
    struct json_value value;
    snprintf(text, sizeof text, "{'session_id':'S','cwd':'/home/dev/p',%s}", members);
    for (char *at = text; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    if (!json_check(text, strlen(text), 64, &value, NULL)) {
        fail_msg("no JSON: %s", text);
    }
    const struct hook_arrival arrival = {.t_ms = MODEL_START_MS + ms, .local_ns = rig->now_ns};
    const char *wrong = hook_take(&rig->ingest, client, value, &arrival);
    if (wrong != NULL) {
        fail_msg("%s: %s", client, wrong);
    }
}

static void put_ms(char *out, size_t cap, double ms)
{
    snprintf(out, cap, isnan(ms) ? "-" : "%.0f", ms - MODEL_START_MS);
}

/* Lists the calls of a kind as a story does. */
static void list(const struct rig *rig, enum call_kind kind, char *out, size_t cap)
{
    const struct record *record;
    size_t len = 0;
    *out = '\0';
    for (unsigned n = 0; (record = records_find(&rig->model, kind, "", n)) != NULL; n++) {
        const struct facts *facts = &record->facts;
        char start[40], end[40];
        put_ms(start, sizeof start, record->start_ms);
        put_ms(end, sizeof end, facts_number(facts, FIELD_END_MS));
        struct slice what = facts_text(facts, FIELD_CONTEXT);
        struct slice decision = facts_text(facts, FIELD_DECISION);
        double outcome = facts_number(facts, FIELD_OUTCOME);
        if (kind == CALL_WAIT) {
            snprintf(out + len, cap - len, "%.*s %s-%s %.*s\n", (int)what.len, what.bytes, start,
                     end, decision.len == 0 ? 1 : (int)decision.len,
                     decision.len == 0 ? "-" : decision.bytes);
        } else {
            snprintf(out + len, cap - len, "%.*s %s %s\n", (int)record->id.len, record->id.bytes,
                     end,
                     outcome == OUTCOME_REFUSED       ? "refused"
                     : outcome == OUTCOME_INTERRUPTED ? "interrupted"
                                                      : "-");
        }
        len += strlen(out + len);
    }
}

RIG_TEST(a_story_of_hooks_leaves_its_waits_and_tools)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const struct story *story = &stories[i];
        struct rig own;
        char text[1024];
        rig_init(&own);
        for (size_t n = 0; n < HOOKS_MAX && story->hooks[n].members != NULL; n++) {
            take(&own, story->client, story->hooks[n].ms, story->hooks[n].members);
        }
        list(&own, CALL_WAIT, text, sizeof text);
        if (strcmp(text, story->waits) != 0) {
            fail_msg("%s: waits are\n%s", story->name, text);
        }
        list(&own, CALL_TOOL, text, sizeof text);
        if (strcmp(text, story->tools) != 0) {
            fail_msg("%s: tools are\n%s", story->name, text);
        }
        rig_release(&own);
    }
}

RIG_TEST(the_end_of_a_session_is_logged_once)
{
    struct rig *rig = *state;
    size_t count = 0;
    for (unsigned i = 0; i < 3; i++) {
        take(rig, "gemini", 10 + i, "'hook_event_name':'SessionEnd','reason':'exit'");
    }
    for (size_t i = 0; i < event_log_count(rig->log); i++) {
        count += strstr(event_log_get(rig->log, i)->text, "session ended") != NULL;
    }
    assert_int_equal(count, 1);
}

/* Codex's files, too, have only that the turn was stopped. */
RIG_TEST(a_command_that_may_have_run_for_minutes_is_not_surely_refused)
{
    struct rig *rig = *state;
    static const double asked_ms[] = {1000, 200000};
    for (unsigned i = 0; i < 2; i++) {
        char begin[300];
        snprintf(begin, sizeof begin, "'hook_event_name':'PreToolUse','tool_use_id':'k%u',%s", i,
                 BASH("make"));
        take(rig, "codex", asked_ms[i], begin);
        take(rig, "codex", asked_ms[i] + 1, BASH_ASKED("make"));
        take(rig, "codex", asked_ms[i] + (i == 0 ? 5000 : 120000), "'hook_event_name':'Interrupt'");
        const struct record *call = records_find(&rig->model, CALL_TOOL, i == 0 ? "k0" : "k1", 0);
        const struct fact *fact = facts_get(&call->facts, FIELD_OUTCOME);
        assert_int_equal((int)facts_number(&call->facts, FIELD_OUTCOME),
                         i == 0 ? OUTCOME_REFUSED : OUTCOME_INTERRUPTED);
        assert_int_equal(fact->precedence, PRECEDENCE_INFERRED); /* files know whether it ran */
    }
}

/* Gemini CLI's older files are printed prettily, its hooks are not. */
RIG_TEST(the_end_of_a_call_in_a_file_is_found_however_its_input_is_spaced)
{
    struct rig *rig = *state;
    static const char args[] = "{\n  \"command\": \"a \\\"b  c\",\n  \"n\": [ 1,\t2 ]\r\n}";
    char end_ms[40];
    struct json_value input;
    take(rig, "gemini", 1,
         "'hook_event_name':'BeforeTool','tool_name':'sh','tool_input':"
         "{'command':'a \\'b  c','n':[1,2]}");
    take(rig, "gemini", 2, "'hook_event_name':'BeforeTool','tool_name':'sh','tool_input':{'n':3}");
    take(rig, "gemini", 5, ASKED("a \\'b  c"));
    take(rig, "gemini", 2000, ASKED("other"));
    assert_true(json_check(args, strlen(args), 64, &input, NULL));
    const struct hook_tool_end end = {
        .session_id = {"S", 1}, .name = {"sh", 2}, .input = input, .at_ms = MODEL_START_MS + 4000};
    assert_true(hook_note_tool_end(&rig->ingest, "gemini", &end));
    put_ms(end_ms, sizeof end_ms,
           facts_number(&records_find(&rig->model, CALL_WAIT, "", 0)->facts, FIELD_END_MS));
    assert_string_equal(end_ms, "4000");
    assert_true(
        isnan(facts_number(&records_find(&rig->model, CALL_WAIT, "", 1)->facts, FIELD_END_MS)));
}
