/* A session's answers come one after the other: at the next one, whatever the one before has open
   was left so by a client that died. Such ends are inferred: should a row end after all, that
   counts. Open tools are few, so they are a list; of a session only the latest answer can be
   open. */
#include "ingest/opencode/opencode_open.h"

#include "ingest/opencode/opencode_part.h"

#include <math.h>

#define PROMPT_MS 30000.0 /* so long a prompt may be without an answer */

static void send_abandoned(struct opencode_rows *rows, struct slice session, enum call_kind kind,
                           intern_id call, double at_ms)
{
    struct update update = opencode_update(rows, UPDATE_CALL, session);
    update.kind = kind;
    update.id = opencode_text(rows, call);
    update.precedence = PRECEDENCE_INFERRED; /* should its row end after all, that counts */
    update_number(&update, FIELD_END_MS, at_ms);
    update_bool(&update, FIELD_SUCCESS, TRI_FALSE);
    update_number(&update, FIELD_OUTCOME, OUTCOME_INTERRUPTED);
    opencode_send(rows, &update);
}

static struct opencode_answer *find_answer(const struct opencode_rows *rows, intern_id message)
{
    uint32_t at =
        message == INTERN_NONE ? U64MAP_NONE : u64map_get(&rows->answer_by_message, message);
    return at == U64MAP_NONE ? NULL : &rows->answers[at];
}

/* Reports that the request has ended as far as it is known, at an inferred time: what is written of
   it after its tools began moves that. */
static void show_end(struct opencode_rows *rows, intern_id session, intern_id message,
                     struct opencode_answer *answer)
{
    struct update update = opencode_update(rows, UPDATE_CALL, opencode_text(rows, session));
    update.kind = CALL_REQUEST;
    update.id = opencode_text(rows, message);
    update.precedence = PRECEDENCE_INFERRED;
    update_number(&update, FIELD_END_MS, answer->end_ms);
    answer->shown_ms = answer->end_ms;
    opencode_send(rows, &update);
}

/* Returns whether nothing is written any more of an answer whose tools run. */
static bool has_called(const struct opencode_answer *answer)
{
    return answer->has_tool && !answer->prepares && answer->growing == INTERN_NONE;
}

/* Its tools remain. Its request ends when all rows of the read are taken: they may have tools. */
static void abandon_answer(struct opencode_rows *rows, intern_id session, intern_id message)
{
    struct opencode_answer *answer = find_answer(rows, message);
    if (answer == NULL || answer->abandoned) {
        return;
    }
    answer->abandoned = true;
    if (answer->open && isnan(answer->shown_ms)) {
        if (!mem_reserve(rows->counters->ingest->mem, &rows->left, &rows->left_cap,
                         rows->left_count + 1, sizeof *rows->left)) {
            rows->failed = true;
            return;
        }
        rows->left[rows->left_count++] = (struct opencode_left){session, message};
    }
}

/* Ends a tool that nothing will end, and the answer of the session that it ran. */
static void abandon_tool(struct opencode_rows *rows, size_t at)
{
    struct opencode_tool tool = rows->tools[at];
    rows->tools[at] = rows->tools[--rows->tool_count];
    send_abandoned(rows, opencode_text(rows, tool.session), CALL_TOOL, tool.call, tool.last_ms);
    struct opencode_session *child = opencode_find_session(rows, opencode_text(rows, tool.child));
    if (child != NULL) {
        abandon_answer(rows, child->id, child->answer);
    }
}

/* Ends the tools of abandoned answers, and those of the sessions that they ran, until none is left:
   no recursion, as a database may nest them without a bound. */
static void abandon_tools(struct opencode_rows *rows)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < rows->tool_count;) {
            const struct opencode_answer *answer = find_answer(rows, rows->tools[i].message);
            if (answer != NULL && answer->abandoned) {
                abandon_tool(rows, i);
                more = true;
            } else {
                i++;
            }
        }
    }
}

static void abandon(struct opencode_rows *rows, intern_id session, intern_id message)
{
    abandon_answer(rows, session, message);
    abandon_tools(rows);
}

void opencode_open_next(struct opencode_rows *rows, const struct opencode_row *row)
{
    struct opencode_session *session = opencode_make_session(rows, row->session_id, INTERN_NONE);
    intern_id message = opencode_put(rows, row->id);
    if (session == NULL || message == INTERN_NONE || session->answer == message) {
        return;
    }
    intern_id before = session->answer;
    uint32_t at =
        before == INTERN_NONE ? U64MAP_NONE : u64map_get(&rows->answer_by_message, before);
    if (at == U64MAP_NONE || !(row->created_ms < rows->answers[at].start_ms)) {
        session->answer = message;
        abandon(rows, session->id, before);
    } else {
        abandon(rows, session->id, message); /* it was read after a later one */
    }
}

static bool is_abandoned(const struct opencode_rows *rows, struct slice message)
{
    intern_id id =
        message.len == 0 ? INTERN_NONE : intern_find(rows->texts, message.bytes, message.len);
    uint32_t at = id == INTERN_NONE ? U64MAP_NONE : u64map_get(&rows->answer_by_message, id);
    return at != U64MAP_NONE && rows->answers[at].abandoned;
}

