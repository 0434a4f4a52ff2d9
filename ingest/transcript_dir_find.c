/* A directory is listed only when its time has changed, and an entry that the client knows costs
   no call to the system, so that ten thousand files in one directory are no work while nothing
   comes. Directories are held by pointers: `found` may add one while another is listed. */
#include "ingest/transcript_dir.h"

#include "ingest/watcher.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SOON_MS = 30, /* from a change to a look: several come at a time */
    YOUNG_S = 2, /* a younger directory may change again within a tick of the file system's clock */
    LIST_AGAIN_MS = 3000,
    AT_REST = 4 /* directories at rest are looked at every so many looks */
};

#define UNSEEN INT64_MIN

static char *copy_text(const struct mem *mem, const char *text)
{
    char *copy = mem_alloc(mem, strlen(text) + 1);
    return copy == NULL ? NULL : memcpy(copy, text, strlen(text) + 1);
}

static void free_text(const struct mem *mem, char *text)
{
    mem_free(mem, text, text == NULL ? 0 : strlen(text) + 1);
}

/* ---- finding ---- */

static bool has_changed(struct transcript_search *search)
{
    struct stat st;
    if (stat(search->path, &st) != 0) {
        return false;
    }
    int64_t modified = transcript_file_modified_ns(&st);
    bool young = llabs((long long)(time(NULL) - st.st_mtim.tv_sec)) <= YOUNG_S;
    bool changed = young || search->modified_ns != modified;
    search->modified_ns = modified;
    return changed;
}

static void list(struct transcript_dir *dir, struct transcript_search *search)
{
    struct strbuf path;
    DIR *entries = opendir(search->path);
    if (entries == NULL && errno != ENOENT) {
        transcript_dir_refuse(dir, search->path, errno, &search->refused);
    }
    strbuf_init(&path, transcript_dir_mem(dir), 0);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        strbuf_clear(&path);
        strbuf_addf(&path, "%s/%s", search->path, entry->d_name);
        if (entry->d_name[0] != '.' && !path.failed) {
            dir->ops->found(dir, search, entry->d_name, path.data);
        }
        dir->failed |= path.failed;
    }
    if (entries != NULL) {
        closedir(entries);
    }
    strbuf_release(&path);
}

static void look_into(struct transcript_dir *dir, struct transcript_search *search, bool again)
{
    if (search->look == dir->looks) {
        return;
    }
    search->look = dir->looks;
    if (has_changed(search) || again) {
        list(dir, search);
    }
}

struct transcript_search *transcript_dir_add_search(struct transcript_dir *dir, const char *path,
                                                    void *ctx)
{
    const struct mem *mem = transcript_dir_mem(dir);
    struct transcript_search *search = mem_zalloc(mem, 1, sizeof *search);
    char *copy = copy_text(mem, path);
    if (search == NULL || copy == NULL ||
        !mem_reserve(mem, &dir->searches, &dir->search_cap, dir->search_count + 1,
                     sizeof(struct transcript_search *))) {
        free_text(mem, copy);
        mem_free(mem, search, search == NULL ? 0 : sizeof *search);
        dir->failed = true;
        return NULL;
    }
    *search = (struct transcript_search){.path = copy, .ctx = ctx, .modified_ns = UNSEEN};
    dir->searches[dir->search_count++] = search;
    return search;
}

void transcript_dir_look_into(struct transcript_dir *dir, struct transcript_search *search)
{
    look_into(dir, search, false);
}

struct transcript_search *transcript_dir_search(struct transcript_dir *dir, const char *path,
                                                void *ctx)
{
    struct transcript_search *search = transcript_dir_add_search(dir, path, ctx);
    if (search != NULL) {
        look_into(dir, search, false);
    }
    return search;
}

void transcript_dir_find(struct transcript_dir *dir)
{
    bool rest = dir->looks % AT_REST == 1;
    uint64_t now_ms = uv_now(hub_loop(dir->source.hub));
    bool again = dir->lists_again && now_ms - dir->listed_ms >= LIST_AGAIN_MS;
    dir->listed_ms = again ? now_ms : dir->listed_ms;
    /* Directories that are added meanwhile have been looked into. */
    for (size_t i = 0; i < dir->search_count; i++) {
        if (rest || !dir->searches[i]->at_rest) {
            look_into(dir, dir->searches[i], again);
        }
    }
}

bool transcript_dir_add(struct transcript_dir *dir, struct transcript_file *file, const char *path)
{
    const struct mem *mem = transcript_dir_mem(dir);
    file->path = copy_text(mem, path);
    if (file->path == NULL || !mem_reserve(mem, &dir->files, &dir->file_cap, dir->file_count + 1,
                                           sizeof(struct transcript_file *))) {
        free_text(mem, file->path);
        file->path = NULL;
        return false;
    }
    dir->files[dir->file_count++] = file;
    return true;
}

bool transcript_dir_move(struct transcript_dir *dir, struct transcript_file *file, const char *path)
{
    char *copy = copy_text(transcript_dir_mem(dir), path);
    if (copy == NULL) {
        return false;
    }
    free_text(transcript_dir_mem(dir), file->path);
    file->path = copy;
    return true;
}

/* ---- watching ---- */

static void look_soon(void *ctx, enum watcher_event event)
{
    struct transcript_dir *dir = ctx;
    (void)event;
    if (!uv_is_active((uv_handle_t *)&dir->soon)) {
        uv_timer_start(&dir->soon, dir->timer.timer_cb, SOON_MS, 0);
    }
}

void transcript_dir_watch(struct transcript_dir *dir, const char *path, bool *watched)
{
    if (!*watched) {
        *watched = watcher_add_directory(hub_watcher(dir->source.hub), path, look_soon, dir);
    }
}

void transcript_dir_watch_all(struct transcript_dir *dir)
{
    for (size_t i = 0; i < dir->search_count; i++) {
        struct transcript_search *search = dir->searches[i];
        /* A directory that was never seen does not exist yet. */
        if (!search->at_rest && search->modified_ns != UNSEEN) {
            transcript_dir_watch(dir, search->path, &search->watched);
        }
    }
}

/* ---- the end ---- */

void transcript_dir_release(struct transcript_dir *dir)
{
    left_out_release(&dir->left_out);
    const struct mem *mem = transcript_dir_mem(dir);
    for (size_t i = 0; i < dir->search_count; i++) {
        free_text(mem, dir->searches[i]->path);
        mem_free(mem, dir->searches[i], sizeof *dir->searches[i]);
    }
    for (size_t i = 0; i < dir->file_count; i++) {
        free_text(mem, dir->files[i]->path);
    }
    mem_free(mem, dir->searches, dir->search_cap * sizeof(struct transcript_search *));
    mem_free(mem, dir->files, dir->file_cap * sizeof(struct transcript_file *));
    mem_free(mem, dir->piece, dir->piece == NULL ? 0 : TRANSCRIPT_PIECE_BYTES);
}
