/* A file as a source. If it is followed, the watcher and a timer notice changes; it is read when
   its turn comes (file_follow.c). */
#include "ingest/trace/file_source.h"

#include "ingest/trace/file_source_private.h"
#include "ingest/trace/trace_name.h"
#include "ingest/watcher.h"

#include <errno.h>
#include <string.h>

enum {
    LOOK_MS = 200,         /* without a watcher */
    WATCHED_LOOK_MS = 1000 /* with one */
};

/* ---- following ---- */

static void look_again(uv_timer_t *timer)
{
    struct file_source *file = timer->data;
    struct file_look now;
    if (file->job != NULL || file->source.waits || !file_look_at(file->source.spec, &now)) {
        return; /* it is being read; or it is missing, and the display stays */
    }
    if (!file->written && file_look_same(&now, &file->last)) {
        return;
    }
    /* Copying over the file makes it shorter for a moment: lines wait until two looks are the
       same. */
    bool settled = file->written || file_look_same(&now, &file->shrunk);
    if (file->fingerprint.lines && now.size < (int64_t)file->fingerprint.end && !settled) {
        file->shrunk = now;
        file_look_soon(file, LOOK_MS);
        return;
    }
    hub_ask_read_slot(&file->source);
}

void file_look_soon(struct file_source *file, unsigned ms)
{
    if (uv_timer_get_due_in(&file->timer) > ms) {
        uv_timer_start(&file->timer, look_again, ms, file->look_ms);
    }
}

static void on_watcher(void *ctx, enum watcher_event event)
{
    struct file_source *file = ctx;
    file->written |= event == WATCHER_WRITTEN;
    file_look_soon(file, event == WATCHER_WRITTEN ? 0 : MODIFIED_MS);
}

/* Takes a last line that has no end: no more will come. */
static void finish_file(struct source *source)
{
    struct file_source *file = file_of(source);
    if (file_follows(file) && file->fingerprint.lines) {
        importer_finish(&file->importer);
    }
}

static bool take_back_file(struct source *source)
{
    struct file_source *file = file_of(source);
    if (file->job != NULL || source->waits || !trace_import_take_back(&file->importer.trace)) {
        return false;
    }
    uv_timer_stop(&file->timer);
    watcher_remove(hub_watcher(source->hub), file);
    source_finish(source, NULL);
    hub_ctx(source->hub)->changed = true;
    return true;
}

static void stop_file(struct source *source)
{
    file_of(source)->stopped = file_of(source)->job != NULL;
}

/* ---- the source ---- */

static bool open_file(struct source *source, struct strbuf *error)
{
    struct file_source *file = file_of(source);
    const struct mem *mem = file_mem(file);
    struct file_look look;
    strbuf_init(&file->session_id, mem, 4096);
    fingerprint_init(&file->fingerprint, mem);
    batch_init(&file->batches[0], mem);
    batch_init(&file->batches[1], mem);
    trace_name_session(source->spec, &file->session_id);
    strbuf_adds(&file->session_id, file->session_id.len == 0 ? "trace" : "");
    struct importer_options options = {
        .counters = &source->counters,
        .where = source->spec,
        .session_id = file->session_id.data,
        .max_line_bytes = source_max_line(source, true),
        .recorded = true,
    };
    importer_init(&file->importer, &options);
    bool missing = !file_follows(file) && !file_look_at(source->spec, &look);
    if (file->session_id.failed || missing) {
        source_error(error, source->spec, "cannot be read",
                     missing ? strerror(errno) : "out of memory");
        return false;
    }
    uv_timer_init(hub_loop(source->hub), &file->timer);
    file->timer.data = file;
    source->handles = 1;
    source_set_state(source, SOURCE_WAITING);
    if (file_follows(file)) {
        bool watched = watcher_add(hub_watcher(source->hub), source->spec, on_watcher, file);
        file->look_ms = watched ? WATCHED_LOOK_MS : LOOK_MS;
        uv_timer_start(&file->timer, look_again, file->look_ms, file->look_ms);
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
    if (source->handles > 0 && !uv_is_closing((uv_handle_t *)&file->timer)) {
        uv_close((uv_handle_t *)&file->timer, handle_closed);
    }
}

static void release_file(struct source *source)
{
    struct file_source *file = file_of(source);
    read_job_free(file->job);
    importer_release(&file->importer);
    fingerprint_release(&file->fingerprint);
    batch_release(&file->batches[0]);
    batch_release(&file->batches[1]);
    strbuf_release(&file->session_id);
}

static bool reads_file(const struct source *source, const char *path, const struct stat *st)
{
    const struct file_source *file = (const struct file_source *)source;
    struct file_look asked, now;
    if (st == NULL) {
        return strcmp(source->spec, path) == 0;
    }
    asked = file_look_of(st);
    (void)file_look_at(source->spec, &now);
    return file_look_same_file(&asked, &file->last) || file_look_same_file(&asked, &now);
}

const struct source_ops trace_source_ops = {
    .size = sizeof(struct file_source),
    .open = open_file,
    .close = close_source,
    .release = release_file,
    .read_slot = file_follow_read_slot,
    .finish = finish_file,
    .stop = stop_file,
    .reads = reads_file,
    .take_back = take_back_file,
};
