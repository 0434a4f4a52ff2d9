/* The bytes behind the last event (a comma, the beginning of the next one) wait in `lag` until it is known that they belong to the events; so
   the hashes end where the events do, and the next version may go on there in another way (`]` becomes `,`). */
#include "ingest/trace/trail.h"

#include <xxhash.h>

#include <assert.h>
#include <string.h>

void trail_init(struct trail *trail, const struct mem *mem)
{
    *trail = (struct trail){.mem = mem, .first = UINT64_MAX};
    strbuf_init(&trail->lag, mem, 0);
}

void trail_release(struct trail *trail)
{
    const struct mem *mem = trail->mem;
    mem_free(mem, trail->pieces, trail->piece_cap * sizeof *trail->pieces);
    mem_free(mem, trail->events, trail->event_cap * sizeof *trail->events);
    if (trail->open != NULL) {
        XXH3_freeState(trail->open);
    }
    strbuf_release(&trail->lag);
    trail_init(trail, mem);
}

/* The state of a hash wants more alignment than struct mem promises, so it is the library's own memory. */
static bool make_open(struct trail *trail)
{
    trail->open = trail->open != NULL ? trail->open : XXH3_createState();
    return trail->open != NULL && XXH3_64bits_reset(trail->open) == XXH_OK;
}

static bool copy_list(const struct mem *mem, void *to_ptr, size_t *cap, const void *from,
                      size_t count, size_t size)
{
    void *to = NULL;
    if (count > 0) {
        if (!mem_reserve(mem, to_ptr, cap, count, size)) {
            return false;
        }
        memcpy(&to, to_ptr, sizeof to);
        memcpy(to, from, count * size);
    }
    return true;
}

bool trail_copy(struct trail *to, const struct trail *from)
{
    trail_init(to, from->mem);
    if (!copy_list(to->mem, &to->pieces, &to->piece_cap, from->pieces, from->piece_count,
                   sizeof *to->pieces) ||
        !copy_list(to->mem, &to->events, &to->event_cap, from->events, from->event_count,
                   sizeof *to->events) ||
        (from->open != NULL && !make_open(to))) {
        trail_release(to);
        return false;
    }
    if (from->open != NULL) {
        XXH3_copyState(to->open, from->open);
    }
    struct trail made = *to;
    *to = *from;
    to->pieces = made.pieces;
    to->piece_cap = made.piece_cap;
    to->events = made.events;
    to->event_cap = made.event_cap;
    to->open = made.open;
    to->lag = made.lag;
    return true;
}

uint64_t trail_chain(uint64_t hash, struct slice text)
{
    return XXH3_64bits_withSeed(text.bytes, text.len, hash);
}

void trail_add_metadata(struct trail *trail, struct slice text)
{
    if (trail->first == UINT64_MAX) {
        trail->metadata_count++;
        trail->metadata_hash = trail_chain(trail->metadata_hash, text);
    }
}

/* ---- events ---- */

struct trail_event trail_event_of(struct slice text, uint64_t offset, uint64_t line)
{
    return (struct trail_event){offset, XXH3_64bits(text.bytes, text.len), line};
}

static void begin(struct trail *trail, struct slice text, uint64_t offset, uint64_t from)
{
    trail->first = trail->base = trail->end = offset;
    trail->failed |= !make_open(trail);
    /* The bytes before `from` are not given again. */
    strbuf_clear(&trail->lag);
    if (offset < from) {
        strbuf_add(&trail->lag, text.bytes, (size_t)(from - offset));
    }
}

void trail_add_event(struct trail *trail, struct slice text, uint64_t offset, uint64_t line,
                     uint64_t from)
{
    if (trail->first == UINT64_MAX) {
        begin(trail, text, offset, from);
    }
    if (!mem_reserve(trail->mem, &trail->events, &trail->event_cap, trail->event_count + 1,
                     sizeof *trail->events)) {
        trail->failed = true;
        return;
    }
    trail->events[trail->event_count++] = trail_event_of(text, offset, line);
    trail->recent++;
    trail->line = line;
}

/* A piece is whole: of its events the first stays. */
static void end_piece(struct trail *trail)
{
    uint64_t end = trail->base + (trail->piece_count + 1) * TRAIL_PIECE;
    if (!mem_reserve(trail->mem, &trail->pieces, &trail->piece_cap, trail->piece_count + 1,
                     sizeof *trail->pieces)) {
        trail->failed = true;
        return;
    }
    trail->pieces[trail->piece_count++] = XXH3_64bits_digest(trail->open);
    trail->failed |= !make_open(trail);
    struct trail_event *recent = trail->events + trail->event_count - trail->recent;
    size_t done = 0;
    while (done < trail->recent && recent[done].offset < end) {
        done++;
    }
    if (done > 1) {
        memmove(recent + 1, recent + done, (trail->recent - done) * sizeof *recent);
        trail->event_count -= done - 1;
    }
    trail->recent -= done;
}

