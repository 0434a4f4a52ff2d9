/* Claude Code's files that move, hide, are rewritten or repeat each other, while they are followed. */
#include "core/query/query.h"
#include "tests/support/records.h"
#include "tests/support/rig.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(s) "\"timestamp\":\"2025-10-09T" s "Z\"" /* 08:53:20.000 is MODEL_START_MS, and now */
#define ASK(s, id)                                                                   \
    "{\"type\":\"api-request\",\"id\":\"" id "\"," AT(s) ",\"querySource\":\"sdk\"," \
                                                         "\"requestDigest\":\"" id "\"}\n"
#define ANSWER(s, ref, more)                                                                     \
    "{\"type\":\"assistant\",\"uuid\":\"u-" ref "\",\"message\":{\"id\":\"m-" ref                \
    "\",\"model\":\"o\",\"content\":[],\"stop_reason\":\"end_turn\"},\"requestRef\":\"" ref "\"" \
    "," AT(s) more "}\n"
#define CALLS(s, ref, id, tool)                            \
    "{\"type\":\"assistant\",\"message\":{\"id\":\"m-" ref \
    "\",\"model\":\"o\",\"content\":[{\"type\":"           \
    "\"tool_use\",\"id\":\"" id "\",\"name\":\"" tool      \
    "\",\"input\":{}}],\"stop_reason\":\"tool_use\"},"     \
    "\"requestRef\":\"" ref "\"," AT(s) "}\n"
#define FORKED ",\"forkedFrom\":{\"sessionId\":\"first\",\"messageUuid\":\"x\"}"

struct home {
    struct rig rig;
    const char *dir;
    struct source_setting settings[3];
};

static const char *path_of(struct home *h, const char *rel)
{
    char path[300];
    snprintf(path, sizeof path, "projects/%s", rel);
    return support_path(h->dir, path);
}

static void make_dir(struct home *h, const char *rel)
{
    assert_int_equal(mkdir(path_of(h, rel), 0700), 0);
}

