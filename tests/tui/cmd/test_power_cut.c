/* A power cut, simulated: this program's own fsync, fdatasync, rename and link note what is on the
   disk. After a cut a file has the bytes that were synced, and a name that was given to a file
   before its bytes were synced would lead to an incomplete one. */
#include "core/export/run_lock.h"
#include "core/export/trace_file.h"
#include "tests/support/support.h"
#include "tui/cmd/journal.h"
#include "tui/cmd/journal_cut.h"
#include "tui/cmd/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 64, PATIENCE = 4000, TURN_US = 1000 };

/* The files that were synced, by inode. */
static struct {
    dev_t device;
    ino_t inode;
    off_t bytes;
} synced[FILES_MAX];
static size_t synced_count;
static unsigned names_too_early; /* names given to files that were not synced */

static off_t *synced_bytes(const struct stat *st)
{
    for (size_t i = 0; i < synced_count; i++) {
        if (synced[i].device == st->st_dev && synced[i].inode == st->st_ino) {
            return &synced[i].bytes;
        }
    }
    assert_true(synced_count < FILES_MAX);
    synced[synced_count].device = st->st_dev;
    synced[synced_count].inode = st->st_ino;
    synced[synced_count].bytes = 0;
    return &synced[synced_count++].bytes;
}

static int note_sync(int fd)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        *synced_bytes(&st) = st.st_size;
    }
    return 0;
}

static void note_name(const char *from)
{
    struct stat st;
    names_too_early += stat(from, &st) == 0 && *synced_bytes(&st) != st.st_size;
}

int fsync(int fd)
{
    return note_sync(fd);
}

int fdatasync(int fd)
{
    return note_sync(fd);
}

int rename(const char *from, const char *to)
{
    note_name(from);
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int link(const char *from, const char *to)
{
    note_name(from);
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static off_t on_disk(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return *synced_bytes(&st);
}

static off_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static int create(const char *path)
{
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0600);
    assert_true(run_lock_hold(fd));
    return fd;
}

static struct journal *new_journal(uv_loop_t *loop, const char *path)
{
    struct journal_config config = {.mem = &mem_libc,
                                    .loop = loop,
                                    .path = path,
                                    .fd = create(path),
                                    .max_bytes = 1 << 20,
                                    .now_ms = 1760625065000};
    struct journal *journal = journal_new(&config);
    assert_non_null(journal);
    return journal;
}

static void close_journal(uv_loop_t *loop, struct journal *journal)
{
    journal_close(journal);
    uv_run(loop, UV_RUN_DEFAULT);
    journal_free(journal);
    uv_loop_close(loop);
}

/* Recovers what a power cut leaves of the journal; returns how many instants it has. */
static size_t instants_after_cut(const char *path)
{
    static const struct options options = {.output = NULL};
    const char *copy = support_path(support_tmpdir(), "run-1.journal");
    struct strbuf text;
    uint64_t dropped, bad;
    size_t count = 0;
    char *bytes = support_read_file(path, NULL);
    support_write_file(copy, bytes, (size_t)on_disk(path));
    free(bytes);
    struct recover_config config = {
        .mem = &mem_libc, .options = &options, .path = copy, .fd = run_lock_claim(copy)};
    strbuf_init(&text, &mem_libc, 0);
    if (journal_file_read_head(config.fd, &config.head) &&
        recover_journal(&config, &text, &dropped, &bad) == RECOVERED) {
        assert_int_equal(bad, 0);
        char *document = support_read_file(text.data, NULL);
        for (const char *at = document; (at = strstr(at, "\"ph\":\"i\"")) != NULL; at++) {
            count++;
        }
        free(document);
    }
    close(config.fd);
    strbuf_release(&text);
    return count;
}

TEST(what_is_in_the_journal_is_on_the_disk_soon)
{
    const char *path = support_path(support_tmpdir(), "x.journal");
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct journal *journal = new_journal(&loop, path);
    size_t put = 0;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 50; i++) {
            char line[160];
            int len = snprintf(line, sizeof line,
                               "{\"op\":\"instant\",\"t\":1760625065000,\"session_id\":\"s\","
                               "\"name\":\"n%zu\",\"cat\":\"x\"}\n",
                               ++put);
            journal_put(journal, line, (size_t)len);
        }
        for (int i = 0; i < PATIENCE && (size_of(path) < 100 * round || uv_loop_alive(&loop) != 0);
             i++) {
            uv_run(&loop, UV_RUN_NOWAIT);
            usleep(TURN_US);
        }
        assert_int_equal(on_disk(path), size_of(path));
        assert_int_equal(instants_after_cut(path), put);
    }
    close_journal(&loop, journal);
}

TEST(a_power_cut_at_any_sync_leaves_a_journal_that_is_read)
{
    const char *path = support_path(support_tmpdir(), "x.journal");
    uv_loop_t loop;
    uint64_t seed = 3;
    size_t put = 0, recovered = 0;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct journal *journal = new_journal(&loop, path);
    for (int round = 0; round < 30; round++) {
        for (uint64_t i = support_random_below(&seed, 40); i > 0; i--) {
            char line[160];
            int len = snprintf(line, sizeof line,
                               "{\"op\":\"instant\",\"t\":1760625065000,\"session_id\":\"s\","
                               "\"name\":\"n%zu\",\"cat\":\"x\"}\n",
                               ++put);
            journal_put(journal, line, (size_t)len);
        }
        if (support_random_below(&seed, 2) == 0) {
            journal_flush(journal);
        } else if (support_random_below(&seed, 2) == 0) {
            journal_drain(journal);
            assert_int_equal(on_disk(path), size_of(path));
        }
        uv_run(&loop, UV_RUN_NOWAIT);
        size_t now = instants_after_cut(path);
        assert_true(now >= recovered && now <= put);
        recovered = now;
    }
    close_journal(&loop, journal);
}

TEST(no_file_gets_its_name_before_its_bytes_are_on_the_disk)
{
    const char *dir = support_tmpdir(), *path = support_path(dir, "x.journal");
    struct strbuf error;
    bool taken;
    strbuf_init(&error, &mem_libc, 0);
    for (int i = 0; i < 2; i++) {
        struct trace_file *file =
            trace_file_begin(&mem_libc, support_path(dir, i == 0 ? "a" : "b"), &error);
        trace_file_write(file, "text", 4);
        assert_true(i == 0 ? trace_file_commit(file, &error)
                           : trace_file_commit_new(file, &taken, &error));
    }
    int fd = create(path);
    for (int i = 0; i < 100; i++) {
        static const char line[] = "{\"op\":\"log\",\"message\":\"a line\"}\n";
        assert_int_equal(write(fd, line, sizeof line - 1), sizeof line - 1);
    }
    const struct journal_cut cut = {.mem = &mem_libc, .path = path, .fd = fd, .at = 33 * 50};
    uint64_t moved;
    int next = journal_cut(&cut, &moved);
    assert_true(next >= 0 && moved > 0);
    close(next);
    close(fd);
    assert_int_equal(names_too_early, 0);
    strbuf_release(&error);
}
