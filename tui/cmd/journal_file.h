/* The files of journals: their names, and which of them a dead run has left. */
#ifndef TUI_JOURNAL_FILE_H
#define TUI_JOURNAL_FILE_H

#include "tui/cmd/options.h"

/* Returns whether the run serves the reader of its feed alone, as for `ssh:`: `record --feed -`
   into a pipe, with the trace switched off. Its journal is for the reader's next connection. */
bool journal_file_serves(const struct options *options);

/* Appends the path of the run's journal: FILE.journal with --output FILE, where FILE is or will be
   a regular file; else `run-YYYYMMDD-HHMMSS-PID.journal` in the state directory; `feed-…` where it
   serves a reader: nothing recovers it. */
void journal_file_path(const struct options *options, int64_t now_ns, struct strbuf *out);

/* Creates the run's journal (0600, locked) and the directories it needs. An older one of that name
   is renamed for recovery; a foreign file stays, and the journal gets the next number. *path is
   set, and *fd, which the caller owns. Returns false with `path: what: detail` in *error. */
bool journal_file_create(const struct options *options, int64_t now_ns, struct strbuf *path,
                         int *fd, struct strbuf *error);

/* Appends the line that keeps the journal from being recovered again, in place of a last line that
   was cut. False: it could not be written. */
bool journal_file_mark_ended(int fd, const struct mem *mem, double now_ms);

/* The first line of a journal. */
struct journal_head {
    size_t max_events; /* the cap of its run */
    bool ended;        /* the run ended as it should, and kept it */
};
/* Reads it. Returns false if the file is not a journal. */
bool journal_file_read_head(int fd, struct journal_head *out);

/* Passes on each file that an earlier run with these options may have left: journals of the state
   directory and beside --output (`beside`), temporary files there and beside the file that
   CLAUDE_CODE_PERFETTO_TRACE names, all of them also where links lead. Stops if a function returns
   false. */
struct journal_finder {
    bool (*journal)(void *ctx, const char *path, bool beside); /* NULL: not wanted */
    bool served; /* journals of runs for a reader are wanted, too */
    bool (*temporary)(void *ctx, const char *path); /* `.swarmtop-XXXXXX`; NULL: not wanted */
    void *ctx;
};
void journal_file_find(const struct options *options, const struct journal_finder *finder);

#endif
