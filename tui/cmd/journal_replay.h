/* Reads what the journals of this machine hold since a time, for a reader of a feed that was away
   (`record --feed - --from TIME`): those in the state directory, of running and of dead runs. */
#ifndef TUI_JOURNAL_REPLAY_H
#define TUI_JOURNAL_REPLAY_H

#include "tui/cmd/options.h"

struct journal_replay {
    const struct options *options; /* all borrowed */
    const char *own;               /* the journal of this run, which is left out; NULL: none */
    double from_ms;                /* Unix epoch */
    /* Takes a line of the feed, with its '\n' (struct ingest_tap). */
    void (*put)(void *ctx, const char *line, size_t len);
    void *ctx;
};

/* Puts the lines, journal by journal, in the order of their names. A journal that marks its times
   (feed_line_feed_mark) is read from its last mark up to that time, others from their first line of
   that time or later. One that cannot be read is left out. */
void journal_replay(const struct journal_replay *replay);
/* Removes the journals of runs for a reader (journal_file_serves) that ended an hour ago. */
void journal_replay_tidy(const struct options *options, int64_t now_ns);

#endif
