/* A step is about a megabyte: long enough that handing it over costs nothing, short enough that the
   loop takes it between two frames. Read buffers are small, so that the bytes are still in the
   processor's cache when they are scanned.

   A followed document is read in three steps: up to the first events, check that the old content is
   still there, read what follows. Lines need no first step: their old content never moves. */
#include "ingest/trace/read_job.h"

#include "ingest/trace/reader.h"
#include "ingest/trace/tail.h"

#include <stddef.h>
#include <string.h>

enum {
    BUFFER_BYTES = 128 * 1024,
    STEP_BYTES = 1024 * 1024,
    VERIFY_STEP_BYTES = 8 * 1024 * 1024,
    SAMPLES = 17, /* blocks that are compared unless all are */
    TAIL_BYTES = 64 * 1024,
    TAIL_MAX_BYTES = 16 * 1024 * 1024
};

struct read_job {
    struct read_options options;
    struct reader *reader; /* NULL: not opened yet */
    struct decoder *decoder;
    struct resync resync;
    size_t sample, samples; /* RESYNC_FOUND: the next block to compare, of so many */
    struct strbuf early_members;
    bool looks_whole;
    bool truncated; /* the file is half a version */
    const char *error;
    char buffer[BUFFER_BYTES];
};

struct read_job *read_job_new(const struct read_options *options)
{
    const struct mem *mem = options->mem;
    struct read_job *job = mem_alloc(mem, sizeof *job);
    if (job == NULL) {
        return NULL;
    }
    memset(job, 0, offsetof(struct read_job, buffer));
    job->options = *options;
    strbuf_init(&job->early_members, mem, 0);
    resync_init(&job->resync, mem, options->former);
    job->decoder =
        decoder_new(mem, options->max_event_bytes, options->follows ? &job->resync : NULL);
    if (job->decoder == NULL) {
        read_job_free(job);
        return NULL;
    }
    return job;
}

void read_job_free(struct read_job *job)
{
    if (job != NULL) {
        reader_free(job->reader);
        decoder_free(job->decoder);
        fingerprint_release(&job->resync.now);
        strbuf_release(&job->early_members);
        mem_free(job->options.mem, job, sizeof *job);
    }
}

static enum scan_shape shape_of(const struct read_job *job)
{
    return scan_shape(decoder_scan(job->decoder));
}

static bool seek(struct read_job *job, uint64_t offset)
{
    return reader_seek(job->reader, offset, &job->error);
}

/* Reads `size` bytes, or up to the end. */
static bool read_bytes(struct read_job *job, char *bytes, size_t size, size_t *len)
{
    ptrdiff_t count = reader_read(job->reader, bytes, size, &job->error);
    *len = count > 0 ? (size_t)count : 0;
    return count >= 0;
}

/* ---- the end first ---- */

/* Searches the last bytes of a plain file for members, and more bytes if they do not suffice. An
   error here is ignored. */
static void look_at_tail(struct read_job *job)
{
    size_t size = (size_t)reader_look(job->reader)->size, len = 0;
    bool found = false;
    for (size_t want = TAIL_BYTES; !found && len < size && want <= TAIL_MAX_BYTES; want *= 16) {
        len = want < size ? want : size;
        size_t got = 0;
        char *bytes = mem_alloc(job->options.mem, len);
        if (bytes == NULL) {
            break;
        }
        if (seek(job, size - len) && read_bytes(job, bytes, len, &got) && got > 0) {
            job->looks_whole = tail_is_whole(bytes, got);
            found = tail_members(job->options.mem, bytes, got, &job->early_members);
        }
        mem_free(job->options.mem, bytes, len);
    }
    if (job->early_members.failed) {
        strbuf_release(&job->early_members);
    }
}

/* ---- comparing with the former version ---- */

static enum read_state begin_to_verify(struct read_job *job)
{
    if (!resync_prepare(&job->resync)) {
        job->error = "out of memory";
        return READ_FAILED;
    }
    size_t blocks = fingerprint_blocks(&job->resync.now);
    job->samples = job->options.verify || blocks < SAMPLES ? blocks : SAMPLES;
    return READ_MORE;
}

/* The file ends within a block. That is half a version of a document, unless the file ends as a
   whole one does: then it is another, shorter document. (If that is chance, reading it will show
   it.) Lines that are shorter are others. */
static enum read_state end_early(struct read_job *job)
{
    char last[64];
    size_t size = (size_t)reader_look(job->reader)->size;
    size_t len = size < sizeof last ? size : sizeof last;
    /* A packed file that is not whole ends with an error. */
    bool whole = job->resync.now.lines || reader_is_packed(job->reader);
    if (!whole) {
        if (!seek(job, size - len) || !read_bytes(job, last, len, &len)) {
            return READ_FAILED;
        }
        whole = tail_is_closed(last, len, shape_of(job) == SCAN_ARRAY);
    }
    job->truncated = !whole;
    return whole ? READ_OTHER : READ_ENDED;
}

