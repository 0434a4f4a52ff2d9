/* The source claude:DIR, on directories made for it: which sessions are opened, how they are followed, what the registry adds, when
   they end. */
#include "core/model/record.h"
#include "core/query/query.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(s) "\"timestamp\":\"2025-10-09T" s "Z\"" /* 08:53:20.000 is MODEL_START_MS, and now */
#define PROMPT(s)                                                                            \
    "{\"type\":\"user\",\"promptId\":\"p\",\"message\":{\"role\":\"user\",\"content\":\"Do " \
    "it\"}," AT(s) ",\"cwd\":\"/home/dev/api\",\"gitBranch\":\"main\"}\n"
#define ASK(s, id)                                                                   \
    "{\"type\":\"api-request\",\"id\":\"" id "\"," AT(s) ",\"querySource\":\"sdk\"," \
                                                         "\"requestDigest\":\"" id "\"}\n"
#define ANSWER(s, ref, stop, content)                                                         \
    "{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"model\":\"o\",\"content\":[" content \
    "],\"stop_reason\":\"" stop "\"},\"requestRef\":\"" ref "\"," AT(s) "}\n"
#define CALL "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"Bash\",\"input\":{}}"
#define COST "{\"type\":\"cost-state\",\"totalCostUSD\":1}\n"

struct home {
    struct rig rig;
    const char *dir, *proc;
    struct source_setting settings[4];
};

static const char *made(const char *dir, const char *name)
{
    const char *path = support_path(dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
    return path;
}

static struct home *setup_home(void)
{
    struct home *h = calloc(1, sizeof *h);
    rig_init(&h->rig);
    h->dir = support_tmpdir();
    h->proc = support_tmpdir();
    made(h->dir, "projects");
    made(h->dir, "projects/-home-dev-api");
    made(h->dir, "sessions");
    /* Whoever opens it waits for ever. */
    assert_int_equal(mkfifo(support_path(h->dir, "sessions/12.key"), 0600), 0);
    return h;
}

static int setup(void **state)
{
    *state = setup_home();
    return 0;
}

static int teardown(void **state)
{
    struct home *h = *state;
    rig_release(&h->rig);
    free(h);
    return 0;
}

static void start(struct home *h, bool follow)
{
    h->settings[0] = (struct source_setting){"claude:", "dir", h->dir};
    h->settings[1] = (struct source_setting){"claude:", "proc", h->proc};
    h->settings[2] = (struct source_setting){"claude:", "machine", "/nowhere"};
    rig_start_hub(&h->rig,
                  (struct hub_options){.follow = follow, .settings = h->settings, .proc = h->proc});
}

static size_t add_named(struct home *h)
{
    char spec[600];
    snprintf(spec, sizeof spec, "claude:%s", h->dir);
    return rig_add(&h->rig, spec);
}

static const char *session_path(struct home *h, const char *name)
{
    char rel[300];
    snprintf(rel, sizeof rel, "projects/-home-dev-api/%s", name);
    return support_path(h->dir, rel);
}

static void put(const char *path, const char *text)
{
    support_write_file(path, text, strlen(text));
}

static void append(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len);
    close(fd);
}

/* A process that lives, and its file. */
static void live(struct home *h, const char *session, const char *more)
{
    char text[500];
    static const char stat[] = "12 (claude) S 1 1 1 0 -1 1 1 1 1 1 1 1 1 1 20 0 1 0 77 1";
    if (access(support_path(h->proc, "12"), F_OK) != 0) {
        made(h->proc, "12");
    }
    put(support_path(h->proc, "12/stat"), stat);
    snprintf(text, sizeof text,
             "{\"pid\":12,\"sessionId\":\"%s\",\"cwd\":\"/home/dev/api\",\"procStart\":\"77\"%s}",
             session, more);
    put(support_path(h->dir, "sessions/12.tmp"), text);
    assert_int_equal(
        rename(support_path(h->dir, "sessions/12.tmp"), support_path(h->dir, "sessions/12.json")),
        0);
}

/* It is a zombie until its parent asks for its status. */
static void kill_process(struct home *h)
{
    put(support_path(h->proc, "12/stat"),
        "12 (claude) Z 1 1 1 0 -1 1 1 1 1 1 1 1 1 1 20 0 1 0 77 1");
}

struct want {
    const char *kind, *text;
};

static bool is_so(struct rig *rig, void *ctx)
{
    const struct want *want = ctx;
    return records_are(&rig->model, want->kind, want->text);
}

static void until(struct home *h, const char *kind, const char *text)
{
    struct want want = {kind, text};
    rig_until(&h->rig, is_so, &want);
}

