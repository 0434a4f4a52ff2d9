/* The engine's sources: those of the command line, or the default ones of the table. */
#include "tui/cmd/engine_sources.h"

#include "tui/cmd/engine_journal.h"

#include "ingest/hub.h"

static bool is_live(const char *spec, bool follow)
{
    const struct source_row *row = sources_find(spec);
    return row->live || (row->live_followed && follow);
}

bool engine_sources_live(const struct options *options, bool follow)
{
    for (size_t i = 0; i < options->argument_count; i++) {
        if (is_live(options->arguments[i], follow)) {
            return true;
        }
    }
    return options->argument_count == 0;
}

bool engine_sources_listen(const struct options *options)
{
    for (size_t i = 0; i < options->argument_count; i++) {
        if (sources_find(options->arguments[i])->listens) {
            return true;
        }
    }
    return false;
}

bool engine_add(struct engine *engine, const char *spec, struct strbuf *error)
{
    engine->live |= is_live(spec, engine->follow);
    return hub_add(engine->hub, spec, error);
}

/* Adds the default sources of the table. A client without a directory is skipped silently. */
static void add_default(struct engine *engine, struct strbuf *error)
{
    struct strbuf spec;
    strbuf_init(&spec, engine->mem, 0);
    for (const struct source_row *row = source_rows; row->ops != NULL; row++) {
        size_t number = 0;
        strbuf_clear(error);
        strbuf_clear(&spec);
        while (row->default_spec != NULL && row->default_spec(number, &spec, error) &&
               !spec.failed) {
            engine_add(engine, spec.data, error);
            strbuf_clear(error);
            strbuf_clear(&spec);
            number++;
        }
        if (row->default_spec != NULL && (error->len > 0 || spec.failed)) {
            engine_refused(engine, error);
        } else if (row->default_spec == NULL && engine->follow &&
                   source_places_has(&engine->places, row)) {
            engine_add(engine, row->prefix, error);
        }
    }
    strbuf_release(&spec);
}

void engine_add_all(struct engine *engine)
{
    struct strbuf error;
    strbuf_init(&error, engine->mem, 0);
    if (engine->options->argument_count == 0) {
        add_default(engine, &error);
    }
    for (size_t i = 0; i < engine->options->argument_count; i++) {
        size_t before = hub_source_count(engine->hub);
        strbuf_clear(&error);
        /* A source that was added has its error in its status. */
        if (!engine_add(engine, engine->options->arguments[i], &error) &&
            hub_source_count(engine->hub) == before) {
            engine_refused(engine, &error);
            engine->lacks_source = true;
        }
    }
    strbuf_release(&error);
    engine_journal_recover(engine);
}
