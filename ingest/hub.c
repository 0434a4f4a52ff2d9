/* The hub owns the sources and what their decoders share (the intake). After each turn of the loop in which something changed, it says so once:
   a burst of lines is one frame to draw. */
#include "ingest/hub.h"

#include "ingest/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct hub {
    uv_loop_t *loop;
    struct hub_options options;
    struct intake intake;
    struct source **sources;
    size_t count, cap;
    uv_check_t check; /* after a turn's reads */
};

static void after_turn(uv_check_t *check)
{
    struct hub *hub = check->data;
    if (hub->intake.changed) {
        hub->intake.changed = false;
        if (hub->options.changed != NULL) {
            hub->options.changed(hub->options.ctx);
        }
    }
}

struct hub *hub_new(uv_loop_t *loop, const struct hub_options *options)
{
    const struct mem *mem = swarm_mem(options->swarm);
    struct hub *hub = mem_zalloc(mem, 1, sizeof *hub);
    if (hub == NULL) {
        return NULL;
    }
    hub->loop = loop;
    hub->options = *options;
    intake_init(&hub->intake, options->swarm, options->tracer, options->log, options->now_ns,
                options->ctx);
    uv_check_init(loop, &hub->check);
    hub->check.data = hub;
    uv_check_start(&hub->check, after_turn);
    uv_unref((uv_handle_t *)&hub->check);
    return hub;
}

static bool keep(struct hub *hub, struct source *source, const char *spec, struct strbuf *error)
{
    const struct mem *mem = hub->intake.mem;
    source->hub = hub;
    source->loop = hub->loop;
    source->options = &hub->options;
    source->tally.intake = &hub->intake;
    if (!source_init(source, spec) || !mem_reserve(mem, &hub->sources, &hub->cap, hub->count + 1,
                                                   sizeof *hub->sources)) {
        source->class->free(source);
        strbuf_addf(error, "%s: out of memory", spec);
        return false;
    }
    hub->sources[hub->count++] = source;
    hub->intake.changed = true;
    return true;
}

bool hub_add(struct hub *hub, const char *spec, struct strbuf *error)
{
    struct source *source = source_new(hub, spec, error);
    if (source == NULL || !keep(hub, source, spec, error)) {
        return false;
    }
    if (source->class->open(source)) {
        return true;
    }
    strbuf_add(error, source->error.data != NULL ? source->error.data : spec, source->error.len);
    return false;
}

bool source_adopt(struct source *source, const char *spec)
{
    struct strbuf error;
    strbuf_init(&error, source_mem(source), 4096);
    bool good = hub_add(source->hub, spec, &error);
    strbuf_release(&error);
    return good;
}

size_t hub_source_count(const struct hub *hub)
{
    return hub->count;
}

struct source_status hub_source(const struct hub *hub, size_t index)
{
    const struct source *source = hub->sources[index];
    return (struct source_status){
        .spec = source->spec,
        .error = source->error.data != NULL ? source->error.data : "",
        .state = source->state,
        .listens = source->listens,
        .senders = source->senders,
        .events = source->tally.events,
        .bad = source->tally.bad,
    };
}

bool hub_finished(const struct hub *hub)
{
    for (size_t i = 0; i < hub->count; i++) {
        if (hub->sources[i]->state != SOURCE_FINISHED && hub->sources[i]->state != SOURCE_FAILED) {
            return false;
        }
    }
    return true;
}

bool hub_failed(const struct hub *hub)
{
    for (size_t i = 0; i < hub->count; i++) {
        if (hub->sources[i]->broken) {
            return true;
        }
    }
    return false;
}

const char *hub_bound_address(const struct hub *hub, size_t index)
{
    const struct source *source = hub->sources[index];
    return source->address.len > 0 ? source->address.data : NULL;
}

bool hub_reads(const struct hub *hub, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return false;
    }
    for (size_t i = 0; i < hub->count; i++) {
        const struct source *source = hub->sources[i];
        if (source->class->reads != NULL &&
            source->class->reads(source, (uint64_t)status.st_dev, (uint64_t)status.st_ino)) {
            return true;
        }
    }
    return false;
}

void hub_stop(struct hub *hub)
{
    for (size_t i = 0; i < hub->count; i++) {
        hub->sources[i]->class->stop(hub->sources[i]);
    }
    uv_close((uv_handle_t *)&hub->check, NULL);
}

void hub_free(struct hub *hub)
{
    const struct mem *mem = hub->intake.mem;
    for (size_t i = 0; i < hub->count; i++) {
        hub->sources[i]->class->free(hub->sources[i]);
    }
    mem_free(mem, hub->sources, hub->cap * sizeof *hub->sources);
    intake_release(&hub->intake);
    mem_free(mem, hub, sizeof *hub);
}

/* ---- the default address ---- */

/* The directory is there, a directory, the user's own, and closed to others. */
static bool own_directory(const char *path, bool make, struct strbuf *error)
{
    struct stat status;
    if (make && mkdir(path, 0700) != 0 && errno != EEXIST) {
        strbuf_addf(error, "%s: cannot be made: %s", path, strerror(errno));
        return false;
    }
    if (lstat(path, &status) != 0) {
        if (!make && errno == ENOENT) {
            return true;
        }
        strbuf_addf(error, "%s: %s", path, strerror(errno));
        return false;
    }
    if (!S_ISDIR(status.st_mode) || status.st_uid != getuid() || (status.st_mode & 077) != 0) {
        strbuf_addf(error, "%s: not safe: it must be a directory of your own with mode 0700", path);
        return false;
    }
    return true;
}

bool hub_default_address(struct strbuf *out, bool make, struct strbuf *error)
{
    const char *given = getenv("SWARMTOP_SOCKET");
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (given != NULL && *given != '\0') {
        bool plain = strncmp(given, "unix:", 5) != 0 && strncmp(given, "tcp:", 4) != 0;
        strbuf_addf(out, "%s%s", plain ? "unix:" : "", given);
        return !out->failed;
    }
    if (runtime != NULL && *runtime != '\0') {
        strbuf_addf(out, "unix:%s/swarmtop.sock", runtime);
        return !out->failed;
    }
    char dir[64];
    snprintf(dir, sizeof dir, "/tmp/swarmtop-%lu", (unsigned long)getuid());
    if (!own_directory(dir, make, error)) {
        return false;
    }
    strbuf_addf(out, "unix:%s/feed.sock", dir);
    return !out->failed;
}
