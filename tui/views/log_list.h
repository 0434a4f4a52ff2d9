/* The rows of the log in order of time: failed spans, instants, and log entries of sources and
   senders. */
#ifndef TUI_LOG_LIST_H
#define TUI_LOG_LIST_H

#include "core/model/event_log.h"
#include "core/query/query.h"

enum log_kind { LOG_ERROR, LOG_MARKER, LOG_NOTICE };

struct log_row {
    int64_t at_ns;
    uint64_t
        /* LOG_ERROR: the span; LOG_MARKER: its event's number; LOG_NOTICE: its number since the
           start */
        which;
    uint32_t index; /* LOG_MARKER, LOG_NOTICE: index in their lists */
    uint8_t kind;   /* enum log_kind */
};

struct log_list {
    struct log_row *rows;
    size_t count, cap;
};

/* Builds the list again. `log` may be NULL. Returns false and empties the list if out of memory. */
bool log_list_make(struct log_list *list, const struct mem *mem, const struct swarm *swarm,
                   const struct event_log *log);
void log_list_release(struct log_list *list, const struct mem *mem);
/* Returns the span of an error; NO_SPAN for other rows. */
span_no log_row_span(const struct log_row *row);
/* Returns the row's agent; NO_AGENT: none. */
agent_no log_row_agent(const struct log_row *row, const struct swarm *swarm,
                       const struct event_log *log);
/* Writes the row's text (without time, level and agent) to out: of an entry of a source, the
   reason. */
void log_row_text(const struct log_row *row, const struct swarm *swarm, const struct event_log *log,
                  struct strbuf *out);
/* Returns the source that an entry is about, "feed.ndjson: line 3"; bytes NULL: none. Borrowed from
   the log. */
struct slice log_row_origin(const struct log_row *row, const struct event_log *log);
/* Returns the row's level: "error", "instant", "info" and so on. */
const char *log_row_word(const struct log_row *row, const struct swarm *swarm,
                         const struct event_log *log);

#endif
