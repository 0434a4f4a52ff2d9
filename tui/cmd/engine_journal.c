/* A journal is kept by a live run that will write a document: it protects that document. So there
   is no journal with the trace switched off, nor for a demo. A run for a reader alone (`ssh:`)
   keeps one for the reader's next connection. */
#include "tui/cmd/engine_journal.h"

#include "tui/cmd/journal_file.h"
#include "tui/cmd/journal_replay.h"
#include "tui/screen/console.h"

#include "core/base/seed_env.h"

#include <stdio.h>

static void trouble(void *ctx, const char *text)
{
    engine_report(ctx, LOG_LEVEL_ERROR, text);
}

static void count(void *ctx, uint64_t *events, uint64_t *dropped)
{
    const struct engine *engine = ctx;
    *events = swarm_counted(engine->swarm, POOL_LIVE);
    *dropped = swarm_dropped(engine->swarm, POOL_LIVE);
}

static bool writes_document(const struct engine *engine)
{
    const struct options *options = engine->options;
    return options->output != NULL || seed_switch(options->env.perfetto_trace) != SWITCH_OFF;
}

static double now_ms(void)
{
    return (double)(engine_now_ns() / 1000000);
}

void engine_journal_open(struct engine *engine, bool keeps)
{
    struct strbuf path, error;
    struct journal_config config = {
        .mem = engine->mem,
        .loop = &engine->loop,
        .max_bytes = engine->options->journal_max_bytes,
        .max_events = engine->max_live_events,
        .now_ms = now_ms(),
        .count = count,
        .trouble = trouble,
        .ctx = engine,
    };
    engine->recovers = keeps && engine->live && writes_document(engine);
    bool serves = keeps && engine->live && journal_file_serves(engine->options);
    if (!(engine->recovers || serves) || engine->options->no_journal) {
        return;
    }
    strbuf_init(&path, engine->mem, 0);
    strbuf_init(&error, engine->mem, 0);
    if (journal_file_create(engine->options, engine_now_ns(), &path, &config.fd, &error)) {
        config.path = path.data;
        engine->journal = journal_new(&config);
        if (engine->journal == NULL) {
            trouble(engine, "journal: out of memory");
        }
    } else {
        const char *text = error.data != NULL ? error.data : "out of memory";
        engine_log(engine, LOG_LEVEL_ERROR, text);
        console_errorf("%s", text);
    }
    strbuf_release(&path);
    strbuf_release(&error);
}

static void put_both(void *ctx, const char *line, size_t len)
{
    struct engine *engine = ctx;
    engine->tap.put(engine->tap.ctx, line, len);
    journal_put(engine->journal, line, len);
}

struct ingest_tap engine_journal_tap(struct engine *engine)
{
    if (engine->journal == NULL) {
        return engine->tap;
    }
    return engine->tap.put == NULL ? (struct ingest_tap){journal_put, engine->journal}
                                   : (struct ingest_tap){put_both, engine};
}

void engine_journal_recover(struct engine *engine)
{
    if (engine->recovers) {
        engine->recovery =
            recovery_start(engine->mem, &engine->loop, engine->options, engine_report, engine);
        journal_replay_tidy(engine->options, engine_now_ns()); /* perhaps nobody serves again */
    }
}

void engine_journal_end(struct engine *engine, bool written)
{
    uint64_t dropped = swarm_dropped(engine->swarm, POOL_LIVE);
    const char *path = engine->journal == NULL ? NULL : journal_path_of(engine->journal);
    if (path == NULL || journal_file_serves(engine->options)) {
        return; /* journal_replay removes it */
    }
    journal_finish(engine->journal,
                   !written      ? JOURNAL_LEAVE
                   : dropped > 0 ? JOURNAL_KEEP
                                 : JOURNAL_DELETE,
                   now_ms());
    if (!written) {
        console_errorf("%s: the next start writes the trace from this journal", path);
    } else if (dropped > 0) {
        console_errorf("%s: kept, for the trace lacks %llu events", path,
                       (unsigned long long)dropped);
    }
}
