/* Reads sources to their end, or the part between --from and --to. A TIME may count from the start
   or the end, which are unknown at first. Large files are therefore read twice: once with few
   events in memory to find both, then with only the part kept. */
#include "tui/cmd/cmd_engine.h"

#include "core/model/swarm_edit.h"
#include "core/query/query.h"
#include "core/query/replay.h"
#include "tui/screen/console.h"
#include "tui/views/progress.h"

#include "ingest/hub.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEASURED_EVENTS = 4096, PROGRESS_MS = 500, LARGE_BYTES = 64 * 1024 * 1024 };

void engine_delete(struct engine *engine)
{
    engine_close(engine);
    mem_free(&mem_libc, engine, sizeof *engine);
}

/* ---- a line on the terminal while it takes long ---- */

struct reading_line {
    struct engine *engine;
    uv_timer_t timer;
    bool shown;
};

static void on_progress(uv_timer_t *timer)
{
    struct reading_line *line = timer->data;
    struct source_progress progress;
    struct strbuf text;
    strbuf_init(&text, line->engine->mem, 0);
    if (engine_progress(line->engine, &progress) && progress_line(&progress, &text) &&
        !text.failed) {
        console_progress(text.data);
        line->shown = true;
    }
    strbuf_release(&text);
}

/* Runs the engine until its sources have ended. */
static void run(struct engine *engine)
{
    struct reading_line line = {.engine = engine};
    uv_timer_init(&engine->loop, &line.timer);
    line.timer.data = &line;
    if (isatty(STDERR_FILENO)) {
        uv_timer_start(&line.timer, on_progress, PROGRESS_MS, PROGRESS_MS);
    }
    engine_run(engine);
    uv_close((uv_handle_t *)&line.timer, NULL);
    uv_run(&engine->loop, UV_RUN_NOWAIT);
    if (line.shown) {
        console_progress(NULL);
    }
}

/* ---- which part ---- */

static bool is_partial(const struct options *options)
{
    return options->from.form != TIME_UNSET || options->to.form != TIME_UNSET;
}

static bool is_known(struct time_spec spec)
{
    return spec.form == TIME_UNSET || spec.form == TIME_ABSOLUTE;
}

static void resolve(const struct options *options, int64_t from_ns, int64_t to_ns,
                    struct engine_config *config)
{
    config->ranged = true;
    config->from_ns = time_spec_resolve(options->from, from_ns, to_ns, INT64_MIN);
    config->to_ns = time_spec_resolve(options->to, from_ns, to_ns, INT64_MAX);
}

/* Returns whether all sources are files; sets *bytes to their total size. */
static bool are_files(const struct options *options, uint64_t *bytes)
{
    struct stat status;
    *bytes = 0;
    for (size_t i = 0; i < options->argument_count; i++) {
        if (stat(options->arguments[i], &status) != 0 ||
            !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) {
            return false;
        }
        *bytes += S_ISDIR(status.st_mode) ? LARGE_BYTES : (uint64_t)status.st_size;
    }
    return options->argument_count > 0;
}

/* Finds the first and last time in the files. Returns false if out of memory or if they have no
   events. */
static bool measure(const struct options *options, int64_t *from_ns, int64_t *to_ns)
{
    struct options small = *options;
    struct engine_config config = {.options = &small, .until_end = true};
    struct engine engine;
    struct strbuf error;
    bool found = false;

    small.max_events_given = true;
    small.max_events = MEASURED_EVENTS;
    strbuf_init(&error, &mem_libc, 0);
    if (engine_open(&engine, &config, &error)) {
        engine_add_all(&engine);
        run(&engine);
        found = query_extent(engine.swarm, engine_now_ns(), from_ns, to_ns);
        engine_close(&engine);
    }
    strbuf_release(&error);
    return found;
}

void engine_find_range(struct engine_config *config, bool always)
{
    const struct options *options = config->options;
    uint64_t bytes;
    int64_t from_ns, to_ns;
    if (!is_partial(options) || !are_files(options, &bytes) || (!always && bytes < LARGE_BYTES)) {
        return;
    }
    if (is_known(options->from) && is_known(options->to)) {
        resolve(options, 0, 0, config);
    } else if (measure(options, &from_ns, &to_ns)) {
        resolve(options, from_ns, to_ns, config);
    }
}

