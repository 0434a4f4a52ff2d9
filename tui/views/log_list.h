/* The entries of the log in order of time: failed spans, instants, and log entries of sources and
   senders. */
#ifndef TUI_LOG_LIST_H
#define TUI_LOG_LIST_H

#include "core/model/notice.h"
#include "core/query/query.h"

enum log_kind { LOG_ERROR, LOG_MARKER, LOG_NOTICE };

struct log_entry {
    int64_t at_ns;
    uint64_t
        /* LOG_ERROR: the span; LOG_MARKER: its event's number; LOG_NOTICE: its number since the
           start */
        which;
    uint32_t index; /* LOG_MARKER, LOG_NOTICE: index in their lists */
    uint8_t kind;   /* enum log_kind */
};

struct log_list {
    struct log_entry *entries;
    size_t count, cap;
};

/* Builds the list again. `log` may be NULL. Returns false and empties the list if out of memory. */
bool log_list_make(struct log_list *list, const struct mem *mem, const struct swarm *swarm,
                   const struct notice_log *log);
void log_list_release(struct log_list *list, const struct mem *mem);
/* Returns the span of an error; NO_SPAN for other entries. */
span_no log_entry_span(const struct log_entry *entry);
/* Returns the entry's agent; NO_AGENT: none. */
agent_no log_entry_agent(const struct log_entry *entry, const struct swarm *swarm,
                         const struct notice_log *log);
/* Writes the entry's text (without time, level and agent) to out. */
void log_entry_text(const struct log_entry *entry, const struct swarm *swarm,
                    const struct notice_log *log, struct strbuf *out);
/* Returns the entry's level: "error", "instant", "info" and so on. */
const char *log_entry_word(const struct log_entry *entry, const struct swarm *swarm,
                           const struct notice_log *log);

#endif
