/* An index of one track's open spans. Entries are linked into chains, one of each kind; a hash
   table maps the hash of a chain's key to its newest entry, so adding, removing and finding a
   span cost the same however many are open.

   An end repeats the args of its begin, among others and in any order. To find a begin by its
   args without trying all spans, spans are grouped by shape: name, category, dropped begin or
   not, and the set of the keys of their args. A tool's calls have few shapes. For each shape
   whose keys an end has, the end's members of those keys are hashed; the sum is the hash of the
   args that such a begin has. A shape is filed under its least key (by hash), so an end looks
   only at shapes that share that key with it. Sums are used because they do not depend on the
   order of members.

   Args that repeat a key with another value have no such hash. No args without such a key
   contain them, and an end that has such args is not looked up here. */
#include "core/model/open_index.h"

#include "core/base/u64map.h"
#include "core/base/word.h"

#include <stdlib.h>
#include <string.h>

/* A member of args, by hashes of its decoded key and of key and value. */
struct member_hash {
    uint64_t key, member;
};

struct member_list {
    struct member_hash *items; /* sorted by key, each key once */
    size_t count, cap;
    bool ambiguous; /* a key came with two values */
};

struct shape {
    intern_id name, cat;
    bool lost_begin;
    uint64_t hash;
    size_t first_key; /* in index->keys */
    size_t key_count;
    uint32_t next; /* the next shape of the same name and least key; U64MAP_NONE if none */
};

struct link {
    uint64_t key;
    open_entry newer, older;
};

struct open_entry {
    span_no span;
    struct link links[OPEN_CHAINS];
    open_entry next_free;
};

struct open_index {
    const struct mem *mem;
    struct u64map newest; /* hash of a chain's key: its newest entry */
    struct u64map shape_by_hash, shape_by_least_key;
    struct open_entry *entries;
    size_t entry_count, entry_cap, used;
    open_entry free;
    struct shape *shapes;
    size_t shape_count, shape_cap;
    uint64_t *keys; /* of all shapes, sorted within each */
    size_t key_count, key_cap;
    intern_id end_name;
    struct member_list end, begin; /* the args that were read last */
    struct strbuf text;            /* a string while it is hashed */
};

struct open_index *open_index_new(const struct mem *mem)
{
    struct open_index *index = mem_zalloc(mem, 1, sizeof *index);
    if (index == NULL) {
        return NULL;
    }
    index->mem = mem;
    index->free = NO_ENTRY;
    u64map_init(&index->newest, mem);
    u64map_init(&index->shape_by_hash, mem);
    u64map_init(&index->shape_by_least_key, mem);
    strbuf_init(&index->text, mem, 0);
    return index;
}

void open_index_free(struct open_index *index)
{
    if (index == NULL) {
        return;
    }
    const struct mem *mem = index->mem;
    u64map_release(&index->newest);
    u64map_release(&index->shape_by_hash);
    u64map_release(&index->shape_by_least_key);
    mem_free(mem, index->entries, index->entry_cap * sizeof *index->entries);
    mem_free(mem, index->shapes, index->shape_cap * sizeof *index->shapes);
    mem_free(mem, index->keys, index->key_cap * sizeof *index->keys);
    mem_free(mem, index->end.items, index->end.cap * sizeof *index->end.items);
    mem_free(mem, index->begin.items, index->begin.cap * sizeof *index->begin.items);
    strbuf_release(&index->text);
    mem_free(mem, index, sizeof *index);
}

size_t open_index_count(const struct open_index *index)
{
    return index->used;
}

/* ---- hashes ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t len)
{
    hash = mix(hash, len);
    for (; len >= 8; bytes += 8, len -= 8) {
        hash = mix(hash, word_load(bytes));
    }
    uint64_t rest = 0;
    for (size_t i = 0; i < len; i++) {
        rest = rest << 8 | (unsigned char)bytes[i];
    }
    return mix(hash, rest);
}

/* Strings that decode to the same text have the same hash, other values if their bytes are equal:
   what span_pair.c calls the same value. */
static uint64_t hash_value(struct open_index *index, uint64_t hash, struct json_value value)
{
    hash = mix(hash, (uint64_t)value.type);
    if (value.type != JSON_TYPE_STRING || memchr(value.raw, '\\', value.len) == NULL) {
        return hash_bytes(hash, value.raw, value.len);
    }
    index->text.len = 0;
    strbuf_addc(&index->text, '"');
    json_get_string(value, &index->text);
    strbuf_addc(&index->text, '"');
    return index->text.failed ? 0 : hash_bytes(hash, index->text.data, index->text.len);
}

/* ---- args ---- */

static int by_key(const void *a, const void *b)
{
    const struct member_hash *x = a, *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return (x->member > y->member) - (x->member < y->member);
}

