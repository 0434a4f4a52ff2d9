/* A file that is whole at every instant. */
#include "core/export/trace_file.h"

#include "core/export/run_lock.h"
#include "tests/support/failing_mem.h"
#include "tests/support/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int temporary_fails; /* errno: the system makes no temporary file */

/* This program's own. */
int mkostemp(char *path, int flags)
{
    errno = temporary_fails;
    return temporary_fails != 0 ? -1 : mkostemps(path, 0, flags);
}

static void assert_file_holds(const char *path, const char *expected)
{
    size_t len;
    char *bytes = support_read_file(path, &len);
    assert_int_equal(len, strlen(expected));
    assert_string_equal(bytes, expected);
    free(bytes);
}

static size_t files_in(const char *dir)
{
    DIR *handle = opendir(dir);
    assert_non_null(handle);
    size_t count = 0;
    while (readdir(handle) != NULL) {
        count++;
    }
    closedir(handle);
    return count - 2;
}

static bool save(const char *path, const char *text, struct strbuf *error)
{
    strbuf_init(error, &mem_libc, 0);
    struct trace_file *file = trace_file_begin(&mem_libc, path, error);
    if (file == NULL) {
        return false;
    }
    trace_file_write(file, text, strlen(text));
    return trace_file_commit(file, error);
}

static void assert_saves(const char *path, const char *text)
{
    struct strbuf error;
    if (!save(path, text, &error)) {
        fail_msg("%s", error.data);
    }
    strbuf_release(&error);
}

static void assert_fails(const char *path, const char *message)
{
    struct strbuf error;
    assert_false(save(path, "new", &error));
    assert_non_null(strstr(error.data, message));
    assert_int_equal(strncmp(error.data, path, strlen(path)), 0);
    strbuf_release(&error);
}

TEST(a_new_version_takes_the_place_of_the_old_one)
{
    const char *dir = support_tmpdir(), *path = support_path(dir, "t.json");
    struct stat st;
    assert_saves(path, "one");
    assert_file_holds(path, "one");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_saves(path, "two");
    assert_file_holds(path, "two");
    assert_int_equal(files_in(dir), 1);
}

TEST(until_it_is_whole_the_old_version_stays)
{
    const char *dir = support_tmpdir(), *path = support_path(dir, "t.json");
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    assert_saves(path, "old");
    struct trace_file *file = trace_file_begin(&mem_libc, path, &error);
    assert_true(trace_file_write(file, "new", 3));
    assert_file_holds(path, "old");
    trace_file_abort(file);
    assert_file_holds(path, "old");
    assert_int_equal(files_in(dir), 1);
}

TEST(any_sizes_of_writes_give_the_same_bytes)
{
    const char *dir = support_tmpdir(), *path = support_path(dir, "t.json");
    const size_t sizes[] = {0, 1, 65535, 1, 65536, 2, 65537, 200000, 0, 7};
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    size_t total = 0;
    char *bytes = malloc(500000);
    for (size_t i = 0; i < 500000; i++) {
        bytes[i] = (char)('a' + i % 23);
    }
    struct trace_file *file = trace_file_begin(&mem_libc, path, &error);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_true(trace_file_write(file, bytes + total, sizes[i]));
        total += sizes[i];
    }
    assert_true(trace_file_commit(file, &error));
    size_t len;
    char *read = support_read_file(path, &len);
    assert_int_equal(len, total);
    assert_memory_equal(read, bytes, total);
    free(read);
    free(bytes);
}

