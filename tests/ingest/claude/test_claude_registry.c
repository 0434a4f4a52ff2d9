/* Who lives: the files of a registry, and processes as /proc tells of them. */
#include "ingest/claude/claude_meta.h"
#include "ingest/claude/claude_registry.h"
#include "tests/support/support.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct claude_process process_of(const char *text)
{
    struct claude_process process;
    assert_true(claude_process_read(&mem_libc, text, strlen(text), &process));
    return process;
}

static const char *proc_with(const char *pid, const char *stat)
{
    const char *proc = support_tmpdir();
    if (pid != NULL) {
        const char *dir = support_path(proc, pid);
        assert_int_equal(mkdir(dir, 0700), 0);
        support_write_file(support_path(dir, "stat"), stat, strlen(stat));
    }
    return proc;
}

TEST(a_file_says_who_it_is)
{
    struct claude_process p = process_of(
        "{\"pid\":30816,\"sessionId\":\"292f\",\"cwd\":\"/home/dev/work\",\"startedAt\":1795372799841,"
        "\"procStart\":\"131080\",\"name\":\"work-46\",\"nameSource\":\"derived\",\"status\":\"waiting\","
        "\"statusUpdatedAt\":1795372804560,\"waitingFor\":\"permission prompt\"}");
    assert_int_equal(p.id.pid, 30816);
    assert_string_equal(p.session_id, "292f");
    assert_string_equal(p.cwd, "/home/dev/work");
    assert_string_equal(p.id.start, "131080");
    assert_string_equal(p.name, "work-46");
    assert_false(p.has_own_name);
    assert_int_equal(p.status, CLAUDE_STATUS_WAITING);
    assert_string_equal(p.waiting_for, "permission prompt");
    assert_true(p.started_ms >= 1795372799841 && p.status_ms >= 1795372804560);

    p = process_of(
        "{\"pid\":1,\"sessionId\":\"s\",\"procStart\":77,\"name\":\"mine\",\"status\":\"asleep\"}");
    assert_string_equal(p.id.start, "77");
    assert_true(p.has_own_name);
    assert_int_equal(p.status, CLAUDE_STATUS_UNKNOWN);
    assert_true(isnan(p.status_ms));
}

TEST(what_is_no_such_file_is_refused)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"pid\":1}",
        "{\"pid\":-1,\"sessionId\":\"s\"}",
        "{\"pid\":1e300,\"sessionId\":\"s\"}",
        "{\"pid\":\"1\",\"sessionId\":\"s\"}",
        "{\"pid\":1,\"sessionId\":\"\"}",
    };
    struct claude_process process;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_false(claude_process_read(&mem_libc, texts[i], strlen(texts[i]), &process));
    }
}

#define STAT(name, start) \
    "12 (" name ") S 1 1 1 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 1 0 " start " 1 1 18446744073709551615"

TEST(a_process_lives_while_its_start_is_the_same)
{
    static const struct {
        const char *start, *stat;
        bool lives;
    } rows[] = {
        {"\"131080\"", STAT("node", "131080"), true},
        {"131080", STAT("node", "131080"), true},
        {"\"131080\"", STAT("a) S 1 (b", "131080"), true},
        {"\"131080\"", STAT("node", "131081"), false}, /* another has its number */
        {"\"131080\"", STAT("node", "1310801"), false},
        {"\"131080\"", "12 (node) S 1", false},
        {"\"131080\"", "", false},
        {"null", STAT("node", "5"), true}, /* nothing to compare with */
        {"\"131080\"", NULL, false},
        /* Killed, but its parent has not asked for its status. */
        {"\"5\"", "12 (node) Z 1 1 1 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 1 0 5 1 1 1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        snprintf(text, sizeof text, "{\"pid\":12,\"sessionId\":\"s\",\"procStart\":%s}",
                 rows[i].start);
        struct claude_process p = process_of(text);
        struct claude_here here = {proc_with(rows[i].stat != NULL ? "12" : NULL, rows[i].stat), ""};
        assert_int_equal(claude_process_life(&p, &here),
                         rows[i].lives ? CLAUDE_LIVES : CLAUDE_DEAD);
    }
}

#define US    "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"
#define ZEROS "00000000000000000000000000000000"

TEST(a_process_of_another_namespace_or_host_cannot_be_seen)
{
    static const struct {
        const char *domain, *start;
        enum claude_life life;
    } rows[] = {
        {"linux:0:pid:[1]", "", CLAUDE_DEAD},
        {"linux:0:pid:[2]", "", CLAUDE_UNSEEN},
        {"linux:" US ":pid:[1]", "7", CLAUDE_DEAD},
        {"linux:" OTHER ":pid:[1]", "7", CLAUDE_UNSEEN}, /* the first namespace has one number */
        {"linux:" OTHER ":pid:[1]", "77", CLAUDE_LIVES}, /* it is seen here after all */
        {"linux:" ZEROS ":pid:[1]", "7", CLAUDE_DEAD},   /* no host is named */
        {"", "7", CLAUDE_DEAD},
        {"linux:0:pid:[2]", "77", CLAUDE_LIVES},
        {"linux", "7", CLAUDE_DEAD},
        {"linux", "", CLAUDE_DEAD},
        {"pid:[1]", "7", CLAUDE_DEAD},
        {"pid:[2]", "7", CLAUDE_UNSEEN},
        {OTHER ":pid:[1]", "7", CLAUDE_UNSEEN},
        {"darwin", "7", CLAUDE_UNSEEN}, /* a home that hosts of several systems share */
        {"darwin", "", CLAUDE_UNSEEN},
        {"win32:desk", "7", CLAUDE_UNSEEN},
        {"linuxes:desk", "7", CLAUDE_UNSEEN},
    };
    struct claude_here here;
    const char *proc = proc_with("12", STAT("node", "77")), *id = support_path(proc, "id");
    assert_int_equal(mkdir(support_path(proc, "self"), 0700), 0);
    assert_int_equal(mkdir(support_path(proc, "self/ns"), 0700), 0);
    assert_int_equal(symlink("pid:[1]", support_path(proc, "self/ns/pid")), 0);
    support_write_file(id, US "\n", 33);
    claude_here_init(&here, proc, id);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[300];
        /* Number 13 is nobody's here, 12 somebody's who started at 77. */
        snprintf(text, sizeof text,
                 "{\"pid\":%d,\"sessionId\":\"s\",\"procStart\":\"%s\",\"pidDomain\":\"%s\"}",
                 rows[i].start[0] == '\0' ? 13 : 12, rows[i].start, rows[i].domain);
        struct claude_process process = process_of(text);
        assert_int_equal(claude_process_life(&process, &here), rows[i].life);
    }
}

