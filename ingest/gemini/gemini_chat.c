/* The start of a request is not written: it is that of the user's line before it, a prompt or the
   results of tools, so it is inferred. */
#include "ingest/gemini/gemini_chat.h"

#include "ingest/message_part.h"
#include "ingest/process.h"
#include "ingest/tool_args.h"
#include "ingest/tool_error.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct slice text_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

bool gemini_chat_begin(struct tree_file *file)
{
    struct gemini_chat *chat = file->reader;
    chat->file = file;
    chat->asked_ms = (double)NAN;
    chat->messages = intern_new(tree_file_mem(file));
    return chat->messages != NULL;
}

void gemini_chat_end(struct tree_file *file)
{
    struct gemini_chat *chat = file->reader;
    intern_free(chat->messages);
}

bool gemini_chat_is_busy(const struct tree_file *file)
{
    const struct gemini_chat *chat = file->reader;
    return !isnan(chat->asked_ms);
}

/* ---- who ---- */

/* Copies the part of the file's path that is `up` parts above its name. */
static void copy_parent(const struct gemini_chat *chat, int up, char *out, size_t size)
{
    const char *path = chat->file->file.path, *end = strrchr(path, '/');
    while (end != NULL && up-- > 1) {
        end = memrchr(path, '/', (size_t)(end - path));
    }
    const char *slash = end == NULL ? NULL : memrchr(path, '/', (size_t)(end - path));
    snprintf(out, size, "%.*s", slash == NULL ? 0 : (int)(end - slash - 1),
             slash == NULL ? "" : slash + 1);
}

/* PROJECT/.project_root has the path of the project's directory. */
static void read_root(const struct gemini_chat *chat, char out[PATH_MAX])
{
    char path[PATH_MAX];
    const char *chats = strstr(chat->file->file.path, "/chats/");
    size_t len = 0;
    int n = chats == NULL ? PATH_MAX
                          : snprintf(path, sizeof path, "%.*s/.project_root",
                                     (int)(chats - chat->file->file.path), chat->file->file.path);
    if (n >= PATH_MAX || !process_read_file(path, out, PATH_MAX, &len)) {
        len = 0;
    }
    while (len > 0 && (unsigned char)out[len - 1] <= ' ') {
        len--;
    }
    out[len] = '\0';
}

static void announce_session(struct gemini_chat *chat, double start_ms)
{
    char root[PATH_MAX], project[CLIENT_ID_BYTES];
    read_root(chat, root);
    copy_parent(chat, 2, project, sizeof project);
    struct tree_session_facts facts = {.client = "gemini",
                                       .name = text_of(project),
                                       .cwd = text_of(root),
                                       .branch = {.type = JSON_TYPE_NONE},
                                       .start_ms = start_ms};
    tree_file_announce(chat->file, &facts);
}

/* The first line; the file of a sub-agent is in a directory of its session's id. */
static void take_head(struct gemini_chat *chat, struct json_value line, double start_ms)
{
    char own[CLIENT_ID_BYTES + 1], parent[CLIENT_ID_BYTES + 1];
    struct tree_file *file = chat->file;
    if (tree_file_is_known(file)) {
        return;
    }
    client_text_copy(tree_file_mem(file), json_get(line, "sessionId"), own, sizeof own);
    if (file->kind == GEMINI_AGENT && own[0] != '\0') {
        copy_parent(chat, 1, parent, sizeof parent);
        tree_file_set_ids(file, text_of(parent), text_of(own));
    } else {
        tree_file_set_ids(file, text_of(own), text_of(""));
    }
    if (!tree_file_is_known(file)) {
        tree_file_reject(file, line, "it has no sessionId");
    } else if (file->agent_id[0] == '\0') {
        announce_session(chat, start_ms);
    } else {
        struct update update = tree_file_update(file, UPDATE_AGENT);
        update_number(&update, FIELD_START_MS, start_ms);
        tree_file_send(file, &update);
    }
}

/* ---- requests ---- */

static struct update request_update(const struct gemini_chat *chat, char *room, size_t size)
{
    int len =
        snprintf(room, size, "%s:%u",
                 chat->file->agent_id[0] != '\0' ? chat->file->agent_id : chat->file->session_id,
                 chat->requests);
    return tree_file_call(chat->file, CALL_REQUEST, (struct slice){room, (size_t)len});
}

