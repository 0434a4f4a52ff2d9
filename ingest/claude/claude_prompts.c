/* Prompts and the interactions that they begin. An interaction begins with a prompt that a request
   follows. So slash commands, and messages that the client writes as the user, begin none. */
#include "ingest/claude/claude_private.h"

#include "ingest/claude/claude_args.h"
#include "ingest/tool_args.h"

#include "core/base/json_text.h"
#include "core/base/mask.h"
#include "core/base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PROMPT_BYTES = 64 << 10 };

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
    struct strbuf args;
    strbuf_init(&args, t->mem, 0);
    if (t->interaction.prompt != INTERN_NONE) {
        tool_args_prompt(claude_transcript_text(t, t->interaction.prompt), &args);
        t->failed |= args.failed;
        update_text(&update, FIELD_ARGS, (struct slice){args.data, args.len});
    }
    claude_transcript_send(t, &update);
    strbuf_release(&args);
}

void claude_transcript_begin_interaction(struct claude_transcript *t)
{
    if (t->prompt.id == INTERN_NONE) {
        return;
    }
    claude_stops_end_tools(t, t->prompt.start_ms, OUTCOME_INTERRUPTED);
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
    claude_stops_end_tools(t, at_ms, OUTCOME_INCOMPLETE);
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
    claude_stops_end_tools(t, at_ms, OUTCOME_INTERRUPTED);
    claude_transcript_end_interaction(t, at_ms);
}

/* Begins the message in which the client repeats a conversation that it has compacted. */
static const char summary[] = "This session is being continued from a previous conversation";

/* Takes a prompt from a person, a script, or the client (an agent in the background is done). */
static void take_prompt(struct claude_transcript *t, const struct claude_line *line)
{
    bool aside = line->field[CLAUDE_IS_META].type == JSON_TYPE_TRUE ||
                 line->field[CLAUDE_IS_SIDECHAIN].type == JSON_TYPE_TRUE ||
                 line->field[CLAUDE_IS_SUMMARY].type == JSON_TYPE_TRUE ||
                 begins_with(&t->scratch, summary);
    intern_id number = claude_transcript_put_id(t, line->field[CLAUDE_PROMPT_ID]);
    if (number == INTERN_NONE) {
        number = claude_transcript_put_id(t, line->field[CLAUDE_UUID]);
    }
    if (number == INTERN_NONE) {
        char id[64];
        int len = snprintf(id, sizeof id, "prompt-%.3f", line->at_ms);
        number = claude_transcript_put(t, (struct slice){id, (size_t)len});
    }
    if (begins_with(&t->scratch, "[Request interrupted")) {
        interrupted(t, line->at_ms);
        return;
    }
    if (aside || number == INTERN_NONE || t->agent_id != INTERN_NONE ||
        number == t->interaction.id || number == t->prompt.id) {
        return;
    }
    size_t kept = t->options.content ? mask_cut(t->scratch.data, t->scratch.len, PROMPT_BYTES) : 0;
    t->prompt = (struct claude_interaction){
        .id = number,
        .prompt = claude_transcript_put(t, (struct slice){t->scratch.data, kept}),
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
    claude_requests_settle(t);
    for (struct json_walk walk = json_walk(content); json_next_item(&walk, &block);) {
        if (json_string_is(json_get(block, "type"), "tool_result")) {
            claude_tools_take_result(t, line, block);
            results = true;
        }
    }
    t->before_ms = line->at_ms;
    t->answer.results |= results;
    if (results) {
        return;
    }
    t->answer.over = true;
    prompt_text(t, content);
    claude_tasks_take_news(t, (struct slice){t->scratch.data, t->scratch.len}, line->at_ms);
    take_prompt(t, line);
}

/* A compaction is a mark on the row, or a span where the client reports how long it took. */
static void take_compaction(struct claude_transcript *t, const struct claude_line *line)
{
    struct json_value about = line->field[CLAUDE_COMPACT];
    double took_ms = client_number(json_get(about, "durationMs"));
    double tokens = client_number(json_get(about, "preTokens"));
    struct slice trigger = client_plain_text(json_get(about, "trigger"));
    char id[64];
    int len = snprintf(id, sizeof id, "compact-%.3f", line->at_ms);
    struct update update = claude_transcript_call(t, CALL_SPAN, (struct slice){id, (size_t)len});
    update_text(&update, FIELD_NAME, (struct slice){"compact", 7});
    update_number(&update, FIELD_START_MS, line->at_ms - (isnan(took_ms) ? 0 : took_ms));
    update_number(&update, FIELD_END_MS, line->at_ms);
    strbuf_clear(&t->scratch);
    strbuf_addc(&t->scratch, '{');
    if (trigger.bytes != NULL) {
        strbuf_adds(&t->scratch, "\"trigger\":");
        json_put_string(&t->scratch, trigger.bytes, trigger.len);
    }
    if (!isnan(tokens)) {
        strbuf_addf(&t->scratch, "%s\"pre_tokens\":%.0f", t->scratch.len > 1 ? "," : "", tokens);
    }
    strbuf_addc(&t->scratch, '}');
    t->failed |= t->scratch.failed;
    update_text(&update, FIELD_ARGS, (struct slice){t->scratch.data, t->scratch.len});
    claude_transcript_send(t, &update);
}

/* The client writes what it reports to the model into a queue, and from there into the
   conversation: the first line that has it counts. */
void claude_prompts_take_news(struct claude_transcript *t, const struct claude_line *line)
{
    struct json_value text = line->field[CLAUDE_CONTENT];
    if (text.type != JSON_TYPE_STRING) {
        text = json_get(line->field[CLAUDE_ATTACHMENT], "prompt");
    }
    if (t->tool_count == 0 || text.type == JSON_TYPE_NONE) {
        return;
    }
    prompt_text(t, text);
    claude_tasks_take_news(t, (struct slice){t->scratch.data, t->scratch.len}, line->at_ms);
}

void claude_prompts_take_system(struct claude_transcript *t, const struct claude_line *line)
{
    struct json_value subtype = line->field[CLAUDE_SUBTYPE];
    if (json_string_is(subtype, "api_error")) {
        claude_requests_take_retry(t, line);
    } else if (json_string_is(subtype, "stop_hook_summary") ||
               json_string_is(subtype, "turn_duration")) {
        claude_requests_settle(t);
        claude_transcript_end_interaction(t, line->at_ms);
    } else if (claude_line_ends_with(subtype, "compact_boundary")) {
        take_compaction(t, line);
    }
}
