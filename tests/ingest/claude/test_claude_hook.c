/* Claude Code's hooks to records: each event, hostile ones, and the captured ones against what the API
   that they worked with counted. */
#include "core/base/hash.h"
#include "core/base/json_text.h"
#include "tests/support/failing_mem.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 512 };

/* A payload, `'` for `"`. Returns what was wrong. */
static const char *take(struct rig *rig, double ms, const char *payload)
{
    char *text = strdup(payload);
    for (char *at = text; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    struct json_value value;
    assert_true(json_check(text, strlen(text), 64, &value, NULL));
    const char *wrong =
        hook_take(&rig->ingest, "claude", value,
                  &(struct hook_arrival){.t_ms = MODEL_START_MS + ms, .local_ns = rig->now_ns});
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
    if (wrong != NULL) {
        fail_msg("%s: %s", event, wrong);
    }
}

#define BASH(id, command) \
    "'tool_name':'Bash','tool_input':{'command':'" command "'},'tool_use_id':'" id "'"
#define BASH_ASKED(command) "'tool_name':'Bash','tool_input':{'command':'" command "'}"

/* One call, agent or session of the rig, found again for each look: updates move records. */
struct probe {
    const struct model *model;
    enum call_kind kind;
    const char *id;
};

static struct probe tool(struct rig *rig, const char *id)
{
    return (struct probe){&rig->model, CALL_TOOL, id};
}

static struct probe wait_of(struct rig *rig, const char *id)
{
    return (struct probe){&rig->model, CALL_WAIT, id};
}

static struct probe interaction(struct rig *rig, const char *id)
{
    return (struct probe){&rig->model, CALL_INTERACTION, id};
}

static const struct record *need(struct probe probe)
{
    const struct record *record = records_find(probe.model, probe.kind, probe.id, 0);
    if (record == NULL) {
        fail_msg("no %s %s", call_kind_word(probe.kind), probe.id);
    }
    return record;
}

/* Within a microsecond; NAN: unknown. */
static void at(struct probe probe, enum update_field field, double ms)
{
    double is = facts_number(&need(probe)->facts, field) - MODEL_START_MS;
    if (isnan(ms) ? !isnan(is) : !(fabs(is - ms) < 1e-3)) {
        fail_msg("%s of %s is %f, not %f", update_fields[field].key, probe.id, is, ms);
    }
}

static void starts(struct probe probe, double ms)
{
    at(probe, FIELD_START_MS, ms);
}

static void ends(struct probe probe, double ms)
{
    at(probe, FIELD_END_MS, ms);
}

static void is(struct probe probe, enum update_field field, const char *want)
{
    struct strbuf scratch;
    strbuf_init(&scratch, &mem_libc, 0);
    const struct facts *facts = &need(probe)->facts;
    struct slice text =
        field == FIELD_ARGS ? facts_args(facts, &scratch) : facts_text(facts, field);
    char copy[TEXT_BYTES];
    snprintf(copy, sizeof copy, "%.*s", (int)text.len, text.bytes == NULL ? "" : text.bytes);
    assert_string_equal(text.bytes == NULL ? "(unset)" : copy, want);
    strbuf_release(&scratch);
}

static void known_by(struct probe probe, enum update_field field, enum precedence precedence)
{
    assert_int_equal(facts_get(&need(probe)->facts, field)->precedence, precedence);
}

static void succeeds(struct probe probe, enum tristate want)
{
    assert_int_equal(facts_bool(&need(probe)->facts, FIELD_SUCCESS), want);
}

static void outcome_is(struct probe probe, enum outcome want)
{
    assert_int_equal((int)facts_number(&need(probe)->facts, FIELD_OUTCOME), want);
}

/* The n-th of all calls of that kind; NULL: none. */
static const struct record *nth(struct rig *rig, enum call_kind kind, unsigned n)
{
    return records_find(&rig->model, kind, "", n);
}

static void sessions_are(struct rig *rig, const char *want)
{
    records_check(&rig->model, "sessions", want, NULL);
}

static const struct agent *agent_of(struct rig *rig, const char *id)
{
    const struct agent *agent = records_agent(&rig->model, id);
    if (agent == NULL) {
        fail_msg("no agent %s", id);
    }
    return agent;
}

static void agent_is(struct rig *rig, const char *id, const char *type, const char *description,
                     const char *parent)
{
    const struct swarm *swarm = rig->model.swarm;
    const struct agent *agent = agent_of(rig, id);
    assert_string_equal(swarm_text(swarm, agent->name), type);
    assert_string_equal(swarm_text(swarm, agent->description), description);
    assert_string_equal(swarm_text(swarm, agent->parent_id), parent);
}

/* ---- events ---- */

RIG_TEST(a_tool_lasts_as_long_as_it_says)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "make test"));
    struct probe t1 = tool(*state, "t1");
    is(t1, FIELD_NAME, "Bash");
    is(t1, FIELD_ARGS, "{\"command\":\"make test\"}");
    starts(t1, 0);
    ends(t1, NAN);
    hook(*state, 800, "PostToolUse", BASH("t1", "make test") ",'duration_ms':748");
    ends(t1, 748);
    succeeds(t1, TRI_TRUE);
    is(t1, FIELD_ERROR, "(unset)");
    sessions_are(*state, "{'S':{'name':'api-server','start_ms':0}}");
}

