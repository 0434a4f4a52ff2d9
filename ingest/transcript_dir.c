/* A look finds what has come and how far files go; then their new bytes are read on a worker,
   one piece at a time, and taken on the loop, where the model is. The watcher causes a look soon
   after a change, where the system can; a timer looks as well. Looks and reads never overlap: a
   look that is due during a read waits for its end. */
#include "ingest/transcript_dir.h"

#include "ingest/watcher.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    LOOK_MS = 200,         /* without a watcher */
    WATCHED_LOOK_MS = 500, /* with one */
    FLUSH_MS = 250         /* between updates of the model while much is read */
};

static struct transcript_dir *of(struct source *source)
{
    return (struct transcript_dir *)source;
}

static struct ingest_ctx *ctx_of(const struct transcript_dir *dir)
{
    return dir->source.counters.ingest;
}

const struct mem *transcript_dir_mem(const struct transcript_dir *dir)
{
    return ctx_of(dir)->mem;
}

bool transcript_dir_follows(const struct transcript_dir *dir)
{
    const struct hub_options *settings = hub_settings(dir->source.hub);
    return (settings->follow || settings->follow_clients) && !dir->stopped;
}

static uint64_t loop_ms(const struct transcript_dir *dir)
{
    return uv_now(hub_loop(dir->source.hub));
}

/* ---- the end ---- */

static void end_source(struct transcript_dir *dir, const char *what)
{
    struct strbuf error;
    strbuf_init(&error, transcript_dir_mem(dir), 0);
    if (what != NULL) {
        source_error(&error, dir->source.spec, "cannot be read", what);
    }
    if (dir->source.handles >= 2) {
        uv_timer_stop(&dir->timer);
        uv_timer_stop(&dir->soon);
    }
    dir->loaded = true;
    dir->source.done_bytes = dir->source.all_bytes = 0;
    hub_end_read_slot(&dir->source);
    source_finish(&dir->source, what == NULL ? NULL : error.failed ? what : error.data);
    strbuf_release(&error);
}

/* Sets how much of all files is read. */
static void measure(struct transcript_dir *dir)
{
    uint64_t done = 0, all = 0;
    for (size_t i = 0; i < dir->file_count; i++) {
        done += (uint64_t)dir->files[i]->offset;
        all += (uint64_t)dir->files[i]->size;
    }
    dir->source.done_bytes = done;
    dir->source.all_bytes = all;
}

static void flush(struct transcript_dir *dir, bool loading)
{
    uint64_t now = loop_ms(dir);
    struct ingest_ctx *ingest = ctx_of(dir);
    bool early = loading && now - dir->flushed_ms < FLUSH_MS;
    if (!early) {
        dir->flushed_ms = now;
        dir->failed |= !correlator_flush(ingest->correlator);
        if (!dir->loaded) {
            measure(dir);
        }
    }
    /* A look that found nothing new is no reason to draw a frame. */
    ingest->changed |= loading || swarm_revision(ingest->swarm) != dir->revision;
    dir->revision = swarm_revision(ingest->swarm);
}

static void read_up(struct transcript_dir *dir)
{
    bool first = !dir->loaded, last = !transcript_dir_follows(dir);
    dir->ops->read_up(dir, loop_ms(dir), first || last, last);
    flush(dir, false);
    dir->loaded = true;
    dir->source.done_bytes = dir->source.all_bytes = 0;
    if (dir->failed) {
        end_source(dir, "out of memory");
    } else if (last) {
        end_source(dir, NULL);
    } else {
        hub_end_read_slot(&dir->source);
    }
}

/* ---- reading ---- */

static void do_read(uv_work_t *work)
{
    struct transcript_dir *dir = work->data;
    dir->size = 0;
    dir->got = transcript_file_read(dir->file, dir->piece, TRANSCRIPT_PIECE_BYTES, &dir->size);
    dir->refused = dir->got < 0 ? errno : 0;
}

static void after_read(uv_work_t *work, int status);

static void read_next(struct transcript_dir *dir)
{
    if (dir->working || dir->source.state == SOURCE_FINISHED ||
        dir->source.state == SOURCE_FAILED) {
        return;
    }
    if (dir->failed || dir->stopped || (dir->file = dir->ops->next(dir)) == NULL) {
        read_up(dir);
        return;
    }
    dir->work.data = dir;
    dir->working = uv_queue_work(hub_loop(dir->source.hub), &dir->work, do_read, after_read) == 0;
    dir->source.handles += dir->working;
    if (!dir->working) {
        end_source(dir, "out of memory");
    }
}

