/* Sub-agents within the transcript of their session, as clients of mid-2025 wrote them: lines that
   are marked, each with the line before it in its own chain, whose first has none. A chain becomes
   an agent with a reader of its own, which gets the lines that are parsed already. It belongs to
   the call whose prompt it begins with. */
#include "ingest/claude/claude_private.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

enum { CHAINS_MAX = 4096 };

uint64_t claude_sidechains_prompt(struct json_value prompt)
{
    return prompt.type == JSON_TYPE_STRING ? XXH3_64bits(prompt.raw, prompt.len) : 0;
}

/* Returns the call that started the chain: of those without a chain, the one with its prompt, else
   the oldest. NULL: none. */
static struct claude_tool *call_of(struct claude_transcript *t, const struct claude_line *first)
{
    uint64_t prompt = claude_sidechains_prompt(json_get(first->field[CLAUDE_MESSAGE], "content"));
    struct claude_tool *oldest = NULL;
    for (size_t i = 0; i < t->tool_count; i++) {
        struct claude_tool *tool = &t->tools[i];
        if (!tool->is_agent || tool->agent != INTERN_NONE) {
            continue;
        }
        if (prompt != 0 && tool->prompt == prompt) {
            return tool;
        }
        oldest = oldest == NULL ? tool : oldest;
    }
    return oldest;
}

static struct claude_transcript *new_chain(struct claude_transcript *t, intern_id agent)
{
    struct claude_transcript_options options = t->options;
    options.where = t->where.data;
    options.session_id = claude_transcript_text(t, t->session_id);
    options.agent_id = claude_transcript_text(t, agent);
    if (t->chain_count == CHAINS_MAX ||
        !mem_reserve(t->mem, &t->chains, &t->chain_cap, t->chain_count + 1, sizeof *t->chains)) {
        return NULL;
    }
    struct claude_transcript *chain = claude_transcript_new(&options);
    if (chain != NULL) {
        t->chains[t->chain_count++] = chain;
    }
    return chain;
}

static uint32_t begin_chain(struct claude_transcript *t, const struct claude_line *line,
                            intern_id agent)
{
    uint32_t at = (uint32_t)t->chain_count;
    if (agent == INTERN_NONE || new_chain(t, agent) == NULL) {
        t->failed |= agent != INTERN_NONE && t->chain_count < CHAINS_MAX;
        return U64MAP_NONE;
    }
    struct claude_tool *tool = call_of(t, line);
    if (tool != NULL) {
        tool->agent = agent;
        claude_tasks_send_agent(t, tool, (double)NAN);
    }
    return at;
}

/* Returns the chain of the line, U64MAP_NONE: of none. */
static uint32_t chain_of(struct claude_transcript *t, const struct claude_line *line,
                         intern_id uuid)
{
    intern_id agent = claude_transcript_put_id(t, line->field[CLAUDE_AGENT_ID]);
    intern_id parent = claude_transcript_put_id(t, line->field[CLAUDE_PARENT_UUID]);
    intern_id known[] = {agent, parent, uuid};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t at = known[i] == INTERN_NONE ? U64MAP_NONE : u64map_get(&t->chain_by_id, known[i]);
        if (at != U64MAP_NONE) {
            return at;
        }
    }
    uint32_t at = begin_chain(t, line, agent != INTERN_NONE ? agent : uuid);
    if (at != U64MAP_NONE && agent != INTERN_NONE) {
        t->failed |= !u64map_put(&t->chain_by_id, agent, at);
    }
    return at;
}

bool claude_sidechains_take(struct claude_transcript *t, const struct claude_line *line)
{
    if (t->agent_id != INTERN_NONE || line->field[CLAUDE_IS_SIDECHAIN].type != JSON_TYPE_TRUE) {
        return false;
    }
    intern_id uuid = claude_transcript_put_id(t, line->field[CLAUDE_UUID]);
    uint32_t at = chain_of(t, line, uuid);
    if (at == U64MAP_NONE && t->chain_count == CHAINS_MAX) {
        const struct reject reject = {.where = t->where.data,
                                      .reason = "too many sub-agents in one transcript",
                                      .level = LOG_LEVEL_WARNING};
        source_counters_reject(t->options.counters, &reject);
        return true;
    }
    if (at == U64MAP_NONE) {
        return false;
    }
    if (uuid != INTERN_NONE) {
        t->failed |= !u64map_put(&t->chain_by_id, uuid, at);
    }
    claude_transcript_take(t->chains[at], line);
    return true;
}

void claude_sidechains_flush(struct claude_transcript *t, bool settle)
{
    for (size_t i = 0; i < t->chain_count; i++) {
        if (settle) {
            claude_requests_settle(t->chains[i]);
        }
        claude_requests_flush(t->chains[i]);
        t->failed |= t->chains[i]->failed;
    }
}

void claude_sidechains_release(struct claude_transcript *t)
{
    for (size_t i = 0; i < t->chain_count; i++) {
        claude_transcript_free(t->chains[i]);
    }
    mem_free(t->mem, t->chains, t->chain_cap * sizeof *t->chains);
    u64map_release(&t->chain_by_id);
}
