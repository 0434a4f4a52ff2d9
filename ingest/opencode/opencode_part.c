/* A tool's part has its state, and the times at which it began to run and ended. The first text or
   thought of a message is its first token. */
#include "ingest/opencode/opencode_part.h"

#include "ingest/client_value.h"
#include "ingest/opencode/opencode_open.h"
#include "ingest/tool_args.h"
#include "ingest/tool_error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ERROR_BYTES = 200 };

/* The request lasts at least until then. */
static void extend_request(struct opencode_rows *rows, const struct opencode_row *row, double at_ms)
{
    struct opencode_answer *answer = opencode_answer(rows, row->message_id);
    if (answer == NULL || isnan(at_ms) || at_ms <= answer->end_ms) {
        return;
    }
    answer->end_ms = at_ms;
    /* It is open until its message is complete, however many parts it has already. */
    if (!isnan(answer->completed_ms)) {
        struct update update = opencode_update(rows, UPDATE_CALL, row->session_id);
        update.kind = CALL_REQUEST;
        update.id = row->message_id;
        update_number(&update, FIELD_END_MS, at_ms);
        opencode_send(rows, &update);
    }
}

static void take_first_token(struct opencode_rows *rows, const struct opencode_row *row,
                             double at_ms)
{
    struct opencode_answer *answer = opencode_answer(rows, row->message_id);
    double from_ms = answer == NULL ? (double)NAN : fmax(answer->start_ms, answer->retry_ms);
    if (answer == NULL || answer->has_first || isnan(answer->start_ms) || !(at_ms >= from_ms)) {
        return;
    }
    answer->has_first = true;
    struct update update = opencode_update(rows, UPDATE_CALL, row->session_id);
    update.kind = CALL_REQUEST;
    update.id = row->message_id;
    update_number(&update, FIELD_TTFT_MS, at_ms - from_ms);
    opencode_send(rows, &update);
}

/* Returns true if the text is still growing. */
static bool take_text(struct opencode_rows *rows, const struct opencode_row *row,
                      struct json_value data)
{
    struct json_value time = json_get(data, "time");
    double end_ms = client_time(json_get(time, "end"));
    bool grows = time.type == JSON_TYPE_OBJECT && isnan(end_ms);
    take_first_token(rows, row, client_time(json_get(time, "start")));
    extend_request(rows, row, end_ms);
    struct opencode_answer *answer = opencode_answer(rows, row->message_id);
    intern_id part = opencode_put(rows, row->id);
    if (answer != NULL && (grows || answer->growing == part)) {
        answer->growing = grows ? part : INTERN_NONE;
    }
    return grows;
}

