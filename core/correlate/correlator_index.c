/* Calls by session and id. A hash finds the key, and the ids are compared: two calls whose
   hashes meet stay two. A call has one key for each of its ids. */
#include "core/base/hash.h"
#include "core/correlate/correlator_private.h"

static uint64_t hash_of(session_no session, struct slice id)
{
    uint64_t hash = hash_bytes(HASH_SEED, &session, sizeof session);
    hash = hash_bytes(hash, id.bytes, id.len);
    return hash == UINT64_MAX ? 0 : hash;
}

static bool is_key(const struct call_key *key, session_no session, struct slice id)
{
    return key->session == session && key->len == id.len &&
           (id.len == 0 || memcmp(key->id, id.bytes, id.len) == 0);
}

record_no correlator_index_find(const struct correlator *correlator, session_no session,
                                struct slice id)
{
    uint32_t at = u64map_get(&correlator->key_by_hash, hash_of(session, id));
    while (at != NO_KEY && !is_key(&correlator->keys[at], session, id)) {
        at = correlator->keys[at].same_hash;
    }
    return at == NO_KEY ? NO_RECORD : correlator->keys[at].record;
}

/* A free key; NO_KEY: out of memory. */
static uint32_t new_key(struct correlator *correlator)
{
    uint32_t at = correlator->free_key;
    if (at != NO_KEY) {
        correlator->free_key = correlator->keys[at].same_hash;
        return at;
    }
    if (!mem_reserve(correlator->mem, &correlator->keys, &correlator->key_cap,
                     correlator->key_count + 1, sizeof *correlator->keys)) {
        return NO_KEY;
    }
    return (uint32_t)correlator->key_count++;
}

static void free_key(struct correlator *correlator, uint32_t at)
{
    struct call_key *key = &correlator->keys[at];
    mem_free(correlator->mem, key->id, key->len + 1);
    *key = (struct call_key){.record = NO_RECORD, .same_hash = correlator->free_key};
    correlator->free_key = at;
}

bool correlator_index_add(struct correlator *correlator, record_no number, session_no session,
                          struct slice id)
{
    uint32_t at = new_key(correlator);
    if (at == NO_KEY) {
        return false;
    }
    struct call_key *key = &correlator->keys[at];
    *key = (struct call_key){.hash = hash_of(session, id),
                             .id = mem_alloc(correlator->mem, id.len + 1),
                             .len = id.len,
                             .session = session,
                             .record = number};
    key->same_hash = u64map_get(&correlator->key_by_hash, key->hash);
    if (key->id == NULL || !u64map_put(&correlator->key_by_hash, key->hash, at)) {
        key->len = key->id == NULL ? (size_t)-1 : key->len; /* nothing to free */
        free_key(correlator, at);
        return false;
    }
    if (id.len > 0) {
        memcpy(key->id, id.bytes, id.len);
    }
    struct record *record = swarm_record(correlator->swarm, number);
    key->same_record = record->first_key;
    record->first_key = at;
    /* The least of its ids names it, in whatever order they come. */
    struct slice own = {key->id, key->len};
    size_t least = own.len < record->id.len ? own.len : record->id.len;
    int order = record->id.bytes == NULL ? -1 : memcmp(own.bytes, record->id.bytes, least);
    if (order < 0 || (order == 0 && own.len < record->id.len)) {
        record->id = own;
    }
    return true;
}

static void unlink_key(struct correlator *correlator, uint32_t at)
{
    struct call_key *key = &correlator->keys[at];
    uint32_t before = u64map_get(&correlator->key_by_hash, key->hash);
    if (before == at) {
        if (key->same_hash == NO_KEY) {
            u64map_remove(&correlator->key_by_hash, key->hash);
        } else {
            /* The key exists, so this needs no memory. */
            (void)u64map_put(&correlator->key_by_hash, key->hash, key->same_hash);
        }
        return;
    }
    while (correlator->keys[before].same_hash != at) {
        before = correlator->keys[before].same_hash;
    }
    correlator->keys[before].same_hash = key->same_hash;
}

bool correlator_index_move(struct correlator *correlator, uint32_t at, session_no session)
{
    struct call_key *key = &correlator->keys[at];
    struct call_key former = *key;
    struct slice id = {key->id, key->len};
    unlink_key(correlator, at);
    key->session = session;
    key->hash = hash_of(session, id);
    key->same_hash = u64map_get(&correlator->key_by_hash, key->hash);
    if (u64map_put(&correlator->key_by_hash, key->hash, at)) {
        return true;
    }
    /* Its former hash has other keys, or left room when it went, so this needs no memory. */
    key->session = former.session;
    key->hash = former.hash;
    key->same_hash = u64map_get(&correlator->key_by_hash, key->hash);
    (void)u64map_put(&correlator->key_by_hash, key->hash, at);
    return false;
}

void correlator_index_remove(struct correlator *correlator, record_no number)
{
    struct record *record = swarm_record(correlator->swarm, number);
    while (record->first_key != NO_KEY) {
        uint32_t at = record->first_key;
        record->first_key = correlator->keys[at].same_record;
        unlink_key(correlator, at);
        free_key(correlator, at);
    }
    record->id = (struct slice){NULL, 0};
}

unsigned correlator_index_count(const struct correlator *correlator, const struct record *record)
{
    unsigned count = 0;
    for (uint32_t at = record->first_key; at != NO_KEY; at = correlator->keys[at].same_record) {
        count++;
    }
    return count;
}
