/* A directory: each trace in it becomes a source of its own, as if it had been named. Where it is followed, a timer looks for new
   ones. */
#include "ingest/trace/dir_source.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 500 };

struct dir_source {
    struct source source;
    uv_timer_t timer;
    struct strbuf known; /* the names that were taken, each with its NUL */
    uint64_t modified;   /* of the directory at the last look */
};

static struct dir_source *of(struct source *source)
{
    return (struct dir_source *)source;
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), n = strlen(end);
    return len > n && strcmp(name + len - n, end) == 0;
}

static bool is_trace(const char *name)
{
    static const char *const ends[] = {".json",      ".json.gz", ".ndjson",
                                       ".ndjson.gz", ".jsonl",   ".jsonl.gz"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (name[0] != '.' && ends_with(name, ends[i])) {
            return true;
        }
    }
    return false;
}

static bool is_known(const struct dir_source *dir, const char *name)
{
    for (size_t at = 0; at < dir->known.len; at += strlen(dir->known.data + at) + 1) {
        if (strcmp(dir->known.data + at, name) == 0) {
            return true;
        }
    }
    return false;
}

static void take(struct dir_source *dir, const char *name)
{
    struct strbuf path, error;
    const struct mem *mem = hub_ctx(dir->source.hub)->mem;
    strbuf_init(&path, mem, 4096);
    strbuf_init(&error, mem, 4096);
    bool slash = ends_with(dir->source.spec, "/");
    strbuf_addf(&path, "%s%s%s", dir->source.spec, slash ? "" : "/", name);
    strbuf_add(&dir->known, name, strlen(name) + 1);
    if (!path.failed && !dir->known.failed) {
        (void)hub_add(dir->source.hub, path.data, &error); /* its own status says how it went */
        dir->source.counters.events++;
    }
    strbuf_release(&path);
    strbuf_release(&error);
}

/* By name, so that the rows have the same order on every machine. */
static bool look(struct dir_source *dir)
{
    struct dirent **entries;
    int count = scandir(dir->source.spec, &entries, NULL, alphasort);
    if (count < 0) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (is_trace(entries[i]->d_name) && !is_known(dir, entries[i]->d_name)) {
            take(dir, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    return true;
}

static void look_again(uv_timer_t *timer)
{
    struct dir_source *dir = timer->data;
    struct stat st;
    if (stat(dir->source.spec, &st) != 0) {
        return;
    }
    uint64_t modified = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
    if (modified != dir->modified) {
        dir->modified = modified;
        (void)look(dir);
    }
}

static bool open_dir(struct source *source, struct strbuf *error)
{
    struct dir_source *dir = of(source);
    strbuf_init(&dir->known, hub_ctx(source->hub)->mem, 0);
    if (!look(dir)) {
        source_error(error, source->spec, "cannot be read", strerror(errno));
        return false;
    }
    if (!hub_settings(source->hub)->follow) {
        source_finish(source, NULL);
        return true;
    }
    uv_timer_init(hub_loop(source->hub), &dir->timer);
    dir->timer.data = dir;
    source->handles = 1;
    uv_timer_start(&dir->timer, look_again, LOOK_MS, LOOK_MS);
    return true;
}

static void handle_closed(uv_handle_t *handle)
{
    struct dir_source *dir = handle->data;
    dir->source.handles--;
}

static void close_dir(struct source *source)
{
    struct dir_source *dir = of(source);
    if (source->handles > 0 && !uv_is_closing((uv_handle_t *)&dir->timer)) {
        uv_close((uv_handle_t *)&dir->timer, handle_closed);
    }
}

static void release_dir(struct source *source)
{
    strbuf_release(&of(source)->known);
}

/* Its files are sources of their own; here it is about those that would become some. */
static bool reads_dir(const struct source *source, const char *path, const struct stat *st)
{
    const char *slash = strrchr(path, '/');
    struct stat own, other;
    char parent[4096];
    (void)st;
    if (!hub_settings(source->hub)->follow || !is_trace(slash != NULL ? slash + 1 : path)) {
        return false;
    }
    size_t len = slash != NULL ? (size_t)(slash - path) : 0;
    if (len >= sizeof parent) {
        return false;
    }
    memcpy(parent, path, len);
    parent[len] = '\0';
    const char *dir = slash == NULL ? "." : len == 0 ? "/" : parent;
    return stat(source->spec, &own) == 0 && stat(dir, &other) == 0 && own.st_dev == other.st_dev &&
           own.st_ino == other.st_ino;
}

const struct source_ops dir_source_ops = {
    .size = sizeof(struct dir_source),
    .open = open_dir,
    .close = close_dir,
    .release = release_dir,
    .reads = reads_dir,
};
