/* Two names of one hash count as one: a wrong answer makes a label longer than it needs to be, or
   cuts it elsewhere. */
#include "tui/views/namesakes.h"

#include "core/base/hash.h"
#include "core/query/query.h"

enum {
    COMPARED_MAX = 64,
    TERM_BYTES = 16 /* a longer term is shown from the difference on */
};

void namesakes_init(struct namesakes *names, const struct mem *mem, size_t agents)
{
    *names = (struct namesakes){.mem = mem, .slots = 64, .agents = agents};
    while (names->slots < 2 * agents) {
        names->slots *= 2;
    }
    names->heads = mem_zalloc(mem, names->slots, sizeof *names->heads);
    names->next = mem_zalloc(mem, agents + 1, sizeof *names->next);
    names->hashes = mem_zalloc(mem, agents + 1, sizeof *names->hashes);
    u64map_init(&names->titles, mem);
}

void namesakes_release(struct namesakes *names)
{
    mem_free(names->mem, names->heads,
             names->heads == NULL ? 0 : names->slots * sizeof *names->heads);
    mem_free(names->mem, names->next,
             names->next == NULL ? 0 : (names->agents + 1) * sizeof *names->next);
    mem_free(names->mem, names->hashes,
             names->hashes == NULL ? 0 : (names->agents + 1) * sizeof *names->hashes);
    u64map_release(&names->titles);
    names->heads = names->next = NULL;
    names->hashes = NULL;
}

static uint64_t hash_of(uint64_t owner, uint64_t name)
{
    uint64_t hash = owner * UINT64_C(0x9E3779B97F4A7C15) + name;
    return (hash ^ hash >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
}

/* Returns NULL without memory. */
static agent_no *head_of(const struct namesakes *names, uint64_t hash)
{
    bool made = names->heads != NULL && names->next != NULL && names->hashes != NULL;
    return made ? &names->heads[(size_t)(hash >> 20) & (names->slots - 1)] : NULL;
}

/* Returns the first of the chain from `at` that has the hash, + 1; 0: none has. */
static agent_no find(const struct namesakes *names, agent_no at, uint64_t hash)
{
    while (at != 0 && names->hashes[at - 1] != hash) {
        at = names->next[at - 1];
    }
    return at;
}

void namesakes_add(struct namesakes *names, uint64_t owner, uint64_t name, agent_no agent)
{
    uint64_t hash = hash_of(owner, name);
    agent_no *head = head_of(names, hash);
    if (head != NULL && agent < names->agents) {
        names->hashes[agent] = hash;
        names->next[agent] = *head;
        *head = agent + 1;
    }
}

bool namesakes_several(const struct namesakes *names, uint64_t owner, uint64_t name)
{
    uint64_t hash = hash_of(owner, name);
    const agent_no *head = head_of(names, hash);
    agent_no first = head == NULL ? 0 : find(names, *head, hash);
    return first != 0 && find(names, names->next[first - 1], hash) != 0;
}

static size_t common_prefix(struct slice a, struct slice b)
{
    size_t len = 0;
    while (len < a.len && len < b.len && a.bytes[len] == b.bytes[len]) {
        len++;
    }
    return len;
}

/* Returns the begin of the term around a byte, or of its character. */
static size_t term_begin(struct slice text, size_t at)
{
    size_t term = at;
    while (term > 0 && at - term < TERM_BYTES && text.bytes[term - 1] != ' ') {
        term--;
    }
    if (term == 0 || text.bytes[term - 1] == ' ') {
        return term;
    }
    while (at > 0 && ((unsigned char)text.bytes[at] & 0xC0) == 0x80) {
        at--;
    }
    return at;
}

size_t namesakes_difference(const struct namesakes *names, const struct swarm *swarm,
                            uint64_t owner, uint64_t name, agent_no agent)
{
    uint64_t hash = hash_of(owner, name);
    const agent_no *head = head_of(names, hash);
    intern_id own = swarm_agent(swarm, agent)->description;
    struct slice text = swarm_text_slice(swarm, own);
    size_t shared = 0;
    agent_no at = head == NULL ? 0 : find(names, *head, hash);
    for (int left = COMPARED_MAX; at != 0 && left > 0; left--) {
        intern_id other = swarm_agent(swarm, at - 1)->description;
        if (other != own && other != INTERN_NONE) {
            size_t len = common_prefix(text, swarm_text_slice(swarm, other));
            shared = len > shared ? len : shared;
        }
        at = find(names, names->next[at - 1], hash);
    }
    if (shared == 0) {
        return SIZE_MAX;
    }
    return term_begin(text, shared < text.len ? shared : text.len - 1);
}

/* ---- titles ---- */

/* Agents of more than one session bear it. */
#define SEVERAL (U64MAP_NONE - 1)

/* Sets *out to the key of the agent's title; false: it has none of its own. */
static bool title_key(const struct swarm *swarm, agent_no number, const struct mem *mem,
                      uint64_t *out)
{
    const struct agent *agent = swarm_agent(swarm, number);
    if ((agent->flags & AGENT_MAIN) == 0) {
        *out = (uint64_t)agent->name << 1;
        return agent->name != INTERN_NONE;
    }
    struct strbuf title;
    strbuf_init(&title, mem, 0);
    query_agent_title(swarm, number, &title);
    bool known = !title.failed && title.len > 0;
    *out = known ? hash_bytes(HASH_SEED, title.data, title.len) | 1 : 0;
    strbuf_release(&title);
    return known;
}

void namesakes_add_title(struct namesakes *names, const struct swarm *swarm, agent_no number)
{
    const struct agent *agent = swarm_agent(swarm, number);
    uint64_t key;
    if ((agent->flags & (AGENT_DEAD | AGENT_GROUP)) != 0 ||
        !title_key(swarm, number, names->mem, &key)) {
        return;
    }
    uint32_t session = u64map_get(&names->titles, key);
    if (session == U64MAP_NONE) {
        (void)u64map_put(&names->titles, key, agent->session);
    } else if (session != agent->session) {
        (void)u64map_put(&names->titles, key, SEVERAL);
    }
}

bool namesakes_elsewhere(const struct namesakes *names, const struct swarm *swarm, agent_no number)
{
    uint64_t key;
    return title_key(swarm, number, names->mem, &key) && u64map_get(&names->titles, key) == SEVERAL;
}
