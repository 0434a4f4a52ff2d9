/* A table from a 64-bit digest of a call's id and time to the number of its owner. One table serves
   all sources, since a copy may be in another directory. */
#include "ingest/call_owners.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { CALLS_MAX = 4 << 20 };

void call_owners_init(struct call_owners *owners, const struct mem *mem)
{
    *owners = (struct call_owners){.names = NULL};
    u64map_init(&owners->by_call, mem);
}

void call_owners_release(struct call_owners *owners)
{
    intern_free(owners->names);
    u64map_release(&owners->by_call);
}

intern_id call_owners_number(struct call_owners *owners, struct slice session, struct slice agent)
{
    char name[1024];
    int len = snprintf(name, sizeof name, "%.*s/%.*s", (int)session.len,
                       session.len > 0 ? session.bytes : "", (int)agent.len,
                       agent.len > 0 ? agent.bytes : "");
    if (owners->names == NULL) {
        owners->names = intern_new(owners->by_call.mem);
    }
    if (owners->names == NULL) {
        return INTERN_FAILED;
    }
    size_t used = len < (int)sizeof name ? (size_t)len : sizeof name - 1;
    return intern_put(owners->names, name, used);
}

intern_id call_owners_claim(struct call_owners *owners, intern_id who, struct slice id,
                            double at_ms)
{
    uint64_t seed;
    memcpy(&seed, &at_ms, sizeof seed);
    uint64_t key = XXH3_64bits_withSeed(id.bytes, id.len, seed);
    uint32_t owner = u64map_get(&owners->by_call, key);
    if (owner != U64MAP_NONE) {
        return owner;
    }
    /* Beyond that many a copy is no longer known as one. */
    if (owners->by_call.count >= CALLS_MAX) {
        return who;
    }
    return u64map_put(&owners->by_call, key, who) ? who : INTERN_FAILED;
}

struct slice call_owners_id(struct call_owners *owners, struct slice session, struct slice agent,
                            struct slice id, char room[CLIENT_ID_BYTES])
{
    char full[2 * CLIENT_ID_BYTES + 2];
    intern_id who = call_owners_number(owners, session, agent);
    /* No copy has this mark: it is the session's, and below zero. */
    intern_id of = call_owners_number(owners, session, (struct slice){"/", 1});
    intern_id owner = of == INTERN_FAILED ? of : call_owners_claim(owners, who, id, -1.0 - of);
    if (who == INTERN_FAILED || owner == INTERN_FAILED) {
        return (struct slice){NULL, 0};
    }
    if (owner == who) {
        struct slice own = client_id_short(id, room);
        memmove(room, own.bytes, own.len);
        return (struct slice){room, own.len};
    }
    int agent_len = agent.len < CLIENT_ID_BYTES ? (int)agent.len : CLIENT_ID_BYTES;
    int len =
        snprintf(full, sizeof full, "%.*s:%.*s", agent_len, agent.bytes == NULL ? "" : agent.bytes,
                 id.len < CLIENT_ID_BYTES ? (int)id.len : CLIENT_ID_BYTES, id.bytes);
    struct slice shown = client_id_short((struct slice){full, (size_t)len}, room);
    memmove(room, shown.bytes, shown.len);
    return (struct slice){room, shown.len};
}
