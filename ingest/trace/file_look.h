/* What tells one state of a file from another, without reading it. */
#ifndef INGEST_FILE_LOOK_H
#define INGEST_FILE_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct file_look { /* zeroed: never seen */
    uint64_t device, inode;
    int64_t size, mtime_ns;
};

static inline struct file_look file_look_of(const struct stat *status)
{
    return (struct file_look){
        (uint64_t)status->st_dev, (uint64_t)status->st_ino, (int64_t)status->st_size,
        (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec};
}

static inline bool file_look_same_file(const struct file_look *a, const struct file_look *b)
{
    return a->device == b->device && a->inode == b->inode;
}

static inline bool file_look_same(const struct file_look *a, const struct file_look *b)
{
    return file_look_same_file(a, b) && a->size == b->size && a->mtime_ns == b->mtime_ns;
}

#endif
