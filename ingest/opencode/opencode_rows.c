/* Each row is taken as it is now, and again when it has changed: updates join. A request has no end
   of its own in the database: its message is complete when its tools are. So it ends with its text,
   or when the last of its tools starts, whichever is later. */
#include "ingest/opencode/opencode_rows.h"

#include "ingest/client_name.h"
#include "ingest/client_value.h"
#include "ingest/opencode/opencode_open.h"
#include "ingest/opencode/opencode_part.h"
#include "ingest/tool_args.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { DEPTH = 200, TITLE_BYTES = 200 };

bool opencode_rows_init(struct opencode_rows *rows, struct source_counters *counters,
                        const char *source, bool content, int64_t since_ns)
{
    const struct mem *mem = counters->ingest->mem;
    *rows = (struct opencode_rows){
        .counters = counters, .source = source, .content = content, .from_ms = (double)NAN};
    rows->texts = intern_new(mem);
    u64map_init(&rows->by_id, mem);
    u64map_init(&rows->answer_by_message, mem);
    strbuf_init(&rows->scratch, mem, 0);
    return client_sessions_init(&rows->sessions_at_top, counters->ingest, since_ns) &&
           rows->texts != NULL;
}

void opencode_rows_release(struct opencode_rows *rows)
{
    const struct mem *mem = rows->counters->ingest->mem;
    intern_free(rows->texts);
    u64map_release(&rows->by_id);
    u64map_release(&rows->answer_by_message);
    mem_free(mem, rows->sessions, rows->session_cap * sizeof *rows->sessions);
    mem_free(mem, rows->answers, rows->answer_cap * sizeof *rows->answers);
    mem_free(mem, rows->tools, rows->tool_cap * sizeof *rows->tools);
    mem_free(mem, rows->left, rows->left_cap * sizeof *rows->left);
    client_sessions_release(&rows->sessions_at_top);
    strbuf_release(&rows->scratch);
}

intern_id opencode_put(struct opencode_rows *rows, struct slice text)
{
    intern_id id = text.len == 0 ? INTERN_NONE : intern_put(rows->texts, text.bytes, text.len);
    rows->failed |= id == INTERN_FAILED;
    return id == INTERN_FAILED ? INTERN_NONE : id;
}

struct slice opencode_text(const struct opencode_rows *rows, intern_id id)
{
    struct slice text = {NULL, 0};
    if (id != INTERN_NONE) {
        text.bytes = intern_text(rows->texts, id, &text.len);
    }
    return text;
}

void opencode_send(struct opencode_rows *rows, const struct update *update)
{
    rows->failed |= rows->scratch.failed;
    if (!rows->failed) {
        rows->failed = !ingest_ctx_client_update(rows->counters->ingest, update);
    }
}

/* ---- sessions ---- */

struct opencode_session *opencode_find_session(struct opencode_rows *rows, struct slice id)
{
    intern_id number = id.len == 0 ? INTERN_NONE : intern_find(rows->texts, id.bytes, id.len);
    uint32_t at = number == INTERN_NONE ? U64MAP_NONE : u64map_get(&rows->by_id, number);
    return at == U64MAP_NONE ? NULL : &rows->sessions[at];
}

/* Returns the session, made when it is new; NULL: out of memory. `root` absent: it is at the
   top. */
struct opencode_session *opencode_make_session(struct opencode_rows *rows, struct slice id,
                                               intern_id root)
{
    struct opencode_session *known = opencode_find_session(rows, id);
    intern_id number = opencode_put(rows, id);
    if (known != NULL || number == INTERN_NONE) {
        return known;
    }
    if (!mem_reserve(rows->counters->ingest->mem, &rows->sessions, &rows->session_cap,
                     rows->session_count + 1, sizeof *rows->sessions) ||
        !u64map_put(&rows->by_id, number, (uint32_t)rows->session_count)) {
        rows->failed = true;
        return NULL;
    }
    rows->sessions[rows->session_count] =
        (struct opencode_session){.id = number,
                                  .root = root == INTERN_NONE ? number : root,
                                  .answer = INTERN_NONE,
                                  .prompt_ms = (double)NAN,
                                  .created_ms = (double)NAN};
    return &rows->sessions[rows->session_count++];
}

struct update opencode_update(struct opencode_rows *rows, enum update_op op, struct slice session)
{
    const struct opencode_session *of = opencode_find_session(rows, session);
    struct update update = {.op = op, .precedence = PRECEDENCE_FILES, .session_id = session};
    if (of != NULL && of->root != of->id) {
        update.session_id = opencode_text(rows, of->root);
        update.agent_id = opencode_text(rows, of->id);
    }
    ingest_ctx_stamp(rows->counters->ingest, &update);
    return update;
}

