/* 25: a day of a swarm, in compressed time, to a program under a cap. Every six seconds a session comes by a connection of its own, with
   agents, tools and a model that no other has. What the program takes after the last hour is compared with that after the second. */
#include "tests/bench/bench.h"
#include "tests/bench/pty.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    HOURS = 24,
    SESSIONS = 600, /* in an hour */
    AGENTS = 4,     /* of a session */
    CALLS = 6,      /* of an agent: every third is a request */
    LONGEST_MS = 1000,
    MAX_EVENTS = 20000,
    PATIENCE_S = 60
};
#define MAX_EVENTS_TEXT "20000"
#define GOAL_MEMORY     1.1
#define GOAL_OFF        0.03 /* of a percentile */
#define START_MS        1760000000000.0

struct day {
    pid_t pid;
    char socket[600], output[620], report[640];
    struct strbuf text;
    uint64_t requests;
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench 25: %s\n", what);
    exit(2);
}

static void run(struct day *day, const char *const *argv)
{
    extern char **environ;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, day->report,
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (posix_spawn(&day->pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ) !=
        0) {
        die("the program does not start");
    }
    posix_spawn_file_actions_destroy(&actions);
}

static void wait_for_end(const struct day *day)
{
    int status;
    if (waitpid(day->pid, &status, 0) != day->pid || status != 0) {
        die("the program failed");
    }
}

/* ---- what the program takes ---- */

static double resident_bytes(const struct day *day)
{
    char path[64];
    unsigned long long size = 0, resident = 0;
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)day->pid);
    FILE *file = fopen(path, "re");
    if (file == NULL || fscanf(file, "%llu %llu", &size, &resident) != 2) {
        die("no /proc");
    }
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static unsigned descriptors(const struct day *day)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)day->pid);
    DIR *dir = opendir(path);
    while (dir != NULL && readdir(dir) != NULL) {
        count++;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return count;
}

/* ---- what comes ---- */

static void add_call(struct day *day, unsigned session, unsigned agent, unsigned call, double t_ms)
{
    /* Each length from 1 to LONGEST_MS is as frequent as any other. */
    unsigned ms = 1 + (unsigned)(day->requests * 617 % LONGEST_MS);
    struct strbuf *out = &day->text;
    if (call % 3 == 0) {
        day->requests++;
        strbuf_addf(
            out,
            "{\"op\":\"start_llm_request\",\"t\":%.0f,\"session_id\":\"s%u\",\"agent_id\":\"a%u-%u\","
            "\"span_id\":\"%u-%u\",\"model\":\"model-%u\"}\n",
            t_ms, session, session, agent, agent, call, session);
        strbuf_addf(
            out,
            "{\"op\":\"end_llm_request\",\"t\":%.0f,\"session_id\":\"s%u\",\"span_id\":\"%u-%u\","
            "\"ttft_ms\":%u,\"ttlt_ms\":%u,\"output_tokens\":10,\"success\":true}\n",
            t_ms + ms + 1, session, agent, call, ms, ms + 1);
    } else {
        strbuf_addf(
            out,
            "{\"op\":\"start_tool\",\"t\":%.0f,\"session_id\":\"s%u\",\"agent_id\":\"a%u-%u\","
            "\"span_id\":\"%u-%u\",\"tool_name\":\"Tool-%u-%u\"}\n",
            t_ms, session, session, agent, agent, call, session, agent);
        strbuf_addf(
            out,
            "{\"op\":\"end_tool\",\"t\":%.0f,\"session_id\":\"s%u\",\"span_id\":\"%u-%u\",\"success\":true}\n",
            t_ms + 100, session, agent, call);
    }
}

static void add_session(struct day *day, unsigned session)
{
    double t_ms = START_MS + 6000.0 * session;
    strbuf_clear(&day->text);
    strbuf_addf(&day->text,
                "{\"op\":\"hello\",\"t\":%.0f,\"session_id\":\"s%u\",\"name\":\"session %u\"}\n",
                t_ms, session, session);
    for (unsigned agent = 0; agent < AGENTS; agent++) {
        strbuf_addf(
            &day->text,
            "{\"op\":\"register_agent\",\"t\":%.0f,\"session_id\":\"s%u\",\"agent_id\":\"a%u-%u\","
            "\"agent_name\":\"agent %u of %u\"}\n",
            t_ms, session, session, agent, agent, session);
    }
    for (unsigned call = 0; call < CALLS; call++) {
        for (unsigned agent = 0; agent < AGENTS; agent++) {
            add_call(day, session, agent, call, t_ms + 600.0 * call + 10 * agent);
        }
    }
    strbuf_addf(&day->text,
                "{\"op\":\"end_session\",\"t\":%.0f,\"session_id\":\"s%u\"}\n{\"op\":\"status\"}\n",
                t_ms + 5900, session);
}

