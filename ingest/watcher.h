/* Reports when files are written, by inotify on their directories. It misses changes on NFS and
   sshfs, and other systems have none: callers need a timer as well. */
#ifndef INGEST_WATCHER_H
#define INGEST_WATCHER_H

#include "core/base/mem.h"

#include <uv.h>

enum watcher_event {
    WATCHER_MODIFIED, /* bytes were written, more may follow */
    WATCHER_WRITTEN   /* the writer closed it, or a rename put it there */
};
typedef void watcher_call(void *ctx, enum watcher_event event);

struct watcher;

/* Returns new; NULL: out of memory, or the system has no inotify. `mem` is borrowed. */
struct watcher *watcher_new(const struct mem *mem, uv_loop_t *loop);
/* Closes its handle; then, in the loop, decrements *open and frees the watcher. NULL: does
   nothing. */
void watcher_close(struct watcher *watcher, unsigned *open);
/* Calls at each change of the file at `path`, which need not exist. False: it cannot be watched.
   `watcher` may be NULL. */
bool watcher_add(struct watcher *watcher, const char *path, watcher_call *call, void *ctx);
/* Does so for every file in a directory, which must exist. */
bool watcher_add_directory(struct watcher *watcher, const char *path, watcher_call *call,
                           void *ctx);
/* Removes all watches with that ctx. */
void watcher_remove(struct watcher *watcher, void *ctx);

#endif
