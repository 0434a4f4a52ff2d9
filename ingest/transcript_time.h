/* The times of a transcript: of its first and last line, without reading it whole, and whether it
   is recent enough to be shown. */
#ifndef INGEST_TRANSCRIPT_TIME_H
#define INGEST_TRANSCRIPT_TIME_H

#include "core/base/intern.h"
#include "core/base/u64map.h"

#include <sys/stat.h>

/* Return the time of the first line that has one (its member `timestamp`), and of the last: ms
   since the epoch, from the file's first and last bytes; NAN: they have none. The last time is
   INFINITY where the file's last bytes are within one long line, whose time is not among them. */
double transcript_first_ms(const struct mem *mem, const char *path);
double transcript_last_ms(const struct mem *mem, const char *path);
/* The first one, of a file whose times are members of those names (ends with NULL). */
double transcript_first_ms_by(const struct mem *mem, const char *path, const char *const *names);
/* Returns when the file was made, ns since the epoch; INT64_MIN: unknown. A copy is younger than
   its original. */
int64_t transcript_born_ns(const char *path);

/* Remembers which files were too old: such a file stays so until it changes. */
struct transcript_recent {
    const struct mem *mem;
    struct intern *paths;
    struct u64map too_old; /* by number of a path: a digest of the file's time then */
    /* When the file that was judged last was written, ns since the epoch: its last line where its
       own time did not rule it out, for a copy is younger than its lines. */
    int64_t written_ns;
    bool failed; /* out of memory */
};

/* False: out of memory; release it all the same. */
bool transcript_recent_init(struct transcript_recent *recent, const struct mem *mem);
void transcript_recent_release(struct transcript_recent *recent);
/* Returns whether its last line is no older than `from_ns`, ns since the epoch. */
bool transcript_is_recent(struct transcript_recent *recent, const char *path, const struct stat *st,
                          int64_t from_ns);
/* The same, of a file whose times are members of those names (ends with NULL). */
bool transcript_is_recent_by(struct transcript_recent *recent, const char *path,
                             const struct stat *st, int64_t from_ns, const char *const *names);

#endif
