/* A step is about a megabyte: long enough that handing it over costs nothing, short enough that the loop takes it between two frames.
   Read buffers are small, so that what is read is still in the processor's cache when it is looked through.

   A followed document takes three ways through this: READS to the first events, VERIFIES that what the former version had is there, READS
   from behind that on. */
#include "ingest/trace/reading.h"

#include "ingest/trace/reader.h"
#include "ingest/trace/tail.h"

#include <string.h>

enum {
    BUFFER_BYTES = 128 * 1024,
    STEP_BYTES = 1024 * 1024,
    VERIFY_STEP_BYTES = 8 * 1024 * 1024,
    SAMPLES = 17, /* pieces that are compared when not all are */
    TAIL_BYTES = 64 * 1024,
    TAIL_MAX_BYTES = 16 * 1024 * 1024
};

enum phase { OPENS, CHECKS_LINES, READS_LINES, READS, VERIFIES };

struct reading {
    struct reading_options options;
    enum phase phase;
    struct reader *reader;
    struct decoder *decoder;
    char *buffer;
    struct seen seen;
    size_t sample, samples; /* VERIFIES: the next, of so many */
    struct strbuf early_members;
    bool looks_whole, truncated;
    const char *error;
};

struct reading *reading_new(const struct reading_options *options)
{
    const struct mem *mem = options->mem;
    struct reading *reading = mem_zalloc(mem, 1, sizeof *reading);
    if (reading == NULL) {
        return NULL;
    }
    struct decoder_options decoder = {
        .mem = mem,
        .max_event_bytes = options->max_event_bytes,
        .trails = options->follows,
        .former = options->former,
    };
    reading->options = *options;
    strbuf_init(&reading->early_members, mem, 0);
    reading->buffer = mem_alloc(mem, BUFFER_BYTES);
    reading->decoder = decoder_new(&decoder);
    if (reading->buffer == NULL || reading->decoder == NULL) {
        reading_free(reading);
        return NULL;
    }
    return reading;
}

void reading_free(struct reading *reading)
{
    if (reading != NULL) {
        const struct mem *mem = reading->options.mem;
        reader_free(reading->reader);
        decoder_free(reading->decoder);
        strbuf_release(&reading->early_members);
        mem_free(mem, reading->buffer, reading->buffer == NULL ? 0 : BUFFER_BYTES);
        mem_free(mem, reading, sizeof *reading);
    }
}

static enum reading_state fail(struct reading *reading, const char *error)
{
    reading->error = error;
    return READING_FAILED;
}

static enum reading_state read_some(struct reading *reading, size_t size, size_t *len)
{
    const char *error = NULL;
    ptrdiff_t count = reader_read(reading->reader, reading->buffer, size, &error);
    *len = count > 0 ? (size_t)count : 0;
    return count < 0 ? fail(reading, error) : READING_GOES_ON;
}

/* Reads until the buffer is so full, or to the end. */
static enum reading_state read_whole(struct reading *reading, char *bytes, size_t size, size_t *len)
{
    const char *error = NULL;
    for (*len = 0; *len < size;) {
        ptrdiff_t count = reader_read(reading->reader, bytes + *len, size - *len, &error);
        if (count < 0) {
            return fail(reading, error);
        }
        if (count == 0) {
            break;
        }
        *len += (size_t)count;
    }
    return READING_GOES_ON;
}

static bool seek(struct reading *reading, uint64_t offset)
{
    return reader_seek(reading->reader, offset, &reading->error);
}

/* ---- the end first ---- */

/* Looks at the last bytes of a plain file; where they are not enough, at more. Failing here is no failure. */
static void look_at_tail(struct reading *reading)
{
    uint64_t size = (uint64_t)reader_stat(reading->reader)->st_size;
    const struct mem *mem = reading->options.mem;
    bool found = false, all = false;
    for (size_t want = TAIL_BYTES; !found && !all && want <= TAIL_MAX_BYTES; want *= 16) {
        size_t len = want < size ? want : (size_t)size, got = 0;
        char *bytes = len > 0 ? mem_alloc(mem, len) : NULL;
        all = len == size;
        if (bytes == NULL) {
            break;
        }
        if (seek(reading, size - len) && read_whole(reading, bytes, len, &got) == READING_GOES_ON &&
            got > 0) {
            reading->looks_whole = tail_is_whole(bytes, got);
            found = tail_members(mem, bytes, got, &reading->early_members);
        }
        mem_free(mem, bytes, len);
    }
    reading->error = NULL;
    if (reading->early_members.failed) {
        strbuf_release(&reading->early_members);
    }
}

