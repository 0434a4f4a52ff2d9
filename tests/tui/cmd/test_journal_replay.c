/* A reader of a feed that was away gets what the journals have since then, and nothing it had. */
#include "tui/cmd/journal_replay.h"

#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BEGIN      "{\"op\":\"journal\",\"t\":1000,\"version\":1,\"max_events\":0}\n"
#define MARK(t)    "{\"op\":\"journal\",\"t\":" #t ",\"mark\":true}\n"
#define LINE(t, x) "{\"op\":\"log\",\"t\":" #t ",\"message\":\"" x "\"}\n"

struct fixture {
    struct options options;
    const char *dir;
    char got[256]; /* the messages, a letter each */
};

static void put(void *ctx, const char *line, size_t len)
{
    struct fixture *f = ctx;
    char text[200];
    assert_true(len < sizeof text);
    memcpy(text, line, len);
    text[len] = '\0';
    const char *message = strstr(text, "\"message\":\"");
    assert_true(message != NULL || strcmp(text, "\n") == 0);
    if (message != NULL) {
        strncat(f->got, message + strlen("\"message\":\""), 1);
    }
}

static void write_journal(const struct fixture *f, const char *name, const char *text)
{
    FILE *file = fopen(support_path(f->dir, name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void start(struct fixture *f)
{
    const char *state = support_tmpdir();
    *f = (struct fixture){.options = {.env = {.state_home = state, .home = state}}};
    f->dir = support_path(state, "swarmtop");
    assert_int_equal(mkdir(f->dir, 0700), 0);
}

static const char *replay(struct fixture *f, double from_ms, const char *own)
{
    const struct journal_replay replay = {
        .options = &f->options, .own = own, .from_ms = from_ms, .put = put, .ctx = f};
    f->got[0] = '\0';
    journal_replay(&replay);
    return f->got;
}

TEST(a_journal_with_marks_is_read_from_the_last_mark)
{
    struct fixture f;
    start(&f);
    /* Times of lines are their senders': no matter. */
    write_journal(&f, "feed-20260101-000000-1.journal",
                  BEGIN MARK(2000) LINE(9000, "a") MARK(3000) LINE(10, "b") LINE(5000, "c")
                      MARK(4000) LINE(20, "d") "{\"op\":\"log\",\"t\":20,\"mess");
    assert_string_equal(replay(&f, 2000, NULL), "abcd");
    assert_string_equal(replay(&f, 3000, NULL), "bcd");
    assert_string_equal(replay(&f, 3999, NULL), "bcd");
    assert_string_equal(replay(&f, 4000, NULL), "d");
    /* It began after the reader had gone. */
    assert_string_equal(replay(&f, 1500, NULL), "abcd");
}

TEST(a_journal_without_marks_is_read_from_a_time)
{
    struct fixture f;
    start(&f);
    write_journal(&f, "run-20260101-000000-1.journal",
                  BEGIN LINE(2000, "a") LINE(3000, "b") LINE(2500, "c") LINE(4000, "d"));
    assert_string_equal(replay(&f, 2500, NULL), "bcd");
    assert_string_equal(replay(&f, 4001, NULL), "");
}

TEST(journals_come_in_the_order_of_their_runs)
{
    struct fixture f;
    start(&f);
    write_journal(&f, "run-20260103-000000-1.journal", BEGIN LINE(2000, "c"));
    write_journal(&f, "feed-20260102-000000-1.journal", BEGIN LINE(2000, "b"));
    write_journal(&f, "run-20260101-000000-1.journal", BEGIN LINE(2000, "a"));
    write_journal(&f, "other.journal", BEGIN LINE(2000, "x"));
    assert_string_equal(replay(&f, 2000, NULL), "abc");
    assert_string_equal(replay(&f, 2000, support_path(f.dir, "feed-20260102-000000-1.journal")),
                        "ac");
    /* No file of the user's own. */
    assert_int_equal(symlink("other.journal", support_path(f.dir, "run-2-2-2.journal")), 0);
    assert_string_equal(replay(&f, 2000, NULL), "abc");
}

TEST(journals_for_a_reader_go_after_an_hour)
{
    struct fixture f;
    start(&f);
    write_journal(&f, "feed-20260101-000000-1.journal", BEGIN);
    write_journal(&f, "run-20260101-000000-1.journal", BEGIN);
    const char *feed = support_path(f.dir, "feed-20260101-000000-1.journal");
    int64_t now_ns = (int64_t)time(NULL) * 1000000000;
    journal_replay_tidy(&f.options, now_ns + 3500 * INT64_C(1000000000));
    assert_int_equal(access(feed, F_OK), 0);
    /* That of a document is for recovery, whatever its name. */
    const char *other = support_tmpdir();
    f.options.output = support_path(other, "feed-mine.json");
    write_journal(&(struct fixture){.dir = other}, "feed-mine.json.journal", BEGIN);
    journal_replay_tidy(&f.options, now_ns + 3700 * INT64_C(1000000000));
    assert_int_equal(access(support_path(other, "feed-mine.json.journal"), F_OK), 0);
    assert_int_equal(access(feed, F_OK), -1);
    assert_int_equal(access(support_path(f.dir, "run-20260101-000000-1.journal"), F_OK), 0);
}
