/* The event log: a ring with the newest entries of sources and senders. */
#ifndef CORE_EVENT_LOG_H
#define CORE_EVENT_LOG_H

#include "core/trace/event.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

struct log_entry {
    int64_t at_ns;
    enum log_level level;
    session_no session; /* NO_SESSION: about no session */
    uint64_t serial;    /* the session's (swarm_session_serial): its number may become another's */
    const char *text;   /* the reason; WTF-8, with len; borrowed until the entry leaves the ring */
    size_t len;
    const char *origin; /* "feed.ndjson: line 3", with origin_len, borrowed like text; NULL: none */
    size_t origin_len;
};

struct event_log;

/* Returns a new ring of at most `lines` entries; NULL: out of memory. */
struct event_log *event_log_new(const struct mem *mem, size_t lines);
void event_log_free(struct event_log *log);
/* Appends a copy of the entry, its texts cut at 1,000 bytes. Drops the oldest entry if the ring
   is full. Without memory the new entry is lost. */
void event_log_add(struct event_log *log, const struct log_entry *entry);
size_t event_log_count(const struct event_log *log);
/* Returns the entry; index 0 is the oldest. */
const struct log_entry *event_log_get(const struct event_log *log, size_t index);
/* Returns the number of entries that left the ring or never entered it. */
uint64_t event_log_lost(const struct event_log *log);
/* Returns the number of warnings and errors about no session that were added so far: trouble with a
   source. */
uint64_t event_log_troubles(const struct event_log *log);

#endif
