/* Segments are blocks of memory: records grow from the front, their offsets from the back (the
   last four bytes are the offset of the first record). An event is found by a search over the
   segments, then by its offset; dropping moves `first` and frees the segments that lie wholly
   before it. Nothing is ever moved, so what event_store_get lends stays where it is. The event
   that unshift puts before all others has a block of its own.

   An adopted segment is the last one until all its events are revealed. `end` then counts the
   visible events, not all in the segment.

   Most ends of the seed's traces repeat the args of their begin: a fifth of such a file. An end
   keeps the place of these bytes in its own segment, which lives as long as any event in it, so
   dropping a begin takes nothing from its end; the args are put together in a ring when they are
   read. */
#include "core/trace/event_begins.h"
#include "core/trace/event_record.h"

#include <assert.h>
#include <string.h>

/* A store begins small: each session has one for its metadata, which is a few events. */
enum { SEGMENT_FIRST = 512, SEGMENT_MIN = 4 * 1024, SEGMENT_MAX = 1024 * 1024 };

struct segment {
    char *bytes;
    size_t size, used; /* used: by records; the offsets take count * 4 at the end */
    uint64_t first;    /* number of the first record */
    uint32_t count;
};

struct event_segment {
    const struct mem *mem;
    struct segment segment;
    bool shares; /* an event of it shares args */
    struct event_begins begins;
};

struct event_store {
    const struct mem *mem;
    struct segment *segments;
    size_t segment_count, segment_cap;
    uint64_t first, end; /* first: of the events in segments */
    size_t hint;         /* the segment of the last lookup */
    uint32_t hidden;     /* events of the last segment not yet revealed */
    char *joined; /* args that were put together, the latest ones in a ring; NULL: none share any */
    size_t joined_at;
    char *front; /* a record with its payload; its number is first - 1 */
    size_t front_size;
    size_t bytes;
};

enum { JOINED_BYTES = EVENT_SHARED_MAX * (EVENT_ARGS_KEPT + 1) };

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

static void free_segment(struct event_store *store, struct segment *segment)
{
    store->bytes -= segment->size;
    mem_free(store->mem, segment->bytes, segment->size);
}

void event_store_free(struct event_store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < store->segment_count; i++) {
        free_segment(store, &store->segments[i]);
    }
    mem_free(store->mem, store->segments, store->segment_cap * sizeof *store->segments);
    free_front(store);
    mem_free(store->mem, store->joined, store->joined == NULL ? 0 : JOINED_BYTES);
    mem_free(store->mem, store, sizeof *store);
}

void event_store_number_from(struct event_store *store, uint64_t first)
{
    assert(store->segment_count == 0);
    store->first = store->end = first;
}

/* ---- segments ---- */

static bool segment_has_room(const struct segment *segment, size_t size)
{
    return segment->size - segment->used - segment->count * sizeof(uint32_t) >=
           size + sizeof(uint32_t);
}

/* Appends the event; the segment must have room. */
static void segment_append(struct segment *segment, const struct event *event,
                           struct record_shared shared, size_t size)
{
    uint32_t offset = (uint32_t)segment->used;
    record_write(segment->bytes + offset, event, shared);
    segment->used += size;
    segment->count++;
    memcpy(segment->bytes + segment->size - segment->count * sizeof offset, &offset, sizeof offset);
}

/* Returns the offset of record `index` of a segment. The table grows downwards from the end of the
   block, which need not be aligned. */
static uint32_t get_offset(const struct segment *segment, uint64_t index)
{
    uint32_t offset;
    memcpy(&offset, segment->bytes + segment->size - (index + 1) * sizeof offset, sizeof offset);
    return offset;
}