static void check(struct home *h, const char *kind, const char *want)
{
    records_check(&h->rig.model, kind, want, NULL);
}

/* ---- which sessions ---- */

TEST_WITH(a_directory_that_is_named_is_read_whole_and_then_done, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "old.jsonl"), PROMPT("01:00:00.000") ASK("01:00:00.100", "r")
                                          ANSWER("01:00:01.000", "r", "end_turn", "") COST);
    put(session_path(h, "killed.jsonl"), PROMPT("02:00:00.000") ASK("02:00:00.100", "q"));
    put(session_path(h, "notes.txt"), "no transcript");
    put(session_path(h, "empty.jsonl"), "");
    start(h, false);
    size_t index = add_named(h);
    rig_until_finished(&h->rig);
    assert_int_equal(hub_source(h->rig.hub, index).state, SOURCE_FINISHED);
    assert_true(hub_reads(h->rig.hub, session_path(h, "old.jsonl")));
    assert_false(hub_reads(h->rig.hub, session_path(h, "notes.txt")));
    check(
        h, "sessions",
        "{'killed':{'end_ms':-24799900,'gone':true,'name':'api ⎇ main','start_ms':-24800000},"
        "'old':{'cost_usd':1,'end_ms':-28399000,'gone':false,'name':'api ⎇ main','start_ms':-28400000}}");
}

#define FUTURE(type) "{\"type\":\"" type "\",\"timestamp\":\"2025-10-09T02:00:01.000Z\"}\n"

/* A newer client has types that are not known here. */
TEST_WITH(lines_of_unknown_types_are_counted_once_a_session, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "one.jsonl"), PROMPT("01:00:00.000") FUTURE("hologram") FUTURE("aura"));
    put(session_path(h, "other.jsonl"), PROMPT("02:00:00.000") FUTURE("hologram"));
    start(h, false);
    add_named(h);
    rig_until_finished(&h->rig);
    assert_non_null(rig_logged(&h->rig, "session one: 2 lines of unknown types were ignored, such"
                                        " as 'hologram'"));
    assert_non_null(rig_logged(&h->rig, "session other: 1 lines of unknown types were ignored"));
}

TEST_WITH(else_those_that_live_or_ended_lately_are, setup, teardown)
{
    struct home *h = *state;
    static const char late[] = PROMPT("08:00:00.000") ASK("08:00:00.100", "r");
    static const char early[] = PROMPT("07:00:00.000") ASK("07:00:00.100", "r");
    put(session_path(h, "late.jsonl"), late);
    put(session_path(h, "early.jsonl"), early);
    put(session_path(h, "living.jsonl"), early);
    live(h, "living", "");
    start(h, false);
    rig_add(&h->rig, "claude:");
    rig_until_finished(&h->rig);
    json_t *all = records_of(&h->rig.model), *sessions = json_object_get(all, "sessions");
    assert_non_null(json_object_get(sessions, "late"));
    assert_null(json_object_get(sessions, "early"));
    assert_non_null(json_object_get(sessions, "living"));
    assert_null(json_object_get(json_object_get(sessions, "living"), "end"));
    assert_false(hub_reads(h->rig.hub, session_path(h, "early.jsonl")));
    json_decref(all);
}

TEST_WITH(what_is_no_such_directory_is_said_to_be_none, setup, teardown)
{
    struct home *h = *state;
    char spec[600];
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    start(h, false);
    snprintf(spec, sizeof spec, "claude:%s/sessions", h->dir);
    assert_false(hub_add(h->rig.hub, spec, &error));
    assert_non_null(strstr(error.data, "has no directory projects"));
    assert_true(hub_failed(h->rig.hub));
    strbuf_release(&error);
}

TEST_WITH(one_that_is_followed_is_waited_for, setup, teardown)
{
    struct home *h = *state;
    char spec[600];
    start(h, true);
    snprintf(spec, sizeof spec, "claude:%s/later", h->dir);
    size_t index = rig_add(&h->rig, spec);
    rig_run_ms(&h->rig, 50);
    assert_int_equal(hub_source(h->rig.hub, index).state, SOURCE_WAITING);
    const char *path = support_path(made(made(made(h->dir, "later"), "projects"), "x"), "s.jsonl");
    put(path, PROMPT("08:53:20.000") ASK("08:53:20.100", "r"));
    until(h, "interactions", "{'p':{'prompt_length':5,'of':'s/','start_ms':0}}");
    assert_int_equal(hub_source(h->rig.hub, index).state, SOURCE_OPEN);
}

