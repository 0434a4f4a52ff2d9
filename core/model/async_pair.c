/* The open async spans, by their id. An id is what the Trace Event Format calls one: the category,
   the scope, and `id`, or `id2`, whose "global" counts in the whole trace and whose "local" counts
   with the process. The numbers 7 and 7.0 and the text "7" are one id. The older phases S and F
   have ids of their own.

   An end closes the innermost open span of its id and name, for spans of one id may cross; an end
   without a name closes the innermost of its id. So each open span is in two lists: that of its id,
   linked both ways, and that of its id and name. A hash represents an id; if two hashes were equal,
   two spans would swap their ends. */
#include "core/base/hash.h"
#include "core/model/swarm_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The keys of the two lists, whose values are their innermost spans. */
struct async_key {
    uint64_t id, name;
};

enum id_kind { ID_PLAIN, ID_LOCAL, ID_GLOBAL };

/* Returns the text of a whole number that is spelt with a point or an exponent, as an integer; any
   other text unchanged. */
static struct slice whole_text(struct slice raw, char room[24])
{
    if (raw.len == 0 || (raw.bytes[0] != '-' && (unsigned char)(raw.bytes[0] - '0') >= 10) ||
        (memchr(raw.bytes, '.', raw.len) == NULL && memchr(raw.bytes, 'e', raw.len) == NULL &&
         memchr(raw.bytes, 'E', raw.len) == NULL)) {
        return raw;
    }
    double number = json_get_number(json_value_of(raw.bytes, raw.len));
    if (!(fabs(number) < 0x1p53) || number != trunc(number)) {
        return raw;
    }
    return (struct slice){room, (size_t)snprintf(room, 24, "%lld", (long long)number)};
}

/* Adds a string's text, or what another value is spelt like. Returns false if out of memory. */
static bool add_text(struct swarm *swarm, uint64_t *hash, struct slice raw)
{
    char room[24];
    struct slice text = whole_text(raw, room);
    if (raw.len >= 2 && raw.bytes[0] == '"') {
        text = (struct slice){raw.bytes + 1, raw.len - 2};
        if (memchr(text.bytes, '\\', text.len) != NULL) {
            strbuf_clear(&swarm->scratch);
            json_get_string((struct json_value){JSON_TYPE_STRING, raw.bytes, raw.len},
                            &swarm->scratch);
            text = (struct slice){swarm->scratch.data, swarm->scratch.len};
            if (swarm->scratch.failed) {
                return false;
            }
        }
    }
    for (size_t i = 0; i < text.len; i++) {
        *hash = hash_number(*hash, (unsigned char)text.bytes[i]);
    }
    *hash = hash_number(*hash, 0x1ff);
    return true;
}

static struct slice slice_of(struct json_value value)
{
    return value.type == JSON_TYPE_NONE ? (struct slice){NULL, 0}
                                        : (struct slice){value.raw, value.len};
}

/* Finds the event's id and scope among its members. */
static enum id_kind read_id(const struct event *event, struct slice *id, struct slice *scope)
{
    struct json_walk walk = event_walk_extra(event);
    struct json_member member;
    enum id_kind kind = ID_PLAIN;
    *id = event->id;
    *scope = (struct slice){NULL, 0};
    while (json_next_member(&walk, &member)) {
        if (json_string_is(member.key, "scope")) {
            *scope = slice_of(member.value);
        } else if (json_string_is(member.key, "id2") && member.value.type == JSON_TYPE_OBJECT) {
            struct slice local = slice_of(json_get(member.value, "local"));
            struct slice global = slice_of(json_get(member.value, "global"));
            kind = global.len > 0 ? ID_GLOBAL : local.len > 0 ? ID_LOCAL : kind;
            *id = kind == ID_GLOBAL ? global : kind == ID_LOCAL ? local : *id;
        }
    }
    return kind;
}

static uint64_t name_key(uint64_t id, intern_id name)
{
    return hash_number(hash_number(id, 0x2ff), name);
}

