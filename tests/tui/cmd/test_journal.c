/* The journal's writer: what is put is in the file soon and in order; a disk that refuses is
   reported once; the end deletes, keeps or leaves the file. */
#include "tui/cmd/journal.h"

#include "core/export/run_lock.h"
#include "tests/support/support.h"
#include "tui/cmd/journal_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE = 2000, TURN_US = 5000 };

struct fixture {
    uv_loop_t loop;
    const char *path;
    struct journal *journal;
    unsigned troubles;
    char trouble[256];
};

static void note(void *ctx, const char *text)
{
    struct fixture *f = ctx;
    f->troubles++;
    snprintf(f->trouble, sizeof f->trouble, "%s", text);
}

static void begin_with(struct fixture *f, int fd, uint64_t max_bytes)
{
    struct journal_config config = {.mem = &mem_libc,
                                    .loop = &f->loop,
                                    .path = f->path,
                                    .fd = fd,
                                    .max_bytes = max_bytes,
                                    .max_events = 77,
                                    .now_ms = 1760625065000,
                                    .trouble = note,
                                    .ctx = f};
    f->journal = journal_new(&config);
    assert_non_null(f->journal);
}

static void begin(struct fixture *f, uint64_t max_bytes)
{
    *f = (struct fixture){.path = support_path(support_tmpdir(), "x.journal")};
    assert_int_equal(uv_loop_init(&f->loop), 0);
    int fd = open(f->path, O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0600);
    assert_true(run_lock_hold(fd));
    begin_with(f, fd, max_bytes);
}

static void end(struct fixture *f)
{
    journal_close(f->journal);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    journal_free(f->journal);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

static void put(struct fixture *f, const char *line)
{
    journal_put(f->journal, line, strlen(line));
}

static bool file_has(const struct fixture *f, const char *text)
{
    char *bytes = support_read_file(f->path, NULL);
    bool has = strstr(bytes, text) != NULL;
    free(bytes);
    return has;
}

static void run_until_in_file(struct fixture *f, const char *text)
{
    for (int i = 0; i < PATIENCE && !file_has(f, text); i++) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        usleep(TURN_US);
    }
    assert_true(file_has(f, text));
}

static bool exists(const struct fixture *f)
{
    return access(f->path, F_OK) == 0;
}

TEST(lines_are_in_the_file_soon_and_an_idle_journal_wakes_nobody)
{
    struct fixture f;
    begin(&f, 1 << 20);
    assert_true(
        file_has(&f, "{\"op\":\"journal\",\"t\":1760625065000,\"version\":1,\"max_events\":77}\n"));
    put(&f, "one\n");
    put(&f, "two\n");
    run_until_in_file(&f, "}\none\ntwo\n");
    for (int i = 0; i < PATIENCE && uv_loop_alive(&f.loop) != 0; i++) {
        uv_run(&f.loop, UV_RUN_NOWAIT);
        usleep(TURN_US);
    }
    assert_int_equal(uv_loop_alive(&f.loop), 0);
    end(&f);
    assert_true(exists(&f)); /* a journal that nobody has finished is left for recovery */
}

TEST(lines_keep_their_order_through_every_way_to_write)
{
    struct fixture f;
    struct strbuf expected;
    uint64_t seed = 1;
    char line[64];
    size_t len;
    begin(&f, 1 << 30);
    strbuf_init(&expected, &mem_libc, 0);
    for (int i = 0; i < 20000; i++) {
        snprintf(line, sizeof line, "line %d\n", i);
        strbuf_adds(&expected, line);
        put(&f, line);
        switch (support_random_below(&seed, 500)) {
        case 0: journal_flush(f.journal); break;
        case 1: journal_drain(f.journal); break;
        case 2: uv_run(&f.loop, UV_RUN_NOWAIT); break;
        default: break;
        }
    }
    journal_drain(f.journal);
    char *bytes = support_read_file(f.path, &len);
    assert_string_equal(strchr(bytes, '\n') + 1, expected.data);
    free(bytes);
    strbuf_release(&expected);
    end(&f);
}

TEST(a_journal_ends_at_its_maximum_and_reports_that_once)
{
    struct fixture f;
    struct stat st;
    begin(&f, 4096);
    for (int i = 0; i < 1000; i++) {
        put(&f, "a line of some bytes\n");
    }
    assert_int_equal(f.troubles, 1);
    assert_non_null(strstr(f.trouble, "--journal-max"));
    journal_drain(f.journal);
    assert_int_equal(stat(f.path, &st), 0);
    assert_true(st.st_size <= 4096 && st.st_size > 4096 - 21);
    end(&f);
}

TEST(a_full_disk_is_reported_once)
{
    struct fixture f = {.path = support_path(support_tmpdir(), "x.journal")};
    int fd = open("/dev/full", O_RDWR);
    if (fd < 0) {
        skip();
    }
    assert_int_equal(uv_loop_init(&f.loop), 0);
    begin_with(&f, fd, 1 << 20);
    put(&f, "one\n");
    journal_drain(f.journal);
    put(&f, "two\n");
    assert_int_equal(f.troubles, 1);
    assert_non_null(strstr(f.trouble, "x.journal: the journal ends here: No space left"));
    end(&f);
}

TEST(the_end_deletes_keeps_or_leaves_the_file)
{
    static const struct {
        enum journal_end end;
        bool exists, ended;
    } rows[] = {
        {JOURNAL_DELETE, false, false}, {JOURNAL_KEEP, true, true}, {JOURNAL_LEAVE, true, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        struct journal_head head;
        begin(&f, 1 << 20);
        put(&f, "{\"op\":\"log\",\"message\":\"x\"}\n");
        journal_finish(f.journal, rows[i].end, 1760625066000);
        assert_int_equal(exists(&f), rows[i].exists);
        end(&f);
        int fd = run_lock_claim(f.path);
        assert_int_equal(fd >= 0, rows[i].exists);
        if (fd >= 0) {
            assert_true(file_has(&f, "\"message\":\"x\""));
            assert_true(journal_file_read_head(fd, &head));
            assert_int_equal(head.max_events, 77);
            assert_int_equal(head.ended, rows[i].ended);
            close(fd);
        }
    }
}

TEST(a_journal_without_lines_leaves_no_file_and_another_s_file_stays)
{
    struct fixture f;
    begin(&f, 1 << 20);
    end(&f);
    assert_false(exists(&f));
    begin(&f, 1 << 20);
    unlink(f.path);
    support_write_file(f.path, "mine", 4);
    end(&f);
    assert_true(file_has(&f, "mine"));
}

/* Its directory was removed, perhaps: what is written to it is lost, and the user should know. */
TEST(a_journal_that_was_removed_is_reported_once)
{
    struct fixture f;
    begin(&f, 1 << 20);
    put(&f, "one");
    unlink(f.path);
    for (int i = 0; i < PATIENCE && f.troubles == 0; i++) {
        put(&f, "two");
        uv_run(&f.loop, UV_RUN_NOWAIT);
        usleep(TURN_US);
    }
    assert_int_equal(f.troubles, 1);
    assert_non_null(strstr(f.trouble, "x.journal: the journal ends here: No such file"));
    put(&f, "three");
    end(&f);
    assert_int_equal(f.troubles, 1);
}