static void sort_members(struct member_list *list)
{
    size_t kept = 0;
    if (list->count > 1) {
        qsort(list->items, list->count, sizeof *list->items, by_key);
    }
    for (size_t i = 0; i < list->count; i++) {
        if (kept > 0 && list->items[kept - 1].key == list->items[i].key) {
            list->ambiguous |= list->items[kept - 1].member != list->items[i].member;
        } else {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
}

static bool read_members(struct open_index *index, struct slice args, struct member_list *list)
{
    list->count = 0;
    list->ambiguous = false;
    if (args.len == 0 || args.bytes[0] != '{') {
        return true;
    }
    struct json_walk walk = json_walk((struct json_value){JSON_TYPE_OBJECT, args.bytes, args.len});
    struct json_member member;
    while (json_next_member(&walk, &member)) {
        if (!mem_reserve(index->mem, &list->items, &list->cap, list->count + 1,
                         sizeof *list->items)) {
            return false;
        }
        uint64_t key = hash_value(index, 1, member.key);
        list->items[list->count++] =
            (struct member_hash){key, hash_value(index, key, member.value)};
    }
    sort_members(list);
    bool good = !index->text.failed;
    if (!good) {
        strbuf_release(&index->text);
        strbuf_init(&index->text, index->mem, 0);
    }
    return good;
}

/* ---- shapes ---- */

static uint64_t least_key(intern_id name, uint64_t key)
{
    return mix(mix(7, name), key);
}

/* Adds the shape of the args in index->begin. */
static const struct shape *new_shape(struct open_index *index, struct shape shape)
{
    const struct member_list *begin = &index->begin;
    uint64_t least = least_key(shape.name, begin->count > 0 ? begin->items[0].key : 0);
    uint32_t number = (uint32_t)index->shape_count;
    shape.first_key = index->key_count;
    shape.key_count = begin->count;
    shape.next = u64map_get(&index->shape_by_least_key, least);
    if (!mem_reserve(index->mem, &index->shapes, &index->shape_cap, index->shape_count + 1,
                     sizeof *index->shapes) ||
        !mem_reserve(index->mem, &index->keys, &index->key_cap, index->key_count + begin->count + 1,
                     sizeof *index->keys) ||
        !u64map_put(&index->shape_by_hash, shape.hash, number) ||
        !u64map_put(&index->shape_by_least_key, least, number)) {
        return NULL;
    }
    for (size_t i = 0; i < begin->count; i++) {
        index->keys[index->key_count++] = begin->items[i].key;
    }
    index->shapes[index->shape_count++] = shape;
    return &index->shapes[number];
}

/* Returns the shape of a span with the args in index->begin, NULL if out of memory. The hash of a
   shape stands for it: should two shapes share one, which only a trace made for it could have, ends
   of the second are paired by name and time alone. */
static const struct shape *find_shape(struct open_index *index, const struct span *span)
{
    struct shape shape = {
        .name = span->name,
        .cat = span->cat,
        .lost_begin = (span->flags & SPAN_LOST_BEGIN) != 0,
    };
    shape.hash = mix(mix(mix(2, span->name), span->cat), shape.lost_begin);
    for (size_t i = 0; i < index->begin.count; i++) {
        shape.hash = mix(shape.hash, index->begin.items[i].key);
    }
    uint32_t number = u64map_get(&index->shape_by_hash, shape.hash);
    return number != U64MAP_NONE ? &index->shapes[number] : new_shape(index, shape);
}

/* Adds up the members of the shape's keys. Returns false if the list lacks one. */
static bool sum_members(const struct open_index *index, const struct shape *shape,
                        const struct member_list *list, uint64_t *sum)
{
    size_t at = 0;
    *sum = 0;
    for (size_t i = 0; i < shape->key_count; i++) {
        uint64_t key = index->keys[shape->first_key + i];
        while (at < list->count && list->items[at].key < key) {
            at++;
        }
        if (at == list->count || list->items[at].key != key) {
            return false;
        }
        *sum += list->items[at].member;
    }
    return true;
}

/* ---- chains ---- */

static uint64_t name_key(intern_id name, bool lost_begin)
{
    return mix(mix(3, name), lost_begin);
}

static uint64_t time_key(intern_id name, int64_t start_us)
{
    return mix(mix(4, name), (uint64_t)start_us);
}

static uint64_t args_key(const struct shape *shape, uint64_t sum)
{
    return mix(mix(5, shape->hash), sum);
}

static uint64_t args_and_time_key(uint64_t args, int64_t start_us)
{
    return mix(mix(6, args), (uint64_t)start_us);
}

int64_t open_index_us(int64_t at_ns)
{
    return at_ns / 1000 - (at_ns % 1000 < 0);
}

static open_entry new_entry(struct open_index *index)
{
    open_entry entry = index->free;
    if (entry != NO_ENTRY) {
        index->free = index->entries[entry].next_free;
        return entry;
    }
    if (!mem_reserve(index->mem, &index->entries, &index->entry_cap, index->entry_count + 1,
                     sizeof *index->entries)) {
        return NO_ENTRY;
    }
    return (open_entry)index->entry_count++;
}

static void unlink_chain(struct open_index *index, open_entry entry, enum open_chain kind)
{
    const struct link link = index->entries[entry].links[kind];
    if (link.older != NO_ENTRY) {
        index->entries[link.older].links[kind].newer = link.newer;
    }
    if (link.newer != NO_ENTRY) {
        index->entries[link.newer].links[kind].older = link.older;
    } else if (link.older != NO_ENTRY) {
        /* The key exists: this needs no memory. */
        (void)u64map_put(&index->newest, link.key, link.older);
    } else {
        u64map_remove(&index->newest, link.key);
    }
}

static bool link_chain(struct open_index *index, open_entry entry, enum open_chain kind,
                       uint64_t key)
{
    open_entry older = u64map_get(&index->newest, key);
    if (!u64map_put(&index->newest, key, entry)) {
        return false;
    }
    index->entries[entry].links[kind] = (struct link){key, NO_ENTRY, older};
    if (older != NO_ENTRY) {
        index->entries[older].links[kind].newer = entry;
    }
    return true;
}

static void free_entry(struct open_index *index, open_entry entry)
{
    index->entries[entry].next_free = index->free;
    index->free = entry;
}

open_entry open_index_add(struct open_index *index, span_no no, const struct span *span,
                          struct slice args)
{
    if (!read_members(index, args, &index->begin)) {
        return NO_ENTRY;
    }
    const struct shape *shape = find_shape(index, span);
    open_entry entry = shape == NULL ? NO_ENTRY : new_entry(index);
    if (entry == NO_ENTRY) {
        return NO_ENTRY;
    }
    uint64_t sum = 0;
    if (!index->begin.ambiguous) {
        (void)sum_members(index, shape, &index->begin, &sum);
    }
    int64_t start_us = open_index_us(span->start_ns);
    uint64_t by_args = args_key(shape, sum);
    const uint64_t keys[OPEN_CHAINS] = {
        [OPEN_BY_NAME] = name_key(span->name, shape->lost_begin),
        [OPEN_BY_TIME] = time_key(span->name, start_us),
        [OPEN_BY_ARGS] = by_args,
        [OPEN_BY_ARGS_AND_TIME] = args_and_time_key(by_args, start_us),
    };
    index->entries[entry].span = no;
    for (int kind = 0; kind < OPEN_CHAINS; kind++) {
        if (!link_chain(index, entry, (enum open_chain)kind, keys[kind])) {
            while (kind-- > 0) {
                unlink_chain(index, entry, (enum open_chain)kind);
            }
            free_entry(index, entry);
            return NO_ENTRY;
        }
    }
    index->used++;
    return entry;
}

void open_index_remove(struct open_index *index, open_entry entry)
{
    for (int kind = 0; kind < OPEN_CHAINS; kind++) {
        unlink_chain(index, entry, (enum open_chain)kind);
    }
    free_entry(index, entry);
    index->used--;
}

/* ---- finding ---- */

open_entry open_index_by_name(const struct open_index *index, intern_id name, bool lost_begin)
{
    return u64map_get(&index->newest, name_key(name, lost_begin));
}

open_entry open_index_by_time(const struct open_index *index, intern_id name, int64_t start_us)
{
    return u64map_get(&index->newest, time_key(name, start_us));
}

open_entry open_index_older(const struct open_index *index, enum open_chain kind, open_entry entry)
{
    return index->entries[entry].links[kind].older;
}

span_no open_index_span(const struct open_index *index, open_entry entry)
{
    return index->entries[entry].span;
}

bool open_index_set_end(struct open_index *index, intern_id name, struct slice args)
{
    index->end_name = name;
    return read_members(index, args, &index->end) && !index->end.ambiguous;
}

bool open_index_next_args(const struct open_index *index, struct args_walk *walk)
{
    const struct member_list *end = &index->end;
    for (;;) {
        uint32_t number;
        if (walk->shape != 0) {
            number = index->shapes[walk->shape - 1].next;
        } else if (walk->member <= end->count) {
            uint64_t key = walk->member > 0 ? end->items[walk->member - 1].key : 0;
            number = u64map_get(&index->shape_by_least_key, least_key(index->end_name, key));
            walk->member++;
        } else {
            return false;
        }
        walk->shape = number == U64MAP_NONE ? 0 : number + 1;
        const struct shape *shape = walk->shape != 0 ? &index->shapes[number] : NULL;
        uint64_t sum;
        if (shape != NULL && sum_members(index, shape, end, &sum)) {
            walk->args = args_key(shape, sum);
            walk->cat = shape->cat;
            walk->lost_begin = shape->lost_begin;
            walk->empty = shape->key_count == 0;
            return true;
        }
    }
}

open_entry open_index_by_args(const struct open_index *index, const struct args_walk *walk)
{
    return u64map_get(&index->newest, walk->args);
}

open_entry open_index_by_args_and_time(const struct open_index *index, const struct args_walk *walk,
                                       int64_t start_us)
{
    return u64map_get(&index->newest, args_and_time_key(walk->args, start_us));
}