static enum reading_state open_file(struct reading *reading)
{
    const struct reading_options *options = &reading->options;
    const char *error = NULL;
    reading->reader = reader_open(options->mem, options->path, &error);
    if (reading->reader == NULL) {
        return fail(reading, error);
    }
    if (options->seen != NULL) {
        reading->phase = CHECKS_LINES;
        return READING_GOES_ON;
    }
    reading->phase = READS;
    reading->looks_whole = reader_is_packed(reading->reader);
    if (options->former == NULL && !reading->looks_whole) {
        look_at_tail(reading);
    }
    return seek(reading, 0) ? READING_GOES_ON : READING_FAILED;
}

/* ---- lines that have grown ---- */

static enum reading_state go_on_with_lines(struct reading *reading)
{
    reading->seen = *reading->options.seen;
    reading->phase = READS_LINES;
    return seek(reading, reading->seen.length) ? READING_GOES_ON : READING_FAILED;
}

/* The same file, longer: its old last bytes are where they were. */
static enum reading_state check_tail(struct reading *reading)
{
    const struct seen *seen = reading->options.seen;
    size_t len;
    if (!seek(reading, seen->length - seen->tail_len)) {
        return READING_FAILED;
    }
    enum reading_state state = read_whole(reading, reading->buffer, seen->tail_len, &len);
    if (state != READING_GOES_ON) {
        return state;
    }
    bool same = len == seen->tail_len && memcmp(reading->buffer, seen->tail, len) == 0;
    return same ? go_on_with_lines(reading) : READING_OTHER;
}

/* Another file: whether it begins with all that was read. */
static enum reading_state check_lines(struct reading *reading)
{
    const struct seen *seen = reading->options.seen;
    if (reading->options.grown) {
        return check_tail(reading);
    }
    for (size_t done = 0; done < STEP_BYTES && reading->seen.length < seen->length;) {
        uint64_t left = seen->length - reading->seen.length;
        size_t len;
        enum reading_state state =
            read_some(reading, left < BUFFER_BYTES ? (size_t)left : BUFFER_BYTES, &len);
        if (state != READING_GOES_ON || len == 0) {
            return state != READING_GOES_ON ? state : READING_OTHER;
        }
        seen_add(&reading->seen, reading->buffer, len);
        done += len;
    }
    if (reading->seen.length < seen->length) {
        return READING_GOES_ON;
    }
    return seen_same(&reading->seen, seen) ? go_on_with_lines(reading) : READING_OTHER;
}

static enum reading_state read_lines(struct reading *reading, struct batch *batch)
{
    for (size_t done = 0; done < STEP_BYTES;) {
        size_t len;
        enum reading_state state = read_some(reading, BUFFER_BYTES, &len);
        if (state != READING_GOES_ON || len == 0) {
            return state != READING_GOES_ON ? state : READING_ENDED;
        }
        seen_add(&reading->seen, reading->buffer, len);
        strbuf_add(&batch->lines, reading->buffer, len);
        done += len;
    }
    return batch->lines.failed ? fail(reading, "out of memory") : READING_GOES_ON;
}

/* ---- documents that go on ---- */

static enum reading_state begin_to_verify(struct reading *reading)
{
    if (!decoder_prepare(reading->decoder)) {
        return fail(reading, "out of memory");
    }
    size_t pieces = trail_pieces(decoder_trail(reading->decoder));
    reading->samples = reading->options.verify || pieces < SAMPLES ? pieces : SAMPLES;
    reading->sample = 0;
    reading->phase = VERIFIES;
    return READING_GOES_ON;
}

/* The pieces that are compared are spread evenly; the first and the last are among them. */
static size_t sampled_piece(const struct reading *reading, size_t sample)
{
    size_t pieces = trail_pieces(decoder_trail(reading->decoder));
    return reading->samples < 2 ? pieces - 1 : sample * (pieces - 1) / (reading->samples - 1);
}

/* A piece was not there as a whole. That is half a version, unless it ends as a whole one does: then it is another, shorter document. (Where that is
   by chance, it turns out when it is read.) */
static enum reading_state end_early(struct reading *reading)
{
    char last[64];
    uint64_t size = (uint64_t)reader_stat(reading->reader)->st_size;
    size_t len = size < sizeof last ? (size_t)size : sizeof last;
    bool whole = reader_is_packed(reading->reader); /* else its end would be an error */
    if (!whole) {
        if (!seek(reading, size - len)) {
            return READING_FAILED;
        }
        enum reading_state state = read_whole(reading, last, len, &len);
        if (state != READING_GOES_ON) {
            return state;
        }
        whole = tail_is_closed(last, len, decoder_shape(reading->decoder) == SCAN_ARRAY);
    }
    reading->truncated = !whole;
    return whole ? READING_OTHER : READING_ENDED;
}

