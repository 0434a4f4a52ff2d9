/* The tables of spans by name, for traces without agents: the slowest and the most frequent. */
#include "tui/views/report.h"
#include "tui/views/report_table.h"

#include <string.h>

static const char *const name_heads[] = {"NAME", "SELF", "TOTAL", "COUNT", "OPEN", "MEAN", "MAX"};

enum { NAMES_SHOWN = 12, COLS = sizeof name_heads / sizeof *name_heads };

static void put_name(struct table *t, const struct report *r, const struct name_metrics *name)
{
    const char *text = swarm_text(r->swarm, name->name);
    table_cell(t, *text ? text : "(no name)");
    table_ms(t, (double)name->self_ns / 1e6);
    table_ms(t, (double)name->total_ns / 1e6);
    table_count(t, name->count);
    table_count(t, name->open);
    table_ms(t, (double)name->total_ns / (double)name->count / 1e6);
    table_ms(t, (double)name->max_ns / 1e6);
}

void report_slowest(const struct report *r, bool ascii, struct strbuf *out)
{
    struct table t;
    if (r->metrics->name_count == 0) {
        return;
    }
    table_init(&t, r->metrics->mem, name_heads, COLS, 1, ascii);
    for (size_t i = 0; i < r->metrics->name_count && i < NAMES_SHOWN; i++) {
        put_name(&t, r, &r->metrics->names[i]);
    }
    table_finish(&t, out);
}

/* Finds the most frequent names in one pass: each name is put in its place among those found. */
static void find_frequent(const struct swarm_metrics *metrics,
                          const struct name_metrics *found[NAMES_SHOWN])
{
    size_t count = 0;
    for (size_t i = 0; i < metrics->name_count; i++) {
        const struct name_metrics *name = &metrics->names[i];
        size_t at = count;
        while (at > 0 && found[at - 1]->count < name->count) {
            at--;
        }
        if (at == NAMES_SHOWN) {
            continue;
        }
        count += count < NAMES_SHOWN;
        memmove(&found[at + 1], &found[at], (count - at - 1) * sizeof *found);
        found[at] = name;
    }
}

void report_frequent(const struct report *r, bool ascii, struct strbuf *out)
{
    const struct swarm_metrics *metrics = r->metrics;
    const struct name_metrics *found[NAMES_SHOWN] = {NULL};
    struct table t;
    if (metrics->name_count <= NAMES_SHOWN) { /* the slowest are all of them */
        return;
    }
    find_frequent(metrics, found);
    table_init(&t, metrics->mem, name_heads, COLS, 1, ascii);
    for (size_t i = 0; i < NAMES_SHOWN; i++) {
        put_name(&t, r, found[i]);
    }
    table_finish(&t, out);
}
