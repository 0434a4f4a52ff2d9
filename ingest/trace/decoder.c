/* Numbers what scan finds and puts it into the batch. The decoder numbers names and tracks by the
   raw bytes they arrive as; the importer maps its numbers to the model's. */
#include "ingest/trace/decoder.h"

#include "core/base/intern.h"
#include "core/trace/event_added.h"

#include <string.h>

struct decoder {
    const struct mem *mem;
    struct scan *scan;
    struct resync *resync;         /* borrowed; NULL: the text is read once */
    struct intern *names, *tracks; /* by raw texts */
    struct strbuf key;             /* scratch: of a track; of a name with escapes */
    uint64_t offset;               /* of the chunk that is being scanned */
    struct batch *batch;           /* that is being filled */
};

/* ---- names and tracks ---- */

static struct slice slice_of(struct json_value value)
{
    return value.type == JSON_TYPE_NONE ? (struct slice){NULL, 0}
                                        : (struct slice){value.raw, value.len};
}

/* Returns the number of a text in the table, INTERN_NONE if out of memory. Sets *is_new. */
static intern_id number_of(struct decoder *decoder, struct intern *table, struct slice text,
                           bool *is_new)
{
    size_t count = intern_count(table);
    intern_id number = intern_put(table, text.len > 0 ? text.bytes : "", text.len);
    *is_new = intern_count(table) > count;
    if (number == INTERN_FAILED) {
        decoder->batch->failed = true;
        *is_new = false;
        return INTERN_NONE;
    }
    return number;
}

/* Returns the number of a name, INTERN_NONE for a value that is no string or if out of memory. */
static intern_id name_number(struct decoder *decoder, struct json_value name)
{
    if (name.type != JSON_TYPE_STRING) {
        return INTERN_NONE;
    }
    struct slice raw = {name.raw + 1, name.len - 2};
    bool is_new;
    intern_id number = number_of(decoder, decoder->names, raw, &is_new);
    if (!is_new) {
        return number;
    }
    if (memchr(raw.bytes, '\\', raw.len) == NULL) {
        batch_add_name(decoder->batch, raw.bytes, raw.len);
    } else {
        strbuf_clear(&decoder->key);
        json_get_string(name, &decoder->key);
        batch_add_name(decoder->batch, decoder->key.data, decoder->key.len);
        decoder->batch->failed |= decoder->key.failed;
    }
    return number;
}

/* Returns the track's number, 0 if out of memory. The key is the raw text `pid,"tid":tid` where the
   two fields are adjacent (the tracer's case); otherwise the same text is put together. */
static uint32_t track_number(struct decoder *decoder, struct json_value pid, struct json_value tid)
{
    struct slice a = slice_of(pid), b = slice_of(tid), key = {a.bytes, 0};
    static const char between[] = ",\"tid\":";
    enum { BETWEEN = sizeof between - 1 };
    char text[64];
    if (a.len > 0 && b.bytes == a.bytes + a.len + BETWEEN) {
        key.len = (size_t)(b.bytes + b.len - a.bytes);
    } else if (a.len > 0 && b.len > 0 && a.len + BETWEEN + b.len <= sizeof text) {
        memcpy(text, a.bytes, a.len);
        memcpy(text + a.len, between, BETWEEN);
        memcpy(text + a.len + BETWEEN, b.bytes, b.len);
        key = (struct slice){text, a.len + BETWEEN + b.len};
    } else {
        strbuf_clear(&decoder->key);
        strbuf_add(&decoder->key, a.bytes, a.len);
        strbuf_adds(&decoder->key, between);
        strbuf_add(&decoder->key, b.bytes, b.len);
        key = (struct slice){decoder->key.data, decoder->key.len};
        if (decoder->key.failed) {
            return 0;
        }
    }
    bool is_new;
    intern_id number = number_of(decoder, decoder->tracks, key, &is_new);
    if (is_new) {
        batch_add_track(decoder->batch, a, b);
    }
    return number;
}

/* ---- the scanner's sink ---- */

/* Returns whether all that comes is taken: the text is new from here on. */
static bool takes_all(const struct decoder *decoder)
{
    return decoder->resync == NULL || decoder->resync->state == RESYNC_DONE;
}

