/* The lock that tells files of dead runs from those of living ones. Locks belong to the open file, so
   two descriptors of one process stand for two processes. */
#include "core/export/run_lock.h"

#include "tests/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Replaces libc's for this program: the moment between opening a file and locking it. */
static const char *replaces, *with;

int flock(int fd, int how)
{
    if (replaces != NULL) {
        assert_int_equal(rename(with, replaces), 0);
        replaces = NULL;
    }
    return (int)syscall(SYS_flock, fd, how);
}

static int create(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void assert_not_claimed(const char *path, int error)
{
    errno = 0;
    assert_int_equal(run_lock_claim(path), -1);
    assert_int_equal(errno, error);
}

TEST(a_file_is_claimed_once_its_writer_is_gone)
{
    const char *path = support_path(support_tmpdir(), "f");
    int fd = create(path);
    assert_true(run_lock_hold(fd));
    assert_not_claimed(path, EWOULDBLOCK);
    int kept = dup(fd);
    close(fd);
    assert_not_claimed(path, EWOULDBLOCK); /* another descriptor of the open file is left */
    close(kept);
    int claimed = run_lock_claim(path);
    assert_true(claimed >= 0);
    assert_not_claimed(path, EWOULDBLOCK); /* the claim is a lock too */
    close(claimed);
}

TEST(a_writer_sees_that_its_new_file_was_claimed_or_removed)
{
    const char *path = support_path(support_tmpdir(), "f");
    int fd = create(path), claimed = run_lock_claim(path);
    assert_true(claimed >= 0);
    assert_false(run_lock_hold(fd));
    unlink(path);
    close(claimed);
    assert_false(run_lock_hold(fd));
    close(fd);
}

TEST(nothing_but_a_regular_file_is_claimed)
{
    const char *dir = support_tmpdir(), *file = support_path(dir, "f");
    const char *link = support_path(dir, "l"), *fifo = support_path(dir, "p");
    close(create(file));
    assert_int_equal(symlink(file, link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_not_claimed(link, ELOOP);
    assert_not_claimed(fifo, EPERM);
    assert_not_claimed(dir, EISDIR);
    assert_not_claimed(support_path(dir, "none"), ENOENT);
}

TEST(a_file_that_is_replaced_while_it_is_claimed_is_not)
{
    const char *dir = support_tmpdir(), *path = support_path(dir, "f");
    with = support_path(dir, "other");
    close(create(path));
    close(create(with));
    replaces = path;
    assert_not_claimed(path, ESTALE);
    int claimed = run_lock_claim(path);
    assert_true(claimed >= 0);
    close(claimed);
}
