/* An update has four times the fields of an operation, and they have a table of their own that the
   printer of feed lines reads too. So they are no part of feed_fields: a line's object is walked a
   second time and each member is looked for in update_fields. */
#include "ingest/feed/feed_update.h"

#include <math.h>

void feed_update_init(struct feed_update *reader, const struct mem *mem)
{
    *reader = (struct feed_update){.mem = mem};
    strbuf_init(&reader->decoded, mem, 0);
}

void feed_update_release(struct feed_update *reader)
{
    strbuf_release(&reader->decoded);
    mem_free(reader->mem, reader->times, reader->time_cap * sizeof *reader->times);
    reader->times = NULL;
    reader->time_cap = 0;
}

enum feed_type feed_update_type(enum field_type type)
{
    static const enum feed_type types[] = {
        [TYPE_NUMBER] = FEED_NUMBER, [TYPE_TIME] = FEED_TIME,       [TYPE_TEXT] = FEED_TEXT,
        [TYPE_BOOL] = FEED_BOOL,     [TYPE_OUTCOME] = FEED_OUTCOME, [TYPE_OBJECT] = FEED_OBJECT,
        [TYPE_TIMES] = FEED_NUMBERS, [TYPE_RETRY] = FEED_RETRY,
    };
    return types[type];
}

/* FIELDS: no field of that operation. */
static enum update_field field_of(struct json_value key, unsigned op)
{
    bool plain = memchr(key.raw, '\\', key.len) == NULL;
    for (int i = 0; i < FIELDS; i++) {
        const char *name = update_fields[i].key;
        size_t len = key.len - 2;
        bool same = plain ? strncmp(name, key.raw + 1, len) == 0 && name[len] == '\0'
                          : json_string_is(key, name);
        if (same && (update_fields[i].ops & op) != 0) {
            return (enum update_field)i;
        }
    }
    return FIELDS;
}

/* ---- values by type ---- */

static bool read_number(struct json_value value, double *out)
{
    *out = json_get_number(value);
    return isfinite(*out);
}

static enum feed_typed read_times(struct feed_update *reader, struct json_value value)
{
    struct json_walk walk = json_walk(value);
    struct json_value item;
    reader->time_count = 0;
    if (value.type != JSON_TYPE_ARRAY) {
        return FEED_WRONG_TYPE;
    }
    while (json_next_item(&walk, &item)) {
        double number;
        if (!read_number(item, &number)) {
            return FEED_WRONG_TYPE;
        }
        if (!mem_reserve(reader->mem, &reader->times, &reader->time_cap, reader->time_count + 1,
                         sizeof *reader->times)) {
            return FEED_NO_MEMORY;
        }
        reader->times[reader->time_count++] = number;
    }
    return FEED_TYPED;
}

/* Leaves out members of another type. */
static enum feed_typed read_retry(struct feed_update *reader, struct json_value value,
                                  struct retry *out)
{
    const double unset = (double)NAN;
    *out = (struct retry){.attempt = unset, .max_attempts = unset, .in_ms = unset, .at_ms = unset};
    if (value.type != JSON_TYPE_OBJECT) {
        return FEED_WRONG_TYPE;
    }
    const struct {
        const char *key;
        double *number;
    } numbers[] = {{"attempt", &out->attempt},
                   {"max_attempts", &out->max_attempts},
                   {"in_ms", &out->in_ms},
                   {"at_ms", &out->at_ms}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        double number;
        if (read_number(json_get(value, numbers[i].key), &number)) {
            *numbers[i].number = number;
        }
    }
    enum feed_typed typed = feed_read_text(json_get(value, "error"), &reader->decoded, &out->error);
    return typed == FEED_NO_MEMORY ? typed : FEED_TYPED;
}

static enum feed_typed read_outcome(struct feed_update *reader, struct json_value value,
                                    double *out)
{
    struct slice word;
    enum outcome outcome = OUTCOME_NONE;
    enum feed_typed typed = feed_read_text(value, &reader->decoded, &word);
    if (typed == FEED_TYPED && !outcome_read(word, &outcome)) {
        typed = FEED_WRONG_TYPE;
    }
    *out = outcome;
    return typed;
}

static enum feed_typed read_value(struct feed_update *reader, struct json_value value,
                                  enum update_field field, union update_value *out)
{
    bool truth = value.type == JSON_TYPE_TRUE;
    bool good = false;
    switch (update_fields[field].type) {
    case TYPE_NUMBER: good = read_number(value, &out->number); break;
    case TYPE_TIME: good = read_number(value, &out->number) && time_is_set(out->number); break;
    case TYPE_BOOL:
        out->number = truth ? TRI_TRUE : TRI_FALSE;
        good = truth || value.type == JSON_TYPE_FALSE;
        break;
    case TYPE_OBJECT:
        out->text = (struct slice){value.raw, value.len};
        good = value.type == JSON_TYPE_OBJECT;
        break;
    case TYPE_TEXT: return feed_read_text(value, &reader->decoded, &out->text);
    case TYPE_OUTCOME: return read_outcome(reader, value, &out->number);
    case TYPE_TIMES: return read_times(reader, value);
    case TYPE_RETRY: return read_retry(reader, value, &out->retry);
    }
    return good ? FEED_TYPED : FEED_WRONG_TYPE;
}

/* An empty text, and an empty list of times, are absent. */
static bool is_empty(const struct update *update, enum update_field field, size_t time_count)
{
    enum field_type type = update_fields[field].type;
    return (type == TYPE_TEXT && update->values[field].text.len == 0) ||
           (type == TYPE_TIMES && time_count == 0);
}

bool feed_update_read(struct feed_update *reader, struct json_value object, struct update *update,
                      uint64_t *ignored)
{
    struct json_walk walk = json_walk(object);
    struct json_member member;
    *ignored = 0;
    strbuf_clear(&reader->decoded);
    /* Decoded, a text is never longer than it is in the line, so no slice of it will move. */
    if (strbuf_room(&reader->decoded, object.len) == NULL) {
        return false;
    }
    while (json_next_member(&walk, &member)) {
        enum update_field field = field_of(member.key, 1u << update->op);
        if (field == FIELDS) {
            continue;
        }
        uint64_t bit = (uint64_t)1 << field;
        update->present &= ~bit;
        *ignored &= ~bit;
        if (member.value.type == JSON_TYPE_NULL) {
            continue;
        }
        enum feed_typed typed = read_value(reader, member.value, field, &update->values[field]);
        if (typed == FEED_NO_MEMORY) {
            return false;
        }
        *ignored |= typed == FEED_TYPED ? 0 : bit;
        if (typed == FEED_TYPED && !is_empty(update, field, reader->time_count)) {
            update->present |= bit;
        }
    }
    update->values[FIELD_ATTEMPTS].times.ms = reader->times;
    update->values[FIELD_ATTEMPTS].times.count = reader->time_count;
    return true;
}
