/* The client reports each request and each tool at its end, with the exact time and duration, in
   the session's own chat. The agent is in the report, or in its prompt's id: SESSION#AGENT#ROUND,
   without an agent SESSION########ROUND. */
#include "ingest/qwen/qwen_chat.h"

#include "ingest/tool_args.h"
#include "ingest/tool_error.h"

#include <math.h>
#include <string.h>

enum { ERROR_BYTES = 200 };

/* Returns the agent of a report; bytes NULL: the main one. Borrowed. */
static struct slice agent_of(struct json_value event)
{
    struct slice agent = client_plain_text(json_get(event, "subagent_id"));
    struct slice prompt = client_plain_text(json_get(event, "prompt_id"));
    const char *first = prompt.len > 0 ? memchr(prompt.bytes, '#', prompt.len) : NULL;
    const char *last = prompt.len > 0 ? memrchr(prompt.bytes, '#', prompt.len) : NULL;
    if (agent.bytes == NULL && first != NULL && last > first + 1 && first[1] != '#') {
        agent = (struct slice){first + 1, (size_t)(last - first - 1)};
    }
    return agent;
}

static struct update update_of(struct qwen_chat *chat, struct json_value event, enum call_kind kind,
                               struct slice id)
{
    struct update update = tree_file_call(chat->file, kind, id);
    struct slice agent = agent_of(event);
    double end_ms = client_time(json_get(event, "event.timestamp"));
    double took_ms = client_number(json_get(event, "duration_ms"));
    if (agent.bytes != NULL) {
        update.agent_id = agent;
    }
    update_number(&update, FIELD_END_MS, end_ms);
    update_number(&update, FIELD_START_MS, end_ms - took_ms);
    return update;
}

/* The error of a call: its type, else the class of its text, which is kept with --content. */
static void put_error(struct qwen_chat *chat, struct json_value event, const char *type,
                      const char *message, struct update *update)
{
    struct json_value text = json_get(event, message);
    strbuf_clear(&chat->file->scratch);
    if (tree_file_content(chat->file)) {
        json_text_cut(text, ERROR_BYTES, true, &chat->file->scratch);
    }
    if (chat->file->scratch.len == 0) {
        json_text_cut(json_get(event, type), ERROR_BYTES, true, &chat->file->scratch);
    }
    if (chat->file->scratch.len == 0 && text.type == JSON_TYPE_STRING) {
        struct strbuf whole;
        strbuf_init(&whole, chat->file->scratch.mem, 0);
        json_text_cut(text, ERROR_BYTES, true, &whole);
        tool_error_class((struct slice){whole.data, whole.len}, &chat->file->scratch);
        chat->file->scratch.failed |= whole.failed;
        strbuf_release(&whole);
    }
    if (chat->file->scratch.len == 0) {
        strbuf_adds(&chat->file->scratch, "error");
    }
    update_text(update, FIELD_ERROR,
                (struct slice){chat->file->scratch.data, chat->file->scratch.len});
}

static void take_response(struct qwen_chat *chat, struct json_value event)
{
    char room[CLIENT_ID_BYTES], usage[QWEN_USAGE_ID_BYTES];
    double input = client_number(json_get(event, "input_token_count"));
    double output = client_number(json_get(event, "output_token_count"));
    struct slice id = client_id(tree_file_mem(chat->file), json_get(event, "response_id"), room);
    struct slice agent = agent_of(event);
    bool has_usage = qwen_has_usage(input, output);
    /* Without one its time is its own. */
    double mark = has_usage ? input : client_time(json_get(event, "event.timestamp"));
    struct slice joined = qwen_usage_id(agent, mark, has_usage ? output : 0, usage, sizeof usage);
    struct update update = update_of(chat, event, CALL_REQUEST, id.bytes != NULL ? id : joined);
    if (has_usage) {
        update_text(&update, FIELD_ALIAS, joined);
    }
    update_text(&update, FIELD_MESSAGE_ID, id);
    update_text(&update, FIELD_MODEL, client_plain_text(json_get(event, "model")));
    update_bool(&update, FIELD_SUCCESS, TRI_TRUE);
    update_number(&update, FIELD_TTFT_MS, client_number(json_get(event, "ttft_ms")));
    update_number(&update, FIELD_PROMPT_TOKENS, input);
    update_number(&update, FIELD_OUTPUT_TOKENS, output);
    update_number(&update, FIELD_CACHE_READ_TOKENS,
                  client_number(json_get(event, "cached_content_token_count")));
    tree_file_send(chat->file, &update);
    if (agent.bytes == NULL) {
        chat->reported |= !isnan(chat->asked_ms);
        qwen_chat_answered(chat, client_time(json_get(event, "event.timestamp")),
                           has_usage ? joined : (struct slice){NULL, 0});
    }
}