TEST_WITH(sessions_come_in_the_order_in_which_they_began, setup, teardown)
{
    struct home *h = *state;
    for (int i = 0; i < 9; i++) {
        char name[20], text[400];
        snprintf(name, sizeof name, "s%d.jsonl", i);
        snprintf(
            text, sizeof text,
            "{\"type\":\"user\",\"uuid\":\"u%d\",\"cwd\":\"/x\",\"message\":{\"content\":\"a\"}," AT(
                "08:0%d:00.000") "}\n" ASK("08:10:00.%03d", "r"),
            i, 9 - i, i);
        put(session_path(h, name), text);
    }
    start(h, false);
    add_named(h);
    rig_until_finished(&h->rig);
    for (session_no no = 0; no < 9; no++) {
        const struct session *session = swarm_session(h->rig.model.swarm, no);
        assert_int_equal(swarm_text(h->rig.model.swarm, session->id)[1] - '0', 8 - (int)no);
    }
}

/* ---- ages ---- */

static int64_t age_ms(struct home *h, agent_no agent)
{
    struct swarm *swarm = h->rig.model.swarm;
    session_no session = swarm_agent(swarm, agent)->session;
    int64_t since_ns = query_status(swarm, agent, h->rig.now_ns).since_ns;
    return (swarm_session_present(swarm, session, h->rig.now_ns) - since_ns) / 1000000;
}

/* Its age is that of the call, not of its reading, and the axis ends at the present. */
TEST_WITH(what_began_before_the_program_is_as_old_as_it_is, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("06:53:20.000") ASK("06:53:20.100", "r")
                                        ANSWER("06:53:21.000", "r", "tool_use", CALL));
    live(h, "s", "");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "tools", "{'t':{'args':'{}','name':'Bash','of':'s/','start_ms':-7199000}}");
    assert_int_equal(query_status(h->rig.model.swarm, 0, h->rig.now_ns).state, STATE_TOOL);
    assert_int_equal(age_ms(h, 0), 7199000);
    assert_int_equal(query_now(h->rig.model.swarm, h->rig.now_ns), h->rig.now_ns);
    h->rig.now_ns += 60 * INT64_C(1000000000);
    assert_int_equal(age_ms(h, 0), 7259000);
    assert_int_equal(query_now(h->rig.model.swarm, h->rig.now_ns), h->rig.now_ns);
}

/* What has ended rests for as long as it does, also where nothing else lives. */
TEST_WITH(ages_pass_after_all_has_ended, setup, teardown)
{
    struct home *h = *state;
    int64_t from_ns, to_ns;
    put(session_path(h, "s.jsonl"), PROMPT("08:00:00.000") ASK("08:00:00.100", "r")
                                        ANSWER("08:00:01.000", "r", "end_turn", "") COST);
    start(h, true);
    add_named(h);
    until(h, "sessions",
          "{'s':{'cost_usd':1,'end_ms':-3199000,'gone':false,"
          "'name':'api ⎇ main','start_ms':-3200000}}");
    h->rig.now_ns += 60 * INT64_C(1000000000);
    assert_int_equal(age_ms(h, 0), 3259000);
    assert_int_equal(query_present(h->rig.model.swarm, h->rig.now_ns), h->rig.now_ns);
    /* The trace itself ends where it does. */
    assert_true(query_extent(h->rig.model.swarm, h->rig.now_ns, &from_ns, &to_ns));
    assert_int_equal(to_ns, model_ns(-3199000));
}

/* The wall clock is set while a call runs: back, and ahead. Its lines follow; ages stay sensible. */
TEST_WITH(a_clock_that_is_set_makes_no_age_wrong, setup, teardown)
{
    struct home *h = *state;
    const char *path = session_path(h, "s.jsonl");
    static const char back[] = ANSWER("07:53:21.000", "r", "tool_use", CALL);
    put(path, PROMPT("08:53:20.000") ASK("08:53:20.100", "r"));
    live(h, "s", "");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "interactions", "{'p':{'prompt_length':5,'of':'s/','start_ms':0}}");
    h->rig.ahead_ns = -3600 * INT64_C(1000000000);
    h->rig.now_ns += 11 * INT64_C(1000000000);
    append(path, back, sizeof back - 1);
    until(h, "tools", "{'t':{'args':'{}','name':'Bash','of':'s/','start_ms':-3599000}}");
    assert_int_equal(age_ms(h, 0), 10000);
}

/* ---- following ---- */

