/* Calls that their agent or client stops: commands that a client kills as it ends, and sub-agents whose
   call was interrupted. */
#include "core/model/record.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AT(s) "\"timestamp\":\"2025-10-09T08:53:" s "Z\"" /* 20.000 is MODEL_START_MS */
#define PROMPT(s, id)                                                                          \
    "{\"type\":\"user\",\"promptId\":\"" id "\",\"message\":{\"role\":\"user\",\"content\":\"" \
    "Do it\"}," AT(s) ",\"cwd\":\"/x/api\"}\n"
#define ASK(s, id) \
    "{\"type\":\"api-request\",\"id\":\"" id "\"," AT(s) ",\"querySource\":\"sdk\"}\n"
#define CALLS(s, ref, calls)                               \
    "{\"type\":\"assistant\",\"message\":{\"id\":\"m-" ref \
    "\",\"model\":\"o\",\"content\":[" calls               \
    "],\"stop_reason\":\"tool_use\"},\"requestRef\":\"" ref "\"," AT(s) "}\n"
#define TOOL(name, id, input) \
    "{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"" name "\",\"input\":{" input "}}"
#define RESULT(s, id, text)                                                                     \
    "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\"," \
    "\"tool_use_id\":\"" id "\",\"is_error\":true,\"content\":" text "}]}," AT(s) "}\n"
#define CUT(s)                                                                           \
    "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"text\"," \
    "\"text\":\"[Request interrupted by user for tool use]\"}]}," AT(s) "}\n"
#define COST "{\"type\":\"cost-state\",\"totalCostUSD\":1}\n"

struct home {
    struct rig rig;
    const char *dir;
};

static const struct source_setting nowhere[] = {
    {"claude:", "machine", "/nowhere"},
    {.name = NULL},
};

static int setup(void **state)
{
    struct home *h = calloc(1, sizeof *h);
    rig_init(&h->rig);
    h->dir = support_tmpdir();
    static const char *const dirs[] = {"projects", "projects/x", "projects/x/s",
                                       "projects/x/s/subagents"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        assert_int_equal(mkdir(support_path(h->dir, dirs[i]), 0700), 0);
    }
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct home *h = *state;
    rig_release(&h->rig);
    free(h);
    return 0;
}

static void put(struct home *h, const char *name, const char *text)
{
    char rel[200];
    snprintf(rel, sizeof rel, "projects/x/%s", name);
    support_write_file(support_path(h->dir, rel), text, strlen(text));
}

static void put_agent(struct home *h, const char *id, const char *meta, const char *text)
{
    char name[100];
    snprintf(name, sizeof name, "s/subagents/agent-%s.meta.json", id);
    put(h, name, meta);
    snprintf(name, sizeof name, "s/subagents/agent-%s.jsonl", id);
    put(h, name, text);
}

static void read_all(struct home *h)
{
    char spec[600];
    snprintf(spec, sizeof spec, "claude:%s", h->dir);
    rig_start_hub(&h->rig, (struct hub_options){.settings = nowhere});
    rig_add(&h->rig, spec);
    rig_until_finished(&h->rig);
    assert_true(correlator_flush(h->rig.model.correlator));
}

static enum outcome outcome_of(const struct rig *rig, const char *id)
{
    const struct record *record = records_find(&rig->model, CALL_TOOL, id, 0);
    if (record == NULL) {
        fail_msg("no tool %s", id);
    }
    return record_outcome(record);
}

/* ---- commands that were killed ---- */

#define BEGIN     PROMPT("20.000", "p") ASK("20.100", "r") CALLS("21.000", "r", TOOL("Bash", "t", ""))
#define KILLED(s) RESULT(s, "t", "\"Exit code 137\"")

