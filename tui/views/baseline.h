/* Medians of another run, and the parts of its time, which the statistics view compares with those
   on the screen
   (`--against`). */
#ifndef TUI_BASELINE_H
#define TUI_BASELINE_H

#include "core/query/time_parts.h"
#include "tui/views/report.h"

enum baseline_figure {
    BASELINE_SETUP,
    BASELINE_TTFT,
    BASELINE_TTLT,
    BASELINE_ITPS,
    BASELINE_OTPS,
    BASELINE_TOOL,   /* the durations of a tool */
    BASELINE_SERVER, /* those of the calls of an MCP server */
    BASELINE_FIGURES
};
/* The members of `report --json` that have them; of durations NULL. */
extern const char *const baseline_keys[BASELINE_FIGURES];

/* A median. */
struct baseline_item {
    enum baseline_figure figure;
    bool of_model;  /* of one model alone */
    size_t name;    /* of the tool, server or model: its place in `texts` */
    size_t client;  /* the same of the model's client; an empty text: unknown */
    uint64_t count; /* samples */
    double p50, p50_low, p50_high;
};

struct baseline {
    const struct mem *mem;
    struct strbuf texts; /* NUL-terminated, one after the other; first the other's name */
    struct baseline_item *items;
    size_t count, cap;
    double part_ms[TIME_PARTS]; /* the parts of its time; 0: none */
    size_t filter;              /* the place of its filter in `texts`, plus one; 0: it has none */
};

enum { BASELINE_ITEMS_MAX = 10000 };

/* `label` is the other's name as people may see it, copied. */
void baseline_init(struct baseline *baseline, const struct mem *mem, const char *label);
void baseline_release(struct baseline *baseline);
/* Returns the other's name, borrowed until something is added. */
const char *baseline_label(const struct baseline *baseline);
/* Adds an item, whose texts are copied; beyond BASELINE_ITEMS_MAX none. `model` and `client` NULL:
   of all models. Returns false if out of memory. */
bool baseline_add(struct baseline *baseline, const struct baseline_item *item, const char *name,
                  const char *client);

/* Sets the filter that the other was read with, copied. Returns false if out of memory. */
bool baseline_set_filter(struct baseline *baseline, const char *filter);
/* Returns that filter, borrowed until something is added; "": none. */
const char *baseline_filter(const struct baseline *baseline);

/* Appends the table of medians that both runs have, with their differences, and that of the parts
   of the time that one has. Without a baseline it appends nothing. */
void report_baseline(const struct report *report, bool ascii, struct strbuf *out);

#endif