RIG_TEST(a_tool_that_was_held_up_ends_when_its_hook_comes)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "x"));
    hook(*state, 5000, "PostToolUse", BASH("t1", "x") ",'duration_ms':748");
    starts(tool(*state, "t1"), 0);
    ends(tool(*state, "t1"), 5000);
}

RIG_TEST(a_tool_whose_beginning_was_not_seen_began_that_long_ago)
{
    hook(*state, 800, "PostToolUse", BASH("t1", "x") ",'duration_ms':700");
    starts(tool(*state, "t1"), 100);
    ends(tool(*state, "t1"), 800);
    hook(*state, 900, "PostToolUse", BASH("t2", "x") ",'duration_ms':'soon'");
    starts(tool(*state, "t2"), NAN);
    ends(tool(*state, "t2"), 900);
}

RIG_TEST(a_failure_says_why_in_a_line)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "x"));
    hook(*state, 10, "PostToolUseFailure", BASH("t1", "x") ",'error':'Exit code 3\\nsecret'");
    is(tool(*state, "t1"), FIELD_ERROR, "Exit code 3");
    succeeds(tool(*state, "t1"), TRI_FALSE);
    hook(*state, 20, "PostToolUseFailure", BASH("t2", "x") ",'is_interrupt':true");
    is(tool(*state, "t2"), FIELD_ERROR, "interrupted");
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
        {"{'command':7,'url':''}", "(unset)"},
        {"{'todos':[{'content':'x'}]}", "(unset)"},
        {"'x'", "(unset)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char members[300], id[8];
        snprintf(id, sizeof id, "t%zu", i);
        snprintf(members, sizeof members, "'tool_name':'T','tool_use_id':'%s','tool_input':%s", id,
                 cases[i].input);
        hook(*state, 0, "PreToolUse", members);
        is(tool(*state, id), FIELD_ARGS, cases[i].args);
    }
    char long_one[700], wanted[400], command[300];
    snprintf(
        long_one, sizeof long_one,
        "'tool_name':'Bash','tool_use_id':'long','tool_input':{'command':'%0199d\xc3\xa9 more'}",
        0);
    snprintf(command, sizeof command, "%0199d\xc3\xa9 more", 0);
    snprintf(wanted, sizeof wanted, "{\"command\":\"%0199d\",\"cut\":\"of 206 bytes, %016llx\"}", 0,
             (unsigned long long)hash_bytes(HASH_SEED, command, strlen(command)));
    hook(*state, 0, "PreToolUse", long_one);
    is(tool(*state, "long"), FIELD_ARGS, wanted);
}

RIG_TEST(with_content_prompts_and_inputs_are_kept_whole)
{
    struct rig *rig = *state;
    struct probe interaction = {&rig->model, CALL_INTERACTION, "p"};
    rig->ingest.content = true;
    hook(rig, 0, "UserPromptSubmit", "'prompt_id':'p','prompt':'Mend \\n it'");
    is(interaction, FIELD_ARGS, "{\"user_prompt\":\"Mend \\n it\"}");
    hook(rig, 1, "PreToolUse",
         "'tool_name':'Write','tool_use_id':'w','tool_input':{'file_path':'/a','content':'b'}");
    is(tool(rig, "w"), FIELD_ARGS, "{\"file_path\":\"/a\",\"content\":\"b\"}");
    rig->ingest.content = false;
    interaction.id = "q";
    hook(rig, 2, "UserPromptSubmit", "'prompt_id':'q','prompt':'secret'");
    is(interaction, FIELD_ARGS, "(unset)");
}