static void put(const char *dir, const char *name, const char *text)
{
    support_write_file(support_path(dir, name), text, strlen(text));
}

TEST(files_come_change_and_go)
{
    const char *dir = support_tmpdir();
    struct claude_here here = {proc_with("12", STAT("node", "5")), ""};
    struct claude_registry registry;
    claude_registry_init(&registry, &mem_libc);
    assert_true(claude_registry_look(&registry, support_path(dir, "not-there"), &here));
    assert_int_equal(registry.count, 0);
    put(dir, "12.json", "{\"pid\":12,\"sessionId\":\"a\",\"procStart\":\"5\",\"status\":\"busy\"}");
    put(dir, "13.json", "{\"pid\":13,\"sessionId\":\"b\",\"procStart\":\"5\"}");
    put(dir, "13.key", "secret");
    put(dir, "x.json", "{\"pid\":14,\"sessionId\":\"c\"}");
    put(dir, "15.json", "{\"pid\":15,\"sess");               /* half of it */
    put(dir, "16.json", "{\"pid\":17,\"sessionId\":\"d\"}"); /* another's */
    assert_true(claude_registry_look(&registry, dir, &here));
    assert_int_equal(claude_registry_find(&registry, "a")->life, CLAUDE_LIVES);
    assert_int_equal(claude_registry_find(&registry, "b")->life, CLAUDE_DEAD);
    assert_null(claude_registry_find(&registry, "c"));
    assert_null(claude_registry_find(&registry, "d"));
    put(dir, "12.json",
        "{\"pid\":12,\"sessionId\":\"a\",\"procStart\":\"5\",\"status\":\"waiting\"}");
    put(dir, "15.json", "{\"pid\":15,\"sessionId\":\"e\"}");
    assert_true(claude_registry_look(&registry, dir, &here));
    assert_int_equal(claude_registry_find(&registry, "a")->process.status, CLAUDE_STATUS_WAITING);
    assert_non_null(claude_registry_find(&registry, "e"));
    assert_int_equal(unlink(support_path(dir, "12.json")), 0);
    assert_true(claude_registry_look(&registry, dir, &here));
    assert_null(claude_registry_find(&registry, "a"));
    claude_registry_release(&registry);
}

/* Each rewrite that was seen of a real client's. */
TEST(real_files_are_understood)
{
    static const char *const samples[] = {"tui-perm", "abort", "swarm-json", "concurrent-pb",
                                          "dead"};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char rel[200];
        snprintf(rel, sizeof rel, "samples/claude/%s/session-registry.jsonl", samples[i]);
        char *text = support_read_file(support_data(rel), NULL), *rest = text;
        for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
            json_t *all = json_loads(line, 0, NULL);
            char *json = json_dumps(json_object_get(all, "json"), 0);
            struct claude_process process;
            struct claude_meta meta;
            if (strstr(json_string_value(json_object_get(all, "file")), "sessions/") != NULL) {
                assert_true(claude_process_read(&mem_libc, json, strlen(json), &process));
                assert_string_not_equal(process.id.start, "");
                assert_string_not_equal(process.name, "");
            } else if (json_object_get(json_object_get(all, "json"), "agentType") != NULL) {
                assert_true(claude_meta_read(&mem_libc, json, strlen(json), &meta));
                assert_string_not_equal(meta.type, "");
                assert_string_not_equal(meta.description, "");
            }
            free(json);
            json_decref(all);
        }
        free(text);
    }
}

TEST(a_meta_file_says_what_an_agent_is)
{
    static const char text[] = "{\"agentType\":\"Explore\",\"description\":\"Look\\naround\","
                               "\"parentAgentId\":\"a8\",\"finished\":true}";
    struct claude_meta meta;
    assert_true(claude_meta_read(&mem_libc, text, strlen(text), &meta));
    assert_string_equal(meta.type, "Explore");
    assert_string_equal(meta.description, "Look");
    assert_string_equal(meta.parent_id, "a8");
    assert_true(meta.finished);
    assert_true(claude_meta_read(&mem_libc, "{}", 2, &meta));
    assert_string_equal(meta.parent_id, "");
    assert_false(meta.finished);
    assert_false(claude_meta_read(&mem_libc, text, strlen(text) - 1, &meta));
    assert_false(claude_meta_read(&mem_libc, "[]", 2, &meta));
}