/* A request that failed for good. Retries before it leave no report. */
static void take_failure(struct qwen_chat *chat, struct json_value event)
{
    char usage[QWEN_USAGE_ID_BYTES];
    double end_ms = client_time(json_get(event, "event.timestamp"));
    /* It has no usage: its time is its own. */
    struct slice id = qwen_usage_id(agent_of(event), end_ms, 0, usage, sizeof usage);
    struct update update = update_of(chat, event, CALL_REQUEST, id);
    if (isnan(end_ms)) {
        return;
    }
    update_text(&update, FIELD_MODEL, client_plain_text(json_get(event, "model")));
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    put_error(chat, event, "error_type", "error_message", &update);
    tree_file_send(chat->file, &update);
    if (agent_of(event).bytes == NULL) {
        qwen_chat_answered(chat, end_ms, id);
    }
}

static void take_tool(struct qwen_chat *chat, struct json_value event)
{
    char own[CLIENT_ID_BYTES], room[CLIENT_ID_BYTES];
    struct slice id = client_id(tree_file_mem(chat->file), json_get(event, "call_id"), own);
    id = tree_file_call_id(chat->file, agent_of(event), id, room);
    struct json_value decision = json_get(event, "decision");
    struct update update = update_of(chat, event, CALL_TOOL, id);
    bool failed = json_get(event, "success").type == JSON_TYPE_FALSE;
    struct slice tool = client_plain_text(json_get(event, "function_name"));
    if (decision.type == JSON_TYPE_STRING && tool.len > 0 &&
        tree_file_asks_before(chat->file, tool)) {
        chat->file->asks = !json_string_is(decision, "auto_accept");
        client_sessions_set_asks(&chat->file->tree->sessions, chat->file->session,
                                 (struct slice){"", 0}, chat->file->asks);
    }
    if (id.bytes == NULL) {
        return;
    }
    update_text(&update, FIELD_NAME, tool);
    update_bool(&update, FIELD_SUCCESS, failed ? TRI_FALSE : TRI_TRUE);
    if (failed && json_string_is(decision, "reject")) {
        update_number(&update, FIELD_OUTCOME, OUTCOME_REFUSED);
    } else if (failed && json_string_is(json_get(event, "status"), "cancelled")) {
        update_number(&update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
    } else if (failed) {
        put_error(chat, event, "error_type", "error", &update);
    }
    tree_file_send(chat->file, &update);
}

void qwen_event_take(struct qwen_chat *chat, struct json_value event)
{
    struct json_value name = json_get(event, "event.name");
    if (json_string_is(name, "qwen-code.api_response")) {
        take_response(chat, event);
    } else if (json_string_is(name, "qwen-code.api_error")) {
        take_failure(chat, event);
    } else if (json_string_is(name, "qwen-code.tool_call")) {
        take_tool(chat, event);
    } else if (!json_string_is(name, "qwen-code.user_feedback")) {
        tree_file_unknown(chat->file, client_plain_text(name));
    }
}
