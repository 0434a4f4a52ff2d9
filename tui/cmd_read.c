/* Reading sources to their end, and a part of them. A part is made by writing that part of the
   document and reading it again: live equals re-opened, so nothing else has to know what "only from
   there to there" means. */
#include "tui/cmd_engine.h"

#include "core/query.h"
#include "core/trace_file.h"

#include "ingest/hub.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool write_part(const struct engine *engine, const char *path, int64_t from_ns,
                       int64_t to_ns, struct strbuf *error)
{
    struct document_options document = {
        .tracks = TRACKS_LANE,
        .only = NO_SESSION,
        .from_ns = from_ns,
        .to_ns = to_ns,
    };
    struct trace_file *file = trace_file_begin(engine->mem, path, error);

    if (!file)
        return false;
    /* Where it fails, so does the commit. */
    if (!document_write(engine->swarm, &document, trace_file_write, file, NULL)) {
        trace_file_abort(file);
        strbuf_addf(error, "%s: cannot be written", path);
        return false;
    }
    return trace_file_commit(file, error);
}

static struct engine *read_part(const struct engine *engine, const char *path, struct strbuf *error)
{
    struct engine_config config = {.options = engine->options, .until_end = true};
    struct engine *part = mem_zalloc(engine->mem, 1, sizeof *part);

    if (!part || !engine_open(part, &config, error)) {
        mem_free(engine->mem, part, sizeof *part);
        return NULL;
    }
    if (engine_add(part, path, error)) {
        engine_run(part);
        if (!hub_failed(part->hub))
            return part;
        strbuf_addf(error, "%s: the part cannot be read", path);
    }
    engine_delete(part);
    return NULL;
}

struct engine *engine_new_part(const struct engine *engine, int64_t from_ns, int64_t to_ns,
                               struct strbuf *error)
{
    const char *tmp = engine->options->env.tmpdir;
    struct engine *part = NULL;
    struct strbuf dir, path;

    strbuf_init(&dir, engine->mem, 0);
    strbuf_init(&path, engine->mem, 0);
    strbuf_addf(&dir, "%s/swarmtop.XXXXXX", tmp ? tmp : "/tmp");
    if (dir.failed || !mkdtemp(dir.data)) {
        strbuf_addf(error, "%s: cannot be made: %s",
                    dir.failed ? "a temporary directory" : dir.data, strerror(errno));
    } else {
        strbuf_addf(&path, "%s/part.json", dir.data);
        if (!path.failed && write_part(engine, path.data, from_ns, to_ns, error))
            part = read_part(engine, path.data, error);
        if (!path.failed)
            unlink(path.data);
        rmdir(dir.data);
    }
    strbuf_release(&dir);
    strbuf_release(&path);
    return part;
}

void engine_delete(struct engine *engine)
{
    const struct mem *mem = engine->mem;

    engine_close(engine);
    mem_free(mem, engine, sizeof *engine);
}

/* Returns the engine, or what takes its place: its part between --from and --to. NULL: *error says
   why. */
static struct engine *keep_part(struct engine *engine, struct strbuf *error)
{
    const struct options *options = engine->options;
    struct engine *part;
    int64_t from_ns, to_ns;

    if ((options->from.form == TIME_UNSET && options->to.form == TIME_UNSET) ||
        !query_extent(engine->swarm, engine_now_ns(), &from_ns, &to_ns))
        return engine;
    part = engine_new_part(engine, time_spec_resolve(options->from, from_ns, to_ns, INT64_MIN),
                           time_spec_resolve(options->to, from_ns, to_ns, INT64_MAX), error);
    engine_delete(engine);
    return part;
}

struct engine *engine_read_all(const struct options *options, int *status)
{
    struct engine_config config = {
        .options = options, .follow = options->follow, .until_end = true};
    struct engine *engine = mem_zalloc(&mem_libc, 1, sizeof *engine);
    struct strbuf error;

    strbuf_init(&error, &mem_libc, 0);
    if (engine && engine_open(engine, &config, &error)) {
        engine_add_all(engine);
        engine_obey(engine);
        engine_run(engine);
        *status = engine_complain(engine) ? 0 : 1;
        engine = keep_part(engine, &error);
    } else {
        mem_free(&mem_libc, engine, sizeof *engine);
        engine = NULL;
    }
    if (!engine) {
        *status = 1;
        fprintf(stderr, "swarmtop: %s\n", error.data ? error.data : "out of memory");
    }
    strbuf_release(&error);
    return engine;
}