static void hash_bytes(struct trail *trail, const char *bytes, size_t len)
{
    while (len > 0 && !trail->failed) {
        uint64_t end = trail->base + (trail->piece_count + 1) * TRAIL_PIECE;
        size_t left = (size_t)(end - trail->end), n = len < left ? len : left;
        XXH3_64bits_update(trail->open, bytes, n);
        trail->end += n;
        bytes += n;
        len -= n;
        if (n == left) {
            end_piece(trail);
        }
    }
}

void trail_add_bytes(struct trail *trail, const char *bytes, size_t len, uint64_t offset,
                     uint64_t end)
{
    if (trail->first == UINT64_MAX || trail->failed) {
        return;
    }
    if (offset < trail->end) {
        size_t known = trail->end - offset < len ? (size_t)(trail->end - offset) : len;
        bytes += known;
        len -= known;
    }
    /* The lag ends where the bytes begin. */
    uint64_t want = end > trail->end ? end - trail->end : 0;
    size_t from_lag = want < trail->lag.len ? (size_t)want : trail->lag.len;
    hash_bytes(trail, trail->lag.data, from_lag);
    strbuf_eat(&trail->lag, from_lag);
    size_t from_bytes = (size_t)(want - from_lag);
    from_bytes = from_bytes < len ? from_bytes : len;
    hash_bytes(trail, bytes, from_bytes);
    strbuf_add(&trail->lag, bytes + from_bytes, len - from_bytes);
    trail->failed |= trail->lag.failed;
}

void trail_close(struct trail *trail)
{
    strbuf_release(&trail->lag);
}

/* ---- comparing ---- */

const struct trail_event *trail_find(const struct trail *trail, struct slice text)
{
    uint64_t hash = XXH3_64bits(text.bytes, text.len);
    for (size_t i = 0; i < trail->event_count; i++) {
        if (trail->events[i].hash == hash) {
            return &trail->events[i];
        }
    }
    return NULL;
}

size_t trail_pieces(const struct trail *trail)
{
    uint64_t last = trail->base + trail->piece_count * TRAIL_PIECE;
    return trail->first == UINT64_MAX ? 0 : trail->piece_count + (trail->end > last);
}

void trail_piece(const struct trail *trail, size_t n, uint64_t *offset, size_t *len)
{
    *offset = trail->base + n * TRAIL_PIECE;
    *len = n < trail->piece_count ? TRAIL_PIECE : (size_t)(trail->end - *offset);
}

bool trail_is(const struct trail *trail, size_t n, const char *bytes)
{
    uint64_t offset;
    size_t len;
    trail_piece(trail, n, &offset, &len);
    uint64_t want = n < trail->piece_count ? trail->pieces[n] : XXH3_64bits_digest(trail->open);
    return XXH3_64bits(bytes, len) == want;
}

void trail_move(struct trail *trail, int64_t by, int64_t by_lines)
{
    trail->base += (uint64_t)by;
    trail->end += (uint64_t)by;
    trail->first += (uint64_t)by;
    trail->line += (uint64_t)by_lines;
    for (size_t i = 0; i < trail->event_count; i++) {
        trail->events[i].offset += (uint64_t)by;
        trail->events[i].line += (uint64_t)by_lines;
    }
}

/* What the producer dropped lay, by its new offsets, before the beginning of the file, perhaps: then they wrapped around. */
static bool is_before(uint64_t a, uint64_t b)
{
    return (int64_t)a < (int64_t)b;
}

void trail_begin_at(struct trail *trail, uint64_t from, const struct trail_event *first)
{
    size_t events = 0, pieces = 0;
    while (events < trail->event_count && is_before(trail->events[events].offset, from)) {
        events++;
    }
    /* In the place of one of those that are gone goes the new first one. */
    assert(events > 0);
    events--;
    trail->event_count -= events;
    memmove(trail->events, trail->events + events, trail->event_count * sizeof *trail->events);
    trail->events[0] = *first;
    trail->recent = trail->recent < trail->event_count ? trail->recent : trail->event_count;
    trail->first = first->offset;

    while (pieces < trail->piece_count && is_before(trail->base + pieces * TRAIL_PIECE, from)) {
        pieces++;
    }
    trail->piece_count -= pieces;
    if (trail->piece_count > 0) {
        memmove(trail->pieces, trail->pieces + pieces, trail->piece_count * sizeof *trail->pieces);
    }
    trail->base += pieces * TRAIL_PIECE;
    /* Of the piece that is not whole, some is gone as well: it can be compared no more. */
    if (trail->piece_count == 0 && is_before(trail->base, from)) {
        trail->base = trail->end;
        trail->failed |= !make_open(trail);
    }
}
