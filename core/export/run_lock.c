/* flock() and not fcntl(): the kernel drops the lock of an fcntl() as soon as the process closes
   any descriptor of that file, and this program may open its own journal as a source. Creating
   and locking are two steps, and so are opening and locking. Each side therefore looks, with the
   lock held, whether the file still has its name. */
#include "core/export/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool run_lock_hold(int fd)
{
    struct stat st;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        return false;
    }
    return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

/* Returns 0, or why the file that is open is not to be claimed. */
static int lock_claimed(int fd, const char *path)
{
    struct stat own, named;
    if (fstat(fd, &own) != 0) {
        return errno;
    }
    if (!S_ISREG(own.st_mode) || own.st_uid != geteuid()) {
        return EPERM;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return errno;
    }
    bool same =
        lstat(path, &named) == 0 && named.st_dev == own.st_dev && named.st_ino == own.st_ino;
    return same ? 0 : ESTALE;
}

int run_lock_claim(const char *path)
{
    /* O_NONBLOCK: opening a FIFO must not wait for its other end. */
    int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int error = lock_claimed(fd, path);
    if (error != 0) {
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}