/* Reports a --from after --to. */
static bool check_order(const struct engine_config *config)
{
    struct strbuf error;
    if (config->from_ns <= config->to_ns) {
        return true;
    }
    strbuf_init(&error, &mem_libc, 0);
    time_spec_put_order(config->options->from, config->options->to, &error);
    console_error(&error);
    strbuf_release(&error);
    return false;
}

/* Reports a --from after the end and a --to before the start: nothing is left then. */
static bool check_part(const struct engine_config *config, int64_t from_ns, int64_t to_ns)
{
    struct strbuf error;
    bool ok;

    strbuf_init(&error, &mem_libc, 0);
    ok = (config->from_ns <= to_ns ||
          time_spec_check("--from", config->from_ns, from_ns, to_ns, &error)) &&
         (config->to_ns >= from_ns ||
          time_spec_check("--to", config->to_ns, from_ns, to_ns, &error));
    if (!ok) {
        console_error(&error);
    }
    strbuf_release(&error);
    return ok;
}

static bool keep(struct swarm *swarm, const struct engine_config *part, bool last)
{
    return swarm_keep_range(swarm, POOL_LIVE, part->from_ns, part->to_ns, last) &&
           swarm_keep_range(swarm, POOL_FILES, part->from_ns, part->to_ns, last);
}

/* Makes the model as it was at --to, and keeps what is after --from. Returns false if out of
   memory. */
static bool stop_clock(struct engine *engine, const struct engine_config *part)
{
    const struct swarm_config config = {.prices = swarm_prices(engine->swarm)};
    const struct engine_config rest = {.from_ns = part->from_ns, .to_ns = INT64_MAX};
    engine->past = swarm_new(engine->mem, &config);
    engine->past_ns = part->to_ns;
    return engine->past != NULL && replay_until(engine->swarm, engine->past, part->to_ns) &&
           (part->from_ns == INT64_MIN || keep(engine->past, &rest, false));
}

/* Drops everything outside the part, unless that was done while the sources were read, and stops
   the clock if `stops`. Returns false if out of memory, or if that is all, which is reported and
   makes *status 2. */
static bool keep_part(struct engine *engine, struct engine_config *part, bool stops, int *status)
{
    int64_t from_ns, to_ns;
    if (!is_partial(engine->options) ||
        !query_extent(engine->swarm, engine_now_ns(), &from_ns, &to_ns)) {
        return true;
    }
    if (!engine->ranged) {
        resolve(engine->options, from_ns, to_ns, part);
        if (!check_part(part, from_ns, to_ns) || !check_order(part)) {
            *status = 2;
            return false;
        }
    }
    if (stops && part->to_ns < to_ns) {
        return stop_clock(engine, part);
    }
    return engine->ranged || keep(engine->swarm, part, true);
}

static struct engine *read_part(const struct options *options, bool stops, int *status)
{
    struct engine_config config = {
        .options = options, .follow = options->follow, .until_end = true};
    struct engine *engine = mem_zalloc(&mem_libc, 1, sizeof *engine);
    struct strbuf error;
    strbuf_init(&error, &mem_libc, 0);
    if (engine != NULL) {
        engine_find_range(&config, false);
    }
    if (config.ranged && !check_order(&config)) {
        mem_free(&mem_libc, engine, sizeof *engine);
        *status = 2;
        return NULL;
    }
    if (engine != NULL && engine_open(engine, &config, &error)) {
        engine_obey(engine, false);
        engine_add_all(engine);
        run(engine);
        *status = engine_complain(engine) ? 0 : 1;
        if (!keep_part(engine, &config, stops, status)) {
            engine_delete(engine);
            engine = NULL;
            if (*status == 2) {
                strbuf_release(&error);
                return NULL;
            }
        }
    } else {
        mem_free(&mem_libc, engine, sizeof *engine);
        engine = NULL;
    }
    if (engine == NULL) {
        *status = 1;
        console_error(&error);
    }
    strbuf_release(&error);
    return engine;
}

struct engine *engine_read_all(const struct options *options, int *status)
{
    return read_part(options, false, status);
}

struct engine *engine_read_until(const struct options *options, int *status)
{
    return read_part(options, true, status);
}

const struct swarm *engine_model(const struct engine *engine)
{
    return engine->past != NULL ? engine->past : engine->swarm;
}

int64_t engine_moment(const struct engine *engine)
{
    return engine->past != NULL ? engine->past_ns : engine_now_ns();
}
