/* Two passes over the lines. The first notes, for each call, the numbers of the last line that
   begins it and of the last that ends it, and for each session that of its last end_session. The
   second keeps a begin if no end follows it. A call that was reported by updates has ended once one
   of them has an end. The keys are hashes of 64 bits; two calls with one hash cost a line. */
#include "tui/cmd/journal_keep.h"

#include "core/base/hash.h"
#include "core/base/json_read.h"

#include <string.h>

enum { DEPTH_MAX = 65 };

/* The part that a line has in the life of its subject. */
enum part { PART_NONE, PART_ALWAYS, PART_BEGIN, PART_WITHIN, PART_END, PART_END_ALL, PART_UPDATE };

static const struct {
    const char *op;
    enum part part;
} parts[] = {
    {"hello", PART_ALWAYS},
    {"open", PART_ALWAYS},
    {"register_agent", PART_ALWAYS},
    {"unregister_agent", PART_ALWAYS},
    {"update_session", PART_ALWAYS},
    {"update_agent", PART_ALWAYS},
    {"start_llm_request", PART_BEGIN},
    {"start_tool", PART_BEGIN},
    {"start_user_input", PART_BEGIN},
    {"start_interaction", PART_BEGIN},
    {"first_token", PART_WITHIN},
    {"progress", PART_WITHIN},
    {"attempt", PART_WITHIN},
    {"end_llm_request", PART_END},
    {"end_tool", PART_END},
    {"end_user_input", PART_END},
    {"end_interaction", PART_END},
    {"end_session", PART_END_ALL},
    {"update_call", PART_UPDATE},
};

void journal_keep_init(struct journal_keep *keep, const struct mem *mem)
{
    *keep = (struct journal_keep){.failed = false};
    u64map_init(&keep->last, mem);
}

void journal_keep_release(struct journal_keep *keep)
{
    u64map_release(&keep->last);
}

static uint64_t mix(uint64_t hash, const char *bytes, size_t len)
{
    return hash_number(hash_bytes(hash, bytes, len), 0xFF);
}

/* A number and the string that spells it are one id. */
static uint64_t mix_id(uint64_t hash, struct json_value id)
{
    bool quoted = id.type == JSON_TYPE_STRING;
    return quoted ? mix(hash, id.raw + 1, id.len - 2) : mix(hash, id.raw, id.len);
}

/* Returns the key of the object's subject as the subject of lines of that part. */
static uint64_t key_of(struct json_value object, enum part part, const char *id)
{
    char tag = (char)part;
    uint64_t hash = mix(HASH_SEED, &tag, 1);
    hash = mix_id(hash, json_get(object, "session_id"));
    return id == NULL ? hash : mix_id(hash, json_get(object, id));
}

static enum part part_of(struct json_value op)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (json_string_is(op, parts[i].op)) {
            return parts[i].part;
        }
    }
    return PART_NONE;
}

/* A raw metadata event describes a process or thread, and no cap drops it. */
static bool is_metadata(struct json_value object, struct json_value op)
{
    return json_string_is(op, "raw") &&
           json_string_is(json_get(json_get(object, "event"), "ph"), "M");
}

static bool has_end(struct json_value object)
{
    return json_get(object, "end_ms").type != JSON_TYPE_NONE ||
           json_get(object, "outcome").type != JSON_TYPE_NONE;
}

static bool read_line(struct slice line, struct json_value *object)
{
    return json_check(line.bytes, line.len, DEPTH_MAX, object, NULL);
}

static void put(struct journal_keep *keep, uint64_t key)
{
    keep->failed |= !u64map_put(&keep->last, key, keep->noted);
}

void journal_keep_note(struct journal_keep *keep, struct slice line)
{
    struct json_value object;
    keep->noted++;
    if (!read_line(line, &object)) {
        return;
    }
    enum part part = part_of(json_get(object, "op"));
    if (part == PART_BEGIN || part == PART_END) {
        put(keep, key_of(object, part, "span_id"));
    } else if (part == PART_END_ALL) {
        put(keep, key_of(object, part, NULL));
    } else if (part == PART_UPDATE && has_end(object)) {
        put(keep, key_of(object, part, "id"));
    }
}

/* The number of the last line with that key; 0: no such line. */
static uint32_t last(const struct journal_keep *keep, uint64_t key)
{
    uint32_t number = u64map_get(&keep->last, key);
    return number == U64MAP_NONE ? 0 : number;
}

/* Returns whether the span of this line is open at the end of the part, since this line's begin. */
static bool is_open(const struct journal_keep *keep, struct json_value object)
{
    uint32_t begun = last(keep, key_of(object, PART_BEGIN, "span_id"));
    return begun > last(keep, key_of(object, PART_END, "span_id")) &&
           begun > last(keep, key_of(object, PART_END_ALL, NULL)) && keep->asked >= begun;
}

bool journal_keep_needs(struct journal_keep *keep, struct slice line)
{
    struct json_value object;
    keep->asked++;
    if (!read_line(line, &object)) {
        return false;
    }
    struct json_value op = json_get(object, "op");
    switch (part_of(op)) {
    case PART_NONE: return is_metadata(object, op);
    case PART_ALWAYS: return true;
    case PART_BEGIN:
    case PART_WITHIN: return is_open(keep, object);
    case PART_END:
    case PART_END_ALL: return false;
    case PART_UPDATE: return last(keep, key_of(object, PART_UPDATE, "id")) == 0;
    }
    return false;
}