RIG_TEST(events_of_newer_versions_are_named_once_and_known_ones_not_at_all)
{
    struct rig *rig = *state;
    hook(rig, 0, "PreSkillShellCommand", "'command':'ls','skill':'x'");
    hook(rig, 0, "MessageDisplay", "");
    assert_null(rig_logged(rig, "unknown events"));
    assert_int_equal(rig_live_sessions(rig), 0);
    hook(rig, 0, "PreTeleport", "");
    hook(rig, 0, "PostTeleport", "");
    assert_non_null(rig_logged(rig, "hooks of unknown events are ignored, such as 'PreTeleport'"));
    assert_null(rig_logged(rig, "PostTeleport"));
}

RIG_TEST(a_permission_is_waited_for_until_the_call_runs)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "make"));
    hook(*state, 1, "PreToolUse", BASH("t2", "rm x"));
    hook(*state, 100, "PermissionRequest", BASH_ASKED("rm x"));
    struct probe wait = wait_of(*state, "wait:t2");
    is(wait, FIELD_CONTEXT, "Permission: Bash");
    starts(wait, 100);
    hook(*state, 6100, "Notification", "'notification_type':'permission_prompt'");
    /* What another call does is nothing to it. */
    hook(*state, 7000, "PostToolUse", BASH("t1", "make") ",'duration_ms':6950");
    ends(wait, NAN);
    hook(*state, 8500, "PostToolUse", BASH("t2", "rm x") ",'duration_ms':200");
    ends(wait, 8300);
    is(wait, FIELD_DECISION, "accept");
    starts(tool(*state, "t2"), 1);
    ends(tool(*state, "t2"), 8500);
    assert_null(nth(*state, CALL_WAIT, 1));
}

RIG_TEST(equal_calls_are_asked_about_one_after_the_other)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "x"));
    hook(*state, 1, "PreToolUse", BASH("t2", "x"));
    hook(*state, 10, "PermissionRequest", BASH_ASKED("x"));
    hook(*state, 20, "PermissionRequest", BASH_ASKED("x"));
    starts(wait_of(*state, "wait:t1"), 10);
    starts(wait_of(*state, "wait:t2"), 20);
}

RIG_TEST(a_permission_of_a_call_that_nobody_told_of_ends_with_it)
{
    hook(*state, 0, "PermissionRequest", BASH_ASKED("x"));
    starts(wait_of(*state, "wait:permission:"), 0);
    hook(*state, 500, "PostToolUse", BASH("t1", "x") ",'duration_ms':100");
    ends(wait_of(*state, "wait:permission:"), 400);
    starts(tool(*state, "t1"), 400);
}

RIG_TEST(a_notification_alone_is_a_wait_that_began_before)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "x"));
    hook(*state, 6200, "Notification", "'notification_type':'permission_prompt'");
    starts(wait_of(*state, "wait:t1"), 200);
    hook(*state, 9000, "PostToolUse", BASH("t1", "x") ",'duration_ms':50");
    ends(wait_of(*state, "wait:t1"), 8950);
}

