/* The state of a file as stat(2) reports it: enough to notice a change without reading. */
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

/* Looks at the path. Returns false, *out being zeroed, if no such file exists. */
static inline bool file_look_at(const char *path, struct file_look *out)
{
    struct stat status;
    bool found = stat(path, &status) == 0;
    *out = found ? file_look_of(&status) : (struct file_look){0};
    return found;
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
