/* An agent is known by the ids of its session and its own: numbers change when a file is read
   again. It has a condition for each kind of notice. A condition is on while looks find it. It is
   done with (`told`) once it was a notice, or was already so. One that began after the look before
   is another condition, even where it was on in both. */
#include "core/analysis/notices.h"

#include "core/base/hash.h"
#include "core/base/u64map.h"

#include <assert.h>

#define SECOND_NS INT64_C(1000000000)

static const struct {
    int64_t hold_ns;     /* so long it must hold */
    int64_t interval_ns; /* between two of an agent */
} rules[] = {
    [NOTICE_WAIT] = {1 * SECOND_NS, 10 * SECOND_NS},
    /* The next request may follow a tool's error. */
    [NOTICE_ERROR] = {3 * SECOND_NS, 10 * SECOND_NS},
    [NOTICE_STALLED] = {0, 60 * SECOND_NS},
    [NOTICE_LOOP] = {0, 60 * SECOND_NS},
    [NOTICE_DONE] = {2 * SECOND_NS, 10 * SECOND_NS},
};
static_assert(sizeof rules / sizeof *rules == NOTICES, "a rule for each kind");

enum { SPARE_AGENTS = 64 };

struct condition {
    bool on, told;
    int64_t seen_ns; /* the local time of the look that found it first */
    int64_t told_ns; /* of the last notice; INT64_MIN: none yet */
};

struct known {
    uint64_t key;
    uint64_t look;    /* the last that found it */
    int64_t since_ns; /* of its state then; INT64_MIN: none */
    bool worked;      /* since the last notice of its end */
    bool stalled, loops;
    struct condition conditions[NOTICES];
};

struct notices {
    const struct mem *mem;
    int64_t started_ns, looked_ns;
    uint64_t looks;
    struct known *known;
    size_t known_count, known_cap;
    struct u64map places; /* of keys in `known` */
    struct notice *found;
    size_t found_count, found_cap, taken;
    bool pending;
};

struct notices *notices_new(const struct mem *mem, int64_t started_ns)
{
    struct notices *notices = mem_zalloc(mem, 1, sizeof *notices);
    if (notices != NULL) {
        notices->mem = mem;
        notices->started_ns = notices->looked_ns = started_ns;
        u64map_init(&notices->places, mem);
    }
    return notices;
}

void notices_free(struct notices *notices)
{
    if (notices == NULL) {
        return;
    }
    mem_free(notices->mem, notices->known, notices->known_cap * sizeof *notices->known);
    mem_free(notices->mem, notices->found, notices->found_cap * sizeof *notices->found);
    u64map_release(&notices->places);
    mem_free(notices->mem, notices, sizeof *notices);
}

/* ---- the agents that are known ---- */

static uint64_t hash_text(uint64_t hash, const struct swarm *swarm, intern_id id)
{
    struct slice text = swarm_text_slice(swarm, id);
    return hash_number(hash_bytes(hash, text.bytes, text.len), 256);
}

static uint64_t key_of(const struct swarm *swarm, const struct agent *agent,
                       const struct session *session)
{
    uint64_t hash = hash_text(HASH_SEED, swarm, session->id);
    if (agent->agent_id != INTERN_NONE) {
        return hash_text(hash, swarm, agent->agent_id);
    }
    return hash_text(hash_text(hash, swarm, agent->pid), swarm, agent->tid);
}

/* Returns the agent's place, a new one if it is not known yet; NULL: out of memory. */
static struct known *know(struct notices *n, uint64_t key, bool *is_new)
{
    uint32_t place = u64map_get(&n->places, key);
    *is_new = place == U64MAP_NONE;
    if (!*is_new) {
        return &n->known[place];
    }
    if (!mem_reserve(n->mem, &n->known, &n->known_cap, n->known_count + 1, sizeof *n->known) ||
        !u64map_put(&n->places, key, (uint32_t)n->known_count)) {
        return NULL;
    }
    struct known *known = &n->known[n->known_count++];
    *known = (struct known){.key = key, .since_ns = INT64_MIN};
    for (int kind = 0; kind < NOTICES; kind++) {
        known->conditions[kind].told_ns = INT64_MIN;
    }
    return known;
}

