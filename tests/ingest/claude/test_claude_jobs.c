/* Sessions in the background: their names, their waits for a person, and the log of their states. */
#include "core/query/query.h"
#include "ingest/claude/claude_jobs.h"
#include "tests/support/processes.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(s) "\"timestamp\":\"2025-10-09T08:53:" s "Z\"" /* 20.000 is MODEL_START_MS, and now */
#define TURN                                                                                   \
    "{\"type\":\"user\",\"promptId\":\"p\",\"message\":{\"role\":\"user\",\"content\":\"Do "   \
    "it\"}," AT("10.000") ",\"cwd\":\"/x/api\"}\n{\"type\":\"api-request\",\"id\":\"r\"," AT(  \
        "10.100") ",\"querySource\":\"sdk\"}\n{\"type\":\"assistant\",\"message\":{\"id\":\"m" \
                  "\",\"model\":\"o\",\"content\":[],\"stop_reason\":\"end_turn\"},"           \
                  "\"requestRef\":\"r\"," AT("12.000") "}\n"
#define T(s) "\"2025-10-09T08:53:" s "Z\""

struct home {
    struct rig rig;
    const char *dir, *proc;
    struct source_setting settings[3];
};

static int setup(void **state)
{
    struct home *h = calloc(1, sizeof *h);
    static const char *const dirs[] = {"projects", "projects/x", "sessions",
                                       "jobs",     "jobs/j1",    "jobs/j2"};
    rig_init(&h->rig);
    h->dir = support_tmpdir();
    h->proc = processes_new();
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        assert_int_equal(mkdir(support_path(h->dir, dirs[i]), 0700), 0);
    }
    h->settings[0] = (struct source_setting){"claude:", "proc", h->proc};
    h->settings[1] = (struct source_setting){"claude:", "machine", "/nowhere"};
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

/* The client replaces its files as a whole. */
static void put(struct home *h, const char *rel, const char *text)
{
    char temporary[200];
    snprintf(temporary, sizeof temporary, "%s.tmp", rel);
    support_write_file(support_path(h->dir, temporary), text, strlen(text));
    assert_int_equal(rename(support_path(h->dir, temporary), support_path(h->dir, rel)), 0);
}

static void put_job(struct home *h, const char *members)
{
    char text[600];
    snprintf(text, sizeof text, "{\"sessionId\":\"s\",%s}", members);
    put(h, "jobs/j1/state.json", text);
}

static void live(struct home *h, const char *more)
{
    char text[300];
    processes_start(h->proc, 12, 1, 77, "claude", NULL);
    snprintf(text, sizeof text,
             "{\"pid\":12,\"sessionId\":\"s\",\"procStart\":\"77\",\"cwd\":\"/x/api\"%s}", more);
    put(h, "sessions/12.json", text);
}