struct event_segment *event_segment_new(const struct mem *mem, size_t bytes)
{
    struct event_segment *made = mem_zalloc(mem, 1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    made->mem = mem;
    made->segment.size = bytes < SEGMENT_MIN ? SEGMENT_MIN : bytes;
    made->segment.bytes = mem_alloc(mem, made->segment.size);
    if (made->segment.bytes == NULL) {
        mem_free(mem, made, sizeof *made);
        return NULL;
    }
    mem_will_fill(made->segment.bytes, made->segment.size);
    return made;
}

void event_segment_free(struct event_segment *segment)
{
    if (segment != NULL) {
        mem_free(segment->mem, segment->segment.bytes, segment->segment.size);
        mem_free(segment->mem, segment, sizeof *segment);
    }
}

/* ---- args that are kept once ---- */

/* Puts args together that are kept in two places. The ring is a cache, no part of the value. */
static struct slice join_args(const struct event_store *store, const char *block,
                              struct record_shared shared, struct slice rest)
{
    struct event_store *of = (struct event_store *)(uintptr_t)store;
    size_t len = shared.len + rest.len;
    of->joined_at = of->joined_at + len > JOINED_BYTES ? 0 : of->joined_at;
    char *to = of->joined + of->joined_at;
    of->joined_at += len;
    memcpy(to, block + shared.at, shared.len);
    memcpy(to + shared.len, rest.bytes, rest.len);
    return (struct slice){to, len};
}

/* Reads the record of a block. */
static void read_record(const struct event_store *store, const char *block, const char *at,
                        struct event *out)
{
    struct record_shared shared = record_read(at, out);
    if (shared.len > 0) {
        out->args = join_args(store, block, shared, out->args);
    }
}

bool event_segment_add(struct event_segment *made, const struct event *event)
{
    struct segment *segment = &made->segment;
    struct record_shared shared = event_begins_find(&made->begins, segment->bytes, event);
    size_t size = record_size(event, shared);
    if (record_is_too_large(event)) {
        return false;
    }
    if (!segment_has_room(segment, size)) {
        if (segment->count > 0) {
            return false;
        }
        char *larger = made->mem->resize(made->mem->ctx, segment->bytes, segment->size,
                                         size + sizeof(uint32_t));
        if (larger == NULL) {
            return false;
        }
        segment->bytes = larger;
        segment->size = size + sizeof(uint32_t);
    }
    event_begins_note(&made->begins, event, segment->used);
    made->shares |= shared.len > 0;
    segment_append(segment, event, shared, size);
    return true;
}

size_t event_segment_count(const struct event_segment *segment)
{
    return segment->segment.count;
}

/* Returns a segment with room for `size` more bytes and an offset; NULL if out of memory. */
static struct segment *room(struct event_store *store, size_t size)
{
    struct segment *last =
        store->segment_count > 0 ? &store->segments[store->segment_count - 1] : NULL;
    if (last != NULL && segment_has_room(last, size)) {
        return last;
    }
    /* A fifth of the whole, so that a store with a small cap stays small when its head is
       dropped. */
    size_t segment_size = store->bytes / 4 / SEGMENT_MIN * SEGMENT_MIN;
    size_t least = store->bytes == 0 ? SEGMENT_FIRST : SEGMENT_MIN;
    segment_size = segment_size < least ? least : segment_size;
    segment_size = segment_size > SEGMENT_MAX ? SEGMENT_MAX : segment_size;
    segment_size = segment_size < size + sizeof(uint32_t) ? size + sizeof(uint32_t) : segment_size;
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

uint64_t event_store_append(struct event_store *store, const struct event *event)
{
    assert(store->hidden == 0);
    if (record_is_too_large(event)) {
        return 0;
    }
    const struct record_shared none = {0, 0};
    size_t size = record_size(event, none);
    struct segment *segment = room(store, size);
    if (segment == NULL) {
        return 0;
    }
    segment_append(segment, event, none, size);
    return store->end++;
}

/* ---- adopted events ---- */

/* Frees the unused memory of a shortened segment. Without memory to do so the segment is
   unchanged. */
static void shrink(const struct mem *mem, struct segment *segment)
{
    size_t table = segment->count * sizeof(uint32_t), size = segment->used + table;
    if (size == 0 || size > segment->size - segment->size / 8) {
        return;
    }
    char *bytes = mem_alloc(mem, size);
    if (bytes != NULL) {
        memcpy(bytes, segment->bytes, segment->used);
        memcpy(bytes + segment->used, segment->bytes + segment->size - table, table);
        mem_free(mem, segment->bytes, segment->size);
        segment->bytes = bytes;
        segment->size = size;
    }
}

bool event_store_adopt_take(struct event_store *store, struct event_segment *made)
{
    assert(store->hidden == 0);
    if (made->shares && store->joined == NULL) {
        store->joined = mem_alloc(store->mem, JOINED_BYTES);
        if (store->joined == NULL) {
            return false;
        }
    }
    shrink(made->mem, &made->segment);
    if (!mem_reserve(store->mem, &store->segments, &store->segment_cap, store->segment_count + 1,
                     sizeof *store->segments)) {
        return false;
    }
    struct segment *segment = &store->segments[store->segment_count++];
    *segment = made->segment;
    segment->first = store->end;
    store->hidden = segment->count;
    store->bytes += segment->size;
    mem_free(made->mem, made, sizeof *made);
    return true;
}

/* Returns the record of the next event that is not revealed. */
static char *next_hidden(const struct event_store *store)
{
    const struct segment *last = &store->segments[store->segment_count - 1];
    return last->bytes + get_offset(last, last->count - store->hidden);
}

bool event_store_next_adopted(const struct event_store *store, struct event *out)
{
    if (store->hidden == 0) {
        return false;
    }
    read_record(store, store->segments[store->segment_count - 1].bytes, next_hidden(store), out);
    return true;
}

uint64_t event_store_reveal(struct event_store *store, intern_id name, intern_id cat,
                            track_no track)
{
    char *at = next_hidden(store);
    memcpy(at + offsetof(struct record, name), &name, sizeof name);
    memcpy(at + offsetof(struct record, cat), &cat, sizeof cat);
    memcpy(at + offsetof(struct record, track), &track, sizeof track);
    store->hidden--;
    return store->end++;
}

/* Removes the offset from the table; the few bytes of the record stay. */
void event_store_skip_adopted(struct event_store *store)
{
    struct segment *last = &store->segments[store->segment_count - 1];
    size_t left = --store->hidden;
    char *table = last->bytes + last->size - last->count * sizeof(uint32_t);
    /* The table grows downwards: later entries lie before. */
    memmove(table + sizeof(uint32_t), table, left * sizeof(uint32_t));
    last->count--;
}

/* ---- reading ---- */

/* Consecutive lookups are usually near each other. The hint is a cache, not part of the store's
   value. */
static struct segment *segment_of(const struct event_store *store, uint64_t number)
{
    size_t low = 0, high = store->segment_count;
    const struct segment *hint = &store->segments[store->hint < high ? store->hint : 0];
    if (number - hint->first < hint->count) {
        return (struct segment *)(uintptr_t)hint;
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (store->segments[middle].first <= number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    ((struct event_store *)(uintptr_t)store)->hint = low;
    return &store->segments[low];
}

/* Returns the record; *block is what it lies in. */
static char *find(const struct event_store *store, uint64_t number, const char **block)
{
    if (store->front != NULL && number == store->first - 1) {
        *block = store->front;
        return store->front;
    }
    if (number < store->first || number >= store->end) {
        return NULL;
    }
    struct segment *segment = segment_of(store, number);
    uint32_t offset = get_offset(segment, number - segment->first);
    *block = segment->bytes;
    return segment->bytes + offset;
}

bool event_store_get(const struct event_store *store, uint64_t number, struct event *out)
{
    const char *block, *at = find(store, number, &block);
    if (at == NULL) {
        return false;
    }
    read_record(store, block, at, out);
    return true;
}

span_no event_store_span(const struct event_store *store, uint64_t number)
{
    const char *block, *at = find(store, number, &block);
    if (at == NULL) {
        return NO_SPAN;
    }
    span_no span;
    memcpy(&span, at + offsetof(struct record, span), sizeof span);
    return span;
}

void event_store_set_span(struct event_store *store, uint64_t number, span_no span)
{
    const char *block;
    char *at = find(store, number, &block);
    if (at != NULL) {
        memcpy(at + offsetof(struct record, span), &span, sizeof span);
    }
}

uint64_t event_store_first(const struct event_store *store)
{
    return store->front != NULL ? store->first - 1 : store->first;
}

uint64_t event_store_first_appended(const struct event_store *store)
{
    return store->first;
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
           !(gone + 1 == store->segment_count && store->hidden > 0) &&
           store->segments[gone].first + store->segments[gone].count <= store->first) {
        free_segment(store, &store->segments[gone]);
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
    const struct record_shared none = {0, 0};
    size_t size = record_size(event, none);
    store->front = mem_alloc(store->mem, size);
    if (store->front == NULL) {
        return 0;
    }
    store->front_size = size;
    record_write(store->front, event, none);
    return store->first - 1;
}

size_t event_store_bytes(const struct event_store *store)
{
    return store->bytes + store->front_size + (store->joined == NULL ? 0 : JOINED_BYTES);
}
