/* A file that is whole at every instant: written to a temporary file beside it (mode 0600),
   fsync, rename, fsync of the directory. The temporary file, `.swarmtop-` and six characters, is
   locked (run_lock.h): one of a dead run may be removed. */
#ifndef CORE_TRACE_FILE_H
#define CORE_TRACE_FILE_H

#include "core/base/strbuf.h"

struct trace_file;

/* Begins a new version of the file at `path`; makes parent directories (0700). Returns new;
   NULL: *error is `path: what: detail`. */
struct trace_file *trace_file_begin(const struct mem *mem, const char *path, struct strbuf *error);
/* Returns whether the bytes go to a terminal (`--output /dev/tty`). */
bool trace_file_is_terminal(const struct trace_file *file);
/* Buffered. False: the write failed (kept until commit). Is a document_sink. */
bool trace_file_write(void *file, const char *bytes, size_t len);
/* Replaces the old version with the new, and frees `file`. False: *error has the reason, the old
   version is unchanged, the temporary file is deleted. */
bool trace_file_commit(struct trace_file *file, struct strbuf *error);
/* The same, but a file that exists is not replaced: then *taken is set. */
bool trace_file_commit_new(struct trace_file *file, bool *taken, struct strbuf *error);
/* Drops the new version, frees `file`. */
void trace_file_abort(struct trace_file *file);

#endif
