/* A transcript only grows. One that is shorter than what was read, or has another inode, was
   replaced: its lines are read again from the first, which gives the same updates once more. */
#include "ingest/transcript_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool transcript_file_look(struct transcript_file *file)
{
    struct stat st;
    if (lstat(file->path, &st) != 0) {
        return false;
    }
    bool other = file->inode != 0 &&
                 (file->device != (uint64_t)st.st_dev || file->inode != (uint64_t)st.st_ino);
    bool again = other || st.st_size < file->offset;
    file->device = (uint64_t)st.st_dev;
    file->inode = (uint64_t)st.st_ino;
    file->size = st.st_size;
    if (again) {
        file->offset = 0;
    }
    return again;
}

int transcript_file_open(const char *path)
{
    struct stat st;
    /* Without O_NONBLOCK, opening a FIFO would wait for a writer. Directories on the way may be
       links. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))) {
        return fd;
    }
    close(fd);
    errno = EINVAL;
    return -1;
}

int64_t transcript_file_modified_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}