RIG_TEST(what_was_refused_has_no_end_but_what_comes_next)
{
    hook(*state, 0, "UserPromptSubmit", "'prompt':'h\xc3\xa9llo','prompt_id':'p1'");
    hook(*state, 10, "PreToolUse", BASH("t1", "rm x"));
    hook(*state, 20, "PreToolUse", BASH("t2", "sub") ",'agent_id':'a1','agent_type':'Explore'");
    hook(*state, 100, "PermissionRequest", BASH_ASKED("rm x"));
    hook(*state, 5000, "UserPromptSubmit", "'prompt':'no','prompt_id':'p2'");
    ends(wait_of(*state, "wait:t1"), 5000);
    is(wait_of(*state, "wait:t1"), FIELD_DECISION, "reject");
    is(tool(*state, "t1"), FIELD_ERROR, "rejected");
    ends(tool(*state, "t1"), 5000);
    /* The transcript knows better when. */
    known_by(tool(*state, "t1"), FIELD_END_MS, PRECEDENCE_INFERRED);
    known_by(wait_of(*state, "wait:t1"), FIELD_END_MS, PRECEDENCE_INFERRED);
    starts(interaction(*state, "p1"), 0);
    ends(interaction(*state, "p1"), 5000);
    const struct facts *p1 = &need(interaction(*state, "p1"))->facts;
    assert_int_equal((int)facts_number(p1, FIELD_PROMPT_LENGTH), 5);
    ends(interaction(*state, "p2"), NAN);
    /* A sub-agent goes on. */
    ends(tool(*state, "t2"), NAN);
    hook(*state, 6000, "Stop", "'prompt_id':'p2'");
    ends(interaction(*state, "p2"), 6000);
    known_by(interaction(*state, "p2"), FIELD_END_MS, PRECEDENCE_HOOKS);
    hook(*state, 7000, "SubagentStop", "'agent_id':'a1','agent_type':'Explore'");
    ends(tool(*state, "t2"), 7000);
    assert_true((agent_of(*state, "a1")->flags & AGENT_UNREGISTERED) != 0);
}

RIG_TEST(an_idle_session_waits_for_a_prompt)
{
    hook(*state, 0, "UserPromptSubmit", "'prompt':'x','prompt_id':'p1'");
    hook(*state, 10, "PreToolUse", BASH("t1", "rm x"));
    hook(*state, 20, "PermissionRequest", BASH_ASKED("rm x"));
    hook(*state, 65000, "Notification", "'notification_type':'idle_prompt','prompt_id':'p1'");
    /* It has been idle for a minute. */
    ends(wait_of(*state, "wait:t1"), 5000);
    ends(interaction(*state, "p1"), 5000);
    starts(wait_of(*state, "wait:idle:"), 65000);
    hook(*state, 70000, "UserPromptSubmit", "'prompt':'x','prompt_id':'p2'");
    ends(wait_of(*state, "wait:idle:"), 70000);
    is(wait_of(*state, "wait:idle:"), FIELD_DECISION, "(unset)");
}

RIG_TEST(a_batch_shows_which_of_its_calls_never_ran)
{
    hook(*state, 0, "PreToolUse", BASH("t1", "x"));
    hook(*state, 1, "PreToolUse", BASH("t2", "y"));
    hook(*state, 50, "PostToolUse", BASH("t1", "x") ",'duration_ms':20");
    hook(*state, 60, "PostToolBatch", "'tool_calls':[{'tool_use_id':'t1'},{'tool_use_id':'t2'},7]");
    ends(tool(*state, "t1"), 20);
    ends(tool(*state, "t2"), 60);
    hook(*state, 70, "PreToolUse", BASH("t3", "z"));
    hook(*state, 80, "PermissionDenied", BASH("t3", "z"));
    ends(tool(*state, "t3"), 80);
    known_by(tool(*state, "t3"), FIELD_END_MS, PRECEDENCE_HOOKS);
}

RIG_TEST(a_server_that_asks_is_waited_for)
{
    hook(*state, 0, "Elicitation", "'prompt_id':'p'");
    hook(*state, 90, "ElicitationResult", "'action':'decline'");
    ends(wait_of(*state, "wait:elicitation:"), 90);
    is(wait_of(*state, "wait:elicitation:"), FIELD_DECISION, "decline");
}

#define AGENT(id, type, about)                                                             \
    "'tool_name':'Agent','tool_use_id':'" id "','tool_input':{'subagent_type':'" type "'," \
    "'description':'" about "','prompt':'secret'}"

RIG_TEST(an_agents_parent_is_guessed_where_it_can_be_one_alone_and_known_at_its_end)
{
    hook(*state, 0, "PreToolUse", AGENT("g1", "Explore", "Look") ",'agent_id':'a0'");
    hook(*state, 10, "SubagentStart", "'agent_id':'a1','agent_type':'Explore'");
    agent_is(*state, "a1", "Explore", "Look", "a0");
    /* Two of a type: whose is whose? */
    hook(*state, 20, "PreToolUse", AGENT("g2", "Explore", "Two"));
    hook(*state, 21, "PreToolUse", AGENT("g3", "Explore", "Three"));
    hook(*state, 30, "SubagentStart", "'agent_id':'a2','agent_type':'Explore'");
    agent_is(*state, "a2", "Explore", "", "S");
    hook(*state, 40, "PostToolUse",
         AGENT("g3", "Explore", "Three") ",'tool_response':{'agentId':'a2'}");
    agent_is(*state, "a2", "Explore", "Three", "S");
    /* What is known at its end replaces what was inferred. */
    hook(*state, 50, "PostToolUse",
         AGENT("g1", "Explore", "Look") ",'tool_response':{'agentId':'a1'}");
    agent_is(*state, "a1", "Explore", "Look", "S");
}

