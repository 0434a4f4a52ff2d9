/* A file. Where it is followed, the watcher and a timer tell when it has changed; it is read when its turn comes (file_reading.c). */
#include "ingest/trace/file_source.h"

#include "ingest/trace/file_source_private.h"
#include "ingest/watcher.h"

#include <errno.h>
#include <string.h>

enum {
    LOOK_MS = 200,         /* where nothing tells of changes */
    WATCHED_LOOK_MS = 1000 /* where something does */
};

/* ---- following ---- */

static void look_again(struct file_source *file)
{
    struct stat status;
    if (file->reading != NULL || file->source.waits || stat(file->source.spec, &status) != 0) {
        return; /* being read; gone, or not there yet: the picture stays */
    }
    struct file_look now = file_look_of(&status);
    if (!file->written && file_look_same(&now, &file->last)) {
        return;
    }
    /* A copy over the file makes it shorter for a moment: lines wait until it stays as it is for one look. */
    bool settled = file->written || file_look_same(&now, &file->short_look);
    if (file->is_lines && now.size < (int64_t)file->seen.length && !settled) {
        file->short_look = now;
        file_look_soon(file, LOOK_MS);
        return;
    }
    hub_ask_read_slot(&file->source);
}

static void on_timer(uv_timer_t *timer)
{
    look_again(timer->data);
}

void file_look_soon(struct file_source *file, unsigned ms)
{
    uv_timer_start(&file->soon, on_timer, ms, 0);
}

static void on_watcher(void *ctx, enum watcher_event event)
{
    struct file_source *file = ctx;
    if (event == WATCHER_WRITTEN) {
        file->written = true;
        file_look_soon(file, 0);
    } else if (!uv_is_active((uv_handle_t *)&file->soon)) {
        file_look_soon(file, MODIFIED_MS);
    }
}

/* A last line without its end: nothing more will come. */
static void finish_file(struct source *source)
{
    struct file_source *file = file_of(source);
    if (file_follows(file) && file->is_lines) {
        loading_finish(&file->loading, SESSION_FINISHED);
    }
}

static void stop_file(struct source *source)
{
    file_of(source)->stopped = file_of(source)->reading != NULL;
}

/* ---- the source ---- */

static bool open_file(struct source *source, struct strbuf *error)
{
    struct file_source *file = file_of(source);
    const struct mem *mem = file_mem(file);
    struct stat status;
    strbuf_init(&file->session_id, mem, 4096);
    trail_init(&file->trail, mem);
    batch_init(&file->batches[0], mem);
    batch_init(&file->batches[1], mem);
    decoder_session_id(source->spec, &file->session_id);
    strbuf_adds(&file->session_id, file->session_id.len == 0 ? "trace" : "");
    struct loading_options options = {
        .counters = &source->counters,
        .where = source->spec,
        .session_id = file->session_id.data,
        .max_line_bytes = source_max_line(source, true),
        .recorded = true,
    };
    loading_init(&file->loading, &options);
    version_init(&file->version, &file->loading);
    if (file->session_id.failed) {
        source_error(error, source->spec, "cannot be read", "out of memory");
        return false;
    }
    if (!file_follows(file) && stat(source->spec, &status) != 0) {
        source_error(error, source->spec, "cannot be read", strerror(errno));
        return false;
    }
    uv_timer_init(hub_loop(source->hub), &file->timer);
    uv_timer_init(hub_loop(source->hub), &file->soon);
    file->timer.data = file->soon.data = file;
    source->handles = 2;
    source_set_state(source, SOURCE_WAITING);
    if (file_follows(file)) {
        file->watched = watcher_add(hub_watcher(source->hub), source->spec, on_watcher, file);
        unsigned look_ms = file->watched ? WATCHED_LOOK_MS : LOOK_MS;
        uv_timer_start(&file->timer, on_timer, look_ms, look_ms);
    }
    hub_ask_read_slot(source);
    strbuf_add(error, source->error.data, source->error.len);
    return source->state != SOURCE_FAILED;
}

static void handle_closed(uv_handle_t *handle)
{
    struct file_source *file = handle->data;
    file->source.handles--;
}

static void close_source(struct source *source)
{
    struct file_source *file = file_of(source);
    file->closing = true;
    watcher_remove(hub_watcher(source->hub), file);
    if (source->handles >= 2 && !uv_is_closing((uv_handle_t *)&file->timer)) {
        uv_close((uv_handle_t *)&file->timer, handle_closed);
        uv_close((uv_handle_t *)&file->soon, handle_closed);
    }
}

static void release_file(struct source *source)
{
    struct file_source *file = file_of(source);
    reading_free(file->reading);
    version_release(&file->version);
    loading_release(&file->loading);
    trail_release(&file->trail);
    batch_release(&file->batches[0]);
    batch_release(&file->batches[1]);
    strbuf_release(&file->session_id);
}

static bool reads_file(const struct source *source, const char *path, const struct stat *st)
{
    const struct file_source *file = (const struct file_source *)source;
    struct stat own;
    if (st == NULL) {
        return strcmp(source->spec, path) == 0;
    }
    struct file_look asked = file_look_of(st), is;
    if (file_look_same_file(&asked, &file->last)) {
        return true;
    }
    is = stat(source->spec, &own) == 0 ? file_look_of(&own) : (struct file_look){0};
    return file_look_same_file(&asked, &is);
}

const struct source_ops trace_source_ops = {
    .size = sizeof(struct file_source),
    .open = open_file,
    .close = close_source,
    .release = release_file,
    .read_slot = file_take_read_slot,
    .finish = finish_file,
    .stop = stop_file,
    .reads = reads_file,
};
