/* The reader of a feed is another process: it reads slowly, stops, ends, or is silent. */
#include "tui/cmd/feed_reader.h"

#include "tests/support/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 40000, SOON_MS = 30, NEVER_MS = 3600000 };

static const char line[] = "a line of a feed that is as long as many of them are\n";

struct fixture {
    uv_loop_t loop;
    struct feed_reader reader;
    uv_timer_t alive;  /* a loop runs for others, not for a reader */
    int out[2], in[2]; /* the reader's ends: out[0], in[1] */
    int lost;
};

static void count_lost(void *ctx)
{
    struct fixture *f = ctx;
    f->lost++;
}

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

static void start(struct fixture *f, uint64_t silence_ms)
{
    *f = (struct fixture){.lost = 0};
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    uv_timer_init(&f->loop, &f->alive);
    uv_timer_start(&f->alive, nothing, NEVER_MS, 0);
    assert_int_equal(pipe(f->out), 0);
    assert_int_equal(pipe(f->in), 0);
    const struct feed_reader_config config = {.loop = &f->loop,
                                              .mem = &mem_libc,
                                              .out = f->out[1],
                                              .in = f->in[0],
                                              .silence_ms = silence_ms,
                                              .lost = count_lost,
                                              .ctx = f};
    feed_reader_open(&f->reader, &config);
}

static void stop(struct fixture *f)
{
    uv_close((uv_handle_t *)&f->alive, NULL);
    feed_reader_stop(&f->reader);
    feed_reader_finish(&f->reader);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    for (int i = 0; i < 2; i++) {
        (void)close(f->out[i]);
        (void)close(f->in[i]);
    }
}

/* Turns the loop until all that has happened is taken. */
static void turn(struct fixture *f)
{
    for (int i = 0; i < 5; i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
}

static void turn_until_lost(struct fixture *f)
{
    for (int tries = 0; f->lost == 0 && tries < 30000; tries++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
    assert_int_equal(f->lost, 1);
}

static void beat(struct fixture *f, const char *bytes)
{
    assert_int_equal(write(f->in[1], bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    turn(f);
}

TEST(a_reader_that_falls_silent_is_lost)
{
    struct fixture f;
    start(&f, SOON_MS);
    beat(&f, "\n");
    turn_until_lost(&f);
    feed_reader_put(&f.reader, line, strlen(line));
    feed_reader_flush(&f.reader);
    assert_int_equal(f.lost, 1);
    stop(&f);
}

TEST(a_reader_that_ends_its_line_feeds_is_lost)
{
    static const struct {
        const char *bytes;
        int lost;
    } rows[] = {{"\n", 1}, {"\n\n\n", 1}, {"", 0}, {"input of others\n", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        start(&f, NEVER_MS);
        beat(&f, rows[i].bytes);
        assert_int_equal(f.lost, 0);
        close(f.in[1]);
        turn(&f);
        assert_int_equal(f.lost, rows[i].lost);
        f.in[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        stop(&f);
    }
}

TEST(a_reader_that_has_gone_is_lost)
{
    struct fixture f;
    start(&f, NEVER_MS);
    turn(&f);
    assert_int_equal(f.lost, 0);
    close(f.out[0]);
    turn_until_lost(&f);
    assert_int_equal(f.lost, 1);
    f.out[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    stop(&f);
}

/* All that is kept comes, byte for byte. Nothing waits below the bound. */
TEST(a_slow_reader_gets_all_lines)
{
    struct fixture f;
    size_t count = FEED_READER_UNSENT_BYTES / strlen(line), want = count * strlen(line), got = 0;
    char bytes[4096];
    start(&f, NEVER_MS);
    for (size_t i = 0; i < count; i++) {
        feed_reader_put(&f.reader, line, strlen(line));
    }
    feed_reader_flush(&f.reader);
    assert_true(f.reader.unsent.len > 0);
    while (got < want) {
        ssize_t len = read(f.out[0], bytes, sizeof bytes);
        assert_true(len > 0);
        for (ssize_t i = 0; i < len; i++) {
            assert_int_equal(bytes[i], line[(got + (size_t)i) % strlen(line)]);
        }
        got += (size_t)len;
        uv_run(&f.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(f.reader.unsent.len, 0);
    assert_int_equal(f.lost, 0);
    stop(&f);
}

/* A full pipe does not stop a run for longer than its reader may be silent. */
TEST(no_line_waits_for_a_reader_that_is_silent)
{
    struct fixture f;
    start(&f, SOON_MS);
    assert_int_equal(write(f.in[1], "\n", 1), 1);
    for (int i = 0; i < LINES; i++) {
        feed_reader_put(&f.reader, line, strlen(line));
    }
    assert_int_equal(f.lost, 1);
    stop(&f);
}
