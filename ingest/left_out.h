/* The transcripts that a client's source leaves out as too old, for the screen that shows none. */
#ifndef INGEST_LEFT_OUT_H
#define INGEST_LEFT_OUT_H

#include "core/base/u64map.h"

struct left_out {
    struct u64map files; /* by a hash of the path: 1 left out, 0 taken after all */
    size_t count;
    int64_t last_ns; /* when the latest of them was written; INT64_MIN: none is left out */
};

void left_out_init(struct left_out *left_out, const struct mem *mem);
void left_out_release(struct left_out *left_out);
/* Notes that the file of that path, written at `written_ns`, is left out, or that it is not. A
   directory is listed again and again: a file counts once. False: out of memory. */
bool left_out_note(struct left_out *left_out, const char *path, int64_t written_ns, bool out);

#endif
