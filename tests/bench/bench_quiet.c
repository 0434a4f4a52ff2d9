/* 14: nothing happens, nothing is done. Wake-ups are the context switches of all threads of the program: it waits for something, so each time it is woken it
   gives the processor back again. */
#include "tests/bench/bench.h"
#include "tests/bench/senders.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { AGENTS = 20, SPANS = 12, AGO_MS = 300000 };
enum part { FROZEN, FINISHED, IDLE, PARTS };

/* ---- what a process does ---- */

static unsigned long long switches_of(const char *path)
{
    char line[200];
    unsigned long long all = 0, count;
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "voluntary_ctxt_switches: %llu", &count) == 1 ||
            sscanf(line, "nonvoluntary_ctxt_switches: %llu", &count) == 1) {
            all += count;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return all;
}

static unsigned long long wake_ups(pid_t pid)
{
    char path[400];
    unsigned long long all = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)pid, entry->d_name);
            all += switches_of(path);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return all;
}

/* ---- what is shown ---- */

/* Agents that have done something, and nothing for more than a minute. */
static void add_agents(struct strbuf *out)
{
    double t_ms = senders_now_ms() - AGO_MS;
    strbuf_addf(out, "{\"op\":\"hello\",\"t\":%.0f,\"session_id\":\"s\",\"name\":\"bench\"}\n",
                t_ms);
    for (int i = 0; i < AGENTS; i++) {
        strbuf_addf(out,
                    "{\"op\":\"register_agent\",\"t\":%.0f,\"agent_id\":\"a%d\","
                    "\"agent_name\":\"agent-%d\"}\n",
                    t_ms + i * 100, i, i);
    }
    for (int n = 0; n < SPANS * AGENTS; n++) {
        int i = n % AGENTS;
        double begin_ms = t_ms + 3000 + n / AGENTS * 18000 + i * 400;
        strbuf_addf(out,
                    "{\"op\":\"start_tool\",\"t\":%.0f,\"agent_id\":\"a%d\",\"span_id\":\"%d\","
                    "\"tool_name\":\"Bash\",\"args\":{\"command\":\"make -j%d test\"}}\n"
                    "{\"op\":\"end_tool\",\"t\":%.0f,\"span_id\":\"%d\"}\n",
                    begin_ms, i, n, n, begin_ms + 6000 + i * 300, n);
    }
    senders_add_clock(out, "s", t_ms + AGO_MS);
}

struct shown {
    struct pty ptys[PARTS];
    struct senders senders;
    char paths[PARTS][600], input[600];
};

static void open_all(struct bench *bench, struct shown *shown)
{
    snprintf(shown->input, sizeof shown->input, "%s/input.ndjson", bench->dir);
    senders_open(&shown->senders);
    add_agents(&shown->senders.text);
    bench_write_file(shown->input, shown->senders.text.data, shown->senders.text.len);
    for (size_t i = 0; i < PARTS; i++) {
        char spec[620];
        snprintf(shown->paths[i], sizeof shown->paths[i], "%s/quiet%zu.sock", bench->dir, i);
        snprintf(spec, sizeof spec, "unix:%s", shown->paths[i]);
        bool finished = i == FINISHED;
        char output[620];
        snprintf(output, sizeof output, "%s/out%zu.json", bench->dir, i);
        const char *argv[] = {pty_program(), "-o", output, finished ? "-" : spec, NULL};
        pty_open(&shown->ptys[i], bench->dir, "tmux-256color", finished ? shown->input : NULL,
                 argv);
        if (!finished) {
            senders_connect(&shown->senders, &shown->ptys[i], shown->paths[i]);
        }
    }
    senders_flush(&shown->senders);
    pty_run(shown->ptys, PARTS, 1, NULL, NULL);
    pty_type(&shown->ptys[FROZEN], " ");
}

static void close_all(struct bench *bench, struct shown *shown)
{
    for (size_t i = 0; i < PARTS; i++) {
        char output[620];
        snprintf(output, sizeof output, "%s/out%zu.json", bench->dir, i);
        pty_close(&shown->ptys[i]);
        unlink(shown->paths[i]);
        unlink(output);
    }
    senders_close(&shown->senders);
    unlink(shown->input);
}

/* Counting the rate of events goes on for some seconds after the last one. */
static void settle(struct shown *shown)
{
    for (int i = 0; i < 15; i++) {
        unsigned long long before =
            wake_ups(shown->ptys[FROZEN].pid) + wake_ups(shown->ptys[FINISHED].pid);
        pty_run(shown->ptys, PARTS, 1.1, NULL, NULL);
        if (wake_ups(shown->ptys[FROZEN].pid) + wake_ups(shown->ptys[FINISHED].pid) == before) {
            return;
        }
    }
}

static void say(const char *name, uint64_t bytes, unsigned long long woken, double seconds)
{
    char text[60];
    snprintf(text, sizeof text, "14 %s, bytes", name);
    bench_say(text, (double)bytes, "a byte", false, 0, "%llu bytes in %.0f s",
              (unsigned long long)bytes, seconds);
    snprintf(text, sizeof text, "14 %s, wake-ups", name);
    bench_say(text, (double)woken, "a wake-up", false, 0, "%llu in %.0f s", woken, seconds);
}

void bench_quiet(struct bench *bench)
{
    static struct shown shown;
    unsigned long long woken[PARTS];
    double cpu_s, seconds = bench->quick ? 3.3 : 15, began_s;
    open_all(bench, &shown);
    settle(&shown);
    for (size_t i = 0; i < PARTS; i++) {
        pty_reset(&shown.ptys[i]);
        woken[i] = wake_ups(shown.ptys[i].pid);
    }
    cpu_s = bench_cpu_of(shown.ptys[IDLE].pid);
    began_s = bench_now();
    pty_run(shown.ptys, PARTS, seconds, NULL, NULL);
    seconds = bench_now() - began_s;
    cpu_s = bench_cpu_of(shown.ptys[IDLE].pid) - cpu_s;
    for (size_t i = 0; i < PARTS; i++) {
        woken[i] = wake_ups(shown.ptys[i].pid) - woken[i];
    }
    say("frozen", shown.ptys[FROZEN].bytes, woken[FROZEN], seconds);
    say("finished source", shown.ptys[FINISHED].bytes, woken[FINISHED], seconds);
    bench_say("14 idle swarm of 20 agents", cpu_s / seconds / 0.002, "0.2 % of a processor", false,
              1,
              "%.3f %%: %.1f ms in %.0f s, in which %zu frames with %.0f bytes each, "
              "%.1f wake-ups a second",
              cpu_s / seconds * 100, cpu_s * 1e3, seconds, shown.ptys[IDLE].frames,
              (double)shown.ptys[IDLE].bytes / (double)shown.ptys[IDLE].frames,
              (double)woken[IDLE] / seconds);
    close_all(bench, &shown);
}