TEST_WITH(what_is_written_later_is_read, setup, teardown)
{
    struct home *h = *state;
    const char *path = session_path(h, "s.jsonl");
    put(path, PROMPT("08:53:20.000"));
    live(h, "s", "");
    start(h, true);
    rig_add(&h->rig, "claude:");
    rig_run_ms(&h->rig, 30);
    check(h, "interactions", "{}");
    append(path, ASK("08:53:20.100", "r"), strlen(ASK("08:53:20.100", "r")) - 1);
    rig_run_ms(&h->rig, 100);
    check(h, "interactions", "{}"); /* the line has no end yet */
    append(path, "\n", 1);
    until(h, "interactions", "{'p':{'prompt_length':5,'of':'s/','start_ms':0}}");
    /* A session that is new, in a project that is. */
    const char *other = support_path(made(h->dir, "projects/-other"), "n.jsonl");
    put(other, PROMPT("08:53:30.000") ASK("08:53:30.100", "x"));
    until(
        h, "sessions",
        "{'n':{'name':'api ⎇ main','start_ms':10000},'s':{'name':'api ⎇ main','pid':12,'start_ms':0}}");
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 0);
}

TEST_WITH(a_look_that_finds_nothing_changes_nothing, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r"));
    live(h, "s", ",\"status\":\"busy\"");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "interactions", "{'p':{'prompt_length':5,'of':'s/','start_ms':0}}");
    rig_run_ms(&h->rig, 700); /* a look, at which it is said which process that is */
    unsigned changed = h->rig.changed;
    uint64_t revision = swarm_revision(h->rig.model.swarm);
    rig_run_ms(&h->rig, 1200); /* two looks */
    assert_int_equal(h->rig.changed, changed);
    assert_int_equal(swarm_revision(h->rig.model.swarm), revision);
}

TEST_WITH(a_file_that_is_shorter_is_read_from_its_beginning, setup, teardown)
{
    struct home *h = *state;
    const char *path = session_path(h, "s.jsonl");
    put(path, PROMPT("08:53:20.000") ASK("08:53:20.100", "r")
                  ANSWER("08:53:21.000", "r", "end_turn", ""));
    start(h, true);
    add_named(h);
    until(h, "interactions", "{'p':{'end_ms':1000,'prompt_length':5,'of':'s/','start_ms':0}}");
    put(path, PROMPT("08:53:20.000") ASK("08:53:20.500", "q"));
    until(
        h, "requests",
        "{'q':{'attempt_start_times':[500],'of':'s/','query_source':'sdk','start_ms':500,'state':'incomplete'},"
        "'r':{'attempt_start_times':[100],'end_ms':1000,'message_id':'m','model':'o','of':'s/','query_source':'sdk',"
        "'start_ms':100,'success':true}}");
}

TEST_WITH(sub_agents_are_what_their_files_say, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r"));
    live(h, "s", "");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "interactions", "{'p':{'prompt_length':5,'of':'s/','start_ms':0}}");
    made(h->dir, "projects/-home-dev-api/s");
    made(h->dir, "projects/-home-dev-api/s/subagents");
    put(session_path(h, "s/subagents/agent-a1.meta.json"), "{\"agentType\":\"Exp"); /* half of it */
    put(session_path(h, "s/subagents/agent-a1.jsonl"), PROMPT("08:53:22.000"));
    rig_run_ms(&h->rig, 100);
    put(session_path(h, "s/subagents/agent-a1.meta.json"),
        "{\"agentType\":\"Explore\",\"description\":\"Look\",\"parentAgentId\":\"a0\"}");
    until(
        h, "agents",
        "{'s/':{},'s/a0':{'parent':'s'},'s/a1':{'description':'Look','parent':'a0','type':'Explore'}}");
    put(session_path(h, "s/subagents/agent-a1.meta.json"),
        "{\"agentType\":\"Explore\",\"description\":\"Look\",\"parentAgentId\":\"a0\",\"finished\":true}");
    until(
        h, "agents",
        "{'s/':{},'s/a0':{'parent':'s'},'s/a1':{'description':'Look','done':true,'parent':'a0','type':'Explore'}}");
}

/* It would wait for somebody to write to it, and no signal would end that. */
TEST_WITH(what_is_no_ordinary_file_is_not_opened, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r"));
    made(h->dir, "projects/-home-dev-api/s");
    made(h->dir, "projects/-home-dev-api/s/subagents");
    put(session_path(h, "s/subagents/agent-a1.jsonl"), ASK("08:53:22.000", "q"));
    assert_int_equal(mkfifo(session_path(h, "s/subagents/agent-a1.meta.json"), 0600), 0);
    assert_int_equal(mkfifo(session_path(h, "s/subagents/agent-a2.jsonl"), 0600), 0);
    start(h, false);
    alarm(10);
    add_named(h);
    rig_until_finished(&h->rig);
    check(h, "agents", "{'s/':{'gone':true},'s/a1':{'gone':true,'parent':'s'}}");
    alarm(0);
}

