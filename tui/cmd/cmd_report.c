/* The command report: reads the sources, then computes and prints statistics once. */
#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/commands.h"
#include "tui/cmd/report_json.h"
#include "tui/screen/console.h"
#include "tui/views/why_text.h"

#include "core/base/mask.h"

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

static bool print(const struct engine *engine, const struct report *report, struct strbuf *error)
{
    struct strbuf text;
    bool ok;

    strbuf_init(&text, engine->mem, 0);
    if (engine->options->json) {
        report_json(report, &text);
    } else if (report->why) {
        report_why(report, engine->options->ascii, &text);
    } else {
        report_text(report, engine->options->ascii, &text);
    }
    if (!engine->options->no_mask) {
        mask_in_place(&text);
    }
    ok = console_print(&text, CONSOLE_TEXT, error);
    strbuf_release(&text);
    return ok;
}

static bool make(const struct engine *engine, struct strbuf *error)
{
    struct swarm_metrics metrics;
    struct report report = {.swarm = engine->swarm,
                            .metrics = &metrics,
                            .local_ns = engine_now_ns(),
                            .filter_text = engine->options->filter,
                            .bad = engine_bad(engine),
                            .why = engine->options->why,
                            .turn = engine->options->turn};
    bool ok;

    report.filter = make_filter(engine, report.local_ns);
    ok = (report.filter != NULL || engine->options->filter == NULL) && compute(&report, &metrics);
    if (!ok) {
        strbuf_adds(error, "out of memory");
    }
    if (ok) {
        ok = print(engine, &report, error);
        metrics_release(&metrics);
    }
    filter_cache_free(report.filter);
    return ok;
}

int cmd_report(const struct options *options)
{
    int status;
    struct engine *engine = engine_read_all(options, &status);
    struct strbuf error;
    if (engine == NULL) {
        return status;
    }
    strbuf_init(&error, &mem_libc, 0);
    if (!make(engine, &error)) {
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
