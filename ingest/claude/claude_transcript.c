/* Each line is parsed once and dispatched by its type. Little depends on earlier lines: the open
   request, the interaction and the open tools. Updates go out at once, since the correlator joins
   them by id.

   An interaction begins with a prompt that a request follows. So slash commands, and messages that
   the client writes as the user, begin none. */
#include "ingest/claude/claude_private.h"

#include "ingest/claude/claude_args.h"

#include "core/base/utf8.h"

#include <math.h>
#include <string.h>

static void take_line(void *ctx, const char *text, size_t len, uint64_t number,
                      enum line_kind kind);

/* ---- the reader itself ---- */

static void init(struct claude_transcript *t, const struct claude_transcript_options *options)
{
    const struct mem *mem = t->mem;
    t->options = *options;
    t->first_ms = t->last_ms = t->before_ms = (double)NAN;
    strbuf_init(&t->where, mem, 0);
    strbuf_init(&t->name, mem, 0);
    strbuf_init(&t->scratch, mem, 0);
    strbuf_adds(&t->where, options->where);
    lines_init(&t->lines, mem, options->max_line_bytes, take_line, t);
    claude_request_table_init(&t->requests, mem);
    u64map_init(&t->done, mem);
}

struct claude_transcript *claude_transcript_new(const struct claude_transcript_options *options)
{
    const struct mem *mem = options->counters->ingest->mem;
    struct claude_transcript *t = mem_zalloc(mem, 1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    t->mem = mem;
    init(t, options);
    t->texts = intern_new(mem);
    if (t->texts != NULL) {
        t->session_id = claude_transcript_put(t, options->session_id);
        t->agent_id = claude_transcript_put(t, options->agent_id);
    }
    if (t->texts != NULL && !t->failed && !t->where.failed && t->session_id != INTERN_NONE) {
        return t;
    }
    claude_transcript_free(t);
    return NULL;
}

void claude_transcript_free(struct claude_transcript *t)
{
    if (t == NULL) {
        return;
    }
    claude_tools_release(t);
    claude_request_table_release(&t->requests);
    u64map_release(&t->done);
    lines_release(&t->lines);
    strbuf_release(&t->where);
    strbuf_release(&t->name);
    strbuf_release(&t->scratch);
    intern_free(t->texts);
    mem_free(t->mem, t, sizeof *t);
}

void claude_transcript_set_name(struct claude_transcript *t, struct slice name, bool with_branch)
{
    strbuf_clear(&t->name);
    strbuf_add(&t->name, name.bytes, name.len);
    t->is_named = name.len > 0 && !with_branch;
}

bool claude_transcript_is_announced(const struct claude_transcript *t)
{
    return t->is_announced;
}

struct slice claude_transcript_text(const struct claude_transcript *t, intern_id id)
{
    struct slice text = {NULL, 0};
    if (id != INTERN_NONE) {
        text.bytes = intern_text(t->texts, id, &text.len);
    }
    return text;
}

intern_id claude_transcript_put(struct claude_transcript *t, struct slice text)
{
    if (text.bytes == NULL || text.len == 0) {
        return INTERN_NONE;
    }
    intern_id id = intern_put(t->texts, text.bytes, text.len);
    if (id != INTERN_FAILED) {
        return id;
    }
    t->failed = true;
    return INTERN_NONE;
}

void claude_transcript_send(struct claude_transcript *t, const struct update *update)
{
    if (!t->failed) {
        t->failed = !ingest_ctx_update(t->options.counters->ingest, update);
    }
}

/* ---- updates ---- */

static struct update bare_update(const struct claude_transcript *t, enum update_op op)
{
    int64_t local_ns = ingest_ctx_now(t->options.counters->ingest);
    return (struct update){
        .op = op,
        .precedence = PRECEDENCE_FILES,
        .t_ms = (double)local_ns / 1e6,
        .local_ns = local_ns,
        .session_id = claude_transcript_text(t, t->session_id),
        .agent_id = claude_transcript_text(t, t->agent_id),
    };
}

/* A sub-agent's transcript has the agent's start, the main one the session's. */
static void announce(struct claude_transcript *t)
{
    bool is_agent = t->agent_id != INTERN_NONE;
    struct update update = bare_update(t, is_agent ? UPDATE_AGENT : UPDATE_SESSION);
    t->is_announced = true;
    update_number(&update, FIELD_START_MS, t->first_ms);
    if (!is_agent) {
        update.by = (struct slice){t->options.source, strlen(t->options.source)};
        update_text(&update, FIELD_NAME, (struct slice){t->name.data, t->name.len});
    }
    claude_transcript_send(t, &update);
}

struct update claude_transcript_call(struct claude_transcript *t, enum call_kind kind,
                                     struct slice id)
{
    if (!t->is_announced) {
        announce(t);
    }
    struct update update = bare_update(t, UPDATE_CALL);
    update.kind = kind;
    update.id = id;
    return update;
}

/* Appends the path's last part to the name. */
static void put_directory(struct claude_transcript *t, struct json_value cwd)
{
    strbuf_clear(&t->scratch);
    json_text_cut(cwd, 4096, true, &t->scratch);
    while (t->scratch.len > 1 && strchr("/\\", t->scratch.data[t->scratch.len - 1]) != NULL) {
        t->scratch.data[--t->scratch.len] = '\0';
    }
    size_t from = t->scratch.len;
    while (from > 0 && strchr("/\\", t->scratch.data[from - 1]) == NULL) {
        from--;
    }
    if (t->scratch.len > 0) {
        strbuf_add(&t->name, t->scratch.data + from, t->scratch.len - from);
    }
}

/* Makes a name like "api-server ⎇ fix-auth". HEAD is no branch: the client found no repository, or
   a detached head. */
static void take_name(struct claude_transcript *t, const struct claude_line *line)
{
    struct json_value branch = line->field[CLAUDE_BRANCH];
    if (t->name.len == 0) {
        put_directory(t, line->field[CLAUDE_CWD]);
    }
    if (branch.type == JSON_TYPE_STRING && branch.len > 2 && !json_string_is(branch, "HEAD")) {
        strbuf_adds(&t->name, t->name.len > 0 ? " ⎇ " : "⎇ ");
        json_text_cut(branch, CLAUDE_ID_BYTES, true, &t->name);
    }
    t->is_named = true;
}

static void take_time(struct claude_transcript *t, const struct claude_line *line)
{
    if (isnan(line->at_ms)) {
        return;
    }
    if (!(t->first_ms <= line->at_ms)) {
        t->first_ms = line->at_ms;
    }
    if (!(t->last_ms >= line->at_ms)) {
        t->last_ms = line->at_ms;
    }
}

/* A prompt without a request yet belongs to the next interaction. */
static void extend_interaction(struct claude_transcript *t, const struct claude_line *line)
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

static void interrupted(struct claude_transcript *t, double at_ms)
{
    claude_requests_end(t, at_ms, "interrupted");
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

/* ---- lines ---- */

static void take_user(struct claude_transcript *t, const struct claude_line *line)
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

static void take_system(struct claude_transcript *t, const struct claude_line *line)
{
    struct json_value subtype = line->field[CLAUDE_SUBTYPE];
    if (json_string_is(subtype, "api_error")) {
        claude_requests_take_retry(t, line);
    } else if (json_string_is(subtype, "stop_hook_summary") ||
               json_string_is(subtype, "turn_duration")) {
        claude_transcript_end_interaction(t, line->at_ms);
    }
}

/* Takes cost-state, which the client writes as it ends. */
static void take_cost(struct claude_transcript *t, const struct claude_line *line)
{
    double cost_usd = claude_number(line->field[CLAUDE_TOTAL_COST]);
    t->has_ended = true;
    if (t->agent_id != INTERN_NONE || !(cost_usd > 0) || !isfinite(cost_usd)) {
        return;
    }
    if (!t->is_announced) {
        announce(t);
    }
    struct update update = bare_update(t, UPDATE_SESSION);
    update_number(&update, FIELD_COST_USD, cost_usd);
    claude_transcript_send(t, &update);
}

static void take_unknown(struct claude_transcript *t, const struct claude_line *line)
{
    t->unknown++;
    if (t->unknown_type == INTERN_NONE) {
        t->unknown_type = claude_transcript_put(t, json_id(line->field[CLAUDE_TYPE]));
    }
}

static void dispatch(struct claude_transcript *t, const struct claude_line *line)
{
    take_time(t, line);
    if (!t->is_named && line->field[CLAUDE_CWD].type == JSON_TYPE_STRING) {
        take_name(t, line);
    }
    switch (line->type) {
    case CLAUDE_LINE_USER: take_user(t, line); break;
    case CLAUDE_LINE_ASSISTANT: claude_requests_take_answer(t, line); break;
    case CLAUDE_LINE_REQUEST:
        claude_requests_flush(t); /* the previous request has its answer */
        claude_requests_take_attempt(t, line);
        break;
    case CLAUDE_LINE_SYSTEM: take_system(t, line); break;
    case CLAUDE_LINE_COST: take_cost(t, line); break;
    case CLAUDE_LINE_UNKNOWN: take_unknown(t, line); break;
    case CLAUDE_LINE_OTHER: break;
    }
    extend_interaction(t, line);
    source_counters_accept(t->options.counters);
}

static void report_reject(struct claude_transcript *t, const char *text, size_t len,
                          uint64_t number, const char *reason)
{
    struct reject reject = {
        .where = t->where.data != NULL ? t->where.data : "",
        .line = number,
        .reason = reason,
        .bytes = {text, len},
        .level = LOG_LEVEL_WARNING,
    };
    source_counters_reject(t->options.counters, &reject);
}

static void take_line(void *ctx, const char *text, size_t len, uint64_t number, enum line_kind kind)
{
    struct claude_transcript *t = ctx;
    struct claude_line line;
    struct json_error error;
    struct strbuf reason;
    if (t->failed || len == 0 || claude_line_is_bulk(text, len)) {
        return;
    }
    if (kind == LINE_TOO_LONG || kind == LINE_LOST) {
        report_reject(t, text, len, number,
                      kind == LINE_LOST ? "out of memory" : "the line is too long");
        return;
    }
    if (claude_line_read(text, len, &line, &error)) {
        dispatch(t, &line);
        return;
    }
    strbuf_init(&reason, t->mem, 0);
    ingest_ctx_json_reason(&reason, text, len, &error);
    report_reject(t, NULL, 0, number,
                  reason.data != NULL && !reason.failed ? reason.data : "not JSON");
    strbuf_release(&reason);
}

bool claude_transcript_push(struct claude_transcript *t, const char *bytes, size_t len)
{
    lines_push(&t->lines, bytes, len);
    claude_requests_flush(t);
    return !t->failed;
}

bool claude_transcript_finish(struct claude_transcript *t)
{
    lines_finish(&t->lines);
    claude_requests_flush(t);
    return !t->failed;
}

/* ---- getters ---- */

double claude_transcript_last_ms(const struct claude_transcript *t)
{
    return t->last_ms;
}

bool claude_transcript_has_ended(const struct claude_transcript *t)
{
    return t->has_ended;
}

bool claude_transcript_is_busy(const struct claude_transcript *t)
{
    return t->interaction.open || t->tool_count > 0 ||
           claude_request_table_open(&t->requests) != CLAUDE_NO_REQUEST;
}

bool claude_transcript_idle(struct claude_transcript *t, double at_ms)
{
    claude_requests_end(t, at_ms, "interrupted");
    if (t->interaction.open && t->interaction.start_ms <= at_ms) {
        claude_transcript_end_interaction(t, at_ms);
    }
    return !t->failed;
}

uint64_t claude_transcript_unknown(const struct claude_transcript *t, struct slice *type)
{
    if (t->unknown > 0) {
        *type = claude_transcript_text(t, t->unknown_type);
    }
    return t->unknown;
}