/* A key lies where the registry does, and a link may stand where transcripts do. */
TEST_WITH(a_link_is_not_followed, setup, teardown)
{
    struct home *h = *state;
    const char *secret = support_path(h->dir, "sessions/13.key");
    put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r"));
    put(secret, PROMPT("08:53:30.000") ASK("08:53:30.100", "x"));
    assert_int_equal(symlink(secret, session_path(h, "k.jsonl")), 0);
    made(h->dir, "projects/-home-dev-api/s");
    made(h->dir, "projects/-home-dev-api/s/subagents");
    put(session_path(h, "s/subagents/agent-a1.jsonl"), ASK("08:53:22.000", "q"));
    assert_int_equal(symlink(secret, session_path(h, "s/subagents/agent-a1.meta.json")), 0);
    assert_int_equal(symlink(secret, session_path(h, "s/subagents/agent-a2.jsonl")), 0);
    start(h, false);
    add_named(h);
    rig_until_finished(&h->rig);
    check(h, "agents", "{'s/':{'gone':true},'s/a1':{'gone':true,'parent':'s'}}");
    check(h, "sessions", "{'s':{'end_ms':2000,'gone':true,'name':'api ⎇ main','start_ms':0}}");
}

/* ---- the registry ---- */

TEST_WITH(a_person_who_is_asked_is_seen, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r")
                                        ANSWER("08:53:21.000", "r", "tool_use", CALL));
    live(h, "s", ",\"status\":\"busy\",\"statusUpdatedAt\":1760000000000");
    start(h, true);
    rig_add(&h->rig, "claude:");
    rig_run_ms(&h->rig, 20);
    live(h, "s",
         ",\"status\":\"waiting\",\"statusUpdatedAt\":1760000001200,\"waitingFor\":\"permission "
         "prompt\"");
    until(h, "waits", "{'wait:t':{'of':'s/','start_ms':1200,'context':'permission prompt'}}");
    live(h, "s", ",\"status\":\"busy\",\"statusUpdatedAt\":1760000003400");
    until(h, "waits",
          "{'wait:t':{'end_ms':3400,'of':'s/','start_ms':1200,'context':'permission prompt'}}");
    /* About no call that is known. */
    live(h, "s", ",\"status\":\"waiting\",\"statusUpdatedAt\":1760000005000");
    until(h, "waits",
          "{'wait:t':{'end_ms':3400,'of':'s/','start_ms':1200,'context':'permission prompt'},"
          "'wait-1760000005000':{'of':'s/','start_ms':5000,'context':'input'}}");
}

TEST_WITH(a_session_at_its_prompt_is_seen_and_called_by_its_name, setup, teardown)
{
    struct home *h = *state;
    live(
        h, "s",
        ",\"startedAt\":1760000000500,\"status\":\"idle\",\"name\":\"release\",\"nameSource\":\"user\"");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "sessions", "{'s':{'name':'release','pid':12,'start_ms':500}}");
    append(session_path(h, "s.jsonl"), PROMPT("08:53:25.000") ASK("08:53:25.100", "r"),
           strlen(PROMPT("08:53:25.000") ASK("08:53:25.100", "r")));
    until(h, "interactions", "{'p':{'prompt_length':5,'of':'s/','start_ms':5000}}");
    check(h, "sessions", "{'s':{'name':'release','pid':12,'start_ms':500}}");
}

TEST_WITH(a_name_that_a_person_gave_stays_before_a_title_of_the_client, setup, teardown)
{
    struct home *h = *state;
    const char *title = PROMPT("08:53:25.000")
        ASK("08:53:25.100",
            "r") "{\"type\":\"ai-title\",\"aiTitle\":\"made up\",\"sessionId\":\"s\"}\n";
    live(h, "s",
         ",\"startedAt\":1760000000500,\"status\":\"idle\",\"name\":\"a\",\"nameSource\":\"auto\"");
    start(h, true);
    rig_add(&h->rig, "claude:");
    append(session_path(h, "s.jsonl"), title, strlen(title));
    until(h, "sessions", "{'s':{'name':'made up','pid':12,'start_ms':500}}");
    live(
        h, "s",
        ",\"startedAt\":1760000000500,\"status\":\"idle\",\"name\":\"release\",\"nameSource\":\"user\"");
    until(h, "sessions", "{'s':{'name':'release','pid':12,'start_ms':500}}");
}

