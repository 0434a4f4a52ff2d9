/* Keys are found by a hash of their bytes; a key that ends with '*' by its beginnings. */
#include "ingest/otlp/otlp_attributes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    PREFIX_MAX = 64,     /* no row's beginning is longer */
    LOOKED_AT_MAX = 4096 /* attributes of one span */
};

/* ---- names ---- */

static uint64_t key_hash(const char *key, size_t len)
{
    return XXH3_64bits(key, len);
}

bool otlp_names_init(struct otlp_names *names, const struct mem *mem)
{
    u64map_init(&names->by_key, mem);
    memset(names->first, 0xff, sizeof names->first);
    memset(names->end, 0, sizeof names->end);
    for (size_t i = 0; i < otlp_attribute_row_count; i++) {
        const struct otlp_attribute_row *row = &otlp_attribute_rows[i];
        size_t len = strlen(row->key);
        len -= row->key[len - 1] == '*';
        if (names->first[row->meaning] == UINT16_MAX) {
            names->first[row->meaning] = (uint16_t)i;
        }
        names->end[row->meaning] = (uint16_t)(i + 1);
        if (!u64map_put(&names->by_key, key_hash(row->key, len), (uint32_t)i)) {
            return false;
        }
    }
    return true;
}

void otlp_names_release(struct otlp_names *names)
{
    u64map_release(&names->by_key);
}

/* Returns the row whose key, or what precedes its '*', are these bytes. */
static const struct otlp_attribute_row *row_of(const struct otlp_names *names, const char *key,
                                               size_t len, bool whole)
{
    uint32_t at = u64map_get(&names->by_key, key_hash(key, len));
    if (at == U64MAP_NONE) {
        return NULL;
    }
    const struct otlp_attribute_row *row = &otlp_attribute_rows[at];
    size_t row_len = strlen(row->key);
    bool prefix = row->key[row_len - 1] == '*';
    row_len -= prefix;
    return row_len == len && memcmp(row->key, key, len) == 0 && (prefix || whole) ? row : NULL;
}

const struct otlp_attribute_row *otlp_names_find(const struct otlp_names *names, struct slice key)
{
    const struct otlp_attribute_row *row =
        key.len == 0 ? NULL : row_of(names, key.bytes, key.len, true);
    /* A prefix ends with a dot or is followed by one. */
    size_t longest = key.len < PREFIX_MAX ? key.len : PREFIX_MAX;
    for (size_t len = longest; row == NULL && len > 1; len--) {
        if (key.bytes[len - 1] == '.') {
            row = row_of(names, key.bytes, len, false);
            row = row != NULL ? row : row_of(names, key.bytes, len - 1, false);
        } else if (key.bytes[len - 1] == '_') {
            row = row_of(names, key.bytes, len, false);
        }
    }
    return row;
}

/* ---- values ---- */

bool slice_is(struct slice text, const char *want)
{
    return text.bytes != NULL && text.len == strlen(want) &&
           memcmp(text.bytes, want, text.len) == 0;
}

bool slice_begins(struct slice text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.bytes != NULL && text.len >= len && memcmp(text.bytes, prefix, len) == 0;
}

double otlp_value_number(const struct otlp_value *value)
{
    char text[40], *end;
    switch (value->type) {
    case OTLP_INT: return (double)value->integer;
    case OTLP_DOUBLE: return isfinite(value->number) ? value->number : (double)NAN;
    case OTLP_TEXT:
        if (value->text.len == 0 || value->text.len >= sizeof text) {
            return (double)NAN;
        }
        memcpy(text, value->text.bytes, value->text.len);
        text[value->text.len] = '\0';
        double number = strtod(text, &end);
        return end == text + value->text.len && isfinite(number) ? number : (double)NAN;
    case OTLP_ARRAY:
        return value->array.count > 0 ? otlp_value_number(value->array.items) : (double)NAN;
    case OTLP_EMPTY:
    case OTLP_BOOL:
    case OTLP_MAP:
    case OTLP_BYTES:
    default: return (double)NAN;
    }
}

