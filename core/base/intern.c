/* The table has four parts. `texts`, an array by id, has the address of each text. The texts
   themselves are packed into blocks that never move, so a text may be borrowed for the life of the
   table. `slots` is an open-addressing hash table of (hash, id), a power of two and at most half
   full. A probe reads one run of 8-byte slots and reads a text only if all 32 bits of the hash
   agree; growing the table reads no texts. `recent` is a small direct-mapped cache of frequent
   texts. It identifies a text by its length and its first and last eight bytes, and compares the
   rest only if there is more.

   The place of a removed text goes to a list of places of its size, and its id to a list of ids. A
   place in such a list begins with a NUL, so that whoever still borrows the text reads an empty
   one. */
#include "core/base/intern.h"

#include "core/base/word.h"

#include <assert.h>
#include <stddef.h>

#define BLOCK_BYTES 65536u
#define FIRST_SLOTS 64u
#define LARGE_BYTES (BLOCK_BYTES / 4) /* such a place has a block of its own */
#define STEP_BYTES  16u

/* Places of up to 1,024 bytes differ by 16, larger ones by a factor of two; the last size is that
   of the large ones. */
enum { STEPS = 64, SIZES = STEPS + 5 };

struct slot {
    uint32_t hash;
    intern_id id; /* INTERN_NONE: free */
};

struct text {
    const char *bytes;
    size_t len;
};

struct block {
    struct block *next;
    size_t size, used; /* in bytes */
    char bytes[];
};

/* The bytes of a free place. */
struct place {
    char empty[8]; /* "" */
    struct place *next;
};

enum { RECENT = 512 };

struct recent {
    uint64_t first, last;
    intern_id id; /* INTERN_NONE: empty */
};

struct intern {
    struct mem mem;
    struct recent *recent;
    struct text *texts; /* indexed by id; [0] is INTERN_NONE */
    size_t count, texts_cap;
    struct slot *slots;
    size_t slot_count;
    struct block *blocks; /* the first is the one being filled */
    struct place *places[SIZES];
    intern_id *free_ids;
    size_t free_count, free_cap;
};

/* MurmurHash64A's mixing (Austin Appleby, public domain), folded to 32 bits. */
static uint32_t hash_text(const char *text, size_t len)
{
    const uint64_t k = 0xc6a4a7935bd1e995u;
    uint64_t hash = len * k;
    size_t left = len;
    for (; left >= 8; left -= 8, text += 8) {
        uint64_t word = word_load(text) * k;
        hash = (hash ^ ((word ^ (word >> 47)) * k)) * k;
    }
    if (left > 0) {
        char tail[8] = {0};
        memcpy(tail, text, left);
        hash = (hash ^ word_load(tail)) * k;
    }
    hash = (hash ^ (hash >> 47)) * k;
    return (uint32_t)(hash ^ (hash >> 32));
}

struct intern *intern_new(const struct mem *mem)
{
    struct intern *in = mem_zalloc(mem, 1, sizeof *in);
    if (in == NULL) {
        return NULL;
    }
    in->mem = *mem;
    in->slot_count = FIRST_SLOTS;
    in->slots = mem_zalloc(mem, in->slot_count, sizeof *in->slots);
    in->recent = mem_zalloc(mem, RECENT, sizeof *in->recent);
    if (in->slots == NULL || in->recent == NULL ||
        !mem_reserve(mem, &in->texts, &in->texts_cap, 1, sizeof *in->texts)) {
        intern_free(in);
        return NULL;
    }
    in->texts[INTERN_NONE] = (struct text){.bytes = "", .len = 0};
    in->count = 1;
    return in;
}

void intern_free(struct intern *in)
{
    if (in == NULL) {
        return;
    }
    struct mem mem = in->mem;
    while (in->blocks != NULL) {
        struct block *block = in->blocks;
        in->blocks = block->next;
        mem_free(&mem, block, sizeof *block + block->size);
    }
    mem_free(&mem, in->recent, in->recent == NULL ? 0 : RECENT * sizeof *in->recent);
    mem_free(&mem, in->slots, in->slot_count * sizeof *in->slots);
    mem_free(&mem, in->texts, in->texts_cap * sizeof *in->texts);
    mem_free(&mem, in->free_ids, in->free_cap * sizeof *in->free_ids);
    mem_free(&mem, in, sizeof *in);
}

