/* A directory: each trace in it becomes a source of its own, as if the user had named it. If it is
   followed, a timer looks for new ones, and now and then for those that another source shows by
   now. */
#include "ingest/trace/dir_source.h"

#include "ingest/trace/trace_name.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { LOOK_MS = 500, LOOKS_A_CHECK = 4, NEVER_MAX = 4096 };

static struct dir_source *of(struct source *source)
{
    return (struct dir_source *)source;
}

static bool is_among(const struct strbuf *names, const char *name)
{
    for (size_t at = 0; at < names->len; at += strlen(names->data + at) + 1) {
        if (strcmp(names->data + at, name) == 0) {
            return true;
        }
    }
    return false;
}

static void put_path(const struct dir_source *dir, const char *name, struct strbuf *path)
{
    size_t len = strlen(dir->path);
    bool slash = len > 0 && dir->path[len - 1] == '/';
    strbuf_init(path, hub_ctx(dir->source.hub)->mem, 4096);
    strbuf_addf(path, "%s%s%s", dir->path, slash ? "" : "/", name);
}

static void take(struct dir_source *dir, const char *name)
{
    struct strbuf path, error;
    strbuf_init(&error, hub_ctx(dir->source.hub)->mem, 4096);
    put_path(dir, name, &path);
    strbuf_add(&dir->known, name, strlen(name) + 1);
    if (!path.failed && !dir->known.failed) {
        (void)hub_add(dir->source.hub, path.data, &error); /* an error shows in the new source */
        dir->source.counters.events++;
    }
    strbuf_release(&path);
    strbuf_release(&error);
}

/* ---- those that another source shows ---- */

static void take_back(struct dir_source *dir, const char *name)
{
    struct strbuf path;
    put_path(dir, name, &path);
    if (!path.failed && hub_take_back(dir->source.hub, path.data)) {
        strbuf_add(&dir->gone, name, strlen(name) + 1);
        ingest_ctx_log_from(hub_ctx(dir->source.hub), LOG_LEVEL_INFO, path.data,
                            "left out: the session's other files show it");
    }
    strbuf_release(&path);
}

static void check_taken(struct dir_source *dir)
{
    for (size_t at = 0; at < dir->known.len; at += strlen(dir->known.data + at) + 1) {
        const char *name = dir->known.data + at;
        if (!is_among(&dir->gone, name) && dir->chooser->is_elsewhere(dir->path, name)) {
            take_back(dir, name);
        }
    }
}

/* ---- new ones ---- */

/* Returns the hash of the file as it is now; 0: it is gone. */
static uint64_t hash_of(const struct dir_source *dir, const char *name)
{
    struct strbuf path;
    struct stat st;
    put_path(dir, name, &path);
    uint64_t hash = 0;
    if (!path.failed && stat(path.data, &st) == 0) {
        const int64_t now[] = {st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
                               (int64_t)st.st_ino};
        hash = XXH3_64bits_withSeed(now, sizeof now, XXH3_64bits(name, strlen(name)));
    }
    strbuf_release(&path);
    return hash;
}

static enum dir_choice choose(struct dir_source *dir, const char *name)
{
    if (!trace_name_is_trace(name) || is_among(&dir->known, name)) {
        return DIR_LEAVE;
    }
    if (dir->chooser == NULL) {
        return DIR_TAKE;
    }
    uint64_t hash = hash_of(dir, name);
    if (hash != 0 && u64map_get(&dir->never, hash) != U64MAP_NONE) {
        return DIR_NEVER;
    }
    enum dir_choice choice = dir->chooser->wants(&dir->source, dir->path, name);
    if (choice == DIR_NEVER && hash != 0) {
        if (dir->never.count >= NEVER_MAX) {
            u64map_clear(&dir->never);
        }
        (void)u64map_put(&dir->never, hash, 1); /* else it is asked for again */
    }
    return choice;
}

/* Reads the names in order, so that rows have the same order on every machine. */
static bool look(struct dir_source *dir)
{
    struct dirent **entries;
    int count = scandir(dir->path, &entries, NULL, alphasort);
    if (count < 0) {
        return false;
    }
    dir->waits = false;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        enum dir_choice choice = choose(dir, name);
        dir->waits |= choice == DIR_WAIT;
        if (choice == DIR_TAKE) {
            take(dir, name);
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
    if (stat(dir->path, &st) != 0) {
        return;
    }
    if (dir->chooser != NULL && ++dir->looks % LOOKS_A_CHECK == 0) {
        check_taken(dir);
    }
    uint64_t modified = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
    if (modified != dir->modified || dir->waits) {
        dir->modified = modified;
        source_set_state(&dir->source, look(dir) ? SOURCE_OPEN : SOURCE_WAITING);
    }
}

bool dir_source_open(struct source *source, const char *path, const struct dir_chooser *chooser,
                     struct strbuf *error)
{
    struct dir_source *dir = of(source);
    strbuf_init(&dir->known, hub_ctx(source->hub)->mem, 0);
    strbuf_init(&dir->gone, hub_ctx(source->hub)->mem, 0);
    u64map_init(&dir->never, hub_ctx(source->hub)->mem);
    dir->path = path;
    dir->chooser = chooser;
    if (!look(dir)) {
        if (chooser == NULL || errno != ENOENT) {
            source_error(error, source->spec, "cannot be read", strerror(errno));
            return false;
        }
        source_set_state(source, SOURCE_WAITING);
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

void dir_source_close(struct source *source)
{
    struct dir_source *dir = of(source);
    if (source->handles > 0 && !uv_is_closing((uv_handle_t *)&dir->timer)) {
        uv_close((uv_handle_t *)&dir->timer, handle_closed);
    }
}

void dir_source_release(struct source *source)
{
    strbuf_release(&of(source)->known);
    strbuf_release(&of(source)->gone);
    u64map_release(&of(source)->never);
}

/* A directory without traces may be a client's, whose files are another source. */
static void explain_empty(struct source *source)
{
    const struct source_row *row =
        source_row_of_files(hub_settings(source->hub)->sources, source->spec);
    if (row != NULL) {
        strbuf_addf(&source->error, "%s: no traces in it; for the files of %s put %s before it",
                    source->spec, row->client, row->prefix);
    }
}

static bool open_dir(struct source *source, struct strbuf *error)
{
    if (!dir_source_open(source, source->spec, NULL, error)) {
        return false;
    }
    if (source->counters.events == 0) {
        explain_empty(source);
    }
    return true;
}

/* Returns whether the file would become a source; those that have are asked themselves. */
static bool reads_dir(const struct source *source, const char *path, const struct stat *st)
{
    const char *slash = strrchr(path, '/');
    struct stat own, other;
    char parent[4096];
    (void)st;
    if (!hub_settings(source->hub)->follow ||
        !trace_name_is_trace(slash != NULL ? slash + 1 : path)) {
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
    .close = dir_source_close,
    .release = dir_source_release,
    .reads = reads_dir,
};