RIG_TEST(a_session_begins_and_ends)
{
    hook(*state, 0, "SessionStart", "'source':'startup'");
    sessions_are(*state, "{'S':{'name':'api-server','start_ms':0}}");
    hook(*state, 5, "PreToolUse", BASH("t1", "x"));
    hook(*state, 10, "SessionEnd", "'reason':'other'");
    sessions_are(*state, "{'S':{'name':'api-server','start_ms':0,'end_ms':10,'gone':false}}");
    assert_non_null(rig_logged(*state, "session ended: other"));
    /* Its calls were closed with it: later events end none of them. */
    hook(*state, 20, "UserPromptSubmit", "'prompt':'x'");
    ends(tool(*state, "t1"), 10);
    outcome_is(tool(*state, "t1"), OUTCOME_INTERRUPTED);
    /* One that goes on began before. */
    assert_null(
        take(*state, 30, "{'session_id':'R','hook_event_name':'SessionStart','source':'resume'}"));
    assert_int_equal(rig_session_no(*state, "R"), NO_SESSION);
    hook(*state, 40, "StopFailure", "'error':'server_error'");
    assert_non_null(rig_logged(*state, "interaction failed: server_error"));
}

/* A signal ends the client while it asks; who leaves by /exit has answered. */
RIG_TEST(a_question_that_ends_with_its_session_is_refused_only_at_the_prompt)
{
    static const struct {
        const char *reason;
        enum outcome outcome;
    } ways[] = {{"'reason':'other'", OUTCOME_INTERRUPTED},
                {"'reason':'prompt_input_exit'", OUTCOME_REFUSED}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        int from = (int)i * 100;
        char id[8];
        snprintf(id, sizeof id, "t%d", (int)i);
        hook(*state, from + 1, "PreToolUse", i == 0 ? BASH("t0", "x") : BASH("t1", "x"));
        hook(*state, from + 2, "PermissionRequest",
             "'tool_name':'Bash','tool_input':{'command':'x'}");
        hook(*state, from + 10, "SessionEnd", ways[i].reason);
        outcome_is(tool(*state, id), ways[i].outcome);
        succeeds(tool(*state, id), TRI_FALSE);
        assert_int_equal(nth(*state, CALL_WAIT, (unsigned)i)->state, RECORD_ENDED);
    }
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
    const struct model *model = &((struct rig *)*state)->model;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        hook(*state, events[i].ms, events[i].event, events[i].members);
        size_t count = records_count(model);
        hook(*state, events[i].ms + 3, events[i].event, events[i].members);
        assert_int_equal(records_count(model), count);
    }
    starts(tool(*state, "t1"), 10);
    starts(wait_of(*state, "wait:t1"), 20);
    ends(wait_of(*state, "wait:t1"), 800);
    ends(tool(*state, "t2"), 1250);
}