/* Compares the next blocks. Samples are spread evenly; the first and the last block are among
   them. */
static enum read_state verify(struct read_job *job)
{
    size_t last = fingerprint_blocks(&job->resync.now) - 1;
    for (size_t done = 0; job->sample < job->samples;) {
        uint64_t offset;
        size_t want, len, n = job->sample++;
        size_t block = job->samples < 2 ? last : n * last / (job->samples - 1);
        fingerprint_block(&job->resync.now, block, &offset, &want);
        if (!seek(job, offset) || !read_bytes(job, job->buffer, want, &len)) {
            return READ_FAILED;
        }
        if (len < want) {
            return end_early(job);
        }
        if (!fingerprint_matches(&job->resync.now, block, job->buffer)) {
            return READ_OTHER;
        }
        done += len;
        if (done >= VERIFY_STEP_BYTES) {
            return READ_MORE;
        }
    }
    return seek(job, decoder_continue(job->decoder)) ? READ_MORE : READ_FAILED;
}

/* ---- reading ---- */

static enum read_state open_file(struct read_job *job)
{
    job->reader = reader_open(job->options.mem, job->options.path, &job->error);
    if (job->reader == NULL) {
        return READ_FAILED;
    }
    if (job->resync.state == RESYNC_FOUND) {
        return begin_to_verify(job);
    }
    job->looks_whole = reader_is_packed(job->reader);
    if (job->options.former == NULL && !job->looks_whole) {
        look_at_tail(job);
    }
    return seek(job, 0) ? READ_MORE : READ_FAILED;
}

static enum read_state end(struct read_job *job, struct batch *batch)
{
    if (job->resync.state != RESYNC_DONE) {
        return scan_complete(decoder_scan(job->decoder)) ? READ_OTHER : READ_ENDED;
    }
    if (!job->options.follows) {
        decoder_finish(job->decoder, batch);
    }
    return READ_ENDED;
}

static enum read_state read_on(struct read_job *job, struct batch *batch)
{
    for (size_t done = 0, len; done < STEP_BYTES; done += len) {
        if (!read_bytes(job, job->buffer, BUFFER_BYTES, &len)) {
            return READ_FAILED;
        }
        if (len == 0) {
            return end(job, batch);
        }
        if (!decoder_push(job->decoder, job->buffer, len, batch)) {
            job->error = "out of memory";
            return READ_FAILED;
        }
        switch (job->resync.state) {
        case RESYNC_SEARCHES:
            if (shape_of(job) == SCAN_LINES) {
                return READ_OTHER;
            }
            break;
        case RESYNC_FOUND: return begin_to_verify(job);
        case RESYNC_FAILED: return READ_OTHER;
        case RESYNC_DONE: break;
        }
    }
    return READ_MORE;
}

static enum read_state step(struct read_job *job, struct batch *batch)
{
    enum read_state state = job->reader == NULL ? open_file(job) : READ_MORE;
    if (state != READ_MORE) {
        return state;
    }
    return job->resync.state == RESYNC_FOUND ? verify(job) : read_on(job, batch);
}

/* If a document is written to while it is read, what was read may be of two versions: it is not
   whole, and does not disprove the former one. (Lines and arrays grow at their ends; their
   beginnings stay.) */
static bool is_torn(const struct read_job *job, enum read_state state)
{
    return job->options.follows && (state == READ_OTHER || state == READ_ENDED) &&
           shape_of(job) == SCAN_DOCUMENT && reader_has_changed(job->reader);
}

struct read_report read_job_step(struct read_job *job, struct batch *batch)
{
    enum read_state state = step(job, batch);
    if (is_torn(job, state)) {
        job->truncated = true;
        state = READ_ENDED;
    }
    /* An array has no end, and nothing was taken of the event that is being written. */
    bool open_array = shape_of(job) == SCAN_ARRAY && job->options.former != NULL &&
                      job->resync.state == RESYNC_DONE;
    bool opened = job->reader != NULL;
    return (struct read_report){
        .state = state,
        .error = state == READ_FAILED ? job->error : NULL,
        .look = opened ? *reader_look(job->reader) : (struct file_look){0},
        .done_bytes = opened ? reader_position(job->reader) : 0,
        .shape = shape_of(job),
        .looks_whole = job->looks_whole,
        .complete = !job->truncated && (open_array || scan_complete(decoder_scan(job->decoder))),
        .early_members = &job->early_members,
    };
}

void read_job_take_fingerprint(struct read_job *job, struct fingerprint *out)
{
    if (scan_is_joined(decoder_scan(job->decoder))) {
        fingerprint_release(&job->resync.now);
    }
    fingerprint_close(&job->resync.now);
    *out = job->resync.now;
    fingerprint_init(&job->resync.now, job->options.mem);
}