TEST(a_command_that_its_client_kills_as_it_ends_was_interrupted)
{
    static const struct {
        const char *text;
        bool interrupted;
    } rows[] = {
        {BEGIN COST KILLED("25.000"), true}, /* what it cost is written first */
        {BEGIN KILLED("25.000"), true},
        {BEGIN RESULT("25.000", "t", "\"Exit code 143\\nhalf of it\"") COST, true},
        {BEGIN RESULT("25.000", "t", "[{\"type\":\"text\",\"text\":\"Exit code 137\"}]") COST,
         true},
        /* Somebody else killed it, and the agent continues. */
        {BEGIN KILLED("25.000") ASK("25.100", "q"), false},
        {BEGIN KILLED("25.000") CALLS("26.000", "q", TOOL("Bash", "u", "")), false},
        {BEGIN RESULT("25.000", "t", "\"Exit code 1\"") COST, false},
        {BEGIN RESULT("25.000", "t", "\"it printed: Exit code 137\"") COST, false},
        /* A session that ended is resumed: a later command has nothing to do with that end. */
        {PROMPT("20.000", "p") ASK("20.100", "o") COST PROMPT("20.500", "q") ASK("20.600", "r")
             CALLS("21.000", "r", TOOL("Bash", "t", "")) KILLED("25.000") ASK("25.100", "q"),
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct home *h = NULL;
        setup((void **)&h);
        put(h, "s.jsonl", rows[i].text);
        read_all(h);
        enum outcome outcome = outcome_of(&h->rig, "t");
        if ((outcome == OUTCOME_INTERRUPTED) != rows[i].interrupted) {
            fail_msg("row %zu: outcome %s", i, outcome_word(outcome));
        }
        teardown((void **)&h);
    }
}

/* Each agent's transcript has only its own lines. */
TEST_WITH(commands_of_sub_agents_are_too, setup, teardown)
{
    struct home *h = *state;
    put(h, "s.jsonl", BEGIN COST);
    put_agent(
        h, "a1", "{\"agentType\":\"Explore\"}",
        ASK("21.000", "x") CALLS("22.000", "x", TOOL("Bash", "u", "") "," TOOL("Bash", "v", ""))
            RESULT("25.000", "u", "\"Exit code 137\"") RESULT("25.001", "v", "\"Exit code 137\""));
    put_agent(h, "a2", "{\"agentType\":\"Explore\"}",
              ASK("21.000", "y") CALLS("22.000", "y", TOOL("Bash", "w", ""))
                  RESULT("23.000", "w", "\"Exit code 137\"") ASK("23.100", "z"));
    read_all(h);
    assert_int_equal(outcome_of(&h->rig, "u"), OUTCOME_INTERRUPTED);
    assert_int_equal(outcome_of(&h->rig, "v"), OUTCOME_INTERRUPTED);
    assert_int_not_equal(outcome_of(&h->rig, "w"), OUTCOME_INTERRUPTED);
}

/* ---- sub-agents of a call that was stopped ---- */

static void check_record(const struct rig *rig, enum call_kind kind, const char *id, double end_ms)
{
    const struct record *record = records_find(&rig->model, kind, id, 0);
    assert_non_null(record);
    assert_int_equal(record_outcome(record), OUTCOME_INTERRUPTED);
    assert_true(record->end_ms >= MODEL_START_MS + end_ms - 1 &&
                record->end_ms <= MODEL_START_MS + end_ms + 1);
}

#define AGENT(id) TOOL("Agent", id, "\"subagent_type\":\"Explore\"")

/* Its own file ends in mid-work: the client wrote the interrupt into its main transcript alone. */
TEST_WITH(an_agent_whose_call_was_interrupted_ends_with_it, setup, teardown)
{
    struct home *h = *state;
    put(h, "s.jsonl",
        PROMPT("20.000", "p") ASK("20.100", "r") CALLS("21.000", "r", AGENT("c1") "," AGENT("c2"))
            CUT("30.000") PROMPT("40.000", "n") ASK("40.100", "k"));
    put_agent(h, "a1", "{\"agentType\":\"Explore\",\"toolUseId\":\"c1\"}",
              ASK("21.100", "x") CALLS("22.000", "x", TOOL("Bash", "t1", "") "," AGENT("c3")));
    put_agent(h, "a2",
              "{\"agentType\":\"Explore\",\"toolUseId\":\"c2\",\"requestShape\":"
              "\"background\"}",
              ASK("21.100", "y") CALLS("22.000", "y", TOOL("Bash", "t2", "")));
    /* One that the first one started. */
    put_agent(h, "a3", "{\"agentType\":\"Plan\",\"toolUseId\":\"c3\",\"parentAgentId\":\"a1\"}",
              ASK("22.100", "z"));
    read_all(h);
    check_record(&h->rig, CALL_TOOL, "c1", 10000);
    check_record(&h->rig, CALL_TOOL, "t1", 10000);
    check_record(&h->rig, CALL_TOOL, "c3", 10000);
    check_record(&h->rig, CALL_REQUEST, "z", 10000);
    assert_true((records_agent(&h->rig.model, "a1")->flags & AGENT_UNREGISTERED) != 0);
    assert_true((records_agent(&h->rig.model, "a3")->flags & AGENT_UNREGISTERED) != 0);
    assert_int_not_equal(outcome_of(&h->rig, "t2"), OUTCOME_INTERRUPTED);
}

TEST_WITH(an_agent_that_continues_later_does_not, setup, teardown)
{
    struct home *h = *state;
    put(h, "s.jsonl",
        PROMPT("20.000", "p") ASK("20.100", "r") CALLS("21.000", "r", AGENT("c1")) CUT("30.000")
            PROMPT("40.000", "n") ASK("40.100", "k"));
    put_agent(h, "a1", "{\"agentType\":\"Explore\",\"toolUseId\":\"c1\"}",
              ASK("21.100", "x") CALLS("22.000", "x", TOOL("Bash", "t1", ""))
                  RESULT("23.000", "t1", "\"no\"") ASK("41.000", "w")
                      CALLS("42.000", "w", TOOL("Bash", "t3", "")));
    read_all(h);
    assert_int_not_equal(outcome_of(&h->rig, "t3"), OUTCOME_INTERRUPTED);
}

/* ---- the same by hooks ---- */

static void hook(struct rig *rig, double ms, const char *members)
{
    char text[600];
    struct json_value payload;
    int len = snprintf(text, sizeof text, "{\"session_id\":\"S\",%s}", members);
    for (char *at = text; (at = strchr(at, '\'')) != NULL;) {
        *at = '"';
    }
    assert_true(json_check(text, (size_t)len, 64, &payload, NULL));
    struct hook_arrival arrival = {.t_ms = MODEL_START_MS + ms, .local_ns = rig->now_ns};
    assert_null(hook_take(&rig->ingest, "claude", payload, &arrival));
}

TEST(by_hooks_an_agent_ends_with_its_interrupted_call_too)
{
    static const char *const ends[] = {
        "'hook_event_name':'Stop'",
        "'hook_event_name':'UserPromptSubmit','prompt':'other','prompt_id':'n'",
        ("'hook_event_name':'PostToolUseFailure','tool_name':'Agent','tool_use_id':'c1',"
         "'is_interrupt':true,'error':'stopped'"),
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct rig rig;
        rig_init(&rig);
        hook(&rig, 0, "'hook_event_name':'UserPromptSubmit','prompt':'go','prompt_id':'p'");
        hook(&rig, 100,
             "'hook_event_name':'PreToolUse','tool_name':'Agent','tool_use_id':'c1',"
             "'tool_input':{'subagent_type':'Explore'}");
        hook(&rig, 200, "'hook_event_name':'SubagentStart','agent_id':'a1','agent_type':'Explore'");
        hook(&rig, 250,
             "'hook_event_name':'PreToolUse','tool_name':'Agent','tool_use_id':'c2',"
             "'tool_input':{'subagent_type':'Plan','run_in_background':true}");
        hook(&rig, 260, "'hook_event_name':'SubagentStart','agent_id':'a2','agent_type':'Plan'");
        hook(&rig, 300,
             "'hook_event_name':'PreToolUse','tool_name':'Bash','tool_use_id':'t1',"
             "'agent_id':'a1','agent_type':'Explore','tool_input':{'command':'x'}");
        hook(&rig, 310,
             "'hook_event_name':'PreToolUse','tool_name':'Bash','tool_use_id':'t2',"
             "'agent_id':'a2','agent_type':'Plan','tool_input':{'command':'x'}");
        hook(&rig, 5000, ends[i]);
        assert_true(correlator_flush(rig.model.correlator));
        check_record(&rig, CALL_TOOL, "t1", 5000);
        assert_true((records_agent(&rig.model, "a1")->flags & AGENT_UNREGISTERED) != 0);
        assert_int_equal(records_find(&rig.model, CALL_TOOL, "t2", 0)->state, RECORD_OPEN);
        rig_release(&rig);
    }
}

/* Hooks are processes: two that are sent within a moment may arrive in the other order. */
TEST(a_permission_request_that_overtakes_its_call_is_one_wait)
{
    for (int first = 0; first < 2; first++) {
        struct rig rig;
        rig_init(&rig);
        hook(&rig, 0, "'hook_event_name':'UserPromptSubmit','prompt':'go','prompt_id':'p'");
        for (int i = 0; i < 2; i++) {
            if (i == first) {
                hook(&rig, 100,
                     "'hook_event_name':'PreToolUse','tool_name':'Bash','tool_use_id':'t',"
                     "'tool_input':{'command':'make'}");
            } else {
                hook(&rig, 110,
                     "'hook_event_name':'PermissionRequest','tool_name':'Bash',"
                     "'tool_input':{'command':'make'}");
            }
        }
        hook(&rig, 9000,
             "'hook_event_name':'PostToolUse','tool_name':'Bash','tool_use_id':'t',"
             "'tool_input':{'command':'make'},'duration_ms':500");
        assert_true(correlator_flush(rig.model.correlator));
        const struct record *wait = records_find(&rig.model, CALL_WAIT, "wait:", 0);
        assert_non_null(wait);
        assert_null(records_find(&rig.model, CALL_WAIT, "wait:", 1));
        assert_true(wait->start_ms - MODEL_START_MS > 109 && wait->start_ms - MODEL_START_MS < 111);
        assert_true(wait->end_ms - wait->start_ms > 8389 && wait->end_ms - wait->start_ms < 8391);
        rig_release(&rig);
    }
}

/* ---- one after the other ---- */

/* Commands that may change something wait for each other, others run side by side. */
TEST(a_command_that_may_write_starts_when_the_one_before_it_has_ended)
{
    static const char *const commands[] = {"make test", "ls -la"};
    for (size_t i = 0; i < 2; i++) {
        struct home *h = NULL;
        char text[1500];
        setup((void **)&h);
        snprintf(text, sizeof text,
                 PROMPT("20.000", "p") ASK("20.100", "r")
                     CALLS("21.000", "r",
                           TOOL("Bash", "t1", "\"command\":\"%s\"") "," TOOL("Bash", "t2",
                                                                             "\"command\":\"%s\""))
                         RESULT("25.000", "t1", "\"x\"") RESULT("29.000", "t2", "\"x\""),
                 commands[i], commands[i]);
        put(h, "s.jsonl", text);
        read_all(h);
        const struct record *second = records_find(&h->rig.model, CALL_TOOL, "t2", 0);
        double start_ms = second->start_ms - MODEL_START_MS;
        assert_true(i == 0 ? start_ms > 4999 && start_ms < 5001
                           : start_ms > 999 && start_ms < 1001);
        teardown((void **)&h);
    }
}
