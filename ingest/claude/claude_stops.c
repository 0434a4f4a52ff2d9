/* Calls that did not end by themselves: a person or a rule refused them, a person or the client
   stopped them, or nothing reports their end.

   A client that ends kills its commands, and writes that they failed with the signal's number. So
   does a command that somebody else killed; but after that the agent continues. */
#include "ingest/claude/claude_private.h"

#include <math.h>
#include <string.h>

/* Returns whether a person refused the tool before it ran. Newer clients name the denial, and
   whether it came before: else the person stopped the tool while it ran. */
bool claude_stops_is_rejected(const struct claude_line *line)
{
    struct json_value denial = line->field[CLAUDE_DENIAL];
    if (denial.type == JSON_TYPE_STRING) {
        return json_string_is(denial, "user-rejected") &&
               line->field[CLAUDE_DENIED_BEFORE].type == JSON_TYPE_TRUE;
    }
    return json_string_is(line->field[CLAUDE_TOOL_RESULT], "User rejected tool use");
}

static bool contains(struct json_value text, const char *part)
{
    return text.type == JSON_TYPE_STRING && memmem(text.raw, text.len, part, strlen(part)) != NULL;
}

/* Returns how a person or a rule stopped the tool. */
static enum outcome stopped_by(const struct claude_line *line, struct json_value content)
{
    struct json_value denial = line->field[CLAUDE_DENIAL], result = line->field[CLAUDE_TOOL_RESULT];
    if (json_get(result, "interrupted").type == JSON_TYPE_TRUE ||
        contains(content, "[Request interrupted by user")) {
        return OUTCOME_INTERRUPTED;
    }
    if (denial.type == JSON_TYPE_STRING) {
        bool ran = json_string_is(denial, "user-rejected") && !claude_stops_is_rejected(line);
        return ran ? OUTCOME_INTERRUPTED : OUTCOME_REFUSED;
    }
    bool by_rule = contains(content, "Permission to use ") && contains(content, "been denied");
    return claude_stops_is_rejected(line) || by_rule ? OUTCOME_REFUSED : OUTCOME_NONE;
}

/* ---- commands that the client kills ---- */

static bool is_killed(struct json_value content)
{
    /* SIGKILL and SIGTERM. */
    static const char *const codes[] = {"\"Exit code 137", "\"Exit code 143"};
    for (size_t i = 0; content.raw != NULL && i < sizeof codes / sizeof *codes; i++) {
        if (memmem(content.raw, content.len, codes[i], strlen(codes[i])) != NULL) {
            return true;
        }
    }
    return false;
}

enum outcome claude_stops_outcome(struct claude_transcript *t, const struct claude_line *line,
                                  intern_id tool, struct json_value content)
{
    enum outcome outcome = stopped_by(line, content);
    if (outcome != OUTCOME_NONE || !is_killed(content)) {
        return outcome;
    }
    if (t->is_ending) {
        return OUTCOME_INTERRUPTED;
    }
    if (!mem_reserve(t->mem, &t->killed, &t->killed_cap, t->killed_count + 1, sizeof *t->killed)) {
        t->failed = true;
        return OUTCOME_NONE;
    }
    t->killed[t->killed_count++] = tool;
    t->killed_ms = line->at_ms;
    return OUTCOME_NONE;
}

void claude_stops_continue(struct claude_transcript *t, double at_ms)
{
    if (t->killed_count == 0 || at_ms > t->killed_ms) {
        t->killed_count = 0;
        t->is_ending = false;
    }
}

bool claude_transcript_stop(struct claude_transcript *t)
{
    for (size_t i = 0; i < t->killed_count; i++) {
        struct update update =
            claude_transcript_call(t, CALL_TOOL, claude_transcript_text(t, t->killed[i]));
        update_number(&update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
        claude_transcript_send(t, &update);
    }
    t->killed_count = 0;
    return !t->failed;
}

double claude_transcript_stopped_ms(const struct claude_transcript *t, struct slice tool_id)
{
    intern_id id = intern_find(t->texts, tool_id.bytes, tool_id.len);
    uint32_t at = id == INTERN_NONE ? U64MAP_NONE : u64map_get(&t->use_by_id, id);
    return at == U64MAP_NONE ? (double)NAN : t->uses[at].stopped_ms;
}

/* ---- ends that nobody reports ---- */

static void send_inferred_end(struct claude_transcript *t, const struct claude_tool *tool,
                              double at_ms, enum outcome outcome)
{
    struct update update =
        claude_transcript_call(t, CALL_TOOL, claude_transcript_text(t, tool->id));
    update.precedence = PRECEDENCE_INFERRED;
    update_number(&update, FIELD_END_MS, at_ms);
    update_number(&update, FIELD_OUTCOME, outcome);
    claude_transcript_send(t, &update);
    if (tool->asked || tool->is_question) {
        claude_waits_end(t, tool->id, at_ms, PRECEDENCE_INFERRED);
    }
    if (tool->agent != INTERN_NONE) {
        claude_tasks_send_agent(t, tool, at_ms);
    }
}

static void note_stop(struct claude_transcript *t, intern_id tool, double at_ms)
{
    uint32_t at = u64map_get(&t->use_by_id, tool);
    if (at != U64MAP_NONE) {
        t->uses[at].stopped_ms = at_ms;
    }
}

void claude_stops_end_tools(struct claude_transcript *t, double at_ms, enum outcome outcome)
{
    for (size_t i = t->tool_count; i-- > 0;) {
        const struct claude_tool *tool = &t->tools[i];
        if (!(tool->start_ms < at_ms) || tool->background) {
            continue;
        }
        if (!tool->queued) { /* such a one never ran */
            send_inferred_end(t, tool, at_ms, outcome);
            note_stop(t, tool->id, at_ms);
        }
        claude_tools_take_away(t, i);
    }
}