/* The model works from now on. */
static void ask(struct gemini_chat *chat, double at_ms)
{
    char room[CLIENT_ID_BYTES + 32];
    if (!isnan(chat->asked_ms)) {
        return;
    }
    chat->asked_ms = at_ms;
    chat->requests++;
    struct update update = request_update(chat, room, sizeof room);
    update.precedence = PRECEDENCE_INFERRED;
    update_number(&update, FIELD_START_MS, at_ms);
    tree_file_send(chat->file, &update);
}

static void end_request(struct gemini_chat *chat, struct json_value line, struct slice id,
                        double at_ms)
{
    char room[CLIENT_ID_BYTES + 32];
    struct json_value tokens = json_get(line, "tokens");
    if (isnan(chat->asked_ms)) {
        ask(chat, isnan(chat->file->last_ms) ? at_ms : chat->file->last_ms);
    }
    struct update update = request_update(chat, room, sizeof room), named = update;
    update_text(&named, FIELD_ALIAS, id);
    tree_file_send(chat->file, &named);
    /* Telemetry has no such id: one update has what joins the two (call_pairs.h). */
    update_text(&update, FIELD_MODEL, client_plain_text(json_get(line, "model")));
    update_number(&update, FIELD_END_MS, at_ms);
    update_bool(&update, FIELD_SUCCESS, TRI_TRUE);
    update_number(&update, FIELD_PROMPT_TOKENS, client_number(json_get(tokens, "input")));
    update_number(&update, FIELD_CACHE_READ_TOKENS, client_number(json_get(tokens, "cached")));
    update_number(&update, FIELD_OUTPUT_TOKENS, client_number(json_get(tokens, "output")));
    double thoughts = client_number(json_get(tokens, "thoughts")); /* no part of the output */
    update_number(&update, FIELD_THOUGHT_TOKENS, thoughts > 0 ? thoughts : (double)NAN);
    chat->asked_ms = (double)NAN;
    tree_file_send(chat->file, &update);
}

/* Ends the open request without an answer; scratch has the error where no outcome is given. */
static void fail(struct gemini_chat *chat, double at_ms, enum outcome outcome)
{
    char room[CLIENT_ID_BYTES + 32];
    if (isnan(chat->asked_ms)) {
        return;
    }
    struct update update = request_update(chat, room, sizeof room);
    update_number(&update, FIELD_END_MS, at_ms);
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    if (outcome != OUTCOME_NONE) {
        update_number(&update, FIELD_OUTCOME, outcome);
    } else {
        update_text(&update, FIELD_ERROR,
                    (struct slice){chat->file->scratch.data, chat->file->scratch.len});
    }
    chat->asked_ms = (double)NAN;
    tree_file_send(chat->file, &update);
}

/* ---- interactions ---- */

static void end_interaction(struct gemini_chat *chat, double at_ms)
{
    if (chat->prompt[0] != '\0') {
        struct update update = tree_file_call(chat->file, CALL_INTERACTION, text_of(chat->prompt));
        update_number(&update, FIELD_END_MS, at_ms);
        tree_file_send(chat->file, &update);
    }
}

static void begin_interaction(struct gemini_chat *chat, struct json_value line, double length,
                              double at_ms)
{
    client_text_copy(tree_file_mem(chat->file), json_get(line, "id"), chat->prompt,
                     sizeof chat->prompt);
    if (chat->prompt[0] != '\0') {
        struct update update = tree_file_call(chat->file, CALL_INTERACTION, text_of(chat->prompt));
        update_number(&update, FIELD_START_MS, at_ms);
        update_number(&update, FIELD_PROMPT_LENGTH, length);
        tree_file_send(chat->file, &update);
    }
}

/* Returns whether the message was not taken before: they are repeated when a chat is resumed, and
   when tools have ended. */
static bool is_new(struct gemini_chat *chat, struct json_value line)
{
    char room[CLIENT_ID_BYTES];
    struct slice id = client_id(tree_file_mem(chat->file), json_get(line, "id"), room);
    if (id.bytes == NULL || intern_find(chat->messages, id.bytes, id.len) != INTERN_NONE) {
        return id.bytes == NULL;
    }
    chat->file->tree->dir.failed |= intern_put(chat->messages, id.bytes, id.len) == INTERN_FAILED;
    return true;
}

/* A sub-agent's prompt is its task: nothing else names it before it has ended. */
static void describe_agent(struct gemini_chat *chat, struct json_value content)
{
    struct json_value part;
    struct json_walk walk = json_walk(content);
    if (json_next_item(&walk, &part)) {
        struct update update = tree_file_update(chat->file, UPDATE_AGENT);
        strbuf_clear(&chat->file->scratch);
        json_text_cut(json_get(part, "text"), CLIENT_ID_BYTES, true, &chat->file->scratch);
        update_text(&update, FIELD_DESCRIPTION,
                    (struct slice){chat->file->scratch.data, chat->file->scratch.len});
        tree_file_send(chat->file, &update);
    }
}

