/* 8: bytes to the terminal. The program runs in a terminal of each kind at once, all of them with the same feed; the goals hold for tmux-256color. Scrolling
   is measured over whole columns: a frame that scrolls costs ten of those between. */
#include "tests/bench/bench.h"
#include "tests/bench/senders.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const terms[] = {"tmux-256color", "xterm-256color", "screen", "linux", "vt100"};
enum { TERMS = sizeof terms / sizeof *terms, AGENTS = 40, NUMBERS = 10 };

#define COLUMN_S      1.073741824 /* AXIS_ZOOM_LIVE */
#define STORY_AGO_MS  240000.0    /* more than fits on a screen: it scrolls */
#define NUMBERS_AGO_S 12

struct stage {
    struct pty ptys[TERMS];
    struct senders senders;
    char paths[TERMS][600];
};

static void open_stage(struct bench *bench, struct stage *stage)
{
    senders_open(&stage->senders);
    for (size_t i = 0; i < TERMS; i++) {
        char spec[620], output[600];
        snprintf(output, sizeof output, "%s/out%zu.json", bench->dir, i);
        snprintf(stage->paths[i], sizeof stage->paths[i], "%s/%zu.sock", bench->dir, i);
        snprintf(spec, sizeof spec, "unix:%s", stage->paths[i]);
        const char *argv[] = {pty_program(), "-o", output, spec, NULL};
        pty_open(&stage->ptys[i], bench->dir, terms[i], NULL, argv);
        senders_connect(&stage->senders, &stage->ptys[i], stage->paths[i]);
    }
}

static void close_stage(struct stage *stage)
{
    for (size_t i = 0; i < TERMS; i++) {
        pty_close(&stage->ptys[i]);
        unlink(stage->paths[i]);
    }
    senders_close(&stage->senders);
}

static void reset(struct stage *stage)
{
    for (size_t i = 0; i < TERMS; i++) {
        pty_reset(&stage->ptys[i]);
    }
}

static void type(const struct stage *stage, const char *keys)
{
    for (size_t i = 0; i < TERMS; i++) {
        pty_type(&stage->ptys[i], keys);
    }
}

/* How many columns the picture moves while it is measured; the reference moves by the same. */
static unsigned columns(const struct bench *bench)
{
    return bench->quick ? 4 : 14;
}

/* ---- the reference ---- */

/* Bytes a frame of curses when every column of that feed's picture moves. */
static double curses_bytes(struct bench *bench, const char *term, const char *path, unsigned frames)
{
    static struct pty pty;
    char count[20];
    snprintf(count, sizeof count, "%u", frames);
    const char *argv[] = {pty_self(), "--child", "curses", path, count, NULL};
    pty_open(&pty, bench->dir, term, NULL, argv);
    while (pty.bytes < PTY_COLS * PTY_ROWS / 4) { /* its first picture */
        pty_run(&pty, 1, 0.05, NULL, NULL);
    }
    pty_settle(&pty, 1, 0.1, 2);
    pty_reset(&pty);
    for (unsigned i = 0; i < frames; i++) {
        pty_type(&pty, "x");
        pty_run(&pty, 1, 0.002, NULL, NULL);
        pty_settle(&pty, 1, PTY_GAP_S / 2, 1);
    }
    double bytes = (double)pty.bytes / frames;
    pty_close(&pty);
    return bytes;
}

/* ---- live, and frozen ---- */

struct scrolling {
    double bytes, largest; /* a frame; of a frame */
    size_t frames;
};

static void measure_story(struct bench *bench, struct scrolling scrolling[TERMS],
                          uint64_t frozen[TERMS], double *frozen_s, const char *path)
{
    static struct stage stage;
    struct live_feed feed;
    open_stage(bench, &stage);
    live_feed_open(&feed, &stage.senders, AGENTS, STORY_AGO_MS);
    pty_run(stage.ptys, TERMS, bench->quick ? 1.5 : 3, live_feed_turn, &feed);
    reset(&stage);
    pty_run(stage.ptys, TERMS, columns(bench) * COLUMN_S, live_feed_turn, &feed);
    bench_write_file(path, stage.senders.text.data, stage.senders.text.len);
    for (size_t i = 0; i < TERMS; i++) {
        const struct pty *pty = &stage.ptys[i];
        scrolling[i] = (struct scrolling){(double)pty->bytes / (double)pty->frames,
                                          pty_largest(pty), pty->frames};
    }
    type(&stage, " ");
    pty_run(stage.ptys, TERMS, 0.5, live_feed_turn, &feed);
    reset(&stage);
    *frozen_s = bench->quick ? 2 : 5;
    pty_run(stage.ptys, TERMS, *frozen_s, live_feed_turn, &feed);
    for (size_t i = 0; i < TERMS; i++) {
        frozen[i] = stage.ptys[i].bytes;
    }
    live_feed_close(&feed);
    close_stage(&stage);
}

