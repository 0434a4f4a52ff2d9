/* 24: the start beside what clients have left on a machine over months: 1,000 old rollouts of Codex,
   as many chats of Qwen Code and of Gemini CLI, and a large database of OpenCode. Nothing of it is recent, so nothing of it should cost. */
#include "tests/bench/bench.h"
#include "tests/bench/pty.h"

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAVE_SQLITE
#include <sqlite3.h>
#endif

enum { ROLLOUTS = 1000, A_PROJECT = 100, PART_BYTES = 50000, PARTS = 10000, QUICK_PARTS = 200 };

#define LINE                                                                                     \
    "{\"timestamp\":\"2025-01-01T00:00:00.000Z\",\"type\":\"session_meta\",\"payload\":{\"id\":" \
    "\"t\"}}\n"

static void make_dirs(const char *home, const char *below)
{
    char path[800];
    snprintf(path, sizeof path, "%s/%s", home, below);
    for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    mkdir(path, 0700);
}

static void write_old(const char *home, const char *below, const char *name)
{
    const struct timeval old[2] = {{1735689600, 0}, {1735689600, 0}};
    char path[1000];
    make_dirs(home, below);
    snprintf(path, sizeof path, "%s/%s/%s", home, below, name);
    bench_write_file(path, LINE, strlen(LINE));
    utimes(path, old);
}

/* Thirty rollouts a day; chats by project. */
static void write_transcripts(const char *home)
{
    char below[80], name[80];
    for (int i = 0; i < ROLLOUTS; i++) {
        snprintf(below, sizeof below, ".codex/sessions/2025/%02d/%02d", 1 + i / 30 / 28,
                 1 + i / 30 % 28);
        snprintf(name, sizeof name, "rollout-2025-01-01T00-00-00-%036d.jsonl", i);
        write_old(home, below, name);
        snprintf(below, sizeof below, ".qwen/projects/p%d/chats", i / A_PROJECT);
        snprintf(name, sizeof name, "%036d.jsonl", i);
        write_old(home, below, name);
        snprintf(below, sizeof below, ".gemini/tmp/p%d/chats", i / A_PROJECT);
        snprintf(name, sizeof name, "session-2025-01-01T00-00-%08d.jsonl", i);
        write_old(home, below, name);
    }
}

#ifdef HAVE_SQLITE
static void write_database(const char *home, int parts)
{
    static const char schema[] =
        "PRAGMA journal_mode = wal; BEGIN;"
        "CREATE TABLE session (id text PRIMARY KEY, parent_id text, agent text, title text,"
        " directory text, cost real, time_created integer, time_updated integer);"
        "CREATE TABLE message (id text PRIMARY KEY, session_id text, time_created integer,"
        " time_updated integer, data text);"
        "CREATE TABLE part (id text PRIMARY KEY, message_id text, session_id text,"
        " time_created integer, time_updated integer, data text);";
    char path[800];
    sqlite3 *db;
    sqlite3_stmt *insert;
    make_dirs(home, ".local/share/opencode");
    snprintf(path, sizeof path, "%s/.local/share/opencode/opencode.db", home);
    char *data = calloc(1, PART_BYTES + 1);
    memset(data, 'x', PART_BYTES);
    if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, schema, NULL, NULL, NULL) != 0 ||
        sqlite3_prepare_v2(db, "INSERT INTO part VALUES (?, 'm', 's', ?, ?, ?)", -1, &insert,
                           NULL) != SQLITE_OK) {
        exit(2);
    }
    for (int i = 0; i < parts; i++) {
        char id[20];
        snprintf(id, sizeof id, "p%d", i);
        sqlite3_bind_text(insert, 1, id, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int64(insert, 2, 1735689600000 + i);
        sqlite3_bind_int64(insert, 3, 1735689600000 + i);
        sqlite3_bind_text(insert, 4, data, PART_BYTES, SQLITE_STATIC);
        sqlite3_step(insert);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
    free(data);
}
#endif

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

/* Seconds from the start of a report on what is recent in that home to its end. */
static double start_in(const char *home, bool chats)
{
    extern char **environ;
    char program[] = "swarmtop", command[] = "report",
         codex[] = "codex:", opencode[] = "opencode:", qwen[] = "qwen:", gemini[] = "gemini:";
    char *argv[] = {program, command, codex, opencode, chats ? qwen : NULL, gemini, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;
    setenv("HOME", home, 1);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    double began_s = bench_now();
    if (posix_spawn(&pid, pty_program(), &actions, NULL, argv, environ) == 0) {
        waitpid(pid, &status, 0);
    }
    posix_spawn_file_actions_destroy(&actions);
    return bench_now() - began_s;
}

void bench_start(struct bench *bench)
{
    const char *was = getenv("HOME");
    char *home = strdup(was == NULL ? "/" : was), full[600], empty[600];
    struct samples beside = {.count = 0}, alone = {.count = 0}, all = {.count = 0};
    snprintf(full, sizeof full, "%s/full", bench->dir);
    snprintf(empty, sizeof empty, "%s/empty", bench->dir);
    make_dirs(empty, ".codex/sessions");
    make_dirs(empty, ".qwen/projects");
    make_dirs(empty, ".gemini/tmp");
    write_transcripts(full);
#ifdef HAVE_SQLITE
    write_database(full, bench->quick ? QUICK_PARTS : PARTS);
    write_database(empty, 0);
#endif
    start_in(full, true); /* its pages are in memory from here on */
    for (unsigned i = 0; i < BENCH_RUNS_MAX; i++) {
        samples_add(&beside, start_in(full, false));
        samples_add(&alone, start_in(empty, false));
        samples_add(&all, start_in(full, true));
    }
    setenv("HOME", home, 1);
    free(home);
    nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    nftw(empty, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    bench_say("24 start beside old files", samples_median(&beside) / samples_median(&alone),
              "an empty home", false, 1.2, "%.1f ms against %.1f ms, %d rollouts",
              samples_median(&beside) * 1e3, samples_median(&alone) * 1e3, ROLLOUTS);
    bench_say("24 start beside old files", samples_median(&beside) / 0.3, "300 ms", false, 1,
              "%.1f ms", samples_median(&beside) * 1e3);
    bench_say("24 start beside four clients", samples_median(&all) / 0.3, "300 ms", false, 1,
              "%.1f ms, %d transcripts", samples_median(&all) * 1e3, 3 * ROLLOUTS);
}
