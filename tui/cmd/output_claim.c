/* The lock is a file beside the output, `.NAME.lock`, locked by flock(): the kernel drops it
   however the run ends. (The output itself is replaced at each write, and so is no place for a
   lock.) The run that holds it removes it; one that was killed leaves it, unlocked, to the next. */
#include "tui/cmd/output_claim.h"

#include "core/base/mem.h"
#include "core/export/link_target.h"
#include "core/export/parent_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = 200, ATTEMPTS = 20 };

/* Pipes and devices are opened when they are written to. */
static bool is_no_file(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 && !S_ISREG(file.st_mode) && !S_ISDIR(file.st_mode);
}

/* Sets the lock's path from that of the file, whose directory exists. */
static bool name_beside(struct output_claim *claim, const struct strbuf *target)
{
    size_t dir_len = parent_dirs_len(target->data);
    struct strbuf dir;
    strbuf_init(&dir, &mem_libc, 0);
    strbuf_add(&dir, dir_len > 0 ? target->data : ".", dir_len > 0 ? dir_len : 1);
    char *real = dir.failed ? NULL : realpath(dir.data, NULL);
    strbuf_release(&dir);
    if (real == NULL) {
        return false;
    }
    strbuf_addf(&claim->lock, "%s/.%.*s.lock", strcmp(real, "/") == 0 ? "" : real, NAME_BYTES,
                target->data + dir_len);
    free(real);
    return !claim->lock.failed;
}

/* Sets the lock's path: beside the file that the output leads to, through links. */
static bool name_lock(struct output_claim *claim, const char *path)
{
    struct strbuf target;
    strbuf_init(&target, &mem_libc, 0);
    strbuf_adds(&target, path);
    /* The first run may make the directory; where it cannot, there is no second one. */
    bool named = path[0] != '\0' && !target.failed && link_target_follow(&target) == 0 &&
                 parent_dirs_make(target.data) == 0 && name_beside(claim, &target);
    strbuf_release(&target);
    return named;
}

static bool is_still_there(int fd, const char *path)
{
    struct stat own, named;
    return fstat(fd, &own) == 0 && lstat(path, &named) == 0 && own.st_dev == named.st_dev &&
           own.st_ino == named.st_ino;
}

/* Writes the process's number into the lock, for the message of a second run. */
static void sign(int fd)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        return; /* the lock holds without it */
    }
}

/* Returns whether the file is empty or has a process's number: a foreign one stays as it is. */
static bool is_lock(int fd)
{
    char text[32];
    struct stat st;
    ssize_t len = pread(fd, text, sizeof text, 0);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || len < 0 || len == (ssize_t)sizeof text) {
        return false;
    }
    for (ssize_t i = 0; i < len; i++) {
        if ((text[i] < '0' || text[i] > '9') && text[i] != '\n') {
            return false;
        }
    }
    return true;
}

static void report_taken(int fd, const char *path, struct strbuf *error)
{
    char text[32] = "";
    ssize_t len = pread(fd, text, sizeof text - 1, 0);
    strbuf_addf(error, "%s: a running swarmtop writes it", path);
    if (len > 0 && atol(text) > 0) {
        strbuf_addf(error, " (process %ld)", atol(text));
    }
    strbuf_adds(error, ": name another file with --output");
}

/* A directory without locks, or where none can be made, has no second run that is known of. */
static bool lock(struct output_claim *claim, const char *path, struct strbuf *error)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        int fd = open(claim->lock.data, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0) {
            return true;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            bool taken = errno == EWOULDBLOCK;

            if (taken) {
                report_taken(fd, path, error);
            }
            close(fd);
            return !taken;
        }
        if (!is_lock(fd)) {
            close(fd);
            return true;
        }
        if (is_still_there(fd, claim->lock.data)) {
            sign(fd);
            claim->fd = fd;
            return true;
        }
        close(fd); /* its run has just ended and removed it */
    }
    return true;
}

bool output_claim_take(struct output_claim *claim, const struct options *options,
                       struct strbuf *error)
{
    const char *path = options->output;
    claim->fd = -1;
    strbuf_init(&claim->lock, &mem_libc, 0);
    if (path == NULL || strcmp(path, "-") == 0 || is_no_file(path)) {
        return true;
    }
    return !name_lock(claim, path) || lock(claim, path, error);
}

void output_claim_release(struct output_claim *claim)
{
    if (claim->fd >= 0) {
        unlink(claim->lock.data);
        close(claim->fd);
    }
    claim->fd = -1;
    strbuf_release(&claim->lock);
}