static void take_user(struct gemini_chat *chat, struct json_value line, double at_ms)
{
    struct json_value part, content = json_get(line, "content");
    double length = 0;
    bool results = false;
    if (!is_new(chat, line)) {
        return;
    }
    for (struct json_walk walk = json_walk(content); json_next_item(&walk, &part);) {
        strbuf_clear(&chat->file->scratch);
        json_get_string(json_get(part, "text"), &chat->file->scratch);
        length += (double)chat->file->scratch.len;
        results |= json_get(part, "functionResponse").type == JSON_TYPE_OBJECT;
    }
    if (!results && chat->file->agent_id[0] != '\0') {
        describe_agent(chat, content);
    }
    if (!results && chat->file->agent_id[0] == '\0') {
        end_interaction(chat, chat->file->last_ms);
        begin_interaction(chat, line, length, at_ms);
    }
    if (!results) {
        fail(chat, fmax(chat->file->last_ms, chat->asked_ms),
             OUTCOME_INTERRUPTED); /* nothing answered it */
    }
    ask(chat, at_ms);
}

/* ---- answers ---- */

static void take_answer(struct gemini_chat *chat, struct json_value line, double at_ms)
{
    char room[CLIENT_ID_BYTES];
    struct slice id = client_id(tree_file_mem(chat->file), json_get(line, "id"), room);
    if (id.bytes == NULL) {
        return;
    }
    if (is_new(chat, line)) {
        end_request(chat, line, id, at_ms);
    }
    double end_ms = gemini_tools_take(chat, json_get(line, "toolCalls"), at_ms);
    end_interaction(chat, isnan(end_ms) ? at_ms : end_ms);
}

/* A message of the client's own: an error ends the request that it is about. */
static void take_error(struct gemini_chat *chat, struct json_value line, double at_ms)
{
    struct strbuf text;
    strbuf_init(&text, chat->file->scratch.mem, 0);
    json_text_cut(json_get(line, "content"), CLIENT_ID_BYTES, true, &text);
    strbuf_clear(&chat->file->scratch);
    if (tree_file_content(chat->file)) {
        strbuf_add(&chat->file->scratch, text.data, text.len);
    } else {
        tool_error_class((struct slice){text.data != NULL ? text.data : "", text.len},
                         &chat->file->scratch);
    }
    chat->file->scratch.failed |= text.failed;
    strbuf_release(&text);
    fail(chat, at_ms, OUTCOME_NONE);
}

/* A person has stopped the turn. */
static void take_info(struct gemini_chat *chat, struct json_value line, double at_ms)
{
    if (json_string_is(json_get(line, "content"), "Request cancelled.")) {
        fail(chat, at_ms, OUTCOME_INTERRUPTED);
        end_interaction(chat, at_ms);
        chat->prompt[0] = '\0';
    }
}

static void ignore(struct gemini_chat *chat, struct json_value line, double at_ms)
{
    (void)chat, (void)line, (void)at_ms;
}

static const struct message_row {
    const char *type;
    void (*take)(struct gemini_chat *chat, struct json_value line, double at_ms);
} message_rows[] = {
    {"user", take_user}, {"gemini", take_answer}, {"error", take_error},
    {"info", take_info}, {"warning", ignore},
};

/* Returns whether the message is no copy of another chat's. */
static bool is_own(struct gemini_chat *chat, struct json_value line, double at_ms)
{
    struct slice id = client_plain_text(json_get(line, "id"));
    return id.bytes == NULL || tree_file_claim(chat->file, id, at_ms);
}

/* Returns whether the message is one of the context that a chat begins with. */
static bool is_context(struct gemini_chat *chat, struct json_value line)
{
    static const char mark[] = "<session_context>";
    struct json_value part, content = json_get(line, "content");
    struct json_walk walk = json_walk(content);
    strbuf_clear(&chat->file->scratch);
    if (json_string_is(json_get(line, "type"), "user") && json_next_item(&walk, &part)) {
        json_text_cut(json_get(part, "text"), sizeof mark - 1, false, &chat->file->scratch);
    }
    return chat->file->scratch.len >= sizeof mark - 1 &&
           memcmp(chat->file->scratch.data, mark, sizeof mark - 1) == 0;
}