static bool take_event(void *ctx, const struct scan_event *found)
{
    struct decoder *decoder = ctx;
    const struct raw_event *raw = &found->raw;
    if (decoder->resync != NULL && !resync_event(decoder->resync, found, decoder->offset)) {
        return true;
    }
    if (raw_event_is_added(raw)) {
        return true;
    }
    struct event event = {
        .ph = raw->ph,
        .ts_us = raw->ts_us,
        .dur_us = raw->dur_us,
        .ts_rest_ns = raw->ts_rest_ns,
        .name = name_number(decoder, raw->name),
        .cat = name_number(decoder, raw->cat),
        .track = track_number(decoder, raw->pid, raw->tid),
        .id = slice_of(raw->id),
        .args = slice_of(raw->args),
        .extra = raw->extra,
    };
    decoder->batch->failed |= event.track == 0;
    if (!decoder->batch->failed) {
        batch_add_event(decoder->batch, &event);
    }
    return !decoder->batch->failed;
}

/* Takes the members in front of the events at once, those after them once all is taken. */
static bool take_member(void *ctx, struct json_value key, struct json_value value)
{
    struct decoder *decoder = ctx;
    if (takes_all(decoder) || decoder->resync->first.offset == UINT64_MAX) {
        batch_add_member(decoder->batch, key, value);
    }
    return !decoder->batch->failed;
}

static void take_bad(void *ctx, uint64_t line, const char *reason, struct slice bytes, bool broken)
{
    struct decoder *decoder = ctx;
    if (takes_all(decoder)) {
        batch_reject(decoder->batch, line, reason, bytes, broken);
    }
}

static bool take_lines(void *ctx, const char *bytes, size_t len)
{
    struct decoder *decoder = ctx;
    strbuf_add(&decoder->batch->lines, bytes, len);
    return !decoder->batch->lines.failed;
}

/* Numbers tracks from 1 again, for the same pid is another process. */
static bool take_next_document(void *ctx)
{
    struct decoder *decoder = ctx;
    struct intern *tracks = intern_new(decoder->mem);
    batch_cut(decoder->batch);
    if (tracks == NULL || decoder->batch->failed) {
        intern_free(tracks);
        decoder->batch->failed = true;
        return false;
    }
    intern_free(decoder->tracks);
    decoder->tracks = tracks;
    return true;
}

/* ---- the decoder ---- */

struct decoder *decoder_new(const struct mem *mem, size_t max_event_bytes, struct resync *resync)
{
    struct decoder *decoder = mem_zalloc(mem, 1, sizeof *decoder);
    if (decoder == NULL) {
        return NULL;
    }
    struct scan_sink sink = {
        take_event, take_member, take_bad, take_lines, decoder, take_next_document,
    };
    decoder->mem = mem;
    decoder->resync = resync;
    strbuf_init(&decoder->key, mem, 0);
    decoder->scan = scan_new(mem, &sink, max_event_bytes);
    decoder->names = intern_new(mem);
    decoder->tracks = intern_new(mem);
    if (decoder->scan == NULL || decoder->names == NULL || decoder->tracks == NULL) {
        decoder_free(decoder);
        return NULL;
    }
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (decoder != NULL) {
        scan_free(decoder->scan);
        intern_free(decoder->names);
        intern_free(decoder->tracks);
        strbuf_release(&decoder->key);
        mem_free(decoder->mem, decoder, sizeof *decoder);
    }
}

bool decoder_push(struct decoder *decoder, const char *bytes, size_t len, struct batch *batch)
{
    decoder->batch = batch;
    batch->expected_bytes = len < SIZE_MAX / 4 ? 2 * len : len;
    batch->failed |= !scan_push(decoder->scan, bytes, len);
    if (decoder->resync != NULL && !batch->failed) {
        resync_bytes(decoder->resync, decoder->scan, bytes, len, decoder->offset);
        batch->failed |= decoder->resync->now.failed;
    }
    decoder->offset += len;
    return !batch->failed;
}

void decoder_finish(struct decoder *decoder, struct batch *batch)
{
    decoder->batch = batch;
    scan_finish(decoder->scan);
}

const struct scan *decoder_scan(const struct decoder *decoder)
{
    return decoder->scan;
}

uint64_t decoder_continue(struct decoder *decoder)
{
    const struct fingerprint *now = &decoder->resync->now;
    decoder->resync->state = RESYNC_DONE;
    decoder->offset = now->end;
    scan_jump(decoder->scan, now->lines, now->end, now->line);
    return now->end;
}
