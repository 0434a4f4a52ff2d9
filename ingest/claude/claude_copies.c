/* Copied history. Forks, branches, sessions that an old client resumed into a new file, and side
   agents begin with lines of another transcript. A line is a copy if it names another session whose
   transcript exists, or if another transcript claimed what is in it. Lines without an id are copies
   if the line before them is one. */
#include "ingest/claude/claude_private.h"

#include <math.h>
#include <string.h>

/* Returns the id of what the line reports; bytes NULL: it has none. */
static struct slice id_of(struct claude_transcript *t, const struct claude_line *line,
                          char room[CLIENT_ID_BYTES])
{
    struct json_value message = line->field[CLAUDE_MESSAGE], content, block;
    struct slice id = {NULL, 0};
    if (line->type == CLAUDE_LINE_REQUEST) {
        return client_id(t->mem, line->field[CLAUDE_ID], room);
    }
    if (line->type == CLAUDE_LINE_ASSISTANT) {
        id = client_id(t->mem, json_get(message, "id"), room);
    } else if (line->type == CLAUDE_LINE_USER) {
        content = json_get(message, "content");
        struct json_walk walk = json_walk(content);
        if (json_next_item(&walk, &block)) {
            id = client_id(t->mem, json_get(block, "tool_use_id"), room);
        }
        id = id.bytes != NULL ? id : client_id(t->mem, line->field[CLAUDE_PROMPT_ID], room);
    }
    return id.bytes != NULL ? id : client_id(t->mem, line->field[CLAUDE_UUID], room);
}

/* Returns whether the line names another session, of which there is a transcript. */
static bool is_declared(struct claude_transcript *t, const struct claude_line *line)
{
    struct slice own = claude_transcript_text(t, t->session_id);
    struct slice from = client_plain_text(json_get(line->field[CLAUDE_FORKED_FROM], "sessionId"));
    if (from.bytes == NULL) {
        from = client_plain_text(line->field[CLAUDE_SESSION_ID]);
    }
    if (from.bytes == NULL || t->options.exists == NULL ||
        (from.len == own.len && memcmp(from.bytes, own.bytes, own.len) == 0)) {
        return false;
    }
    intern_id number = claude_transcript_put(t, from);
    if (number != t->other_session) {
        t->other_session = number;
        t->other_exists = t->options.exists(t->options.ctx, from);
    }
    return t->other_exists;
}

bool claude_copies_take(struct claude_transcript *t, const struct claude_line *line)
{
    struct call_owners *owners = &t->options.counters->ingest->owners;
    char room[CLIENT_ID_BYTES];
    if (line->type == CLAUDE_LINE_TITLE) {
        return false; /* it has no time, and names this session */
    }
    struct slice id = {NULL, 0};
    if (line->type == CLAUDE_LINE_REQUEST || line->type == CLAUDE_LINE_ASSISTANT ||
        line->type == CLAUDE_LINE_USER) {
        id = id_of(t, line, room);
    }
    if (id.bytes == NULL || isnan(line->at_ms)) {
        return t->copying;
    }
    if (t->owner == INTERN_NONE) {
        t->owner = call_owners_number(owners, claude_transcript_text(t, t->session_id),
                                      claude_transcript_text(t, t->agent_id));
    }
    intern_id owner = INTERN_NONE;
    if (t->owner != INTERN_FAILED && !is_declared(t, line)) {
        owner = call_owners_claim(owners, t->owner, id, line->at_ms);
    }
    t->failed |= t->owner == INTERN_FAILED || owner == INTERN_FAILED;
    t->copying = owner != t->owner;
    t->copies += t->copying;
    t->has_own |= !t->copying;
    return t->copying;
}