/* Forgets those that this look did not find. Without memory it forgets more. */
static void forget(struct notices *n)
{
    size_t kept = 0;
    u64map_clear(&n->places);
    for (size_t i = 0; i < n->known_count; i++) {
        if (n->known[i].look == n->looks &&
            u64map_put(&n->places, n->known[i].key, (uint32_t)kept)) {
            n->known[kept++] = n->known[i];
        }
    }
    n->known_count = kept;
}

/* ---- what is so ---- */

/* An agent in one look. */
struct sight {
    struct agent_status status;
    int64_t age_ns; /* of its state */
    bool finished;  /* its source has come to its end */
    bool is_new;    /* no look before found it */
    bool reads;     /* as in notices_look */
};

/* Returns whether the state began while the program runs. */
static bool began_here(const struct notices *n, const struct sight *sight, int64_t local_ns)
{
    return !sight->finished && sight->status.since_ns != INT64_MIN &&
           sight->age_ns <= local_ns - n->started_ns;
}

/* A turn may begin and end between two looks. A correction moves the end of one by less than a
   second. */
static void notice_work(const struct notices *n, struct known *known, const struct sight *sight,
                        int64_t local_ns)
{
    bool rests = query_rests(sight->status.state) || sight->status.state == STATE_STALE;
    bool later = sight->is_new || known->since_ns == INT64_MIN ||
                 sight->status.since_ns - known->since_ns > SECOND_NS;
    known->worked |=
        !sight->reads && (rests ? later && began_here(n, sight, local_ns) : !sight->finished);
    known->since_ns = sight->status.since_ns;
}

/* Returns whether the agent's process died with a call in flight. */
static bool died_at_work(const struct swarm *swarm, const struct agent *agent)
{
    static const enum span_kind calls[] = {SPAN_REQUEST, SPAN_TOOL, SPAN_AGENT_CALL, SPAN_USER};
    const struct span *last =
        agent->last_ended == NO_SPAN ? NULL : swarm_span(swarm, agent->last_ended);
    bool open = agent->stale_open > 0 || (last != NULL && (last->flags & SPAN_INCOMPLETE) != 0);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        open |= agent->open_by_kind[calls[i]] > 0;
    }
    return open && (agent->flags & AGENT_GONE) != 0;
}

/* Returns whether the condition holds. At the end of a source, only agents that
   worked until then are of interest. */
static bool holds(const struct swarm *swarm, enum notice_kind kind, const struct agent *agent,
                  const struct known *known, const struct sight *sight)
{
    enum agent_state state = sight->status.state;
    bool died = died_at_work(swarm, agent);
    if (kind == NOTICE_DONE) {
        bool rests = state == STATE_IDLE || state == STATE_DONE || (state == STATE_GONE && !died);
        return rests && known->worked && agent->parent_id == INTERN_NONE;
    }
    if (sight->finished) {
        return false;
    }
    return kind == NOTICE_WAIT      ? state == STATE_USER || state == STATE_TOOL_OR_USER
           : kind == NOTICE_ERROR   ? state == STATE_ERROR || (died && known->worked)
           : kind == NOTICE_STALLED ? state == STATE_STALE || known->stalled
                                    : known->loops;
}

/* Returns whether it was already so when the program or the reading began. An error becomes the
   state a while after the call that failed. */
static bool was_so(const struct notices *n, enum notice_kind kind, const struct sight *sight,
                   int64_t local_ns)
{
    bool before = sight->status.state != STATE_GONE && !began_here(n, sight, local_ns);
    return sight->reads || (kind == NOTICE_ERROR  ? before
                            : kind == NOTICE_WAIT ? sight->is_new && before
                                                  : sight->is_new && kind != NOTICE_DONE);
}

static void judge(struct notices *n, enum notice_kind kind, bool now, const struct sight *sight,
                  struct condition *condition, int64_t local_ns)
{
    bool of_state = kind == NOTICE_WAIT || kind == NOTICE_ERROR;
    bool another = of_state && !sight->is_new && sight->age_ns < local_ns - n->looked_ns;
    if (now && (!condition->on || another)) {
        condition->told = was_so(n, kind, sight, local_ns);
        condition->seen_ns = local_ns;
    }
    condition->on = now;
}