static int setup(void **state)
{
    struct home *h = calloc(1, sizeof *h);
    rig_init(&h->rig);
    h->dir = support_tmpdir();
    assert_int_equal(mkdir(support_path(h->dir, "projects"), 0700), 0);
    make_dir(h, "-a");
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

static void put(struct home *h, const char *rel, const char *text)
{
    support_write_file(path_of(h, rel), text, strlen(text));
}

static void append(struct home *h, const char *rel, const char *text)
{
    int fd = open(path_of(h, rel), O_WRONLY | O_APPEND | O_CREAT, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

/* With `named` the directory is named, so all of its sessions are shown. */
static void start(struct home *h, bool follow, bool named)
{
    char spec[600];
    h->settings[0] = (struct source_setting){"claude:", "dir", h->dir};
    h->settings[1] = (struct source_setting){"claude:", "proc", "/nowhere"};
    rig_start_hub(&h->rig, (struct hub_options){.follow = follow, .settings = h->settings});
    snprintf(spec, sizeof spec, "claude:%s", named ? h->dir : "");
    rig_add(&h->rig, spec);
}

/* Returns the number of requests of an agent ("s/x"; "s/": the main one), with `done` of those that
   were answered. */
static size_t requests_of(struct rig *rig, const char *of, bool done)
{
    json_t *all = records_of(&rig->model), *request;
    const char *id;
    size_t count = 0;
    json_object_foreach(json_object_get(all, "requests"), id, request)
    {
        bool own = strcmp(json_string_value(json_object_get(request, "of")), of) == 0;
        count += own && (!done || json_is_true(json_object_get(request, "success")));
    }
    json_decref(all);
    return count;
}

struct want {
    const char *of;
    size_t count;
    bool done;
};

static bool is_so(struct rig *rig, void *ctx)
{
    const struct want *want = ctx;
    return requests_of(rig, want->of, want->done) == want->count;
}

static void until(struct home *h, const char *of, size_t count, bool done)
{
    struct want want = {of, count, done};
    rig_until(&h->rig, is_so, &want);
}

static enum agent_state state_of(struct home *h, const char *agent)
{
    const struct swarm *swarm = h->rig.model.swarm;
    agent_no no = (agent_no)(records_agent(&h->rig.model, agent) - swarm_agent(swarm, 0));
    return query_status(swarm, no, h->rig.now_ns).state;
}

/* ---- places ---- */

TEST_WITH(a_transcript_that_moves_to_another_project_is_followed_there, setup, teardown)
{
    struct home *h = *state;
    put(h, "-a/s.jsonl", ASK("08:53:20.000", "r"));
    start(h, true, true);
    until(h, "s/", 1, false);
    make_dir(h, "-b");
    assert_int_equal(rename(path_of(h, "-a/s.jsonl"), path_of(h, "-b/s.jsonl")), 0);
    append(h, "-b/s.jsonl",
           "{\"type\":\"user\",\"message\":{\"content\":\"[Request interrupted]\"}," AT(
               "08:53:21.000") "}\n" ASK("08:53:22.000", "q"));
    until(h, "s/", 2, false);
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 0);
}

TEST_WITH(two_transcripts_of_one_session_are_both_read, setup, teardown)
{
    struct home *h = *state;
    make_dir(h, "-b");
    put(h, "-a/s.jsonl", ASK("08:53:20.000", "r") ANSWER("08:53:21.000", "r", ""));
    put(h, "-b/s.jsonl", ASK("08:53:22.000", "q") ANSWER("08:53:23.000", "q", ""));
    start(h, false, true);
    rig_until_finished(&h->rig);
    assert_int_equal(requests_of(&h->rig, "s/", false), 2);
}

TEST_WITH(agents_in_directories_below_are_found_when_they_come, setup, teardown)
{
    struct home *h = *state;
    put(h, "-a/s.jsonl", ASK("08:53:20.000", "r"));
    start(h, true, true);
    until(h, "s/", 1, false);
    make_dir(h, "-a/s");
    make_dir(h, "-a/s/subagents");
    make_dir(h, "-a/s/subagents/workflows");
    rig_run_ms(&h->rig, 20);
    make_dir(h, "-a/s/subagents/workflows/wf_1");
    put(h, "-a/s/subagents/workflows/wf_1/agent-x.jsonl", ASK("08:53:21.000", "q"));
    until(h, "s/", 1, false);
    until(h, "s/x", 1, false);
}

TEST_WITH(an_agent_beside_its_session_is_one_of_it, setup, teardown)
{
    struct home *h = *state;
    put(h, "-a/s.jsonl", ASK("08:53:20.000", "r"));
    put(h, "-a/agent-x.jsonl",
        "{\"sessionId\":\"s\",\"agentId\":\"x\",\"isSidechain\":true,\"type\":\"api-request\","
        "\"id\":\"q\",\"querySource\":\"sdk\",\"requestDigest\":\"q\"," AT("08:53:21.000") "}\n");
    start(h, true, true);
    until(h, "s/", 1, false);
    until(h, "s/x", 1, false);
}

TEST_WITH(an_old_transcript_that_grows_again_is_found, setup, teardown)
{
    struct home *h = *state;
    const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    put(h, "-a/s.jsonl", ASK("01:00:00.000", "r") ANSWER("01:00:01.000", "r", ""));
    assert_int_equal(utimensat(AT_FDCWD, path_of(h, "-a"), old, 0), 0);
    start(h, true, false);
    rig_run_ms(&h->rig, 100);
    assert_int_equal(requests_of(&h->rig, "s/", false), 0);
    append(h, "-a/s.jsonl", ASK("08:53:20.000", "q"));
    until(h, "s/", 2, false);
}

TEST_WITH(a_link_is_read_where_it_leads_to_a_transcript_and_else_named, setup, teardown)
{
    struct home *h = *state;
    const char *other = support_tmpdir();
    const char *target = support_path(other, "t.jsonl"), *key = support_path(other, "9.key");
    support_write_file(target, ASK("08:53:20.000", "r"), strlen(ASK("08:53:20.000", "r")));
    support_write_file(key, "secret", 6);
    assert_int_equal(symlink(target, path_of(h, "-a/s.jsonl")), 0);
    assert_int_equal(symlink(key, path_of(h, "-a/k.jsonl")), 0);
    start(h, true, true);
    until(h, "s/", 1, false);
    assert_non_null(strstr(hub_source(h->rig.hub, 0).unread, "-a/k.jsonl: "));
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 0);
}

/* What was read stays, and the agent has nothing more to do with the file. */
TEST_WITH(a_transcript_that_is_deleted_leaves_what_was_read, setup, teardown)
{
    struct home *h = *state;
    put(h, "-a/s.jsonl",
        ASK("08:53:20.000", "r") ANSWER("08:53:21.000", "r", "") ASK("08:53:22.000", "q"));
    start(h, true, true);
    until(h, "s/", 2, false);
    assert_int_equal(unlink(path_of(h, "-a/s.jsonl")), 0);
    assert_int_equal(rmdir(path_of(h, "-a")), 0);
    rig_run_ms(&h->rig, 300);
    assert_int_equal(requests_of(&h->rig, "s/", false), 2);
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 0);
    /* One of that name that comes later is of the same session. */
    make_dir(h, "-a");
    put(h, "-a/s.jsonl",
        ASK("08:53:22.000", "q") ANSWER("08:53:23.000", "q", "") ASK("08:53:24.000", "p"));
    until(h, "s/", 3, false);
    until(h, "s/", 2, true);
}

