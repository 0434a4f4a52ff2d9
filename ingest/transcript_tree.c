/* Entries are matched with the table of places by the level of their directory, which a search has
   as its context. Files that one look has found are sorted by their beginnings before they are
   read, since rows come in the order in which updates come. */
#include "ingest/transcript_tree.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SINCE_NS ((int64_t)3600 * 1000000000)

enum {
    AT_REST = 4 /* every so many looks files at rest are looked at too */
};

static struct transcript_tree *of(struct transcript_dir *dir)
{
    return (struct transcript_tree *)dir;
}

/* ---- files ---- */

static void free_file(const struct mem *mem, struct tree_file *file)
{
    if (file == NULL) {
        return;
    }
    if (file->reader != NULL) {
        tree_file_end(file);
        mem_free(mem, file->reader, file->tree->client->reader_size);
    }
    mem_free(mem, file, sizeof *file);
}

/* Returns the names of the members that have the times of such a file. */
static const char *const *times_of(const struct tree_place *place)
{
    static const char *const line_times[] = {"timestamp", NULL};
    return place->times != NULL ? place->times : line_times;
}

/* Adds a transcript to those that are read. */
static void add_file(struct transcript_tree *tree, const struct tree_place *place, const char *path)
{
    const struct mem *mem = transcript_dir_mem(&tree->dir);
    struct tree_file *file = mem_zalloc(mem, 1, sizeof *file);
    if (file != NULL) {
        file->tree = tree;
        file->kind = place->kind;
        file->document = place->document;
        file->first_ms = transcript_first_ms_by(mem, path, times_of(place));
        file->reader = mem_zalloc(mem, 1, tree->client->reader_size);
    }
    /* Last: the directory keeps the file. */
    bool good = file != NULL && file->reader != NULL && tree_file_begin(file) &&
                mem_reserve(mem, &tree->files, &tree->cap, tree->count + 1, sizeof *tree->files) &&
                transcript_dir_add(&tree->dir, &file->file, path);
    if (!good) {
        free_file(mem, file);
        tree->dir.failed = true;
        return;
    }
    tree->files[tree->count++] = file;
}

/* Names a file that is not read, once. */
static void refuse(struct transcript_tree *tree, const char *path, const char *why)
{
    if (intern_find(tree->refused, path, strlen(path)) != INTERN_NONE) {
        return;
    }
    tree->dir.failed |= intern_put(tree->refused, path, strlen(path)) == INTERN_FAILED;
    source_counters_unreadable(&tree->dir.source.counters, path, why);
}

static bool is_known(const struct transcript_tree *tree, const char *path)
{
    return intern_find(tree->known, path, strlen(path)) != INTERN_NONE;
}

static void note_known(struct transcript_tree *tree, const char *path)
{
    tree->dir.failed |= intern_put(tree->known, path, strlen(path)) == INTERN_FAILED;
}

/* Times of files do not count: a copy, a backup or a checkout has a new one. */
static bool is_recent(struct transcript_tree *tree, const struct tree_place *place,
                      const char *path, const struct stat *st)
{
    int64_t from_ns = ingest_ctx_wall(tree->dir.source.counters.ingest) - tree->since_ns;
    bool recent = transcript_is_recent_by(&tree->recent, path, st, from_ns, times_of(place));
    if (!recent && place->beside != NULL) {
        char other[PATH_MAX];
        struct stat its;
        size_t len = strlen(path) - strlen(place->suffix);
        int size = snprintf(other, sizeof other, "%.*s%s", (int)len, path, place->beside);
        recent = size < (int)sizeof other && lstat(other, &its) == 0 && S_ISREG(its.st_mode) &&
                 transcript_is_recent(&tree->recent, other, &its, from_ns);
    }
    tree->dir.failed |= tree->recent.failed;
    return recent;
}

/* Returns whether the owner may surely read it: the system is asked of no more, since there may be
   thousands. */
static bool may_read(const struct stat *st)
{
    return st->st_uid == geteuid() && (st->st_mode & S_IRUSR) != 0;
}

