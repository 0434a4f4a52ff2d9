/* What all sources have in common, and which kind a spec names: one table of prefixes; anything without one is a file or,
   where the path is one, a directory. */
#include "ingest/source.h"

#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *prefix;
    struct source *(*make)(const struct mem *mem); /* NULL: known, but not in this version */
} kinds[] = {
    {"unix:", socket_source_new},
    {"tcp:", socket_source_new},
    {"otlp:", NULL},
    {"claude:", NULL},
};

static struct source *make(const struct mem *mem, const char *spec, const char **why)
{
    *why = "out of memory";
    if (strcmp(spec, "-") == 0) {
        return stdin_source_new(mem);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strncmp(spec, kinds[i].prefix, strlen(kinds[i].prefix)) == 0) {
            *why = kinds[i].make == NULL ? "this kind of source is not in this version yet" : *why;
            return kinds[i].make == NULL ? NULL : kinds[i].make(mem);
        }
    }
    struct stat status;
    bool dir = stat(spec, &status) == 0 && S_ISDIR(status.st_mode);
    return dir ? dir_source_new(mem) : file_source_new(mem);
}

struct source *source_new(struct hub *hub, const char *spec, struct strbuf *error)
{
    const char *why;
    struct source *source = make(error->mem, spec, &why);
    if (source == NULL) {
        strbuf_addf(error, "%s: %s", spec, why);
    } else {
        source->hub = hub;
    }
    return source;
}

bool source_init(struct source *source, const char *spec)
{
    const struct mem *mem = source_mem(source);
    source->spec_size = strlen(spec) + 1;
    source->spec = mem_alloc(mem, source->spec_size);
    strbuf_init(&source->error, mem, 4096);
    strbuf_init(&source->address, mem, 4096);
    if (source->spec == NULL) {
        source->spec_size = 0;
        return false;
    }
    memcpy(source->spec, spec, source->spec_size);
    return true;
}

void source_release(struct source *source)
{
    mem_free(source_mem(source), source->spec, source->spec_size);
    strbuf_release(&source->error);
    strbuf_release(&source->address);
}

const struct mem *source_mem(const struct source *source)
{
    return source->tally.intake->mem;
}

static void set_error(struct source *source, const char *text, enum notice_level level)
{
    strbuf_clear(&source->error);
    strbuf_adds(&source->error, text);
    source->broken = true;
    intake_say(source->tally.intake, level, text);
    source->tally.intake->changed = true;
}

void source_fail(struct source *source, const char *what, const char *detail)
{
    struct strbuf text;
    strbuf_init(&text, source_mem(source), 4096);
    strbuf_addf(&text, "%s: %s: %s", source->spec, what, detail);
    set_error(source, text.failed ? source->spec : text.data, NOTICE_ERROR);
    strbuf_release(&text);
    source->state = SOURCE_FAILED;
}

void source_complain(struct source *source, const char *text)
{
    set_error(source, text, NOTICE_ERROR);
}

void source_finish(struct source *source)
{
    source->state = SOURCE_FINISHED;
    source->tally.intake->changed = true;
}
