/* The list merges three sources that are each in order of time: spans that failed, markers, and the
   log. A row holds a number, not a pointer, so it stays valid while the model changes. */
#include "tui/views/log_list.h"

#include "core/base/mask.h"
#include "tui/views/span_text.h"

#include <stdlib.h>
#include <string.h>

enum { ARGS_BYTES = 500 }; /* of a marker that a line shows */

static bool add(struct log_list *list, const struct mem *mem, struct log_row row)
{
    if (!mem_reserve(mem, &list->rows, &list->cap, list->count + 1, sizeof *list->rows)) {
        return false;
    }
    list->rows[list->count++] = row;
    return true;
}

static bool add_errors(struct log_list *list, const struct mem *mem, const struct swarm *swarm)
{
    bool good = true;
    for (size_t i = 0; good && i < swarm_error_count(swarm); i++) {
        span_no no = swarm_error(swarm, i);
        const struct span *span = swarm_span(swarm, no);
        struct log_row row = {.which = no, .kind = LOG_ERROR};
        if (span != NULL) {
            row.at_ns = span->end_ns;
            good = add(list, mem, row);
        }
    }
    return good;
}

static bool add_markers(struct log_list *list, const struct mem *mem, const struct swarm *swarm)
{
    bool good = true;
    for (size_t i = 0; good && i < swarm_marker_count(swarm); i++) {
        const struct marker *marker = swarm_marker(swarm, i);
        struct log_row row = {marker->at_ns, marker->event, (uint32_t)i, LOG_MARKER};
        if (swarm_session(swarm, marker->session) != NULL) {
            good = add(list, mem, row);
        }
    }
    return good;
}

static bool add_log_entries(struct log_list *list, const struct mem *mem,
                            const struct event_log *log)
{
    bool good = true;
    for (size_t i = 0; log != NULL && good && i < event_log_count(log); i++) {
        struct log_row row = {event_log_get(log, i)->at_ns, event_log_lost(log) + i, (uint32_t)i,
                              LOG_NOTICE};
        good = add(list, mem, row);
    }
    return good;
}

static int by_time(const void *a, const void *b)
{
    const struct log_row *x = a, *y = b;
    if (x->at_ns != y->at_ns) {
        return x->at_ns < y->at_ns ? -1 : 1;
    }
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    return x->which < y->which ? -1 : x->which > y->which;
}

bool log_list_make(struct log_list *list, const struct mem *mem, const struct swarm *swarm,
                   const struct event_log *log)
{
    list->count = 0;
    if (!add_errors(list, mem, swarm) || !add_markers(list, mem, swarm) ||
        !add_log_entries(list, mem, log)) {
        list->count = 0;
        return false;
    }
    if (list->count > 1) {
        qsort(list->rows, list->count, sizeof *list->rows, by_time);
    }
    return true;
}

void log_list_release(struct log_list *list, const struct mem *mem)
{
    mem_free(mem, list->rows, list->cap * sizeof *list->rows);
    *list = (struct log_list){.count = 0};
}

/* ---- one row ---- */

span_no log_row_span(const struct log_row *row)
{
    return row->kind == LOG_ERROR ? (span_no)row->which : NO_SPAN;
}

static agent_no main_agent(const struct swarm *swarm, const struct log_entry *entry)
{
    bool known = entry->session != NO_SESSION &&
                 entry->serial == swarm_session_serial(swarm, entry->session);
    for (size_t i = 0; known && i < swarm_agent_count(swarm); i++) {
        const struct agent *agent = swarm_agent(swarm, (agent_no)i);
        if (agent->session == entry->session && !(agent->flags & (AGENT_DEAD | AGENT_GROUP))) {
            return (agent_no)i;
        }
    }
    return NO_AGENT;
}

agent_no log_row_agent(const struct log_row *row, const struct swarm *swarm,
                       const struct event_log *log)
{
    const struct span *span;
    switch ((int)row->kind) {
    case LOG_ERROR:
        span = swarm_span(swarm, (span_no)row->which);
        return span != NULL ? span->agent : NO_AGENT;
    case LOG_MARKER: return swarm_marker(swarm, row->index)->agent;
    default: return main_agent(swarm, event_log_get(log, row->index));
    }
}

static void put_span(const struct swarm *swarm, const struct span *span, struct strbuf *out)
{
    struct strbuf part;
    strbuf_init(&part, out->mem, 0);
    strbuf_adds(out, swarm_text(swarm, span->name));
    span_text_about(swarm, span, &part);
    if (part.len > 0) {
        strbuf_addf(out, "  %s", part.data);
    }
    if (span_text_arg(swarm, span, "error", &part) ||
        span_text_arg(swarm, span, "message", &part)) {
        strbuf_addf(out, "  %s", part.data);
    }
    out->failed |= part.failed;
    strbuf_release(&part);
}

static void put_marker(const struct swarm *swarm, const struct marker *marker, struct strbuf *out)
{
    const struct event_store *store =
        swarm_store(swarm, (enum swarm_pool)swarm_session(swarm, marker->session)->pool);
    struct event event;
    strbuf_adds(out, swarm_text(swarm, marker->name));
    if (event_store_get(store, marker->event, &event) && event.args.len > 2) {
        strbuf_adds(out, "  ");
        strbuf_add(out, event.args.bytes, mask_cut(event.args.bytes, event.args.len, ARGS_BYTES));
    }
}

void log_row_text(const struct log_row *row, const struct swarm *swarm, const struct event_log *log,
                  struct strbuf *out)
{
    const struct span *span;
    strbuf_clear(out);
    switch ((int)row->kind) {
    case LOG_ERROR:
        span = swarm_span(swarm, (span_no)row->which);
        if (span != NULL) {
            put_span(swarm, span, out);
        }
        break;
    case LOG_MARKER: put_marker(swarm, swarm_marker(swarm, row->index), out); break;
    default: {
        const struct log_entry *entry = event_log_get(log, row->index);
        strbuf_add(out, entry->text, entry->len);
    }
    }
}

struct slice log_row_origin(const struct log_row *row, const struct event_log *log)
{
    const struct log_entry *entry = row->kind == LOG_NOTICE ? event_log_get(log, row->index) : NULL;
    return entry == NULL ? (struct slice){.bytes = NULL}
                         : (struct slice){entry->origin, entry->origin_len};
}

const char *log_row_word(const struct log_row *row, const struct swarm *swarm,
                         const struct event_log *log)
{
    static const char *const levels[] = {[LOG_LEVEL_DEBUG] = "debug",
                                         [LOG_LEVEL_INFO] = "info",
                                         [LOG_LEVEL_WARNING] = "warning",
                                         [LOG_LEVEL_ERROR] = "error"};
    switch ((int)row->kind) {
    case LOG_ERROR: return "failed";
    case LOG_MARKER: return swarm_marker(swarm, row->index)->truncated ? "dropped" : "instant";
    default: return levels[event_log_get(log, row->index)->level];
    }
}
