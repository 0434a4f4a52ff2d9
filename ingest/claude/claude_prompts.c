/* Prompts and the interactions that they begin. An interaction begins with a prompt that a request
   follows. So slash commands, and messages that the client writes as the user, begin none. */
#include "ingest/claude/claude_private.h"

#include "ingest/claude/claude_args.h"

#include "core/base/utf8.h"

#include <math.h>
#include <string.h>

/* A prompt without a request yet belongs to the next interaction. */
void claude_prompts_extend(struct claude_transcript *t, const struct claude_line *line)
{
    if (t->interaction.open && t->prompt.id == INTERN_NONE &&
        !(t->interaction.last_ms >= line->at_ms) && !isnan(line->at_ms)) {
        t->interaction.last_ms = line->at_ms;
    }
}

/* ---- interactions ---- */

static void send_interaction(struct claude_transcript *t, double end_ms)
{
    struct slice id = claude_transcript_text(t, t->interaction.id);
    struct update update = claude_transcript_call(t, CALL_INTERACTION, id);
    update_number(&update, FIELD_START_MS, t->interaction.start_ms);
    update_number(&update, FIELD_END_MS, end_ms);
    update_number(&update, FIELD_PROMPT_LENGTH, t->interaction.prompt_length);
    claude_transcript_send(t, &update);
}

void claude_transcript_begin_interaction(struct claude_transcript *t)
{
    if (t->prompt.id == INTERN_NONE) {
        return;
    }
    claude_tools_end(t, t->prompt.start_ms, OUTCOME_INTERRUPTED);
    if (t->interaction.open && t->interaction.id != t->prompt.id) {
        claude_transcript_end_interaction(t, t->interaction.last_ms);
    }
    t->interaction = t->prompt;
    t->interaction.open = true;
    t->prompt.id = INTERN_NONE;
    t->has_ended = false;
    send_interaction(t, (double)NAN);
}

void claude_transcript_end_interaction(struct claude_transcript *t, double at_ms)
{
    claude_tools_end(t, at_ms, OUTCOME_INCOMPLETE);
    if (t->interaction.id == INTERN_NONE || isnan(at_ms)) {
        return;
    }
    t->interaction.open = false;
    send_interaction(t, at_ms);
}

/* Sets scratch to the text of a message without a tool's result. */
static void prompt_text(struct claude_transcript *t, struct json_value content)
{
    strbuf_clear(&t->scratch);
    claude_args_content(content, SIZE_MAX, false, &t->scratch);
}

static bool begins_with(const struct strbuf *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text->len >= len && memcmp(text->data, prefix, len) == 0;
}

/* Takes "[Request interrupted by user]" in the middle of an answer, "… for tool use]" in a tool. */
static void interrupted(struct claude_transcript *t, double at_ms)
{
    if (!begins_with(&t->scratch, "[Request interrupted by user for")) {
        claude_requests_cut(t);
    }
    claude_requests_end(t, at_ms, NULL);
    claude_tools_end(t, at_ms, OUTCOME_INTERRUPTED);
    claude_transcript_end_interaction(t, at_ms);
}

/* Takes a prompt from a person, a script, or the client (an agent in the background is done). */
static void take_prompt(struct claude_transcript *t, const struct claude_line *line)
{
    struct slice id = json_id(line->field[CLAUDE_PROMPT_ID]);
    bool aside = line->field[CLAUDE_IS_META].type == JSON_TYPE_TRUE ||
                 line->field[CLAUDE_IS_SIDECHAIN].type == JSON_TYPE_TRUE;
    intern_id number =
        claude_transcript_put(t, id.bytes != NULL ? id : json_id(line->field[CLAUDE_UUID]));
    if (begins_with(&t->scratch, "[Request interrupted")) {
        interrupted(t, line->at_ms);
        return;
    }
    if (aside || number == INTERN_NONE || t->agent_id != INTERN_NONE ||
        number == t->interaction.id || number == t->prompt.id) {
        return;
    }
    t->prompt = (struct claude_interaction){
        .id = number,
        .start_ms = line->at_ms,
        .last_ms = line->at_ms,
        .prompt_length =
            t->scratch.len > 0 ? (double)utf8_utf16_len(t->scratch.data, t->scratch.len) : 0,
    };
}

void claude_prompts_take_user(struct claude_transcript *t, const struct claude_line *line)
{
    struct json_value content = json_get(line->field[CLAUDE_MESSAGE], "content"), block;
    bool results = false;
    if (isnan(line->at_ms)) {
        return;
    }
    for (struct json_walk walk = json_walk(content); json_next_item(&walk, &block);) {
        if (json_string_is(json_get(block, "type"), "tool_result")) {
            claude_tools_take_result(t, line, block);
            results = true;
        }
    }
    t->before_ms = line->at_ms;
    if (results) {
        return;
    }
    prompt_text(t, content);
    take_prompt(t, line);
}

void claude_prompts_take_system(struct claude_transcript *t, const struct claude_line *line)
{
    struct json_value subtype = line->field[CLAUDE_SUBTYPE];
    if (json_string_is(subtype, "api_error")) {
        claude_requests_take_retry(t, line);
    } else if (json_string_is(subtype, "stop_hook_summary") ||
               json_string_is(subtype, "turn_duration")) {
        claude_transcript_end_interaction(t, line->at_ms);
    }
}