static enum reading_state verify(struct reading *reading)
{
    const struct trail *trail = decoder_trail(reading->decoder);
    for (size_t done = 0; done < VERIFY_STEP_BYTES && reading->sample < reading->samples;) {
        uint64_t offset;
        size_t want, len;
        size_t piece = sampled_piece(reading, reading->sample++);
        trail_piece(trail, piece, &offset, &want);
        if (!seek(reading, offset)) {
            return READING_FAILED;
        }
        enum reading_state state = read_whole(reading, reading->buffer, want, &len);
        if (state != READING_GOES_ON) {
            return state;
        }
        if (len < want) {
            return end_early(reading);
        }
        if (!trail_is(trail, piece, reading->buffer)) {
            return READING_OTHER;
        }
        done += len;
    }
    if (reading->sample < reading->samples) {
        return READING_GOES_ON;
    }
    reading->phase = READS;
    return seek(reading, decoder_go_on(reading->decoder)) ? READING_GOES_ON : READING_FAILED;
}

/* ---- reading ---- */

static enum reading_state end(struct reading *reading, struct batch *batch)
{
    bool looked_for_former = reading->options.former != NULL && !decoder_goes_on(reading->decoder);
    if (looked_for_former) {
        return decoder_complete(reading->decoder) ? READING_OTHER : READING_ENDED;
    }
    if (!reading->options.follows) {
        decoder_finish(reading->decoder, batch);
    }
    return READING_ENDED;
}

static enum reading_state read_on(struct reading *reading, struct batch *batch)
{
    for (size_t done = 0; done < STEP_BYTES;) {
        size_t len;
        enum reading_state state = read_some(reading, BUFFER_BYTES, &len);
        if (state != READING_GOES_ON) {
            return state;
        }
        if (len == 0) {
            return end(reading, batch);
        }
        if (!decoder_push(reading->decoder, reading->buffer, len, batch)) {
            return fail(reading, "out of memory");
        }
        enum scan_shape shape = decoder_shape(reading->decoder);
        if (reading->options.follows && (shape == SCAN_UNKNOWN || shape == SCAN_LINES)) {
            seen_add(&reading->seen, reading->buffer, len);
        }
        if (reading->options.former != NULL && shape == SCAN_LINES) {
            return READING_OTHER;
        }
        if (!decoder_goes_on(reading->decoder) &&
            decoder_match(reading->decoder) != MATCH_SEARCHES) {
            return decoder_match(reading->decoder) == MATCH_FOUND ? begin_to_verify(reading)
                                                                  : READING_OTHER;
        }
        done += len;
    }
    return READING_GOES_ON;
}

static enum reading_state step(struct reading *reading, struct batch *batch)
{
    if (reading->phase == OPENS) {
        enum reading_state state = open_file(reading);
        if (state != READING_GOES_ON) {
            return state;
        }
    }
    switch (reading->phase) {
    case CHECKS_LINES: return check_lines(reading);
    case READS_LINES: return read_lines(reading, batch);
    case VERIFIES: return verify(reading);
    case OPENS:
    case READS: break;
    }
    return read_on(reading, batch);
}

/* Of a document that was written to meanwhile, what was read may be of two versions: neither is it whole nor does it say anything of the
   former one. (Lines and arrays grow at their ends; their beginnings stay.) */
static bool is_torn(const struct reading *reading, enum reading_state state)
{
    return reading->options.follows && (state == READING_OTHER || state == READING_ENDED) &&
           reading_shape(reading) == SCAN_DOCUMENT && reader_has_changed(reading->reader);
}

enum reading_state reading_step(struct reading *reading, struct batch *batch)
{
    enum reading_state state = step(reading, batch);
    if (is_torn(reading, state)) {
        reading->truncated = true;
        return READING_ENDED;
    }
    return state;
}

/* ---- asking ---- */

const char *reading_error(const struct reading *reading)
{
    return reading->error;
}

const struct stat *reading_stat(const struct reading *reading)
{
    return reading->reader == NULL ? NULL : reader_stat(reading->reader);
}

void reading_progress(const struct reading *reading, uint64_t *done, uint64_t *all)
{
    *done = *all = 0;
    if (reading->reader != NULL) {
        *all = (uint64_t)reader_stat(reading->reader)->st_size;
        *done = reader_position(reading->reader);
    }
}

bool reading_looks_whole(const struct reading *reading)
{
    return reading->looks_whole;
}

const struct strbuf *reading_early_members(const struct reading *reading)
{
    return &reading->early_members;
}

bool reading_complete(const struct reading *reading)
{
    bool goes_on = reading->options.former != NULL && decoder_goes_on(reading->decoder);
    if (reading->truncated) {
        return false;
    }
    /* An array has no end: of the event that is being written nothing was taken yet. */
    return decoder_complete(reading->decoder) ||
           (goes_on && decoder_shape(reading->decoder) == SCAN_ARRAY);
}

enum scan_shape reading_shape(const struct reading *reading)
{
    return reading->options.seen != NULL ? SCAN_LINES : decoder_shape(reading->decoder);
}

void reading_take_trail(struct reading *reading, struct trail *out)
{
    decoder_take_trail(reading->decoder, out);
}

const struct seen *reading_seen(const struct reading *reading)
{
    return &reading->seen;
}