/* The call that launched it ended at once, and it answered. Then a message makes it work again. */
TEST_WITH(a_sub_agent_that_is_resumed_works_again, setup, teardown)
{
    struct home *h = *state;
    make_dir(h, "-a/s");
    make_dir(h, "-a/s/subagents");
    put(h, "-a/s.jsonl",
        ASK("08:53:00.000", "r") CALLS(
            "08:53:01.000", "r", "t",
            "Agent") "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":"
                     "\"t\"}]},\"toolUseResult\":{\"status\":\"async_launched\",\"agentId\":\"x\"}," AT(
                         "08:53:02.000") "}\n");
    put(h, "-a/s/subagents/agent-x.meta.json", "{\"agentType\":\"Explore\",\"toolUseId\":\"t\"}");
    put(h, "-a/s/subagents/agent-x.jsonl",
        ASK("08:53:02.000", "x1") ANSWER("08:53:03.000", "x1", ""));
    start(h, true, true);
    until(h, "s/x", 1, true);
    assert_int_not_equal(state_of(h, "x"), STATE_TOOL);
    append(h, "-a/s/subagents/agent-x.jsonl",
           "{\"type\":\"user\",\"promptId\":\"p\",\"message\":{\"content\":\"more\"}," AT(
               "08:53:19.000") "}\n" ASK("08:53:19.100", "x2")
               CALLS("08:53:19.500", "x2", "b", "Bash"));
    until(h, "s/x", 2, true);
    assert_int_equal(state_of(h, "x"), STATE_TOOL);
    append(
        h, "-a/s/subagents/agent-x.jsonl",
        "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"b\"}]}," AT(
            "08:53:20.000") "}\n" ASK("08:53:20.000", "x3") ANSWER("08:53:20.000", "x3", ""));
    until(h, "s/x", 3, true);
    assert_int_not_equal(state_of(h, "x"), STATE_TOOL);
}

/* Ages count to the present, not to the latest time of any file. */
TEST_WITH(a_session_whose_clock_is_ahead_makes_no_other_old, setup, teardown)
{
    struct home *h = *state;
    put(h, "-a/here.jsonl", ASK("08:53:10.000", "r"));
    put(h, "-a/there.jsonl", ASK("09:53:10.000", "q") ANSWER("09:53:11.000", "q", ""));
    start(h, true, true);
    until(h, "here/", 1, false);
    until(h, "there/", 1, true);
    const struct record *open = records_find(&h->rig.model, CALL_REQUEST, "r", 0);
    struct agent_status status = query_status(h->rig.model.swarm, open->agent, h->rig.now_ns);
    assert_int_equal((h->rig.now_ns - status.since_ns) / 1000000, 10000);
}

/* ---- bytes ---- */

TEST_WITH(lines_that_are_written_in_pieces_are_read_whole, setup, teardown)
{
    struct home *h = *state;
    char text[8000], *at = text;
    put(h, "-a/s.jsonl", "");
    start(h, true, true);
    size_t size = (size_t)snprintf(
        text, sizeof text,
        ASK("08:53:20.000", "r") "{\"type\":\"user\"," AT("08:53:20.500") ",\"x\":\"");
    for (; size < 5000; size += 2) {
        memcpy(text + size, "\u00e9", 2); /* pieces end within it */
    }
    snprintf(text + size, sizeof text - size, "\"}\n" ANSWER("08:53:21.000", "r", ""));
    for (size_t left = strlen(text); left > 0;) {
        char piece[778] = {0};
        size_t len = left < sizeof piece - 1 ? left : sizeof piece - 1;
        memcpy(piece, at, len);
        append(h, "-a/s.jsonl", piece);
        rig_run_ms(&h->rig, 30);
        at += len;
        left -= len;
    }
    until(h, "s/", 1, true);
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 0);
}

TEST_WITH(an_end_that_is_rewritten_in_place_is_read_again, setup, teardown)
{
    struct home *h = *state;
    static const char first[] = ASK("08:53:20.000", "r");
    put(h, "-a/s.jsonl",
        ASK("08:53:20.000", "r") "{\"type\":\"queue-operation\",\"x\":\"aaaa\"}\n");
    start(h, true, true);
    until(h, "s/", 1, false);
    int fd = open(path_of(h, "-a/s.jsonl"), O_WRONLY);
    static const char rest[] = ANSWER("08:53:21.000", "r", "") ASK("08:53:22.000", "q");
    assert_int_equal(pwrite(fd, rest, sizeof rest - 1, sizeof first - 1), sizeof rest - 1);
    close(fd);
    until(h, "s/", 2, false);
    until(h, "s/", 1, true);
    assert_int_equal(hub_source(h->rig.hub, 0).bad, 0);
}