static void put_error(struct opencode_rows *rows, struct json_value state, struct update *update)
{
    struct strbuf text;
    double code = client_number(json_get(json_get(state, "metadata"), "exit"));
    strbuf_init(&text, rows->scratch.mem, 0);
    strbuf_clear(&rows->scratch);
    json_text_cut(json_get(state, "error"), ERROR_BYTES, true, &text);
    if (text.len > 0 && memmem(text.data, text.len, "rejected permission", 19) != NULL) {
        update_number(update, FIELD_OUTCOME, OUTCOME_REFUSED);
    } else if (text.len > 0 && memmem(text.data, text.len, "aborted", 7) != NULL) {
        update_number(update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
    } else if (text.len == 0 && code > 0) {
        strbuf_addf(&rows->scratch, "Exit code %.0f", code);
    } else if (rows->content) {
        strbuf_add(&rows->scratch, text.data, text.len);
    } else {
        tool_error_class((struct slice){text.data != NULL ? text.data : "", text.len},
                         &rows->scratch);
    }
    update_text(update, FIELD_ERROR, (struct slice){rows->scratch.data, rows->scratch.len});
    rows->scratch.failed |= text.failed;
    strbuf_release(&text);
}

/* The members of a tool's part. */
struct tool_part {
    struct json_value data, state, metadata;
    struct slice id, child; /* child: the session that it runs; bytes NULL: none */
    double start_ms, end_ms, code;
    bool failed, done, prepared; /* prepared: its input is complete */
};

static struct tool_part read_tool(struct json_value data)
{
    struct json_value state = json_get(data, "state"), status = json_get(state, "status");
    struct json_value metadata = json_get(state, "metadata"), time = json_get(state, "time");
    return (struct tool_part){.data = data,
                              .state = state,
                              .metadata = metadata,
                              .child = client_plain_text(json_get(metadata, "sessionId")),
                              .start_ms = client_time(json_get(time, "start")),
                              .end_ms = client_time(json_get(time, "end")),
                              .code = client_number(json_get(metadata, "exit")),
                              .failed = json_string_is(status, "error"),
                              .done = json_string_is(status, "completed"),
                              .prepared = !json_string_is(status, "pending")};
}

/* A tool asks before it does anything, and has metadata from its first step on. */
static void put_asking(struct opencode_rows *rows, const struct opencode_row *row,
                       const struct tool_part *tool, struct update *update)
{
    struct json_member member;
    struct json_walk walk = json_walk(tool->metadata);
    const struct opencode_session *session = opencode_find_session(rows, row->session_id);
    bool works = tool->metadata.type == JSON_TYPE_OBJECT && json_next_member(&walk, &member);
    if (works || tool->done || tool->failed) {
        update_bool(update, FIELD_MAY_ASK, TRI_FALSE);
    } else if (tool->prepared && session != NULL && !session->asks_nobody) {
        update_bool(update, FIELD_MAY_ASK, TRI_TRUE);
    }
}

static void send_tool(struct opencode_rows *rows, const struct opencode_row *row,
                      const struct tool_part *tool)
{
    struct update update = opencode_update(rows, UPDATE_CALL, row->session_id);
    struct strbuf args;
    update.kind = CALL_TOOL;
    update.id = tool->id;
    strbuf_init(&args, rows->scratch.mem, 0);
    struct json_value input = json_get(tool->state, "input");
    tool_args(input, rows->content, &args);
    update_text(&update, FIELD_NAME, client_plain_text(json_get(tool->data, "tool")));
    update_text(&update, FIELD_ARGS, (struct slice){args.data, args.len});
    update_number(&update, FIELD_INPUT_HASH, tool_args_hash(input, rows->content));
    update_text(&update, FIELD_CHILD_AGENT_ID, tool->child);
    update_number(&update, FIELD_START_MS, tool->start_ms);
    put_asking(rows, row, tool, &update);
    if (tool->failed || tool->done) {
        update_number(&update, FIELD_END_MS, isnan(tool->end_ms) ? row->updated_ms : tool->end_ms);
        update_bool(&update, FIELD_SUCCESS, tool->failed || tool->code > 0 ? TRI_FALSE : TRI_TRUE);
        if (tool->failed || tool->code > 0) {
            put_error(rows, tool->state, &update);
        }
    }
    rows->scratch.failed |= args.failed;
    opencode_send(rows, &update);
    strbuf_release(&args);
    if (isnan(tool->start_ms)) { /* its input is being written */
        update = opencode_update(rows, UPDATE_CALL, row->session_id);
        update.kind = CALL_TOOL;
        update.id = tool->id;
        update.precedence = PRECEDENCE_INFERRED;
        update_number(&update, FIELD_START_MS, row->created_ms);
        opencode_send(rows, &update);
    }
}

/* A tool that the client runs begins when the model has called it. Those that the model's provider
   runs are part of its answer. */
static void note_run(struct opencode_rows *rows, const struct opencode_row *row,
                     const struct tool_part *tool)
{
    struct opencode_answer *answer = opencode_answer(rows, row->message_id);
    struct json_value elsewhere = json_get(json_get(tool->data, "metadata"), "providerExecuted");
    if (answer != NULL && tool->prepared && !isnan(tool->start_ms) &&
        elsewhere.type != JSON_TYPE_TRUE) {
        answer->has_tool = true;
    }
}

/* The agent that a task runs: what it is to do; it has ended with the task. */
static void take_task(struct opencode_rows *rows, const struct opencode_row *row,
                      const struct tool_part *tool)
{
    char text[CLIENT_ID_BYTES];
    struct json_value input = json_get(tool->state, "input");
    if (tool->child.bytes != NULL) {
        struct update update = opencode_update(rows, UPDATE_AGENT, row->session_id);
        client_text_copy(rows->scratch.mem, json_get(input, "description"), text, sizeof text);
        update.agent_id = tool->child;
        update_text(&update, FIELD_DESCRIPTION, (struct slice){text, strlen(text)});
        update_number(&update, FIELD_END_MS, tool->end_ms);
        opencode_send(rows, &update);
    }
}

static const char *const states[] = {"pending", "running", "completed", "error", NULL};

/* Returns true if the tool has not ended. */
static bool take_tool(struct opencode_rows *rows, const struct opencode_row *row,
                      struct json_value data)
{
    char own[CLIENT_ID_BYTES], room[CLIENT_ID_BYTES];
    struct update of = opencode_update(rows, UPDATE_CALL, row->session_id);
    struct tool_part tool = read_tool(data);
    struct json_value status = json_get(tool.state, "status");
    if (!client_is_one_of(status, states)) {
        opencode_unknown(rows, row->session_id, client_plain_text(status));
    }
    tool.id = client_id(rows->scratch.mem, json_get(data, "callID"), own);
    tool.id = call_owners_id(&rows->counters->ingest->owners, of.session_id, of.agent_id,
                             tool.id.bytes == NULL ? row->id : tool.id, room);
    rows->failed |= tool.id.bytes == NULL;
    send_tool(rows, row, &tool);
    struct opencode_open_tool noted = {.call = tool.id,
                                       .child = tool.child,
                                       .open = !tool.failed && !tool.done,
                                       .prepared = tool.prepared};
    opencode_open_note_tool(rows, row, &noted);
    take_first_token(rows, row, row->created_ms);
    extend_request(rows, row, tool.start_ms);
    note_run(rows, row, &tool);
    take_task(rows, row, &tool);
    return noted.open;
}

/* The next attempt begins when the failure is written, as far as its row shows. */
static void put_attempts(struct opencode_rows *rows, const struct opencode_row *row,
                         struct update *update, double starts[2])
{
    struct opencode_answer *answer = opencode_answer(rows, row->message_id);
    if (answer == NULL || !(row->created_ms > answer->start_ms)) {
        return;
    }
    starts[0] = answer->start_ms;
    starts[1] = row->created_ms;
    update_times(update, FIELD_ATTEMPTS, starts, 2);
    answer->has_first &= row->created_ms <= answer->retry_ms;
    answer->retry_ms = fmax(answer->retry_ms, row->created_ms);
}

/* An attempt failed, and another is announced. */
static bool take_retry(struct opencode_rows *rows, const struct opencode_row *row,
                       struct json_value data)
{
    struct update update = opencode_update(rows, UPDATE_CALL, row->session_id);
    struct retry *retry = &update.values[FIELD_RETRY].retry;
    double starts[2];
    strbuf_clear(&rows->scratch);
    json_text_cut(json_get(json_get(data, "error"), "name"), CLIENT_ID_BYTES, true, &rows->scratch);
    update.kind = CALL_REQUEST;
    update.id = row->message_id;
    *retry = (struct retry){.attempt = client_number(json_get(data, "attempt")),
                            .max_attempts = (double)NAN,
                            .in_ms = (double)NAN,
                            .at_ms = row->created_ms,
                            .error = {rows->scratch.data, rows->scratch.len}};
    if (!isnan(retry->attempt)) {
        update.present |= (uint64_t)1 << FIELD_RETRY;
        put_attempts(rows, row, &update, starts);
        opencode_send(rows, &update);
    }
    return false;
}

static bool take_compaction(struct opencode_rows *rows, const struct opencode_row *row,
                            struct json_value data)
{
    struct update update = opencode_update(rows, UPDATE_CALL, row->session_id);
    (void)data;
    update.kind = CALL_SPAN;
    update.id = row->id;
    update_text(&update, FIELD_NAME, (struct slice){"compact", 7});
    update_number(&update, FIELD_START_MS, row->created_ms);
    update_number(&update, FIELD_END_MS, row->created_ms);
    opencode_send(rows, &update);
    return false;
}

static bool ignore(struct opencode_rows *rows, const struct opencode_row *row,
                   struct json_value data)
{
    (void)rows, (void)row, (void)data;
    return false;
}

static const struct part_row {
    const char *type;
    bool (*take)(struct opencode_rows *rows, const struct opencode_row *row,
                 struct json_value data);
} part_rows[] = {
    {"tool", take_tool},
    {"text", take_text},
    {"reasoning", take_text},
    {"retry", take_retry},
    {"compaction", take_compaction},
    {"step-start", ignore},
    {"step-finish", ignore},
    {"snapshot", ignore},
    {"patch", ignore},
    {"file", ignore},
    {"agent", ignore},
    {"subtask", ignore},
};

bool opencode_part_take(struct opencode_rows *rows, const struct opencode_row *row,
                        struct json_value data)
{
    const struct opencode_answer *answer = opencode_answer(rows, row->message_id);
    struct json_value type = json_get(data, "type");
    if (answer != NULL && answer->copied) {
        return false;
    }
    for (size_t i = 0; i < sizeof part_rows / sizeof *part_rows; i++) {
        if (json_string_is(type, part_rows[i].type)) {
            return part_rows[i].take(rows, row, data);
        }
    }
    opencode_unknown(rows, row->session_id, client_plain_text(type));
    return false;
}