/* Returns whether the title is the one that OpenCode writes until a model has made another: a kind
   and a date. */
static bool is_placeholder(struct slice title)
{
    static const char *const kinds[] = {"New session - ", "Child session - "};
    static const char date[] = "0000-00-00T";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i]), k = 0;
        if (title.len < len + sizeof date - 1 || memcmp(title.bytes, kinds[i], len) != 0) {
            continue;
        }
        while (date[k] != '\0' && (date[k] == '0' ? isdigit((unsigned char)title.bytes[len + k])
                                                  : title.bytes[len + k] == date[k])) {
            k++;
        }
        return date[k] == '\0';
    }
    return false;
}

static void send_session(struct opencode_rows *rows, const struct opencode_row *row)
{
    struct update update = opencode_update(rows, UPDATE_SESSION, row->id);
    strbuf_clear(&rows->scratch);
    client_put_directory(row->directory, &rows->scratch);
    update.by = (struct slice){rows->source, strlen(rows->source)};
    client_sessions_set_directory(&rows->sessions_at_top,
                                  client_sessions_number(&rows->sessions_at_top, row->id),
                                  row->directory);
    update_text(&update, FIELD_CLIENT, (struct slice){"opencode", 8});
    update_text(&update, FIELD_NAME, (struct slice){rows->scratch.data, rows->scratch.len});
    update_text(&update, FIELD_CWD, row->directory);
    update_number(&update, FIELD_START_MS, row->created_ms);
    if (row->cost_usd > 0) {
        update_number(&update, FIELD_COST_USD, row->cost_usd);
    }
    update.t_ms = isnan(row->updated_ms) ? update.t_ms : row->updated_ms;
    if (!is_placeholder(row->title)) {
        update_text(&update, FIELD_TITLE,
                    (struct slice){row->title.bytes,
                                   row->title.len < TITLE_BYTES ? row->title.len : TITLE_BYTES});
    }
    opencode_send(rows, &update);
}

static void send_agent(struct opencode_rows *rows, const struct opencode_row *row)
{
    struct update update = opencode_update(rows, UPDATE_AGENT, row->id);
    update_text(&update, FIELD_TYPE, row->agent);
    if (!is_placeholder(row->title)) { /* else its task describes it */
        update_text(&update, FIELD_DESCRIPTION, row->title);
    }
    update_text(&update, FIELD_PARENT_AGENT_ID, row->parent_id);
    update_text(&update, FIELD_ALIAS, update.agent_id); /* telemetry has a session for it */
    update_number(&update, FIELD_START_MS, row->created_ms);
    opencode_send(rows, &update);
}

/* The client itself forbids the tool that asks a person, where nobody can be asked. */
static bool asks_nobody(struct slice permission)
{
    struct json_value rules, rule;
    bool good = json_check(permission.bytes, permission.len, DEPTH, &rules, NULL);
    for (struct json_walk walk = json_walk(rules);
         good && rules.type == JSON_TYPE_ARRAY && json_next_item(&walk, &rule);) {
        if (json_string_is(json_get(rule, "permission"), "question") &&
            json_string_is(json_get(rule, "action"), "deny")) {
            return true;
        }
    }
    return false;
}

static void take_session(struct opencode_rows *rows, const struct opencode_row *row)
{
    const struct opencode_session *parent = NULL;
    if (row->parent_id.len > 0) { /* it may be too old to be read itself */
        parent = opencode_make_session(rows, row->parent_id, INTERN_NONE);
    }
    intern_id root = parent == NULL ? INTERN_NONE : parent->root;
    struct opencode_session *session = opencode_make_session(rows, row->id, root);
    if (session == NULL) {
        return;
    }
    session->root = root == INTERN_NONE ? session->root : root;
    session->created_ms = row->created_ms;
    session->asks_nobody = asks_nobody(row->permission);
    if (row->parent_id.len > 0) {
        send_agent(rows, row);
    } else {
        send_session(rows, row);
    }
}

/* ---- messages ---- */

/* The answer of that message; NULL: out of memory. */
struct opencode_answer *opencode_answer(struct opencode_rows *rows, struct slice message)
{
    intern_id id = opencode_put(rows, message);
    if (id == INTERN_NONE) {
        return NULL;
    }
    uint32_t at = id == INTERN_NONE ? U64MAP_NONE : u64map_get(&rows->answer_by_message, id);
    if (at != U64MAP_NONE) {
        return &rows->answers[at];
    }
    if (id == INTERN_NONE ||
        !mem_reserve(rows->counters->ingest->mem, &rows->answers, &rows->answer_cap,
                     rows->answer_count + 1, sizeof *rows->answers) ||
        !u64map_put(&rows->answer_by_message, id, (uint32_t)rows->answer_count)) {
        rows->failed = true;
        return NULL;
    }
    rows->answers[rows->answer_count] = (struct opencode_answer){.start_ms = (double)NAN,
                                                                 .retry_ms = (double)NAN,
                                                                 .end_ms = (double)NAN,
                                                                 .completed_ms = (double)NAN,
                                                                 .last_ms = (double)NAN,
                                                                 .shown_ms = (double)NAN,
                                                                 .growing = INTERN_NONE};
    return &rows->answers[rows->answer_count++];
}