void opencode_open_note_tool(struct opencode_rows *rows, const struct opencode_row *row,
                             const struct opencode_open_tool *noted)
{
    struct opencode_tool tool = {.session = opencode_put(rows, row->session_id),
                                 .message = opencode_put(rows, row->message_id),
                                 .call = opencode_put(rows, noted->call),
                                 .part = opencode_put(rows, row->id),
                                 .child = opencode_put(rows, noted->child),
                                 .last_ms = row->updated_ms,
                                 .prepared = noted->prepared};
    bool open = noted->open;
    size_t at = 0;
    while (at < rows->tool_count &&
           (rows->tools[at].call != tool.call || rows->tools[at].session != tool.session)) {
        at++;
    }
    if (at < rows->tool_count) {
        rows->tools[at] = open ? tool : rows->tools[--rows->tool_count];
    } else if (open && !mem_reserve(rows->counters->ingest->mem, &rows->tools, &rows->tool_cap,
                                    rows->tool_count + 1, sizeof *rows->tools)) {
        rows->failed = true;
    } else if (open) {
        rows->tools[rows->tool_count++] = tool;
    }
    if (open && is_abandoned(rows, row->message_id)) {
        abandon_tools(rows);
    }
}

void opencode_open_take_deleted(struct opencode_rows *rows, const struct opencode_row *row)
{
    intern_id id = opencode_put(rows, row->id);
    uint32_t at = u64map_get(&rows->answer_by_message, id);
    if (row->table == OPENCODE_MESSAGES && at != U64MAP_NONE) {
        abandon(rows, rows->answers[at].session, id);
    }
    for (size_t i = 0; row->table == OPENCODE_PARTS && i < rows->tool_count; i++) {
        if (rows->tools[i].part == id) {
            abandon_tool(rows, i);
            abandon_tools(rows);
            return;
        }
    }
}

static void set_prepares(struct opencode_rows *rows, intern_id message, bool prepares)
{
    struct opencode_answer *answer = find_answer(rows, message);
    if (answer != NULL) {
        answer->prepares = prepares;
    }
}

/* Sets of each answer that may be open whether the input of one of its tools is being written. */
static void look_at_tools(struct opencode_rows *rows)
{
    for (size_t i = 0; i < rows->session_count; i++) {
        set_prepares(rows, rows->sessions[i].answer, false);
    }
    for (size_t i = 0; i < rows->left_count; i++) {
        set_prepares(rows, rows->left[i].message, false);
    }
    for (size_t i = 0; i < rows->tool_count; i++) {
        if (!rows->tools[i].prepared) {
            set_prepares(rows, rows->tools[i].message, true);
        }
    }
}

/* Ends the requests of answers that were abandoned since the last read. */
static void end_left(struct opencode_rows *rows)
{
    for (size_t i = 0; i < rows->left_count; i++) {
        struct opencode_left left = rows->left[i];
        struct opencode_answer *answer = find_answer(rows, left.message);
        if (answer == NULL || !answer->open || !isnan(answer->shown_ms)) {
            continue;
        }
        if (has_called(answer)) {
            show_end(rows, left.session, left.message, answer);
        } else {
            send_abandoned(rows, opencode_text(rows, left.session), CALL_REQUEST, left.message,
                           fmax(answer->last_ms, answer->end_ms));
        }
    }
    rows->left_count = 0;
}

void opencode_open_end_requests(struct opencode_rows *rows)
{
    look_at_tools(rows);
    end_left(rows);
    for (size_t i = 0; i < rows->session_count; i++) {
        const struct opencode_session *session = &rows->sessions[i];
        struct opencode_answer *answer = find_answer(rows, session->answer);
        if (answer != NULL && answer->open && !answer->abandoned && has_called(answer) &&
            (isnan(answer->shown_ms) || answer->end_ms > answer->shown_ms)) {
            show_end(rows, session->id, session->answer, answer);
        }
    }
}

/* Returns whether an answer to the session's prompt is to be expected. OpenCode writes its row
   before it asks the model, so a prompt that is old has none: it was taken back, or wants none. */
static bool is_asked(const struct opencode_session *session, const struct opencode_answer *answer,
                     double now_ms)
{
    return now_ms - session->prompt_ms < PROMPT_MS &&
           (answer == NULL || session->prompt_ms > answer->start_ms);
}

void opencode_open_set_busy(struct opencode_rows *rows)
{
    struct client_sessions *sessions = &rows->sessions_at_top;
    double now_ms = (double)(ingest_ctx_wall(rows->counters->ingest) / 1000000);
    for (size_t i = 0; i < rows->session_count; i++) {
        const struct opencode_session *session = &rows->sessions[i];
        const struct opencode_answer *answer = find_answer(rows, session->answer);
        bool open = answer != NULL && answer->open && !answer->abandoned;
        if (open || is_asked(session, answer, now_ms)) {
            client_sessions_set_busy(sessions, opencode_top_of(rows, session));
        }
    }
    for (size_t i = 0; i < rows->tool_count; i++) {
        struct slice session = opencode_text(rows, rows->tools[i].session);
        client_sessions_set_busy(sessions,
                                 opencode_top_of(rows, opencode_find_session(rows, session)));
    }
}
