/* Tools are written when all of an answer have ended. The end of each is its own; the start is in
   the id that the client made for a call of the main agent (NAME_MS_N, the time in ms at which the
   call came), else it is the time of the answer. */
#include "ingest/gemini/gemini_chat.h"

#include "ingest/tool_args.h"
#include "ingest/tool_error.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MS_DIGITS = 13, ERROR_BYTES = 200 };

/* Returns the time in a call's id; NAN: it has none. */
static double time_in(struct slice id)
{
    const char *last = memrchr(id.bytes, '_', id.len);
    size_t len = last == NULL ? 0 : (size_t)(last - id.bytes);
    if (len <= MS_DIGITS || last[-MS_DIGITS - 1] != '_') {
        return (double)NAN;
    }
    for (int i = 1; i <= MS_DIGITS; i++) {
        if (!isdigit((unsigned char)last[-i])) {
            return (double)NAN;
        }
    }
    return (double)strtoll(last - MS_DIGITS, NULL, 10);
}

/* A call of the tool that runs a sub-agent: its type and its task. */
static void take_agent(struct gemini_chat *chat, struct json_value call, struct slice agent)
{
    struct json_value args = json_get(call, "args");
    struct update update = tree_file_update(chat->file, UPDATE_AGENT);
    update.agent_id = agent;
    strbuf_clear(&chat->file->scratch);
    json_text_cut(json_get(args, "prompt"), CLIENT_ID_BYTES, true, &chat->file->scratch);
    update_text(&update, FIELD_TYPE, client_plain_text(json_get(args, "agent_name")));
    update_text(&update, FIELD_DESCRIPTION,
                (struct slice){chat->file->scratch.data, chat->file->scratch.len});
    if (chat->file->agent_id[0] != '\0') {
        update_text(&update, FIELD_PARENT_AGENT_ID,
                    (struct slice){chat->file->agent_id, strlen(chat->file->agent_id)});
    }
    update_number(&update, FIELD_END_MS, client_time(json_get(call, "timestamp")));
    tree_file_send(chat->file, &update);
}

static void put_end(struct gemini_chat *chat, struct json_value call, struct update *update)
{
    struct json_value status = json_get(call, "status");
    bool good = json_string_is(status, "success");
    update_bool(update, FIELD_SUCCESS, good ? TRI_TRUE : TRI_FALSE);
    if (json_string_is(status, "cancelled")) {
        update_number(update, FIELD_OUTCOME, OUTCOME_REFUSED);
    } else if (!good) {
        struct strbuf text;
        strbuf_init(&text, chat->file->scratch.mem, 0);
        strbuf_clear(&chat->file->scratch);
        json_text_cut(json_get(call, "resultDisplay"), ERROR_BYTES, true, &text);
        if (tree_file_content(chat->file)) {
            strbuf_add(&chat->file->scratch, text.data, text.len);
        } else {
            tool_error_class((struct slice){text.data != NULL ? text.data : "", text.len},
                             &chat->file->scratch);
        }
        chat->file->scratch.failed |= text.failed;
        update_text(update, FIELD_ERROR,
                    (struct slice){chat->file->scratch.data, chat->file->scratch.len});
        strbuf_release(&text);
    }
}

static double take_call(struct gemini_chat *chat, struct json_value call, double at_ms)
{
    char room[CLIENT_ID_BYTES];
    struct slice id = client_id(tree_file_mem(chat->file), json_get(call, "id"), room);
    struct slice agent = client_plain_text(json_get(call, "agentId"));
    double end_ms = client_time(json_get(call, "timestamp"));
    if (id.bytes == NULL) {
        return (double)NAN;
    }
    double start_ms = time_in(id);
    bool inferred = isnan(start_ms) || start_ms > end_ms;
    struct slice of = {chat->file->agent_id, strlen(chat->file->agent_id)};
    char shown[CLIENT_ID_BYTES];
    struct update update = tree_file_call(chat->file, CALL_TOOL,
                                          tree_file_call_id(chat->file, of, id, shown)),
                  start = update;
    struct strbuf args;
    strbuf_init(&args, tree_file_mem(chat->file), 0);
    struct json_value input = json_get(call, "args");
    tool_args(input, tree_file_content(chat->file), &args);
    start.precedence = inferred ? PRECEDENCE_INFERRED : PRECEDENCE_FILES;
    update_number(&start, FIELD_START_MS, inferred ? at_ms : start_ms);
    update_text(&update, FIELD_NAME, client_plain_text(json_get(call, "name")));
    update_text(&update, FIELD_ARGS, (struct slice){args.data, args.len});
    update_number(&update, FIELD_INPUT_HASH, tool_args_hash(input, tree_file_content(chat->file)));
    update_text(&update, FIELD_CHILD_AGENT_ID, agent);
    update_number(&update, FIELD_END_MS, end_ms);
    put_end(chat, call, &update);
    chat->file->scratch.failed |= args.failed;
    tree_file_send(chat->file, &start);
    tree_file_send(chat->file, &update);
    struct hook_tool_end end = {.session_id = update.session_id,
                                .name = client_plain_text(json_get(call, "name")),
                                .input = input,
                                .at_ms = end_ms};
    chat->file->tree->dir.failed |= !hook_note_tool_end(tree_file_ctx(chat->file), "gemini", &end);
    strbuf_release(&args);
    if (agent.bytes != NULL) {
        take_agent(chat, call, agent);
    }
    return end_ms;
}

double gemini_tools_take(struct gemini_chat *chat, struct json_value calls, double at_ms)
{
    struct json_value call;
    double last_ms = (double)NAN;
    for (struct json_walk walk = json_walk(calls);
         calls.type == JSON_TYPE_ARRAY && json_next_item(&walk, &call);) {
        double end_ms = take_call(chat, call, at_ms);
        last_ms = isnan(last_ms) || end_ms > last_ms ? end_ms : last_ms;
    }
    return last_ms;
}