static void look_and_read(struct transcript_dir *dir)
{
    if (dir->working) {
        dir->looks_again = true;
        return;
    }
    dir->looks_again = false;
    dir->looks++;
    dir->ops->look(dir, loop_ms(dir));
    if (transcript_dir_follows(dir)) {
        transcript_dir_watch_all(dir);
    }
    read_next(dir);
}

void transcript_dir_note_older(struct transcript_dir *dir, const char *path, int64_t written_ns,
                               bool out)
{
    dir->failed |= !left_out_note(&dir->left_out, path, written_ns, out);
    dir->source.older = dir->left_out.count;
    dir->source.older_ns = dir->left_out.last_ns;
}

void transcript_dir_refuse(struct transcript_dir *dir, const char *path, int why, bool *refused)
{
    if (!*refused) {
        source_counters_unreadable(&dir->source.counters, path, strerror(why));
    }
    *refused = true;
}

static void after_read(uv_work_t *work, int status)
{
    struct transcript_dir *dir = work->data;
    struct transcript_file *file = dir->file;
    (void)status;
    dir->working = false;
    dir->source.handles--;
    if (dir->closing) {
        return;
    }
    if (dir->got < 0) {
        transcript_dir_refuse(dir, file->path, dir->refused, &file->refused);
    }
    size_t len = dir->got > 0 ? (size_t)dir->got : 0;
    file->offset += (int64_t)len;
    file->size = len == 0 ? file->offset : dir->size;
    file->unverified = false;
    dir->looks_again |= file->rewritten;
    dir->ops->take(dir, file, dir->piece, len, loop_ms(dir));
    flush(dir, true);
    if (dir->looks_again) {
        look_and_read(dir);
    } else {
        read_next(dir);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct transcript_dir *dir = timer->data;
    if (dir->loaded) {
        look_and_read(dir);
    }
}

/* ---- the source ---- */

bool transcript_dir_begin(struct transcript_dir *dir, const struct transcript_dir_ops *ops)
{
    uv_loop_t *loop = hub_loop(dir->source.hub);
    unsigned ms = hub_watcher(dir->source.hub) != NULL ? WATCHED_LOOK_MS : LOOK_MS;
    dir->ops = ops;
    left_out_init(&dir->left_out, transcript_dir_mem(dir));
    dir->source.counters.many_files = true;
    dir->piece = mem_alloc(transcript_dir_mem(dir), TRANSCRIPT_PIECE_BYTES);
    if (dir->piece == NULL) {
        return false;
    }
    uv_timer_init(loop, &dir->timer);
    uv_timer_init(loop, &dir->soon);
    dir->timer.data = dir->soon.data = dir;
    dir->source.handles = 2;
    if (transcript_dir_follows(dir)) {
        uv_timer_start(&dir->timer, on_timer, ms, ms);
    }
    source_set_state_by_place(&dir->source);
    hub_ask_read_slot(&dir->source);
    return true;
}

void transcript_dir_read_slot(struct source *source)
{
    source->began_ns = uv_hrtime();
    look_and_read(of(source));
}

void transcript_dir_finish(struct source *source)
{
    struct transcript_dir *dir = of(source);
    if (source->state == SOURCE_OPEN && !dir->working) {
        dir->ops->finish(dir);
        flush(dir, false);
    }
}

void transcript_dir_stop(struct source *source)
{
    of(source)->stopped = !of(source)->loaded;
}

bool transcript_dir_reads(const struct source *source, const char *path, const struct stat *st)
{
    const struct transcript_dir *dir = (const struct transcript_dir *)source;
    (void)path;
    for (size_t i = 0; st != NULL && i < dir->file_count; i++) {
        if (dir->files[i]->device == (uint64_t)st->st_dev &&
            dir->files[i]->inode == (uint64_t)st->st_ino) {
            return true;
        }
    }
    return false;
}

static void handle_closed(uv_handle_t *handle)
{
    struct transcript_dir *dir = handle->data;
    dir->source.handles--;
}

void transcript_dir_close(struct source *source)
{
    struct transcript_dir *dir = of(source);
    dir->closing = true;
    watcher_remove(hub_watcher(source->hub), dir);
    if (dir->timer.data != NULL && !uv_is_closing((uv_handle_t *)&dir->timer)) {
        uv_close((uv_handle_t *)&dir->timer, handle_closed);
        uv_close((uv_handle_t *)&dir->soon, handle_closed);
    }
}
