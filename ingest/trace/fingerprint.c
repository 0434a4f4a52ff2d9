/* `open` holds the bytes of the block that is not whole yet and those after the last event: a
   comma, the beginning of the next event. Blocks end where the events do, so the next version may
   continue there in another way (`]` becomes `,`). */
#include "ingest/trace/fingerprint.h"

#include <xxhash.h>

#include <assert.h>
#include <string.h>

void fingerprint_init(struct fingerprint *fp, const struct mem *mem)
{
    *fp = (struct fingerprint){.mem = mem, .first = UINT64_MAX, .line = 1};
    strbuf_init(&fp->open, mem, 0);
}

void fingerprint_release(struct fingerprint *fp)
{
    mem_free(fp->mem, fp->blocks, fp->block_cap * sizeof *fp->blocks);
    mem_free(fp->mem, fp->events, fp->event_cap * sizeof *fp->events);
    strbuf_release(&fp->open);
    fingerprint_init(fp, fp->mem);
}

bool fingerprint_copy(struct fingerprint *to, const struct fingerprint *from)
{
    *to = *from;
    to->blocks = NULL;
    to->events = NULL;
    to->block_cap = to->event_cap = 0;
    strbuf_init(&to->open, from->mem, 0);
    strbuf_add(&to->open, from->open.data, from->open.len);
    if (to->open.failed ||
        !mem_reserve(to->mem, &to->blocks, &to->block_cap, from->block_count, sizeof *to->blocks) ||
        !mem_reserve(to->mem, &to->events, &to->event_cap, from->event_count, sizeof *to->events)) {
        fingerprint_release(to);
        return false;
    }
    if (from->block_count > 0) {
        memcpy(to->blocks, from->blocks, from->block_count * sizeof *from->blocks);
    }
    if (from->event_count > 0) {
        memcpy(to->events, from->events, from->event_count * sizeof *from->events);
    }
    return true;
}

static uint64_t block_at(const struct fingerprint *fp, size_t n)
{
    return fp->base + n * FP_BLOCK;
}

/* ---- events ---- */

struct fp_event fp_event_of(const struct scan_event *event)
{
    return (struct fp_event){event->offset, XXH3_64bits(event->text.bytes, event->text.len),
                             event->line};
}

/* Begins at the first event. The part of it before `from` has been in earlier chunks. */
static void begin(struct fingerprint *fp, const struct scan_event *event, uint64_t from)
{
    fp->first = fp->base = fp->end = event->offset;
    fp->block_count = 0;
    strbuf_clear(&fp->open);
    if (event->offset < from) {
        strbuf_add(&fp->open, event->text.bytes, (size_t)(from - event->offset));
    }
}

void fingerprint_add_event(struct fingerprint *fp, const struct scan_event *event, uint64_t from)
{
    fp->line = event->end_line;
    if (event->raw.ph == 'M') {
        if (fp->first == UINT64_MAX) {
            fp->metadata_count++;
            fp->metadata_hash =
                XXH3_64bits_withSeed(event->text.bytes, event->text.len, fp->metadata_hash);
        }
        return;
    }
    if (fp->first == UINT64_MAX) {
        begin(fp, event, from);
    }
    if (!mem_reserve(fp->mem, &fp->events, &fp->event_cap, fp->event_count + 1,
                     sizeof *fp->events)) {
        fp->failed = true;
        return;
    }
    fp->events[fp->event_count++] = fp_event_of(event);
    fp->recent++;
}

/* ---- bytes ---- */

/* A block is whole: of its events only the first is kept. */
static void end_block(struct fingerprint *fp, const char *bytes)
{
    uint64_t end = block_at(fp, fp->block_count + 1);
    if (!mem_reserve(fp->mem, &fp->blocks, &fp->block_cap, fp->block_count + 1,
                     sizeof *fp->blocks)) {
        fp->failed = true;
        return;
    }
    fp->blocks[fp->block_count++] = XXH3_64bits(bytes, FP_BLOCK);
    struct fp_event *recent = fp->events + fp->event_count - fp->recent;
    size_t done = 0;
    while (done < fp->recent && recent[done].offset < end) {
        done++;
    }
    if (done > 1) {
        memmove(recent + 1, recent + done, (fp->recent - done) * sizeof *recent);
        fp->event_count -= done - 1;
    }
    fp->recent -= done;
}

/* Adds bytes that follow the open ones. A block that lies whole in a chunk is hashed there, not
   copied. */
