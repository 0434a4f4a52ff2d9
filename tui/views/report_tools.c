/* The tables of tools and of MCP servers, which are the tools named mcp__SERVER__TOOL summed up. */
#include "tui/views/report.h"
#include "tui/views/report_table.h"

#include <math.h>
#include <string.h>

static const char *const tool_heads[] = {"TOOL",        "CALLS", "ERRORS", "REFUSED",
                                         "INTERRUPTED", "OPEN",  "p50",    "p95",
                                         "p99",         "MAX",   "TOTAL"};

static const char *const server_heads[] = {"MCP SERVER",  "CALLS", "ERRORS", "REFUSED",
                                           "INTERRUPTED", "OPEN",  "p50",    "p95",
                                           "p99",         "MAX",   "TOTAL"};

enum { COLS = sizeof tool_heads / sizeof *tool_heads };

static void put_durations(struct table *t, const struct summary *s)
{
    const double values[] = {s->p50, s->p95, s->p99, s->max, s->sum};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        table_ms(t, s->count > 0 ? values[i] : NAN);
    }
}

static void put_counts(struct table *t, const struct summary *durations, uint64_t errors,
                       uint64_t refused, uint64_t interrupted, uint64_t open)
{
    const uint64_t counts[] = {durations->count, errors, refused, interrupted, open};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        table_count(t, counts[i]);
    }
}

void report_tools(const struct report *r, bool ascii, struct strbuf *out)
{
    const struct metrics *f = &r->metrics->totals;
    struct table t;
    if (f->tool_count == 0) {
        return;
    }
    table_init(&t, r->metrics->mem, tool_heads, COLS, 1, ascii);
    for (size_t i = 0; i < f->tool_count; i++) {
        const struct tool_metrics *of = &f->tools[i];
        table_cell(&t, of->name);
        put_counts(&t, &of->duration_ms, of->errors, of->refused, of->interrupted, of->open);
        put_durations(&t, &of->duration_ms);
    }
    table_finish(&t, out);
}

void report_servers(const struct report *r, bool ascii, struct strbuf *out)
{
    struct table t;
    if (r->metrics->server_count == 0) {
        return;
    }
    table_init(&t, r->metrics->mem, server_heads, COLS, 1, ascii);
    for (size_t i = 0; i < r->metrics->server_count; i++) {
        const struct server_metrics *of = &r->metrics->servers[i];
        table_text(&t, of->server.bytes, of->server.len);
        put_counts(&t, &of->duration_ms, of->errors, of->refused, of->interrupted, of->open);
        put_durations(&t, &of->duration_ms);
    }
    table_finish(&t, out);
}
