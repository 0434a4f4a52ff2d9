/* Segments are blocks of memory: records grow from the front, their offsets from the back (the last four bytes are the
   offset of the first record). An event is found by a search over the segments, then by its offset; dropping moves `first`
   and frees the segments that lie wholly before it. Nothing is ever moved, so what event_store_get lends stays where it
   is. The event that unshift puts before all others has a block of its own. */
#include "core/event_store.h"

#include <assert.h>
#include <string.h>

enum { SEGMENT_MIN = 4 * 1024, SEGMENT_MAX = 1024 * 1024 };

struct record {
    double ts_us, dur_us;
    intern_id name, cat;
    track_no track;
    span_no span;
    uint32_t id_len, args_len, extra_len;
    char ph;
    char padding[3];
};

struct segment {
    char *bytes;
    size_t size, used; /* used: by records; the offsets take count * 4 at the end */
    uint64_t first;    /* number of the first record */
    uint32_t count;
};

struct event_store {
    const struct mem *mem;
    struct segment *segments;
    size_t segment_count, segment_cap;
    uint64_t first, end; /* first: of the events in segments */
    char *front;         /* a record with its payload, number first - 1 */
    size_t front_size;
    size_t bytes;
};

struct event_store *event_store_new(const struct mem *mem)
{
    struct event_store *store = mem_zalloc(mem, 1, sizeof *store);
    if (store != NULL) {
        store->mem = mem;
        store->first = store->end = 1;
    }
    return store;
}

static void free_front(struct event_store *store)
{
    mem_free(store->mem, store->front, store->front_size);
    store->front = NULL;
    store->front_size = 0;
}

void event_store_free(struct event_store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < store->segment_count; i++) {
        mem_free(store->mem, store->segments[i].bytes, store->segments[i].size);
    }
    mem_free(store->mem, store->segments, store->segment_cap * sizeof *store->segments);
    free_front(store);
    mem_free(store->mem, store, sizeof *store);
}

static size_t record_size(const struct event *event)
{
    size_t size = sizeof(struct record) + event->id.len + event->args.len + event->extra.len;
    return (size + 7) & ~(size_t)7;
}

static char *put_slice(char *at, struct slice slice)
{
    if (slice.len > 0) {
        memcpy(at, slice.bytes, slice.len);
    }
    return at + slice.len;
}

static void write_record(char *at, const struct event *event)
{
    struct record record = {
        .ts_us = event->ts_us,
        .dur_us = event->dur_us,
        .name = event->name,
        .cat = event->cat,
        .track = event->track,
        .span = NO_SPAN,
        .id_len = (uint32_t)event->id.len,
        .args_len = (uint32_t)event->args.len,
        .extra_len = (uint32_t)event->extra.len,
        .ph = event->ph,
    };
    memcpy(at, &record, sizeof record);
    put_slice(put_slice(put_slice(at + sizeof record, event->id), event->args), event->extra);
}

/* A segment with room for `size` more bytes and an offset, NULL: out of memory. */
static struct segment *room(struct event_store *store, size_t size)
{
    struct segment *last =
        store->segment_count > 0 ? &store->segments[store->segment_count - 1] : NULL;
    size_t need = size + sizeof(uint32_t);
    if (last != NULL && last->size - last->used - last->count * sizeof(uint32_t) >= need) {
        return last;
    }
    /* A fifth of the whole, so that a store with a small cap stays small when its head goes. */
    size_t segment_size = store->bytes / 4 / SEGMENT_MIN * SEGMENT_MIN;
    segment_size = segment_size < SEGMENT_MIN ? SEGMENT_MIN : segment_size;
    segment_size = segment_size > SEGMENT_MAX ? SEGMENT_MAX : segment_size;
    segment_size = segment_size < need ? need : segment_size;
    if (!mem_reserve(store->mem, &store->segments, &store->segment_cap, store->segment_count + 1,
                     sizeof *store->segments)) {
        return NULL;
    }
    char *bytes = mem_alloc(store->mem, segment_size);
    if (bytes == NULL) {
        return NULL;
    }
    store->bytes += segment_size;
    struct segment *segment = &store->segments[store->segment_count++];
    *segment = (struct segment){.bytes = bytes, .size = segment_size, .first = store->end};
    return segment;
}

/* The offset of the record `index` of a segment: the table grows downwards from the end of the block, which need not be
   aligned. */