TEST_WITH(what_the_client_no_longer_does_has_ended, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r"));
    live(h, "s", ",\"status\":\"idle\",\"statusUpdatedAt\":1760000003000");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "interactions", "{'p':{'end_ms':3000,'prompt_length':5,'of':'s/','start_ms':0}}");
    check(
        h, "requests",
        "{'r':{'attempt_start_times':[100],'end_ms':3000,'error':'interrupted','of':'s/','outcome':'interrupted',"
        "'query_source':'sdk','start_ms':100,'success':false}}");
}

TEST_WITH(a_tool_has_ended_too_when_the_client_is_idle, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r")
                                        ANSWER("08:53:21.000", "r", "tool_use", CALL));
    live(h, "s", ",\"status\":\"idle\",\"statusUpdatedAt\":1760000003000");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(
        h, "tools",
        "{'t':{'args':'{}','end_ms':3000,'name':'Bash','of':'s/','outcome':'interrupted','start_ms':1000}}");
    assert_int_equal(query_status(h->rig.model.swarm, 0, h->rig.now_ns).state, STATE_IDLE);
    assert_int_equal(query_in_flight(h->rig.model.swarm, h->rig.now_ns, NULL, 0), 0);
}

TEST_WITH(a_session_ends_with_its_process, setup, teardown)
{
    struct home *h = *state;
    const char *path = session_path(h, "s.jsonl");
    put(path, PROMPT("08:53:20.000") ASK("08:53:20.100", "r"));
    live(h, "s", "");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "sessions", "{'s':{'name':'api ⎇ main','pid':12,'start_ms':0}}");
    assert_int_equal(unlink(support_path(h->dir, "sessions/12.json")), 0);
    kill_process(h);
    append(path, ANSWER("08:53:21.000", "r", "end_turn", "") COST,
           strlen(ANSWER("08:53:21.000", "r", "end_turn", "") COST));
    until(
        h, "sessions",
        "{'s':{'cost_usd':1,'end_ms':1000,'gone':false,'name':'api ⎇ main','pid':12,'start_ms':0}}");
}

TEST_WITH(or_is_gone_when_another_has_its_number, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r"));
    live(h, "s", "");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "sessions", "{'s':{'name':'api ⎇ main','pid':12,'start_ms':0}}");
    put(support_path(h->proc, "12/stat"),
        "12 (other) S 1 1 1 0 -1 1 1 1 1 1 1 1 1 1 20 0 1 0 9000 1");
    until(h, "sessions",
          "{'s':{'end_ms':100,'gone':true,'name':'api ⎇ main','pid':12,'start_ms':0}}");
}

/* ---- the dead ---- */

static void hook(struct home *h, const char *event, const char *more)
{
    char text[600];
    snprintf(text, sizeof text,
             "{\"op\":\"hook\",\"payload\":{\"session_id\":\"s\",\"hook_event_name\":\"%s\","
             "\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"make\"}%s}}\n",
             event, more);
    rig_take(&h->rig, text);
    assert_true(correlator_flush(h->rig.model.correlator));
}

static bool is_gone(struct rig *rig, void *ctx)
{
    (void)ctx;
    return query_status(rig->model.swarm, 0, rig->now_ns).state == STATE_GONE;
}

static void check_nothing_in_flight(struct home *h)
{
    assert_int_equal(query_in_flight(h->rig.model.swarm, h->rig.now_ns, NULL, 0), 0);
}

/* Hooks are ahead of the transcript, whose last line is older than what they report. */
TEST_WITH(a_killed_client_is_gone_whoever_reported_its_calls, setup, teardown)
{
    static const char *const events[] = {"PreToolUse", "PermissionRequest"};
    for (size_t i = 0; i < 2; i++) {
        struct home *h = setup_home();
        put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r"));
        live(h, "s", ",\"status\":\"busy\"");
        start(h, true);
        rig_add(&h->rig, "claude:");
        until(h, "sessions", "{'s':{'name':'api ⎇ main','pid':12,'start_ms':0}}");
        h->rig.now_ns += 5 * INT64_C(1000000000);
        hook(h, "PreToolUse", ",\"tool_use_id\":\"t\"");
        if (i > 0) {
            hook(h, events[i], "");
        }
        assert_int_equal(query_status(h->rig.model.swarm, 0, h->rig.now_ns).state,
                         i > 0 ? STATE_USER : STATE_WAIT);
        kill_process(h);
        h->rig.now_ns += INT64_C(1000000000);
        rig_until(&h->rig, is_gone, NULL);
        check_nothing_in_flight(h);
        /* One that was on its way. */
        h->rig.now_ns += INT64_C(1000000000);
        hook(h, "PreToolUse", ",\"tool_use_id\":\"u\"");
        assert_false(is_gone(&h->rig, NULL));
        rig_until(&h->rig, is_gone, NULL);
        check_nothing_in_flight(h);
        rig_release(&h->rig);
        free(h);
    }
}

