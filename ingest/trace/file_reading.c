/* A version of a file is read on libuv's workers (reading.h), a step after the other: while the model takes what one step found, the next one is at
   work. What it is then follows from what the file was: a document is compared with the former version and goes on from that, lines are read on where they grow. */
#include "ingest/trace/file_source_private.h"

enum { VERIFY_SHARE = 20 /* at most a twentieth of the time goes into comparing every byte */ };

static void forget_trail(struct file_source *file)
{
    trail_release(&file->trail);
    file->has_trail = false;
}

/* ---- the end of a reading ---- */

/* What was written while it was read has not been looked at. */
static void look_soon(struct file_source *file)
{
    bool opened = file->reading != NULL && reading_stat(file->reading) != NULL;
    if (opened && file_follows(file) && !file->closing &&
        !uv_is_active((uv_handle_t *)&file->soon)) {
        file_look_soon(file, file->written ? 0 : MODIFIED_MS);
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
    file->source.counters.ingest->changed = true;
    hub_end_read_slot(&file->source);
}

static void stop_timers(struct file_source *file)
{
    uv_timer_stop(&file->timer);
    uv_timer_stop(&file->soon);
}

/* There is no memory to go on with. */
static void give_up(struct file_source *file)
{
    struct strbuf error;
    strbuf_init(&error, file_mem(file), 4096);
    source_error(&error, file->source.spec, "cannot be read", "out of memory");
    end_reading(file);
    stop_timers(file);
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

static void begin_reading(struct file_source *file, bool anew);

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
        begin_reading(file, true);
        return;
    }
    if (!(lines ? take_lines(file) : take_document(file))) {
        give_up(file);
        return;
    }
    end_reading(file);
}

/* `wrong`: why it ended early; NULL: it did not. */
static void end_of_finished(struct file_source *file, const char *wrong)
{
    enum scan_shape shape = reading_shape(file->reading);
    struct strbuf error;
    strbuf_init(&error, file_mem(file), 4096);
    loading_finish(&file->loading, SESSION_FINISHED);
    if (shape == SCAN_DOCUMENT || shape == SCAN_ARRAY || file->loading.load.document != 0) {
        if (!loading_end_document(&file->loading)) {
            strbuf_release(&error);
            give_up(file);
            return;
        }
        trace_load_flag(&file->loading.load, SESSION_FINISHED, 0);
    }
    if (wrong != NULL) {
        source_error(&error, file->source.spec, "cannot be read", wrong);
    }
    end_reading(file);
    stop_timers(file);
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
        file->last = file_look_of(status);
        source_set_state(&file->source, SOURCE_OPEN);
    }
    if (file->version.anew) {
        file->version.collects =
            file_follows(file) && (file->versions > 0 || !reading_looks_whole(file->reading));
    }
}

static void stop_here(struct file_source *file)
{
    uint64_t done = file->source.done_bytes, all = file->source.all_bytes;
    struct strbuf text;
    strbuf_init(&text, file_mem(file), 4096);
    strbuf_addf(&text, "%s: reading was stopped at %d %%: what is shown is not all of it",
                file->source.spec, all == 0 ? 0 : (int)(done * 100 / all));
    if (!text.failed) {
        ingest_ctx_log(file->source.counters.ingest, NOTICE_WARNING, text.data);
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
        give_up(file);
        return;
    }
    bool good = version_take(&file->version, batch);
    if (!good && more) {
        file->stopped = true; /* the step that is under way ends it */
    } else if (!good) {
        give_up(file);
    } else if (!more && file_follows(file)) {
        end_of_followed(file);
    } else if (!more) {
        end_of_finished(file, NULL);
    }
}

static void failed(struct file_source *file)
{
    if (!file_follows(file)) {
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
    file->source.counters.ingest->changed = true;
    if (file->stopped) {
        stop_here(file);
        return;
    }
    switch (file->state) {
    case READING_GOES_ON:
    case READING_ENDED: go_on(file); break;
    case READING_OTHER: begin_reading(file, true); break;
    case READING_FAILED: failed(file); break;
    }
}

/* ---- the beginning of a reading ---- */

static void begin_reading(struct file_source *file, bool anew)
{
    struct stat status;
    bool lines = file->is_lines && file->versions > 0 && !anew;
    struct file_look now = {0};
    if (stat(file->source.spec, &status) == 0) {
        now = file_look_of(&status);
    }
    struct reading_options options = {
        .mem = file_mem(file),
        .path = file->source.spec,
        .max_event_bytes = source_max_line(&file->source, true),
        .follows = file_follows(file),
        .former = !lines && file->has_trail && !anew ? &file->trail : NULL,
        .seen = lines ? &file->seen : NULL,
        .grown = file_look_same_file(&now, &file->last) && now.size >= (int64_t)file->seen.length,
    };
    file->source.began_ns = uv_hrtime();
    file->verifies = options.verify = file->source.began_ns >= file->verify_due_ns;
    reading_free(file->reading);
    batch_clear(&file->batches[0]);
    batch_clear(&file->batches[1]);
    file->reading = reading_new(&options);
    version_begin(&file->version, options.former == NULL && !lines, true);
    if (file->reading == NULL || !begin_step(file)) {
        give_up(file);
    }
}

/* Its turn: not before, for there may be more files than a process may have open. */
void file_take_read_slot(struct source *source)
{
    struct file_source *file = file_of(source);
    file->written = false;
    batch_init(&file->batches[0], file_mem(file));
    batch_init(&file->batches[1], file_mem(file));
    begin_reading(file, false);
}