static int connected(const struct day *day)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", day->socket);
    for (double began = bench_now(); bench_now() - began < PATIENCE_S; usleep(20000)) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
            return fd;
        }
        close(fd);
    }
    die("nobody listens");
}

/* By a connection of its own, until all of it is taken: the answer to its last line has come. */
static void send_session(struct day *day, unsigned session)
{
    char answer[4096];
    int fd = connected(day);
    add_session(day, session);
    for (size_t at = 0; at < day->text.len;) {
        ssize_t len = send(fd, day->text.data + at, day->text.len - at, MSG_NOSIGNAL);
        if (len <= 0) {
            die("the program does not take its input");
        }
        at += (size_t)len;
    }
    if (recv(fd, answer, sizeof answer, 0) <= 0) {
        die("no answer");
    }
    close(fd);
}

/* ---- what it makes of it ---- */

/* The total's percentile of times to first token. */
static double percentile(const char *report, const char *name)
{
    const char *at = strstr(report, "\"totals\":");
    at = at == NULL ? NULL : strstr(at, "\"ttft_ms\":");
    at = at == NULL ? NULL : strstr(at, name);
    return at == NULL ? (double)NAN : strtod(at + strlen(name), NULL);
}

static double worst_percentile(struct day *day)
{
    static const struct {
        const char *name;
        double right;
    } all[] = {{"\"p50\":", 0.5}, {"\"p90\":", 0.9}, {"\"p99\":", 0.99}};
    const char *argv[] = {pty_program(), "report", "--json", day->output, NULL};
    double worst = 0;
    run(day, argv);
    wait_for_end(day);
    struct slice report = child_read(day->report);
    char *text = strndup(report.bytes, report.len);
    for (size_t i = 0; i < sizeof all / sizeof *all && text != NULL; i++) {
        double right = all[i].right * LONGEST_MS, off = percentile(text, all[i].name) / right - 1;
        worst = isnan(off) ? INFINITY : fmax(worst, fabs(off));
    }
    free(text);
    return worst;
}

void bench_day(struct bench *bench)
{
    struct day day = {.pid = 0};
    char spec[610];
    double early_bytes = 0;
    unsigned early_open = 0, early_hour = bench->quick ? 1 : 2, hours = bench->quick ? 4 : HOURS;
    strbuf_init(&day.text, &mem_libc, 0);
    snprintf(day.socket, sizeof day.socket, "%s/day.sock", bench->dir);
    snprintf(day.output, sizeof day.output, "%s/day.json", bench->dir);
    snprintf(day.report, sizeof day.report, "%s/day.report", bench->dir);
    snprintf(spec, sizeof spec, "unix:%s", day.socket);
    const char *argv[] = {pty_program(), "record",   "--max-events", MAX_EVENTS_TEXT,
                          "-o",          day.output, spec,           NULL};
    run(&day, argv);
    double began = bench_now();
    for (unsigned session = 0; session < hours * SESSIONS; session++) {
        send_session(&day, session);
        if (session + 1 == early_hour * SESSIONS) {
            early_bytes = resident_bytes(&day);
            early_open = descriptors(&day);
        }
    }
    double seconds = bench_now() - began, bytes = resident_bytes(&day);
    unsigned open = descriptors(&day);
    kill(day.pid, SIGTERM);
    wait_for_end(&day);
    bench_say("25 memory after a day under a cap", bytes / early_bytes, "after two hours", false,
              GOAL_MEMORY, "%.1f MB, then %.1f MB; %u hours in %.0f s", early_bytes / 1e6,
              bytes / 1e6, hours, seconds);
    bench_say("25 descriptors after a day", (double)open / early_open, "after two hours", false, 1,
              "%u, then %u", early_open, open);
    double off = worst_percentile(&day);
    bench_say("25 percentiles after a day", 1 + off, "the right ones", false, 1 + GOAL_OFF,
              "p50, p90 and p99 of %d times", (int)(MAX_EVENTS / 2 / 3));
    strbuf_release(&day.text);
    snprintf(spec, sizeof spec, "%.500s.journal",
             day.output); /* kept, for the cap has dropped events */
    unlink(spec);
    unlink(day.output);
    unlink(day.report);
    unlink(day.socket);
}
