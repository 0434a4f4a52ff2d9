/* 11: from a sender's write to the glass: an agent is renamed now and then while a hundred others work, and its new name is looked for in what comes to the
   terminal. A name has no letter in common with the one before it, so no program writes it but in one piece. */
#include "tests/bench/bench.h"
#include "tests/bench/senders.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AGENTS = 100, RATE = 1000, SAMPLES_MAX = 300, NAME_BYTES = 10 };
#define FRAME_S 0.1 /* at 10 frames a second, the default */
#define LOST_S  2.0

struct glass {
    struct senders senders;
    struct pty pty;
    double began_s;
    uint64_t sent; /* events */
    unsigned names;
    char name[NAME_BYTES + 1]; /* that is waited for; "": none is */
    double named_s, next_s;    /* when it was sent; when the next is due */
    double samples[SAMPLES_MAX];
    size_t count, wanted, lost;
};

static void add_agents(struct strbuf *out)
{
    double t_ms = senders_now_ms();
    strbuf_addf(out, "{\"op\":\"hello\",\"t\":%.0f,\"session_id\":\"s\",\"name\":\"bench\"}\n",
                t_ms - 240000);
    strbuf_addf(out,
                "{\"op\":\"register_agent\",\"t\":%.0f,\"agent_id\":\"x\",\"agent_name\":\"x\"}\n",
                t_ms - 240000);
    for (int i = 0; i < AGENTS; i++) {
        strbuf_addf(out,
                    "{\"op\":\"register_agent\",\"t\":%.0f,\"agent_id\":\"a%d\","
                    "\"agent_name\":\"worker-%d\"}\n",
                    t_ms - 239000, i, i);
    }
}

/* Each agent in turn begins a tool, and at its next turn ends it. */
static void add_event(struct glass *glass)
{
    static const char *const tools[] = {"Bash", "Read", "Grep", "Edit"};
    unsigned agent = (unsigned)(glass->sent % AGENTS), round = (unsigned)(glass->sent / AGENTS);
    if (round % 2 == 0) {
        strbuf_addf(&glass->senders.text,
                    "{\"op\":\"start_tool\",\"agent_id\":\"a%u\",\"span_id\":\"%u\","
                    "\"tool_name\":\"%s\",\"args\":{\"command\":\"make %u\"}}\n",
                    agent, agent, tools[(agent + round / 2) % 4], round);
    } else {
        strbuf_addf(&glass->senders.text, "{\"op\":\"end_tool\",\"span_id\":\"%u\"}\n", agent);
    }
    glass->sent++;
}

static void add_name(struct glass *glass)
{
    for (unsigned i = 0; i < NAME_BYTES; i++) {
        glass->name[i] = (char)('A' + (glass->names * 7 + i * 3) % 26);
    }
    glass->names++;
    strbuf_addf(&glass->senders.text,
                "{\"op\":\"register_agent\",\"agent_id\":\"x\",\"agent_name\":\"%s\"}\n",
                glass->name);
    pty_reset(&glass->pty);
    glass->sent++;
}

/* How long after a frame the next name is sent: evenly over the time to the next one (multiples of the golden ratio). */
static double pause_s(const struct glass *glass)
{
    return fmod(glass->names * 0.6180339887, 1) * FRAME_S;
}

static double turn(void *ctx)
{
    struct glass *glass = ctx;
    double now_s = bench_now();
    while ((double)glass->sent < (now_s - glass->began_s) * RATE) {
        add_event(glass);
    }
    if (glass->name[0] != '\0') {
        bool seen = pty_saw(&glass->pty, glass->name), lost = now_s - glass->named_s > LOST_S;
        if (seen || lost) {
            glass->samples[glass->count++] = seen ? glass->pty.read_s - glass->named_s : LOST_S;
            glass->lost += !seen;
            glass->name[0] = '\0';
            glass->next_s = now_s + pause_s(glass);
        }
    } else if (now_s >= glass->next_s) {
        add_name(glass);
        glass->named_s = bench_now();
    }
    senders_flush(&glass->senders);
    return glass->count < glass->wanted ? 0 : -1;
}

static int by_time(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void bench_glass(struct bench *bench)
{
    static struct glass glass;
    char path[600], spec[620], output[620];
    memset(&glass, 0, sizeof glass);
    snprintf(path, sizeof path, "%s/glass.sock", bench->dir);
    snprintf(spec, sizeof spec, "unix:%s", path);
    snprintf(output, sizeof output, "%s/out.json", bench->dir);
    const char *argv[] = {pty_program(), "-o", output, spec, NULL};
    senders_open(&glass.senders);
    pty_open(&glass.pty, bench->dir, "tmux-256color", NULL, argv);
    senders_connect(&glass.senders, &glass.pty, path);
    add_agents(&glass.senders.text);
    glass.wanted = bench->quick ? 40 : SAMPLES_MAX;
    glass.began_s = bench_now();
    glass.next_s = glass.began_s + 1;
    pty_run(&glass.pty, 1, (double)glass.wanted * (LOST_S + FRAME_S), turn, &glass);
    double took_s = bench_now() - glass.began_s;
    qsort(glass.samples, glass.count, sizeof *glass.samples, by_time);
    double p50_s = glass.samples[glass.count / 2], p99_s = glass.samples[glass.count * 99 / 100];
    bench_say("11 event to glass", p99_s / (FRAME_S + 0.01), "a frame and 10 ms", false, 1,
              "%.0f events a second of %d agents, %zu looked for, %zu not seen: p50 %.0f ms, "
              "p99 %.0f ms, the worst %.0f ms",
              (double)glass.sent / took_s, AGENTS, glass.count, glass.lost, p50_s * 1e3,
              p99_s * 1e3, glass.samples[glass.count - 1] * 1e3);
    pty_close(&glass.pty);
    senders_close(&glass.senders);
    unlink(path);
}
