/* One inotify instance serves all sources: a user has few of them. A directory has one watch,
   however many of its files are watched; events are matched by watch and name. */
#include "ingest/watcher.h"

#include "core/base/strbuf.h"

#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#ifdef __linux__
#include <sys/inotify.h>

enum { EVENTS = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MODIFY | IN_CREATE };

struct watch {
    int directory; /* inotify's number of it; -1: a free place */
    char *name;    /* of the file in it; NULL: all of them */
    uint64_t hash; /* of the name: a directory may hold a thousand of ours */
    watcher_call *call;
    void *ctx;
};

struct watcher {
    const struct mem *mem;
    int fd;
    uv_poll_t poll;
    struct watch *watches;
    size_t count, cap;
    unsigned *open; /* of watcher_close */
};

static void forget(struct watcher *watcher, struct watch *watch)
{
    if (watch->name != NULL) {
        mem_free(watcher->mem, watch->name, strlen(watch->name) + 1);
    }
    *watch = (struct watch){.directory = -1};
}

static void dispatch(struct watcher *watcher, const struct inotify_event *event)
{
    bool written = (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0;
    uint64_t hash = event->len > 0 ? XXH3_64bits(event->name, strlen(event->name)) : 0;
    /* A call may add watches, and move the list. */
    for (size_t i = 0; i < watcher->count; i++) {
        const struct watch *watch = &watcher->watches[i];
        if (watch->directory == event->wd && event->len > 0 &&
            (watch->name == NULL ||
             (watch->hash == hash && strcmp(watch->name, event->name) == 0))) {
            watch->call(watch->ctx, written ? WATCHER_WRITTEN : WATCHER_MODIFIED);
        }
    }
}

static void readable(uv_poll_t *poll, int status, int events)
{
    struct watcher *watcher = poll->data;
    _Alignas(struct inotify_event) char buffer[4096];
    (void)status, (void)events;
    for (;;) {
        ssize_t len = read(watcher->fd, buffer, sizeof buffer);
        if (len <= 0) {
            return;
        }
        for (const char *at = buffer; at < buffer + len;) {
            struct inotify_event head;
            memcpy(&head, at, sizeof head);
            dispatch(watcher, (const struct inotify_event *)(const void *)at);
            at += sizeof head + head.len;
        }
    }
}

struct watcher *watcher_new(const struct mem *mem, uv_loop_t *loop)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    struct watcher *watcher = fd < 0 ? NULL : mem_zalloc(mem, 1, sizeof *watcher);
    if (watcher == NULL || uv_poll_init(loop, &watcher->poll, fd) != 0) {
        mem_free(mem, watcher, watcher == NULL ? 0 : sizeof *watcher);
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    watcher->mem = mem;
    watcher->fd = fd;
    watcher->poll.data = watcher;
    uv_poll_start(&watcher->poll, UV_READABLE, readable);
    uv_unref((uv_handle_t *)&watcher->poll);
    return watcher;
}

static void closed(uv_handle_t *handle)
{
    struct watcher *watcher = handle->data;
    const struct mem *mem = watcher->mem;
    for (size_t i = 0; i < watcher->count; i++) {
        forget(watcher, &watcher->watches[i]);
    }
    --*watcher->open;
    close(watcher->fd);
    mem_free(mem, watcher->watches, watcher->cap * sizeof *watcher->watches);
    mem_free(mem, watcher, sizeof *watcher);
}

void watcher_close(struct watcher *watcher, unsigned *open)
{
    if (watcher != NULL) {
        watcher->open = open;
        uv_close((uv_handle_t *)&watcher->poll, closed);
    }
}

static struct watch *new_watch(struct watcher *watcher)
{
    for (size_t i = 0; i < watcher->count; i++) {
        if (watcher->watches[i].directory < 0) {
            return &watcher->watches[i];
        }
    }
    if (!mem_reserve(watcher->mem, &watcher->watches, &watcher->cap, watcher->count + 1,
                     sizeof *watcher->watches)) {
        return NULL;
    }
    struct watch *watch = &watcher->watches[watcher->count++];
    *watch = (struct watch){.directory = -1};
    return watch;
}

/* The directory that the path is in, appended. */
static void directory_of(const char *path, struct strbuf *out)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        strbuf_adds(out, ".");
    } else {
        strbuf_add(out, path, slash == path ? 1 : (size_t)(slash - path));
    }
}

static char *copy_text(const struct mem *mem, const char *text)
{
    char *copy = mem_alloc(mem, strlen(text) + 1);
    return copy == NULL ? NULL : memcpy(copy, text, strlen(text) + 1);
}

bool watcher_add(struct watcher *watcher, const char *path, watcher_call *call, void *ctx)
{
    const char *slash = strrchr(path, '/');
    struct strbuf directory;
    struct watch *watch = watcher == NULL ? NULL : new_watch(watcher);
    if (watch == NULL) {
        return false;
    }
    strbuf_init(&directory, watcher->mem, 0);
    directory_of(path, &directory);
    char *name = copy_text(watcher->mem, slash == NULL ? path : slash + 1);
    int number = directory.failed || name == NULL
                     ? -1
                     : inotify_add_watch(watcher->fd, directory.data, EVENTS);
    strbuf_release(&directory);
    *watch = (struct watch){.directory = number, .name = name, .call = call, .ctx = ctx};
    watch->hash = name == NULL ? 0 : XXH3_64bits(name, strlen(name));
    if (number < 0) {
        forget(watcher, watch);
    }
    return number >= 0;
}

bool watcher_add_directory(struct watcher *watcher, const char *path, watcher_call *call, void *ctx)
{
    struct watch *watch = watcher == NULL ? NULL : new_watch(watcher);
    int number = watch == NULL ? -1 : inotify_add_watch(watcher->fd, path, EVENTS);
    if (watch != NULL) {
        *watch = (struct watch){.directory = number, .call = call, .ctx = ctx};
    }
    return number >= 0;
}

void watcher_remove(struct watcher *watcher, void *ctx)
{
    for (size_t i = 0; watcher != NULL && i < watcher->count; i++) {
        if (watcher->watches[i].directory >= 0 && watcher->watches[i].ctx == ctx) {
            forget(watcher, &watcher->watches[i]);
        }
    }
}

#else

struct watcher *watcher_new(const struct mem *mem, uv_loop_t *loop)
{
    (void)mem, (void)loop;
    return NULL;
}

void watcher_close(struct watcher *watcher, unsigned *open)
{
    (void)watcher, (void)open;
}

bool watcher_add(struct watcher *watcher, const char *path, watcher_call *call, void *ctx)
{
    (void)watcher, (void)path, (void)call, (void)ctx;
    return false;
}

bool watcher_add_directory(struct watcher *watcher, const char *path, watcher_call *call, void *ctx)
{
    (void)watcher, (void)path, (void)call, (void)ctx;
    return false;
}

void watcher_remove(struct watcher *watcher, void *ctx)
{
    (void)watcher, (void)ctx;
}

#endif
