/* Reads the versions of a file on libuv's workers (read_job.h), step by step: while the model takes
   what one step found, the next step is at work. A document continues the former version if its
   blocks are still there; lines continue where they ended. Anything else is read from the
   beginning. */
#include "ingest/trace/file_source_private.h"

#include <errno.h>
#include <string.h>

enum { VERIFY_SHARE = 20 /* comparing every block takes at most a twentieth of the time */ };

#define REST_NS INT64_C(2000000000) /* a writer that has stopped for so long is not amid a text */

/* ---- the end of a version ---- */

/* Looks at the file again soon, for it may have been written to while it was read. */
static void end_version(struct file_source *file)
{
    if (file->report.look.inode != 0 && file_follows(file) && !file->closing) {
        file_look_soon(file, file->written ? 0 : MODIFIED_MS);
    }
    read_job_free(file->job);
    file->job = NULL;
    batch_release(&file->batches[0]);
    batch_release(&file->batches[1]);
    importer_drop(&file->importer);
    file->source.done_bytes = file->source.all_bytes = 0;
    file->source.counters.ingest->changed = true;
    hub_end_read_slot(&file->source);
}

/* Ends the source. `wrong`: the reason; NULL: the importer's error, if it has one. */
static void finish(struct file_source *file, const char *wrong)
{
    struct strbuf error;
    strbuf_init(&error, file_mem(file), 4096);
    if (wrong != NULL) {
        source_error(&error, file->source.spec, "cannot be read", wrong);
    }
    const char *text = error.failed    ? "out of memory"
                       : error.len > 0 ? error.data
                                       : importer_error(&file->importer);
    end_version(file);
    uv_timer_stop(&file->timer);
    source_finish(&file->source, text);
    strbuf_release(&error);
}

/* Returns whether the text has no known shape, and nobody has written for a while: a document may
   be unknown by its first bytes. */
static bool rests_unknown(const struct file_source *file)
{
    int64_t now_ns = ingest_ctx_wall(hub_ctx(file->source.hub));
    return file->report.shape == SCAN_UNKNOWN && file->report.done_bytes > 0 &&
           now_ns - file->last.mtime_ns > REST_NS;
}

/* Takes the version, unless it is half a document. Lines are in the model already; raw events among
   them make a document. Returns false if out of memory. */
static bool take_version(struct file_source *file)
{
    struct importer *importer = &file->importer;
    bool lines = file->report.shape == SCAN_LINES;
    if (rests_unknown(file)) {
        source_set_trouble(&file->source, "neither a trace nor a feed so far");
    }
    if (!lines && !file->report.complete) {
        if (!importer->stages || file->fingerprint.lines) {
            /* The next version cannot continue what was shown of this one. */
            fingerprint_release(&file->fingerprint);
        }
        return true;
    }
    if (lines ? importer->trace.document != 0 && !trace_import_end(&importer->trace)
              : !importer_commit(importer)) {
        return false;
    }
    fingerprint_release(&file->fingerprint);
    read_job_take_fingerprint(file->job, &file->fingerprint);
    /* The time that comparing every block took decides when that is due again. */
    if (!importer->replaces && file->verifies) {
        uint64_t now = uv_hrtime();
        file->verify_due_ns = now + (now - file->source.began_ns) * VERIFY_SHARE;
    }
    importer_set_live(importer, file->versions++ > 0);
    return true;
}

static void begin_version(struct file_source *file, bool continues);

static void end_of_followed(struct file_source *file)
{
    if (file->report.shape != SCAN_LINES && !file->importer.replaces && file->report.complete &&
        importer_is_of_another(&file->importer)) {
        begin_version(file, false);
    } else if (take_version(file)) {
        end_version(file);
    } else {
        finish(file, "out of memory");
    }
}

static void end_of_finished(struct file_source *file)
{
    enum scan_shape shape = file->report.shape;
    struct importer *importer = &file->importer;
    const char *wrong = file->report.error;
    importer_finish(importer);
    if (shape == SCAN_DOCUMENT || shape == SCAN_ARRAY || importer->trace.document != 0) {
        wrong = importer_end_document(importer) ? wrong : "out of memory";
        trace_import_set_live(&importer->trace, false);
    }
    finish(file, wrong);
}

/* ---- steps ---- */

static void do_step(uv_work_t *work)
{
    struct file_source *file = work->data;
    file->report = read_job_step(file->job, &file->batches[file->filled]);
}

static void after_step(uv_work_t *work, int status);

static bool begin_step(struct file_source *file)
{
    file->work.data = file;
    if (uv_queue_work(hub_loop(file->source.hub), &file->work, do_step, after_step) != 0) {
        return false;
    }
    file->source.handles++;
    return true;
}

