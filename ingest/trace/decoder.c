/* What scan finds is numbered and put into the batch. Names and tracks have numbers of their own here, by the raw bytes they come as; the model
   gives them its own when it takes the batch. */
#include "ingest/trace/decoder.h"

#include "core/base/intern.h"

#include <string.h>

struct decoder {
    struct decoder_options options;
    const struct mem *mem;
    struct scan *scan;
    struct intern *names, *tracks; /* by raw texts */
    struct strbuf key;             /* of a track; of a name with escapes */
    struct trail trail;
    struct match match;
    bool goes_on;    /* is behind what the former version had, or there is none */
    uint64_t offset; /* of the bytes that are being looked through */
    struct batch *batch;
};

/* ---- names and tracks ---- */

static struct slice slice_of(struct json_value value)
{
    return value.type == JSON_TYPE_NONE ? (struct slice){NULL, 0}
                                        : (struct slice){value.raw, value.len};
}

/* The number of a text in the table; INTERN_NONE: out of memory. */
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

/* The number of a name; INTERN_NONE: it is none, or out of memory. */
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

/* The number of a track; 0: out of memory. What tells it is the text from its pid to its tid, where they stand like that (the seed has them side by
   side), else both of them with a NUL between. */
static uint32_t track_number(struct decoder *decoder, struct json_value pid, struct json_value tid)
{
    struct slice a = slice_of(pid), b = slice_of(tid), key = {a.bytes, 0};
    static const char between[] = ",\"tid\":";
    if (a.len > 0 && b.bytes == a.bytes + a.len + sizeof between - 1) {
        key.len = (size_t)(b.bytes + b.len - a.bytes);
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

/* ---- what scan finds ---- */

static bool put_event(struct decoder *decoder, const struct raw_event *raw)
{
    struct event event = {
        .ph = raw->ph,
        .ts_us = raw->ts_us,
        .dur_us = raw->dur_us,
        .name = name_number(decoder, raw->name),
        .cat = name_number(decoder, raw->cat),
        .track = track_number(decoder, raw->pid, raw->tid),
        .id = slice_of(raw->id),
        .args = slice_of(raw->args),
        .extra = raw->extra,
    };
    if (event.track == 0 || decoder->batch->failed) {
        decoder->batch->failed = true;
        return false;
    }
    batch_add_event(decoder->batch, &event);
    return !decoder->batch->failed;
}

/* While it is looked for where the former version goes on, only metadata that are new are taken. */
static bool look_for(struct decoder *decoder, const struct scan_event *event)
{
    struct match *match = &decoder->match;
    if (match->state != MATCH_SEARCHES) {
        return true;
    }
    if (event->raw.ph != 'M') {
        match_event(match, event);
        return true;
    }
    if (match->first.offset != UINT64_MAX) {
        return true;
    }
    return !match_metadata(match, event->text) || put_event(decoder, &event->raw);
}

static bool take_event(void *ctx, const struct scan_event *event)
{
    struct decoder *decoder = ctx;
    if (!decoder->goes_on) {
        return look_for(decoder, event);
    }
    if (decoder->options.trails) {
        if (event->raw.ph == 'M') {
            trail_add_metadata(&decoder->trail, event->text);
        } else {
            trail_add_event(&decoder->trail, event->text, event->offset, event->line,
                            decoder->offset);
            decoder->trail.line = event->end_line;
        }
    }
    return put_event(decoder, &event->raw);
}

static bool take_member(void *ctx, struct json_value key, struct json_value value)
{
    struct decoder *decoder = ctx;
    /* Those in front of the events come first, those behind them after it has gone on. */
    if (decoder->goes_on || decoder->match.first.offset == UINT64_MAX) {
        batch_add_member(decoder->batch, key, value);
    }
    return !decoder->batch->failed;
}

static void take_bad(void *ctx, uint64_t line, const char *reason, struct slice bytes, bool broken)
{
    struct decoder *decoder = ctx;
    if (decoder->goes_on) {
        batch_complain(decoder->batch, line, reason, bytes, broken);
    }
}

static bool take_lines(void *ctx, const char *bytes, size_t len)
{
    struct decoder *decoder = ctx;
    strbuf_add(&decoder->batch->lines, bytes, len);
    decoder->batch->failed |= decoder->batch->lines.failed;
    return !decoder->batch->failed;
}

/* ---- the decoder ---- */

struct decoder *decoder_new(const struct decoder_options *options)
{
    const struct mem *mem = options->mem;
    struct decoder *decoder = mem_zalloc(mem, 1, sizeof *decoder);
    if (decoder == NULL) {
        return NULL;
    }
    decoder->mem = mem;
    decoder->options = *options;
    strbuf_init(&decoder->key, mem, 0);
    trail_init(&decoder->trail, mem);
    decoder->goes_on = options->former == NULL;
    if (options->former != NULL) {
        match_init(&decoder->match, options->former);
    }
    struct scan_sink sink = {take_event, take_member, take_bad, take_lines, decoder};
    decoder->scan = scan_new(mem, &sink, options->max_event_bytes);
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
        trail_release(&decoder->trail);
        mem_free(decoder->mem, decoder, sizeof *decoder);
    }
}

static void follow_trail(struct decoder *decoder, const char *bytes, size_t len)
{
    if (scan_in_events(decoder->scan)) {
        trail_add_bytes(&decoder->trail, bytes, len, decoder->offset,
                        scan_events_end(decoder->scan));
    } else if (scan_events_end(decoder->scan) > decoder->trail.end) {
        trail_add_bytes(&decoder->trail, bytes, len, decoder->offset,
                        scan_events_end(decoder->scan));
        trail_close(&decoder->trail);
    }
    decoder->batch->failed |= decoder->trail.failed;
}

bool decoder_push(struct decoder *decoder, const char *bytes, size_t len, struct batch *batch)
{
    decoder->batch = batch;
    batch->expected_bytes = len < SIZE_MAX / 4 ? 2 * len : len;
    bool good = scan_push(decoder->scan, bytes, len);
    batch->failed |= !good;
    if (decoder->goes_on && decoder->options.trails && !batch->failed) {
        follow_trail(decoder, bytes, len);
    }
    decoder->offset += len;
    decoder->batch = NULL;
    return !batch->failed;
}

void decoder_finish(struct decoder *decoder, struct batch *batch)
{
    decoder->batch = batch;
    scan_finish(decoder->scan);
    decoder->batch = NULL;
}

enum scan_shape decoder_shape(const struct decoder *decoder)
{
    return scan_shape(decoder->scan);
}

bool decoder_complete(const struct decoder *decoder)
{
    return scan_complete(decoder->scan);
}

enum match_state decoder_match(const struct decoder *decoder)
{
    return decoder->match.state;
}

bool decoder_goes_on(const struct decoder *decoder)
{
    return decoder->goes_on;
}

/* ---- going on ---- */

bool decoder_prepare(struct decoder *decoder)
{
    if (!trail_copy(&decoder->trail, decoder->options.former)) {
        return false;
    }
    match_apply(&decoder->match, &decoder->trail);
    return !decoder->trail.failed;
}

const struct trail *decoder_trail(const struct decoder *decoder)
{
    return &decoder->trail;
}

uint64_t decoder_go_on(struct decoder *decoder)
{
    decoder->goes_on = true;
    decoder->offset = decoder->trail.end;
    scan_jump(decoder->scan, decoder->trail.end, decoder->trail.line);
    return decoder->trail.end;
}

void decoder_take_trail(struct decoder *decoder, struct trail *out)
{
    trail_close(&decoder->trail);
    *out = decoder->trail;
    trail_init(&decoder->trail, decoder->mem);
}

static size_t cut(const char *name, size_t len, const char *end)
{
    size_t n = strlen(end);
    return len > n && memcmp(name + len - n, end, n) == 0 ? len - n : len;
}

void decoder_session_id(const char *path, struct strbuf *out)
{
    static const char *const extensions[] = {".json", ".ndjson", ".jsonl", ".trace"};
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
    size_t len = cut(name, strlen(name), ".gz");
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        size_t shorter = cut(name, len, extensions[i]);
        if (shorter != len) {
            len = shorter;
            break;
        }
    }
    strbuf_add(out, name, len);
}
