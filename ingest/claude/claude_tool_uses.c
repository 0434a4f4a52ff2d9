/* The calls by each id of a tool. A list by id, newest first, has when each began and ended. So a
   line that is repeated finds its own call, and an id that is used again makes another one. */
#include "ingest/claude/claude_private.h"

#include <math.h>
#include <stdio.h>

/* Adds a call by that id; the first one has the id for its key. */
static struct claude_tool_use *add_use(struct claude_transcript *t, intern_id id, uint32_t before)
{
    uint32_t at = (uint32_t)t->use_count;
    uint32_t number = before == U64MAP_NONE ? 1 : t->uses[before].number + 1;
    if (!mem_reserve(t->mem, &t->uses, &t->use_cap, t->use_count + 1, sizeof *t->uses) ||
        !u64map_put(&t->use_by_id, id, at)) {
        t->failed = true;
        return NULL;
    }
    struct claude_tool_use *use = &t->uses[t->use_count++];
    *use = (struct claude_tool_use){.key = id,
                                    .request = CLAUDE_NO_REQUEST,
                                    .start_ms = (double)NAN,
                                    .end_ms = (double)NAN,
                                    .stopped_ms = (double)NAN,
                                    .number = number,
                                    .before = before};
    if (number > 1) {
        char key[CLIENT_ID_BYTES + 16];
        struct slice text = claude_transcript_text(t, id);
        int len = snprintf(key, sizeof key, "%.*s#%u", (int)text.len, text.bytes, number);
        use->key = claude_transcript_put(t, (struct slice){key, (size_t)len});
    }
    return use;
}

static bool is_at(double ms, double other)
{
    return ms <= other && ms >= other;
}

struct claude_tool_use *claude_tool_use_of_call(struct claude_transcript *t, intern_id id,
                                                double at_ms, uint32_t request)
{
    uint32_t newest = u64map_get(&t->use_by_id, id);
    for (uint32_t at = newest; at != U64MAP_NONE; at = t->uses[at].before) {
        struct claude_tool_use *use = &t->uses[at];
        bool same_answer = request != CLAUDE_NO_REQUEST && use->request == request;
        if (is_at(use->start_ms, at_ms) || same_answer ||
            (isnan(use->start_ms) && at_ms <= use->end_ms)) {
            return use;
        }
    }
    return add_use(t, id, newest);
}

struct claude_tool_use *claude_tool_use_of_result(struct claude_transcript *t, intern_id id,
                                                  double at_ms)
{
    uint32_t newest = u64map_get(&t->use_by_id, id);
    for (uint32_t at = newest; at != U64MAP_NONE; at = t->uses[at].before) {
        if (is_at(t->uses[at].end_ms, at_ms) || isnan(t->uses[at].end_ms)) {
            return &t->uses[at];
        }
    }
    return newest != U64MAP_NONE ? &t->uses[newest] : add_use(t, id, newest);
}
