/* Each median of the metrics looks for its like in the baseline, a list that is short. A model is
   the same if its client is, or if one of both does not state the client. */
#include "tui/views/baseline.h"

#include "core/query/summary_difference.h"
#include "tui/screen/number.h"
#include "tui/views/report_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 60 };

const char *const baseline_keys[BASELINE_FIGURES] = {
    [BASELINE_SETUP] = "setup_ms", [BASELINE_TTFT] = "ttft_ms", [BASELINE_TTLT] = "ttlt_ms",
    [BASELINE_ITPS] = "itps",      [BASELINE_OTPS] = "otps",
};

static const char *const figure_words[BASELINE_FIGURES] = {
    [BASELINE_SETUP] = "set-up",      [BASELINE_TTFT] = "TTFT", [BASELINE_TTLT] = "TTLT",
    [BASELINE_ITPS] = "ITPS",         [BASELINE_OTPS] = "OTPS", [BASELINE_TOOL] = "",
    [BASELINE_SERVER] = "MCP server",
};

void baseline_init(struct baseline *baseline, const struct mem *mem, const char *label)
{
    *baseline = (struct baseline){.mem = mem};
    strbuf_init(&baseline->texts, mem, 0);
    strbuf_add(&baseline->texts, label, strlen(label) + 1);
}

const char *baseline_label(const struct baseline *baseline)
{
    return baseline->texts.len > 0 ? baseline->texts.data : "";
}

void baseline_release(struct baseline *baseline)
{
    strbuf_release(&baseline->texts);
    mem_free(baseline->mem, baseline->items, baseline->cap * sizeof *baseline->items);
    baseline->items = NULL;
    baseline->count = baseline->cap = 0;
}

/* Returns the place of the text's copy. */
static size_t keep(struct strbuf *texts, const char *text)
{
    size_t at = texts->len;
    strbuf_add(texts, text, strlen(text) + 1);
    return at;
}

bool baseline_add(struct baseline *baseline, const struct baseline_item *item, const char *name,
                  const char *client)
{
    if (baseline->count == BASELINE_ITEMS_MAX) {
        return true;
    }
    if (!mem_reserve(baseline->mem, &baseline->items, &baseline->cap, baseline->count + 1,
                     sizeof *baseline->items)) {
        return false;
    }
    struct baseline_item *kept = &baseline->items[baseline->count];
    *kept = *item;
    kept->name = keep(&baseline->texts, name);
    kept->client = keep(&baseline->texts, client);
    baseline->count += !baseline->texts.failed;
    return !baseline->texts.failed;
}

bool baseline_set_filter(struct baseline *baseline, const char *filter)
{
    baseline->filter = 1 + keep(&baseline->texts, filter);
    return !baseline->texts.failed;
}

const char *baseline_filter(const struct baseline *baseline)
{
    return baseline->filter == 0 ? "" : baseline->texts.data + baseline->filter - 1;
}

/* ---- the table ---- */

/* The median that is looked for. */
struct wanted {
    enum baseline_figure figure;
    bool of_model;
    const char *name, *client; /* "": of all models; unknown */
    const struct summary *summary;
};

static const struct baseline_item *find(const struct baseline *baseline,
                                        const struct wanted *wanted)
{
    for (size_t i = 0; i < baseline->count; i++) {
        const struct baseline_item *item = &baseline->items[i];
        const char *client = baseline->texts.data + item->client;
        if (item->figure == wanted->figure && item->of_model == wanted->of_model &&
            strcmp(baseline->texts.data + item->name, wanted->name) == 0 &&
            (*client == '\0' || *wanted->client == '\0' || strcmp(client, wanted->client) == 0)) {
            return item;
        }
    }
    return NULL;
}

static void format(enum baseline_figure figure, double value, bool ascii, char out[NUMBER_BYTES])
{
    if (figure == BASELINE_OTPS || figure == BASELINE_ITPS) {
        number_short(fabs(value), out);
    } else {
        number_ms(fabs(value), ascii, out);
    }
}

static void put_side(struct table *table, enum baseline_figure figure, double p50, uint64_t count)
{
    char number[NUMBER_BYTES], text[3 * NUMBER_BYTES];
    format(figure, p50, table->ascii, number);
    snprintf(text, sizeof text, "%s (%llu)", number, (unsigned long long)count);
    table_cell(table, text);
}

static void signed_number(enum baseline_figure figure, double value, bool ascii,
                          char out[NUMBER_BYTES + 4])
{
    char number[NUMBER_BYTES];
    format(figure, value, ascii, number);
    snprintf(out, NUMBER_BYTES + 4, "%s%s",
             value < 0   ? (ascii ? "-" : "\xE2\x88\x92")
             : value > 0 ? "+"
                         : "",
             number);
}

static void put_difference(struct table *table, enum baseline_figure figure,
                           const struct difference *difference)
{
    char delta[NUMBER_BYTES + 4], low[NUMBER_BYTES + 4], high[NUMBER_BYTES + 4];
    char interval[3 * NUMBER_BYTES] = "";
    bool sure = !isnan(difference->low) && !isnan(difference->high);
    signed_number(figure, difference->delta, table->ascii, delta);
    table_cell(table, delta);
    table_cell(table, !sure                                           ? ""
                      : difference->low <= 0 && difference->high >= 0 ? "unclear"
                                                                      : "clear");
    if (sure) {
        signed_number(figure, difference->low, table->ascii, low);
        signed_number(figure, difference->high, table->ascii, high);
        snprintf(interval, sizeof interval, "%s to %s", low, high);
    }
    table_cell(table, interval);
}

/* The table while it is made. */
struct page {
    const struct baseline *baseline;
    struct table table;
    size_t rows;
    struct strbuf text;
};