/* ---- copies ---- */

TEST_WITH(what_a_fork_repeats_belongs_to_the_first_session, setup, teardown)
{
    struct home *h = *state;
    put(h, "-a/first.jsonl", ASK("08:00:00.000", "r") ANSWER("08:00:01.000", "r", ""));
    put(h, "-a/fork.jsonl",
        ASK("08:00:00.000", "r") ANSWER("08:00:01.000", "r", "") ASK("08:10:00.000", "q")
            ANSWER("08:10:01.000", "q", ""));
    start(h, false, true);
    rig_until_finished(&h->rig);
    assert_int_equal(requests_of(&h->rig, "first/", false), 1);
    assert_int_equal(requests_of(&h->rig, "fork/", false), 1);
}

/* Its id sorts first, and the original is in another project. */
TEST_WITH(a_line_that_names_another_session_is_its_copy, setup, teardown)
{
    struct home *h = *state;
    make_dir(h, "-b");
    put(h, "-a/a-fork.jsonl", ANSWER("08:00:01.000", "r", FORKED) ANSWER("08:10:01.000", "q", ""));
    put(h, "-b/first.jsonl", ANSWER("08:00:01.000", "r", "") ANSWER("08:20:01.000", "s", ""));
    start(h, false, true);
    rig_until_finished(&h->rig);
    assert_int_equal(requests_of(&h->rig, "first/", false), 2);
    assert_int_equal(requests_of(&h->rig, "a-fork/", false), 1);
}

/* Nothing is lost if the original is gone. */
TEST_WITH(a_copy_without_its_original_counts, setup, teardown)
{
    struct home *h = *state;
    put(h, "-a/fork.jsonl", ANSWER("08:00:01.000", "r", FORKED) ANSWER("08:10:01.000", "q", ""));
    start(h, false, true);
    rig_until_finished(&h->rig);
    assert_int_equal(requests_of(&h->rig, "fork/", false), 2);
}

TEST_WITH(what_a_side_agent_repeats_stays_with_the_main_agent, setup, teardown)
{
    struct home *h = *state;
    make_dir(h, "-a/s");
    make_dir(h, "-a/s/subagents");
    put(h, "-a/s.jsonl", ASK("08:00:00.000", "r") ANSWER("08:00:01.000", "r", ""));
    put(h, "-a/s/subagents/agent-aside.jsonl",
        ASK("08:00:00.000", "r") ANSWER("08:00:01.000", "r", "") ASK("08:10:00.000", "q")
            ANSWER("08:10:01.000", "q", ""));
    start(h, false, true);
    rig_until_finished(&h->rig);
    assert_int_equal(requests_of(&h->rig, "s/", false), 1);
    assert_int_equal(requests_of(&h->rig, "s/aside", false), 1);
}

/* An image's bytes are in the line after its time, which is far from the end of the file. */
TEST_WITH(a_session_whose_last_line_is_huge_is_a_recent_one, setup, teardown)
{
    struct home *h = *state;
    size_t size = 700 << 10;
    char *text = calloc(1, size + 1000);
    assert_non_null(text);
    int len = snprintf(text, size,
                       ASK("08:53:00.000", "r") "{\"type\":\"user\"," AT(
                           "08:53:10.000") ",\"toolUseResult\":{\"base64\":\"");
    memset(text + len, 'A', size - (size_t)len);
    snprintf(text + size, 1000, "\"},\"message\":{\"role\":\"user\",\"content\":\"x\"}}\n");
    put(h, "-a/s.jsonl", text);
    free(text);
    start(h, false, false);
    rig_until_finished(&h->rig);
    assert_non_null(rig_session(&h->rig, "s"));
}

/* Each would be read again at each listing of the directory, every few seconds. */
TEST_WITH(an_agent_beside_a_session_that_is_not_shown_is_read_once, setup, teardown)
{
    struct home *h = *state;
    static const char line[] =
        "{\"type\":\"user\",\"sessionId\":\"old\",\"agentId\":\"a1\"," AT("02:00:00.000") "}\n";
    struct stat before, after;
    put(h, "-a/agent-a1.jsonl", line);
    start(h, true, false);
    rig_run_ms(&h->rig, 300);
    struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_nsec = UTIME_OMIT}};
    assert_int_equal(utimensat(AT_FDCWD, path_of(h, "-a/agent-a1.jsonl"), times, 0), 0);
    assert_int_equal(stat(path_of(h, "-a/agent-a1.jsonl"), &before), 0);
    rig_run_ms(&h->rig, 3600);
    assert_int_equal(stat(path_of(h, "-a/agent-a1.jsonl"), &after), 0);
    assert_int_equal(before.st_atim.tv_sec, after.st_atim.tv_sec);
    assert_null(rig_session(&h->rig, "old"));
}