static uint32_t get_offset(const struct segment *segment, uint64_t index)
{
    uint32_t offset;
    memcpy(&offset, segment->bytes + segment->size - (index + 1) * sizeof offset, sizeof offset);
    return offset;
}

uint64_t event_store_append(struct event_store *store, const struct event *event)
{
    if (event->args.len > UINT32_MAX / 4 || event->extra.len > UINT32_MAX / 4 ||
        event->id.len > UINT32_MAX / 4) {
        return 0;
    }
    size_t size = record_size(event);
    struct segment *segment = room(store, size);
    if (segment == NULL) {
        return 0;
    }
    uint32_t offset = (uint32_t)segment->used;
    write_record(segment->bytes + offset, event);
    segment->used += size;
    segment->count++;
    memcpy(segment->bytes + segment->size - segment->count * sizeof offset, &offset, sizeof offset);
    return store->end++;
}

static struct segment *segment_of(const struct event_store *store, uint64_t number)
{
    size_t low = 0, high = store->segment_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (store->segments[middle].first <= number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &store->segments[low];
}

static char *find(const struct event_store *store, uint64_t number)
{
    if (store->front != NULL && number == store->first - 1) {
        return store->front;
    }
    if (number < store->first || number >= store->end) {
        return NULL;
    }
    struct segment *segment = segment_of(store, number);
    return segment->bytes + get_offset(segment, number - segment->first);
}

static struct slice take_slice(const char **at, uint32_t len)
{
    struct slice slice = {len > 0 ? *at : NULL, len};
    *at += len;
    return slice;
}

bool event_store_get(const struct event_store *store, uint64_t number, struct event *out)
{
    const char *at = find(store, number);
    if (at == NULL) {
        return false;
    }
    struct record record;
    memcpy(&record, at, sizeof record);
    at += sizeof record;
    *out = (struct event){
        .ph = record.ph,
        .ts_us = record.ts_us,
        .dur_us = record.dur_us,
        .name = record.name,
        .cat = record.cat,
        .track = record.track,
    };
    out->id = take_slice(&at, record.id_len);
    out->args = take_slice(&at, record.args_len);
    out->extra = take_slice(&at, record.extra_len);
    return true;
}

span_no event_store_span(const struct event_store *store, uint64_t number)
{
    const char *at = find(store, number);
    if (at == NULL) {
        return NO_SPAN;
    }
    span_no span;
    memcpy(&span, at + offsetof(struct record, span), sizeof span);
    return span;
}

void event_store_set_span(struct event_store *store, uint64_t number, span_no span)
{
    char *at = find(store, number);
    if (at != NULL) {
        memcpy(at + offsetof(struct record, span), &span, sizeof span);
    }
}

void event_store_set_track(struct event_store *store, uint64_t number, track_no track)
{
    char *at = find(store, number);
    if (at != NULL) {
        memcpy(at + offsetof(struct record, track), &track, sizeof track);
    }
}

uint64_t event_store_first(const struct event_store *store)
{
    return store->front != NULL ? store->first - 1 : store->first;
}

uint64_t event_store_end(const struct event_store *store)
{
    return store->end;
}

size_t event_store_count(const struct event_store *store)
{
    return (size_t)(store->end - event_store_first(store));
}

void event_store_drop(struct event_store *store, size_t count)
{
    if (count > 0 && store->front != NULL) {
        free_front(store);
        count--;
    }
    uint64_t left = store->end - store->first;
    store->first += count < left ? count : left;
    size_t gone = 0;
    while (gone < store->segment_count &&
           store->segments[gone].first + store->segments[gone].count <= store->first) {
        store->bytes -= store->segments[gone].size;
        mem_free(store->mem, store->segments[gone].bytes, store->segments[gone].size);
        gone++;
    }
    if (gone > 0) {
        store->segment_count -= gone;
        memmove(store->segments, store->segments + gone,
                store->segment_count * sizeof *store->segments);
    }
}

uint64_t event_store_unshift(struct event_store *store, const struct event *event)
{
    assert(store->front == NULL && store->first > 1);
    store->front = mem_alloc(store->mem, record_size(event));
    if (store->front == NULL) {
        return 0;
    }
    store->front_size = record_size(event);
    write_record(store->front, event);
    return store->first - 1;
}

size_t event_store_bytes(const struct event_store *store)
{
    return store->bytes + store->front_size;
}
