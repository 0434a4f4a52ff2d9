/* The command report: reads the sources, then computes and prints statistics once. */
#include "tui/cmd/cmd_engine.h"
#include "tui/cmd/commands.h"
#include "tui/cmd/report_against.h"
#include "tui/cmd/report_condition.h"
#include "tui/cmd/report_json.h"
#include "tui/cmd/report_other.h"
#include "tui/screen/console.h"
#include "tui/views/why_text.h"

#include "core/base/mask.h"
#include "ingest/hub.h"
#include "ingest/sources.h"

#include <string.h>

enum { REPORT_FAILS = 3 };

struct report_run {
    json_t *other; /* the report of --against; NULL: none */
    bool fails;    /* a condition of --fail-if holds */
};

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

/* Returns new: the clocks of senders that are off; NULL: none is, or out of memory. */
static json_t *clocks_of(const struct engine *engine)
{
    json_t *clocks = NULL;
    for (size_t i = 0; i < hub_source_count(engine->hub); i++) {
        struct source_status source = hub_source(engine->hub, i);
        if (source.traffic.clock == NULL) {
            continue;
        }
        clocks = clocks == NULL ? json_array() : clocks;
        json_array_append_new(clocks, json_pack("{s:s, s:s, s:f}", "source", source.spec, "sender",
                                                source.traffic.clock, "off_ms",
                                                source.traffic.clock_off_ms));
    }
    return clocks;
}

/* Adds what the report has of senders. */
static void add_clocks(const struct engine *engine, struct strbuf *text)
{
    json_t *clocks = engine->options->json ? clocks_of(engine) : NULL;
    if (clocks != NULL) {
        report_json_add(text, "clocks", clocks);
    } else if (!engine->options->json) {
        size_t len = text->len;
        engine_clocks(engine, "\n", text);
        strbuf_adds(text, text->len > len ? "\n" : "");
    }
}

static void put_against(json_t *against, const struct options *options, struct strbuf *out)
{
    struct strbuf name;
    strbuf_init(&name, out->mem, 0);
    sources_put_shown(options->against, &name);
    report_against_text(against, name.failed ? "" : name.data, options->filter, options->ascii,
                        out->mem, out);
    strbuf_release(&name);
}

static bool print(const struct engine *engine, const struct report *report, struct report_run *run,
                  struct strbuf *error)
{
    const struct options *options = engine->options;
    struct strbuf text;
    strbuf_init(&text, engine->mem, 0);
    json_t *json = NULL, *against = NULL;
    bool compares = run->other != NULL, checks = options->condition_count > 0;
    if (options->json || compares || checks) {
        json = report_make_json(report, &text);
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
        put_against(against, options, &text);
    }
    add_clocks(engine, &text);
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

/* Reads the sources and prints their report. Returns the exit status. */
static int read_and_print(const struct options *options, struct report_run *run)
{
    int status;
    struct engine *engine = engine_read_until(options, &status);
    if (engine == NULL) {
        return status;
    }
    struct made_report made;
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    if (!report_make(engine, &made)) {
        strbuf_adds(&error, "out of memory");
    }
    if (error.len > 0 || error.failed || !print(engine, &made.report, run, &error)) {
        console_error(&error);
        status = 1;
    }
    if (!engine_had_memory(engine)) {
        status = 1;
    }
    report_make_release(&made);
    strbuf_release(&error);
    engine_delete(engine);
    return status;
}

int cmd_report(const struct options *options)
{
    struct report_run run = {.other = NULL};
    int status = 0;
    if (options->against != NULL) {
        run.other = report_other_read(options, &status);
    }
    if (options->against == NULL || run.other != NULL) {
        int own = read_and_print(options, &run);
        status = own != 0 ? own : status;
    }
    json_decref(run.other);
    return run.fails ? REPORT_FAILS : status;
}