static void start(struct home *h, bool follow, bool content)
{
    char spec[600];
    snprintf(spec, sizeof spec, "claude:%s", h->dir);
    rig_start_hub(&h->rig, (struct hub_options){.follow = follow,
                                                .content = content,
                                                .settings = h->settings,
                                                .proc = h->proc});
    rig_add(&h->rig, spec);
    if (!follow) {
        rig_until_finished(&h->rig);
    }
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

TEST_WITH(a_job_has_its_name_and_waits_for_a_person, setup, teardown)
{
    struct home *h = *state;
    put(h, "projects/x/s.jsonl", TURN);
    put_job(h, "\"name\":\"fix the build\",\"nameSource\":\"user\",\"state\":\"working\","
               "\"tempo\":\"active\",\"updatedAt\":" T("11.000"));
    live(h, ",\"status\":\"idle\"");
    start(h, true, false);
    until(h, "sessions", "{'s':{'name':'fix the build','pid':12,'start_ms':-10000}}");
    put_job(h, "\"name\":\"fix the build\",\"nameSource\":\"user\",\"state\":\"blocked\","
               "\"tempo\":\"blocked\",\"needs\":\"which branch?\",\"updatedAt\":" T("14.000"));
    until(h, "waits", "{'job-1759999994000':{'context':'Job: input','of':'s/','start_ms':-6000}}");
    rig_run_ms(&h->rig, 100);
    assert_int_equal(query_status(h->rig.model.swarm, 0, h->rig.now_ns).state, STATE_USER);
    /* Its state stays after the answer; only tempo changes. */
    put_job(h, "\"name\":\"fix the build\",\"nameSource\":\"user\",\"state\":\"blocked\","
               "\"tempo\":\"active\",\"needs\":\"which branch?\",\"updatedAt\":" T("18.000"));
    until(h, "waits",
          "{'job-1759999994000':{'context':'Job: input','end_ms':-2000,'of':'s/','start_ms':-"
          "6000}}");
}

/* The client itself asks: that is one wait, not two. */
TEST_WITH(what_the_registry_reports_is_not_reported_twice, setup, teardown)
{
    struct home *h = *state;
    put(h, "projects/x/s.jsonl", TURN);
    put_job(h, "\"state\":\"blocked\",\"tempo\":\"blocked\",\"needs\":\"approve\","
               "\"updatedAt\":" T("14.000"));
    live(h, ",\"status\":\"waiting\",\"waitingFor\":\"permission prompt\","
            "\"statusUpdatedAt\":1759999993000");
    start(h, true, false);
    until(h, "waits",
          "{'wait-1759999993000':{'context':'permission prompt','of':'s/','start_ms':-7000}}");
    rig_run_ms(&h->rig, 700);
    until(h, "waits",
          "{'wait-1759999993000':{'context':'permission prompt','of':'s/','start_ms':-7000}}");
}

TEST_WITH(earlier_states_are_in_the_log_and_were_waits, setup, teardown)
{
    struct home *h = *state;
    static const char timeline[] = "{\"at\":" T(
        "11.000") ",\"state\":\"working\",\"detail\":\"reads\"}\n"
                  "{\"at\":" T(
                      "13.000") ",\"state\":\"blocked\",\"detail\":\"secret question\"}\n"
                                "not JSON\n{\"state\":\"working\"}\n"
                                "{\"at\":" T(
                                    "16.000") ",\"state\":\"working\",\"detail\":\"\"}\n"
                                              "{\"at\":" T(
                                                  "17.000") ",\"state\":\"failed\",\"detail\":\"no\"}\n{\"at\":";
    put(h, "projects/x/s.jsonl", TURN);
    put_job(h, "\"state\":\"failed\",\"tempo\":\"idle\",\"updatedAt\":" T("17.000"));
    put(h, "jobs/j1/timeline.jsonl", timeline);
    put(h, "jobs/j2/state.json", "{\"sessionId\":\"other\",\"state\":\"wor"); /* half of it */
    start(h, false, false);
    until(h, "waits",
          "{'job-1759999993000':{'context':'Job: input','end_ms':-4000,'of':'s/','start_ms':-"
          "7000}}");
    assert_non_null(rig_logged(&h->rig, "job: failed"));
    assert_non_null(rig_logged(&h->rig, "job: blocked"));
    assert_null(rig_logged(&h->rig, "secret")); /* content */
}

static unsigned logged(struct home *h, const char *text)
{
    unsigned count = 0;
    for (size_t i = 0; i < event_log_count(h->rig.log); i++) {
        const struct log_entry *entry = event_log_get(h->rig.log, i);
        count += entry->len >= strlen(text) && memcmp(entry->text, text, strlen(text)) == 0;
    }
    return count;
}

static void add_line(struct strbuf *out, int ms, const char *state, const char *detail)
{
    strbuf_addf(out, "{\"at\":\"2025-10-09T08:53:1%d.%03dZ\",\"state\":\"%s\",\"detail\":\"%s\"}\n",
                ms / 1000, ms % 1000, state, detail);
}

/* It has more than is read at once, one line more than a piece; then the client keeps its last lines
   alone, in a new file or in the same one. */
TEST_WITH(a_long_timeline_is_read_to_its_end_and_each_line_once, setup, teardown)
{
    struct home *h = *state;
    struct strbuf text;
    char *detail = calloc(1, 300001);
    memset(detail, 'x', 300000);
    strbuf_init(&text, &mem_libc, 0);
    add_line(&text, 1000, "working", "");
    add_line(&text, 1001, "stuck", detail);
    detail[4000] = '\0';
    for (int i = 0; i < 200; i++) {
        add_line(&text, 1100 + i, "working", detail);
    }
    add_line(&text, 3000, "blocked", "");
    put(h, "projects/x/s.jsonl", TURN);
    put(h, "jobs/j1/timeline.jsonl", text.data);
    put_job(h, "\"state\":\"working\",\"tempo\":\"active\",\"updatedAt\":" T("13.000"));
    live(h, ",\"status\":\"idle\"");
    start(h, true, false);
    for (int i = 0; i < 100 && logged(h, "job: blocked") == 0; i++) {
        rig_run_ms(&h->rig, 50);
    }
    assert_int_equal(logged(h, "job: working"), 201);
    assert_int_equal(logged(h, "job: blocked"), 1);
    strbuf_clear(&text);
    add_line(&text, 1299, "working", "");
    add_line(&text, 3000, "blocked", "");
    add_line(&text, 6000, "working", "");
    put(h, "jobs/j1/timeline.jsonl", text.data);
    put_job(h, "\"state\":\"working\",\"tempo\":\"active\",\"updatedAt\":" T("16.000"));
    until(h, "waits",
          "{'job-1759999993000':{'context':'Job: input','end_ms':-4000,'of':'s/','start_ms':-"
          "7000}}");
    assert_int_equal(logged(h, "job: working"), 202);
    assert_int_equal(logged(h, "job: blocked"), 1);
    strbuf_release(&text);
    free(detail);
}

TEST_WITH(a_job_that_was_removed_is_forgotten, setup, teardown)
{
    struct home *h = *state;
    struct claude_jobs jobs;
    const char *dir = support_path(h->dir, "jobs");
    claude_jobs_init(&jobs, &mem_libc);
    put_job(h, "\"state\":\"working\"");
    put(h, "jobs/j2/state.json", "{\"sessionId\":\"t\",\"resumeSessionId\":\"u\"}");
    assert_true(claude_jobs_look(&jobs, dir));
    assert_int_equal(jobs.count, 2);
    assert_ptr_equal(claude_jobs_find(&jobs, "t"), claude_jobs_find(&jobs, "u"));
    assert_non_null(claude_jobs_find(&jobs, "t"));
    unlink(support_path(h->dir, "jobs/j1/state.json"));
    assert_true(claude_jobs_look(&jobs, dir));
    assert_int_equal(jobs.count, 1);
    assert_null(claude_jobs_find(&jobs, "s"));
    assert_string_equal(claude_jobs_find(&jobs, "t")->id, "j2");
    claude_jobs_release(&jobs);
}

TEST_WITH(content_is_kept_where_it_is_asked_for, setup, teardown)
{
    struct home *h = *state;
    put(h, "projects/x/s.jsonl", TURN);
    put_job(h, "\"state\":\"working\",\"tempo\":\"blocked\",\"needs\":\"which branch?\","
               "\"updatedAt\":" T("14.000"));
    live(h, "");
    start(h, true, true);
    until(h, "waits",
          "{'job-1759999994000':{'context':'which branch?','of':'s/','start_ms':-6000}}");
}

TEST_WITH(a_job_that_wants_a_first_prompt_or_is_over_asks_nobody, setup, teardown)
{
    static const char *const jobs[] = {
        "\"state\":\"working\",\"tempo\":\"blocked\",\"needs\":\"send a prompt to start\"",
        "\"state\":\"done\",\"tempo\":\"blocked\",\"needs\":\"more?\"",
        "\"state\":\"stopped\",\"tempo\":\"blocked\",\"needs\":\"more?\"",
        "\"state\":\"blocked\",\"tempo\":\"idle\",\"needs\":\"more?\"",
        "\"state\":\"blocked\",\"tempo\":\"blocked\",\"needs\":\"\"",
        "\"state\":\"blocked\",\"tempo\":7,\"needs\":[]",
    };
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        struct home *h = NULL;
        char members[300];
        setup((void **)&h);
        put(h, "projects/x/s.jsonl", TURN);
        snprintf(members, sizeof members, "%s,\"updatedAt\":" T("14.000"), jobs[i]);
        put_job(h, members);
        start(h, false, false);
        until(h, "waits", "{}");
        teardown((void **)&h);
    }
}

/* In a new directory a client that was given no prompt has made no directory of projects. */
TEST_WITH(a_session_without_any_transcript_is_shown, setup, teardown)
{
    struct home *h = *state;
    assert_int_equal(rmdir(support_path(h->dir, "projects/x")), 0);
    assert_int_equal(rmdir(support_path(h->dir, "projects")), 0);
    live(h, ",\"status\":\"idle\",\"startedAt\":1760000000000");
    start(h, true, false);
    until(h, "sessions", "{'s':{'name':'api','pid':12,'start_ms':0}}");
    assert_int_equal(mkdir(support_path(h->dir, "projects"), 0700), 0);
    assert_int_equal(mkdir(support_path(h->dir, "projects/x"), 0700), 0);
    put(h, "projects/x/s.jsonl", TURN);
    until(h, "interactions",
          "{'p':{'end_ms':-8000,'of':'s/','prompt_length':5,'start_ms':-10000}}");
}