/* Notes what the step has found out. The first version is shown as it is read, if the file looks
   whole. A version that may be half written, or that replaces another, is staged. */
static void note_step(struct file_source *file)
{
    const struct read_report *report = &file->report;
    struct importer *importer = &file->importer;
    if (report->look.inode != 0) {
        file->last = report->look;
        source_set_trouble(&file->source, NULL);
        source_set_state(&file->source, SOURCE_OPEN);
    }
    if (importer->replaces) {
        importer->stages = file_follows(file) && (file->versions > 0 || !report->looks_whole);
        file->source.done_bytes = report->done_bytes;
        file->source.all_bytes = (uint64_t)report->look.size;
    }
    file->source.counters.ingest->changed = true;
}

static void stop_here(struct file_source *file)
{
    uint64_t done = file->source.done_bytes, all = file->source.all_bytes;
    struct strbuf text;
    strbuf_init(&text, file_mem(file), 4096);
    strbuf_addf(&text, "%s: reading was stopped at %d %%: the display is incomplete",
                file->source.spec, all == 0 ? 0 : (int)(done * 100 / all));
    if (!text.failed) {
        ingest_ctx_log(file->source.counters.ingest, LOG_LEVEL_WARNING, text.data);
    }
    strbuf_release(&text);
    importer_drop(&file->importer);
    end_of_finished(file);
}

/* Gives what a step found to the model; the next step begins before that. */
static void take_step(struct file_source *file)
{
    struct batch *batch = &file->batches[file->filled];
    struct read_report report = file->report;
    bool more = report.state == READ_MORE;
    file->filled ^= 1;
    if (more && !begin_step(file)) {
        finish(file, "out of memory");
        return;
    }
    bool good = importer_take(&file->importer, &report, batch);
    if (!good && more) {
        file->stopped = true; /* the step under way ends it */
    } else if (!good) {
        finish(file, "out of memory");
    } else if (!more && file_follows(file)) {
        end_of_followed(file);
    } else if (!more) {
        end_of_finished(file);
    }
}

/* A followed file that cannot be read is tried again: one that does not exist may come, and the
   display of one that has gone, or is half written, stays. */
static void end_failed(struct file_source *file)
{
    struct file_look now;
    bool there = file_look_at(file->source.spec, &now);
    bool missing = !there && (errno == ENOENT || errno == ENOTDIR);
    const char *why = there ? file->report.error : strerror(errno);
    source_set_trouble(&file->source, missing ? NULL : why);
    end_version(file);
}

static void after_step(uv_work_t *work, int status)
{
    struct file_source *file = work->data;
    (void)status;
    file->source.handles--;
    if (file->closing) {
        end_version(file);
        return;
    }
    note_step(file);
    if (file->stopped) {
        stop_here(file);
    } else if (file->report.state == READ_OTHER) {
        begin_version(file, false);
    } else if (file->report.state == READ_FAILED && file_follows(file)) {
        end_failed(file);
    } else {
        take_step(file);
    }
}

/* ---- the beginning of a version ---- */

static void begin_version(struct file_source *file, bool continues)
{
    const struct fingerprint *former = &file->fingerprint;
    struct file_look now;
    (void)file_look_at(file->source.spec, &now);
    file->source.began_ns = uv_hrtime();
    /* Lines that grow in the same file are not compared as a whole: they are only ever appended
       to. */
    bool appended = file_look_same_file(&now, &file->last) && now.size >= (int64_t)former->end;
    file->verifies = former->lines ? !appended : file->source.began_ns >= file->verify_due_ns;
    /* Which process belongs to which of several sessions is known only at the end of a document. */
    continues = continues && former->end > 0 && !trace_import_is_of_many(&file->importer.trace);
    struct read_options options = {
        .mem = file_mem(file),
        .path = file->source.spec,
        .max_event_bytes = source_max_line(&file->source, true),
        .follows = file_follows(file),
        .former = continues ? former : NULL,
        .verify = file->verifies,
    };
    read_job_free(file->job);
    batch_clear(&file->batches[0]);
    batch_clear(&file->batches[1]);
    file->report = (struct read_report){0};
    file->job = read_job_new(&options);
    importer_begin(&file->importer, !continues, true);
    if (file->job == NULL || !begin_step(file)) {
        finish(file, "out of memory");
    }
}

/* Reading waits for the turn, for there may be more files than a process may have open. */
void file_follow_read_slot(struct source *source)
{
    struct file_source *file = file_of(source);
    file->written = false;
    begin_version(file, true);
}