RIG_TEST(what_is_unknown_means_nothing)
{
    hook(*state, 0, "WorktreeCreate", "'x':1");
    hook(*state, 0, "NotYetInvented", "'tool_use_id':7");
    hook(*state, 0, "Notification", "'notification_type':'auth_success'");
    hook(*state, 0, "Notification", "");
    assert_null(nth(*state, CALL_TOOL, 0));
    assert_null(nth(*state, CALL_WAIT, 0));
    static const struct {
        const char *payload, *wrong;
    } cases[] = {
        {"[]", "not an object"},
        {"{}", "hook_event_name is missing"},
        {"{'hook_event_name':7}", "hook_event_name is missing"},
        {"{'hook_event_name':'Stop'}", "session_id is missing"},
        {"{'hook_event_name':'Stop','session_id':''}", "session_id is missing"},
        {"{'hook_event_name':'Stop','session_id':{}}", "session_id is missing"},
        {"{'hook_event_name':'PreToolUse','session_id':'S'}", "tool_use_id or tool_name"},
        {"{'hook_event_name':'PostToolUse','session_id':'S','tool_use_id':[]}", "tool_use_id"},
        {"{'hook_event_name':'SubagentStart','session_id':'S'}", "agent_id is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wrong = take(*state, 0, cases[i].payload);
        if (wrong == NULL || strstr(wrong, cases[i].wrong) == NULL) {
            fail_msg("%s: %s", cases[i].payload, wrong == NULL ? "taken" : wrong);
        }
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
        if (json_check(copy, len, 64, &value, NULL)) {
            hook_take(&rig->ingest, "claude", value,
                      &(struct hook_arrival){.t_ms = MODEL_START_MS, .local_ns = rig->now_ns});
        }
        free(copy);
    }
    for (size_t i = 0; i < sizeof whole - 1; i++) {
        for (size_t k = 0; k < sizeof others; k++) {
            struct json_value value;
            memcpy(text, whole, sizeof text);
            text[i] = others[k];
            if (json_check(text, sizeof text - 1, 64, &value, NULL)) {
                hook_take(&rig->ingest, "claude", value,
                          &(struct hook_arrival){.t_ms = MODEL_START_MS, .local_ns = rig->now_ns});
            }
        }
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
    for (size_t e = 0; e < sizeof events / sizeof events[0]; e++) {
        for (size_t m = 0; m < sizeof members / sizeof members[0]; m++) {
            for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
                char text[600];
                snprintf(text, sizeof text,
                         "{'session_id':'S','hook_event_name':'%s','tool_name':'T','tool_use_id':"
                         "'t','agent_id':'a','%s':%s}",
                         events[e], members[m], values[v]);
                take(rig, 0, text);
            }
        }
    }
}

RIG_TEST(open_calls_are_bounded)
{
    struct rig *rig = *state;
    for (int i = 0; i < 5000; i++) {
        char members[100];
        snprintf(members, sizeof members, "'tool_name':'T','tool_use_id':'t%d'", i);
        hook(rig, i, "PreToolUse", members);
    }
    assert_non_null(rig_logged(rig, "too many open calls"));
    for (int i = 0; i < 3000; i++) {
        char text[100];
        snprintf(text, sizeof text, "{'session_id':'s%d','hook_event_name':'Stop'}", i);
        assert_null(take(rig, 0, text));
    }
}

TEST(out_of_memory_is_reported)
{
    bool done = false;
    for (long allow = 0; !done; allow++) {
        struct rig *rig = calloc(1, sizeof *rig);
        struct failing_mem fails = {.allow = -1};
        struct mem mem = failing_mem(&fails);
        assert_true(rig_init_with(rig, &mem));
        fails.allow = allow;
        size_t calls = fails.calls;
        const char *first = take(rig, 0,
                                 "{'session_id':'S','hook_event_name':'PreToolUse',"
                                 "'tool_name':'T','tool_use_id':'t'}");
        const char *second =
            take(rig, 9, "{'session_id':'S','hook_event_name':'Stop','prompt_id':'p'}");
        done = fails.calls - calls <= (size_t)allow;
        const char *wrong = first != NULL ? first : second;
        assert_int_equal(wrong == NULL, done);
        assert_true(done || strstr(wrong, "out of memory") != NULL);
        fails.allow = -1;
        rig_release(rig);
        assert_int_equal(fails.live_blocks, 0);
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
            hook_take(&rig->ingest, "claude", json_get(value, "payload"),
                      &(struct hook_arrival){.t_ms = json_get_number(json_get(value, "t")) / 1e6,
                                             .local_ns = rig->now_ns});
        if (wrong != NULL) {
            fail_msg("%s: %s", sample, wrong);
        }
    }
    free(text);
}

static bool text_is(struct slice text, const char *want)
{
    return text.len == strlen(want) && (text.len == 0 || memcmp(text.bytes, want, text.len) == 0);
}

static unsigned count_tools(struct rig *rig, const char *session, const char *agent,
                            const char *name)
{
    unsigned count = 0;
    const struct record *record;
    session_no number = rig_session_no(rig, session);
    for (unsigned i = 0; (record = nth(rig, CALL_TOOL, i)) != NULL; i++) {
        struct slice of = facts_text(&record->facts, (enum update_field)FACT_AGENT_ID);
        count += record->session == number && text_is(of, agent) &&
                 text_is(facts_text(&record->facts, FIELD_NAME), name);
    }
    return count;
}

static void decode(struct json_value value, char *out)
{
    struct strbuf text;
    strbuf_init(&text, &mem_libc, TEXT_BYTES);
    json_get_string(value, &text);
    snprintf(out, TEXT_BYTES, "%s", text.len > 0 ? text.data : "");
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
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (json_string_is(json_get(agent, "script"), known[i].script) &&
            strcmp(known[i].tool, tool) == 0 && known[i].wanted == wanted) {
            return known[i].seen;
        }
    }
    return wanted;
}

