/* A file of lines that grows: how far it is read, and whether it is still the same file. */
#ifndef INGEST_TRANSCRIPT_FILE_H
#define INGEST_TRANSCRIPT_FILE_H

#include "core/base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct transcript_file {
    char *path;             /* transcript_dir_add sets it, transcript_dir_release frees it */
    uint64_t device, inode; /* inode 0: not seen yet */
    int64_t size, offset;   /* bytes: at the last look; read so far */
    int64_t modified_ns;    /* at the last look */
    uint64_t digest;        /* of the last bytes before `offset`; valid if `digested` > 0 */
    int64_t digested;       /* so many bytes */
    bool unverified;        /* it has changed since these were compared */
    bool rewritten;         /* they are other bytes now */
    bool refused;           /* it could not be read, and that was reported */
};

/* Looks at the file. Returns true, with `offset` 0, where it must be read again from its
   beginning: it is another file, shorter than what was read, or was rewritten in place. A vanished
   file stays as it was. */
bool transcript_file_look(struct transcript_file *file);
/* Returns whether bytes are left to read or to compare. */
static inline bool transcript_file_has_more(const struct transcript_file *file)
{
    return file->offset < file->size || file->unverified;
}
/* Reads the next bytes into `piece`, at most `max`, from a worker. Returns their number; -1: errno
   is set. Returns 0 and sets `rewritten` where the bytes before them are not those that were read.
   */
ssize_t transcript_file_read(struct transcript_file *file, char *piece, size_t max, int64_t *size);

/* Returns a descriptor of the ordinary file at `path`; -1: errno is set. Other files (a FIFO, a
   device) may never end, and a link may lead to a key: they are refused. */
int transcript_file_open(const char *path);
/* Appends where a link leads, if to a transcript (*.jsonl). False: to another file, which may be a
   key. */
bool transcript_file_resolve(const char *path, struct strbuf *out);
/* Returns the time of the last change, ns since the epoch. */
int64_t transcript_file_modified_ns(const struct stat *st);

#endif
