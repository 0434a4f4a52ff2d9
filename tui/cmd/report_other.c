#include "tui/cmd/report_other.h"

#include "tui/cmd/report_json.h"
#include "tui/cmd/saved_report.h"
#include "tui/screen/console.h"

#include "ingest/sources.h"

#include <string.h>

/* Returns new: --filter, begun for the model; NULL: none is given, or out of memory. */
static struct filter_cache *make_filter(const struct engine *engine, int64_t now_ns)
{
    const char *text = engine->options->filter;
    struct filter *filter = NULL;
    struct filter_cache *cache = NULL;
    struct strbuf error;
    strbuf_init(&error, engine->mem, 0);
    if (text != NULL) {
        filter = filter_new(engine->mem, text, strlen(text), &error);
    }
    if (filter != NULL) {
        cache = filter_cache_new(engine->mem, filter);
    }
    if (cache != NULL) {
        filter_cache_begin(cache, engine_model(engine), NULL, now_ns);
    }
    strbuf_release(&error);
    return cache;
}

static bool compute(const struct report *report, struct swarm_metrics *metrics)
{
    return report->filter == NULL
               ? metrics_compute(report->swarm, report->local_ns, metrics)
               : metrics_compute_matching(report->swarm, report->local_ns,
                                          filter_cache_predicate(report->filter), metrics);
}

bool report_make(const struct engine *engine, struct made_report *out)
{
    struct report *report = &out->report;
    *out = (struct made_report){.has_metrics = false};
    *report = (struct report){.swarm = engine_model(engine),
                              .metrics = &out->metrics,
                              .local_ns = engine_moment(engine),
                              .filter_text = engine->options->filter,
                              .bad = engine_bad(engine),
                              .why = engine->options->why,
                              .no_mask = engine->options->no_mask,
                              .turn = engine->options->turn};
    report->filter = make_filter(engine, report->local_ns);
    out->has_metrics = (report->filter != NULL || engine->options->filter == NULL) &&
                       compute(report, &out->metrics);
    if (out->has_metrics && report->filter != NULL) {
        out->has_all = metrics_compute_totals(report->swarm, report->local_ns, &out->all);
        report->all = out->has_all ? &out->all : NULL;
    }
    return out->has_metrics && (report->filter == NULL || out->has_all);
}

void report_make_release(struct made_report *made)
{
    if (made->has_metrics) {
        metrics_release(&made->metrics);
    }
    if (made->has_all) {
        metrics_release(&made->all);
    }
    filter_cache_free(made->report.filter);
}

json_t *report_make_json(const struct report *report, struct strbuf *text)
{
    report_json(report, text);
    return text->failed ? NULL : json_loadb(text->data, text->len, JSON_ALLOW_NUL, NULL);
}

/* ---- the other ---- */

/* Returns new: the report of a source. */
static json_t *read_source(const struct options *options, int *status)
{
    struct engine *engine = engine_read_until(options, status);
    if (engine == NULL) {
        return NULL;
    }
    struct made_report made;
    struct strbuf text;
    json_t *json = NULL;
    strbuf_init(&text, engine->mem, 0);
    if (report_make(engine, &made)) {
        made.report.why = false;
        json = report_make_json(&made.report, &text);
    }
    if (json == NULL) {
        console_errorf("out of memory");
    }
    *status = json == NULL || !engine_had_memory(engine) ? 1 : *status;
    strbuf_release(&text);
    report_make_release(&made);
    engine_delete(engine);
    return json;
}

json_t *report_other_read(const struct options *options, int *status)
{
    char *source = (char *)(uintptr_t)options->against;
    struct options other = *options;
    json_t *report = saved_report_read(options->against);
    *status = 0;
    if (report != NULL) {
        return report;
    }
    other.arguments = &source;
    other.argument_count = 1;
    other.follow = false;
    other.output = NULL;
    other.replay = 0;
    report = read_source(&other, status);
    if (report != NULL && json_array_size(json_object_get(report, "sessions")) == 0) {
        json_decref(report);
        report = NULL;
        struct strbuf error;
        strbuf_init(&error, &mem_libc, 0);
        strbuf_adds(&error, "--against ");
        sources_put_shown(options->against, &error);
        strbuf_adds(&error, ": it has no session to compare with");
        console_error(&error);
        strbuf_release(&error);
    }
    *status = report == NULL && *status == 0 ? 1 : *status;
    return report;
}