static void take_prompt(struct opencode_rows *rows, const struct opencode_row *row)
{
    struct opencode_session *session = opencode_make_session(rows, row->session_id, INTERN_NONE);
    if (session != NULL) {
        session->prompt_ms = fmax(session->prompt_ms, row->created_ms);
    }
    struct update update = opencode_update(rows, UPDATE_CALL, row->session_id);
    if (update.agent_id.bytes == NULL) {
        update.kind = CALL_INTERACTION;
        update.id = row->id;
        update_number(&update, FIELD_START_MS, row->created_ms);
        opencode_send(rows, &update);
    }
}

/* An interaction lasts as long as its answers. */
static void extend_interaction(struct opencode_rows *rows, const struct opencode_row *row,
                               struct json_value data, double end_ms)
{
    struct update update = opencode_update(rows, UPDATE_CALL, row->session_id);
    update.kind = CALL_INTERACTION;
    update.id = client_plain_text(json_get(data, "parentID"));
    if (update.agent_id.bytes == NULL && update.id.len > 0 && !isnan(end_ms)) {
        update_number(&update, FIELD_END_MS, end_ms);
        opencode_send(rows, &update);
    }
}

static void put_usage(struct update *update, struct json_value tokens)
{
    struct json_value cache = json_get(tokens, "cache");
    double input = client_number(json_get(tokens, "input"));
    double read = client_number(json_get(cache, "read"));
    double write = client_number(json_get(cache, "write"));
    update_number(update, FIELD_PROMPT_TOKENS,
                  input + (isnan(read) ? 0 : read) + (isnan(write) ? 0 : write));
    update_number(update, FIELD_CACHE_READ_TOKENS, read);
    update_number(update, FIELD_CACHE_CREATION_TOKENS, write);
    update_number(update, FIELD_OUTPUT_TOKENS, client_number(json_get(tokens, "output")));
}

