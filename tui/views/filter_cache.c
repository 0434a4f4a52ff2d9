/* Two bits for each span: whether its verdict is known, and the verdict. Only ended spans are
   cached, because the verdict of open ones may change, and only until the model corrects them.
   Agent terms are evaluated once per frame. If the remaining span terms for an agent change, the
   cache is cleared. Without memory a verdict is computed each time. */
#include "tui/views/filter_cache.h"

#include <string.h>

enum { SPANS_A_WORD = 64, LOOSE_SPANS = 1 << 20 };

struct agent_verdict {
    uint64_t left;     /* bits of the terms to evaluate for each span */
    span_no hit;       /* a span that matched; NO_SPAN: none yet */
    uint32_t frame_no; /* the frame of this verdict; 0: none */
    bool none;         /* no span of the agent matches */
};

struct filter_cache {
    const struct mem *mem;
    struct filter *filter;
    struct span_predicate predicate;
    const struct swarm *swarm;
    int64_t local_ns;
    uint32_t frame_no;
    struct agent_verdict *agents;
    size_t agent_cap;
    uint64_t *known, *holds; /* bits, from span `base` */
    size_t known_cap, holds_cap;
    span_no base;         /* a multiple of 64 */
    uint64_t corrections; /* of the model, as far as their verdicts are forgotten */
};

static bool holds(void *ctx, span_no span)
{
    return filter_cache_has_span(ctx, span);
}

static bool holds_agent(void *ctx, agent_no agent)
{
    const struct filter_cache *cache = ctx;
    return filter_matches_whole(cache->filter, cache->swarm, agent, cache->local_ns);
}

struct filter_cache *filter_cache_new(const struct mem *mem, struct filter *filter)
{
    struct filter_cache *cache = mem_zalloc(mem, 1, sizeof *cache);
    if (cache == NULL) {
        filter_free(filter);
        return NULL;
    }
    cache->mem = mem;
    cache->filter = filter;
    cache->predicate = (struct span_predicate){holds, cache, holds_agent, NULL};
    return cache;
}

void filter_cache_free(struct filter_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    const struct mem *mem = cache->mem;
    filter_free(cache->filter);
    mem_free(mem, cache->agents, cache->agent_cap * sizeof *cache->agents);
    mem_free(mem, cache->known, cache->known_cap * sizeof *cache->known);
    mem_free(mem, cache->holds, cache->holds_cap * sizeof *cache->holds);
    mem_free(mem, cache, sizeof *cache);
}

const struct filter *filter_cache_filter(const struct filter_cache *cache)
{
    return cache != NULL ? cache->filter : NULL;
}

const struct span_predicate *filter_cache_predicate(const struct filter_cache *cache)
{
    return &cache->predicate;
}

static void forget(struct filter_cache *cache)
{
    if (cache->known_cap > 0) {
        memset(cache->known, 0, cache->known_cap * sizeof *cache->known);
    }
    cache->base = swarm_span_begin(cache->swarm) / SPANS_A_WORD * SPANS_A_WORD;
}

/* Returns the place of the span's bits; SIZE_MAX: it has none. */
static size_t word_of(const struct filter_cache *cache, span_no no)
{
    return no < cache->base ? SIZE_MAX : (no - cache->base) / SPANS_A_WORD;
}

static uint64_t bit_of(span_no no)
{
    return UINT64_C(1) << no % SPANS_A_WORD;
}

/* An ended span may be another's call now, or have failed after all. */
static void forget_corrected(struct filter_cache *cache)
{
    uint64_t count = swarm_corrections(cache->swarm);
    if (count - cache->corrections > CORRECTIONS_KEPT) {
        forget(cache);
        cache->corrections = count;
    }
    for (; cache->corrections < count; cache->corrections++) {
        span_no no = swarm_corrected(cache->swarm, cache->corrections);
        size_t word = word_of(cache, no);
        if (word < cache->known_cap) {
            cache->known[word] &= ~bit_of(no);
        }
    }
}

void filter_cache_begin(struct filter_cache *cache, const struct swarm *swarm,
                        const struct past *past, int64_t local_ns)
{
    bool other = cache->swarm != swarm || cache->predicate.past != past;
    cache->swarm = swarm;
    cache->predicate.past = past;
    filter_set_past(cache->filter, past);
    cache->local_ns = local_ns;
    cache->frame_no++;
    if (other || swarm_span_begin(swarm) < cache->base ||
        swarm_span_begin(swarm) - cache->base > LOOSE_SPANS) {
        forget(cache);
    }
    forget_corrected(cache);
    for (size_t i = 0; other && i < cache->agent_cap; i++) {
        cache->agents[i] = (struct agent_verdict){.hit = NO_SPAN};
    }
}

