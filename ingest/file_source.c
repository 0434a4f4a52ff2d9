/* A file. Its versions are read on libuv's workers (reading.h), a step after the other: while the model takes what one step found, the next
   one is at work. Where the file is followed, the watcher and a timer tell when it has changed. What it is then follows from what it was:
   a document is compared with the former version and goes on from that, lines are read on where they grow. */
#include "ingest/source.h"
#include "ingest/version.h"
#include "ingest/watcher.h"

#include <errno.h>
#include <string.h>

enum {
    LOOK_MS = 200,          /* where nothing tells of changes */
    WATCHED_LOOK_MS = 1000, /* where something does */
    MODIFIED_MS = 50,       /* after a write that may not be the last */
    VERIFY_SHARE = 20       /* at most a twentieth of the time goes into comparing every byte */
};

/* What tells one state of a file from another. */
struct look {
    uint64_t device, inode;
    int64_t size, mtime_ns;
};

struct file_source {
    struct source source;
    uv_timer_t timer; /* runs while the file is followed */
    uv_timer_t soon;  /* a look that will not wait for that */
    uv_work_t work;
    bool watched, written; /* written: said to have changed, even if it does not look so */
    struct look last;      /* the file as it was when reading began; inode 0: never seen */
    struct look
        short_look; /* the file as it was when it was found shorter than what has been read */

    struct loading loading;
    struct version version;
    struct strbuf session_id;
    uint64_t versions;  /* taken so far */
    bool is_lines;      /* the last version was */
    struct trail trail; /* of the last version, where has_trail is set */
    bool has_trail;
    struct seen seen; /* of lines */

    /* While a version is read: */
    struct reading *reading; /* NULL: none is */
    enum reading_state state;
    struct batch batches[2];
    unsigned filled; /* the one that a worker fills */
    bool working, verifies, closing, stopped;
    uint64_t verify_due_ns; /* by uv_hrtime: when all is compared again */
};

static struct file_source *of(struct source *source)
{
    return (struct file_source *)source;
}

static bool follows(const struct file_source *file)
{
    return hub_settings(file->source.hub)->follow;
}

static const struct mem *mem_of(const struct file_source *file)
{
    return hub_intake(file->source.hub)->mem;
}