/* No hook reports a refusal: the turn's end shows it. */
TEST_WITH(a_refusal_by_hooks_alone_is_no_error, setup, teardown)
{
    struct home *h = *state;
    start(h, true);
    hook(h, "PreToolUse", ",\"tool_use_id\":\"t\"");
    hook(h, "PermissionRequest", "");
    hook(h, "Stop", "");
    struct swarm *swarm = h->rig.model.swarm;
    assert_int_equal(query_status(swarm, 0, h->rig.now_ns).state, STATE_IDLE);
    assert_int_equal(swarm_error_count(swarm), 0);
    struct swarm_metrics metrics;
    assert_true(metrics_compute(swarm, h->rig.now_ns, &metrics));
    assert_int_equal(metrics.totals.refused, 1);
    metrics_release(&metrics);
}

/* Its client asks a person by a permission request, but it is a question: nobody decides on it. */
TEST_WITH(a_question_by_hooks_is_no_permission, setup, teardown)
{
    struct home *h = *state;
    static const char ask[] =
        "{\"op\":\"hook\",\"payload\":{\"session_id\":\"s\",\"hook_event_name\":\"%s\","
        "\"tool_name\":\"AskUserQuestion\",\"tool_input\":{}%s}}\n";
    static const char *const events[][2] = {
        {"PreToolUse", ",\"tool_use_id\":\"t\""},
        {"PermissionRequest", ""},
        {"PostToolUse", ",\"tool_use_id\":\"t\",\"duration_ms\":9"}};
    start(h, true);
    for (size_t i = 0; i < 3; i++) {
        char text[400];
        snprintf(text, sizeof text, ask, events[i][0], events[i][1]);
        rig_take(&h->rig, text);
        h->rig.now_ns += 4 * INT64_C(1000000000);
    }
    assert_true(correlator_flush(h->rig.model.correlator));
    check(
        h, "waits",
        "{'wait:t':{'context':'Question','decision_source':'user','end_ms':8000,'of':'s/','start_ms':4000}}");
}

/* A call that was killed ended with its session, not with the prompt that resumes it. */
TEST_WITH(a_new_prompt_ends_no_call_after_its_session, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r"));
    live(h, "s", ",\"status\":\"busy\"");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "sessions", "{'s':{'name':'api ⎇ main','pid':12,'start_ms':0}}");
    hook(h, "PreToolUse", ",\"tool_use_id\":\"t\"");
    kill_process(h);
    h->rig.now_ns += 2 * INT64_C(1000000000);
    rig_until(&h->rig, is_gone, NULL);
    h->rig.now_ns += 3600 * INT64_C(1000000000);
    hook(h, "UserPromptSubmit", ",\"prompt\":\"again\"");
    const struct record *record = NULL;
    for (record_no no = 0; no < swarm_record_end(h->rig.model.swarm); no++) {
        const struct record *one = swarm_record(h->rig.model.swarm, no);
        record = one->used && one->kind == CALL_TOOL ? one : record;
    }
    assert_non_null(record);
    assert_true(record->end_ms - record->start_ms < 10000);
}

TEST_WITH(one_that_only_hooks_knew_is_too, setup, teardown)
{
    struct home *h = *state;
    start(h, true);
    rig_add(&h->rig, "claude:");
    rig_run_ms(&h->rig, 20);
    hook(h, "PreToolUse", ",\"tool_use_id\":\"t\"");
    live(h, "s", ",\"status\":\"busy\"");
    kill_process(h);
    rig_until(&h->rig, is_gone, NULL);
    check_nothing_in_flight(h);
}

/* Somebody else, such as a container that shares the directory, removes the entry. */
TEST_WITH(an_entry_that_vanishes_ends_no_session_that_lives, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r")
                                        ANSWER("08:53:21.000", "r", "tool_use", CALL));
    live(h, "s", "");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "sessions", "{'s':{'name':'api ⎇ main','pid':12,'start_ms':0}}");
    assert_int_equal(unlink(support_path(h->dir, "sessions/12.json")), 0);
    rig_run_ms(&h->rig, 3000);
    assert_int_equal(query_status(h->rig.model.swarm, 0, h->rig.now_ns).state, STATE_TOOL);
    kill_process(h);
    rig_until(&h->rig, is_gone, NULL);
    check_nothing_in_flight(h);
}

