/* What sources say of themselves on their way to the screen: plain values that ingest fills in and views read. Also the
   event log: a bounded ring of lines. */
#ifndef CORE_NOTICE_H
#define CORE_NOTICE_H

#include "core/trace/event.h"

enum source_state {
    SOURCE_WAITING,  /* a file that is not there yet */
    SOURCE_OPEN,     /* reads, or listens */
    SOURCE_FINISHED, /* came to its end */
    SOURCE_FAILED    /* cannot be opened or read: `error` says why */
};

struct source_status {
    const char *spec;  /* as it was given: "unix:/run/…", "trace.json" */
    const char *error; /* "thing: what: detail"; "" when there is none */
    enum source_state state;
    const char *client; /* whose files it follows: "Claude Code"; NULL: no client's */
    const char
        *setup; /* `swarmtop setup` with this makes the client report at once; NULL: nothing does */
    bool listens;     /* takes senders */
    uint32_t senders; /* connected now */
    uint64_t events;  /* events and operations taken */
    uint64_t
        bad; /* lines or events refused, ends of spans that are not open and ignored fields included */
};

/* How far the reading of a file is. */
struct source_progress {
    const char *spec;
    uint64_t done_bytes, all_bytes; /* all_bytes > 0 */
    int64_t elapsed_ns;             /* since it began, > 0 */
    size_t waiting;                 /* files that come after it */
};

enum notice_level { NOTICE_DEBUG, NOTICE_INFO, NOTICE_WARNING, NOTICE_ERROR };

struct notice {
    int64_t at_ns;
    enum notice_level level;
    session_no session; /* NO_SESSION: of no session */
    const char *text;   /* WTF-8, with len; borrowed until it leaves the ring */
    size_t len;
};

/* The ring: the newest lines, at most `lines` of them, each cut at 1,000 bytes. */
struct notice_log;
struct notice_log *notice_log_new(const struct mem *mem, size_t lines);
void notice_log_free(struct notice_log *log);
/* The text is copied. A lack of memory loses the line, and is counted in notice_log_lost. */
void notice_log_add(struct notice_log *log, const struct notice *notice);
size_t notice_log_count(const struct notice_log *log);
const struct notice *notice_log_get(const struct notice_log *log, size_t index); /* 0: the oldest */
uint64_t notice_log_lost(
    const struct notice_log *log); /* lines that left the ring or were never in it */

#endif
