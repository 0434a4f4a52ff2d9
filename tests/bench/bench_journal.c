/* 21: the same feed, 10,000 events a second, to two programs in terminals at once: one keeps a journal, the other does not. Processor time is that of all
   threads of a program, so the worker that writes counts. */
#include "tests/bench/bench.h"
#include "tests/bench/senders.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { AGENTS = 100, RATE = 10000, WITH = 0, WITHOUT = 1, PROGRAMS = 2 };

struct race {
    struct senders senders;
    struct pty ptys[PROGRAMS];
    double began_s, seconds;
    uint64_t sent;
};

static void add_event(struct race *race)
{
    unsigned agent = (unsigned)(race->sent % AGENTS), round = (unsigned)(race->sent / AGENTS);
    if (round % 2 == 0) {
        strbuf_addf(
            &race->senders.text,
            "{\"op\":\"start_tool\",\"session_id\":\"s\",\"agent_id\":\"a%u\","
            "\"span_id\":\"%u\",\"tool_name\":\"Bash\",\"args\":{\"command\":\"make %u\"}}\n",
            agent, agent, round);
    } else {
        strbuf_addf(&race->senders.text,
                    "{\"op\":\"end_tool\",\"session_id\":\"s\",\"span_id\":\"%u\"}\n", agent);
    }
    race->sent++;
}

static double turn(void *ctx)
{
    struct race *race = ctx;
    double elapsed_s = bench_now() - race->began_s;
    while ((double)race->sent < elapsed_s * RATE) {
        add_event(race);
    }
    senders_flush(&race->senders);
    return elapsed_s < race->seconds ? 0.005 : -1;
}

void bench_journal(struct bench *bench)
{
    static struct race race;
    char paths[PROGRAMS][600], outputs[PROGRAMS][620], spec[1300];
    double cpu_s[PROGRAMS];
    memset(&race, 0, sizeof race);
    senders_open(&race.senders);
    for (int i = 0; i < PROGRAMS; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/journal%d.sock", bench->dir, i);
        snprintf(spec, sizeof spec, "unix:%s", paths[i]);
        snprintf(outputs[i], sizeof outputs[i], "%s/journal%d.json", bench->dir, i);
        const char *argv[] = {pty_program(),
                              "-o",
                              outputs[i],
                              "--max-events",
                              "0",
                              spec,
                              i == WITH ? NULL : "--no-journal",
                              NULL};
        pty_open(&race.ptys[i], bench->dir, "tmux-256color", NULL, argv);
        senders_connect(&race.senders, &race.ptys[i], paths[i]);
    }
    race.seconds = bench->quick ? 4 : 20;
    race.began_s = bench_now();
    for (int i = 0; i < PROGRAMS; i++) {
        pty_reset(&race.ptys[i]);
        cpu_s[i] = bench_cpu_of(race.ptys[i].pid);
    }
    pty_run(race.ptys, PROGRAMS, race.seconds + 10, turn, &race);
    for (int i = 0; i < PROGRAMS; i++) {
        cpu_s[i] = bench_cpu_of(race.ptys[i].pid) - cpu_s[i];
    }
    bench_say("21 journal at 10,000 events/s", cpu_s[WITH] / cpu_s[WITHOUT], "no journal", false,
              1.1, "%llu events: %.2f s of processor time against %.2f s, %zu frames against %zu",
              (unsigned long long)race.sent, cpu_s[WITH], cpu_s[WITHOUT], race.ptys[WITH].frames,
              race.ptys[WITHOUT].frames);
    for (int i = 0; i < PROGRAMS; i++) {
        pty_close(&race.ptys[i]);
        unlink(paths[i]);
        unlink(outputs[i]);
    }
    senders_close(&race.senders);
}
