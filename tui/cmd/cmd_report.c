/* The command report: reads the sources, then computes and prints statistics once. */
#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/commands.h"
#include "tui/cmd/report_json.h"
#include "tui/screen/console.h"

#include "core/base/mask.h"

static bool print(const struct engine *engine, struct strbuf *error)
{
    struct swarm_metrics metrics;
    struct report report = {.swarm = engine->swarm,
                            .metrics = &metrics,
                            .local_ns = engine_now_ns(),
                            .bad = engine_bad(engine)};
    struct strbuf text;
    bool ok;

    if (!metrics_compute(engine->swarm, report.local_ns, &metrics)) {
        strbuf_adds(error, "out of memory");
        return false;
    }
    strbuf_init(&text, engine->mem, 0);
    if (engine->options->json)
        report_json(&report, &text);
    else
        report_text(&report, engine->options->ascii, &text);
    metrics_release(&metrics);
    if (!engine->options->no_mask)
        mask_in_place(&text);
    ok = console_print(&text, CONSOLE_TEXT, error);
    strbuf_release(&text);
    return ok;
}

int cmd_report(const struct options *options)
{
    int status;
    struct engine *engine = engine_read_all(options, &status);
    struct strbuf error;

    if (!engine)
        return status;
    strbuf_init(&error, &mem_libc, 0);
    if (!print(engine, &error)) {
        console_error(&error);
        status = 1;
    }
    if (!engine_had_memory(engine))
        status = 1;
    strbuf_release(&error);
    engine_delete(engine);
    return status;
}