/* Returns the slot that has the text, or the free one for it. */
static struct slot *find_slot(const struct intern *in, uint32_t hash, const char *text, size_t len)
{
    size_t mask = in->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        struct slot *slot = &in->slots[i];
        if (slot->id == INTERN_NONE) {
            return slot;
        }
        const struct text *have = &in->texts[slot->id];
        if (slot->hash == hash && have->len == len &&
            (len == 0 || memcmp(have->bytes, text, len) == 0)) {
            return slot;
        }
    }
}

static bool grow_slots(struct intern *in)
{
    if (in->slot_count > SIZE_MAX / 2) {
        return false;
    }
    size_t count = in->slot_count * 2;
    struct slot *slots = mem_zalloc(&in->mem, count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < in->slot_count; i++) {
        if (in->slots[i].id == INTERN_NONE) {
            continue;
        }
        size_t at = in->slots[i].hash & (count - 1);
        while (slots[at].id != INTERN_NONE) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = in->slots[i];
    }
    mem_free(&in->mem, in->slots, in->slot_count * sizeof *in->slots);
    in->slots = slots;
    in->slot_count = count;
    return true;
}

/* Returns a block with `size` bytes free; NULL if out of memory. A large text gets its own block,
   after the one being filled. */
static struct block *block_with_room(struct intern *in, size_t size)
{
    struct block *first = in->blocks;
    bool large = size > LARGE_BYTES;
    if (!large && first != NULL && first->size - first->used >= size) {
        return first;
    }

    size_t block_size = large ? size : BLOCK_BYTES - sizeof(struct block);
    if (block_size > SIZE_MAX - sizeof(struct block)) {
        return NULL;
    }
    struct block *block = mem_alloc(&in->mem, sizeof *block + block_size);
    if (block == NULL) {
        return NULL;
    }
    *block = (struct block){.size = block_size};
    if (large && first != NULL) {
        block->next = first->next;
        first->next = block;
    } else {
        block->next = first;
        in->blocks = block;
    }
    return block;
}

/* Returns the index of the list of places for a text of so many bytes, and its size. */
static unsigned size_index(size_t bytes, size_t *size)
{
    unsigned index = STEPS;
    if (bytes <= STEPS * STEP_BYTES) {
        index = (unsigned)((bytes + STEP_BYTES - 1) / STEP_BYTES);
        *size = (size_t)index * STEP_BYTES;
        return index - 1;
    }
    *size = 2 * STEPS * STEP_BYTES;
    while (*size < bytes && *size < LARGE_BYTES) {
        *size *= 2;
        index++;
    }
    *size = bytes > LARGE_BYTES ? bytes : *size;
    return bytes > LARGE_BYTES ? SIZES - 1 : index;
}

static struct block *block_of(void *large_place)
{
    return (struct block *)(void *)((char *)large_place - offsetof(struct block, bytes));
}

/* Returns a free place of that size; NULL: none. */
static char *take_place(struct intern *in, unsigned index, size_t size)
{
    struct place **at = &in->places[index];
    while (index == SIZES - 1 && *at != NULL && block_of(*at)->size < size) {
        at = &(*at)->next;
    }
    struct place *place = *at;
    if (place != NULL) {
        *at = place->next;
    }
    return (char *)place;
}

static void free_place(struct intern *in, const struct text *text)
{
    size_t size;
    unsigned index = size_index(text->len + 1, &size);
    struct place *place = (struct place *)(uintptr_t)text->bytes;
    *place = (struct place){.next = in->places[index]};
    in->places[index] = place;
}

static const char *keep_text(struct intern *in, const char *text, size_t len)
{
    if (len > SIZE_MAX / 2) {
        return NULL;
    }
    size_t size;
    unsigned index = size_index(len + 1, &size);
    char *kept = take_place(in, index, size);
    if (kept == NULL) {
        struct block *block = block_with_room(in, size);
        if (block == NULL) {
            return NULL;
        }
        kept = block->bytes + block->used;
        block->used += size;
    }
    if (len > 0) {
        memcpy(kept, text, len);
    }
    kept[len] = '\0';
    return kept;
}

static intern_id add_text(struct intern *in, uint32_t hash, const char *text, size_t len)
{
    bool again = in->free_count > 0;
    if (!again && in->count >= INTERN_FAILED) {
        return INTERN_FAILED;
    }
    if (intern_live(in) + 1 >= in->slot_count / 2 && !grow_slots(in)) {
        return INTERN_FAILED;
    }
    if (!again &&
        !mem_reserve(&in->mem, &in->texts, &in->texts_cap, in->count + 1, sizeof *in->texts)) {
        return INTERN_FAILED;
    }
    const char *kept = keep_text(in, text, len);
    if (kept == NULL) {
        return INTERN_FAILED;
    }

    intern_id id = again ? in->free_ids[--in->free_count] : (intern_id)in->count++;
    in->texts[id] = (struct text){.bytes = kept, .len = len};
    *find_slot(in, hash, text, len) = (struct slot){.hash = hash, .id = id};
    return id;
}