/* ---- a look ---- */

static bool is_due(enum notice_kind kind, const struct condition *condition, int64_t local_ns)
{
    bool again =
        condition->told_ns == INT64_MIN || local_ns - condition->told_ns >= rules[kind].interval_ns;
    return again && local_ns - condition->seen_ns >= rules[kind].hold_ns;
}

static bool add(struct notices *n, struct notice notice)
{
    if (!mem_reserve(n->mem, &n->found, &n->found_cap, n->found_count + 1, sizeof *n->found)) {
        return false;
    }
    n->found[n->found_count++] = notice;
    return true;
}

static bool tell(struct notices *n, struct known *known, agent_no agent, const struct sight *sight,
                 int64_t local_ns)
{
    bool ok = true;
    for (int kind = 0; kind < NOTICES; kind++) {
        struct condition *condition = &known->conditions[kind];
        if (!condition->on || condition->told) {
            continue;
        }
        if (!is_due((enum notice_kind)kind, condition, local_ns)) {
            n->pending = true;
            continue;
        }
        condition->told = true;
        condition->told_ns = local_ns;
        bool perhaps = kind == NOTICE_WAIT && sight->status.state == STATE_TOOL_OR_USER;
        ok &= add(n, (struct notice){(enum notice_kind)kind, agent, perhaps});
    }
    /* The end of the work, for good or ill, is one notice. */
    const struct condition *done = &known->conditions[NOTICE_DONE];
    const struct condition *error = &known->conditions[NOTICE_ERROR];
    if ((done->on && done->told) || (error->on && error->told)) {
        known->worked &= !query_rests(sight->status.state);
    }
    return ok;
}

static bool look_at(struct notices *n, const struct notices_look *look, agent_no number)
{
    const struct swarm *swarm = look->swarm;
    const struct agent *agent = swarm_agent(swarm, number);
    const struct session *session =
        (agent->flags & (AGENT_DEAD | AGENT_GROUP)) != 0 || !query_is_agent(agent)
            ? NULL
            : swarm_session(swarm, agent->session);
    if (session == NULL || (session->flags & SESSION_NOT_LIVE) != 0) {
        return true;
    }
    struct sight sight = {.status = query_status(swarm, number, look->local_ns),
                          .finished = (session->flags & SESSION_FINISHED) != 0,
                          .reads = look->reads};
    struct known *known = know(n, key_of(swarm, agent, session), &sight.is_new);
    if (known == NULL) {
        return false;
    }
    if (sight.status.since_ns != INT64_MIN) {
        sight.age_ns =
            swarm_session_present(swarm, agent->session, look->local_ns) - sight.status.since_ns;
    }
    if (look->stalled != NULL) {
        struct stalled_agent stalled = stalled_of(look->stalled, number);
        known->stalled = stalled.calls > 0;
        known->loops = stalled.loop != NO_SPAN;
    }
    known->look = n->looks;
    notice_work(n, known, &sight, look->local_ns);
    for (int kind = 0; kind < NOTICES; kind++) {
        enum notice_kind of = (enum notice_kind)kind;
        judge(n, of, holds(swarm, of, agent, known, &sight), &sight, &known->conditions[kind],
              look->local_ns);
    }
    return tell(n, known, number, &sight, look->local_ns);
}

bool notices_look(struct notices *n, const struct notices_look *look)
{
    size_t count = swarm_agent_count(look->swarm), alive = 0;
    bool ok = true;
    n->looks++;
    n->found_count = n->taken = 0;
    n->pending = false;
    for (size_t i = 0; i < count; i++) {
        ok &= look_at(n, look, (agent_no)i);
        alive += (swarm_agent(look->swarm, (agent_no)i)->flags & AGENT_DEAD) == 0;
    }
    n->looked_ns = look->local_ns;
    if (n->known_count > 2 * alive + SPARE_AGENTS) {
        forget(n);
    }
    return ok;
}

bool notices_next(struct notices *n, struct notice *out)
{
    if (n->taken == n->found_count) {
        return false;
    }
    *out = n->found[n->taken++];
    return true;
}

bool notices_pending(const struct notices *n)
{
    return n->pending;
}

size_t notices_known(const struct notices *n)
{
    return n->known_count;
}