static void put(struct page *page, const struct wanted *wanted)
{
    const struct baseline_item *item =
        wanted->summary->count == 0 || page->rows == ROWS_MAX ? NULL : find(page->baseline, wanted);
    if (item == NULL || isnan(item->p50) || isnan(wanted->summary->p50)) {
        return;
    }
    const struct summary other = {.count = item->count,
                                  .p50 = item->p50,
                                  .p50_low = item->p50_low,
                                  .p50_high = item->p50_high};
    struct difference difference = summary_difference(wanted->summary, &other);
    const char *word = figure_words[wanted->figure];
    strbuf_clear(&page->text);
    strbuf_addf(&page->text, "%s%s%s%s%s", wanted->client, *wanted->client != '\0' ? " " : "",
                wanted->name, *wanted->name != '\0' && *word != '\0' ? " " : "", word);
    table_text(&page->table, page->text.failed ? "" : page->text.data,
               page->text.failed ? 0 : page->text.len);
    put_side(&page->table, wanted->figure, wanted->summary->p50, wanted->summary->count);
    put_side(&page->table, wanted->figure, item->p50, item->count);
    put_difference(&page->table, wanted->figure, &difference);
    page->rows++;
}

static void put_requests(struct page *page, const struct metrics *metrics)
{
    const struct summary *const summaries[] = {
        [BASELINE_SETUP] = &metrics->setup_ms, [BASELINE_TTFT] = &metrics->ttft_ms,
        [BASELINE_TTLT] = &metrics->ttlt_ms,   [BASELINE_ITPS] = &metrics->itps,
        [BASELINE_OTPS] = &metrics->otps,
    };
    for (int i = 0; i < BASELINE_TOOL; i++) {
        put(page, &(struct wanted){(enum baseline_figure)i, false, "", "", summaries[i]});
    }
}

static void put_models(struct page *page, const struct report *report)
{
    for (size_t i = 0; i < report->metrics->model_count; i++) {
        const struct model_metrics *model = &report->metrics->models[i];
        const char *client = swarm_text(report->swarm, model->client);
        put(page,
            &(struct wanted){BASELINE_TTFT, true, model->model, client, &model->metrics.ttft_ms});
        put(page,
            &(struct wanted){BASELINE_OTPS, true, model->model, client, &model->metrics.otps});
    }
}

static void put_servers(struct page *page, const struct report *report)
{
    struct strbuf name;
    strbuf_init(&name, report->metrics->mem, 0);
    for (size_t i = 0; i < report->metrics->server_count; i++) {
        const struct server_metrics *server = &report->metrics->servers[i];
        strbuf_clear(&name);
        strbuf_add(&name, server->server.bytes, server->server.len);
        if (!name.failed) {
            put(page,
                &(struct wanted){BASELINE_SERVER, false, name.data, "", &server->duration_ms});
        }
    }
    page->text.failed |= name.failed;
    strbuf_release(&name);
}

/* Appends the parts of the time, after an empty line. */
static void put_parts(const struct report *report, bool ascii, struct strbuf *out)
{
    static const char *const heads[] = {"TIME OF", "THIS", "OTHER", "DIFFERENCE"};
    const struct baseline *baseline = report->baseline;
    struct table table;
    struct strbuf text;
    size_t rows = 0;
    strbuf_init(&text, report->metrics->mem, 0);
    table_init(&table, report->metrics->mem, heads, sizeof heads / sizeof *heads, 1, ascii);
    for (size_t i = 0; i < TIME_PARTS; i++) {
        double ms = time_part_ms(&report->metrics->totals, i), other_ms = baseline->part_ms[i];
        char delta[NUMBER_BYTES + 4];
        if (ms > 0 || other_ms > 0) {
            signed_number(BASELINE_TOOL, ms - other_ms, ascii, delta);
            table_cell(&table, time_parts[i].name);
            table_ms(&table, ms > 0 ? ms : (double)NAN);
            table_ms(&table, other_ms > 0 ? other_ms : (double)NAN);
            table_cell(&table, delta);
            rows++;
        }
    }
    table_finish(&table, &text);
    if (rows > 0 && text.len > 0) {
        strbuf_adds(out, out->len > 0 ? "\n" : "");
        strbuf_add(out, text.data, text.len);
    }
    out->failed |= text.failed;
    strbuf_release(&text);
}

static void put_medians(const struct report *report, bool ascii, struct strbuf *out)
{
    static const char *const heads[] = {"MEDIAN OF",  "THIS", "OTHER",
                                        "DIFFERENCE", "",     "95 % INTERVAL"};
    const struct metrics *totals = &report->metrics->totals;
    struct page page = {.baseline = report->baseline};
    struct strbuf table;
    strbuf_init(&table, report->metrics->mem, 0);
    strbuf_init(&page.text, report->metrics->mem, 0);
    table_init(&page.table, report->metrics->mem, heads, sizeof heads / sizeof *heads, 1, ascii);
    put_requests(&page, totals);
    put_models(&page, report);
    for (size_t i = 0; i < totals->tool_count; i++) {
        put(&page, &(struct wanted){BASELINE_TOOL, false, totals->tools[i].name, "",
                                    &totals->tools[i].duration_ms});
    }
    put_servers(&page, report);
    table_finish(&page.table, &table);
    if (page.rows > 0 && !table.failed) {
        strbuf_add(out, table.data, table.len);
    }
    out->failed |= table.failed | page.text.failed;
    strbuf_release(&page.text);
    strbuf_release(&table);
}

void report_baseline(const struct report *report, bool ascii, struct strbuf *out)
{
    if (report->baseline != NULL) {
        put_medians(report, ascii, out);
        put_parts(report, ascii, out);
    }
}