static void check_agent(struct rig *rig, const char *session, const char *name,
                        struct json_value agent)
{
    bool main = strcmp(name, "main") == 0;
    struct json_walk walk = json_walk(json_get(agent, "tools"));
    struct json_member tool;
    char text[TEXT_BYTES];
    while (json_next_member(&walk, &tool)) {
        decode(tool.key, text);
        unsigned wanted = expected(agent, text, (unsigned)json_get_number(tool.value));
        unsigned seen = count_tools(rig, session, main ? "" : name, text);
        if (seen != wanted) {
            fail_msg("%s of %s in %s: %u, not %u", text, name, session, seen, wanted);
        }
    }
    if (main) {
        return;
    }
    decode(json_get(agent, "parent"), text);
    const char *parent = swarm_text(rig->model.swarm, agent_of(rig, name)->parent_id);
    assert_string_equal(parent, strcmp(text, "main") == 0 ? session : text);
}

RIG_TEST(the_samples_hooks_give_the_tools_of_each_agent)
{
    static const char *const samples[] = {"solo-json", "swarm-json", "concurrent-pb",
                                          "dead",      "abort",      "tui-perm"};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        char rel[64], session[TEXT_BYTES], name[TEXT_BYTES];
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
                check_agent(*state, session, name, agent.value);
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
        const struct record *wait = nth(*state, CALL_WAIT, i);
        assert_non_null(wait);
        double ms = facts_number(&wait->facts, FIELD_END_MS) - wait->start_ms;
        if (!(fabs(ms - blocked[i]) < 250)) {
            fail_msg("wait %u: %f ms, not %f", i, ms, blocked[i]);
        }
        assert_true(text_is(facts_text(&wait->facts, FIELD_DECISION), "accept"));
    }
    /* The third was refused: the session ended at the prompt without another event of it. */
    const struct record *refused = nth(*state, CALL_WAIT, 2);
    assert_non_null(refused);
    assert_int_equal(refused->state, RECORD_ENDED);
    assert_true(text_is(facts_text(&refused->facts, FIELD_DECISION), "reject"));
    assert_null(nth(*state, CALL_WAIT, 3));
    const struct session *session = swarm_session(((struct rig *)*state)->model.swarm, 0);
    assert_true((session->flags & SESSION_ENDED) != 0);
}

/* Of the calls of that kind: how many took time, and how many failed. */
static void count_calls(struct rig *rig, enum call_kind kind, unsigned *took, unsigned *failed)
{
    const struct record *record;
    *took = *failed = 0;
    for (unsigned i = 0; (record = nth(rig, kind, i)) != NULL; i++) {
        *took += facts_number(&record->facts, FIELD_END_MS) > record->start_ms;
        *failed += facts_bool(&record->facts, FIELD_SUCCESS) == TRI_FALSE;
    }
}

RIG_TEST(the_tools_of_swarm_json_last_as_long_as_they_say)
{
    replay(*state, "swarm-json");
    unsigned took, failed, none;
    count_calls(*state, CALL_TOOL, &took, &failed);
    assert_int_equal(took, 17);
    assert_int_equal(failed, 2);
    count_calls(*state, CALL_INTERACTION, &took, &none);
    assert_int_equal(took, 2);
    /* A nested agent's parent is known while it runs. */
    const struct swarm *swarm = ((struct rig *)*state)->model.swarm;
    const struct agent *nested = agent_of(*state, "ab06685a1f4666ae5");
    assert_string_equal(swarm_text(swarm, nested->parent_id), "a8b18248cc4ffbad6");
    assert_string_equal(swarm_text(swarm, nested->description), "Nested helper");
}
