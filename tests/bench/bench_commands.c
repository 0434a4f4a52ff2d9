/* 13: the commands that hooks run, from their start to their exit, seen from outside; with a swarmtop that listens on a terminal, and without. */
#include "tests/bench/bench.h"
#include "tests/bench/pty.h"

#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS = 8 };

/* A command a row: its arguments behind the address that `--to` names, what is on its stdin, and what it exits with when nobody listens. */
static const struct {
    const char *name;
    const char *command;
    const char *arguments[ARGUMENTS];
    const char *input;
    int unheard;
} commands[] = {
    {"emit", "emit", {"--session", "s", "instant", "name=n", "cat=c"}, "", 1},
    {"hook",
     "hook",
     {NULL},
     "{\"session_id\":\"s\",\"hook_event_name\":\"PreToolUse\",\"tool_name\":\"Bash\",\"tool_use_id\":\"t\",\"tool_input\":{\"command\":\"make\"}}",
     0},
};

/* Seconds until it has exited with that status. Below 0: with another. */
static double run(size_t command, const char *spec, const char *input, int expected)
{
    extern char **environ;
    char *argv[ARGUMENTS + 5] = {strdup(pty_program()), strdup(commands[command].command),
                                 strdup("--to"), strdup(spec)};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1, count = 4;
    for (size_t i = 0; i < ARGUMENTS && commands[command].arguments[i] != NULL; i++) {
        argv[count++] = strdup(commands[command].arguments[i]);
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    double began_s = bench_now();
    if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) == 0) {
        waitpid(pid, &status, 0);
    }
    double took_s = bench_now() - began_s;
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < count; i++) {
        free(argv[i]);
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == expected ? took_s : -1;
}

static void say(const char *name, const char *how, const struct samples *samples, double most_s)
{
    char text[80];
    double median_s = samples_median(samples), worst_s = 0;
    bool failed = false;
    for (size_t i = 0; i < samples->count; i++) {
        worst_s = samples->values[i] > worst_s ? samples->values[i] : worst_s;
        failed = failed || samples->values[i] < 0;
    }
    snprintf(text, sizeof text, "13 %s, %s", name, how);
    bench_say(text, failed ? (double)INFINITY : median_s / most_s, most_s < 0.01 ? "5 ms" : "50 ms",
              false, 1, "start to exit: median of %zu %.1f ms, the worst %.1f ms%s", samples->count,
              median_s * 1e3, worst_s * 1e3, failed ? ", or it failed" : "");
}

/* Seconds of a program that does nothing, of libc alone. */
static double run_nothing(void)
{
    extern char **environ;
    char name[] = "true";
    char *argv[] = {name, NULL};
    pid_t pid;
    int status = -1;
    double began_s = bench_now();
    if (posix_spawnp(&pid, name, NULL, NULL, argv, environ) == 0) {
        waitpid(pid, &status, 0);
    }
    return bench_now() - began_s;
}

static void measure(struct bench *bench, size_t command, struct pty *pty, const char *listening)
{
    struct samples heard = {.count = 0}, unheard = {.count = 0}, nothing = {.count = 0};
    char nobody[620], input[620], text[80];
    snprintf(nobody, sizeof nobody, "unix:%s/nobody.sock", bench->dir);
    snprintf(input, sizeof input, "%s/input", bench->dir);
    bench_write_file(input, commands[command].input, strlen(commands[command].input));
    run(command, listening, input, 0); /* its pages are in memory from here on */
    for (unsigned i = 0; i < BENCH_RUNS_MAX; i++) {
        samples_add(&nothing, run_nothing());
        samples_add(&heard, run(command, listening, input, 0));
        samples_add(&unheard, run(command, nobody, input, commands[command].unheard));
        pty_run(pty, 1, 0.02, NULL, NULL);
    }
    say(commands[command].name, "a listener", &heard, 0.005);
    snprintf(text, sizeof text, "13 %s, against `true`", commands[command].name);
    bench_say(text, samples_median(&unheard) / samples_median(&nothing), "`true`", false, 2.5,
              "%.1f ms, `true` %.1f ms", samples_median(&unheard) * 1e3,
              samples_median(&nothing) * 1e3);
    say(commands[command].name, "nobody listens", &unheard, 0.05);
    unlink(input);
}

void bench_commands(struct bench *bench)
{
    static struct pty pty;
    char path[600], spec[620], output[620];
    snprintf(path, sizeof path, "%s/commands.sock", bench->dir);
    snprintf(spec, sizeof spec, "unix:%s", path);
    snprintf(output, sizeof output, "%s/out.json", bench->dir);
    const char *argv[] = {pty_program(), "-o", output, spec, NULL};
    pty_open(&pty, bench->dir, "tmux-256color", NULL, argv);
    for (int i = 0; i < 200 && access(path, F_OK) != 0; i++) {
        pty_run(&pty, 1, 0.02, NULL, NULL);
    }
    pty_settle(&pty, 1, 0.2, 2);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        measure(bench, i, &pty, spec);
    }
    pty_close(&pty);
    unlink(path);
}