static void add(struct fingerprint *fp, const char *bytes, size_t len)
{
    size_t done = 0; /* of the open bytes */
    while (fp->end - block_at(fp, fp->block_count) >= FP_BLOCK && !fp->failed) {
        size_t held = fp->open.len - done, more = held < FP_BLOCK ? FP_BLOCK - held : 0;
        if (held == 0) {
            end_block(fp, bytes);
        } else {
            strbuf_add(&fp->open, bytes, more);
            fp->failed |= fp->open.failed;
            if (!fp->failed) {
                end_block(fp, fp->open.data + done);
                done += FP_BLOCK;
            }
        }
        bytes += more;
        len -= more;
    }
    if (!fp->failed) {
        strbuf_eat(&fp->open, done);
        strbuf_add(&fp->open, bytes, len);
        fp->failed |= fp->open.failed;
    }
}

void fingerprint_add_bytes(struct fingerprint *fp, const char *bytes, size_t len, uint64_t offset,
                           uint64_t end)
{
    if ((fp->first == UINT64_MAX && !fp->lines) || fp->failed) {
        return;
    }
    uint64_t held_to = block_at(fp, fp->block_count) + fp->open.len;
    uint64_t skip = held_to > offset ? held_to - offset : 0;
    skip = skip < len ? skip : len;
    fp->end = end > fp->end ? end : fp->end;
    add(fp, bytes + skip, len - (size_t)skip);
}

void fingerprint_close(struct fingerprint *fp)
{
    uint64_t keep = fp->end - block_at(fp, fp->block_count);
    if (!fp->failed && keep < fp->open.len) {
        fp->open.len = (size_t)keep;
        fp->open.data[keep] = '\0';
    }
}

/* ---- comparing ---- */

const struct fp_event *fingerprint_find(const struct fingerprint *fp, struct slice text)
{
    uint64_t hash = XXH3_64bits(text.bytes, text.len);
    for (size_t i = 0; i < fp->event_count; i++) {
        if (fp->events[i].hash == hash) {
            return &fp->events[i];
        }
    }
    return NULL;
}

size_t fingerprint_blocks(const struct fingerprint *fp)
{
    return fp->block_count + (fp->end > block_at(fp, fp->block_count));
}

void fingerprint_block(const struct fingerprint *fp, size_t n, uint64_t *offset, size_t *len)
{
    *offset = block_at(fp, n);
    *len = n < fp->block_count ? FP_BLOCK : (size_t)(fp->end - *offset);
}

bool fingerprint_matches(const struct fingerprint *fp, size_t n, const char *bytes)
{
    uint64_t offset;
    size_t len;
    fingerprint_block(fp, n, &offset, &len);
    return n < fp->block_count ? XXH3_64bits(bytes, len) == fp->blocks[n]
                               : memcmp(bytes, fp->open.data, len) == 0;
}

void fingerprint_move(struct fingerprint *fp, int64_t by, int64_t by_lines)
{
    fp->base += (uint64_t)by;
    fp->end += (uint64_t)by;
    fp->first += (uint64_t)by;
    fp->line += (uint64_t)by_lines;
    for (size_t i = 0; i < fp->event_count; i++) {
        fp->events[i].offset += (uint64_t)by;
        fp->events[i].line += (uint64_t)by_lines;
    }
}

/* Offsets that the producer dropped may lie before the beginning of the file: then they have
   wrapped around. */
static bool is_before(uint64_t a, uint64_t b)
{
    return (int64_t)a < (int64_t)b;
}

void fingerprint_begin_at(struct fingerprint *fp, uint64_t from, const struct fp_event *first)
{
    size_t events = 0, blocks = 0;
    while (events < fp->event_count && is_before(fp->events[events].offset, from)) {
        events++;
    }
    /* The new first event replaces the last of those that are gone. */
    assert(events > 0);
    events--;
    fp->event_count -= events;
    memmove(fp->events, fp->events + events, fp->event_count * sizeof *fp->events);
    fp->events[0] = *first;
    fp->recent = fp->recent < fp->event_count ? fp->recent : fp->event_count;
    fp->first = first->offset;

    while (blocks < fp->block_count && is_before(block_at(fp, blocks), from)) {
        blocks++;
    }
    fp->block_count -= blocks;
    if (fp->block_count > 0) {
        memmove(fp->blocks, fp->blocks + blocks, fp->block_count * sizeof *fp->blocks);
    }
    fp->base += blocks * FP_BLOCK;
    /* A partial block that has lost its beginning can no longer be compared. */
    if (fp->block_count == 0 && is_before(fp->base, from)) {
        fp->base = fp->end;
        strbuf_clear(&fp->open);
    }
}
