/* The memory is a table without chains: what falls on a place takes it. A text is told by its length and its first and last eight bytes, and
   compared only where that is not all of it. */
#include "ingest/symbols.h"

#include "core/word.h"

#include <string.h>

enum { PLACES = 512 };

struct place {
    uint64_t first, last;
    const char *text; /* the table's copy */
    uint32_t len, number;
};

struct symbols {
    const struct mem *mem;
    struct intern *table;
    struct place places[PLACES];
};

struct symbols *symbols_new(const struct mem *mem)
{
    struct symbols *symbols = mem_zalloc(mem, 1, sizeof *symbols);
    if (symbols == NULL) {
        return NULL;
    }
    symbols->mem = mem;
    symbols->table = intern_new(mem);
    if (symbols->table == NULL) {
        mem_free(mem, symbols, sizeof *symbols);
        return NULL;
    }
    return symbols;
}

void symbols_free(struct symbols *symbols)
{
    if (symbols != NULL) {
        intern_free(symbols->table);
        mem_free(symbols->mem, symbols, sizeof *symbols);
    }
}

static uint32_t load_4(const char *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* The first and the last bytes of a text; of a short one, both are all of it. */
static void ends_of(struct slice text, uint64_t *first, uint64_t *last)
{
    if (text.len >= 8) {
        *first = word_load(text.bytes);
        *last = word_load(text.bytes + text.len - 8);
        return;
    }
    *first = 0;
    if (text.len >= 4) {
        *first = load_4(text.bytes) | (uint64_t)load_4(text.bytes + text.len - 4) << 32;
    } else if (text.len > 0) {
        *first = (unsigned char)text.bytes[0] |
                 (uint64_t)(unsigned char)text.bytes[text.len / 2] << 8 |
                 (uint64_t)(unsigned char)text.bytes[text.len - 1] << 16;
    }
    *last = *first;
}

static size_t place_of(uint64_t first, uint64_t last, size_t len)
{
    uint64_t hash = (first ^ len) * 0x9e3779b97f4a7c15u ^ last * 0xc2b2ae3d27d4eb4fu;
    return (size_t)(hash >> 40) % PLACES;
}

uint32_t symbols_put(struct symbols *symbols, struct slice text, bool *is_new)
{
    uint64_t first, last;
    ends_of(text, &first, &last);
    struct place *place = &symbols->places[place_of(first, last, text.len)];
    if (place->number != 0 && place->first == first && place->last == last &&
        place->len == text.len &&
        (text.len <= 16 || memcmp(place->text + 8, text.bytes + 8, text.len - 16) == 0)) {
        *is_new = false;
        return place->number;
    }
    size_t count = intern_count(symbols->table);
    intern_id id = intern_put(symbols->table, text.len > 0 ? text.bytes : "", text.len);
    if (id == INTERN_FAILED || text.len > UINT32_MAX) {
        return 0;
    }
    *is_new = intern_count(symbols->table) > count;
    *place = (struct place){first, last, intern_text(symbols->table, id, NULL),
                            (uint32_t)text.len, id};
    return id;
}