static void found_file(struct transcript_tree *tree, const struct tree_place *place,
                       const char *path)
{
    struct strbuf real;
    struct stat st;
    strbuf_init(&real, transcript_dir_mem(&tree->dir), 0);
    bool found = lstat(path, &st) == 0, link = found && S_ISLNK(st.st_mode);
    if (link && (!transcript_file_resolve(path, &real) || lstat(real.data, &st) != 0)) {
        refuse(tree, path, "a link that leads to no such file");
    } else if (found && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        refuse(tree, path, "it is no regular file");
    } else if (found && S_ISREG(st.st_mode)) {
        const char *from = link ? real.data : path;
        bool wanted = tree->whole || place->always;
        if (!wanted && !may_read(&st) && access(from, R_OK) != 0) {
            refuse(tree, from, strerror(errno));
        } else {
            bool taken = wanted || is_recent(tree, place, from, &st);
            if (!place->part) {
                transcript_dir_note_older(&tree->dir, from, tree->recent.written_ns, !taken);
            }
            if (taken) {
                note_known(tree, path);
                add_file(tree, place, from);
            }
        }
    }
    tree->dir.failed |= real.failed;
    strbuf_release(&real);
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool fits(const struct tree_place *place, unsigned level, const char *name)
{
    size_t len = strlen(name), before = strlen(place->prefix), after = strlen(place->suffix);
    return place->level == level && len > before + after - (before + after == len) &&
           strncmp(name, place->prefix, before) == 0 &&
           strcmp(name + len - after, place->suffix) == 0;
}

/* ---- for transcript_dir ---- */

static void found(struct transcript_dir *dir, const struct transcript_search *where,
                  const char *name, const char *path)
{
    struct transcript_tree *tree = of(dir);
    unsigned level = (unsigned)(uintptr_t)where->ctx;
    for (const struct tree_place *place = tree->client->places; place->prefix != NULL; place++) {
        if (!fits(place, level, name) || is_known(tree, path)) {
            continue;
        }
        if (place->packed) {
            if (tree->whole) { /* it is old */
                refuse(tree, path, "it is packed: unpack it with zstd -d");
            }
        } else if (place->next == 0) {
            found_file(tree, place, path);
        } else if (is_directory(path)) {
            note_known(tree, path);
            transcript_dir_search(dir, path, (void *)(uintptr_t)place->next);
        }
    }
}

static int by_beginning(const void *a, const void *b)
{
    const struct tree_file *one = *(struct tree_file *const *)a;
    const struct tree_file *other = *(struct tree_file *const *)b;
    if (one->first_ms < other->first_ms || one->first_ms > other->first_ms) {
        return one->first_ms < other->first_ms ? -1 : 1;
    }
    return isnan(one->first_ms) != isnan(other->first_ms)
               ? isnan(one->first_ms) - isnan(other->first_ms)
               : strcmp(one->file.path, other->file.path);
}

static void look(struct transcript_dir *dir, uint64_t now_ms)
{
    struct transcript_tree *tree = of(dir);
    (void)now_ms;
    if (dir->search_count == 0) {
        transcript_dir_search(dir, tree->root, NULL);
    } else {
        transcript_dir_find(dir);
    }
    if (dir->search_count > 1 || tree->count > 0) {
        source_set_state(&dir->source, SOURCE_OPEN);
    }
    if (tree->count > tree->sorted) {
        qsort(tree->files + tree->sorted, tree->count - tree->sorted, sizeof *tree->files,
              by_beginning);
    }
    tree->sorted = tree->count;
    tree->at = 0;
    for (size_t i = 0; i < tree->count; i++) {
        struct tree_file *file = tree->files[i];
        if ((!file->at_rest || dir->looks % AT_REST == 1) && transcript_file_look(&file->file)) {
            tree_file_end(file);
            dir->failed |= !tree_file_begin(file);
        }
    }
}

static struct transcript_file *next(struct transcript_dir *dir)
{
    struct transcript_tree *tree = of(dir);
    while (tree->at < tree->count && !transcript_file_has_more(&tree->files[tree->at]->file)) {
        tree->at++;
    }
    return tree->at < tree->count ? &tree->files[tree->at]->file : NULL;
}

static void take(struct transcript_dir *dir, struct transcript_file *read, const char *bytes,
                 size_t len, uint64_t now_ms)
{
    (void)dir, (void)now_ms;
    tree_file_push((struct tree_file *)read, bytes, len, !transcript_file_has_more(read));
}

/* Reports which sessions live and which have ended. */
static void conclude(struct transcript_tree *tree, bool last)
{
    struct client_sessions *sessions = &tree->sessions;
    const struct tree_client *client = tree->client;
    client_sessions_begin_look(sessions);
    for (size_t i = 0; i < tree->count; i++) {
        struct tree_file *file = tree->files[i];
        if (client->is_busy(file)) {
            client_sessions_set_busy(sessions, file->session);
        }
    }
    for (size_t i = 0; client->conclude != NULL && i < tree->count; i++) {
        struct tree_file *file = tree->files[i];
        if (file->session != CLIENT_SESSION_NONE &&
            (last || !file->at_rest || tree->dir.looks % AT_REST == 1)) {
            client->conclude(file);
        }
    }
    client_sessions_conclude(sessions, last);
    for (size_t i = 0; i < tree->count; i++) {
        tree->files[i]->at_rest = client_sessions_has_ended(sessions, tree->files[i]->session);
    }
    tree->dir.failed |= sessions->failed;
}

static void read_up(struct transcript_dir *dir, uint64_t now_ms, bool loaded, bool last)
{
    struct transcript_tree *tree = of(dir);
    (void)now_ms, (void)loaded;
    for (size_t i = 0; last && i < tree->count; i++) {
        tree_file_finish(tree->files[i]);
    }
    conclude(tree, last);
    client_sessions_log_unknown(&tree->sessions, dir->source.spec, "lines");
}

static void finish(struct transcript_dir *dir)
{
    struct transcript_tree *tree = of(dir);
    for (size_t i = 0; i < tree->count; i++) {
        tree_file_finish(tree->files[i]);
    }
}

static const struct transcript_dir_ops tree_ops = {
    .look = look,
    .found = found,
    .next = next,
    .take = take,
    .read_up = read_up,
    .finish = finish,
};

/* ---- the source ---- */

static bool make(struct transcript_tree *tree, const struct tree_client *client, const char *path)
{
    const struct mem *mem = transcript_dir_mem(&tree->dir);
    int64_t since_ns = hub_settings(tree->dir.source.hub)->since_ns;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    tree->client = client;
    tree->since_ns = since_ns > 0 ? since_ns : SINCE_NS;
    tree->content = hub_settings(tree->dir.source.hub)->content;
    tree->max_line_bytes = source_max_line(&tree->dir.source, true);
    tree->root = mem_alloc(mem, len + 1);
    tree->known = intern_new(mem);
    tree->refused = intern_new(mem);
    if (!client_sessions_init(&tree->sessions, tree->dir.source.counters.ingest, tree->since_ns) ||
        !transcript_recent_init(&tree->recent, mem) || tree->root == NULL || tree->known == NULL ||
        tree->refused == NULL) {
        return false;
    }
    client_sessions_search(&tree->sessions, source_setting(&tree->dir.source, "proc"),
                           tree->dir.source.row->programs);
    client_sessions_search_on(&tree->sessions, hub_loop(tree->dir.source.hub),
                              &tree->dir.source.handles, &tree->dir.source.closing);
    memcpy(tree->root, path, len);
    tree->root[len] = '\0';
    return true;
}

/* Returns 0 if the directory has what it needs, else errno. */
static int find_needed(const struct transcript_tree *tree)
{
    char path[PATH_MAX];
    struct stat st;
    int len = snprintf(path, sizeof path, "%s/%s", tree->root, tree->dir.source.row->needs);
    return len >= (int)sizeof path ? ENAMETOOLONG : stat(path, &st) == 0 ? 0 : errno;
}

/* False: *detail has what is wrong with the directory. */
static bool begin(struct transcript_tree *tree, const struct tree_client *client,
                  struct strbuf *detail)
{
    struct source *source = &tree->dir.source;
    const char *named = source_argument(source);
    const char *path = *named != '\0' ? named : source_setting(source, "dir");
    if (path == NULL) {
        strbuf_adds(detail, "its directory is unknown, since HOME is not set");
        return false;
    }
    tree->whole = *named != '\0';
    tree->dir.lists_again = !tree->whole;
    if (!make(tree, client, path)) {
        strbuf_adds(detail, "out of memory");
        return false;
    }
    int why = find_needed(tree);
    if (!transcript_dir_follows(&tree->dir) && why != 0) {
        if (why == ENOENT) {
            strbuf_addf(detail, "%s has no %s", tree->root, source->row->needs);
        } else {
            strbuf_addf(detail, "%s/%s: %s", tree->root, source->row->needs, strerror(why));
        }
        return false;
    }
    if (!transcript_dir_begin(&tree->dir, &tree_ops)) {
        strbuf_adds(detail, "out of memory");
        return false;
    }
    return true;
}

bool transcript_tree_open(struct source *source, const struct tree_client *client,
                          struct strbuf *error)
{
    struct strbuf detail;
    strbuf_init(&detail, hub_ctx(source->hub)->mem, 0);
    bool good = begin((struct transcript_tree *)source, client, &detail);
    if (!good) {
        source_error(error, source->spec, "cannot be read",
                     detail.failed ? "out of memory" : detail.data);
    } else {
        strbuf_add(error, source->error.data, source->error.len);
    }
    strbuf_release(&detail);
    return good && source->state != SOURCE_FAILED;
}

void transcript_tree_release(struct source *source)
{
    struct transcript_tree *tree = (struct transcript_tree *)source;
    const struct mem *mem = transcript_dir_mem(&tree->dir);
    transcript_dir_release(&tree->dir);
    for (size_t i = 0; i < tree->count; i++) {
        free_file(mem, tree->files[i]);
    }
    mem_free(mem, tree->files, tree->cap * sizeof *tree->files);
    mem_free(mem, tree->root, tree->root == NULL ? 0 : strlen(tree->root) + 1);
    intern_free(tree->known);
    intern_free(tree->refused);
    transcript_recent_release(&tree->recent);
    client_sessions_release(&tree->sessions);
}