/* Returns NULL if out of memory. */
static struct agent_verdict *verdict_of(struct filter_cache *cache, agent_no agent)
{
    size_t had = cache->agent_cap;
    if (agent >= had && !mem_reserve(cache->mem, &cache->agents, &cache->agent_cap,
                                     (size_t)agent + 1, sizeof *cache->agents)) {
        return NULL;
    }
    for (size_t i = had; i < cache->agent_cap; i++) {
        cache->agents[i] = (struct agent_verdict){.hit = NO_SPAN};
    }
    struct agent_verdict *verdict = &cache->agents[agent];
    if (verdict->frame_no != cache->frame_no) {
        uint64_t left;
        bool none = !filter_ask_agent(cache->filter, cache->swarm, agent, cache->local_ns, &left);
        if (verdict->frame_no != 0 && !none && !verdict->none && left != verdict->left) {
            forget(cache);
        }
        verdict->left = left;
        verdict->none = none;
        verdict->frame_no = cache->frame_no;
    }
    return verdict;
}

/* Makes room for the span's bits. Returns false if out of memory. */
static bool has_bits(struct filter_cache *cache, size_t word)
{
    size_t had_known = cache->known_cap, had_holds = cache->holds_cap;
    bool good =
        mem_reserve(cache->mem, &cache->known, &cache->known_cap, word + 1, sizeof *cache->known) &&
        mem_reserve(cache->mem, &cache->holds, &cache->holds_cap, word + 1, sizeof *cache->holds);
    for (size_t i = had_known; i < cache->known_cap; i++) {
        cache->known[i] = 0;
    }
    for (size_t i = had_holds; i < cache->holds_cap; i++) {
        cache->holds[i] = 0;
    }
    return good;
}

bool filter_cache_has_span(struct filter_cache *cache, span_no no)
{
    const struct span *span = swarm_span(cache->swarm, no);
    if (span == NULL) {
        return false;
    }
    const struct agent_verdict *verdict = verdict_of(cache, span->agent);
    if (verdict == NULL) {
        return filter_matches_span(cache->filter, cache->swarm, no, cache->local_ns);
    }
    if (verdict->none || verdict->left == 0) {
        return !verdict->none;
    }
    size_t word = word_of(cache, no);
    uint64_t bit = bit_of(no);
    bool keeps = !(span->flags & (SPAN_OPEN | SPAN_STALE)) && word != SIZE_MAX &&
                 span == swarm_own_span(cache->swarm, no) && has_bits(cache, word);
    if (keeps && (cache->known[word] & bit)) {
        return cache->holds[word] & bit;
    }
    bool matches = filter_ask_span(cache->filter, verdict->left, cache->swarm, no, cache->local_ns);
    if (keeps) {
        cache->known[word] |= bit;
        cache->holds[word] = matches ? cache->holds[word] | bit : cache->holds[word] & ~bit;
    }
    return matches;
}

/* Returns the first matching span in the agent's lanes. */
static span_no find_hit(struct filter_cache *cache, agent_no number)
{
    const struct agent *agent = swarm_agent(cache->swarm, number);
    for (size_t lane = 0; lane < agent->lane_count; lane++) {
        const struct block_list *spans = &agent->lanes[lane].spans;
        for (size_t i = 0; i < spans->count; i++) {
            if (filter_cache_has_span(cache, spans_at(spans, i))) {
                return spans_at(spans, i);
            }
        }
    }
    return NO_SPAN;
}

bool filter_cache_has_agent(struct filter_cache *cache, agent_no agent)
{
    if (filter_matches_agent(cache->filter, cache->swarm, agent, cache->local_ns)) {
        return true;
    }
    const struct agent_verdict *known = verdict_of(cache, agent);
    span_no hit = known != NULL ? known->hit : NO_SPAN;
    if (hit != NO_SPAN && swarm_span(cache->swarm, hit) != NULL &&
        filter_cache_has_span(cache, hit)) {
        return true;
    }
    hit = find_hit(cache, agent);
    struct agent_verdict *verdict = verdict_of(cache, agent);
    if (verdict != NULL) {
        verdict->hit = hit;
    }
    return hit != NO_SPAN;
}
