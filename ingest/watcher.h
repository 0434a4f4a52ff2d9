/* Tells when files are written, where the system can: inotify on their directories. Never to be relied on alone (NFS, sshfs, other
   systems): a timer has to look as well, now and then. */
#ifndef INGEST_WATCHER_H
#define INGEST_WATCHER_H

#include "core/base/mem.h"

#include <uv.h>

enum watcher_event {
    WATCHER_MODIFIED, /* bytes were written, more may follow */
    WATCHER_WRITTEN   /* who wrote it closed it, or it was put into its place by a rename */
};
typedef void watcher_call(void *ctx, enum watcher_event event);

struct watcher;

/* Returns new; NULL: out of memory, or the system has nothing of the kind. `mem` is borrowed. */
struct watcher *watcher_new(const struct mem *mem, uv_loop_t *loop);
/* Closes its handle; when that is done, in a turn of the loop, *open goes down by one and the watcher is freed. NULL: does nothing. */
void watcher_close(struct watcher *watcher, unsigned *open);
/* Calls when something happens to the file at `path`, there or not yet. False: it cannot be watched. `watcher` may be NULL. */
bool watcher_add(struct watcher *watcher, const char *path, watcher_call *call, void *ctx);
/* The same of every file in a directory, which must be there. */
bool watcher_add_directory(struct watcher *watcher, const char *path, watcher_call *call,
                           void *ctx);
/* No more calls with that ctx. */
void watcher_remove(struct watcher *watcher, void *ctx);

#endif