static struct look look_of(const struct stat *status)
{
    return (struct look){(uint64_t)status->st_dev, (uint64_t)status->st_ino,
                         (int64_t)status->st_size,
                         (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec};
}

static bool same_file(const struct look *a, const struct look *b)
{
    return a->device == b->device && a->inode == b->inode;
}

static void forget_trail(struct file_source *file)
{
    trail_release(&file->trail);
    file->has_trail = false;
}

/* ---- the end of a reading ---- */

static void on_timer(uv_timer_t *timer);

/* What was written while it was read has not been looked at. */
static void look_soon(struct file_source *file)
{
    bool opened = file->reading != NULL && reading_stat(file->reading) != NULL;
    if (opened && follows(file) && !file->closing && !uv_is_active((uv_handle_t *)&file->soon)) {
        uv_timer_start(&file->soon, on_timer, file->written ? 0 : MODIFIED_MS, 0);
    }
}

static void end_reading(struct file_source *file)
{
    look_soon(file);
    reading_free(file->reading);
    file->reading = NULL;
    batch_release(&file->batches[0]);
    batch_release(&file->batches[1]);
    version_drop(&file->version);
    file->source.done_bytes = file->source.all_bytes = 0;
    file->source.tally.intake->changed = true;
    hub_end_turn(&file->source);
}

static void give_up(struct file_source *file, const char *what, const char *detail)
{
    struct strbuf error;
    strbuf_init(&error, mem_of(file), 4096);
    source_error(&error, file->source.spec, what, detail);
    end_reading(file);
    uv_timer_stop(&file->timer);
    uv_timer_stop(&file->soon);
    source_finish(&file->source, error.failed ? "out of memory" : error.data);
    strbuf_release(&error);
}

/* Sessions live from the first change that was seen. */
static void note_version(struct file_source *file)
{
    bool live = file->versions++ > 0;
    struct trace_load *load = &file->loading.load;
    trace_load_flag(load, live ? 0 : SESSION_FINISHED, live ? SESSION_FINISHED : 0);
    if (live) {
        trace_load_tick(load);
    } else {
        loading_rest(&file->loading, SESSION_FINISHED);
    }
}

/* How long it took to compare every byte says when that is done again. */
static void note_verified(struct file_source *file)
{
    uint64_t now = uv_hrtime();
    if (file->verifies) {
        file->verify_due_ns = now + (now - file->source.began_ns) * VERIFY_SHARE;
    }
}

/* Lines are in the model already. Raw events among them make a document, which is not one that versions are compared with. */
static bool take_lines(struct file_source *file)
{
    forget_trail(file);
    file->is_lines = true;
    file->seen = *reading_seen(file->reading);
    if (file->loading.load.document != 0 && !trace_load_end(&file->loading.load)) {
        return false;
    }
    note_version(file);
    return true;
}

static bool begin_reading(struct file_source *file, bool anew);

/* The version becomes the model's, if it is whole. */
static bool take_document(struct file_source *file)
{
    bool anew = file->version.anew;
    file->is_lines = false;
    if (!reading_complete(file->reading)) {
        if (!file->version.collects) {
            forget_trail(
                file); /* what was shown of it is not what the next version is compared with */
        }
        return true;
    }
    if (!version_commit(&file->version)) {
        return false;
    }
    forget_trail(file);
    reading_take_trail(file->reading, &file->trail);
    /* Of several sessions, whose processes are told apart only at the end, each version is taken whole. */
    file->has_trail = !file->trail.failed && !trace_load_is_of_many(&file->loading.load);
    if (!anew) {
        note_verified(file);
    }
    note_version(file);
    return true;
}

static void end_of_followed(struct file_source *file)
{
    bool lines = reading_shape(file->reading) == SCAN_LINES;
    bool goes_on = !lines && !file->version.anew && reading_complete(file->reading);
    if (goes_on && version_is_of_another(&file->version)) {
        if (!begin_reading(file, true)) {
            give_up(file, "cannot be read", "out of memory");
        }
        return;
    }
    if (!(lines ? take_lines(file) : take_document(file))) {
        give_up(file, "cannot be read", "out of memory");
        return;
    }
    end_reading(file);
}

/* `wrong`: why it ended early; NULL: it did not. */
static void end_of_finished(struct file_source *file, const char *wrong)
{
    enum scan_shape shape = reading_shape(file->reading);
    struct strbuf error;
    strbuf_init(&error, mem_of(file), 4096);
    loading_finish(&file->loading, SESSION_FINISHED);
    if (shape == SCAN_DOCUMENT || shape == SCAN_ARRAY || file->loading.load.document != 0) {
        if (!loading_end_document(&file->loading)) {
            strbuf_release(&error);
            give_up(file, "cannot be read", "out of memory");
            return;
        }
        trace_load_flag(&file->loading.load, SESSION_FINISHED, 0);
    }
    if (wrong != NULL) {
        source_error(&error, file->source.spec, "cannot be read", wrong);
    }
    end_reading(file);
    uv_timer_stop(&file->timer);
    uv_timer_stop(&file->soon);
    source_finish(&file->source, error.len > 0 ? error.data : loading_error(&file->loading));
    strbuf_release(&error);
}

/* ---- steps ---- */

static void do_step(uv_work_t *work)
{
    struct file_source *file = work->data;
    file->state = reading_step(file->reading, &file->batches[file->filled]);
}

static void after_step(uv_work_t *work, int status);

static bool begin_step(struct file_source *file)
{
    file->work.data = file;
    file->working =
        uv_queue_work(hub_loop(file->source.hub), &file->work, do_step, after_step) == 0;
    file->source.handles += file->working;
    return file->working;
}

/* The picture of a version that is read for the first time grows as it is read. One that may be half written, or that takes the place of
   another, is taken as a whole. */
static void note_opened(struct file_source *file)
{
    const struct stat *status = reading_stat(file->reading);
    if (status != NULL) {
        file->last = look_of(status);
        source_set_state(&file->source, SOURCE_OPEN);
    }
    if (file->version.anew) {
        file->version.collects =
            follows(file) && (file->versions > 0 || !reading_looks_whole(file->reading));
    }
}

static void stop_here(struct file_source *file)
{
    struct strbuf text;
    strbuf_init(&text, mem_of(file), 4096);
    strbuf_addf(&text, "%s: reading was stopped at %d %%: what is shown is not all of it",
                file->source.spec,
                file->source.all_bytes == 0
                    ? 0
                    : (int)(file->source.done_bytes * 100 / file->source.all_bytes));
    if (!text.failed) {
        intake_say(file->source.tally.intake, NOTICE_WARNING, text.data);
    }
    strbuf_release(&text);
    version_drop(&file->version);
    end_of_finished(file, NULL);
}

/* What a step found goes to the model; where there is more, the next step begins before that. */
static void go_on(struct file_source *file)
{
    struct batch *batch = &file->batches[file->filled];
    bool more = file->state == READING_GOES_ON;
    file->filled ^= 1;
    if (more && !begin_step(file)) {
        give_up(file, "cannot be read", "out of memory");
        return;
    }
    bool good = version_take(&file->version, batch);
    if (!good && more) {
        file->stopped = true; /* the step that is under way ends it */
    } else if (!good) {
        give_up(file, "cannot be read", "out of memory");
    } else if (!more && follows(file)) {
        end_of_followed(file);
    } else if (!more) {
        end_of_finished(file, NULL);
    }
}

static void failed(struct file_source *file)
{
    if (!follows(file)) {
        (void)version_take(&file->version, &file->batches[file->filled]);
        end_of_finished(file, reading_error(file->reading));
        return;
    }
    /* It may be gone, or half written: the picture stays. */
    end_reading(file);
}

static void after_step(uv_work_t *work, int status)
{
    struct file_source *file = work->data;
    (void)status;
    file->source.handles--;
    file->working = false;
    if (file->closing) {
        end_reading(file);
        return;
    }
    note_opened(file);
    version_look(&file->version, file->reading);
    if (file->version.anew) {
        reading_progress(file->reading, &file->source.done_bytes, &file->source.all_bytes);
    }
    file->source.tally.intake->changed = true;
    if (file->stopped) {
        stop_here(file);
        return;
    }
    switch (file->state) {
    case READING_GOES_ON:
    case READING_ENDED: go_on(file); break;
    case READING_OTHER:
        if (!begin_reading(file, true)) {
            give_up(file, "cannot be read", "out of memory");
        }
        break;
    case READING_FAILED: failed(file); break;
    }
}

/* ---- the beginning of a reading ---- */

static bool begin_reading(struct file_source *file, bool anew)
{
    struct stat status;
    bool lines = file->is_lines && file->versions > 0 && !anew;
    struct look now = {0};
    if (stat(file->source.spec, &status) == 0) {
        now = look_of(&status);
    }
    struct reading_options options = {
        .mem = mem_of(file),
        .path = file->source.spec,
        .max_event_bytes = source_max_line(&file->source, true),
        .follows = follows(file),
        .former = !lines && file->has_trail && !anew ? &file->trail : NULL,
        .seen = lines ? &file->seen : NULL,
        .grown = same_file(&now, &file->last) && now.size >= (int64_t)file->seen.length,
    };
    file->source.began_ns = uv_hrtime();
    file->verifies = options.verify = file->source.began_ns >= file->verify_due_ns;
    reading_free(file->reading);
    batch_clear(&file->batches[0]);
    batch_clear(&file->batches[1]);
    file->reading = reading_new(&options);
    version_begin(&file->version, options.former == NULL && !lines, true);
    return file->reading != NULL && begin_step(file);
}

/* Its turn: not before, for there may be more files than a process may have open. */
static void take_turn(struct source *source)
{
    struct file_source *file = of(source);
    file->written = false;
    batch_init(&file->batches[0], mem_of(file));
    batch_init(&file->batches[1], mem_of(file));
    if (!begin_reading(file, false)) {
        give_up(file, "cannot be read", "out of memory");
    }
}

/* ---- following ---- */

static void look_again(struct file_source *file)
{
    struct stat status;
    if (file->reading != NULL || file->source.waits || stat(file->source.spec, &status) != 0) {
        return; /* being read; gone, or not there yet: the picture stays */
    }
    struct look now = look_of(&status);
    if (!file->written && memcmp(&now, &file->last, sizeof now) == 0) {
        return;
    }
    /* A copy over the file makes it shorter for a moment: lines wait until it stays as it is for one look. */
    bool settled = file->written || memcmp(&now, &file->short_look, sizeof now) == 0;
    if (file->is_lines && now.size < (int64_t)file->seen.length && !settled) {
        file->short_look = now;
        uv_timer_start(&file->soon, on_timer, LOOK_MS, 0);
        return;
    }
    hub_ask_turn(&file->source);
}

static void on_timer(uv_timer_t *timer)
{
    look_again(timer->data);
}

static void on_watcher(void *ctx, enum watcher_event event)
{
    struct file_source *file = ctx;
    if (event == WATCHER_WRITTEN) {
        file->written = true;
        uv_timer_start(&file->soon, on_timer, 0, 0);
    } else if (!uv_is_active((uv_handle_t *)&file->soon)) {
        uv_timer_start(&file->soon, on_timer, MODIFIED_MS, 0);
    }
}

/* A last line without its end: nothing more will come. */
static void finish_file(struct source *source)
{
    struct file_source *file = of(source);
    if (follows(file) && file->is_lines) {
        loading_finish(&file->loading, SESSION_FINISHED);
    }
}

static void stop_file(struct source *source)
{
    of(source)->stopped = of(source)->reading != NULL;
}

/* ---- the source ---- */

static bool open_file(struct source *source, struct strbuf *error)
{
    struct file_source *file = of(source);
    const struct mem *mem = mem_of(file);
    struct stat status;
    strbuf_init(&file->session_id, mem, 4096);
    trail_init(&file->trail, mem);
    batch_init(&file->batches[0], mem);
    batch_init(&file->batches[1], mem);
    decoder_session_id(source->spec, &file->session_id);
    strbuf_adds(&file->session_id, file->session_id.len == 0 ? "trace" : "");
    struct loading_options options = {
        .tally = &source->tally,
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
    if (!follows(file) && stat(source->spec, &status) != 0) {
        source_error(error, source->spec, "cannot be read", strerror(errno));
        return false;
    }
    uv_timer_init(hub_loop(source->hub), &file->timer);
    uv_timer_init(hub_loop(source->hub), &file->soon);
    file->timer.data = file->soon.data = file;
    source->handles = 2;
    source_set_state(source, SOURCE_WAITING);
    if (follows(file)) {
        file->watched = watcher_add(hub_watcher(source->hub), source->spec, on_watcher, file);
        unsigned look_ms = file->watched ? WATCHED_LOOK_MS : LOOK_MS;
        uv_timer_start(&file->timer, on_timer, look_ms, look_ms);
    }
    hub_ask_turn(source);
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
    struct file_source *file = of(source);
    file->closing = true;
    watcher_remove(hub_watcher(source->hub), file);
    if (source->handles >= 2 && !uv_is_closing((uv_handle_t *)&file->timer)) {
        uv_close((uv_handle_t *)&file->timer, handle_closed);
        uv_close((uv_handle_t *)&file->soon, handle_closed);
    }
}

static void release_file(struct source *source)
{
    struct file_source *file = of(source);
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
    struct look look = look_of(st);
    return same_file(&look, &file->last) ||
           (stat(source->spec, &own) == 0 && own.st_dev == st->st_dev && own.st_ino == st->st_ino);
}

const struct source_ops trace_source_ops = {
    .size = sizeof(struct file_source),
    .open = open_file,
    .close = close_source,
    .release = release_file,
    .turn = take_turn,
    .finish = finish_file,
    .stop = stop_file,
    .reads = reads_file,
};