TEST(parent_directories_are_made_for_the_user_alone)
{
    const char *dir = support_tmpdir(), *path = support_path(dir, "a/b//c/t.json");
    struct stat st;
    assert_saves(path, "deep");
    assert_file_holds(path, "deep");
    assert_int_equal(stat(support_path(dir, "a/b"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

TEST(a_name_without_a_directory_is_a_file_here)
{
    const char *dir = support_tmpdir();
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(dir), 0);
    assert_saves("t.json", "here");
    assert_int_equal(chdir(here), 0);
    assert_file_holds(support_path(dir, "t.json"), "here");
}

TEST(a_link_stays_and_its_file_is_replaced)
{
    const char *dir = support_tmpdir();
    const struct {
        const char *link, *to, *file;
    } rows[] = {
        {"absolute", NULL, "target.json"},
        {"relative", "target.json", "target.json"},
        {"nested", "relative", "target.json"},
        {"dangling", "sub/not-yet.json", "sub/not-yet.json"},
    };
    assert_saves(support_path(dir, "target.json"), "old");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *link = support_path(dir, rows[i].link), *file = support_path(dir, rows[i].file);
        struct stat st;
        assert_int_equal(symlink(rows[i].to == NULL ? file : rows[i].to, link), 0);
        assert_saves(link, rows[i].link);
        assert_int_equal(lstat(link, &st), 0);
        assert_true(S_ISLNK(st.st_mode));
        assert_file_holds(file, rows[i].link);
    }
}

TEST(what_is_no_file_is_written_to_directly)
{
    struct stat st;
    assert_saves("/dev/null", "nothing");
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));

    const char *fifo = support_path(support_tmpdir(), "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_fails(fifo, "cannot open for writing");
    int reader = open(fifo, O_RDONLY | O_NONBLOCK);
    char bytes[8];
    assert_saves(fifo, "hello");
    assert_int_equal(read(reader, bytes, sizeof bytes), 5);
    assert_memory_equal(bytes, "hello", 5);
    close(reader);
}

TEST(failures_name_the_file_and_the_reason)
{
    const char *dir = support_tmpdir();
    assert_saves(support_path(dir, "file"), "x");
    assert_int_equal(symlink("loop", support_path(dir, "loop")), 0);
    assert_fails(dir, ": cannot write: Is a directory");
    assert_fails(support_path(dir, "sub/"), ": cannot write: Is a directory");
    assert_fails("", ": cannot write: No such file or directory");
    assert_fails(support_path(dir, "file/t.json"), ": cannot make its directory: Not a directory");
    assert_fails(support_path(dir, "loop"), ": cannot follow its link: ");
    assert_fails(support_path(dir, "loop"), strerror(ELOOP));
    assert_int_equal(files_in(dir), 2);
}

/* Stands for a full disk: the file may not grow beyond some size. */
TEST(a_disk_without_inodes_is_found_at_the_beginning)
{
    const char *dir = support_tmpdir(), *path = support_path(dir, "t.json");
    static const int rows[] = {ENOSPC, EDQUOT, EROFS};
    assert_saves(path, "old");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char message[100];
        snprintf(message, sizeof message, ": cannot create a temporary file beside it: %s",
                 strerror(rows[i]));
        temporary_fails = rows[i];
        assert_fails(path, message);
        temporary_fails = 0;
        assert_file_holds(path, "old");
        assert_int_equal(files_in(dir), 1);
    }
}

TEST(a_full_disk_leaves_the_old_version_and_no_other_file)
{
    const char *dir = support_tmpdir(), *path = support_path(dir, "t.json");
    struct rlimit was, small;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    assert_saves(path, "old");
    char *big = calloc(1, 300000);
    struct trace_file *file = trace_file_begin(&mem_libc, path, &error);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = was;
    small.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bool written = trace_file_write(file, big, 300000);
    bool again = trace_file_write(file, big, 1);
    bool committed = trace_file_commit(file, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_false(written || again || committed);
    assert_non_null(strstr(error.data, "t.json: cannot write: File too large"));
    assert_file_holds(path, "old");
    assert_int_equal(files_in(dir), 1);
    strbuf_release(&error);
    free(big);
}

TEST(a_lack_of_memory_is_an_error)
{
    const char *dir = support_tmpdir(), *path = support_path(dir, "t.json");
    for (struct lack_of_memory lack = {0}; lack_of_memory_next(&lack);) {
        struct strbuf error;
        strbuf_init(&error, &mem_libc, 0);
        struct trace_file *file = trace_file_begin(&lack.mem, path, &error);
        lack.done = file != NULL;
        if (lack.done) {
            assert_true(trace_file_commit(file, &error));
        } else {
            assert_non_null(strstr(error.data, strerror(ENOMEM)));
            assert_int_equal(files_in(dir), 0);
        }
        strbuf_release(&error);
    }
}

TEST(a_new_file_never_replaces_another)
{
    const char *dir = support_tmpdir(), *path = support_path(dir, "t.json");
    struct strbuf error;
    bool taken;
    strbuf_init(&error, &mem_libc, 0);
    for (int round = 0; round < 2; round++) {
        struct trace_file *file = trace_file_begin(&mem_libc, path, &error);
        assert_non_null(file);
        const char *text = round == 0 ? "first" : "second";
        trace_file_write(file, text, strlen(text));
        assert_int_equal(trace_file_commit_new(file, &taken, &error), round == 0);
        assert_int_equal(taken, round == 1);
    }
    assert_non_null(strstr(error.data, "t.json: cannot write: File exists"));
    assert_file_holds(path, "first");
    assert_int_equal(files_in(dir), 1);
    strbuf_release(&error);
}

TEST(a_temporary_file_is_locked_until_it_has_its_name)
{
    const char *dir = support_tmpdir();
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    struct trace_file *file = trace_file_begin(&mem_libc, support_path(dir, "t.json"), &error);
    assert_non_null(file);
    DIR *handle = opendir(dir);
    struct dirent *entry = NULL;
    while ((entry = readdir(handle)) != NULL && strncmp(entry->d_name, ".swarmtop-", 10) != 0) {
    }
    assert_non_null(entry);
    assert_int_equal(strlen(entry->d_name), 16);
    const char *temp = support_path(dir, entry->d_name);
    closedir(handle);
    assert_int_equal(run_lock_claim(temp), -1);
    assert_true(trace_file_commit(file, &error));
    int fd = run_lock_claim(support_path(dir, "t.json"));
    assert_true(fd >= 0);
    close(fd);
    strbuf_release(&error);
}