/* The slots have the texts that are kept. */
static void sift_slots(struct intern *in, struct slot *slots, const bool *used)
{
    size_t mask = in->slot_count - 1;
    for (size_t i = 0; i < in->slot_count; i++) {
        struct slot slot = in->slots[i];
        if (slot.id == INTERN_NONE || !used[slot.id]) {
            continue;
        }
        size_t at = slot.hash & mask;
        while (slots[at].id != INTERN_NONE) {
            at = (at + 1) & mask;
        }
        slots[at] = slot;
    }
    mem_free(&in->mem, in->slots, in->slot_count * sizeof *in->slots);
    in->slots = slots;
}

bool intern_keep(struct intern *in, const bool *used)
{
    size_t leaving = 0;
    for (size_t id = 1; id < in->count; id++) {
        leaving += !used[id] && in->texts[id].bytes != NULL;
    }
    if (leaving == 0) {
        return true;
    }
    if (!mem_reserve(&in->mem, &in->free_ids, &in->free_cap, in->free_count + leaving,
                     sizeof *in->free_ids)) {
        return false;
    }
    struct slot *slots = mem_zalloc(&in->mem, in->slot_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    sift_slots(in, slots, used);
    memset(in->recent, 0, RECENT * sizeof *in->recent);
    for (size_t id = in->count; id-- > 1;) {
        struct text *text = &in->texts[id];
        if (used[id] || text->bytes == NULL) {
            continue;
        }
        free_place(in, text);
        *text = (struct text){.bytes = NULL};
        in->free_ids[in->free_count++] = (intern_id)id;
    }
    return true;
}

static uint32_t load_4(const char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Returns the first and the last bytes of a text; both are the whole text if it is short. */
static inline struct recent ends_of(const char *text, size_t len)
{
    uint64_t all = 0;
    if (len >= 8) {
        return (struct recent){.first = word_load(text), .last = word_load(text + len - 8)};
    }
    if (len >= 4) {
        all = load_4(text) | (uint64_t)load_4(text + len - 4) << 32;
    } else if (len > 0) {
        all = (unsigned char)text[0] | (uint64_t)(unsigned char)text[len / 2] << 8 |
              (uint64_t)(unsigned char)text[len - 1] << 16;
    }
    return (struct recent){.first = all, .last = all};
}

static inline bool is_recent(const struct intern *in, const struct recent *recent,
                             const struct recent *ends, const char *text, size_t len)
{
    const struct text *have = &in->texts[recent->id];
    return recent->id != INTERN_NONE && recent->first == ends->first &&
           recent->last == ends->last && have->len == len &&
           (len <= 16 || memcmp(have->bytes + 8, text + 8, len - 16) == 0);
}

static intern_id put(struct intern *in, const char *text, size_t len)
{
    uint32_t hash = hash_text(text, len);
    const struct slot *slot = find_slot(in, hash, text, len);
    return slot->id != INTERN_NONE ? slot->id : add_text(in, hash, text, len);
}

intern_id intern_put(struct intern *in, const char *text, size_t len)
{
    struct recent ends = ends_of(text, len);
    uint64_t mixed = (ends.first ^ len) * 0x9e3779b97f4a7c15u ^ ends.last * 0xc2b2ae3d27d4eb4fu;
    struct recent *recent = &in->recent[(mixed >> 40) % RECENT];
    if (is_recent(in, recent, &ends, text, len)) {
        return recent->id;
    }
    intern_id id = put(in, text, len);
    if (id != INTERN_FAILED) {
        *recent = ends;
        recent->id = id;
    }
    return id;
}

intern_id intern_find(const struct intern *in, const char *text, size_t len)
{
    return find_slot(in, hash_text(text, len), text, len)->id;
}

const char *intern_text(const struct intern *in, intern_id id, size_t *len)
{
    assert(id < in->count);
    if (len != NULL) {
        *len = in->texts[id].len;
    }
    return in->texts[id].bytes != NULL ? in->texts[id].bytes : "";
}

size_t intern_count(const struct intern *in)
{
    return in->count - 1;
}

size_t intern_live(const struct intern *in)
{
    return in->count - 1 - in->free_count;
}