/* Returns false if out of memory. */
static bool make_key(struct swarm *swarm, const struct event *event, struct async_key *key)
{
    const struct track_slot *slot = &swarm->rows.tracks[event->track];
    struct slice id, scope;
    enum id_kind kind = read_id(event, &id, &scope);
    uint64_t hash = hash_number(HASH_SEED, slot->track.session);
    hash = hash_number(hash, event->cat);
    hash = hash_number(hash, (uint64_t)kind << 1 | (event->ph == 'S' || event->ph == 'F'));
    hash = hash_number(hash, kind == ID_LOCAL ? slot->process : 0);
    bool good = add_text(swarm, &hash, id) && add_text(swarm, &hash, scope);
    *key = (struct async_key){hash, name_key(hash, event->name)};
    return good;
}

/* Returns the innermost span of a list; NO_SPAN: it is empty, or its spans were removed when all
   was derived again. */
static span_no innermost(const struct swarm *swarm, uint64_t key)
{
    span_no no = u64map_get(&swarm->open.async, key);
    const struct span *span = no == NO_SPAN ? NULL : swarm_edit_span(swarm, no);
    return span != NULL && (span->flags & SPAN_OPEN) != 0 ? no : NO_SPAN;
}

bool async_pair_push_open(struct swarm *swarm, span_no no, const struct event *event)
{
    struct async_key key;
    struct inflight_link *link = swarm_inflight_link(swarm, no);
    if (!make_key(swarm, event, &key)) {
        return false;
    }
    link->outer = innermost(swarm, key.id);
    link->inner = NO_SPAN;
    link->entry = innermost(swarm, key.name);
    if (link->entry != NO_SPAN &&
        swarm_edit_span(swarm, link->entry)->start_ns > swarm_edit_span(swarm, no)->start_ns) {
        swarm_note_late(swarm, event->track);
    }
    if (link->outer != NO_SPAN) {
        swarm_inflight_link(swarm, link->outer)->inner = no;
    }
    return u64map_put(&swarm->open.async, key.id, no) &&
           u64map_put(&swarm->open.async, key.name, no);
}

/* Makes `next` the innermost span of the list. The key exists, so this needs no memory. */
static void set_innermost(struct swarm *swarm, uint64_t key, span_no next)
{
    if (next == NO_SPAN) {
        u64map_remove(&swarm->open.async, key);
    } else {
        (void)u64map_put(&swarm->open.async, key, next);
    }
}

bool async_pair_take_begin(struct swarm *swarm, const struct event *event, span_no *begin)
{
    struct async_key key;
    *begin = NO_SPAN;
    if (!make_key(swarm, event, &key)) {
        return false;
    }
    span_no no = innermost(swarm, event->name == INTERN_NONE ? key.id : key.name);
    if (no == NO_SPAN) {
        return true;
    }
    struct inflight_link *link = swarm_inflight_link(swarm, no);
    set_innermost(swarm, name_key(key.id, swarm_edit_span(swarm, no)->name), link->entry);
    if (link->inner != NO_SPAN) {
        swarm_inflight_link(swarm, link->inner)->outer = link->outer;
    } else {
        set_innermost(swarm, key.id, link->outer);
    }
    if (link->outer != NO_SPAN) {
        swarm_inflight_link(swarm, link->outer)->inner = link->inner;
    }
    link->outer = link->inner = NO_SPAN;
    *begin = no;
    return true;
}

void async_pair_tidy(struct swarm *swarm)
{
    struct u64map *map = &swarm->open.async, old = *map;
    u64map_init(map, old.mem);
    for (size_t i = 0; i < old.cap; i++) {
        span_no no = old.values[i];
        const struct span *span = no == NO_SPAN ? NULL : swarm_edit_span(swarm, no);
        if (span != NULL && (span->flags & SPAN_OPEN) != 0 && !u64map_put(map, old.keys[i], no)) {
            u64map_release(map);
            *map = old; /* without memory all stay */
            return;
        }
    }
    u64map_release(&old);
}
