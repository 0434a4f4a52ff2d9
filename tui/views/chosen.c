/* Two bits a span: whether it is known, and what is. Only what has ended is kept: of the rest the answer may change. The words that are about agents are asked
   once a picture of each agent; should what is left to ask of his spans become another, all is forgotten. A lack of memory costs time
   alone: what cannot be kept is asked again. */
#include "tui/views/chosen.h"

#include <string.h>

enum { SPANS_A_WORD = 64, LOOSE_SPANS = 1 << 20 };

struct answer {
    uint64_t left;  /* words that are asked of each span */
    span_no hit;    /* a span that matched; NO_SPAN: none yet */
    uint32_t asked; /* the picture that it is of; 0: none */
    bool none;      /* no span of his matches */
};

struct chosen {
    const struct mem *mem;
    struct filter *filter;
    struct span_choice choice;
    const struct swarm *swarm;
    int64_t local_ns;
    uint32_t picture;
    struct answer *agents;
    size_t agent_cap;
    uint64_t *known, *holds; /* bits, from `base` on */
    size_t known_cap, holds_cap;
    span_no base; /* a multiple of 64 */
};

static bool holds(void *ctx, span_no span)
{
    return chosen_has_span(ctx, span);
}

struct chosen *chosen_new(const struct mem *mem, struct filter *filter)
{
    struct chosen *chosen = mem_zalloc(mem, 1, sizeof *chosen);
    if (!chosen) {
        filter_free(filter);
        return NULL;
    }
    chosen->mem = mem;
    chosen->filter = filter;
    chosen->choice = (struct span_choice){holds, chosen};
    return chosen;
}

void chosen_free(struct chosen *chosen)
{
    if (!chosen)
        return;
    const struct mem *mem = chosen->mem;
    filter_free(chosen->filter);
    mem_free(mem, chosen->agents, chosen->agent_cap * sizeof *chosen->agents);
    mem_free(mem, chosen->known, chosen->known_cap * sizeof *chosen->known);
    mem_free(mem, chosen->holds, chosen->holds_cap * sizeof *chosen->holds);
    mem_free(mem, chosen, sizeof *chosen);
}

const struct filter *chosen_filter(const struct chosen *chosen)
{
    return chosen ? chosen->filter : NULL;
}

const struct span_choice *chosen_choice(const struct chosen *chosen)
{
    return &chosen->choice;
}

static void forget(struct chosen *chosen)
{
    if (chosen->known_cap > 0)
        memset(chosen->known, 0, chosen->known_cap * sizeof *chosen->known);
    chosen->base = swarm_span_begin(chosen->swarm) / SPANS_A_WORD * SPANS_A_WORD;
}

void chosen_begin(struct chosen *chosen, const struct swarm *swarm, int64_t local_ns)
{
    bool other = chosen->swarm != swarm;
    chosen->swarm = swarm;
    chosen->local_ns = local_ns;
    chosen->picture++;
    if (other || swarm_span_begin(swarm) < chosen->base ||
        swarm_span_begin(swarm) - chosen->base > LOOSE_SPANS)
        forget(chosen);
    for (size_t i = 0; other && i < chosen->agent_cap; i++)
        chosen->agents[i] = (struct answer){.hit = NO_SPAN};
}

/* NULL: out of memory. */
static struct answer *answer_of(struct chosen *chosen, agent_no agent)
{
    size_t had = chosen->agent_cap;
    if (agent >= had && !mem_reserve(chosen->mem, &chosen->agents, &chosen->agent_cap,
                                     (size_t)agent + 1, sizeof *chosen->agents))
        return NULL;
    for (size_t i = had; i < chosen->agent_cap; i++)
        chosen->agents[i] = (struct answer){.hit = NO_SPAN};
    struct answer *answer = &chosen->agents[agent];
    if (answer->asked != chosen->picture) {
        uint64_t left;
        bool none =
            !filter_ask_agent(chosen->filter, chosen->swarm, agent, chosen->local_ns, &left);
        if (answer->asked != 0 && !none && !answer->none && left != answer->left)
            forget(chosen);
        answer->left = left;
        answer->none = none;
        answer->asked = chosen->picture;
    }
    return answer;
}

/* Makes room for the span's bits. */
static bool has_bits(struct chosen *chosen, size_t word)
{
    size_t had_known = chosen->known_cap, had_holds = chosen->holds_cap;
    bool good = mem_reserve(chosen->mem, &chosen->known, &chosen->known_cap, word + 1,
                            sizeof *chosen->known) &&
                mem_reserve(chosen->mem, &chosen->holds, &chosen->holds_cap, word + 1,
                            sizeof *chosen->holds);
    for (size_t i = had_known; i < chosen->known_cap; i++)
        chosen->known[i] = 0;
    for (size_t i = had_holds; i < chosen->holds_cap; i++)
        chosen->holds[i] = 0;
    return good;
}

bool chosen_has_span(struct chosen *chosen, span_no no)
{
    const struct span *span = swarm_span(chosen->swarm, no);
    if (!span)
        return false;
    const struct answer *answer = answer_of(chosen, span->agent);
    if (!answer)
        return filter_matches_span(chosen->filter, chosen->swarm, no, chosen->local_ns);
    if (answer->none || answer->left == 0)
        return !answer->none;
    size_t word = no < chosen->base ? SIZE_MAX : (no - chosen->base) / SPANS_A_WORD;
    uint64_t bit = UINT64_C(1) << no % SPANS_A_WORD;
    bool keeps =
        !(span->flags & (SPAN_OPEN | SPAN_STALE)) && word != SIZE_MAX && has_bits(chosen, word);
    if (keeps && (chosen->known[word] & bit))
        return chosen->holds[word] & bit;
    bool says = filter_ask_span(chosen->filter, answer->left, chosen->swarm, no, chosen->local_ns);
    if (keeps) {
        chosen->known[word] |= bit;
        chosen->holds[word] = says ? chosen->holds[word] | bit : chosen->holds[word] & ~bit;
    }
    return says;
}

/* The first that matches, of all the agent's lanes. */
static span_no find_hit(struct chosen *chosen, agent_no number)
{
    const struct agent *agent = swarm_agent(chosen->swarm, number);
    for (size_t lane = 0; lane < agent->lane_count; lane++) {
        const struct lane *spans = &agent->lanes[lane];
        for (size_t i = 0; i < spans->count; i++) {
            if (chosen_has_span(chosen, spans->spans[i]))
                return spans->spans[i];
        }
    }
    return NO_SPAN;
}

bool chosen_has_agent(struct chosen *chosen, agent_no agent)
{
    if (filter_matches_agent(chosen->filter, chosen->swarm, agent, chosen->local_ns))
        return true;
    const struct answer *known = answer_of(chosen, agent);
    span_no hit = known ? known->hit : NO_SPAN;
    if (hit != NO_SPAN && swarm_span(chosen->swarm, hit) && chosen_has_span(chosen, hit))
        return true;
    hit = find_hit(chosen, agent);
    struct answer *answer = answer_of(chosen, agent);
    if (answer)
        answer->hit = hit;
    return hit != NO_SPAN;
}