static void put_error(struct opencode_rows *rows, struct json_value error, struct update *update)
{
    bool aborted = json_string_is(json_get(error, "name"), "MessageAbortedError");
    double status = client_number(json_get(json_get(error, "data"), "statusCode"));
    strbuf_clear(&rows->scratch);
    if (!isnan(status)) {
        strbuf_addf(&rows->scratch, "%.0f ", status);
    }
    json_text_cut(json_get(error, "name"), CLIENT_ID_BYTES, true, &rows->scratch);
    update_bool(update, FIELD_SUCCESS, TRI_FALSE);
    if (aborted) {
        update_number(update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
    } else {
        update_text(update, FIELD_ERROR, (struct slice){rows->scratch.data, rows->scratch.len});
    }
}

/* ---- answers ---- */

/* A fork of a session has copies of its messages, older than itself. They count once: for the
   session that has them first. */
static bool is_copy(struct opencode_rows *rows, const struct opencode_row *row)
{
    static const struct slice what = {"opencode message", 16};
    struct call_owners *owners = &rows->counters->ingest->owners;
    const struct opencode_session *session = opencode_find_session(rows, row->session_id);
    intern_id who = call_owners_number(owners, row->session_id, (struct slice){NULL, 0});
    intern_id owner = who == INTERN_FAILED || isnan(row->created_ms)
                          ? who
                          : call_owners_claim(owners, who, what, row->created_ms);
    rows->failed |= owner == INTERN_FAILED;
    return session != NULL && row->created_ms < session->created_ms &&
           (owner != who || row->created_ms < rows->from_ms);
}

/* Returns true if the answer is still being given. */
static bool take_answer(struct opencode_rows *rows, const struct opencode_row *row,
                        struct json_value data)
{
    double completed_ms = client_time(json_get(json_get(data, "time"), "completed"));
    struct json_value error = json_get(data, "error");
    struct opencode_answer *answer = opencode_answer(rows, row->id);
    bool failed = error.type == JSON_TYPE_OBJECT, open = isnan(completed_ms) && !failed;
    if (answer == NULL) {
        return false;
    }
    answer->start_ms = row->created_ms;
    answer->last_ms = row->updated_ms;
    answer->open = open;
    answer->session = opencode_put(rows, row->session_id);
    answer->completed_ms = open                  ? (double)NAN
                           : isnan(completed_ms) ? row->updated_ms
                                                 : completed_ms;
    struct update update = opencode_update(rows, UPDATE_CALL, row->session_id);
    update.kind = CALL_REQUEST;
    update.id = row->id;
    update_number(&update, FIELD_START_MS, row->created_ms);
    update_text(&update, FIELD_MODEL, client_plain_text(json_get(data, "modelID")));
    if (!open) {
        put_usage(&update, json_get(data, "tokens"));
        if (failed) {
            put_error(rows, error, &update);
            update_number(&update, FIELD_END_MS, answer->completed_ms);
        } else {
            update_bool(&update, FIELD_SUCCESS, TRI_TRUE);
            /* Its parts, which are read after it, know better. */
            update_number(&update, FIELD_END_MS, answer->end_ms);
        }
    }
    opencode_send(rows, &update);
    opencode_open_next(rows, row);
    answer = opencode_answer(rows, row->id);
    if (answer == NULL) {
        return false;
    }
    extend_interaction(rows, row, data, answer->completed_ms);
    if (!open && isnan(answer->end_ms) && !failed) {
        struct update end = opencode_update(rows, UPDATE_CALL, row->session_id);
        end.kind = CALL_REQUEST;
        end.id = row->id;
        end.precedence = PRECEDENCE_INFERRED;
        /* They join it with a span of that usage that ran at the same time. */
        put_usage(&end, json_get(data, "tokens"));
        update_number(&end, FIELD_START_MS, row->created_ms);
        update_number(&end, FIELD_END_MS, answer->completed_ms);
        opencode_send(rows, &end);
    }
    return open;
}

/* ---- rows ---- */

uint32_t opencode_top_of(struct opencode_rows *rows, const struct opencode_session *session)
{
    return session == NULL
               ? CLIENT_SESSION_NONE
               : client_sessions_number(&rows->sessions_at_top, opencode_text(rows, session->root));
}

static void note_time(struct opencode_rows *rows, struct slice session, double at_ms)
{
    uint32_t top = opencode_top_of(rows, opencode_make_session(rows, session, INTERN_NONE));
    client_sessions_note(&rows->sessions_at_top, top, at_ms);
}

static void reject(struct opencode_rows *rows, const struct opencode_row *row)
{
    struct reject reject = {.where = rows->source,
                            .reason = "a row that is no JSON object",
                            .bytes = row->data,
                            .level = LOG_LEVEL_WARNING};
    source_counters_reject(rows->counters, &reject);
}

/* Returns true if it is not final. */
static bool take_message(struct opencode_rows *rows, const struct opencode_row *row,
                         struct json_value data)
{
    struct json_value role = json_get(data, "role");
    if (is_copy(rows, row)) {
        struct opencode_answer *answer = opencode_answer(rows, row->id);
        if (answer != NULL) {
            answer->copied = true;
        }
        return false;
    }
    if (json_string_is(role, "assistant")) {
        return take_answer(rows, row, data);
    }
    if (json_string_is(role, "user")) {
        take_prompt(rows, row);
    } else {
        opencode_unknown(rows, row->session_id, client_plain_text(role));
    }
    return false;
}

bool opencode_rows_take(struct opencode_rows *rows, const struct opencode_row *row)
{
    struct json_value data;
    bool open = false;
    if (row->id.len == 0) {
        return false;
    }
    if (row->deleted) {
        opencode_open_take_deleted(rows, row);
        return false;
    }
    if (row->table == OPENCODE_SESSIONS) {
        take_session(rows, row);
        source_counters_accept(rows->counters);
        note_time(rows, row->id, row->created_ms); /* a new title is no sign of life */
        return false;                              /* it is read again when it changes */
    }
    if (!json_check(row->data.bytes, row->data.len, DEPTH, &data, NULL) ||
        data.type != JSON_TYPE_OBJECT) {
        reject(rows, row);
        return false;
    }
    if (row->table == OPENCODE_PARTS) {
        open = opencode_part_take(rows, row, data);
    } else {
        open = take_message(rows, row, data);
    }
    source_counters_accept(rows->counters);
    note_time(rows, row->session_id, row->updated_ms);
    return open;
}

void opencode_unknown(struct opencode_rows *rows, struct slice session, struct slice type)
{
    uint32_t top = opencode_top_of(rows, opencode_find_session(rows, session));
    client_sessions_note_unknown(&rows->sessions_at_top, top, type);
}

void opencode_rows_conclude(struct opencode_rows *rows, bool last)
{
    struct client_sessions *sessions = &rows->sessions_at_top;
    client_sessions_begin_look(sessions);
    opencode_open_end_requests(rows);
    opencode_open_set_busy(rows);
    client_sessions_conclude(sessions, last);
    client_sessions_log_unknown(sessions, rows->source, "parts");
    rows->failed |= sessions->failed;
}
