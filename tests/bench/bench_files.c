/* 20: Claude Code's files in great number and size: 10,000 transcripts of sub-agents, one transcript
   of 200 MB, 3,000 sessions. The processor time of a report on each, against the time that the first
   version took for it. */
#include "tests/bench/bench.h"
#include "tests/bench/pty.h"

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SUBAGENTS = 10000, SESSIONS = 3000, TURNS = 40000, RUNS = 3, QUICK = 20 };

static FILE *open_file(const char *dir, const char *below, const char *mode)
{
    char path[900];
    snprintf(path, sizeof path, "%s/%s", dir, below);
    for (char *at = path + strlen(dir) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    FILE *file = fopen(path, mode);
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    return file;
}

/* A turn of a session, of `bytes` of text: a prompt, an answer that calls a tool, its result. */
static void put_turn(FILE *to, int session, int agent, int turn, int bytes)
{
    char head[300];
    int at = turn % 86400;
    snprintf(head, sizeof head,
             "\"sessionId\":\"s-%d\",%s\"cwd\":\"/home/dev/api\",\"timestamp\":"
             "\"2025-01-01T%02d:%02d:%02d.000Z\"",
             session, agent < 0 ? "" : "\"isSidechain\":true,", at / 3600, at / 60 % 60, at % 60);
    fprintf(to,
            "{\"type\":\"user\",\"uuid\":\"u-%d-%d-%d\",%s,\"message\":{\"role\":\"user\","
            "\"content\":\"%0*d\"}}\n",
            session, agent, turn, head, bytes, turn);
    fprintf(
        to,
        "{\"type\":\"assistant\",\"uuid\":\"a-%d-%d-%d\",\"requestId\":\"r-%d-%d-%d\",%s,"
        "\"message\":{\"id\":\"m-%d-%d-%d\",\"model\":\"opus\",\"content\":[{\"type\":\"tool_use\","
        "\"id\":\"t-%d-%d-%d\",\"name\":\"Bash\",\"input\":{\"command\":\"make\"}}],\"usage\":"
        "{\"input_tokens\":10,\"output_tokens\":5}}}\n",
        session, agent, turn, session, agent, turn, head, session, agent, turn, session, agent,
        turn);
    fprintf(
        to,
        "{\"type\":\"user\",\"uuid\":\"v-%d-%d-%d\",%s,\"message\":{\"role\":\"user\",\"content\":"
        "[{\"type\":\"tool_result\",\"tool_use_id\":\"t-%d-%d-%d\",\"content\":\"%0*d\"}]}}\n",
        session, agent, turn, head, session, agent, turn, bytes, turn);
}

static void put_file(const char *dir, int session, int agent, int turns, int bytes)
{
    char below[200];
    if (agent < 0) {
        snprintf(below, sizeof below, "projects/-home-dev-api/s-%d.jsonl", session);
    } else {
        snprintf(below, sizeof below, "projects/-home-dev-api/s-%d/subagents/agent-a%d.jsonl",
                 session, agent);
    }
    FILE *to = open_file(dir, below, "w");
    for (int turn = 0; turn < turns; turn++) {
        put_turn(to, session, agent, turn, bytes);
    }
    fclose(to);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

/* Processor seconds of a report on the directory. */
static double report_on(const char *dir)
{
    extern char **environ;
    char program[] = "swarmtop", command[] = "report", source[700];
    char *argv[] = {program, command, source, NULL};
    posix_spawn_file_actions_t actions;
    struct rusage used = {.ru_utime = {0, 0}};
    pid_t pid;
    int status = -1;
    snprintf(source, sizeof source, "claude:%s", dir);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&pid, pty_program(), &actions, NULL, argv, environ) != 0 ||
        wait4(pid, &status, 0, &used) != pid || status != 0) {
        fprintf(stderr, "%s: status %d\n", source, status);
        exit(2);
    }
    posix_spawn_file_actions_destroy(&actions);
    return (double)used.ru_utime.tv_sec + (double)used.ru_utime.tv_usec / 1e6 +
           (double)used.ru_stime.tv_sec + (double)used.ru_stime.tv_usec / 1e6;
}

static void measure(const char *dir, const char *name, double then_s, int parts)
{
    struct samples samples = {.count = 0};
    report_on(dir); /* its pages are in memory from here on */
    for (int i = 0; i < RUNS; i++) {
        samples_add(&samples, report_on(dir));
    }
    bench_say(name, samples_median(&samples) / then_s, "the first version", false, 1,
              "%.2f s, %d of them", samples_median(&samples), parts);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void bench_files(struct bench *bench)
{
    char dir[600];
    int part = bench->quick ? QUICK : 1;
    snprintf(dir, sizeof dir, "%s/claude", bench->dir);
    mkdir(dir, 0700);
    put_file(dir, 0, -1, 2, 100);
    for (int agent = 0; agent < SUBAGENTS / part; agent++) {
        put_file(dir, 0, agent, 1, 100);
    }
    measure(dir, "20 transcripts of sub-agents", 1.5 / part, SUBAGENTS / part);
    mkdir(dir, 0700);
    put_file(dir, 0, -1, TURNS / part, 2000); /* some 5 KB a turn */
    measure(dir, "20 a transcript of 200 MB", 1.0 / part, 1);
    mkdir(dir, 0700);
    for (int session = 0; session < SESSIONS / part; session++) {
        put_file(dir, session, -1, 3, 100);
    }
    measure(dir, "20 sessions", 2.2 / part, SESSIONS / part);
}