struct slice otlp_value_text(const struct otlp_value *value)
{
    if (value->type == OTLP_ARRAY && value->array.count > 0) {
        value = value->array.items;
    }
    return value->type == OTLP_TEXT && value->text.len > 0 ? value->text : (struct slice){NULL, 0};
}

/* Spans of one kind have the same keys in the same places: that row is tried before any other. */
static const struct otlp_attribute_row *row_at(const struct otlp_found *found, size_t place,
                                               struct slice key)
{
    const struct otlp_attribute_row *last = place < OTLP_ROWS_KEPT ? found->rows[place] : NULL;
    return last != NULL && slice_is(key, last->key) ? last : otlp_names_find(found->names, key);
}

void otlp_found_fill(struct otlp_found *found, const struct otlp_names *names,
                     const struct otlp_attributes *attributes)
{
    for (size_t i = 0; i < found->filled_count; i++) {
        found->values[found->filled[i]] = NULL;
    }
    found->names = names;
    found->attributes = attributes;
    found->filled_count = 0;
    size_t count = attributes->count < LOOKED_AT_MAX ? attributes->count : LOOKED_AT_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct otlp_attribute_row *row = row_at(found, i, attributes->items[i].key);
        if (i < OTLP_ROWS_KEPT) {
            found->rows[i] = row;
        }
        if (row != NULL) {
            size_t at = (size_t)(row - otlp_attribute_rows);
            if (found->values[at] == NULL) {
                found->filled[found->filled_count++] = (uint16_t)at;
            }
            found->values[at] = &attributes->items[i].value;
        }
    }
}

const struct otlp_attribute_row *otlp_found_row(const struct otlp_found *found,
                                                const struct otlp_attributes *attributes,
                                                size_t number)
{
    return number < OTLP_ROWS_KEPT && found->attributes == attributes
               ? found->rows[number]
               : otlp_names_find(found->names, attributes->items[number].key);
}

const struct otlp_value *otlp_found_value(const struct otlp_found *found, enum otlp_meaning meaning,
                                          const struct otlp_attribute_row **row)
{
    for (size_t i = found->names->first[meaning]; i < found->names->end[meaning]; i++) {
        if (found->values[i] != NULL && found->values[i]->type != OTLP_EMPTY) {
            if (row != NULL) {
                *row = &otlp_attribute_rows[i];
            }
            return found->values[i];
        }
    }
    return NULL;
}

double otlp_found_number(const struct otlp_found *found, enum otlp_meaning meaning)
{
    for (size_t i = found->names->first[meaning]; i < found->names->end[meaning]; i++) {
        double number =
            found->values[i] == NULL ? (double)NAN : otlp_value_number(found->values[i]);
        if (!isnan(number)) {
            return otlp_attribute_rows[i].unit == UNIT_S ? number * 1000 : number;
        }
    }
    return (double)NAN;
}

struct slice otlp_found_text(const struct otlp_found *found, enum otlp_meaning meaning)
{
    for (size_t i = found->names->first[meaning]; i < found->names->end[meaning]; i++) {
        struct slice text =
            found->values[i] == NULL ? (struct slice){NULL, 0} : otlp_value_text(found->values[i]);
        if (text.bytes != NULL) {
            return text;
        }
    }
    return (struct slice){NULL, 0};
}

int otlp_found_truth(const struct otlp_found *found, enum otlp_meaning meaning)
{
    const struct otlp_value *value = otlp_found_value(found, meaning, NULL);
    if (value == NULL) {
        return -1;
    }
    if (value->type == OTLP_BOOL) {
        return value->truth;
    }
    struct slice text = otlp_value_text(value);
    return slice_is(text, "true") ? 1 : slice_is(text, "false") ? 0 : -1;
}

bool otlp_found_is(const struct otlp_found *found, enum otlp_meaning meaning, const char *text)
{
    return slice_is(otlp_found_text(found, meaning), text);
}
