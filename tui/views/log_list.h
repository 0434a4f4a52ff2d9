/* What the log is made of, in order of time: failed spans, instants, and what sources and senders say. */
#ifndef TUI_LOG_LIST_H
#define TUI_LOG_LIST_H

#include "core/model/notice.h"
#include "core/query/query.h"

enum log_kind { LOG_ERROR, LOG_MARKER, LOG_NOTICE };

struct log_entry {
    int64_t at_ns;
    uint64_t
        which; /* LOG_ERROR: the span; LOG_MARKER: its event's number; LOG_NOTICE: its number since the start */
    uint32_t index; /* LOG_MARKER, LOG_NOTICE: its place in their lists */
    uint8_t kind;   /* enum log_kind */
};

struct log_list {
    struct log_entry *entries;
    size_t count, cap;
};

/* Makes the list anew. `log` may be NULL. False: out of memory, the list is empty. */
bool log_list_make(struct log_list *list, const struct mem *mem, const struct swarm *swarm,
                   const struct notice_log *log);
void log_list_release(struct log_list *list, const struct mem *mem);
/* The span of the error; NO_SPAN: it is none. */
span_no log_entry_span(const struct log_entry *entry);
/* The agent that it is about; NO_AGENT: none. */
agent_no log_entry_agent(const struct log_entry *entry, const struct swarm *swarm,
                         const struct notice_log *log);
/* Sets out to what it says, behind the time, the word and the agent. */
void log_entry_text(const struct log_entry *entry, const struct swarm *swarm,
                    const struct notice_log *log, struct strbuf *out);
/* "error", "instant", "info" … */
const char *log_entry_word(const struct log_entry *entry, const struct swarm *swarm,
                           const struct notice_log *log);

#endif