/* Returns whether the message is of a history that is written again, with other ids. A client does
   so after a turn that was cancelled: the context comes first, the list of all ends it. An answer
   of a history is a list of parts; one that just came is a text, so the history was cut off. */
static bool is_rewritten(struct gemini_chat *chat, struct json_value line)
{
    bool answer = json_string_is(json_get(line, "type"), "gemini");
    if (chat->requests > 0 && is_context(chat, line)) {
        chat->rewrites = true;
    } else if (answer && json_get(line, "content").type == JSON_TYPE_STRING) {
        chat->rewrites = false;
    }
    return chat->rewrites;
}

static void take_message(struct gemini_chat *chat, struct json_value line)
{
    struct json_value type = json_get(line, "type");
    double at_ms = client_time(json_get(line, "timestamp"));
    size_t i = 0;
    while (i < sizeof message_rows / sizeof *message_rows &&
           !json_string_is(type, message_rows[i].type)) {
        i++;
    }
    if (i == sizeof message_rows / sizeof *message_rows) {
        tree_file_unknown(chat->file, client_plain_text(type));
    } else if (isnan(at_ms)) {
        tree_file_reject(chat->file, line, "it has no timestamp");
    } else if (!is_rewritten(chat, line) && is_own(chat, line, at_ms)) {
        message_parts_note(chat->file, json_get(line, "content"));
        message_rows[i].take(chat, line, at_ms);
        tree_file_note(chat->file, at_ms);
    }
}

/* Returns whether a list of messages is what was before: the context of a new chat, which nobody
   asked for, or the history of one that is resumed, all with the time of that moment. */
static bool is_history(const struct gemini_chat *chat, struct json_value messages)
{
    struct json_value message;
    double first_ms = (double)NAN;
    bool same = true;
    size_t count = 0;
    for (struct json_walk walk = json_walk(messages); json_next_item(&walk, &message); count++) {
        double at_ms = client_time(json_get(message, "timestamp"));
        if (count == 1) { /* the context has a time of its own */
            first_ms = at_ms;
        }
        same = same && (count < 2 || !(at_ms < first_ms || at_ms > first_ms));
        if (count == 0 && !json_string_is(json_get(message, "type"), "user")) {
            return chat->requests > 0;
        }
    }
    return chat->requests > 0 || count == 1 || (count > 2 && same);
}

static void take_messages(struct gemini_chat *chat, struct json_value messages)
{
    struct json_value message;
    if (is_history(chat, messages)) {
        return;
    }
    for (struct json_walk walk = json_walk(messages); json_next_item(&walk, &message);) {
        take_message(chat, message);
    }
}

static const char *const known_changes[] = {
    "lastUpdated",      "messages",    "summary",     "sessionId", "startTime",
    "memoryScratchpad", "projectHash", "directories", "kind",      NULL};
/* Members of lines without a type: a rewind takes messages out of the conversation, which were made
   all the same. */
static const char *const known_lines[] = {"$rewindTo", NULL};

/* {"$set": …}: what changes of the chat itself. */
static void take_change(struct gemini_chat *chat, struct json_value set)
{
    struct json_value messages = json_get(set, "messages");
    double updated_ms = client_time(json_get(set, "lastUpdated"));
    tree_file_note(chat->file, updated_ms);
    message_members_note(chat->file, set, known_changes);
    if (messages.type == JSON_TYPE_ARRAY) {
        chat->rewrites = false;
        take_messages(chat, messages);
    }
    /* A sub-agent has given its result. */
    if (json_get(set, "summary").type == JSON_TYPE_STRING && chat->file->agent_id[0] != '\0') {
        struct update update = tree_file_update(chat->file, UPDATE_AGENT);
        update_number(&update, FIELD_END_MS, chat->file->last_ms);
        tree_file_send(chat->file, &update);
    }
}

void gemini_chat_take(struct tree_file *file, struct json_value line)
{
    struct gemini_chat *chat = file->reader;
    struct json_value set = json_get(line, "$set");
    if (json_get(line, "sessionId").type == JSON_TYPE_STRING) {
        take_head(chat, line, client_time(json_get(line, "startTime")));
        take_messages(chat, json_get(line, "messages"));
    } else if (!tree_file_is_known(file)) {
        tree_file_reject(file, line, "no sessionId before it");
    } else if (set.type == JSON_TYPE_OBJECT) {
        take_change(chat, set);
    } else if (json_get(line, "type").type == JSON_TYPE_STRING) {
        take_message(chat, line);
    } else {
        message_members_note(file, line, known_lines);
    }
}