static void bench_story(struct bench *bench)
{
    static struct scrolling scrolling[TERMS];
    uint64_t frozen[TERMS], frozen_bytes = 0;
    double frozen_s, reference[TERMS];
    char path[600];
    snprintf(path, sizeof path, "%s/story.ndjson", bench->dir);
    measure_story(bench, scrolling, frozen, &frozen_s, path);
    for (size_t i = 0; i < TERMS; i++) {
        reference[i] = curses_bytes(bench, terms[i], path, columns(bench));
        frozen_bytes += frozen[i];
    }
    unlink(path);
    bench_say("8 frozen", (double)frozen_bytes, "a byte", false, 0,
              "%llu bytes in %.0f s while a feed of %d agents goes on, on all of %d terminals",
              (unsigned long long)frozen_bytes, frozen_s, AGENTS, TERMS);
    for (size_t i = 0; i < TERMS; i++) {
        char name[60];
        snprintf(name, sizeof name, "8 live scrolling, %s", terms[i]);
        if (i == 0) {
            bench_say(name, scrolling[i].bytes / reference[i], "curses with every column moving",
                      false, 0.1, "%.0f bytes a frame, mean of %zu, the largest %.0f, against %.0f",
                      scrolling[i].bytes, scrolling[i].frames, scrolling[i].largest, reference[i]);
        } else {
            bench_tell(name, "%.3gx curses (%.0f bytes a frame, the largest %.0f, against %.0f)",
                       scrolling[i].bytes / reference[i], scrolling[i].bytes, scrolling[i].largest,
                       reference[i]);
        }
    }
}

/* ---- ten numbers ---- */

/* So many agents that have been at a tool for some seconds: the ages of all count in tenths of a second. */
static void add_tools(struct strbuf *out, int agents)
{
    double t_ms = senders_now_ms();
    strbuf_addf(out, "{\"op\":\"hello\",\"t\":%.0f,\"session_id\":\"s\",\"name\":\"bench\"}\n",
                t_ms - 300000);
    for (int i = 0; i < agents; i++) {
        strbuf_addf(out,
                    "{\"op\":\"register_agent\",\"t\":%.0f,\"agent_id\":\"a%d\","
                    "\"agent_name\":\"agent-%d\"}\n",
                    t_ms - 299000, i, i);
    }
    for (int i = 0; i < agents; i++) {
        strbuf_addf(out,
                    "{\"op\":\"start_tool\",\"t\":%.0f,\"agent_id\":\"a%d\",\"span_id\":\"t%d\","
                    "\"tool_name\":\"Bash\",\"args\":{\"command\":\"make test\"}}\n",
                    t_ms - NUMBERS_AGO_S * 1000 - i * 830, i, i);
    }
    senders_add_clock(out, "s", t_ms);
}

/* Bytes of the median frame: in those between two columns only the ages change. */
static void measure_numbers(struct bench *bench, int agents, const char *keys, double out[TERMS])
{
    static struct stage stage;
    open_stage(bench, &stage);
    add_tools(&stage.senders.text, agents);
    senders_flush(&stage.senders);
    pty_run(stage.ptys, TERMS, 0.5, NULL, NULL);
    type(&stage, keys);
    pty_run(stage.ptys, TERMS, 0.5, NULL, NULL);
    reset(&stage);
    pty_run(stage.ptys, TERMS, bench->quick ? 1.5 : 6, NULL, NULL);
    for (size_t i = 0; i < TERMS; i++) {
        out[i] = pty_median(&stage.ptys[i]);
    }
    close_stage(&stage);
}

static void say_numbers(const char *name, const char *what, const double bytes[TERMS])
{
    char others[200] = "";
    for (size_t i = 1; i < TERMS; i++) {
        size_t len = strlen(others);
        snprintf(others + len, sizeof others - len, ", %s %.0f", terms[i], bytes[i]);
    }
    bench_say(name, bytes[0] / 100, "100 bytes", false, 1, "%s, the median frame: %s %.0f%s", what,
              terms[0], bytes[0], others);
}

static void bench_numbers(struct bench *bench)
{
    double bytes[TERMS];
    measure_numbers(bench, NUMBERS / 2, "", bytes);
    say_numbers("8 ten numbers, timeline", "five agents' ages, twice each", bytes);
    measure_numbers(bench, NUMBERS, "3", bytes);
    say_numbers("8 ten numbers, in flight", "ten ages in a column", bytes);
}

void bench_terminal(struct bench *bench)
{
    bench_story(bench);
    bench_numbers(bench);
}
