/* Sub-agents and tasks in the background, which calls start. The client reports the end of a task
   as a message to the model, which names the task and its call. */
#include "ingest/claude/claude_private.h"

#include "core/base/mask.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- agents ---- */

void claude_tasks_send_agent(struct claude_transcript *t, const struct claude_tool *tool,
                             double end_ms)
{
    struct update update = claude_transcript_update(t, UPDATE_AGENT);
    struct slice parent = update.agent_id.len > 0 ? update.agent_id : update.session_id;
    update.precedence = PRECEDENCE_INFERRED;
    update.agent_id = claude_transcript_text(t, tool->agent);
    update_text(&update, FIELD_TYPE, claude_transcript_text(t, tool->type));
    update_text(&update, FIELD_DESCRIPTION, claude_transcript_text(t, tool->description));
    update_text(&update, FIELD_PARENT_AGENT_ID, parent);
    update_number(&update, FIELD_END_MS, end_ms);
    claude_transcript_send(t, &update);
}

/* The call learns whom it started. */
static void send_starter(struct claude_transcript *t, const struct claude_tool *tool,
                         intern_id agent)
{
    if (tool->is_agent && agent != INTERN_NONE) {
        struct update update =
            claude_transcript_call(t, CALL_TOOL, claude_transcript_text(t, tool->id));
        update_text(&update, FIELD_CHILD_AGENT_ID, claude_transcript_text(t, agent));
        claude_transcript_send(t, &update);
    }
}

void claude_tasks_take_agent(struct claude_transcript *t, const struct claude_line *line,
                             const struct claude_tool *tool)
{
    struct json_value result = line->field[CLAUDE_TOOL_RESULT];
    intern_id agent = claude_transcript_put_id(t, json_get(result, "agentId"));
    bool done = json_string_is(json_get(result, "status"), "completed");
    send_starter(t, tool, tool->agent != INTERN_NONE ? tool->agent : agent);
    if (tool->agent != INTERN_NONE) {
        claude_tasks_send_agent(t, tool, line->at_ms);
        return;
    }
    if (!tool->is_agent || agent == INTERN_NONE) {
        return;
    }
    if (!mem_reserve(t->mem, &t->started, &t->started_cap, t->started_count + 1,
                     sizeof *t->started)) {
        t->failed = true;
        return;
    }
    t->started[t->started_count++] =
        (struct claude_started){.agent = agent,
                                .type = tool->type,
                                .description = tool->description,
                                .end_ms = done ? line->at_ms : (double)NAN};
}

bool claude_transcript_has_started(const struct claude_transcript *t)
{
    return t->started_count > 0;
}

bool claude_transcript_started(const struct claude_transcript *t, struct slice agent_id,
                               struct slice *type, struct slice *description, double *end_ms)
{
    intern_id agent = intern_find(t->texts, agent_id.bytes, agent_id.len);
    for (size_t i = t->started_count; agent != INTERN_NONE && i-- > 0;) {
        if (t->started[i].agent == agent) {
            *type = claude_transcript_text(t, t->started[i].type);
            *description = claude_transcript_text(t, t->started[i].description);
            *end_ms = t->started[i].end_ms;
            return true;
        }
    }
    return false;
}

/* ---- in the background ---- */

/* Returns the text between <tag> and </tag>, borrowed; bytes NULL: the text has no such tag. */
static struct slice tag_of(struct slice text, const char *tag)
{
    char open[40], close[40];
    int head = snprintf(open, sizeof open, "<%s>", tag);
    int tail = snprintf(close, sizeof close, "</%s>", tag);
    const char *from = text.bytes == NULL ? NULL : memmem(text.bytes, text.len, open, (size_t)head);
    if (from == NULL) {
        return (struct slice){NULL, 0};
    }
    from += head;
    const char *to = memmem(from, (size_t)(text.bytes + text.len - from), close, (size_t)tail);
    return (struct slice){to == NULL ? NULL : from, to == NULL ? 0 : (size_t)(to - from)};
}

static bool is_text(struct slice text, const char *want)
{
    return text.len == strlen(want) && memcmp(text.bytes, want, text.len) == 0;
}

static void end_task(struct claude_transcript *t, size_t at, struct slice news, double at_ms)
{
    struct slice status = tag_of(news, "status"), why = tag_of(news, "summary");
    struct slice id = claude_transcript_text(t, t->tools[at].id);
    struct update update = claude_transcript_call(t, CALL_TOOL, id);
    bool failed = is_text(status, "failed"), done = is_text(status, "completed");
    update_number(&update, FIELD_END_MS, at_ms);
    if (failed || done) {
        update_bool(&update, FIELD_SUCCESS, failed ? TRI_FALSE : TRI_TRUE);
    } else {
        update_number(&update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
    }
    if (failed) {
        why.len = why.len == 0 ? 0 : mask_cut(why.bytes, why.len, CLIENT_ID_BYTES);
        update_text(&update, FIELD_ERROR, why.len > 0 ? why : status);
    }
    claude_transcript_send(t, &update);
    claude_tools_take_away(t, at);
}

void claude_tasks_take_news(struct claude_transcript *t, struct slice text, double at_ms)
{
    struct slice news = tag_of(text, "task-notification");
    struct slice task = tag_of(news, "task-id"), call = tag_of(news, "tool-use-id");
    struct slice status = tag_of(news, "status");
    if (status.len == 0 || isnan(at_ms) || is_text(status, "running")) {
        return;
    }
    for (size_t i = t->tool_count; i-- > 0;) {
        struct slice id = claude_transcript_text(t, t->tools[i].id);
        struct slice own = claude_transcript_text(t, t->tools[i].task);
        bool same =
            (call.len > 0 && call.len == id.len && memcmp(call.bytes, id.bytes, id.len) == 0) ||
            (task.len > 0 && task.len == own.len && memcmp(task.bytes, own.bytes, own.len) == 0);
        if (t->tools[i].background && same) {
            end_task(t, i, news, at_ms);
            return;
        }
    }
}