TEST_WITH(a_process_with_another_session_has_left_this_one, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("08:53:20.000") ASK("08:53:20.100", "r")
                                        ANSWER("08:53:21.000", "r", "end_turn", ""));
    live(h, "s", "");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "sessions", "{'s':{'name':'api ⎇ main','pid':12,'start_ms':0}}");
    live(h, "new", ",\"startedAt\":1760000005000");
    until(h, "sessions",
          "{'new':{'name':'api','pid':12,'start_ms':5000},"
          "'s':{'end_ms':1000,'gone':false,'name':'api ⎇ main','pid':12,'start_ms':0}}");
    assert_int_equal(query_status(h->rig.model.swarm, 0, h->rig.now_ns).state, STATE_DONE);
}

/* A container's process cannot be seen from here. While something comes of it, it works. */
static void put_contained(struct home *h, const char *updated)
{
    char text[500];
    snprintf(
        text, sizeof text,
        "{\"pid\":40,\"sessionId\":\"s\",\"cwd\":\"/workspace\",\"procStart\":\"9\",\"status\":"
        "\"busy\",\"statusUpdatedAt\":%s,\"pidDomain\":\"linux:0:pid:[4]\"}",
        updated);
    put(support_path(h->dir, "sessions/40.json"), text);
    made(h->proc, "self");
    made(h->proc, "self/ns");
    assert_int_equal(symlink("pid:[1]", support_path(h->proc, "self/ns/pid")), 0);
}

static int state_of(struct home *h)
{
    return (int)query_status(h->rig.model.swarm, 0, h->rig.now_ns).state;
}

TEST_WITH(of_a_container_that_died_long_ago_nothing_is_shown, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("05:53:20.000") ASK("05:53:20.100", "r"));
    put_contained(h, "1759990000000");
    start(h, true);
    rig_add(&h->rig, "claude:");
    rig_run_ms(&h->rig, 100);
    assert_int_equal(rig_live_sessions(&h->rig), 0);
}

TEST_WITH(unless_it_is_asked_for_then_it_is_unknown, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("05:53:20.000") ASK("05:53:20.100", "r")
                                        ANSWER("05:53:21.000", "r", "tool_use", CALL));
    put_contained(h, "1759990000000");
    start(h, true);
    add_named(h);
    until(h, "sessions",
          "{'s':{'end_ms':-10799000,'gone':true,'name':'workspace ⎇ main','start_ms':-10800000}}");
    assert_int_equal(state_of(h), STATE_UNKNOWN);
    check_nothing_in_flight(h);
}

TEST_WITH(a_container_works_while_something_comes_of_it, setup, teardown)
{
    struct home *h = *state;
    put(session_path(h, "s.jsonl"), PROMPT("08:23:20.000") ASK("08:23:20.100", "r")
                                        ANSWER("08:23:21.000", "r", "tool_use", CALL));
    put_contained(h, "1759998200000");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "tools", "{'t':{'args':'{}','name':'Bash','of':'s/','start_ms':-1799000}}");
    rig_run_ms(&h->rig, 700);
    assert_int_equal(state_of(h), STATE_TOOL);
    h->rig.now_ns += 3600 * INT64_C(1000000000);
    until(h, "sessions",
          "{'s':{'end_ms':-1799000,'gone':true,'name':'workspace ⎇ main','start_ms':-1800000}}");
    assert_int_equal(state_of(h), STATE_UNKNOWN);
}

/* The sweep is for senders that may be gone. */
TEST_WITH(calls_of_a_process_that_lives_are_never_swept, setup, teardown)
{
    struct home *h = *state;
    const char *path = session_path(h, "s.jsonl");
    put(path, PROMPT("06:53:20.000") ASK("06:53:20.100", "r")
                  ANSWER("06:53:21.000", "r", "tool_use", CALL));
    live(h, "s", "");
    start(h, true);
    rig_add(&h->rig, "claude:");
    until(h, "sessions", "{'s':{'name':'api ⎇ main','pid':12,'start_ms':-7200000}}");
    made(h->dir, "projects/-home-dev-api/s");
    made(h->dir, "projects/-home-dev-api/s/subagents");
    put(session_path(h, "s/subagents/agent-a1.jsonl"), ASK("08:53:20.100", "q"));
    until(h, "agents", "{'s/':{},'s/a1':{'parent':'s'}}");
    assert_int_equal(state_of(h), STATE_TOOL);
}
