#include "tui/cmd/baseline_read.h"

#include "tui/cmd/report_other.h"

#include "ingest/sources.h"

#include <math.h>

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* Adds the median of a summary, if it has one. Returns false if out of memory. */
static bool add(struct baseline *baseline, const json_t *summary, struct baseline_item item,
                const char *name, const char *client)
{
    double count = number_of(summary, item.figure == BASELINE_SERVER ? "calls" : "count");
    item.count = count > 0 && count < 0x1p53 ? (uint64_t)count : 0;
    item.p50 = number_of(summary, "p50");
    item.p50_low = number_of(summary, "p50_low");
    item.p50_high = number_of(summary, "p50_high");
    return item.count == 0 || isnan(item.p50) || baseline_add(baseline, &item, name, client);
}

static bool add_requests(struct baseline *baseline, const json_t *figures, bool of_model)
{
    const char *name = of_model ? text_of(figures, "model") : "";
    const char *client = of_model ? text_of(figures, "client") : "";
    bool good = true;
    for (int i = 0; good && i < BASELINE_TOOL; i++) {
        struct baseline_item item = {.figure = (enum baseline_figure)i, .of_model = of_model};
        good = add(baseline, json_object_get(figures, baseline_keys[i]), item, name, client);
    }
    return good;
}

static bool add_servers(struct baseline *baseline, const json_t *servers)
{
    bool good = true;
    for (size_t i = 0; good && i < json_array_size(servers); i++) {
        const json_t *server = json_array_get(servers, i);
        struct baseline_item item = {.figure = BASELINE_SERVER};
        good = add(baseline, server, item, text_of(server, "server"), "");
    }
    return good;
}

static bool add_all(struct baseline *baseline, json_t *report)
{
    json_t *totals = json_object_get(report, "totals"), *tool;
    const json_t *models = json_object_get(report, "models");
    const char *name;
    bool good = add_requests(baseline, totals, false);
    for (size_t i = 0; i < TIME_PARTS; i++) {
        double ms = number_of(json_object_get(totals, "phases"), time_parts[i].key);
        baseline->part_ms[i] = ms > 0 ? ms : 0;
    }
    for (size_t i = 0; good && i < json_array_size(models); i++) {
        good = add_requests(baseline, json_array_get(models, i), true);
    }
    json_object_foreach(json_object_get(totals, "tools"), name, tool)
    {
        struct baseline_item item = {.figure = BASELINE_TOOL};
        good = good && add(baseline, tool, item, name, "");
    }
    return good && add_servers(baseline, json_object_get(report, "servers"));
}

struct baseline *baseline_read(const struct options *options, int *status)
{
    json_t *report = options->against == NULL ? NULL : report_other_read(options, status);
    struct baseline *baseline = NULL;
    if (report != NULL) {
        baseline = mem_zalloc(&mem_libc, 1, sizeof *baseline);
    }
    if (baseline != NULL) {
        struct strbuf label;
        strbuf_init(&label, &mem_libc, 0);
        sources_put_shown(options->against, &label);
        baseline_init(baseline, &mem_libc, label.len > 0 ? label.data : "");
        strbuf_release(&label);
        const char *filter = text_of(report, "filter");
        if ((*filter != '\0' && !baseline_set_filter(baseline, filter)) ||
            !add_all(baseline, report)) {
            *status = 1;
        }
    } else if (report != NULL) {
        *status = 1;
    }
    json_decref(report);
    return baseline;
}

void baseline_free(struct baseline *baseline)
{
    if (baseline != NULL) {
        baseline_release(baseline);
        mem_free(&mem_libc, baseline, sizeof *baseline);
    }
}
