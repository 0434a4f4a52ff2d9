/* The command report: reads the sources, then computes and prints statistics once. */
#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/commands.h"
#include "tui/cmd/report_against.h"
#include "tui/cmd/report_condition.h"
#include "tui/cmd/report_json.h"
#include "tui/cmd/saved_report.h"
#include "tui/screen/console.h"
#include "tui/views/why_text.h"

#include "core/base/mask.h"

#include <string.h>

enum { REPORT_FAILS = 3 };

struct report_run {
    json_t *other; /* the report of --against; NULL: none */
    bool saves;    /* the report that is made becomes `other` */
    bool fails;    /* a condition of --fail-if holds */
};

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
        filter_cache_begin(cache, engine->swarm, NULL, now_ns);
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

/* Returns new: the statistics as JSON text, in *text, and as an object; NULL: out of memory. */
static json_t *make_json(const struct report *report, struct strbuf *text)
{
    report_json(report, text);
    return text->failed ? NULL : json_loadb(text->data, text->len, JSON_ALLOW_NUL, NULL);
}

/* ---- --fail-if ---- */

/* Returns whether a condition holds, each of which is reported. */
static bool any_holds(const struct options *options, json_t *report)
{
    bool any = false;
    for (size_t i = 0; i < options->condition_count; i++) {
        const char *condition = options->conditions[i];
        double value;
        switch (report_condition_holds(condition, report, &value)) {
        case CONDITION_HOLDS:
            console_errorf("--fail-if %s: it is %.6g", condition, value);
            any = true;
            break;
        case CONDITION_NO_DATA:
            console_errorf("--fail-if %s: no such figure here", condition);
            break;
        case CONDITION_FAILS: break;
        }
    }
    return any;
}

/* ---- printing ---- */

static bool print(const struct engine *engine, const struct report *report, struct report_run *run,
                  struct strbuf *error)
{
    const struct options *options = engine->options;
    struct strbuf text;
    strbuf_init(&text, engine->mem, 0);
    json_t *json = NULL, *against = NULL;
    bool compares = run->other != NULL, checks = options->condition_count > 0;
    if (options->json || compares || checks) {
        json = make_json(report, &text);
        against = json == NULL || !compares ? NULL : report_against(json, run->other);
    }
    if (((compares || checks) && json == NULL) || (compares && against == NULL)) {
        strbuf_adds(error, "out of memory");
        json_decref(json);
        strbuf_release(&text);
        return false;
    }
    if (options->json && run->other != NULL) {
        report_json_add(&text, "against", json_incref(against));
    } else if (!options->json) {
        strbuf_clear(&text);
        (report->why ? report_why : report_text)(report, options->ascii, &text);
    }
    if (!options->json && against != NULL) {
        report_against_text(against, options->against, options->ascii, engine->mem, &text);
    }
    if (!options->no_mask) {
        mask_in_place(&text);
    }
    bool ok = console_print(&text, CONSOLE_TEXT, error);
    if (against != NULL) {
        json_object_set(json, "against", against);
    }
    run->fails = any_holds(options, json);
    json_decref(json);
    json_decref(against);
    strbuf_release(&text);
    return ok;
}

static bool make(const struct engine *engine, struct report_run *run, struct strbuf *error)
{
    struct swarm_metrics metrics, all;
    struct report report = {.swarm = engine->swarm,
                            .metrics = &metrics,
                            .local_ns = engine_now_ns(),
                            .filter_text = engine->options->filter,
                            .bad = engine_bad(engine),
                            .why = engine->options->why,
                            .no_mask = engine->options->no_mask,
                            .turn = engine->options->turn};
    report.filter = make_filter(engine, report.local_ns);
    bool ok =
        (report.filter != NULL || engine->options->filter == NULL) && compute(&report, &metrics);
    if (ok && report.filter != NULL) {
        ok = metrics_compute_totals(engine->swarm, report.local_ns, &all);
        report.all = ok ? &all : NULL;
    }
    if (!ok) {
        strbuf_adds(error, "out of memory");
    } else if (run->saves) {
        struct strbuf text;
        strbuf_init(&text, engine->mem, 0);
        report.why = false;
        run->other = make_json(&report, &text);
        strbuf_release(&text);
    } else {
        ok = print(engine, &report, run, error);
    }
    if (report.filter != NULL || engine->options->filter == NULL) {
        metrics_release(&metrics);
    }
    if (report.all != NULL) {
        metrics_release(&all);
    }
    filter_cache_free(report.filter);
    return ok;
}

/* Reads the sources and makes their report. Returns the exit status. */
static int read_and_print(const struct options *options, struct report_run *run)
{
    int status;
    struct engine *engine = engine_read_all(options, &status);
    if (engine == NULL) {
        return status;
    }
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    if (!make(engine, run, &error)) {
        console_error(&error);
        status = 1;
    }
    if (!engine_had_memory(engine)) {
        status = 1;
    }
    strbuf_release(&error);
    engine_delete(engine);
    return status;
}

/* Sets run->other to the report of --against: a saved one, or one of a source. */
static int read_other(const struct options *options, struct report_run *run)
{
    char *source = (char *)(uintptr_t)options->against;
    struct options other = *options;
    run->other = saved_report_read(options->against);
    if (run->other != NULL) {
        return 0;
    }
    other.arguments = &source;
    other.argument_count = 1;
    run->saves = true;
    int status = read_and_print(&other, run);
    run->saves = false;
    if (run->other != NULL && json_array_size(json_object_get(run->other, "sessions")) == 0) {
        json_decref(run->other);
        run->other = NULL;
        console_errorf("--against %s: it has no session to compare with", options->against);
    }
    return run->other != NULL ? status : 1;
}

int cmd_report(const struct options *options)
{
    struct report_run run = {.other = NULL};
    int status = options->against == NULL ? 0 : read_other(options, &run);
    if (options->against == NULL || run.other != NULL) {
        int own = read_and_print(options, &run);
        status = own != 0 ? own : status;
    }
    json_decref(run.other);
    return run.fails ? REPORT_FAILS : status;
}
